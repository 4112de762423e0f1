//! A device: a program that may die at any moment, and a disk that stays.

use std::collections::{BTreeMap, BTreeSet};

use plausch_engine::Account;
use plausch_engine::io::{AccountConfig, Password, SocketId};
use plausch_engine::store::MemoryStore;
use plausch_model::{BareJid, CommandId, DeliveryState, OriginId, WorkerSettings};
use plausch_native::State;

use crate::dice::Dice;
use crate::queue::Millis;
use crate::server::Conn;

/// One device of an account.
pub struct Device {
    /// Whose it is.
    pub jid: String,
    /// How wrong its clock is.
    pub skew: Millis,
    /// Its own randomness.
    pub dice: Dice,
    /// Its disk.
    pub store: MemoryStore,
    /// Its program, while that runs.
    pub account: Option<Account>,
    /// What its one view shows.
    pub view: State,
    /// When the program wants to be woken, by its own clock.
    pub wake_at: Option<Millis>,
    /// Its connection.
    pub socket: Option<(SocketId, Conn)>,
    /// Frames that have arrived and not been handed in.
    pub inbox: Vec<String>,
    /// Texts given to the program, by the command, that it has not answered yet.
    pub asked: BTreeMap<CommandId, String>,
    /// How far each message was ever shown to have come.
    pub shown: BTreeMap<OriginId, u8>,
    /// The ids of messages that were handed to its program.
    pub handed: BTreeSet<String>,
    /// Those that it has for sure: it sent or confirmed them.
    pub kept: BTreeSet<String>,
    /// Those that it had time enough to read in the archive.
    pub read: BTreeSet<String>,
    /// Numbers the commands.
    pub commands: u32,
}

impl Device {
    /// A device that does not run.
    pub fn new(jid: &str, store: MemoryStore, skew: Millis, dice: Dice) -> Self {
        Self {
            jid: jid.to_owned(),
            skew,
            dice,
            store,
            account: None,
            view: State::default(),
            wake_at: None,
            socket: None,
            inbox: Vec::new(),
            asked: BTreeMap::new(),
            shown: BTreeMap::new(),
            handed: BTreeSet::new(),
            kept: BTreeSet::new(),
            read: BTreeSet::new(),
            commands: 0,
        }
    }

    /// Starts its program over what is on disk.
    pub fn boot(&mut self, password: Option<&str>) {
        let settings =
            WorkerSettings { websocket_url: Some("ws://localhost/ws".to_owned()), ..WorkerSettings::default() };
        let password = password.map(|text| Password::new(text, str::to_owned));
        let config =
            AccountConfig { jid: BareJid::new(&self.jid), settings, password, stays: true, nfkd: str::to_owned };
        self.account = Account::new(config);
        self.view = State::default();
    }

    /// Its program is no more. What it was asked and did not answer may or may not be done; those texts are returned.
    pub fn kill(&mut self) -> Vec<String> {
        self.account = None;
        self.wake_at = None;
        self.socket = None;
        self.inbox.clear();
        std::mem::take(&mut self.asked).into_values().collect()
    }
}

/// How far a message has come, as a number that must not fall.
pub fn rank(state: &DeliveryState) -> u8 {
    match state {
        DeliveryState::Waiting => 0,
        DeliveryState::Sent => 1,
        DeliveryState::Delivered => 2,
        DeliveryState::Read => 3,
        DeliveryState::Failed(_) => 4,
    }
}
