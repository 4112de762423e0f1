//! What the interop tests stand on: real servers, accounts of their own on them, and an independent client.
//!
//! The servers are started by `cargo xtask test`, which says in environment variables where they are. A test never skips
//! itself: without the variables it fails and says what to run.

mod peer;
mod server;

pub use peer::{Peer, PeerError};
pub use server::{Credentials, Server, ServerError, random_name};
