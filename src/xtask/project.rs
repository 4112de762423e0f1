//! Where things are.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// The checkout.
pub struct Project {
    /// The folder that holds `Cargo.lock`.
    pub root: PathBuf,
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
        Ok(Self { root })
    }
}
