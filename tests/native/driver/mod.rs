//! The native driver: carries out an account's effects on tokio, in the order that [`plausch_engine::io`] states.
//!
//! It decides nothing. Everything that happens comes in through one queue; frames that are in it side by side go in
//! together. Dropping the future drops sockets and requests with it, as killing a process would.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use plausch_engine::Account;
use plausch_engine::io::{
    Audience, Effects, End, HttpFailure, HttpId, HttpRequest, HttpResponse, Input, LoadId, SocketId, Wire,
};
use plausch_engine::store::{Query, Store, StoreError};
use plausch_model::{Command, CommandId, EndReason, Timestamp, Update, ViewId};
use rand_chacha::ChaCha20Rng;
use rand_core::CryptoRng;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::dial::Dialer;
use crate::socket::{self, CLOSING_TIME, Order, Orders, SocketEvent};
use crate::transcript::Transcript;

/// An account that wants this many ticks in a row, with nothing else happening, has run wild.
const MAX_TICKS_IN_A_ROW: u32 = 10_000;

/// Why a driver gave up. The account itself ends with an [`EndReason`] instead.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// The store could not be read.
    #[error("the store cannot be read: {0}")]
    Store(#[from] StoreError),
    /// The account wakes itself up without end.
    #[error("the account asks to be woken at once, again and again")]
    Spinning,
}

/// Something that happened, for the driver's queue.
pub(crate) enum Event {
    /// To a socket.
    Socket(SocketId, SocketEvent),
    /// A request ended.
    Http(HttpId, Result<HttpResponse, HttpFailure>),
    /// A view came; what concerns it goes there.
    ViewOpened(ViewId, UnboundedSender<Update>),
    /// A view is gone.
    ViewClosed(ViewId),
    /// A person did something.
    Command(ViewId, CommandId, Command),
    /// The network is there or gone.
    Network(bool),
    /// The clock was put forward.
    ClockMoved,
}

/// What a driver drives: an account, or a script in the driver's own tests.
pub(crate) trait Core {
    /// Takes one input.
    fn handle(&mut self, input: Input, now: Timestamp, rng: &mut dyn CryptoRng) -> Effects;
}

impl Core for Account {
    fn handle(&mut self, input: Input, now: Timestamp, rng: &mut dyn CryptoRng) -> Effects {
        Account::handle(self, input, now, rng)
    }
}

/// What a driver works with.
pub(crate) struct Surroundings {
    pub rng: ChaCha20Rng,
    pub clock: Clock,
    pub dialer: Dialer,
    pub transcript: Transcript,
}

/// How to reach a driver.
pub(crate) struct Lines {
    /// What happens goes in here.
    pub events: UnboundedSender<Event>,
    /// Turns true when the first session of a fresh sign-in has begun.
    pub signed_in: watch::Receiver<bool>,
}

/// Runs one account over one store.
pub(crate) struct Driver<A, S> {
    account: A,
    store: S,
    surroundings: Surroundings,
    views: BTreeMap<ViewId, UnboundedSender<Update>>,
    events: UnboundedReceiver<Event>,
    event_sender: UnboundedSender<Event>,
    backlog: VecDeque<Event>,
    signed_in: watch::Sender<bool>,
    wake_at: Option<Timestamp>,
    ticks_in_a_row: u32,
    socket: Option<(SocketId, Orders)>,
    tasks: JoinSet<()>,
}

impl<A: Core, S: Store> Driver<A, S> {
    /// A driver that has not started yet, and how to reach it.
    pub fn new(account: A, store: S, surroundings: Surroundings) -> (Self, Lines) {
        let (event_sender, events) = mpsc::unbounded_channel();
        let (signed_in, signed_in_receiver) = watch::channel(false);
        let lines = Lines { events: event_sender.clone(), signed_in: signed_in_receiver };
        let driver = Self {
            account,
            store,
            surroundings,
            views: BTreeMap::new(),
            events,
            event_sender,
            backlog: VecDeque::new(),
            signed_in,
            wake_at: None,
            ticks_in_a_row: 0,
            socket: None,
            tasks: JoinSet::new(),
        };
        (driver, lines)
    }

