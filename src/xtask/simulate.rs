//! `cargo xtask simulate`: any number of seeds of the simulation, optimised.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Args;
use crate::process::{command, run};
use crate::project::Project;

/// Runs seeds `--start K` to K + `--seeds N`; `--trace` prints everything that happens in them.
pub fn main(project: &Project, args: &mut Args) -> Result<ExitCode> {
    let (seeds, start): (Option<u64>, Option<u64>) = (args.value("--seeds")?, args.value("--start")?);
    let trace = args.flag("--trace");
    args.finish()?;
    let mut cargo = command("cargo");
    cargo.args(["run", "--locked", "--quiet", "--profile", "simulation", "--package", "plausch-simulation", "--"]);
    for (name, value) in [("--seeds", seeds), ("--start", start)] {
        if let Some(value) = value {
            cargo.args([name, &value.to_string()]);
        }
    }
    if trace {
        cargo.arg("--trace");
    }
    run(cargo.current_dir(&project.root))?;
    Ok(ExitCode::SUCCESS)
}
