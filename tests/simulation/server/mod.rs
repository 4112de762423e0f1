//! A model of a server: accounts with archives (XEP-0313), carbons (XEP-0280), stream management (XEP-0198) and messages kept
//! for those who are offline (XEP-0160). It decides nothing by itself but what its manners say, and never waits: frames go
//! in with the time, frames come out.
//!
//! It does as Prosody does, which the interop tests hold it against (`tests/interop/suite/model`), within these limits: all
//! accounts are each other's contacts, on one server; messages are chats or normal ones, and none bounces; everybody's
//! priority is 0, presence goes to those who are there, and nobody learns of who was there before or has left; a device that
//! signs in anew has a new resource, and its former session waits beside it; there is no PEP; a count is in every page of an
//! archive, and what clients say is believed.

mod archive;
mod login;
mod query;
mod route;
mod said;
mod session;

use std::collections::BTreeMap;

use plausch_xmpp::xml::{Element, Limits, parse};

use crate::dice::Dice;
use crate::queue::Millis;
use archive::Archived;
use login::Login;
pub use said::{Has, Order, Said, Shown, Slot, agree, slots};
use session::Session;

/// The one domain.
pub const DOMAIN: &str = "sim.example";
/// Everybody's password.
pub const PASSWORD: &str = "pencil";

/// Numbers connections.
pub type Conn = u32;

/// How this server does what servers may do one way or another.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// Messages go to all resources; else to one, and as carbons to the others.
    pub to_all: bool,
    /// Carbons of sent messages carry the archive's id.
    pub sent_carbons_have_ids: bool,
    /// For how long a lost session can be resumed, in milliseconds.
    pub resumable_for: Millis,
    /// A refused resumption tells how much of the old session had arrived.
    pub failed_with_count: bool,
    /// The most messages in a page of the archive.
    pub page: usize,
    /// What nobody was there for is kept and delivered, too.
    pub offline: bool,
    /// It is delivered even to who has read the archive.
    pub offline_after_archive: bool,
    /// The archive's stamps are whole seconds.
    pub whole_seconds: bool,
}

/// An account.
#[derive(Default)]
struct Account {
    archive: Vec<Archived>,
    /// What was in the archive before that.
    trimmed: Vec<Archived>,
    sessions: Vec<Session>,
    /// How much had arrived in sessions that are over, by their ids.
    over: BTreeMap<String, u32>,
    offline: Vec<(Millis, Element)>,
}

/// What comes out.
pub enum Out {
    /// A frame.
    Frame(String),
    /// The connection is closed.
    Close,
}

/// A connection and how far it has come.
enum Stage {
    /// Not authenticated.
    Login(Login),
    /// In a session of this account.
    In { account: String, session: String },
}

/// The server.
pub struct Server {
    manners: Manners,
    accounts: BTreeMap<String, Account>,
    /// Accounts that cannot read their archive.
    pub without_archive: Vec<String>,
    conns: BTreeMap<Conn, Stage>,
    numbers: u64,
    now: Millis,
    /// What is to be sent, in order.
    pub out: Vec<(Conn, Out)>,
    /// The messages that a client has just confirmed to have, for whoever checks that it has.
    pub confirmed: Vec<(Conn, Element)>,
}

impl Server {
    /// A server with these accounts, who are each other's contacts. It numbers things from `first` on.
    pub fn new(manners: Manners, accounts: &[String], first: u64) -> Self {
        let accounts = accounts.iter().map(|name| (name.clone(), Account::default())).collect();
        Self {
            manners,
            accounts,
            without_archive: Vec::new(),
            conns: BTreeMap::new(),
            numbers: first,
            now: 0,
            out: Vec::new(),
            confirmed: Vec::new(),
        }
    }

    /// A connection has been made.
    pub fn opened(&mut self, conn: Conn) {
        self.conns.insert(conn, Stage::Login(Login::default()));
    }

    /// A connection is gone; its session waits to be resumed.
    pub fn closed(&mut self, conn: Conn, now: Millis) {
        self.now = now;
        if let Some(Stage::In { account, session }) = self.conns.remove(&conn)
            && let Some(session) = self.session(&account, &session)
            && session.conn == Some(conn)
        {
            session.conn = None;
            session.lost_at = now;
        }
    }

    /// A frame has arrived.
    pub fn frame(&mut self, conn: Conn, frame: &str, now: Millis, dice: &mut Dice) {
        self.now = now;
        self.expire();
        let Ok(element) = parse(frame, &Limits::default()) else {
            self.close(conn);
            return;
        };
        match self.conns.get(&conn) {
            Some(Stage::Login(_)) => self.log_in(conn, &element, dice),
            Some(Stage::In { account, session }) => {
                let (account, session) = (account.clone(), session.clone());
                self.in_session(conn, &account, &session, &element, dice);
            }
            None => {}
        }
    }

