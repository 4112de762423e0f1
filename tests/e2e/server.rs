//! The servers under test.

use anyhow::{Result, bail};
use tokio::process::Command;

use crate::variable;

/// One of the servers that `cargo xtask test` started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Server {
    /// Prosody 13: SASL2, Bind 2, FAST.
    Prosody,
    /// ejabberd 24: SASL, bind.
    Ejabberd,
}

impl Server {
    /// Its name for `servers.sh`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prosody => "prosody",
            Self::Ejabberd => "ejabberd",
        }
    }

    /// Its WebSocket endpoint.
    pub fn websocket(self) -> Result<String> {
        variable(&format!("PLAUSCH_{}_WS", self.name().to_uppercase()))
    }

    /// Makes an account at `localhost`.
    pub async fn add_user(self, user: &str, password: &str) -> Result<()> {
        let script = format!("{}/servers.sh", variable("PLAUSCH_SERVERS")?);
        let output = Command::new("bash").arg(script).args(["adduser", self.name(), user, password]).output().await?;
        if !output.status.success() {
            bail!("no account for {user}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }
}
