//! Fuzz targets: one plain function of bytes per parser that the network can reach, for any engine to call.
//!
//! A target panics when what it tests is broken: by a panic in the parser, or because a property does not hold (what was
//! read can be written and reads the same, a normal form is its own). `fuzz-smoke` runs them all on the stable compiler;
//! see README.md for cargo-fuzz.

// A target's way to report is to panic.
#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used)]

mod targets;

/// A function to call with arbitrary bytes, and where the bytes to start from are: `corpus/NAME/`.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name, also that of the corpus folder.
    pub name: &'static str,
    /// Panics if something is wrong.
    pub run: fn(&[u8]),
}

/// Every target. To add one: a line here, a function in `targets/`, seeds in `corpus/NAME/`.
pub const TARGETS: &[Target] = &[
    Target { name: "bosh", run: targets::bosh::run },
    Target { name: "datetime", run: targets::datetime::run },
    Target { name: "discovery", run: targets::discovery::run },
    Target { name: "jid", run: targets::jid::run },
    Target { name: "negotiation", run: targets::negotiation::run },
    Target { name: "omemo-bundle", run: targets::omemo::bundle },
    Target { name: "omemo-message", run: targets::omemo::message },
    Target { name: "omemo-payload", run: targets::omemo::payload },
    Target { name: "omemo-state", run: targets::omemo::state },
    Target { name: "omemo-text", run: targets::omemo::text },
    Target { name: "stanza", run: targets::stanza::run },
    Target { name: "uri", run: targets::uri::run },
    Target { name: "xml", run: targets::xml::run },
];

/// The target of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}
