//! The shell around the hub: ports, locks, stores and accounts, as the browser has them.
//!
//! One host runs per global scope. It takes the engine's lock before it opens anything, and lets every account go at once
//! when the lock is taken from it. Messages that are no messages are dropped.

mod alarm;
mod port;
mod session;
mod storage;

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::rc::Rc;

use plausch_engine::io::Input;
use plausch_engine::map::Map;
use plausch_model::{AccountId, FromEngine, Hosting, LockRequest, Timestamp, ToEngine, ViewId};
use web_sys::MessagePort;

use crate::clock::Clock;
use crate::hub::{Action, Begin, Event, Hub, Outcome};
use crate::inbox::Inbox;
use crate::locks::{Fate, Mode, hold, wait_until_free};
use crate::machine::Machine;
use crate::platform::{monotonic_millis, sleep, spawn, wall_millis};
use crate::store::{Kept, Vault};
use port::Port;

/// Held by the host that runs the accounts.
pub const ENGINE_LOCK: &str = "plausch-engine";
/// How long the lock may be busy before views hear of it: the host of a reloaded tab needs a moment to go.
const LOCK_GRACE_MILLIS: i32 = 700;
/// How long an account that is to end may take for what it was told before: no longer does it keep its keys.
const FINISH_MILLIS: i32 = 3_000;
/// How often views without a lifeline are pinged.
const SWEEP_MILLIS: i32 = 20_000;

/// The host of this global scope.
pub struct Host<M> {
    lifeline: String,
    lifeline_taken: Cell<bool>,
    hub: RefCell<Hub>,
    ports: RefCell<Map<ViewId, Port>>,
    accounts: RefCell<Map<AccountId, Rc<Inbox>>>,
    clock: RefCell<Clock>,
    vault: Vault,
    lock_taken: Cell<bool>,
    waits_for_lock: Cell<bool>,
    machine: PhantomData<fn() -> M>,
}

impl<M: Machine> Host<M> {
    /// Starts a host: it asks for the engine's lock at once, and holds its lifeline for the views to watch.
    pub fn start(hosting: Hosting, lifeline: String) -> Rc<Self> {
        let host = Rc::new(Self {
            lifeline: lifeline.clone(),
            lifeline_taken: Cell::new(false),
            hub: RefCell::new(Hub::new(hosting, M::parse_address)),
            ports: RefCell::default(),
            accounts: RefCell::default(),
            clock: RefCell::default(),
            vault: Vault::new(lifeline.clone()),
            lock_taken: Cell::new(false),
            waits_for_lock: Cell::new(false),
            machine: PhantomData,
        });
        let holder = Rc::clone(&host);
        spawn(async move {
            hold(&lifeline, Mode::Wait, move || holder.lifeline_taken()).await;
        });
        host.take_lock(Mode::Wait);
        spawn(host.clone().say_if_lock_is_refused());
        spawn(host.clone().sweep());
        host
    }

    /// Serves one more view.
    pub fn serve(self: &Rc<Self>, port: MessagePort) {
        let view = self.hub.borrow_mut().connect();
        let host = Rc::clone(self);
        let port = Port::open(port, move |message| match message {
            ToEngine::Used => host.handle(Event::Used(host.now())),
            message => host.handle(Event::Message(view, message)),
        });
        self.ports.borrow_mut().insert(view, port);
        if self.lifeline_taken.get() {
            self.post(&[view], &FromEngine::Lifeline(self.lifeline.clone()));
        }
    }

    /// Nobody may watch the lifeline before it is ours: they would find it free, and take us for dead.
    fn lifeline_taken(&self) {
        self.lifeline_taken.set(true);
        let views: Vec<ViewId> = self.ports.borrow().keys().copied().collect();
        self.post(&views, &FromEngine::Lifeline(self.lifeline.clone()));
    }

    /// The time to give to accounts.
    fn now(&self) -> Timestamp {
        self.clock.borrow_mut().read(wall_millis(), monotonic_millis())
    }

    /// Lets the hub decide, and carries it out.
    fn handle(self: &Rc<Self>, event: Event) {
        let actions = self.hub.borrow_mut().handle(event);
        actions.into_iter().for_each(|action| self.carry_out(action));
    }

