//! The built bundle, served with settings of a test's own.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{Server, variable};

const CONFIG: &str = "config.json";

/// A served bundle; ends when dropped.
pub struct Site {
    /// Where it is.
    pub url: String,
    config: TempDir,
    server: Child,
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
        std::fs::write(folder.path().join(CONFIG), config)?;
        let (server, url) = serve(Path::new(&variable("PLAUSCH_DIST")?), &folder, &["--prefix", prefix]).await?;
        Ok(Self { url, config: folder, server })
    }

    /// Serves another folder at the same address, at the root of its host.
    pub async fn serve_instead(&mut self, folder: &Path) -> Result<()> {
        self.server.kill().await?;
        let port = self.url.trim_end_matches('/').rsplit(':').next().context("a port")?.to_owned();
        (self.server, self.url) = serve(folder, &self.config, &["--port", &port]).await?;
        Ok(())
    }
}

async fn serve(folder: &Path, config: &TempDir, more: &[&str]) -> Result<(Child, String)> {
    let mut command = Command::new(variable("PLAUSCH_XTASK")?);
    command.arg("serve").arg("--dir").arg(folder).arg("--config").arg(config.path().join(CONFIG)).args(more);
    let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
    let url = loop {
        let line = lines.next_line().await?.context("the server of the bundle ended")?;
        if let Some(start) = line.find("http://") {
            break line.split_at(start).1.trim().to_owned();
        }
    };
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((child, url))
}
