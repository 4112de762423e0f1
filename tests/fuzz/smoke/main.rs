//! `fuzz-smoke`: runs every fuzz target for a while on the stable compiler.
//!
//! No coverage feedback, so this finds what a few million mutations of good seeds find; the same seed number gives the
//! same inputs in the same order. An input that makes a target panic or run too long is written to a file. A target that
//! ran nothing is a failure as much as one that panicked.

mod arguments;
mod corpus;
mod mutate;
mod run;

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use arguments::Arguments;
use run::Outcome;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            let _ = writeln!(stderr(), "{message}\n{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    run::save_inputs_that_panic(&arguments.artifacts);
    let mut failed = false;
    for target in &arguments.targets {
        let outcome = run::run(*target, &arguments);
        failed |= !matches!(outcome, Outcome::Passed { executions: 1.. });
        let _ = writeln!(stdout(), "{:<12} {outcome}", target.name);
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
