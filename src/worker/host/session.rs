//! One account from its store's opening to its end.

use std::rc::Rc;

use plausch_engine::io::{AccountConfig, Audience, End, Password, Wire};
use plausch_engine::store::{Batch, Loaded, MemoryStore, Query, Store, StoreError};
use plausch_model::{AccountId, BareJid, EndReason, Secret, SignInError, Timestamp, Update};
use rand_core::CryptoRng;

use super::Host;
use super::alarm::Alarm;
use crate::driver::{Driver, Outside, Verdict, serve_broken, words};
use crate::hub::{Begin, Event, Origin};
use crate::inbox::Inbox;
use crate::machine::Machine;
use crate::network::Network;
use crate::platform::{nfkc, nfkd, sleep};
use crate::random::Random;
use crate::store::{AccountStore, Device, MasterKey, Standing, erase};

/// Runs an account, and tells the hub when it is over.
pub async fn run<M: Machine>(host: Rc<Host<M>>, account: AccountId, begin: Begin, inbox: Rc<Inbox>) {
    let Begin { settings, origin } = begin;
    let (password, opened) = open(&account.0, origin).await;
    if inbox.is_stopped() {
        return;
    }
    let mut outside = Browser::new(&host, &account, &inbox, &opened, password.is_none());
    let verdict = match opened {
        Ok(Opened { store, .. }) => {
            let password = password.map(|typed| Password::new(typed.expose(), nfkc));
            let stays = matches!(store, Shelf::Disk(_));
            let config = AccountConfig { jid: account.0.clone(), settings, password, stays, nfkd };
            match M::new(config) {
                Some(machine) => {
                    let (verdict, store, used) = Driver::new(machine, store, outside, inbox.clone()).run().await;
                    drop(store);
                    outside = used;
                    verdict
                }
                None => Verdict::Broken(StoreError::Damaged("its address".into())),
            }
        }
        Err(Unopened { error, .. }) => Verdict::Broken(error),
    };
    outside.network = None;
    if let Some(end) = end(verdict, &inbox, &mut outside).await {
        let reason = outside.clean_up(end).await;
        host.handle(Event::Ended(account, reason));
    }
}

/// How it ends; `None` if nobody is to hear of it.
async fn end<M: Machine>(verdict: Verdict, inbox: &Inbox, outside: &mut Browser<M>) -> Option<End> {
    match verdict {
        Verdict::Stopped => None,
        Verdict::Ended(end) => Some(end),
        Verdict::Broken(error) if !outside.signed_in => {
            let reason = EndReason::SignInFailed(SignInError::Other(words(&error)));
            Some(End { wipe: true, reason })
        }
        Verdict::Broken(error) => {
            // What is stored goes, but the token in it could not be read, to have the server forget it.
            let left = "the server could not be told to forget this device".to_owned();
            let end = End { wipe: true, reason: EndReason::SignedOutIncompletely(left) };
            serve_broken(inbox, outside, &error).await.then_some(end)
        }
    }
}

/// A store, and what was there before.
struct Opened {
    store: Shelf,
    /// The device remembered the account before this sign-in.
    was_remembered: bool,
}

/// There is no store.
struct Unopened {
    error: StoreError,
    /// There may be something of the account on the device that this sign-in did not bring.
    was_remembered: bool,
}

async fn open(account: &BareJid, origin: Origin) -> (Option<Secret>, Result<Opened, Unopened>) {
    match origin {
        Origin::Remembered => {
            let opened = open_remembered(account).await;
            let opened = opened.map(|store| Opened { store: Shelf::Disk(store), was_remembered: true });
            (None, opened.map_err(|error| Unopened { error, was_remembered: true }))
        }
        Origin::SignInAndStay(password) => (Some(password), open_to_stay(account).await),
        Origin::SignInInMemory(password) => {
            let store = Shelf::Memory(MemoryStore::new());
            (Some(password), Ok(Opened { store, was_remembered: false }))
        }
    }
}

async fn open_remembered(account: &BareJid) -> Result<AccountStore, StoreError> {
    let gone = || StoreError::Damaged("the browser deleted its key".into());
    let device = Device::open_existing().await?.ok_or_else(gone)?;
    let key = device.master_key(account).await?.ok_or_else(gone)?;
    AccountStore::open(account, &key).await
}

/// Somebody signs in again where the credentials had expired: what is stored is kept. Only where its key or its database
/// is gone or damaged, so that nobody can read anything of it ever again, it makes room; what merely cannot be opened now
/// stays, and there is no sign-in.
async fn open_to_stay(account: &BareJid) -> Result<Opened, Unopened> {
    let kept = |error| Unopened { error, was_remembered: true };
    if standing(account).await.map_err(kept)? == Some(Standing::SignedIn) {
        match open_remembered(account).await {
            Ok(store) => return Ok(Opened { store: Shelf::Disk(store), was_remembered: true }),
            Err(StoreError::Damaged(_)) => {}
            Err(error) => return Err(kept(error)),
        }
    }
    match begin_anew(account).await {
        Ok(store) => Ok(Opened { store: Shelf::Disk(store), was_remembered: false }),
        Err(error) => Err(Unopened { error, was_remembered: false }),
    }
}

