//! Trunk, wasm-bindgen and wasm-opt. A tool of the right version in the path is used as it is; else cargo builds it once, into a
//! folder of this checkout.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Lints, Program, ensure, wasm_target};
use crate::process::{capture, command, run};
use crate::project::Project;
use crate::say;

/// The Trunk that this project builds with.
const TRUNK: &str = "0.21.14";

const WASM_OPT: Program = Program { name: "wasm-opt", package: "binaryen", purpose: "making the wasm files smaller" };

/// Everything that building wasm needs.
pub struct Tools {
    path: OsString,
    toolchain: Option<String>,
}

impl Tools {
    /// A command that finds the tools, and the wasm target if it calls cargo.
    pub fn command(&self, program: &str) -> Command {
        let mut command = command(program);
        command.env("PATH", &self.path);
        if let Some(toolchain) = &self.toolchain {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        command
    }
}

/// Sets up what building wasm needs.
pub fn wasm_tools(project: &Project, lints: Lints) -> Result<Tools> {
    let toolchain = wasm_target(project, lints)?;
    ensure(&[&WASM_OPT])?;
    let bindgen = project.locked_version("wasm-bindgen")?;
    let path = path_with(project.work_folder("tools")?.join("bin"))?;
    let tools = Tools { path, toolchain };
    if !tools.has("trunk", TRUNK) {
        let mut cargo = install(project, "trunk", TRUNK)?;
        // Trunk downloads nothing here, so it needs no TLS; unoptimised it is built in two minutes, and runs as fast.
        run(cargo.args(["--debug", "--no-default-features"]).env("CARGO_PROFILE_DEV_DEBUG", "0"))?;
    }
    if !tools.has("wasm-bindgen", &bindgen) || !tools.has("wasm-bindgen-test-runner", &bindgen) {
        let mut cargo = install(project, "wasm-bindgen-cli", &bindgen)?;
        run(cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"))?;
    }
    Ok(tools)
}

impl Tools {
    fn has(&self, program: &str, version: &str) -> bool {
        let mut ask = self.command(program);
        ask.arg("--version").stderr(std::process::Stdio::null());
        capture(&mut ask).is_ok_and(|answer| answer.split_whitespace().any(|word| word == version))
    }
}

/// Ours come first, so that a wrong version elsewhere in the path does no harm.
fn path_with(ours: PathBuf) -> Result<OsString> {
    let path = std::env::var_os("PATH").context("PATH is not set")?;
    Ok(std::env::join_paths(std::iter::once(ours).chain(std::env::split_paths(&path)))?)
}

fn install(project: &Project, package: &str, version: &str) -> Result<Command> {
    say::note(&format!("cargo install {package} {version} (once; about two minutes)"));
    let mut cargo = command("cargo");
    cargo
        .args(["install", "--quiet", "--locked", package, "--version", version, "--root"])
        .arg(project.work_folder("tools")?);
    cargo.arg("--target-dir").arg(project.work_folder("tools-build")?).current_dir(&project.root);
    Ok(cargo)
}