    fn carry_out(self: &Rc<Self>, action: Action) {
        let host = Rc::clone(self);
        match action {
            Action::Post(views, message) => self.post(&views, &message),
            Action::Watch(view, lock) => spawn(async move {
                wait_until_free(&lock).await;
                host.handle(Event::ViewGone(view));
            }),
            Action::Close(view) => self.close(view),
            Action::StealLock => self.take_lock(Mode::Steal),
            Action::QueueForLock => self.take_lock(Mode::Wait),
            Action::Remember => spawn(async move {
                // A device whose list cannot be read still lets people sign in without staying.
                match host.vault.look().await.unwrap_or(Kept::Open(vec![])) {
                    Kept::Open(accounts) => {
                        host.handle(Event::Remembered(accounts.into_iter().map(AccountId).collect()));
                        // They begin once a view has brought the hoster's settings.
                        host.vault.open_ahead().await;
                    }
                    Kept::Locked => host.handle(Event::Locked),
                }
            }),
            Action::CarryOut(request) => spawn(async move {
                let outcome = host.ask_vault(request).await;
                host.handle(Event::CarriedOut(outcome));
            }),
            Action::ForgetKey => self.vault.forget(),
            Action::Begin(account, begin) => self.begin(account, begin),
            Action::Feed(account, input) => {
                if let Some(inbox) = self.accounts.borrow().get(&account) {
                    inbox.push(input);
                }
            }
            Action::StopAll => self.accounts.take().values().for_each(|inbox| inbox.stop()),
            Action::FinishAll => {
                let accounts = self.accounts.take();
                accounts.values().for_each(|inbox| inbox.close());
                spawn(async move {
                    sleep(FINISH_MILLIS).await;
                    accounts.values().for_each(|inbox| inbox.stop());
                });
            }
            Action::ReportStorage(view) => spawn(async move {
                let storage = storage::measure().await;
                host.post(&[view], &FromEngine::Storage(storage));
            }),
        }
    }

    async fn ask_vault(&self, request: LockRequest) -> Outcome {
        let outcome = match request {
            LockRequest::Unlock(passphrase) => self.vault.unlock(&passphrase).await.map(|(accounts, auto_lock)| {
                let accounts = accounts.into_iter().map(AccountId).collect();
                Outcome::Unlocked(accounts, auto_lock)
            }),
            LockRequest::Protect { old, new } => {
                self.vault.protect(old.as_ref(), new.as_ref()).await.map(Outcome::Protected)
            }
            LockRequest::SetAutoLock(auto_lock) => self.vault.set_auto_lock(auto_lock).await.map(Outcome::Protected),
            LockRequest::Wipe => Ok(Outcome::Wiped(self.vault.wipe().await)),
        };
        outcome.unwrap_or_else(Outcome::Refused)
    }

    fn begin(self: &Rc<Self>, account: AccountId, begin: Begin) {
        let inbox = Rc::new(Inbox::default());
        inbox.push(Input::Start);
        self.accounts.borrow_mut().insert(account.clone(), inbox.clone());
        spawn(session::run(Rc::clone(self), account, begin, inbox));
    }

    /// A message is encoded once, however many views get it.
    fn post(&self, views: &[ViewId], message: &FromEngine) {
        let ports = self.ports.borrow();
        let mut open = views.iter().filter_map(|view| ports.get(view)).peekable();
        if open.peek().is_some() {
            let bytes = port::encode(message);
            open.for_each(|port| port.post_bytes(&bytes));
        }
    }

    /// Not at once: it may be the port whose message is being handled.
    fn close(&self, view: ViewId) {
        if let Some(port) = self.ports.borrow_mut().remove(&view) {
            spawn(async move { drop(port) });
        }
    }

    fn take_lock(self: &Rc<Self>, mode: Mode) {
        if mode == Mode::Wait && self.waits_for_lock.replace(true) {
            return;
        }
        let host = Rc::clone(self);
        spawn(async move {
            let taker = host.clone();
            match hold(ENGINE_LOCK, mode, move || taker.lock_taken(mode)).await {
                Fate::Unsupported => host.lock_taken(mode),
                Fate::Lost => {
                    host.lock_taken.set(false);
                    host.handle(Event::LockLost);
                }
                Fate::Released => {}
            }
        });
    }

    fn lock_taken(self: &Rc<Self>, mode: Mode) {
        if mode == Mode::Wait {
            self.waits_for_lock.set(false);
        }
        self.lock_taken.set(true);
        self.handle(Event::LockTaken);
    }

    async fn say_if_lock_is_refused(self: Rc<Self>) {
        sleep(LOCK_GRACE_MILLIS).await;
        if !self.lock_taken.get() {
            self.handle(Event::LockRefused);
        }
    }

    async fn sweep(self: Rc<Self>) {
        loop {
            sleep(SWEEP_MILLIS).await;
            self.handle(Event::Sweep);
            self.handle(Event::Clock(self.now()));
        }
    }
}

#[cfg(test)]
#[cfg(target_arch = "wasm32")]
mod tests;