async fn standing(account: &BareJid) -> Result<Option<Standing>, StoreError> {
    match Device::open_existing().await? {
        Some(device) => device.standing(account).await,
        None => Ok(None),
    }
}

async fn begin_anew(account: &BareJid) -> Result<AccountStore, StoreError> {
    erase(account).await.map_err(StoreError::Other)?;
    let device = Device::open().await?;
    device.set_standing(account, Standing::SigningIn).await?;
    let key = MasterKey::generate().await?;
    device.keep_master_key(account, &key).await?;
    AccountStore::create(account, &key).await
}

/// Where an account's records are.
enum Shelf {
    /// Gone with the host.
    Memory(MemoryStore),
    /// On the device.
    Disk(AccountStore),
}

impl Store for Shelf {
    async fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        match self {
            Self::Memory(store) => store.commit(batch).await,
            Self::Disk(store) => store.commit(batch).await,
        }
    }

    async fn load(&mut self, queries: Vec<Query>) -> Result<Vec<Loaded>, StoreError> {
        match self {
            Self::Memory(store) => store.load(queries).await,
            Self::Disk(store) => store.load(queries).await,
        }
    }

    fn take_damage(&mut self) -> Option<StoreError> {
        match self {
            Self::Memory(store) => store.take_damage(),
            Self::Disk(store) => store.take_damage(),
        }
    }

    async fn wipe(self) -> Result<(), StoreError> {
        match self {
            Self::Memory(store) => store.wipe().await,
            Self::Disk(store) => store.wipe().await,
        }
    }
}

/// What a driver needs of the browser.
struct Browser<M> {
    host: Rc<Host<M>>,
    account: AccountId,
    inbox: Rc<Inbox>,
    network: Option<Network>,
    alarm: Rc<Alarm>,
    random: Random,
    /// Its records are on the disk.
    stays: bool,
    was_remembered: bool,
    signed_in: bool,
}

impl<M: Machine> Browser<M> {
    fn new(
        host: &Rc<Host<M>>,
        account: &AccountId,
        inbox: &Rc<Inbox>,
        opened: &Result<Opened, Unopened>,
        signed_in: bool,
    ) -> Self {
        let clock = Rc::clone(host);
        Self {
            host: Rc::clone(host),
            account: account.clone(),
            inbox: Rc::clone(inbox),
            network: Some(Network::new(Rc::clone(inbox))),
            alarm: Alarm::new(Rc::clone(inbox), move || clock.now()),
            random: Random::default(),
            stays: !matches!(opened, Ok(Opened { store: Shelf::Memory(_), .. })),
            was_remembered: match opened {
                Ok(Opened { was_remembered, .. }) | Err(Unopened { was_remembered, .. }) => *was_remembered,
            },
            signed_in,
        }
    }

    /// Deletes what is to be deleted. A sign-in that fails takes with it what it brought, and nothing else.
    async fn clean_up(&self, end: End) -> EndReason {
        let wipe = if self.signed_in { end.wipe } else { !self.was_remembered };
        if !(wipe && self.stays) {
            return end.reason;
        }
        match (erase(&self.account.0).await, end.reason) {
            (Ok(()), reason) => reason,
            (Err(left), EndReason::SignedOutIncompletely(also)) => {
                EndReason::SignedOutIncompletely(format!("{left}; {also}"))
            }
            (Err(left), _) => EndReason::SignedOutIncompletely(left),
        }
    }
}

impl<M: Machine> Outside for Browser<M> {
    fn now(&mut self) -> Timestamp {
        self.host.now()
    }

    fn rng(&mut self) -> &mut dyn CryptoRng {
        &mut self.random
    }

    fn wire(&mut self, wire: Wire) {
        if let Some(network) = &mut self.network {
            network.wire(wire);
        }
    }

    fn wake_at(&mut self, at: Timestamp) {
        self.alarm.set(at);
    }

    fn note(&mut self, note: &'static str) {
        web_sys::console::debug_1(&note.into());
    }

    fn publish(&mut self, updates: Vec<(Audience, Update)>) {
        if !self.inbox.is_stopped() {
            self.host.handle(Event::Published(self.account.clone(), updates));
        }
    }

    async fn signed_in(&mut self) -> Result<(), StoreError> {
        let remembered = match self.stays {
            true => remember(&self.account.0).await,
            false => Ok(()),
        };
        if !self.inbox.is_stopped() {
            self.signed_in = true;
            self.host.handle(Event::SignedIn(self.account.clone()));
        }
        remembered
    }

    async fn pause(&mut self, millis: u32) {
        sleep(i32::try_from(millis).unwrap_or(i32::MAX)).await;
    }
}

async fn remember(account: &BareJid) -> Result<(), StoreError> {
    Device::open().await?.set_standing(account, Standing::SignedIn).await
}
