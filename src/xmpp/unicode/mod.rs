//! As much of Unicode as addresses and passwords need: PRECIS profiles (RFC 8264, RFC 8265), IDNA2008 (RFC 5890 to 5895)
//! and normalization form C, over tables of 9 KB (5 KB compressed) in the worker.
//!
//! Why not from crates: measured in the browser's worker (opt-level z, wasm-opt, Brotli), `precis-profiles` adds 71 KB,
//! `jid` with stringprep 107 KB, `idna` 47 KB and `icu_normalizer` alone 19 KB, where the whole worker may have some 150.
//! So the tables here are made from ICU4X's data by a test (`generate.rs`), which also fails if they are not what that
//! data says, and the algorithms are compared with those crates in tests. ASCII never gets as far as the tables.

mod bidi;
mod context;
mod domain;
mod normalize;
mod precis;
mod punycode;
pub(crate) mod runs;
mod script;
mod table;

#[cfg(test)]
mod generate;
#[cfg(test)]
mod tests;

pub(crate) use domain::label_to_ascii;
pub use domain::{DomainError, domain_to_ascii, domain_to_unicode};
pub use normalize::{Composer, compose_with, nfc};
pub use precis::{PrecisError, opaque_string, username_case_mapped};
pub(crate) use script::is_easily_confused;