    /// All sessions are lost, with what was on its way in them.
    pub fn restart(&mut self) {
        let conns: Vec<Conn> = self.conns.keys().copied().collect();
        conns.into_iter().for_each(|conn| self.close(conn));
        for account in self.accounts.values_mut() {
            account.sessions.clear();
            account.over.clear();
        }
    }

    /// What was said between two accounts, in the order of the first one's archive.
    pub fn conversation(&self, account: &str, with: &str) -> Vec<Said> {
        let Some(account) = self.accounts.get(account) else { return Vec::new() };
        let said = |archive: &[Archived], forgotten: bool| -> Vec<Said> {
            let theirs = archive.iter().filter(|archived| archived.with == with);
            theirs.filter_map(|archived| Said::of(&archived.stanza, forgotten)).collect()
        };
        [said(&account.trimmed, true), said(&account.archive, false)].concat()
    }

    /// What the authors call the messages that an archive has.
    pub fn ids(&self, account: &str) -> Vec<String> {
        let archive = self.accounts.get(account).map(|account| account.archive.as_slice()).unwrap_or_default();
        archive.iter().filter_map(|archived| archived.stanza.attr("id")).map(str::to_owned).collect()
    }

    /// The archives forget a part, of 10,000, of what is older than this.
    pub fn trim(&mut self, part: u32, before: Millis) {
        for account in self.accounts.values_mut() {
            let old = account.archive.iter().take_while(|archived| archived.at < before).count();
            let part = usize::try_from(part).unwrap_or_default();
            let count = old.saturating_mul(part).div_ceil(10_000).min(old);
            account.trimmed.extend(account.archive.drain(..count));
        }
    }

    /// The server is made anew, out of its archives: the same messages have other ids.
    pub fn renumber(&mut self) {
        self.restart();
        for account in self.accounts.values_mut() {
            account.offline.clear();
            account.archive.iter_mut().for_each(|archived| archived.id.push('n'));
        }
    }

    /// The texts between two accounts, those of edits, too.
    pub fn texts(&self, account: &str, with: &str) -> Vec<String> {
        let archived = self.archived(account).filter(|archived| archived.with == with);
        archived.filter_map(|archived| body(&archived.stanza)).collect()
    }

    /// The ids of stanzas that an account has sent more than once.
    pub fn doubled(&self, account: &str) -> Vec<String> {
        let from = |archived: &&Archived| archived.stanza.attr("from").is_some_and(|from| bare(from) == account);
        let ids: Vec<&str> =
            self.archived(account).filter(from).filter_map(|archived| archived.stanza.attr("id")).collect();
        let times = |id: &str| ids.iter().filter(|other| **other == id).count();
        ids.iter().filter(|id| times(id) > 1).map(|id| (*id).to_owned()).collect()
    }

    fn archived(&self, account: &str) -> impl Iterator<Item = &Archived> {
        self.accounts.get(account).into_iter().flat_map(|account| account.trimmed.iter().chain(&account.archive))
    }

    fn send(&mut self, conn: Conn, frame: impl Into<String>) {
        self.out.push((conn, Out::Frame(frame.into())));
    }

    fn close(&mut self, conn: Conn) {
        self.out.push((conn, Out::Close));
        let now = self.now;
        self.closed(conn, now);
    }

    fn number(&mut self) -> u64 {
        self.numbers = self.numbers.saturating_add(1);
        self.numbers
    }

    fn session(&mut self, account: &str, session: &str) -> Option<&mut Session> {
        self.accounts.get_mut(account)?.sessions.iter_mut().find(|known| known.id == session)
    }
}

/// The message that a stanza is, or that is wrapped in it.
pub fn message_in(stanza: &Element) -> Option<&Element> {
    let inside = stanza.children().find_map(message_in);
    inside.or(Some(stanza).filter(|stanza| stanza.name() == "message"))
}

/// A message's text, if it is not there only for clients that don't know what else it says.
pub fn body(stanza: &Element) -> Option<String> {
    stanza.child_text("body", "jabber:client").filter(|_| stanza.child("fallback", "urn:xmpp:fallback:0").is_none())
}

/// The part of an address before the resource.
fn bare(jid: &str) -> &str {
    jid.split('/').next().unwrap_or(jid)
}

/// The second in which a moment is.
fn whole(at: Millis) -> Millis {
    at.div_euclid(1000).saturating_mul(1000)
}

/// A moment as XEP-0082 writes it.
fn stamp(at: Millis) -> String {
    plausch_xmpp::datetime::DateTime::from_millis(at).to_string()
}
