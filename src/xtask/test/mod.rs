//! `cargo xtask test`: every check, one after the other, and one line of counts at the end.
//!
//! A failing step does not stop the others, but the exit status tells. A step that ran no test has failed, too.

mod counts;
mod session;
mod steps;

use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::args::Args;
use crate::process::{shown, watch};
use crate::project::Project;
use crate::say;

use counts::Counts;
pub use session::Session;
use steps::{STEPS, Step};

/// Runs the steps asked for.
pub fn main(project: &Project, args: &mut Args) -> Result<ExitCode> {
    let only = args.values("--only")?;
    let list = args.flag("--list");
    args.finish()?;
    if let Some(unknown) = only.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        bail!("no step {unknown:?}; cargo xtask test --list shows them");
    }
    if list {
        STEPS.iter().for_each(|step| println!("{:<12} {}", step.name, step.what));
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = STEPS.iter().filter(|step| only.is_empty() || only.iter().any(|name| name == step.name));
    let session = Session::new(project);
    let results: Vec<_> = chosen.map(|step| (step.name, run_step(step, &session))).collect();
    drop(session); // the servers end before the last line
    Ok(summary(&results))
}

/// A check whose exit status says it all.
fn check(command: &mut Command) -> Result<Counts> {
    say::note(&shown(command));
    let status = watch(command, |_| {})?;
    Ok(if status.success() { Counts::PASSED } else { Counts::FAILED })
}

/// A test run, counted by its closing lines.
fn tests(command: &mut Command) -> Result<Counts> {
    counted(command, Counts::from_line)
}

/// A run that counts by those of its lines that `read` understands.
fn counted(command: &mut Command, read: fn(&str) -> Option<Counts>) -> Result<Counts> {
    say::note(&shown(command));
    let mut counts = Counts::default();
    let status = watch(command, |line| counts.add(read(line).unwrap_or_default()))?;
    if !status.success() && counts.failed == 0 {
        counts.failed = 1; // it did not build, or was killed
    }
    if !counts.ran_any() {
        bail!("{} ran no test", shown(command));
    }
    Ok(counts)
}

fn run_step(step: &Step, session: &Session) -> Counts {
    say::step(&format!("{}: {}", step.name, step.what));
    let begun = Instant::now();
    let counts = (step.run)(session).unwrap_or_else(|error| {
        say::failure(&format!("{}: {error:#}", step.name));
        Counts::FAILED
    });
    say::note(&format!("{}: {counts} in {} s", step.name, begun.elapsed().as_secs()));
    counts
}

fn summary(results: &[(&str, Counts)]) -> ExitCode {
    say::step("summary");
    let mut total = Counts::default();
    for (name, counts) in results {
        println!("{} {name:<12} {counts}", if counts.failed > 0 { "FAILED" } else { "ok    " });
        total.add(*counts);
    }
    println!("\n{total}");
    if total.failed > 0 || !total.ran_any() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