    /// Runs until the account ends.
    pub async fn run(mut self) -> Result<(), DriverError> {
        let mut input = Some(Input::Start);
        loop {
            if let Some(input) = input.take()
                && let Some(end) = self.feed(input).await?
            {
                self.end(end).await;
                return Ok(());
            }
            input = self.next_input().await?;
        }
    }

    /// Hands in one input, then the answers to what its effects asked of the store, before anything else.
    async fn feed(&mut self, input: Input) -> Result<Option<End>, DriverError> {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let now = self.surroundings.clock.now();
            let mut effects = self.account.handle(input, now, &mut self.surroundings.rng);
            if !effects.batch.is_empty()
                && let Err(error) = self.store.commit(std::mem::take(&mut effects.batch)).await
            {
                next = Some(Input::CommitFailed(error.to_string()));
                continue;
            }
            let (loads, end) = self.carry_out(effects);
            if end.is_some() {
                return Ok(end);
            }
            next = self.load(loads).await?;
        }
        Ok(None)
    }

    /// What comes after the commit, except loads and the end.
    fn carry_out(&mut self, effects: Effects) -> (Vec<(LoadId, Query)>, Option<End>) {
        self.wake_at = effects.wake_at;
        effects.wire.into_iter().for_each(|wire| self.do_wire(wire));
        effects.updates.into_iter().for_each(|(audience, update)| self.publish(audience, &update));
        if effects.signed_in {
            self.signed_in.send_replace(true);
        }
        (effects.loads, effects.end)
    }

    async fn load(&mut self, loads: Vec<(LoadId, Query)>) -> Result<Option<Input>, DriverError> {
        if loads.is_empty() {
            return Ok(None);
        }
        let (ids, queries): (Vec<_>, Vec<_>) = loads.into_iter().unzip();
        let answers = self.store.load(queries).await?;
        Ok(Some(Input::Loaded(ids.into_iter().zip(answers).collect())))
    }

    fn publish(&mut self, audience: Audience, update: &Update) {
        let addressed = |view: &ViewId| match audience {
            Audience::All => true,
            Audience::View(only) => *view == only,
        };
        self.views.retain(|view, updates| !addressed(view) || updates.send(update.clone()).is_ok());
    }

    fn do_wire(&mut self, wire: Wire) {
        match wire {
            Wire::Open { socket, url } => self.open(socket, url),
            Wire::Send { socket, frame } => {
                if let Some((open, orders)) = &self.socket
                    && *open == socket
                {
                    self.surroundings.transcript.note(format!("> {frame}"));
                    let _closed_meanwhile = orders.send(Order::Send(frame));
                }
            }
            Wire::Close(socket) => {
                if let Some((_, orders)) = self.socket.take_if(|(open, _)| *open == socket) {
                    self.surroundings.transcript.note("closing");
                    let _closed_meanwhile = orders.send(Order::Close);
                }
            }
            Wire::Http(request) => self.request(request),
        }
    }

    fn open(&mut self, id: SocketId, url: String) {
        self.surroundings.transcript.note(format!("opening {url}"));
        let (sender, orders) = mpsc::unbounded_channel();
        let events = self.event_sender.clone();
        let report = move |event| {
            let _driver_is_gone = events.send(Event::Socket(id, event));
        };
        self.tasks.spawn(socket::run(self.surroundings.dialer.clone(), url, orders, report));
        self.socket = Some((id, sender));
    }

    fn request(&mut self, request: HttpRequest) {
        let body = request.post.as_deref().unwrap_or_default();
        self.surroundings.transcript.note(format!("> {} {body}", request.url));
        let (dialer, events) = (self.surroundings.dialer.clone(), self.event_sender.clone());
        self.tasks.spawn(async move {
            let id = request.id;
            let _driver_is_gone = events.send(Event::Http(id, crate::http::perform(dialer, request).await));
        });
    }

    /// Waits for something to happen. `None` if it does not concern the account.
    async fn next_input(&mut self) -> Result<Option<Input>, DriverError> {
        // The in-memory store never waits, so without this a busy account would starve sockets and timeouts.
        tokio::task::yield_now().await;
        while self.tasks.try_join_next().is_some() {}
        while let Ok(event) = self.events.try_recv() {
            self.backlog.push_back(event);
        }
        if let Some(wake_at) = self.wake_at
            && self.surroundings.clock.now() >= wake_at
        {
            self.wake_at = None;
            return self.tick().map(Some);
        }
        if let Some(event) = self.backlog.pop_front() {
            return Ok(self.input_of(event));
        }
        self.ticks_in_a_row = 0;
        let until_due = self.wake_at.map(|wake_at| self.surroundings.clock.until(wake_at));
        tokio::select! {
            event = self.events.recv() => self.backlog.extend(event),
            () = sleep(until_due) => {}
        }
        Ok(None)
    }

    fn tick(&mut self) -> Result<Input, DriverError> {
        self.ticks_in_a_row = self.ticks_in_a_row.saturating_add(1);
        if self.ticks_in_a_row > MAX_TICKS_IN_A_ROW { Err(DriverError::Spinning) } else { Ok(Input::Tick) }
    }

    fn input_of(&mut self, event: Event) -> Option<Input> {
        match event {
            Event::Socket(socket, event) => self.socket_input(socket, event),
            Event::Http(id, outcome) => {
                self.surroundings.transcript.note(format!("< {outcome:?}"));
                Some(Input::HttpDone { id, outcome })
            }
            Event::ViewOpened(view, updates) => {
                self.views.insert(view, updates);
                Some(Input::ViewOpened(view))
            }
            Event::ViewClosed(view) => self.views.remove(&view).map(|_| Input::ViewClosed(view)),
            Event::Command(view, id, command) => Some(Input::Command { view, id, command }),
            Event::Network(up) => Some(Input::Network { up }),
            Event::ClockMoved => None,
        }
    }

    /// Events of a socket that was closed by the account are not wanted any more.
    fn socket_input(&mut self, socket: SocketId, event: SocketEvent) -> Option<Input> {
        self.socket.as_ref().filter(|(open, _)| *open == socket)?;
        match event {
            SocketEvent::Opened => Some(Input::SocketOpened(socket)),
            SocketEvent::Frame(first) => Some(Input::Frames { socket, frames: self.frames(socket, first) }),
            SocketEvent::Closed => {
                self.surroundings.transcript.note("closed");
                self.socket = None;
                Some(Input::SocketClosed(socket))
            }
        }
    }

    /// This frame and those that have arrived right behind it.
    fn frames(&mut self, socket: SocketId, first: String) -> Vec<String> {
        let mut frames = vec![first];
        while let Some(Event::Socket(of, SocketEvent::Frame(_))) = self.backlog.front()
            && *of == socket
            && let Some(Event::Socket(_, SocketEvent::Frame(frame))) = self.backlog.pop_front()
        {
            frames.push(frame);
        }
        frames.iter().for_each(|frame| self.surroundings.transcript.note(format!("< {frame}")));
        frames
    }

    /// Deletes what has to be deleted, says why it ended, and lets what was sent leave.
    async fn end(self, end: End) {
        let reason = match end.wipe {
            false => end.reason,
            true => match self.store.wipe().await {
                Ok(()) => end.reason,
                Err(error) => EndReason::SignedOutIncompletely(error.to_string()),
            },
        };
        for updates in self.views.values() {
            let _view_is_gone = updates.send(Update::Ended(reason.clone()));
        }
        drop((self.views, self.socket));
        let mut tasks = self.tasks;
        let _stragglers_are_cut_off =
            tokio::time::timeout(CLOSING_TIME, async { while tasks.join_next().await.is_some() {} }).await;
    }
}

async fn sleep(time: Option<std::time::Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}
