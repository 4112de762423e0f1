//! Which views and accounts there are, and who is told what. Sans-IO: events in, actions out.
//!
//! A hub trusts its views as far as the browser does (same origin), but no message of theirs can bring it out of step:
//! what does not fit is answered or ignored. It runs accounts only while its host holds the engine's lock, so that no two
//! hosts ever drive one account.

mod lock;

use std::mem;

use plausch_engine::io::{Audience, Input};
use plausch_engine::map::Map;
use plausch_model::{
    AccountId, AutoLock, BareJid, Command, CommandError, CommandId, EndReason, FromEngine, Hosting, LockRequest,
    Secret, SignIn, SignInError, Timestamp, ToEngine, Update, ViewId, WorkerSettings,
};

pub use lock::Outcome;

/// Pings that a view without a lifeline may leave unanswered.
const MISSED_PINGS: u8 = 3;

/// Normalises an address as typed, with the hoster's default domain.
pub type ParseAddress = fn(&str, Option<&str>) -> Result<BareJid, SignInError>;

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// A view said something.
    Message(ViewId, ToEngine),
    /// A view is gone: its lifeline ended.
    ViewGone(ViewId),
    /// The engine's lock is somebody else's, and has been for a moment.
    LockRefused,
    /// The engine's lock is ours.
    LockTaken,
    /// Another host took the engine's lock from us.
    LockLost,
    /// The accounts that this device remembers.
    Remembered(Vec<AccountId>),
    /// What this device remembers is locked.
    Locked,
    /// What became of the request that was to be carried out.
    CarriedOut(Outcome),
    /// The last account that was kept here is gone, and with it the passphrase, if there was one.
    Unprotected,
    /// Somebody uses the app.
    Used(Timestamp),
    /// It is so late now.
    Clock(Timestamp),
    /// The first session of a fresh sign-in has begun.
    SignedIn(AccountId),
    /// An account has something to tell.
    Published(AccountId, Vec<(Audience, Update)>),
    /// An account is over, and what was to be deleted is deleted.
    Ended(AccountId, EndReason),
    /// Time to look after views without a lifeline.
    Sweep,
}

/// Something to do.
#[derive(Debug)]
pub enum Action {
    /// Send one message to some views.
    Post(Vec<ViewId>, FromEngine),
    /// Tell [`Event::ViewGone`] when nobody holds this Web Lock any more.
    Watch(ViewId, String),
    /// Close a view's port.
    Close(ViewId),
    /// Take the engine's lock from whoever holds it.
    StealLock,
    /// Wait for the engine's lock.
    QueueForLock,
    /// Read which accounts this device remembers: [`Event::Remembered`] or [`Event::Locked`].
    Remember,
    /// Do what somebody wants of the lock: [`Event::CarriedOut`]. Not twice at the same time.
    CarryOut(LockRequest),
    /// Forget the key that the passphrase gave.
    ForgetKey,
    /// Open an account's store and start it.
    Begin(AccountId, Begin),
    /// Hand an input to an account.
    Feed(AccountId, Input),
    /// Stop all accounts at once, without another effect.
    StopAll,
    /// End all accounts, once they have seen what they were told, without telling anybody.
    FinishAll,
    /// Find out what the device stores and tell this view.
    ReportStorage(ViewId),
}

/// How an account begins.
#[derive(Debug)]
pub struct Begin {
    /// The hoster's settings.
    pub settings: WorkerSettings,
    /// Where its data lives, and what it signs in with.
    pub origin: Origin,
}

/// Where an account comes from.
#[derive(Debug)]
pub enum Origin {
    /// This device remembers it.
    Remembered,
    /// A person signs in, and wants this device to remember it.
    SignInAndStay(Secret),
    /// A person signs in, and nothing may touch the disk.
    SignInInMemory(Secret),
}

