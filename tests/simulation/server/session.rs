//! Sessions and their stream management (XEP-0198).

use std::collections::VecDeque;

use plausch_xmpp::xml::Element;

use super::route::{delayed, has_id_of};
use super::{Conn, Out, Server, message_in};
use crate::dice::Dice;
use crate::queue::Millis;

/// A resource of an account, connected or waiting to be resumed.
pub struct Session {
    pub id: String,
    pub resource: String,
    pub conn: Option<Conn>,
    pub lost_at: Millis,
    /// Its initial presence has come.
    pub available: bool,
    /// It wants copies of what other resources send and get.
    pub wants_carbons: bool,
    /// It has asked for a page of the archive.
    pub has_read_archive: bool,
    /// Stanzas received from the client.
    pub received: u32,
    /// Stanzas that the client has confirmed.
    confirmed: u32,
    /// What was sent after those, and when.
    unconfirmed: VecDeque<(Millis, Element)>,
}

impl Session {
    pub fn new(id: String, resource: String) -> Self {
        Self {
            id,
            resource,
            conn: None,
            lost_at: 0,
            available: false,
            wants_carbons: false,
            has_read_archive: false,
            received: 0,
            confirmed: 0,
            unconfirmed: VecDeque::new(),
        }
    }

    fn confirm(&mut self, handled: u32) -> Vec<Element> {
        let count = handled.saturating_sub(self.confirmed);
        let count = usize::try_from(count).unwrap_or_default().min(self.unconfirmed.len());
        self.confirmed = handled.max(self.confirmed);
        self.unconfirmed.drain(..count).map(|(_, stanza)| stanza).collect()
    }
}

impl Server {
    /// A frame within a session.
    pub(super) fn in_session(&mut self, conn: Conn, account: &str, id: &str, element: &Element, dice: &mut Dice) {
        match element.name() {
            "r" => {
                if let Some(received) = self.session(account, id).map(|session| session.received) {
                    self.send(conn, format!("<a xmlns='urn:xmpp:sm:3' h='{received}'/>"));
                }
            }
            "a" => self.confirmed(conn, account, id, element),
            "close" => {
                let received = self.end(account, id).map(|session| session.received).unwrap_or_default();
                self.send(conn, format!("<a xmlns='urn:xmpp:sm:3' h='{received}'/>"));
                self.send(conn, "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
                self.close(conn);
            }
            "message" | "presence" | "iq" => {
                if let Some(session) = self.session(account, id) {
                    session.received = session.received.wrapping_add(1);
                }
                self.stanza(account, id, element, dice);
            }
            _ => {}
        }
    }

    fn confirmed(&mut self, conn: Conn, account: &str, id: &str, element: &Element) {
        let handled = element.attr("h").and_then(|h| h.parse().ok()).unwrap_or_default();
        let confirmed = self.session(account, id).map(|session| session.confirm(handled)).unwrap_or_default();
        self.confirmed.extend(confirmed.iter().filter_map(delivered).map(|message| (conn, message.clone())));
    }

    /// A session goes on: the client has `handled` stanzas, the rest goes out again, messages with the time of the first try.
    pub(super) fn resent(&mut self, conn: Conn, account: &str, id: &str, handled: u32, dice: &mut Dice) {
        let Some(session) = self.session(account, id) else { return };
        let confirmed = session.confirm(handled);
        let again = session.unconfirmed.iter().map(|(at, stanza)| late(stanza, *at, account).to_xml());
        let again: Vec<String> = again.collect();
        self.confirmed.extend(confirmed.iter().filter_map(delivered).map(|message| (conn, message.clone())));
        again.into_iter().for_each(|frame| self.send(conn, frame));
        if dice.chance(5_000) {
            self.send(conn, "<r xmlns='urn:xmpp:sm:3'/>");
        }
    }

    /// Sends a stanza to a session, now or when it is resumed.
    pub(super) fn deliver(&mut self, account: &str, id: &str, stanza: &Element, dice: &mut Dice) {
        let now = self.now;
        let Some(session) = self.session(account, id) else { return };
        session.unconfirmed.push_back((now, stanza.clone()));
        if let Some(conn) = session.conn {
            self.out.push((conn, Out::Frame(stanza.to_xml())));
            if dice.chance(4_000) {
                self.send(conn, "<r xmlns='urn:xmpp:sm:3'/>");
            }
        }
    }

    /// Ends what has waited for too long to be resumed.
    pub(super) fn expire(&mut self) {
        let (now, patience) = (self.now, self.manners.resumable_for);
        let late = |session: &Session| session.conn.is_none() && now.saturating_sub(session.lost_at) > patience;
        let ended: Vec<(String, String)> = self
            .accounts
            .iter()
            .flat_map(|(name, account)| {
                account.sessions.iter().filter(|session| late(session)).map(|s| (name.clone(), s.id.clone()))
            })
            .collect();
        for (name, id) in ended {
            if let Some(session) = self.end(&name, &id)
                && let Some(account) = self.accounts.get_mut(&name)
            {
                account.over.insert(session.id, session.received);
            }
        }
    }

    /// Ends a session. What the last one of an account never got is kept, unless it is to be found in the archive.
    fn end(&mut self, name: &str, id: &str) -> Option<Session> {
        let keeps = self.manners.offline;
        let account = self.accounts.get_mut(name)?;
        let place = account.sessions.iter().position(|session| session.id == id)?;
        let mut session = account.sessions.swap_remove(place);
        if keeps && account.sessions.is_empty() {
            let left = std::mem::take(&mut session.unconfirmed).into_iter();
            let is_lost = |stanza: &Element| {
                let found = session.has_read_archive && has_id_of(stanza, name);
                stanza.name() == "message" && stanza.children().all(|child| child.name() != "result") && !found
            };
            let lost = left.filter(|(_, stanza)| is_lost(stanza));
            account.offline.extend(lost.map(|(at, stanza)| (at, late(&stanza, at, name))));
        }
        Some(session)
    }
}

/// A stanza that was to come earlier.
fn late(stanza: &Element, at: Millis, account: &str) -> Element {
    let timeless = stanza.name() == "iq" || stanza.child("delay", "urn:xmpp:delay").is_some();
    if timeless { stanza.clone() } else { delayed(stanza, at, account) }
}

/// The message that was delivered, be it in a carbon or not. What comes from the archive can be had again.
fn delivered(stanza: &Element) -> Option<&Element> {
    message_in(stanza).filter(|_| stanza.children().all(|child| child.name() != "result"))
}
