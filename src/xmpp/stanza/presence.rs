//! `<presence/>` (RFC 6121 §4).

use super::{Addressing, LangText, StanzaError};
use crate::jid::Jid;
use crate::list::IntoList;
use crate::ns;
use crate::payload::{Payload, PayloadError, first_payload, text_element, words};
use crate::xml::Element;

words! {
    /// What a presence stanza does (RFC 6121 §4.7.1). `Available` has no word on the wire: its type is absent.
    #[derive(Default)]
    PresenceType {
        /// The sender is available.
        #[default]
        Available = "",
        /// The sender is no longer available.
        Unavailable = "unavailable",
        /// The sender asks to see the recipient's presence.
        Subscribe = "subscribe",
        /// The sender lets the recipient see their presence.
        Subscribed = "subscribed",
        /// The sender no longer wants to see the recipient's presence.
        Unsubscribe = "unsubscribe",
        /// The sender refuses, or no longer lets the recipient see their presence.
        Unsubscribed = "unsubscribed",
        /// A server asks for somebody's presence.
        Probe = "probe",
        /// A presence stanza could not be delivered.
        Error = "error",
    }
}

words! {
    /// How available somebody is (RFC 6121 §4.7.2.1).
    Show {
        /// Temporarily away.
        Away = "away",
        /// Interested in chatting.
        Chat = "chat",
        /// Busy.
        Dnd = "dnd",
        /// Away for longer.
        Xa = "xa",
    }
}

/// A presence stanza.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Presence {
    /// The sender.
    pub from: Option<Jid>,
    /// The recipient, if it is directed.
    pub to: Option<Jid>,
    /// The sender's id of this stanza.
    pub id: Option<String>,
    /// What it does.
    pub kind: PresenceType,
    /// The language of its texts (`xml:lang`).
    pub lang: Option<String>,
    /// How available the sender is; `None` is simply available.
    pub show: Option<Show>,
    /// Their words, once per language.
    pub statuses: Vec<LangText>,
    /// Which resource is to get what is sent to the bare address: the highest, and never one below zero.
    pub priority: i8,
    /// Everything else, in order.
    pub payloads: Vec<Element>,
}

impl Presence {
    /// A presence of a kind, to everybody.
    pub fn new(kind: PresenceType) -> Self {
        Self { kind, ..Self::default() }
    }

    /// A presence of a kind, to somebody.
    pub fn directed(kind: PresenceType, to: Jid) -> Self {
        Self { kind, to: Some(to), ..Self::default() }
    }

    /// Reads `<presence/>`. An unknown type is an error, since it would otherwise count as "available"; an unknown `show`
    /// or `priority` counts as absent.
    pub fn from_element(element: &Element) -> Result<Self, PayloadError> {
        let Addressing { from, to, id } = Addressing::read(element, "presence")?;
        let kind = element.attr("type").map_or(Some(PresenceType::Available), type_from_word);
        let child = |name| element.child_text(name, ns::CLIENT);
        Ok(Self {
            from,
            to,
            id,
            kind: kind.ok_or(PayloadError::Invalid("type"))?,
            lang: element.lang().map(str::to_owned),
            show: child("show").and_then(|text| Show::from_word(text.trim())),
            statuses: LangText::read_all(element, "status"),
            priority: child("priority").and_then(|text| text.trim().parse().ok()).unwrap_or_default(),
            payloads: element.children().filter(|child| !is_field(child)).cloned().into_list(),
        })
    }

    /// Writes `<presence/>`.
    pub fn to_element(&self) -> Element {
        let lang = self.lang.as_deref();
        let kind = Some(self.kind).filter(|kind| *kind != PresenceType::Available);
        let priority = Some(self.priority).filter(|priority| *priority != 0);
        Element::builder("presence", ns::CLIENT)
            .attr_opt("from", self.from.as_ref().map(Jid::as_str))
            .attr_opt("to", self.to.as_ref().map(Jid::as_str))
            .attr_opt("id", self.id.as_deref())
            .attr_opt("type", kind.map(PresenceType::word))
            .lang(lang)
            .child_opt(self.show.map(|show| text_element("show", ns::CLIENT, show.word())))
            .children(self.statuses.iter().map(|status| status.to_element("status", lang)))
            .child_opt(priority.map(|priority| text_element("priority", ns::CLIENT, &priority.to_string())))
            .children(self.payloads.iter().cloned())
            .build()
    }

    /// The status to show.
    pub fn status(&self) -> Option<&str> {
        LangText::preferred(&self.statuses, self.lang.as_deref())
    }

