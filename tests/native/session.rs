//! An account with its driver and one view, for tests and small programs. It can be killed at any moment and started again
//! over the same store.

use std::io;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use plausch_engine::io::{AccountConfig, Password};
use plausch_engine::{Account, parse_address};
use plausch_model::{BareJid, EndReason, Secret, SignInError, Timestamp, Update, ViewId, WorkerSettings};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use unicode_normalization::UnicodeNormalization;

use crate::clock::Clock;
use crate::dial::{Dialer, NetworkOptions};
use crate::driver::{Driver, DriverError, Event, Lines, Surroundings};
use crate::store::SharedStore;
use crate::transcript::Transcript;
use crate::view::{View, WaitError};

/// How a session starts.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// The address as typed.
    pub address: String,
    /// The password; `None` to go on with what the store holds.
    pub password: Option<Secret>,
    /// The hoster's settings.
    pub settings: WorkerSettings,
    /// What differs from the plain network.
    pub network: NetworkOptions,
    /// Where it is kept.
    pub store: SharedStore,
    /// The time.
    pub clock: Clock,
    /// Whether somebody looks at its views.
    pub visible: bool,
    /// Makes the random numbers the same each time.
    pub seed: Option<u64>,
    /// How long to wait for anything.
    pub patience: Duration,
}

impl SessionOptions {
    /// A fresh sign-in with a store of its own.
    pub fn new(address: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            password: Some(Secret::new(password)),
            settings: WorkerSettings::default(),
            network: NetworkOptions::default(),
            store: SharedStore::new(),
            clock: Clock::default(),
            visible: true,
            seed: None,
            patience: Duration::from_secs(30),
        }
    }

    /// Over this WebSocket endpoint.
    #[must_use]
    pub fn websocket(mut self, url: impl Into<String>) -> Self {
        self.settings.websocket_url = Some(url.into());
        self
    }

    /// Over this BOSH endpoint.
    #[must_use]
    pub fn bosh(mut self, url: impl Into<String>) -> Self {
        self.settings.bosh_url = Some(url.into());
        self
    }
}

