//! XMPP, sans-IO: bytes, times and random numbers come in as arguments; stanzas and decisions go out.
//!
//! No clock, no socket, no store, and nothing of what a conversation is: that is the engine's. Everything read here comes
//! from the network and is taken for hostile.

mod ascii;
mod base64;
pub mod bosh;
pub mod datetime;
pub mod discovery;
mod ip;
pub mod iq_tracker;
pub mod jid;
pub mod list;
pub mod ns;
pub mod payload;
pub mod sasl;
pub mod shared;
pub mod sm;
pub mod sorted;
pub mod stanza;
pub mod stream;
pub mod unicode;
pub mod uri;
pub mod xep;
pub mod xml;
