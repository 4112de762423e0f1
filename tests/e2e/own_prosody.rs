//! A Prosody that a test has for itself, to end and start again while others talk to theirs.

use std::{collections::HashSet, path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use plausch_xmpp::xml::{Element, Limits, parse};
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::{Server, until};

/// A message in an archive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Archived {
    /// What it says.
    pub text: String,
    /// Its receipt is in the archive, too.
    pub receipt: bool,
}

/// A running Prosody; ends when dropped, and with this program.
pub struct OwnProsody {
    process: Child,
    folder: PathBuf,
}

impl OwnProsody {
    /// Starts one that knows nothing. Only one can run at a time.
    pub async fn start() -> Result<Self> {
        let folder = PathBuf::from(Server::OwnProsody.fact("XMPP_RUN")?);
        Ok(Self { process: launch(&["--fresh"]).await?, folder })
    }

    /// Ends it in good order, and starts it again after a while.
    pub async fn restart(&mut self, after: Duration) -> Result<()> {
        let mut stop = Command::from(Server::OwnProsody.script("stop")?);
        tokio::try_join!(stop.output(), self.process.wait())?;
        self.launch_again(after).await
    }

    /// Kills it, and starts it again after a while.
    pub async fn crash(&mut self, after: Duration) -> Result<()> {
        self.process.kill().await?;
        self.launch_again(after).await
    }

    async fn launch_again(&mut self, after: Duration) -> Result<()> {
        tokio::time::sleep(after).await;
        self.process = launch(&[]).await?;
        Ok(())
    }

    /// The texts in the archive of the account with this name, in its order: what the server was given, however often.
    pub async fn archived(&self, user: &str) -> Result<Vec<Archived>> {
        let query =
            format!("SELECT value FROM prosodyarchive WHERE store = 'archive' AND user = '{user}' ORDER BY sort_id");
        let mut sqlite = Command::new("sqlite3");
        sqlite.args(["-readonly", "-json", "-cmd", ".timeout 5000"]).arg(self.folder.join("data/prosody.sqlite"));
        let output = sqlite.arg(query).output().await.context("sqlite3")?;
        ensure!(output.status.success(), "sqlite3: {}", String::from_utf8_lossy(&output.stderr));
        let rows: Vec<Value> = serde_json::from_slice(&output.stdout)?;
        let stanza = |row: &Value| Ok(parse(row["value"].as_str().unwrap_or_default(), &Limits::default())?);
        let stanzas = rows.iter().map(stanza).collect::<Result<Vec<_>>>()?;
        let child = |stanza: &Element, name: &str| stanza.children().find(|child| child.name() == name).cloned();
        let receipts = stanzas.iter().filter_map(|stanza| Some(child(stanza, "received")?.attr("id")?.to_owned()));
        let receipts: HashSet<String> = receipts.collect();
        let archived = |stanza: &Element| {
            let receipt = stanza.attr("id").is_some_and(|id| receipts.contains(id));
            Some(Archived { text: child(stanza, "body")?.text(), receipt })
        };
        Ok(stanzas.iter().filter_map(archived).collect())
    }

    /// Ends it and deletes its data, which else stay for whoever looks into a failed test.
    pub async fn discard(mut self) -> Result<()> {
        self.process.kill().await?;
        Ok(std::fs::remove_dir_all(&self.folder)?)
    }
}

async fn launch(arguments: &[&str]) -> Result<Child> {
    let mut run = Command::from(Server::OwnProsody.script("run")?);
    run.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let mut process = run.spawn()?;
    until("a Prosody of our own answers", || async {
        let mut ready = Command::from(Server::OwnProsody.script("ready")?);
        Ok(ready.output().await?.status.success().then_some(()))
    })
    .await?;
    ensure!(process.try_wait()?.is_none(), "another Prosody has our ports");
    Ok(process)
}
