//! The table of steps. Adding one is a line here and a function that returns its counts.

use anyhow::Result;

use super::counts::Counts;
use super::{Session, check, tests};

/// One step of `cargo xtask test`.
pub struct Step {
    /// For `--only`.
    pub name: &'static str,
    /// One line for people.
    pub what: &'static str,
    /// Does it.
    pub run: fn(&Session) -> Result<Counts>,
}

/// All steps, cheap ones first.
pub const STEPS: &[Step] = &[
    Step { name: "fmt", what: "all sources are formatted", run: fmt },
    Step { name: "clippy", what: "lints of all targets, native", run: clippy },
    Step { name: "unit", what: "unit and property tests, native", run: unit },
];

fn fmt(session: &Session) -> Result<Counts> {
    check(&mut session.cargo("fmt --all --check"))
}

fn clippy(session: &Session) -> Result<Counts> {
    check(&mut session.cargo("clippy --locked --workspace --all-targets -- -D warnings"))
}

fn unit(session: &Session) -> Result<Counts> {
    tests(&mut session.cargo("test --locked --workspace"))
}
