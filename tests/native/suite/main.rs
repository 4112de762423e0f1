//! A live engine against a hostile server or hostile people: the attack cases, each with the legitimate case beside it.
//!
//! "Dropped" is taken at its word: what a view knows is the same before and after, nothing answers the sender, and the
//! session goes on.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests say what failed by panicking"
)]

mod archive;
mod authors;
mod content;
mod login;
mod routing;
mod stage;
mod streams;
