//! `cargo xtask bench`: the figures in the README's performance section, measured anew.
//!
//! A table of parts; each prints its own figures. Native parts are cargo benches, browser parts drive Chromium over the built bundle.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::Args;
use crate::dist;
use crate::project::Project;
use crate::say;

/// One thing that is measured.
struct Part {
    name: &'static str,
    what: &'static str,
    run: fn(&Project) -> Result<()>,
}

const PARTS: &[Part] = &[Part { name: "size", what: "bytes until the sign-in form works, and in all", run: size }];

/// Runs the parts asked for.
pub fn main(project: &Project, args: &mut Args) -> Result<ExitCode> {
    let only = args.values("--only")?;
    let list = args.flag("--list");
    args.finish()?;
    if let Some(unknown) = only.iter().find(|name| PARTS.iter().all(|part| part.name != **name)) {
        bail!("no part {unknown:?}; cargo xtask bench --list shows them");
    }
    for part in PARTS.iter().filter(|part| only.is_empty() || only.iter().any(|name| name == part.name)) {
        if list {
            println!("{:<12} {}", part.name, part.what);
        } else {
            say::step(&format!("{}: {}", part.name, part.what));
            (part.run)(project)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn size(project: &Project) -> Result<()> {
    dist::build(project, &project.work_folder("dist")?)
}
