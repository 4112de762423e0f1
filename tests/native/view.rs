//! One view of an account, as a tab would be: it gives commands, takes updates, and can be asked to wait for something.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use plausch_model::{Command, CommandError, CommandId, Update, ViewId};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::driver::Event;
use crate::state::State;
use crate::transcript::Transcript;

/// How many updates are remembered for messages.
const KEPT: usize = 60;

/// A view of an account. Dropping it closes it.
pub struct View {
    id: ViewId,
    events: UnboundedSender<Event>,
    updates: UnboundedReceiver<Update>,
    state: State,
    seen: VecDeque<String>,
    last_command: u32,
    patience: Duration,
    transcript: Transcript,
}

/// Something that was waited for did not happen. Its text says what happened instead.
#[derive(thiserror::Error)]
pub struct WaitError {
    what: String,
    why: &'static str,
    circumstances: String,
}

/// Why a command did not work.
#[derive(Debug, thiserror::Error)]
pub enum CommandFailure {
    /// The engine said so.
    #[error("{0:?}")]
    Refused(CommandError),
    /// The engine said nothing.
    #[error(transparent)]
    NoAnswer(#[from] WaitError),
}

impl View {
    pub(crate) fn open(id: ViewId, events: UnboundedSender<Event>, patience: Duration, transcript: Transcript) -> Self {
        let (sender, updates) = mpsc::unbounded_channel();
        let _driver_has_ended = events.send(Event::ViewOpened(id, sender));
        let (state, seen) = (State::default(), VecDeque::new());
        Self { id, events, updates, state, seen, last_command: 0, patience, transcript }
    }

    /// Says whether somebody looks, with a command that is numbered 0.
    pub(crate) fn set_visible(&self, visible: bool) {
        let _driver_has_ended = self.events.send(Event::Command(self.id, CommandId(0), Command::SetVisible(visible)));
    }

    /// What the view knows by the updates it has taken so far.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Gives a command; its answer carries the same number.
    pub fn command(&mut self, command: Command) -> CommandId {
        self.last_command = self.last_command.saturating_add(1);
        let id = CommandId(self.last_command);
        let _driver_has_ended = self.events.send(Event::Command(self.id, id, command));
        id
    }

    /// Gives a command and waits for its outcome.
    pub async fn run(&mut self, command: Command) -> Result<(), CommandFailure> {
        let what = format!("the outcome of {command:?}");
        let id = self.command(command);
        let outcome = self
            .wait_for(&what, |update| match update {
                Update::Done { command, result } if *command == id => Some(result.clone()),
                _ => None,
            })
            .await?;
        outcome.map_err(CommandFailure::Refused)
    }

    /// Takes the next update; `None` once the driver has ended.
    pub async fn next(&mut self) -> Option<Update> {
        let update = self.updates.recv().await?;
        self.take(&update);
        Some(update)
    }

    /// Takes updates until one is what is looked for. Those taken before do not count: see [`View::until`].
    pub async fn wait_for<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(&Update) -> Option<T>,
    ) -> Result<T, WaitError> {
        self.follow(what, |_, update| update.and_then(&mut pick)).await
    }

    /// Takes updates until the state fulfils the condition, perhaps at once.
    pub async fn until(&mut self, what: &str, mut condition: impl FnMut(&State) -> bool) -> Result<(), WaitError> {
        self.follow(what, |state, _| condition(state).then_some(())).await
    }

    /// Takes what has come in by now, without waiting.
    pub fn catch_up(&mut self) -> &State {
        while let Ok(update) = self.updates.try_recv() {
            self.take(&update);
        }
        &self.state
    }

    async fn follow<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(&State, Option<&Update>) -> Option<T>,
    ) -> Result<T, WaitError> {
        let patience = self.patience;
        let searching = async {
            let mut found = pick(&self.state, None);
            while found.is_none() {
                let update = self.next().await?;
                found = pick(&self.state, Some(&update));
            }
            found
        };
        match tokio::time::timeout(patience, searching).await {
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err(self.in_vain(what, "the driver has ended")),
            Err(_) => Err(self.in_vain(what, "the time is over")),
        }
    }

    fn take(&mut self, update: &Update) {
        self.state.apply(update);
        if self.seen.len() >= KEPT {
            self.seen.pop_front();
        }
        self.seen.push_back(format!("{update:?}"));
    }

    fn in_vain(&self, what: &str, why: &'static str) -> WaitError {
        let updates: String = self.seen.iter().map(|update| format!("  {update}\n")).collect();
        let circumstances = format!("updates:\n{updates}wire:\n{}state: {:#?}", self.transcript, self.state);
        WaitError { what: what.to_owned(), why, circumstances }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let _driver_has_ended = self.events.send(Event::ViewClosed(self.id));
    }
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waited in vain for {}: {}", self.what, self.why)
    }
}

/// All that is known, since this is what a failed test prints.
impl fmt::Debug for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}\n{}", self.circumstances)
    }
}
