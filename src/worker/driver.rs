//! Carries out what an account wants, in the order that loses nothing (the contract in [`plausch_engine::io`]):
//! commit, then send, then tell the views, then load and hand in what was loaded before anything else.
//!
//! A driver knows neither sockets nor IndexedDB: those are an [`Outside`] and a [`Store`]. It refuses to go on where the
//! store is gone or damaged; [`serve_broken`] then answers for the account until the person signs out.

use std::future::{Future, poll_fn};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::task::Poll;

use plausch_engine::io::{Audience, Effects, End, Input, LoadId, Wire};
use plausch_engine::store::{Batch, Query, Store, StoreError};
use plausch_model::{Command, CommandError, ConnectionState, Timestamp, Update, ViewId};
use rand_core::CryptoRng;

use crate::inbox::Inbox;
use crate::machine::Machine;

/// How often a load is tried before the store counts as broken.
const LOAD_TRIES: u32 = 3;
/// The pause after the second failure in a row; it doubles with each further one.
const FIRST_PAUSE_MILLIS: u32 = 250;
/// The longest pause.
const LONGEST_PAUSE_MILLIS: u32 = 16_000;

/// All that a driver cannot do itself.
pub trait Outside {
    /// The present time; never goes backwards.
    fn now(&mut self) -> Timestamp;
    /// The platform's randomness.
    fn rng(&mut self) -> &mut dyn CryptoRng;
    /// Does something on the network; its outcome comes through the inbox.
    fn wire(&mut self, wire: Wire);
    /// Wakes the inbox's reader at this time; replaces an earlier call.
    fn wake_at(&mut self, at: Timestamp);
    /// Keeps a note for whoever debugs. Notes hold nothing that came from the network.
    fn note(&mut self, note: &'static str);
    /// Tells the views, all at once.
    fn publish(&mut self, updates: Vec<(Audience, Update)>);
    /// The first session of a fresh sign-in has begun: from now on this device remembers the account.
    fn signed_in(&mut self) -> impl Future<Output = Result<(), StoreError>>;
    /// Waits.
    fn pause(&mut self, millis: u32) -> impl Future<Output = ()>;
}

/// Why a driver came back.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The account is over; what is left to do about it.
    Ended(End),
    /// The store does not allow to go on.
    Broken(StoreError),
    /// The inbox was stopped.
    Stopped,
}

/// One account with its store and its outside.
pub struct Driver<M, S, O> {
    machine: M,
    store: S,
    outside: O,
    inbox: Rc<Inbox>,
    wake_at: Option<Timestamp>,
    commit_failures: u32,
}

impl<M: Machine, S: Store, O: Outside> Driver<M, S, O> {
    /// Puts the parts together.
    pub fn new(machine: M, store: S, outside: O, inbox: Rc<Inbox>) -> Self {
        Self { machine, store, outside, inbox, wake_at: None, commit_failures: 0 }
    }

    /// Runs until the account is over. The account is dropped; its store and outside come back.
    pub async fn run(mut self) -> (Verdict, S, O) {
        let verdict = loop {
            let Some(input) = self.next().await else { break Verdict::Stopped };
            if let ControlFlow::Break(verdict) = self.turn(input).await {
                break verdict;
            }
        };
        (verdict, self.store, self.outside)
    }

    /// The next input: a tick that is due comes before what waits, so that a flood cannot hold it up.
    async fn next(&mut self) -> Option<Input> {
        poll_fn(|context| {
            let due = self.wake_at.is_some_and(|at| at <= self.outside.now());
            if due && !self.inbox.is_stopped() {
                self.wake_at = None;
                return Poll::Ready(Some(Input::Tick));
            }
            self.inbox.poll(context)
        })
        .await
    }

