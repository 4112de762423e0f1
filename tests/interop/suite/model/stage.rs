//! Where scripts are played: a real server, or the model.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use plausch_interop::{Credentials, Server};
use plausch_native::Frames;
use plausch_simulation::Dice;
use plausch_simulation::server::{self as model, Manners, Out};

use crate::tools::Fallible;

/// The accounts of all scripts.
pub const PEOPLE: [&str; 2] = ["ann", "ben"];

/// How long a server may take for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than the unit of any stamp.
const A_WHILE: Duration = Duration::from_millis(1_100);

/// A server and the connections to it, each named after its device.
pub trait Stage {
    /// The domain.
    fn domain(&self) -> String;
    /// The address of somebody.
    fn address(&self, person: &str) -> String;
    /// The password of somebody.
    fn password(&self, person: &str) -> String;
    /// Opens a connection. A former one of the device stays open, as one that nobody hears of any more.
    async fn connect(&mut self, device: &'static str) -> Fallible<()>;
    /// Sends a frame.
    async fn send(&mut self, device: &str, frame: String) -> Fallible<()>;
    /// The next frame; `None` once the connection has ended.
    async fn receive(&mut self, device: &str) -> Fallible<Option<String>>;
    /// Ends a connection without a word.
    async fn cut(&mut self, device: &str) -> Fallible<()>;
    /// A session without a connection has waited for too long.
    async fn expire(&mut self, address: &str) -> Fallible<()>;
    /// Lets the clock go on to where stamps differ.
    async fn wait(&mut self);
}

/// A real server.
pub struct Real<'a> {
    server: &'a Server,
    accounts: BTreeMap<&'static str, Credentials>,
    lines: BTreeMap<&'static str, Frames>,
    forgotten: Vec<Frames>,
}

impl<'a> Real<'a> {
    /// With these accounts.
    pub fn new(server: &'a Server, accounts: [Credentials; 2]) -> Self {
        let accounts = PEOPLE.into_iter().zip(accounts).collect();
        Self { server, accounts, lines: BTreeMap::new(), forgotten: Vec::new() }
    }
}

impl Stage for Real<'_> {
    fn domain(&self) -> String {
        "localhost".to_owned()
    }

    fn address(&self, person: &str) -> String {
        self.accounts[person].jid.clone()
    }

    fn password(&self, person: &str) -> String {
        self.accounts[person].password.clone()
    }

    async fn connect(&mut self, device: &'static str) -> Fallible<()> {
        let former = self.lines.insert(device, Frames::connect(&self.server.websocket).await?);
        self.forgotten.extend(former);
        Ok(())
    }

    async fn send(&mut self, device: &str, frame: String) -> Fallible<()> {
        let line = self.lines.get_mut(device).ok_or("no connection")?;
        Ok(line.send(frame).await?)
    }

    async fn receive(&mut self, device: &str) -> Fallible<Option<String>> {
        let line = self.lines.get_mut(device).ok_or("no connection")?;
        Ok(tokio::time::timeout(PATIENCE, line.next()).await?)
    }

    async fn cut(&mut self, device: &str) -> Fallible<()> {
        drop(self.lines.remove(device));
        Ok(())
    }

    /// Its timer is made to run out, once the server has seen the end of the connection.
    async fn expire(&mut self, address: &str) -> Fallible<()> {
        let lua = format!(
            "(function() local session = prosody.full_sessions['{address}'] \
             local timer = session and session.hibernating_watchdog \
             if timer then timer:cancel() timer:callback() end return timer and 'expired' or 'alive' end)()"
        );
        let expired = async {
            while !self.server.lua(&lua).await?.contains("expired") {}
            Fallible::Ok(())
        };
        tokio::time::timeout(PATIENCE, expired).await?
    }

    async fn wait(&mut self) {
        tokio::time::sleep(A_WHILE).await;
    }
}

/// The model, with Prosody's manners.
pub struct Modelled {
    server: model::Server,
    dice: Dice,
    lines: BTreeMap<&'static str, u32>,
    arrived: BTreeMap<u32, VecDeque<Option<String>>>,
    now: i64,
}

const RESUMABLE_FOR: i64 = 600_000;

impl Modelled {
    /// With all accounts.
    pub fn new() -> Self {
        let manners = Manners {
            to_all: true,
            sent_carbons_have_ids: true,
            resumable_for: RESUMABLE_FOR,
            failed_with_count: true,
            page: 250,
            offline: true,
            offline_after_archive: false,
            whole_seconds: false,
        };
        let people = PEOPLE.map(|person| format!("{person}@{}", model::DOMAIN));
        Self {
            server: model::Server::new(manners, &people, 0),
            dice: Dice::of(0),
            lines: BTreeMap::new(),
            arrived: BTreeMap::new(),
            now: 1_780_000_000_500,
        }
    }

    fn collect(&mut self) {
        for (conn, out) in std::mem::take(&mut self.server.out) {
            let arrived = match out {
                Out::Frame(frame) => Some(frame),
                Out::Close => None,
            };
            self.arrived.entry(conn).or_default().push_back(arrived);
        }
    }
}

impl Stage for Modelled {
    fn domain(&self) -> String {
        model::DOMAIN.to_owned()
    }

    fn address(&self, person: &str) -> String {
        format!("{person}@{}", model::DOMAIN)
    }

    fn password(&self, _: &str) -> String {
        model::PASSWORD.to_owned()
    }

    async fn connect(&mut self, device: &'static str) -> Fallible<()> {
        let conn = u32::try_from(self.arrived.len() + 1)?;
        self.arrived.insert(conn, VecDeque::new());
        self.lines.insert(device, conn);
        self.server.opened(conn);
        Ok(())
    }

    async fn send(&mut self, device: &str, frame: String) -> Fallible<()> {
        let conn = *self.lines.get(device).ok_or("no connection")?;
        self.now += 1;
        self.server.frame(conn, &frame, self.now, &mut self.dice);
        self.collect();
        Ok(())
    }

    async fn receive(&mut self, device: &str) -> Fallible<Option<String>> {
        let conn = self.lines.get(device).ok_or("no connection")?;
        let arrived = self.arrived.get_mut(conn).and_then(VecDeque::pop_front);
        arrived.ok_or_else(|| format!("{device} waits in vain").into())
    }

    async fn cut(&mut self, device: &str) -> Fallible<()> {
        let conn = self.lines.remove(device).ok_or("no connection")?;
        self.server.closed(conn, self.now);
        Ok(())
    }

    async fn expire(&mut self, _: &str) -> Fallible<()> {
        self.now += RESUMABLE_FOR + 1;
        Ok(())
    }

    async fn wait(&mut self) {
        self.now += 1_100;
    }
}
