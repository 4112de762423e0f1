//! The built bundle, served with settings of a test's own.

use std::process::Stdio;

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{Server, variable};

/// A served bundle; ends when dropped.
pub struct Site {
    /// Where it is.
    pub url: String,
    _config: TempDir,
    _server: Child,
}

impl Site {
    /// Serves the bundle for a server.
    pub async fn of(server: Server) -> Result<Self> {
        Self::with_endpoint(&server.websocket()?).await
    }

    /// Serves the bundle with this WebSocket endpoint.
    pub async fn with_endpoint(websocket: &str) -> Result<Self> {
        let config = serde_json::json!({
            "default_domain": "localhost", "websocket_url": websocket, "bosh_url": null,
            "allow_registration": true, "locale": "en", "allow_plain_auth": false,
        });
        Self::start(&config.to_string(), "").await
    }

    /// Serves the bundle with the text of a `config.json`, below a path prefix.
    pub async fn start(config: &str, prefix: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("config.json");
        std::fs::write(&file, config)?;
        let mut command = Command::new(variable("PLAUSCH_XTASK")?);
        command.arg("serve").args(["--dir", &variable("PLAUSCH_DIST")?]).arg("--config").arg(&file);
        if !prefix.is_empty() {
            command.args(["--prefix", prefix]);
        }
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
        let url = loop {
            let line = lines.next_line().await?.context("the server of the bundle ended")?;
            if let Some(start) = line.find("http://") {
                break line.split_at(start).1.trim().to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { url, _config: folder, _server: child })
    }
}
