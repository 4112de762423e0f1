//! The project's own commands: `cargo xtask run`, `test`, `dist` and `bench`.
//!
//! Each command sets up what it needs and says so, runs the real tools (cargo, Trunk, servers, a browser) as child processes, and ends
//! every process it started, whether it finishes, fails or is interrupted. It holds no product code, and nothing here ships.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its user")]

mod args;
mod process;
mod project;
mod say;
mod test;

use std::process::ExitCode;

use anyhow::{Result, bail};

use args::Args;
use project::Project;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [--only STEP]… [--list]   everything CI checks; --only runs the named steps";

fn main() -> ExitCode {
    let outcome = process::end_children_on_signals().and_then(|()| dispatch());
    process::stay_if_interrupted();
    match outcome {
        Ok(code) => code,
        Err(error) => {
            say::failure(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<ExitCode> {
    let mut args = Args::from_command_line()?;
    match args.command() {
        Some("test") => test::main(&Project::find()?, &mut args),
        Some("help" | "--help" | "-h") | None => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        Some(other) => bail!("no command {other:?}\n{USAGE}"),
    }
}