#[derive(Default)]
struct View {
    settings: Option<WorkerSettings>,
    has_lifeline: bool,
    pings_unanswered: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Session {
    SigningIn { asked_by: ViewId },
    SignedIn,
}

enum Stage {
    /// The lock is asked for, or the list of accounts is being read.
    Starting,
    /// Another host holds the lock.
    HeldElsewhere,
    /// A passphrase is asked for.
    Locked,
    /// Ready; these accounts begin as soon as a view brings the hoster's settings.
    Running(Vec<AccountId>),
}

/// The views and accounts of one host.
pub struct Hub {
    hosting: Hosting,
    parse_address: ParseAddress,
    stage: Stage,
    views: Map<ViewId, View>,
    last_view: ViewId,
    accounts: Map<AccountId, Session>,
    early: Vec<(ViewId, SignIn)>,
    network_up: bool,
    /// While running: a passphrase is set, and when the app locks by itself.
    passphrase: Option<AutoLock>,
    used_at: Option<Timestamp>,
    /// The first one is being carried out.
    requests: Vec<(ViewId, LockRequest)>,
    actions: Vec<Action>,
}

impl Hub {
    /// A hub whose host has just asked for the engine's lock.
    pub fn new(hosting: Hosting, parse_address: ParseAddress) -> Self {
        Self {
            hosting,
            parse_address,
            stage: Stage::Starting,
            views: Map::new(),
            last_view: ViewId(0),
            accounts: Map::new(),
            early: vec![],
            network_up: true,
            passphrase: None,
            used_at: None,
            requests: vec![],
            actions: vec![],
        }
    }

    /// Gives a new port its number.
    pub fn connect(&mut self) -> ViewId {
        self.last_view = ViewId(self.last_view.0.wrapping_add(1));
        self.views.insert(self.last_view, View::default());
        self.last_view
    }

    /// Takes one event and says what to do about it, in order.
    pub fn handle(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Message(view, message) => self.message(view, message),
            Event::ViewGone(view) => self.close(view),
            Event::LockRefused => self.held_elsewhere(),
            Event::LockTaken => {
                self.stage = Stage::Starting;
                self.actions.push(Action::Remember);
            }
            Event::LockLost => {
                self.actions.push(Action::StopAll);
                self.forget();
                self.held_elsewhere();
                self.actions.push(Action::QueueForLock);
            }
            Event::Remembered(accounts) => self.remembered(accounts),
            Event::Locked => self.found_locked(),
            Event::CarriedOut(outcome) => self.carried_out(outcome),
            Event::Unprotected => self.unprotected(),
            Event::Used(now) => self.used(now),
            Event::Clock(now) => self.lock_if_unused(now),
            Event::SignedIn(account) => self.signed_in(account),
            Event::Published(account, updates) => self.publish(account, updates),
            Event::Ended(account, reason) => self.ended(account, reason),
            Event::Sweep => self.sweep(),
        }
        mem::take(&mut self.actions)
    }

    /// Comes late, or twice, where the lock was lost meanwhile.
    fn remembered(&mut self, accounts: Vec<AccountId>) {
        if matches!(self.stage, Stage::Starting) {
            self.stage = Stage::Running(accounts);
            self.greeted().into_iter().for_each(|view| self.welcome(view));
            mem::take(&mut self.early).into_iter().for_each(|(view, sign_in)| self.try_sign_in(view, sign_in));
        }
    }

    fn message(&mut self, from: ViewId, message: ToEngine) {
        let Some(view) = self.views.get_mut(&from) else { return };
        view.pings_unanswered = 0;
        let greeted = view.settings.is_some();
        match message {
            ToEngine::Hello { settings, lifeline } => self.hello(from, settings, lifeline),
            ToEngine::Bye => self.close(from),
            ToEngine::Pong => {}
            ToEngine::Ping => self.post(from, FromEngine::Pong),
            ToEngine::Network { up } => self.network(up),
            ToEngine::QueryStorage => self.actions.push(Action::ReportStorage(from)),
            // Whoever is faster than the start waits for it.
            ToEngine::SignIn(sign_in) if greeted && matches!(self.stage, Stage::Starting) => {
                self.early.push((from, sign_in));
            }
            ToEngine::SignIn(sign_in) => self.try_sign_in(from, sign_in),
            ToEngine::TakeOver => {
                if matches!(self.stage, Stage::HeldElsewhere) {
                    self.actions.push(Action::StealLock);
                }
            }
            ToEngine::Command { account, id, command } => self.command(from, account, id, command),
            ToEngine::Lock(request) => self.request(from, request),
            ToEngine::LockNow => self.lock_now(from),
            // The host says when: [`Event::Used`].
            ToEngine::Used => {}
        }
    }

