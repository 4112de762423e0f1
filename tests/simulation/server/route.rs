//! Where messages and presence go.

use plausch_xmpp::xml::{Element, ElementBuilder};

use super::session::Session;
use super::{DOMAIN, Server, bare, stamp, whole};
use crate::dice::Dice;
use crate::queue::Millis;

const CARBONS: &str = "urn:xmpp:carbons:2";
const HINTS: &str = "urn:xmpp:hints";

impl Server {
    /// A stanza of a session. One to the account itself is as one to nobody.
    pub(super) fn stanza(&mut self, account: &str, session: &str, stanza: &Element, dice: &mut Dice) {
        let is_own = stanza.attr("to") == Some(account);
        let stanza = if is_own { &copied(stanza, |name| name != "to", |_| true).build() } else { stanza };
        match stanza.name() {
            "iq" => self.iq(account, session, stanza, dice),
            "presence" => self.presence(account, session, stanza, dice),
            _ => self.message(account, session, stanza, dice),
        }
    }

    fn presence(&mut self, account: &str, id: &str, presence: &Element, dice: &mut Dice) {
        if presence.attr("to").is_some() {
            return;
        }
        let Some(session) = self.session(account, id) else { return };
        let first = !session.available && presence.attr("type").is_none();
        let has_read_archive = session.has_read_archive;
        session.available = presence.attr("type").is_none();
        let from = format!("{account}/{}", session.resource);
        if first && (!has_read_archive || self.manners.offline_after_archive) {
            let kept = self.accounts.get_mut(account).map(|account| std::mem::take(&mut account.offline));
            for (at, stanza) in kept.unwrap_or_default() {
                self.deliver(account, id, &delayed(&stanza, at, DOMAIN), dice);
            }
        }
        for (other, session, resource) in self.available() {
            let to = format!("{other}/{resource}");
            let copy = changed(presence, &[("from", &from), ("to", &to)], &[]);
            self.deliver(&other, &session, &copy, dice);
        }
    }

    /// Account, id and resource of every session whose presence is known.
    fn available(&self) -> Vec<(String, String, String)> {
        let sessions = self.accounts.iter().flat_map(|(name, account)| {
            let available = account.sessions.iter().filter(|session| session.available);
            available.map(|session| (name.clone(), session.id.clone(), session.resource.clone()))
        });
        sessions.collect()
    }

    fn message(&mut self, account: &str, id: &str, message: &Element, dice: &mut Dice) {
        let to = message.attr("to").unwrap_or(account).to_owned();
        let Some(resource) = self.session(account, id).map(|session| session.resource.clone()) else { return };
        let from = format!("{account}/{resource}");
        let message = changed(message, &[("from", &from)], &[]);
        let other = bare(&to).to_owned();
        if !self.accounts.contains_key(&other) {
            return;
        }
        let copied = is_copied(&message);
        let own_id = self.keep(account, &other, &message);
        let sent = match own_id.filter(|_| self.manners.sent_carbons_have_ids) {
            Some(own_id) => changed(&message, &[], &[stanza_id(account, &own_id)]),
            None => message.clone(),
        };
        let mut copies = self.sessions_of(account, |known| known.wants_carbons && known.id != id);
        copies.retain(|_| copied);
        // Copying a message to the account itself gives it its address back.
        let address = if copies.is_empty() { None } else { Some(("to", to.as_str())) };
        for (session, resource) in copies {
            let carbon = carbon(account, &resource, "sent", &sent);
            self.deliver(account, &session, &carbon, dice);
        }
        let message = changed(&message, address.as_slice(), &[]);
        let received = match self.keep(&other, account, &message) {
            Some(their_id) => changed(&message, &[], &[stanza_id(&other, &their_id)]),
            None => message,
        };
        self.arrive(&other, &to, &received, copied, dice);
    }

    /// Puts a message into an archive, if that is to have it; returns its id there.
    fn keep(&mut self, account: &str, with: &str, message: &Element) -> Option<String> {
        let kept = kept(message)?;
        self.archive(account, with, &kept)
    }

