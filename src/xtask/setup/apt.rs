//! Programs that come as Debian packages.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Result, bail};

use crate::process::{command, run};
use crate::say;

/// A program that must be in the path, and the Debian package that brings it.
pub struct Program {
    /// Its name in the path.
    pub name: &'static str,
    /// The Debian package.
    pub package: &'static str,
    /// What it is needed for.
    pub purpose: &'static str,
}

/// Installs those programs that are missing.
pub fn ensure(programs: &[&Program]) -> Result<()> {
    let missing: Vec<_> = programs.iter().filter(|program| in_path(program.name).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().map(|program| program.package).collect();
    if !is_debian() {
        let lines = missing.iter().map(|program| format!("\n  {} ({})", program.name, program.purpose));
        bail!("please install these programs with your system's package manager:{}", lines.collect::<String>());
    }
    install(&packages)
}

/// Installs Debian packages, as root.
pub fn install(packages: &[&str]) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("as root, please run: apt-get install -y --no-install-recommends {}", packages.join(" "));
    }
    update_lists()?;
    say::note(&format!("installing the Debian packages {}", packages.join(" ")));
    run(apt_get().args(["install", "-y", "--no-install-recommends"]).args(packages))
}

fn update_lists() -> Result<()> {
    static UPDATED: OnceLock<()> = OnceLock::new();
    if UPDATED.set(()).is_ok() {
        say::note("apt-get update");
        run(apt_get().arg("update"))?;
    }
    Ok(())
}

fn apt_get() -> std::process::Command {
    let mut apt = command("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive")
        .args(["-qq", "-o", "DPkg::Lock::Timeout=600"])
        .stdout(std::process::Stdio::null());
    apt
}

/// Whether Debian's tools are here.
pub fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists() && in_path("apt-get").is_some()
}

/// Where a program lies, if it is in the path.
pub fn in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_programs_in_the_path() {
        assert!(in_path("sh").is_some());
        assert!(in_path("no-such-program-anywhere").is_none());
    }

    #[test]
    fn what_is_there_needs_nothing() {
        ensure(&[&Program { name: "sh", package: "dash", purpose: "running this test" }]).unwrap();
    }
}