    fn hello(&mut self, from: ViewId, settings: WorkerSettings, lifeline: Option<String>) {
        let Some(view) = self.views.get_mut(&from) else { return };
        let said_before = view.settings.replace(settings).is_some();
        view.has_lifeline = lifeline.is_some();
        if said_before {
            self.feed_all(|| Input::ViewClosed(from));
        } else if let Some(lock) = lifeline {
            self.actions.push(Action::Watch(from, lock));
        }
        match self.stage {
            Stage::Starting => {}
            Stage::HeldElsewhere => self.post(from, FromEngine::HeldElsewhere),
            Stage::Locked => self.post(from, FromEngine::Locked),
            Stage::Running(_) => self.welcome(from),
        }
    }

    /// A view has let go of all that it was told.
    fn start_over(&mut self, view: ViewId) {
        self.feed_all(|| Input::ViewClosed(view));
        self.welcome(view);
    }

    /// Only while running.
    fn welcome(&mut self, to: ViewId) {
        self.begin_remembered(to);
        let accounts: Vec<_> = self.signed_in_accounts().cloned().collect();
        self.post(to, FromEngine::Welcome { accounts, hosting: self.hosting });
        if self.passphrase.is_some() {
            self.post(to, FromEngine::Passphrase(self.passphrase));
        }
        self.feed_all(|| Input::ViewOpened(to));
    }

    fn begin_remembered(&mut self, view: ViewId) {
        let Stage::Running(remembered) = &mut self.stage else { return };
        let Some(settings) = self.views.get(&view).and_then(|view| view.settings.clone()) else { return };
        for account in mem::take(remembered) {
            self.accounts.insert(account.clone(), Session::SignedIn);
            self.begin(account, Begin { settings: settings.clone(), origin: Origin::Remembered });
        }
    }

    fn begin(&mut self, account: AccountId, begin: Begin) {
        self.actions.push(Action::Begin(account.clone(), begin));
        if !self.network_up {
            self.actions.push(Action::Feed(account, Input::Network { up: false }));
        }
    }

    fn try_sign_in(&mut self, from: ViewId, sign_in: SignIn) {
        if let Err(error) = self.sign_in(from, sign_in) {
            self.post(from, FromEngine::SignInFailed(error));
        }
    }

    fn sign_in(&mut self, from: ViewId, sign_in: SignIn) -> Result<(), SignInError> {
        let settings = self.views.get(&from).and_then(|view| view.settings.clone());
        let (Some(settings), Stage::Running(_)) = (settings, &self.stage) else {
            return Err(SignInError::Temporary(None));
        };
        let jid = (self.parse_address)(&sign_in.address, settings.default_domain.as_deref())?;
        let account = AccountId(jid);
        if self.accounts.contains(&account) {
            return Err(SignInError::AlreadySignedIn);
        }
        self.accounts.insert(account.clone(), Session::SigningIn { asked_by: from });
        let origin = if sign_in.stay { Origin::SignInAndStay } else { Origin::SignInInMemory };
        self.begin(account, Begin { settings, origin: origin(sign_in.password) });
        Ok(())
    }

    fn signed_in(&mut self, account: AccountId) {
        match self.accounts.get_mut(&account) {
            Some(session @ Session::SigningIn { .. }) => *session = Session::SignedIn,
            Some(Session::SignedIn) | None => return,
        }
        let views = self.greeted();
        self.actions.push(Action::Post(views.clone(), FromEngine::SignedIn(account.clone())));
        for view in views {
            self.actions.push(Action::Feed(account.clone(), Input::ViewOpened(view)));
        }
    }

