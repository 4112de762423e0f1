//! Where things are: the checkout, cargo's target folder, the members, and the versions that `Cargo.lock` fixes.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::{capture, command};

/// The checkout.
pub struct Project {
    /// The folder that holds `Cargo.lock`.
    pub root: PathBuf,
    /// Cargo's target folder.
    pub target: PathBuf,
    members: Vec<String>,
}

impl Project {
    /// The project around the current folder.
    pub fn find() -> Result<Self> {
        let here = std::env::current_dir()?;
        let root = here
            .ancestors()
            .find(|folder| folder.join("Cargo.lock").exists())
            .with_context(|| format!("no Cargo.lock in {} or above", here.display()))?
            .to_owned();
        let mut ask = command("cargo");
        ask.args(["metadata", "--format-version", "1", "--no-deps"]).current_dir(&root);
        let metadata: Value = serde_json::from_str(&capture(&mut ask)?).context("reading cargo metadata")?;
        let target =
            metadata.get("target_directory").and_then(Value::as_str).context("cargo names no target folder")?;
        let packages = metadata.get("packages").and_then(Value::as_array).context("cargo names no packages")?;
        let members = packages.iter().filter_map(|package| package.get("name")?.as_str()).map(str::to_owned).collect();
        Ok(Self { target: target.into(), root, members })
    }

    /// Whether the workspace has this package.
    pub fn has_member(&self, package: &str) -> bool {
        self.members.iter().any(|member| member == package)
    }

    /// The version of a crate in `Cargo.lock`.
    pub fn locked_version(&self, package: &str) -> Result<String> {
        let lock = std::fs::read_to_string(self.root.join("Cargo.lock"))?;
        locked_version(&lock, package).with_context(|| format!("{package} is not in Cargo.lock"))
    }

    /// A folder of our own below the target folder, created if need be.
    pub fn work_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.target.join("xtask").join(name);
        std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        Ok(folder)
    }

    /// The path as a person would write it: relative to the checkout where it lies inside.
    pub fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    Some(lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_versions_in_a_lock_file() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.129\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").as_deref(), Some("0.2.129"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
