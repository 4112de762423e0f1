//! The project's own commands: `cargo xtask run`, `test`, `dist`, `bench` and `simulate`.
//!
//! Each command sets up what it needs and says so, runs the real tools (cargo, Trunk, servers, a browser) as child processes, and ends
//! every process it started, whether it finishes, fails or is interrupted. It holds no product code, and nothing here ships.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its user")]

mod args;
mod bench;
mod dist;
mod process;
mod project;
mod run;
mod say;
mod serve;
mod servers;
mod setup;
mod simulate;
mod test;

use std::process::ExitCode;

use anyhow::{Result, bail};

use args::Args;
use project::Project;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  run [--server ADDRESS] [--port N] [--fresh]
        builds the app and serves it, with a local XMPP server and two accounts; --server wss://… uses yours instead,
        --fresh forgets what the local server has stored
  test [--only STEP]… [--list]
        everything that continuous integration checks; --only runs the named steps
  dist  builds the deployable folder dist/, prints sizes, checks budgets
  bench [--only PART]… [--list]
        measures sizes, parsing, start, rosters and bursts
  serve [--dir FOLDER] [--config FILE] [--port N] [--prefix PATH]
        serves a built folder, prints the address
  simulate [--seeds N] [--start K] [--trace]
        runs seeds of the simulation of accounts, devices, server and network; what fails says how to run it again
  style prints the joined style sheet";

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
        Some("run") => run::main(&Project::find()?, &mut args),
        Some("serve") => serve::main(&Project::find()?, &mut args),
        Some("dist") => dist::main(&Project::find()?, &mut args),
        Some("bench") => bench::main(&Project::find()?, &mut args),
        Some("simulate") => simulate::main(&Project::find()?, &mut args),
        Some("style") => dist::print_style(&Project::find()?, &mut args),
        Some("test") => test::main(&Project::find()?, &mut args),
        Some("help" | "--help" | "-h") | None => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        Some(other) => bail!("no command {other:?}\n{USAGE}"),
    }
}