    fn ended(&mut self, account: AccountId, reason: EndReason) {
        match self.accounts.remove(&account) {
            Some(Session::SigningIn { asked_by }) => {
                self.post(asked_by, FromEngine::SignInFailed(sign_in_error(reason)));
            }
            Some(Session::SignedIn) => {
                let updates = vec![Update::Ended(reason)];
                self.actions.push(Action::Post(self.greeted(), FromEngine::Updates { account, updates }));
            }
            None => {}
        }
    }

    /// One message per view. Before an account is signed in, nobody knows it.
    fn publish(&mut self, account: AccountId, updates: Vec<(Audience, Update)>) {
        if self.accounts.get(&account) != Some(&Session::SignedIn) {
            return;
        }
        if updates.iter().all(|(audience, _)| *audience == Audience::All) {
            let updates = updates.into_iter().map(|(_, update)| update).collect();
            self.actions.push(Action::Post(self.greeted(), FromEngine::Updates { account, updates }));
            return;
        }
        for view in self.greeted() {
            let concerns = |audience| audience == Audience::All || audience == Audience::View(view);
            let updates = updates.iter().filter(|(audience, _)| concerns(*audience));
            let updates: Vec<_> = updates.map(|(_, update)| update.clone()).collect();
            if !updates.is_empty() {
                self.post(view, FromEngine::Updates { account: account.clone(), updates });
            }
        }
    }

    fn command(&mut self, view: ViewId, account: AccountId, id: CommandId, command: Command) {
        if self.accounts.get(&account) == Some(&Session::SignedIn) {
            self.actions.push(Action::Feed(account, Input::Command { view, id, command }));
        } else {
            let updates = vec![Update::Done { command: id, result: Err(CommandError::NotFound) }];
            self.post(view, FromEngine::Updates { account, updates });
        }
    }

    /// Every view reports the same network: accounts hear of it once.
    fn network(&mut self, up: bool) {
        if self.network_up != up {
            self.network_up = up;
            let accounts: Vec<_> = self.accounts.keys().cloned().collect();
            self.actions.extend(accounts.into_iter().map(|account| Action::Feed(account, Input::Network { up })));
        }
    }

    fn held_elsewhere(&mut self) {
        self.stage = Stage::HeldElsewhere;
        mem::take(&mut self.early).into_iter().for_each(|(view, sign_in)| self.try_sign_in(view, sign_in));
        self.actions.push(Action::Post(self.greeted(), FromEngine::HeldElsewhere));
    }

    fn close(&mut self, view: ViewId) {
        let Some(closed) = self.views.remove(&view) else { return };
        self.actions.push(Action::Close(view));
        if closed.settings.is_some() {
            self.feed_all(|| Input::ViewClosed(view));
        }
    }

    fn sweep(&mut self) {
        for view in self.greeted() {
            let Some(state) = self.views.get_mut(&view).filter(|state| !state.has_lifeline) else { continue };
            if state.pings_unanswered < MISSED_PINGS {
                state.pings_unanswered = state.pings_unanswered.saturating_add(1);
                self.post(view, FromEngine::Ping);
            } else {
                self.close(view);
            }
        }
    }

    fn post(&mut self, to: ViewId, message: FromEngine) {
        self.actions.push(Action::Post(vec![to], message));
    }

    fn feed_all(&mut self, input: impl Fn() -> Input) {
        let accounts: Vec<_> = self.signed_in_accounts().cloned().collect();
        self.actions.extend(accounts.into_iter().map(|account| Action::Feed(account, input())));
    }

    fn signed_in_accounts(&self) -> impl Iterator<Item = &AccountId> {
        self.accounts.iter().filter(|(_, session)| **session == Session::SignedIn).map(|(account, _)| account)
    }

    /// The views that have said hello.
    fn greeted(&self) -> Vec<ViewId> {
        self.views.iter().filter(|(_, view)| view.settings.is_some()).map(|(id, _)| *id).collect()
    }
}

fn sign_in_error(reason: EndReason) -> SignInError {
    match reason {
        EndReason::SignInFailed(error) | EndReason::CredentialsRejected(error) => error,
        EndReason::SignedOutIncompletely(what) => SignInError::Other(what),
        EndReason::SignedOut | EndReason::Replaced => SignInError::Other("conflict".into()),
    }
}

#[cfg(test)]
mod tests;
