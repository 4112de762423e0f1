//! XMPP servers on loopback: `tests/servers/servers.sh` installs and runs them, this starts, watches and ends them.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{Group, capture, command, run, within};
use crate::project::Project;
use crate::say;

/// How long a server may take until it answers.
const START: Duration = Duration::from_secs(60);
/// Between two sets of servers on one machine.
const OFFSET_STEP: u16 = 100;
const OFFSET_TRIES: u16 = 40;

/// The servers that can be started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Prosody 13.
    Prosody,
    /// ejabberd 24.
    Ejabberd,
}

impl Kind {
    /// The name that the script knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prosody => "prosody",
            Self::Ejabberd => "ejabberd",
        }
    }

    /// The TCP ports it listens on, before the offset.
    fn ports(self) -> &'static [u16] {
        match self {
            Self::Prosody => &[5000, 5222, 5223, 5280, 5281, 5347],
            Self::Ejabberd => &[6222, 6223, 6280, 6281, 6347, 6777],
        }
    }
}

/// What a server begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// What an earlier run left.
    Kept,
    /// Nothing.
    Fresh,
}

/// A running server; ends when dropped.
pub struct Server {
    group: Group,
    variables: BTreeMap<String, String>,
}

impl Server {
    /// Installs the server if need be, starts it and waits until it answers.
    pub fn start(project: &Project, kind: Kind, offset: u16, data: Data) -> Result<Self> {
        let script = |words: &[&str]| script(project, offset, words);
        run(&mut script(&["install", kind.name()]))?;
        let log = project.work_folder("servers")?.join(format!("{}.log", kind.name()));
        let mut start = script(&["run", kind.name()]);
        if data == Data::Fresh {
            start.arg("--fresh");
        }
        let out = std::fs::File::create(&log)?;
        let mut group = Group::spawn(start.stdout(out.try_clone()?).stderr(out))?;
        let mut ended = false;
        let answers = within(START, || {
            ended = !group.runs();
            ended || run(&mut script(&["ready", kind.name()])).is_ok()
        });
        if ended || !answers {
            bail!("{} did not start; it wrote:\n{}", kind.name(), std::fs::read_to_string(&log).unwrap_or_default());
        }
        let variables = parse_variables(&capture(&mut script(&["env", kind.name()]))?);
        say::note(&format!("{} runs on loopback, ports + {offset}", kind.name()));
        Ok(Self { group, variables })
    }

    /// One of the variables that `servers.sh env` prints, such as `XMPP_WS`.
    pub fn variable(&self, name: &str) -> Result<&str> {
        self.variables.get(name).map(String::as_str).with_context(|| format!("the server has no {name}"))
    }

    /// All of them.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Prosody's database, for data in bulk.
    pub fn database(&self) -> Result<PathBuf> {
        Ok(PathBuf::from(self.variable("XMPP_RUN")?).join("data/prosody.sqlite"))
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.group.runs()
    }
}

/// The script with its arguments, for the set of servers at an offset.
pub fn script(project: &Project, offset: u16, words: &[&str]) -> Command {
    let mut script = command("bash");
    script.arg(project.root.join("tests/servers/servers.sh")).args(words).env("XMPP_PORT_OFFSET", offset.to_string());
    script
}

/// The first offset from `base` on at which the ports of all these servers are free.
pub fn free_offset(kinds: &[Kind], base: u16) -> Result<u16> {
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let ports = || kinds.iter().flat_map(|kind| kind.ports());
    (0..OFFSET_TRIES)
        .map(|number| base.saturating_add(number.saturating_mul(OFFSET_STEP)))
        .find(|offset| ports().all(|port| port.checked_add(*offset).is_some_and(free)))
        .context("no free ports for the XMPP servers")
}

fn parse_variables(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_offsets_that_are_taken() {
        let free = free_offset(&[Kind::Prosody, Kind::Ejabberd], 22_000).unwrap();
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, free + 5280)).unwrap();
        assert!(free_offset(&[Kind::Prosody, Kind::Ejabberd], free).unwrap() > free);
    }

    #[test]
    fn reads_variables() {
        let variables = parse_variables("XMPP_WS=ws://localhost:5280/xmpp-websocket\nXMPP_CA=/a=b\n");
        assert_eq!(variables["XMPP_CA"], "/a=b");
        assert_eq!(variables.len(), 2);
    }
}