    /// This presence with a status text.
    #[must_use]
    pub fn with_status(mut self, text: impl Into<String>) -> Self {
        self.statuses.push(LangText { lang: self.lang.clone(), text: text.into() });
        self
    }

    /// This presence with one more payload.
    #[must_use]
    pub fn with_payload(mut self, payload: &impl Payload) -> Self {
        self.payloads.push(payload.to_element());
        self
    }

    /// The first payload of a type. An error is that payload's alone.
    pub fn payload<P: Payload>(&self) -> Option<Result<P, PayloadError>> {
        first_payload(&self.payloads)
    }

    /// Why a presence stanza of ours was not delivered, if it is of the type `error`.
    pub fn error(&self) -> Option<StanzaError> {
        let error = || self.payload::<StanzaError>().and_then(Result::ok).unwrap_or_default();
        (self.kind == PresenceType::Error).then(error)
    }
}

/// The type that a word stands for; "available" has none.
fn type_from_word(word: &str) -> Option<PresenceType> {
    PresenceType::from_word(word).filter(|kind| *kind != PresenceType::Available)
}

/// Whether a child is one of those that [`Presence`] has fields for.
fn is_field(child: &Element) -> bool {
    child.ns() == ns::CLIENT && matches!(child.name(), "show" | "status" | "priority")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::element;
    use crate::stanza::Condition;

    fn read(xml: &str) -> Presence {
        Presence::from_element(&element(xml)).unwrap()
    }

    fn round_trip(xml: &str) -> Presence {
        let presence = read(xml);
        assert_eq!(presence.to_element(), element(xml));
        presence
    }

    #[test]
    fn a_full_presence_survives_the_round_trip() {
        let presence = round_trip(
            "<presence xmlns='jabber:client' from='romeo@example.net/orchard' id='x1' xml:lang='en'><show>dnd</show>\
             <status>Wooing Juliet</status><status xml:lang='cs'>Dvořím se Julii</status><priority>-1</priority>\
             <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>",
        );
        assert_eq!(presence.kind, PresenceType::Available);
        assert_eq!(presence.show, Some(Show::Dnd));
        assert_eq!(presence.status(), Some("Wooing Juliet"));
        assert_eq!(presence.priority, -1);
        assert_eq!(presence.payloads.len(), 1);
    }

    #[test]
    fn types() {
        for kind in PresenceType::ALL.iter().filter(|kind| **kind != PresenceType::Available) {
            let presence = round_trip(&format!("<presence xmlns='jabber:client' type='{}'/>", kind.word()));
            assert_eq!(presence.kind, *kind);
        }
        assert_eq!(round_trip("<presence xmlns='jabber:client'/>").kind, PresenceType::Available);
    }

    #[test]
    fn an_unknown_type_is_not_available() {
        for word in ["", "available", "Unavailable", "invisible"] {
            let xml = format!("<presence xmlns='jabber:client' type='{word}'/>");
            assert_eq!(Presence::from_element(&element(&xml)), Err(PayloadError::Invalid("type")), "{word}");
        }
    }

    #[test]
    fn a_bad_show_or_priority_counts_as_absent() {
        let presence = read(
            "<presence xmlns='jabber:client'><show>gone fishing</show><priority>128</priority><show>away</show></presence>",
        );
        assert_eq!((presence.show, presence.priority), (None, 0));
        let presence = read("<presence xmlns='jabber:client'><show> xa\n</show><priority> 127 </priority></presence>");
        assert_eq!((presence.show, presence.priority), (Some(Show::Xa), 127));
    }

    #[test]
    fn a_sender_that_is_no_address_is_refused() {
        let refused = Presence::from_element(&element("<presence xmlns='jabber:client' from='a@/b'/>"));
        assert_eq!(refused, Err(PayloadError::Invalid("from")));
    }

    #[test]
    fn errors() {
        let presence = read(
            "<presence xmlns='jabber:client' type='error'><error type='cancel'>\
             <remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
        );
        assert_eq!(presence.error().unwrap().condition, Condition::RemoteServerNotFound);
        assert_eq!(read("<presence xmlns='jabber:client'><error/></presence>").error(), None);
    }

    #[test]
    fn building() {
        let presence = Presence::directed(PresenceType::Subscribe, Jid::parse("juliet@example.com").unwrap())
            .with_status("It's me");
        assert_eq!(
            presence.to_element(),
            element(
                "<presence xmlns='jabber:client' to='juliet@example.com' type='subscribe'><status>It's me</status></presence>"
            )
        );
    }
}