    /// One input, its effects, and the inputs that must follow directly.
    async fn turn(&mut self, input: Input) -> ControlFlow<Verdict> {
        let command = if let Input::Command { view, id, .. } = &input { Some((*view, *id)) } else { None };
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let now = self.outside.now();
            let effects = self.machine.handle(input, now, self.outside.rng());
            match self.carry_out(effects).await {
                ControlFlow::Continue(input) => next = input,
                ControlFlow::Break(verdict) => {
                    // The machine, which would answer, is not asked any more.
                    if let (Verdict::Broken(error), Some((view, id))) = (&verdict, command) {
                        self.outside.publish(vec![refusal(view, id, error)]);
                    }
                    return ControlFlow::Break(verdict);
                }
            }
        }
        ControlFlow::Continue(())
    }

    async fn carry_out(&mut self, effects: Effects) -> ControlFlow<Verdict, Option<Input>> {
        let Effects { batch, wire, updates, loads, wake_at, signed_in, notes, end } = effects;
        notes.into_iter().for_each(|note| self.outside.note(note));
        let committed = self.commit(batch).await;
        if self.inbox.is_stopped() {
            // Another host may run this account by now: nothing may be sent or shown.
            return ControlFlow::Break(Verdict::Stopped);
        }
        if let Err(error) = committed {
            return self.commit_failed(error).await;
        }
        wire.into_iter().for_each(|wire| self.outside.wire(wire));
        if signed_in && let Err(error) = self.outside.signed_in().await {
            self.report(&error);
        }
        if !updates.is_empty() {
            self.outside.publish(updates);
        }
        if let Some(end) = end {
            return ControlFlow::Break(Verdict::Ended(end));
        }
        if let Some(at) = wake_at {
            self.wake_at = Some(at);
            self.outside.wake_at(at);
        }
        self.load(loads).await
    }

    async fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        self.store.commit(batch).await?;
        self.commit_failures = 0;
        Ok(())
    }

    /// The effects are dropped, and the account is told and tells its views. A store that keeps failing is not asked in a
    /// tight loop.
    async fn commit_failed(&mut self, error: StoreError) -> ControlFlow<Verdict, Option<Input>> {
        if !may_recover(&error) {
            return ControlFlow::Break(Verdict::Broken(error));
        }
        self.pause_after(self.commit_failures).await;
        self.commit_failures = self.commit_failures.saturating_add(1);
        ControlFlow::Continue(Some(Input::CommitFailed(words(&error))))
    }

    async fn load(&mut self, loads: Vec<(LoadId, Query)>) -> ControlFlow<Verdict, Option<Input>> {
        if loads.is_empty() {
            return ControlFlow::Continue(None);
        }
        let (ids, queries): (Vec<_>, Vec<_>) = loads.into_iter().unzip();
        let mut tries = 0;
        loop {
            match self.store.load(queries.clone()).await {
                Ok(answers) => {
                    if let Some(damage) = self.store.take_damage() {
                        self.report(&damage);
                    }
                    return ControlFlow::Continue(Some(Input::Loaded(ids.into_iter().zip(answers).collect())));
                }
                Err(error) if tries == LOAD_TRIES || !may_recover(&error) => {
                    return ControlFlow::Break(Verdict::Broken(error));
                }
                Err(error) => self.report(&error),
            }
            self.pause_after(tries).await;
            tries = tries.saturating_add(1);
        }
    }

    async fn pause_after(&mut self, earlier_failures: u32) {
        if let Some(exponent) = earlier_failures.checked_sub(1) {
            let millis = FIRST_PAUSE_MILLIS.saturating_mul(2_u32.saturating_pow(exponent));
            self.outside.pause(millis.min(LONGEST_PAUSE_MILLIS)).await;
        }
    }

    fn report(&mut self, error: &StoreError) {
        self.outside.publish(vec![(Audience::All, Update::StorageTrouble(words(error)))]);
    }
}

/// Answers for an account whose store is broken. Returns `true` when the person signs out, `false` when stopped.
pub async fn serve_broken(inbox: &Inbox, outside: &mut impl Outside, error: &StoreError) -> bool {
    outside.publish(trouble(Audience::All, error));
    while let Some(input) = poll_fn(|context| inbox.poll(context)).await {
        match input {
            Input::ViewOpened(view) => outside.publish(trouble(Audience::View(view), error)),
            Input::Command { command: Command::SignOut, .. } => return true,
            Input::Command { view, id, .. } => outside.publish(vec![refusal(view, id, error)]),
            _ => {}
        }
    }
    false
}

fn trouble(audience: Audience, error: &StoreError) -> Vec<(Audience, Update)> {
    let offline = Update::Connection(ConnectionState::Offline);
    vec![(audience, offline), (audience, Update::StorageTrouble(words(error)))]
}

fn refusal(view: ViewId, command: plausch_model::CommandId, error: &StoreError) -> (Audience, Update) {
    let result = Err(CommandError::Storage(words(error)));
    (Audience::View(view), Update::Done { command, result })
}

fn may_recover(error: &StoreError) -> bool {
    matches!(error, StoreError::QuotaExceeded | StoreError::Other(_))
}

/// What went wrong and what to do about it, for people.
pub fn words(error: &StoreError) -> String {
    match error {
        StoreError::QuotaExceeded => "This device has no room left for messages. Free some space.".into(),
        StoreError::Damaged(what) => {
            format!("What this device stores of the account is damaged ({what}). Log out and in again to rebuild it.")
        }
        StoreError::Closed(why) => format!("The storage was closed ({why}). Reload the page."),
        StoreError::Other(why) => format!("The browser could not use its storage ({why})."),
    }
}

#[cfg(test)]
mod tests;
