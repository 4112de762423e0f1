//! The servers under test.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::variable;

/// What is added to the ports of the servers that are there for [`OwnProsody`](crate::OwnProsody): no other set of
/// servers has those, since sets are hundreds apart.
const OWN_OFFSET: u16 = 50;

/// A server that tests talk to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Server {
    /// Prosody 13: SASL2, Bind 2, FAST.
    Prosody,
    /// ejabberd 24: SASL, bind.
    Ejabberd,
    /// A second Prosody that one test has for itself: [`OwnProsody`](crate::OwnProsody).
    OwnProsody,
}

impl Server {
    /// Its name for `servers.sh`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prosody | Self::OwnProsody => "prosody",
            Self::Ejabberd => "ejabberd",
        }
    }

    /// Its WebSocket endpoint.
    pub fn websocket(self) -> Result<String> {
        match self {
            Self::OwnProsody => self.fact("XMPP_WS"),
            _ => variable(&format!("PLAUSCH_{}_WS", self.name().to_uppercase())),
        }
    }

    /// Makes an account at `localhost`.
    pub async fn add_user(self, user: &str, password: &str) -> Result<()> {
        let mut script = tokio::process::Command::from(self.script("adduser")?);
        let output = script.args([user, password]).output().await?;
        if !output.status.success() {
            bail!("no account for {user}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// What `servers.sh env` says of it.
    pub(crate) fn fact(self, name: &str) -> Result<String> {
        let facts = String::from_utf8(self.script("env")?.output()?.stdout)?;
        let fact = facts.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        fact.map(str::to_owned).with_context(|| format!("servers.sh does not know {name}"))
    }

    /// A command of `servers.sh` for this server.
    pub(crate) fn script(self, command: &str) -> Result<Command> {
        let mut script = Command::new("bash");
        script.arg(format!("{}/servers.sh", variable("PLAUSCH_SERVERS")?)).args([command, self.name()]);
        if self == Self::OwnProsody {
            let others: u16 = variable("XMPP_PORT_OFFSET")?.parse().context("XMPP_PORT_OFFSET")?;
            script.env("XMPP_PORT_OFFSET", others.saturating_add(OWN_OFFSET).to_string());
        }
        Ok(script)
    }
}
