//! Where messages and presence go.

use plausch_xmpp::xml::Element;

use super::{Server, bare, stamp};
use crate::dice::Dice;
use crate::queue::Millis;

impl Server {
    /// A stanza of a session.
    pub(super) fn stanza(&mut self, account: &str, session: &str, stanza: &Element, dice: &mut Dice) {
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
        session.available = presence.attr("type").is_none();
        let from = format!("{account}/{}", session.resource);
        if first {
            let kept = self.accounts.get_mut(account).map(|account| std::mem::take(&mut account.offline));
            for (at, stanza) in kept.unwrap_or_default() {
                self.deliver(account, id, &delayed(&stanza, at), dice);
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
        let Some(to) = message.attr("to").map(str::to_owned) else { return };
        let Some(resource) = self.session(account, id).map(|session| session.resource.clone()) else { return };
        let from = format!("{account}/{resource}");
        let message = changed(message, &[("from", &from)], &[]);
        let other = bare(&to).to_owned();
        if !self.accounts.contains_key(&other) {
            return;
        }
        let stored =
            message.child("body", "jabber:client").is_some() || message.child("store", "urn:xmpp:hints").is_some();
        let (own_id, their_id) = if stored {
            (self.archive(account, &other, &message), self.archive(&other, account, &message))
        } else {
            (None, None)
        };
        let sent = match own_id.filter(|_| self.manners.sent_carbons_have_ids) {
            Some(own_id) => changed(&message, &[], &[stanza_id(account, &own_id)]),
            None => message.clone(),
        };
        for (session, resource) in self.sessions_of(account, |known| known != id) {
            let carbon = carbon(account, &resource, "sent", &sent);
            self.deliver(account, &session, &carbon, dice);
        }
        let received = match their_id {
            Some(their_id) => changed(&message, &[], &[stanza_id(&other, &their_id)]),
            None => message,
        };
        self.arrive(&other, &to, &received, stored, dice);
    }

    fn arrive(&mut self, account: &str, to: &str, message: &Element, stored: bool, dice: &mut Dice) {
        let mut sessions = self.sessions_of(account, |_| true);
        if sessions.is_empty() {
            if stored && self.manners.offline {
                let now = self.now;
                self.accounts.entry(account.to_owned()).or_default().offline.push((now, message.clone()));
            }
            return;
        }
        let addressed = sessions.iter().position(|(_, resource)| to == format!("{account}/{resource}"));
        let direct: Vec<(String, String)> = match addressed {
            Some(place) => vec![sessions.swap_remove(place)],
            None if self.manners.to_all => std::mem::take(&mut sessions),
            None => {
                let place = dice.below(sessions.len());
                vec![sessions.swap_remove(place)]
            }
        };
        for (session, _) in direct {
            self.deliver(account, &session, message, dice);
        }
        for (session, resource) in sessions {
            let carbon = carbon(account, &resource, "received", message);
            self.deliver(account, &session, &carbon, dice);
        }
    }

    fn sessions_of(&self, account: &str, which: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let sessions = self.accounts.get(account).map(|account| account.sessions.as_slice()).unwrap_or_default();
        let wanted = sessions.iter().filter(|session| session.available && which(&session.id));
        wanted.map(|session| (session.id.clone(), session.resource.clone())).collect()
    }
}

fn stanza_id(by: &str, id: &str) -> Element {
    Element::builder("stanza-id", "urn:xmpp:sid:0").attr("by", by).attr("id", id).build()
}

fn delayed(stanza: &Element, at: Millis) -> Element {
    let delay =
        Element::builder("delay", "urn:xmpp:delay").attr("from", super::DOMAIN).attr("stamp", stamp(at)).build();
    changed(stanza, &[], &[delay])
}

fn carbon(account: &str, resource: &str, kind: &str, message: &Element) -> Element {
    let forwarded = Element::builder("forwarded", "urn:xmpp:forward:0").child(message.clone()).build();
    let wrapper = Element::builder(kind, "urn:xmpp:carbons:2").child(forwarded).build();
    Element::builder("message", "jabber:client")
        .attr("from", account)
        .attr("to", format!("{account}/{resource}"))
        .attr("type", "chat")
        .child(wrapper)
        .build()
}

/// A copy with other attributes and more children.
fn changed(stanza: &Element, attributes: &[(&str, &str)], more: &[Element]) -> Element {
    let mut copy = Element::builder(stanza.name(), stanza.ns());
    for (name, value) in stanza.attrs().filter(|(name, _)| attributes.iter().all(|(other, _)| other != name)) {
        copy = copy.attr(name, value);
    }
    for (name, value) in attributes {
        copy = copy.attr(name, value);
    }
    copy.children(stanza.children().cloned()).children(more.iter().cloned()).build()
}
