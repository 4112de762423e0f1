//! The independent XMPP peers that the tests talk to are Python programs in a virtual environment of this checkout.

use std::path::PathBuf;

use anyhow::Result;

use super::apt::{install, is_debian};
use crate::process::{capture, command, run};
use crate::project::Project;
use crate::say;

/// A Python with the peers' packages.
pub struct Python {
    /// The interpreter.
    pub interpreter: PathBuf,
}

/// Sets up the virtual environment; does nothing when the requirements have not changed since.
pub fn python_peers(project: &Project) -> Result<Python> {
    let [peers, alone] =
        ["requirements.txt", "requirements-alone.txt"].map(|file| project.root.join("tests/servers/peer").join(file));
    let folder = project.work_folder("python")?;
    let python = Python { interpreter: folder.join("bin/python") };
    let stamp = folder.join("requirements.txt");
    let wanted = [std::fs::read(&peers)?, std::fs::read(&alone)?].concat();
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) && python.interpreter.exists() {
        return Ok(python);
    }
    ensure_venv()?;
    run(command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    for (file, more) in [(&peers, None), (&alone, Some("--no-deps"))] {
        say::note(&format!("pip install -r {} (a virtual environment of this checkout)", project.shown(file)));
        let words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        run(command(&python.interpreter).args(words).arg(file).args(more))?;
    }
    std::fs::write(&stamp, wanted)?;
    Ok(python)
}

fn ensure_venv() -> Result<()> {
    let mut ask = command("python3");
    ask.args(["-c", "import ensurepip, venv, sqlite3"]).stderr(std::process::Stdio::null());
    if capture(&mut ask).is_ok() {
        return Ok(());
    }
    if is_debian() {
        return install(&["python3", "python3-venv"]);
    }
    anyhow::bail!("please install Python 3.11 or newer with its venv and sqlite3 modules")
}
