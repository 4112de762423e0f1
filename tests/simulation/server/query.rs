//! What clients ask at the beginning of a session.

use plausch_native::fake::{error, result};
use plausch_xmpp::xml::{Element, Limits, parse};

use super::{DOMAIN, Server, stamp};
use crate::dice::Dice;

impl Server {
    /// Sends XML of ours to a session.
    pub(super) fn answer(&mut self, account: &str, session: &str, stanza: &str, dice: &mut Dice) {
        if let Ok(stanza) = parse(stanza, &Limits::default()) {
            self.deliver(account, session, &stanza, dice);
        }
    }

    /// Answers an IQ.
    pub(super) fn iq(&mut self, account: &str, session: &str, iq: &Element, dice: &mut Dice) {
        if !matches!(iq.attr("type"), Some("get" | "set")) {
            return;
        }
        let Some(payload) = iq.children().next() else { return };
        let has_archive = !self.without_archive.iter().any(|other| other == account);
        let answer = match (payload.name(), payload.ns()) {
            ("query", "urn:xmpp:mam:2") if has_archive => return self.page(account, session, iq, payload, dice),
            ("query", "jabber:iq:roster") => result(iq, &self.roster(account)),
            ("query", "http://jabber.org/protocol/disco#info") => result(iq, &info(iq.attr("to"), has_archive)),
            ("query", ns @ "http://jabber.org/protocol/disco#items") => result(iq, &format!("<query xmlns='{ns}'/>")),
            ("blocklist", ns) => result(iq, &format!("<blocklist xmlns='{ns}'/>")),
            ("time", ns @ "urn:xmpp:time") => {
                result(iq, &format!("<time xmlns='{ns}'><tzo>+00:00</tzo><utc>{}</utc></time>", stamp(self.now)))
            }
            (name @ ("enable" | "disable"), "urn:xmpp:carbons:2") => {
                if let Some(session) = self.session(account, session) {
                    session.wants_carbons = name == "enable";
                }
                result(iq, "")
            }
            ("enable" | "ping", _) => result(iq, ""),
            ("pubsub" | "vCard", _) => error(iq, "item-not-found"),
            _ => error(iq, "service-unavailable"),
        };
        self.answer(account, session, &answer, dice);
    }

    fn roster(&self, account: &str) -> String {
        let others = self.accounts.keys().filter(|other| *other != account);
        let items: String = others.map(|other| format!("<item jid='{other}' subscription='both'/>")).collect();
        format!("<query xmlns='jabber:iq:roster'>{items}</query>")
    }
}

fn info(to: Option<&str>, has_archive: bool) -> String {
    let (identity, features): (&str, &[&str]) = match to {
        Some(DOMAIN) => ("<identity category='server' type='im'/>", &["urn:xmpp:carbons:2", "urn:xmpp:blocking"]),
        _ if !has_archive => ("<identity category='account' type='registered'/>", &["urn:xmpp:sid:0"]),
        _ => ("<identity category='account' type='registered'/>", &["urn:xmpp:mam:2", "urn:xmpp:sid:0"]),
    };
    let features: String = features.iter().map(|feature| format!("<feature var='{feature}'/>")).collect();
    format!("<query xmlns='http://jabber.org/protocol/disco#info'>{identity}{features}</query>")
}
