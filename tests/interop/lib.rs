//! What the interop tests stand on: real servers, accounts of their own on them, and an independent client.
//!
//! The servers are started by `cargo xtask test`, which says in environment variables where they are. A test never skips
//! itself: without the variables it fails and says what to run.

mod peer;
mod server;

pub use peer::{Peer, PeerError};
pub use server::{Credentials, Server, ServerError, random_name};

/// An avatar: a PNG of one pixel.
pub fn pixel() -> plausch_model::Avatar {
    plausch_model::Avatar {
        id: plausch_model::AvatarId::new(include_str!("pixel.sha1").trim()),
        media_type: "image/png".to_owned(),
        bytes: include_bytes!("pixel.png").to_vec(),
    }
}
