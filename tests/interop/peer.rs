//! The independent client: `peer.py` (slixmpp) as a child process that takes actions and prints events as JSON lines.

use std::collections::VecDeque;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;

use crate::server::{Credentials, Server, ServerError, variable};

/// How long it may take until something happens.
const PATIENCE: Duration = Duration::from_secs(90);

/// What went wrong with the peer.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// It cannot be started.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// It did not report what was waited for.
    #[error("the peer did not report {0}; it reported: {1:#?}")]
    Silent(String, VecDeque<Value>),
    /// It ended.
    #[error("the peer ended while waiting for {0}; it reported: {1:#?}")]
    Ended(String, VecDeque<Value>),
    /// The machine failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A running peer that is logged in. Dropping it ends the process.
pub struct Peer {
    /// Its bare JID.
    pub jid: String,
    _process: Child,
    input: ChildStdin,
    reports: mpsc::UnboundedReceiver<Value>,
    events: VecDeque<Value>,
}

impl Peer {
    /// Logs in, over TCP.
    pub async fn start(server: &Server, account: &Credentials) -> Result<Self, PeerError> {
        Self::start_with(server, account, &[]).await
    }

    /// Logs in with further options of `peer.py`.
    pub async fn start_with(server: &Server, account: &Credentials, options: &[&str]) -> Result<Self, PeerError> {
        let command = variable("PLAUSCH_PEER")?;
        let mut words = command.split_whitespace();
        let mut process = Command::new(words.next().unwrap_or_default())
            .args(words)
            .args(["--jid", &account.jid, "--password", &account.password, "--no-omemo"])
            .args(["--port", server.fact("XMPP_C2S_PORT")?])
            .args(options)
            .arg("script")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || std::io::Error::other("no pipe to the peer");
        let input = process.stdin.take().ok_or_else(missing)?;
        let reports = read(process.stdout.take().ok_or_else(missing)?);
        let mut peer = Self { jid: account.jid.clone(), _process: process, input, reports, events: VecDeque::new() };
        peer.wait("that it is ready", |event| event["event"] == "ready").await?;
        Ok(peer)
    }

    /// Tells it to do something.
    pub async fn act(&mut self, action: Value) -> Result<(), PeerError> {
        self.input.write_all(format!("{action}\n").as_bytes()).await?;
        Ok(self.input.flush().await?)
    }

    /// Sends a text.
    pub async fn say(&mut self, to: &str, text: &str) -> Result<(), PeerError> {
        self.act(serde_json::json!({ "do": "send", "to": to, "body": text })).await
    }

    /// Takes the first reported event that is like this, waiting for it if need be.
    pub async fn wait(&mut self, what: &str, is_like: impl Fn(&Value) -> bool) -> Result<Value, PeerError> {
        let searching = async {
            loop {
                if let Some(place) = self.events.iter().position(&is_like) {
                    return Ok(self.events.remove(place).unwrap_or_default());
                }
                match self.reports.recv().await {
                    Some(report) => self.events.push_back(report),
                    None => return Err(PeerError::Ended(what.to_owned(), self.events.clone())),
                }
            }
        };
        match tokio::time::timeout(PATIENCE, searching).await {
            Ok(outcome) => outcome,
            Err(_) => Err(PeerError::Silent(what.to_owned(), self.events.clone())),
        }
    }

    /// Waits for a message with this text.
    pub async fn hear(&mut self, text: &str) -> Result<Value, PeerError> {
        self.wait(&format!("the message {text:?}"), |event| event["event"] == "message" && event["body"] == text).await
    }

    /// Waits until its server has taken all that it was told to send.
    pub async fn settle(&mut self) -> Result<(), PeerError> {
        self.act(serde_json::json!({ "do": "iq", "xml": "<ping xmlns='urn:xmpp:ping'/>" })).await?;
        self.wait("the server's answer", |event| event["event"] == "iq").await?;
        Ok(())
    }

    /// What it reported and nobody took, without waiting.
    pub fn events(&mut self) -> &VecDeque<Value> {
        while let Ok(report) = self.reports.try_recv() {
            self.events.push_back(report);
        }
        &self.events
    }

    /// How many messages with this text it has in store, besides those taken.
    pub fn count(&mut self, text: &str) -> usize {
        self.events().iter().filter(|event| event["event"] == "message" && event["body"] == text).count()
    }
}

/// Takes its reports as they come: a peer whose output nobody reads stops when the pipe is full.
fn read(output: ChildStdout) -> mpsc::UnboundedReceiver<Value> {
    let (report, reports) = mpsc::unbounded_channel();
    let mut lines = BufReader::new(output).lines();
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            // What is no report (a warning of its library) is nobody's business.
            if let Ok(event) = serde_json::from_str(&line)
                && report.send(event).is_err()
            {
                break;
            }
        }
    });
    reports
}