    /// To the resource that it is for, else to those that are there; to the others as a copy.
    fn arrive(&mut self, account: &str, to: &str, message: &Element, copied: bool, dice: &mut Dice) {
        let mut direct = self.sessions_of(account, |known| to == format!("{account}/{}", known.resource));
        if direct.is_empty() {
            direct = self.sessions_of(account, |known| known.available);
            if !direct.is_empty() && !self.manners.to_all {
                let place = dice.below(direct.len());
                direct = vec![direct.swap_remove(place)];
            }
        }
        if direct.is_empty() {
            if self.manners.offline {
                let now = self.now;
                self.accounts.entry(account.to_owned()).or_default().offline.push((now, message.clone()));
            }
            return;
        }
        let mut copies = self.sessions_of(account, |known| known.wants_carbons);
        copies.retain(|known| copied && !direct.contains(known));
        let message = without(message, |child| child.is("private", CARBONS));
        for (session, _) in direct {
            self.deliver(account, &session, &message, dice);
        }
        for (session, resource) in copies {
            let carbon = carbon(account, &resource, "received", &message);
            self.deliver(account, &session, &carbon, dice);
        }
    }

    fn sessions_of(&self, account: &str, which: impl Fn(&Session) -> bool) -> Vec<(String, String)> {
        let sessions = self.accounts.get(account).map(|account| account.sessions.as_slice()).unwrap_or_default();
        let wanted = sessions.iter().filter(|session| which(session));
        wanted.map(|session| (session.id.clone(), session.resource.clone())).collect()
    }
}

/// What an archive keeps of a message: nothing, or all but its chat state.
fn kept(message: &Element) -> Option<Element> {
    let hint = |name| message.child(name, HINTS).is_some();
    let matters = |child: &Element| match child.ns() {
        "jabber:client" => matches!(child.name(), "body" | "subject"),
        "urn:xmpp:receipts" | "urn:xmpp:chat-markers:0" | "urn:xmpp:eme:0" => true,
        _ => child.is("store", HINTS),
    };
    let kept = without(message, |child| child.ns() == "http://jabber.org/protocol/chatstates");
    (!hint("no-store") && !hint("no-permanent-store") && kept.children().any(matters)).then_some(kept)
}

/// Whether other resources get a copy of a message.
fn is_copied(message: &Element) -> bool {
    let refused = message.child("private", CARBONS).is_some() || message.child("no-copy", HINTS).is_some();
    !refused && (message.attr("type") == Some("chat") || message.child("body", "jabber:client").is_some())
}

/// Whether a stanza has an id in this account's archive.
pub(super) fn has_id_of(stanza: &Element, account: &str) -> bool {
    stanza.children_named("stanza-id", "urn:xmpp:sid:0").any(|id| id.attr("by") == Some(account))
}

fn stanza_id(by: &str, id: &str) -> Element {
    Element::builder("stanza-id", "urn:xmpp:sid:0").attr("by", by).attr("id", id).build()
}

pub(super) fn delayed(stanza: &Element, at: Millis, from: &str) -> Element {
    let delay = Element::builder("delay", "urn:xmpp:delay").attr("from", from).attr("stamp", stamp(whole(at))).build();
    changed(stanza, &[], &[delay])
}

fn carbon(account: &str, resource: &str, kind: &str, message: &Element) -> Element {
    let forwarded = Element::builder("forwarded", "urn:xmpp:forward:0").child(message.clone()).build();
    let wrapper = Element::builder(kind, CARBONS).child(forwarded).build();
    Element::builder("message", "jabber:client")
        .attr("from", account)
        .attr("to", format!("{account}/{resource}"))
        .attr("type", message.attr("type").unwrap_or("normal"))
        .child(wrapper)
        .build()
}

/// A copy with other attributes and more children.
fn changed(stanza: &Element, attributes: &[(&str, &str)], more: &[Element]) -> Element {
    let others = |name: &str| attributes.iter().all(|(other, _)| *other != name);
    let mut copy = copied(stanza, others, |_| true);
    for (name, value) in attributes {
        copy = copy.attr(name, *value);
    }
    copy.children(more.iter().cloned()).build()
}

/// A copy without some children.
fn without(stanza: &Element, which: impl Fn(&Element) -> bool) -> Element {
    copied(stanza, |_| true, |child| !which(child)).build()
}

fn copied(stanza: &Element, attributes: impl Fn(&str) -> bool, children: impl Fn(&Element) -> bool) -> ElementBuilder {
    let mut copy = Element::builder(stanza.name(), stanza.ns());
    for (name, value) in stanza.attrs().filter(|(name, _)| attributes(name)) {
        copy = copy.attr(name, value);
    }
    copy.children(stanza.children().filter(|child| children(child)).cloned())
}
