//! A running server and its accounts.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;

use plausch_native::SessionOptions;
use tokio::process::Command;

/// Why a server is of no use to a test.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Nobody said where it is.
    #[error("{0} is not set: the servers are not running. Run the interop tests with `cargo xtask test`.")]
    NotRunning(String),
    /// `servers.sh` failed.
    #[error("servers.sh {0} failed: {1}")]
    Script(String, String),
    /// `servers.sh env` does not say this.
    #[error("servers.sh does not know {0}")]
    Unknown(&'static str),
    /// The machine failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// An account's address and password.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The bare JID.
    pub jid: String,
    /// The password.
    pub password: String,
}

impl Credentials {
    /// A sign-in over this WebSocket endpoint.
    pub fn over(&self, websocket: &str) -> SessionOptions {
        let options = SessionOptions::new(&self.jid, &self.password).websocket(websocket);
        // All tests run at the same time, and one of them has hundreds of messages to take in.
        SessionOptions { patience: Duration::from_secs(90), ..options }
    }
}

/// A server that runs on this machine.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name for `servers.sh`.
    pub name: &'static str,
    /// Its WebSocket endpoint.
    pub websocket: String,
    /// Its BOSH endpoint.
    pub bosh: String,
    script: String,
    facts: BTreeMap<String, String>,
}

impl Server {
    /// Prosody.
    pub async fn prosody() -> Result<Self, ServerError> {
        Self::find("prosody").await
    }

    /// ejabberd.
    pub async fn ejabberd() -> Result<Self, ServerError> {
        Self::find("ejabberd").await
    }

    async fn find(name: &'static str) -> Result<Self, ServerError> {
        let prefix = format!("PLAUSCH_{}", name.to_uppercase());
        let websocket = variable(&format!("{prefix}_WS"))?;
        let bosh = variable(&format!("{prefix}_BOSH"))?;
        let script = variable("PLAUSCH_SERVERS_SH")?;
        let lines = run(&script, ["env", name]).await?;
        let facts =
            lines.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        Ok(Self { name, websocket, bosh, script, facts })
    }

    /// Whether it is Prosody, which offers SASL2, Bind 2 and FAST over WebSocket.
    pub fn is_prosody(&self) -> bool {
        self.name == "prosody"
    }

    /// A new account on the main domain.
    pub async fn account(&self) -> Result<Credentials, ServerError> {
        self.account_at("localhost").await
    }

    /// A new account on a domain.
    pub async fn account_at(&self, domain: &str) -> Result<Credentials, ServerError> {
        let name = random_name()?;
        let (jid, password) = (format!("{name}@{domain}"), format!("secret of {name}"));
        run(&self.script, ["adduser", self.name, &jid, &password]).await?;
        Ok(Credentials { jid, password })
    }

    /// Gives an account another password.
    pub async fn set_password(&self, account: &Credentials, password: &str) -> Result<(), ServerError> {
        let (user, host) = account.jid.split_once('@').unwrap_or_default();
        match self.is_prosody() {
            true => run(&self.script, ["adduser", self.name, &account.jid, password]).await?,
            false => {
                let arguments = serde_json::json!({ "user": user, "host": host, "newpass": password }).to_string();
                run(&self.script, ["ctl", self.name, "change_password", &arguments]).await?
            }
        };
        Ok(())
    }

    /// Many new accounts on the main domain of Prosody, made in one go.
    pub async fn accounts(&self, count: usize) -> Result<Vec<Credentials>, ServerError> {
        let names = (0..count).map(|_| random_name()).collect::<Result<Vec<_>, _>>()?;
        let password = |name: &str| format!("secret of {name}");
        let calls = names.iter().map(|name| format!("assert(make('{name}', '{}', 'localhost'))", password(name)));
        let calls: Vec<String> = calls.collect();
        let make = "local make = require 'prosody.core.usermanager'.create_user";
        self.lua(&format!("(function() {make} {} return true end)()", calls.join(" "))).await?;
        let account = |name: String| Credentials { jid: format!("{name}@localhost"), password: password(&name) };
        Ok(names.into_iter().map(account).collect())
    }

    /// Has Prosody run a line of Lua, and gives what it prints.
    pub async fn lua(&self, line: &str) -> Result<String, ServerError> {
        run(&self.script, ["ctl", self.name, "shell", &format!("> {line}")]).await
    }

    /// A fact that `servers.sh env` prints, such as `XMPP_C2S_PORT`.
    pub fn fact(&self, name: &'static str) -> Result<&str, ServerError> {
        self.facts.get(name).map(String::as_str).ok_or(ServerError::Unknown(name))
    }
}

/// A name that nothing else has.
pub fn random_name() -> Result<String, ServerError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(format!("t{:016x}", u64::from_le_bytes(bytes)))
}

pub(crate) fn variable(name: &str) -> Result<String, ServerError> {
    std::env::var(name).map_err(|_| ServerError::NotRunning(name.to_owned()))
}

async fn run<'a>(script: &str, arguments: impl IntoIterator<Item = &'a str>) -> Result<String, ServerError> {
    let arguments: Vec<&str> = arguments.into_iter().collect();
    let output = Command::new(script).args(arguments.iter().map(OsStr::new)).stdin(Stdio::null()).output().await?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(ServerError::Script(arguments.first().copied().unwrap_or_default().to_owned(), said))
}
