//! What the steps share, set up when the first of them asks for it: the wasm tools, the built bundle, servers, peers, a browser.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use crate::dist;
use crate::process::command;
use crate::project::Project;
use crate::servers::{Data, Kind, Server, free_offset};
use crate::setup::{Lints, Program, Python, Tools, ensure, in_path, python_peers, wasm_tools};

/// Away from the ports of a developer's own servers.
const PORT_OFFSET: u16 = 20_000;

const CHROMIUM: Program = Program { name: "chromium", package: "chromium", purpose: "running the tests in a browser" };
const CHROMEDRIVER: Program =
    Program { name: "chromedriver", package: "chromium-driver", purpose: "steering the browser" };
/// A browser for tests: unseen, and without requests of its own. Root cannot have the sandbox.
const CHROMIUM_ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// One run of the tests.
pub struct Session<'a> {
    /// The checkout.
    pub project: &'a Project,
    tools: OnceCell<Tools>,
    python: OnceCell<Python>,
    servers: OnceCell<Servers>,
}

struct Servers {
    offset: u16,
    running: Vec<(Kind, Server)>,
}

impl<'a> Session<'a> {
    /// Nothing is set up yet.
    pub fn new(project: &'a Project) -> Self {
        Self { project, tools: OnceCell::new(), python: OnceCell::new(), servers: OnceCell::new() }
    }

    /// A cargo command for the native target.
    pub fn cargo(&self, words: &str) -> Command {
        let mut cargo = command("cargo");
        cargo.args(words.split_whitespace()).current_dir(&self.project.root);
        cargo
    }

    /// A cargo command for the wasm target.
    pub fn wasm_cargo(&self, words: &str) -> Result<Command> {
        let tools = get_or_try(&self.tools, || wasm_tools(self.project, Lints::Yes))?;
        let mut cargo = tools.command("cargo");
        cargo.args(words.split_whitespace()).current_dir(&self.project.root);
        Ok(cargo)
    }

    /// Lets a command's tests start browsers.
    pub fn with_browser(&self, command: &mut Command) -> Result<()> {
        ensure(&[&CHROMIUM, &CHROMEDRIVER])?;
        let find =
            |program: Program| in_path(program.name).with_context(|| format!("{} is not in the path", program.name));
        let chromium = find(CHROMIUM)?;
        let capabilities = self.project.work_folder("browser")?.join("webdriver.json");
        let options = json!({ "goog:chromeOptions": { "binary": chromium, "args": CHROMIUM_ARGUMENTS } });
        std::fs::write(&capabilities, options.to_string())?;
        command.env("PLAUSCH_CHROMIUM", chromium).env("PLAUSCH_CHROMIUM_ARGUMENTS", CHROMIUM_ARGUMENTS.join(" "));
        command.env("CHROMEDRIVER", find(CHROMEDRIVER)?);
        command
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities)
            .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
            .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60");
        Ok(())
    }

    /// Lets a command's tests talk to prosody and ejabberd, and to independent peers. See tests/servers/README.md for the variables.
    pub fn with_servers(&self, command: &mut Command) -> Result<()> {
        let servers = get_or_try(&self.servers, || self.start_servers())?;
        for (kind, server) in &servers.running {
            let prefix = format!("PLAUSCH_{}", kind.name().to_uppercase());
            for (name, value) in server.variables() {
                command.env(name.replacen("XMPP", &prefix, 1), value);
            }
        }
        let python = get_or_try(&self.python, || python_peers(self.project))?;
        let folder = self.project.root.join("tests/servers");
        let peer = format!("{} {}", python.interpreter.display(), folder.join("peer/peer.py").display());
        command.env("PLAUSCH_SERVERS", &folder).env("PLAUSCH_SERVERS_SH", folder.join("servers.sh"));
        command.env("PLAUSCH_PYTHON", &python.interpreter).env("PLAUSCH_PEER", peer);
        command.env("XMPP_PORT_OFFSET", servers.offset.to_string());
        Ok(())
    }

    /// Lets a command's tests open the built bundle: its folder, and this program to serve it with settings of their own.
    pub fn with_bundle(&self, command: &mut Command) -> Result<()> {
        command.env("PLAUSCH_DIST", self.bundle()?).env("PLAUSCH_XTASK", std::env::current_exe()?);
        Ok(())
    }

    /// The built bundle.
    pub fn bundle(&self) -> Result<PathBuf> {
        dist::up_to_date(self.project)
    }

    fn start_servers(&self) -> Result<Servers> {
        let kinds = [Kind::Prosody, Kind::Ejabberd];
        let offset = free_offset(&kinds, PORT_OFFSET)?;
        let start = |kind| Ok((kind, Server::start(self.project, kind, offset, Data::Fresh)?));
        Ok(Servers { offset, running: kinds.into_iter().map(start).collect::<Result<_>>()? })
    }
}

fn get_or_try<T>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    if cell.get().is_none() {
        let _ = cell.set(make()?); // it was empty
    }
    cell.get().context("a value that was just set")
}
