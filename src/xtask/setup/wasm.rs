//! The `wasm32-unknown-unknown` target: `wasm.sh` beside this file finds or makes it and names the toolchain to build with.

use anyhow::Result;

use crate::process::{capture, command};
use crate::project::Project;

/// Whether the toolchain must bring clippy, too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lints {
    /// Only building.
    No,
    /// Building and linting.
    Yes,
}

/// Makes the target usable. Returns the rustup toolchain to build wasm with, or `None` where the active one does it.
pub fn wasm_target(project: &Project, lints: Lints) -> Result<Option<String>> {
    let mut script = command("bash");
    script.arg(project.root.join("src/xtask/setup/wasm.sh"));
    if lints == Lints::Yes {
        script.env("PLAUSCH_WASM_LINT", "1");
    }
    let toolchain = capture(&mut script)?.trim().to_owned();
    Ok(Some(toolchain).filter(|name| !name.is_empty()))
}
