//! Finds messages of the whole local history by their words.

pub mod fold;

pub use fold::Decompose;
