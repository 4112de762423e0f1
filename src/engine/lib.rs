//! The engine: accounts, roster, chats, ingest, outbox and sync, without a browser, a clock or randomness of its own.
//!
//! An [`Account`] takes one [`Input`] at a time and returns [`Effects`]: what to persist, what to send, what to tell the
//! views, when to wake up. A driver does the IO; [`io`] states the contract between the two.

pub mod io;
pub mod store;
