//! Whether a build is still what its sources say: a hash over everything that goes into it, and over what came out.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::{Files, read_folder};
use crate::process::{capture, command};
use crate::project::Project;

/// The files and folders that a build depends on.
const INPUTS: &[&str] = &["Cargo.toml", "Cargo.lock", "Trunk.toml", ".cargo", "public", "style", "src"];

/// A hash over files.
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of the sources and the compiler.
    pub fn of_inputs(project: &Project) -> Result<Self> {
        let mut hash = Sha256::new();
        for input in INPUTS {
            let path = project.root.join(input);
            let files = if path.is_dir() {
                read_folder(&path)?
            } else {
                Files::from([((*input).to_owned(), std::fs::read(&path)?)])
            };
            add(&mut hash, input, &files);
        }
        hash.update(capture(command("rustc").arg("-vV").current_dir(&project.root))?);
        Ok(Self::finish(hash))
    }

    /// Of everything in a folder.
    pub fn of_folder(folder: &Path) -> Result<Self> {
        let mut hash = Sha256::new();
        add(&mut hash, "", &read_folder(folder)?);
        Ok(Self::finish(hash))
    }

    /// Both, as the text of a stamp file.
    pub fn with(&self, other: &Self) -> String {
        format!("{} {}\n", self.0, other.0)
    }

    fn finish(hash: Sha256) -> Self {
        let hex = hash.finalize().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // a String takes everything
            text
        });
        Self(hex)
    }
}

fn add(hash: &mut Sha256, title: &str, files: &Files) {
    hash.update(format!("{title} {}\n", files.len()));
    for (name, bytes) in files {
        hash.update(format!("{name} {}\n", bytes.len()));
        hash.update(bytes);
    }
}
