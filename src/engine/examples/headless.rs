//! The engine without a browser: one account, commands as JSON lines on standard input, updates as JSON lines on standard
//! output, everything kept in memory. Shows how a bot or another front end would use the engine.
//!
//! `cargo run --example headless -- --help` tells the rest. What is read here is never trusted to be a command: a line that
//! is none costs itself, not the session.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::time::Duration;

use plausch_model::{Anchor, BareJid, Command, CommandId, DeliveryState, EndReason, Secret, Update};
use plausch_native::{Session, SessionOptions, State};
use tokio::sync::mpsc;

const USAGE: &str = r#"usage: headless --jid JID [--password PASSWORD] [--websocket URL] [--bosh URL] …

  --jid JID          the account's address
  --password TEXT    its password; better in the variable PLAUSCH_PASSWORD, or with
  --password-stdin   as the first line of standard input
  --websocket URL    the WebSocket endpoint; discovered from the address (XEP-0156) if neither is given
  --bosh URL         the BOSH endpoint
  --allow-plain      SASL PLAIN may be used
  --ca FILE          trust these authorities, too (PEM)

After signing in, each line of standard input is a command, as the engine's model serialises it:

  {"StartChat":{"address":"romeo@example.org"}}
  {"SendText":{"chat":"romeo@example.org","text":"hello"}}
  {"OpenChat":{"chat":"romeo@example.org","anchor":"End"}}
  {"SetTyping":{"chat":"romeo@example.org","state":"Composing"}}
  {"AddContact":{"address":"romeo@example.org","name":"Romeo","groups":["Verona"]}}
  {"AcceptRequest":"romeo@example.org"}
  {"Block":"eve@example.org"}
  "Reconnect"
  "SignOut"

Each update is printed as a line of JSON. Commands are numbered from 1 in the order of their lines; Update::Done says how
one ended. A line that is no command is reported on standard error and takes no number. At the end of input, the program
waits until what was sent has reached the server, signs out and ends. The exit status is 0 after signing out, 1 if the
account ended in another way, 2 for wrong arguments."#;

/// How long it waits at the end of input for each thing that is still under way.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let options = match read_arguments(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => return say_usage(),
        Err(problem) => {
            complain(&format!("{problem} (--help tells more)"));
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(run(options))
}

fn say_usage() -> ExitCode {
    let _nobody_reads = writeln!(std::io::stdout(), "{USAGE}");
    ExitCode::SUCCESS
}

fn complain(problem: &str) {
    let _nobody_reads = writeln!(std::io::stderr(), "headless: {problem}");
}

/// `None` if help is wanted.
fn read_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Option<SessionOptions>, String> {
    let password = std::env::var("PLAUSCH_PASSWORD").unwrap_or_default();
    let mut options = SessionOptions::new("", password);
    let mut password_from_stdin = false;
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--jid" => options.address = value()?,
            "--password" => options.password = Some(Secret::new(value()?)),
            "--password-stdin" => password_from_stdin = true,
            "--websocket" => options.settings.websocket_url = Some(value()?),
            "--bosh" => options.settings.bosh_url = Some(value()?),
            "--allow-plain" => options.settings.allow_plain_auth = true,
            "--ca" => options.network.authorities_pem = read_file(&value()?)?,
            "--help" | "-h" => return Ok(None),
            _ => return Err(format!("{argument} is not known")),
        }
    }
    if password_from_stdin {
        let line = std::io::stdin().lines().next().transpose().map_err(|error| error.to_string())?;
        options.password = Some(Secret::new(line.unwrap_or_default()));
    }
    if options.address.is_empty() {
        return Err("--jid is missing".to_owned());
    }
    Ok(Some(options))
}

fn read_file(path: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{path}: {error}"))
}

async fn run(options: SessionOptions) -> ExitCode {
    let session = match Session::start(options) {
        Ok(session) => session,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    let mut program = Program { session, open_commands: BTreeSet::new(), written_to: BTreeSet::new() };
    program.converse().await;
    program.leave().await;
    program.exit_code().await
}

struct Program {
    session: Session,
    /// Commands that were not answered yet.
    open_commands: BTreeSet<CommandId>,
    /// Chats that something was sent to.
    written_to: BTreeSet<BareJid>,
}

impl Program {
    /// Carries out commands until the end of input or of the account. They are read once the account is online.
    async fn converse(&mut self) {
        if !self.print_until(|state| state.is_online()).await {
            return;
        }
        let mut lines = read_lines();
        loop {
            tokio::select! {
                line = lines.recv() => match line {
                    Some(line) => self.obey(&line),
                    None => return,
                },
                update = self.session.next() => match update {
                    Some(update) => self.print(&update),
                    None => return,
                },
            }
        }
    }

    fn obey(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        match serde_json::from_str::<Command>(line) {
            Ok(command) => self.give(command),
            Err(error) => complain(&format!("not a command: {error}")),
        }
    }

    fn give(&mut self, command: Command) {
        if let Command::SendText { chat, .. } = &command {
            self.written_to.insert(chat.clone());
        }
        self.open_commands.insert(self.session.command(command));
    }

    /// Lets everything under way arrive, and signs out.
    async fn leave(&mut self) {
        let _gave_up = tokio::time::timeout(PATIENCE, self.answers()).await;
        for chat in std::mem::take(&mut self.written_to) {
            self.session.command(Command::OpenChat { chat: chat.clone(), anchor: Anchor::End });
            let arrived = self.print_until(|state| has_nothing_waiting(state, &chat));
            let _gave_up = tokio::time::timeout(PATIENCE, arrived).await;
        }
        self.session.command(Command::SignOut);
        let _gave_up = tokio::time::timeout(PATIENCE, self.print_until(|_| false)).await;
    }

    async fn answers(&mut self) {
        while !self.open_commands.is_empty() {
            let Some(update) = self.session.next().await else { return };
            self.print(&update);
        }
    }

    /// Prints updates until the state is as wanted. False if the account ended instead.
    async fn print_until(&mut self, mut wanted: impl FnMut(&State) -> bool) -> bool {
        while !wanted(self.session.state()) {
            let Some(update) = self.session.next().await else { return false };
            self.print(&update);
        }
        true
    }

    fn print(&mut self, update: &Update) {
        if let Update::Done { command, .. } = update {
            self.open_commands.remove(command);
        }
        match serde_json::to_string(update) {
            Ok(line) => {
                let _nobody_reads = writeln!(std::io::stdout(), "{line}");
            }
            Err(error) => complain(&format!("an update cannot be written: {error}")),
        }
    }

    async fn exit_code(mut self) -> ExitCode {
        match &self.session.state().ended {
            Some(EndReason::SignedOut) => {}
            Some(reason) => {
                complain(&format!("the account ended: {reason:?}"));
                return ExitCode::FAILURE;
            }
            None => {
                complain("the account did not end in time");
                return ExitCode::FAILURE;
            }
        }
        match self.session.finished().await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                complain(&error.to_string());
                ExitCode::FAILURE
            }
        }
    }
}

fn has_nothing_waiting(state: &State, chat: &BareJid) -> bool {
    let shown = state.window.as_ref().is_some_and(|window| window.chat == *chat);
    shown && !state.items().any(|item| item.state == Some(DeliveryState::Waiting))
}

/// Reads standard input on a thread of its own, which ends with the program at the latest.
fn read_lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            match line {
                Ok(line) => {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => complain("not a command: not UTF-8"),
                Err(_) => return,
            }
        }
    });
    receiver
}