/// Why a session could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is not valid.
    #[error("the address is not valid: {0:?}")]
    Address(SignInError),
    /// The network options or the machine's random numbers are of no use.
    #[error(transparent)]
    Machine(#[from] io::Error),
    /// The account ended.
    #[error("the account ended: {0:?}")]
    Ended(EndReason),
    /// Neither a session nor an end.
    #[error(transparent)]
    Nothing(#[from] WaitError),
}

/// A running account. Dereferences to its first view.
pub struct Session {
    options: SessionOptions,
    jid: BareJid,
    lines: Lines,
    driver: Option<JoinHandle<Result<(), DriverError>>>,
    transcript: Transcript,
    view: View,
    last_view: u32,
}

impl Session {
    /// Starts the account and waits until the first session of the sign-in has begun.
    pub async fn sign_in(options: SessionOptions) -> Result<Self, StartError> {
        let mut session = Self::start(options)?;
        let mut signed_in = session.lines.signed_in.clone();
        let waiting = session.view.until("the end of the account", |state| state.ended.is_some());
        tokio::select! {
            biased;
            true = is_true(&mut signed_in) => {}
            waited = waiting => {
                if session.state().ended.is_none() {
                    waited?;
                }
            }
        }
        match &session.view.catch_up().ended {
            Some(reason) => Err(StartError::Ended(reason.clone())),
            None => Ok(session),
        }
    }

    /// Starts the account and waits for nothing. For a tokio runtime.
    pub fn start(options: SessionOptions) -> Result<Self, StartError> {
        let default_domain = options.settings.default_domain.as_deref();
        let jid = parse_address(&options.address, default_domain).map_err(StartError::Address)?;
        let transcript = Transcript::default();
        let (driver, lines) = prepare(&options, &jid, options.password.clone(), &transcript)?;
        let view = View::open(ViewId(1), lines.events.clone(), options.patience, transcript.clone());
        view.set_visible(options.visible);
        // Only now, lest the account ends before the view has come.
        let driver = Some(tokio::spawn(driver.run()));
        Ok(Self { options, jid, lines, driver, transcript, view, last_view: 1 })
    }

    /// The account's address.
    pub fn jid(&self) -> &BareJid {
        &self.jid
    }

    /// How it was started.
    pub fn options(&self) -> &SessionOptions {
        &self.options
    }

    /// The store, which outlives the session.
    pub fn store(&self) -> &SharedStore {
        &self.options.store
    }

    /// What went over the wire lately.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// Opens another view, as a second tab would be.
    pub fn open_view(&mut self) -> View {
        self.last_view = self.last_view.saturating_add(1);
        let id = ViewId(self.last_view);
        let view = View::open(id, self.lines.events.clone(), self.options.patience, self.transcript.clone());
        view.set_visible(self.options.visible);
        view
    }

    /// Tells the account that the network is there or gone.
    pub fn set_network(&self, up: bool) {
        let _driver_has_ended = self.lines.events.send(Event::Network(up));
    }

    /// Puts the clock forward, so that what is due by then happens now.
    pub fn advance(&self, by: Duration) {
        self.options.clock.advance(by);
        let _driver_has_ended = self.lines.events.send(Event::ClockMoved);
    }

    /// The account's present time.
    pub fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

    /// Waits until the stream is bound or resumed and history is caught up, counted from the beginning or the last restart.
    pub async fn until_synced(&mut self) -> Result<(), WaitError> {
        self.view.until("history to be caught up", |state| state.is_online() && state.synced > 0).await
    }

    /// Waits until neither side owes the other an answer, so that nothing is under way.
    pub async fn until_settled(&self) -> Result<(), tokio::time::error::Elapsed> {
        let settled = async {
            while !self.transcript.is_settled() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(self.options.patience, settled).await
    }

    /// Ends the driver where it stands, without a word to the server.
    pub async fn kill(&mut self) {
        if let Some(driver) = self.driver.take() {
            driver.abort();
            let _cancelled = driver.await;
        }
    }

    /// Kills the driver if it runs, and starts a new account over the same store, without a password. The view is a new one.
    pub async fn restart(&mut self) -> Result<(), StartError> {
        self.kill().await;
        self.options.store.revive();
        let (driver, lines) = prepare(&self.options, &self.jid, None, &self.transcript)?;
        self.lines = lines;
        self.view = self.open_view();
        self.driver = Some(tokio::spawn(driver.run()));
        Ok(())
    }

    /// Waits until the driver has ended by itself, and everything that was sent has left.
    pub async fn finished(&mut self) -> Result<(), DriverError> {
        match self.driver.take() {
            Some(driver) => driver.await.unwrap_or(Ok(())),
            None => Ok(()),
        }
    }

    /// Ends with the account: signs out, and waits until the driver has ended.
    pub async fn sign_out(mut self) -> Result<EndReason, WaitError> {
        self.view.command(plausch_model::Command::SignOut);
        let ended = |update: &Update| if let Update::Ended(reason) = update { Some(reason.clone()) } else { None };
        let reason = self.view.wait_for("the end after signing out", ended).await?;
        let _nothing_more_to_learn = self.finished().await;
        Ok(reason)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(driver) = &self.driver {
            driver.abort();
        }
    }
}

impl Deref for Session {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut View {
        &mut self.view
    }
}

fn prepare(
    options: &SessionOptions,
    jid: &BareJid,
    password: Option<Secret>,
    transcript: &Transcript,
) -> io::Result<(Driver<Account, SharedStore>, Lines)> {
    let password = password.map(|typed| Password::new(typed.expose(), nfkc));
    let config = AccountConfig { jid: jid.clone(), settings: options.settings.clone(), password, stays: true, nfkd };
    let account = Account::new(config).ok_or_else(|| io::Error::other("not a normalised address"))?;
    let surroundings = Surroundings {
        rng: random(options.seed)?,
        clock: options.clock.clone(),
        dialer: Dialer::new(&options.network)?,
        transcript: transcript.clone(),
    };
    Ok(Driver::new(account, options.store.clone(), surroundings))
}

/// Normalization form KC, as [`Password::new`] asks for.
pub fn nfkc(text: &str) -> String {
    text.nfkc().collect()
}

/// Normalization form KD, as [`AccountConfig`] asks for.
pub fn nfkd(text: &str) -> String {
    text.nfkd().collect()
}

fn random(seed: Option<u64>) -> io::Result<ChaCha20Rng> {
    if let Some(seed) = seed {
        return Ok(ChaCha20Rng::seed_from_u64(seed));
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(io::Error::other)?;
    Ok(ChaCha20Rng::from_seed(seed))
}

async fn is_true(value: &mut watch::Receiver<bool>) -> bool {
    value.wait_for(|value| *value).await.is_ok()
}
