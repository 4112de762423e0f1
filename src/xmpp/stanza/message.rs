//! `<message/>` (RFC 6121 §5).

use super::{Addressing, LangText, StanzaError};
use crate::jid::{BareJid, Jid};
use crate::list::IntoList;
use crate::ns;
use crate::payload::{Payload, PayloadError, first_payload, words};
use crate::xep::stanza_id::StanzaId;
use crate::xml::Element;

words! {
    /// What kind of exchange a message belongs to (RFC 6121 §5.2.2).
    #[derive(Default)]
    MessageType {
        /// A single message outside of a conversation.
        #[default]
        Normal = "normal",
        /// Part of a conversation with one person.
        Chat = "chat",
        /// Part of a conversation in a room.
        Groupchat = "groupchat",
        /// A notice to which no reply is expected.
        Headline = "headline",
        /// A message that could not be delivered comes back.
        Error = "error",
    }
}

/// What a message is part of (RFC 6121 §5.2.5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Thread {
    /// Identifies the conversation.
    pub id: String,
    /// The conversation that this one branched from.
    pub parent: Option<String>,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Message {
    /// The sender; absent if it is our own account (RFC 6120 §8.1.2.1).
    pub from: Option<Jid>,
    /// The recipient.
    pub to: Option<Jid>,
    /// The sender's id of this stanza.
    pub id: Option<String>,
    /// The kind.
    pub kind: MessageType,
    /// The language of its texts (`xml:lang`).
    pub lang: Option<String>,
    /// What it says, once per language.
    pub bodies: Vec<LangText>,
    /// Its subject, once per language.
    pub subjects: Vec<LangText>,
    /// The conversation it is part of.
    pub thread: Option<Thread>,
    /// Everything else, in order.
    pub payloads: Vec<Element>,
}

impl Message {
    /// An empty message to somebody.
    pub fn new(kind: MessageType, to: Jid) -> Self {
        Self { to: Some(to), kind, ..Self::default() }
    }

    /// Reads `<message/>`. An unknown type counts as `normal` (RFC 6121 §5.2.2).
    pub fn from_element(element: &Element) -> Result<Self, PayloadError> {
        let Addressing { from, to, id } = Addressing::read(element, "message")?;
        Ok(Self {
            from,
            to,
            id,
            kind: element.attr("type").and_then(MessageType::from_word).unwrap_or_default(),
            lang: element.lang().map(str::to_owned),
            bodies: LangText::read_all(element, "body"),
            subjects: LangText::read_all(element, "subject"),
            thread: element.child("thread", ns::CLIENT).map(Thread::read),
            payloads: element.children().filter(|child| !is_text(child)).cloned().into_list(),
        })
    }

    /// Writes `<message/>`.
    pub fn to_element(&self) -> Element {
        let lang = self.lang.as_deref();
        Element::builder("message", ns::CLIENT)
            .attr_opt("from", self.from.as_ref().map(Jid::as_str))
            .attr_opt("to", self.to.as_ref().map(Jid::as_str))
            .attr_opt("id", self.id.as_deref())
            .attr_opt("type", Some(self.kind).filter(|kind| *kind != MessageType::Normal).map(MessageType::word))
            .lang(lang)
            .children(self.subjects.iter().map(|subject| subject.to_element("subject", lang)))
            .children(self.bodies.iter().map(|body| body.to_element("body", lang)))
            .child_opt(self.thread.as_ref().map(Thread::write))
            .children(self.payloads.iter().cloned())
            .build()
    }

    /// The body to show: the one in the message's own language, else the first.
    pub fn body(&self) -> Option<&str> {
        LangText::preferred(&self.bodies, self.lang.as_deref())
    }

    /// The subject to show.
    pub fn subject(&self) -> Option<&str> {
        LangText::preferred(&self.subjects, self.lang.as_deref())
    }

    /// This message with a body.
    #[must_use]
    pub fn with_body(mut self, text: impl Into<String>) -> Self {
        self.bodies.push(LangText { lang: self.lang.clone(), text: text.into() });
        self
    }

    /// This message with one more payload.
    #[must_use]
    pub fn with_payload(mut self, payload: &impl Payload) -> Self {
        self.payloads.push(payload.to_element());
        self
    }

    /// The first payload of a type. An error is that payload's alone: the message and its other payloads are good.
    pub fn payload<P: Payload>(&self) -> Option<Result<P, PayloadError>> {
        first_payload(&self.payloads)
    }

    /// All payloads of a type, in order.
    pub fn payloads_of<P: Payload>(&self) -> impl Iterator<Item = Result<P, PayloadError>> {
        self.payloads.iter().filter(|payload| P::matches(payload)).map(P::from_element)
    }

    /// Why the message came back, if it is of the type `error`. Elsewhere `<error/>` means nothing (RFC 6120 §8.3.1).
    pub fn error(&self) -> Option<StanzaError> {
        let error = || self.payload::<StanzaError>().and_then(Result::ok).unwrap_or_default();
        (self.kind == MessageType::Error).then(error)
    }

    /// The id that `assigner` gave this message (XEP-0359), and nobody else's: anybody may write any `<stanza-id/>`, but an
    /// entity that announces `urn:xmpp:sid:0` removes those written in its own name. So if there are several in its name,
    /// it does not, and none counts (attack case A-11).
    pub fn stanza_id_by(&self, assigner: &BareJid) -> Option<String> {
        let mut ids = self.payloads_of::<StanzaId>().filter_map(Result::ok).filter(|id| id.is_by(assigner));
        let id = ids.next()?;
        ids.next().is_none().then_some(id.id)
    }
}

impl Thread {
    fn read(element: &Element) -> Self {
        Self { id: element.text(), parent: element.attr("parent").map(str::to_owned) }
    }

    fn write(&self) -> Element {
        Element::builder("thread", ns::CLIENT).attr_opt("parent", self.parent.as_deref()).text(&*self.id).build()
    }
}

/// Whether a child is one of those that [`Message`] has fields for.
fn is_text(child: &Element) -> bool {
    child.ns() == ns::CLIENT && matches!(child.name(), "body" | "subject" | "thread")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::element;
    use crate::stanza::Condition;
    use crate::xep::delay::Delay;
    use crate::xep::receipts::ReceiptRequest;

    fn read(xml: &str) -> Message {
        Message::from_element(&element(xml)).unwrap()
    }

    fn round_trip(xml: &str) -> Message {
        let message = read(xml);
        assert_eq!(message.to_element(), element(xml));
        message
    }

    #[test]
    fn a_full_message_survives_the_round_trip() {
        let message = round_trip(
            "<message xmlns='jabber:client' from='juliet@example.com/balcony' to='romeo@example.net' id='z94nb37h' \
             type='chat' xml:lang='en'><subject>I implore you!</subject><subject xml:lang='cs'>Úpěnlivě prosím!</subject>\
             <body>Wherefore art thou, Romeo?</body><body xml:lang='cs'>Pročež jsi ty, Romeo?</body>\
             <thread parent='e0ffe42b'>0e3141cd</thread><request xmlns='urn:xmpp:receipts'/></message>",
        );
        assert_eq!(message.kind, MessageType::Chat);
        assert_eq!(message.body(), Some("Wherefore art thou, Romeo?"));
        assert_eq!(message.subject(), Some("I implore you!"));
        assert_eq!(message.bodies[0].lang.as_deref(), Some("en"));
        assert_eq!(message.bodies[1].lang.as_deref(), Some("cs"));
        assert_eq!(message.thread, Some(Thread { id: "0e3141cd".into(), parent: Some("e0ffe42b".into()) }));
        assert_eq!(message.payload::<ReceiptRequest>(), Some(Ok(ReceiptRequest)));
        assert_eq!(message.payload::<Delay>(), None);
    }

    #[test]
    fn types() {
        for kind in MessageType::ALL {
            let read = read(&format!("<message xmlns='jabber:client' type='{}'/>", kind.word()));
            assert_eq!(read.kind, *kind);
        }
        assert_eq!(read("<message xmlns='jabber:client'/>").kind, MessageType::Normal);
        assert_eq!(read("<message xmlns='jabber:client' type='dance'/>").kind, MessageType::Normal);
        assert_eq!(read("<message xmlns='jabber:client' type='Chat'/>").kind, MessageType::Normal);
    }

    #[test]
    fn of_two_bodies_in_one_language_the_first_counts() {
        let message = read(
            "<message xmlns='jabber:client' xml:lang='en'><body>first</body><body xml:lang='en'>second</body>\
             <body xml:lang='de'>erster</body><body xml:lang='de'>zweiter</body></message>",
        );
        let texts: Vec<_> = message.bodies.iter().map(|body| body.text.as_str()).collect();
        assert_eq!(texts, ["first", "erster"]);
        assert_eq!(message.payloads, []);
    }

    #[test]
    fn endless_bodies_are_cut_off() {
        let bodies: String = (0..1_000).map(|number| format!("<body xml:lang='x-{number}'>{number}</body>")).collect();
        let message = read(&format!("<message xmlns='jabber:client'>{bodies}</message>"));
        assert_eq!(message.bodies.len(), 64);
    }

    #[test]
    fn a_body_in_the_own_language_is_preferred() {
        let message =
            read("<message xmlns='jabber:client'><body xml:lang='de'>Hallo</body><body>Hello</body></message>");
        assert_eq!(message.body(), Some("Hello"));
        let message = read("<message xmlns='jabber:client' xml:lang='fr'><body xml:lang='de'>Hallo</body></message>");
        assert_eq!(message.body(), Some("Hallo"));
    }

    #[test]
    fn a_body_of_another_namespace_is_no_body() {
        let message =
            read("<message xmlns='jabber:client'><body xmlns='http://www.w3.org/1999/xhtml'>x</body></message>");
        assert_eq!(message.body(), None);
        assert_eq!(message.payloads.len(), 1);
    }

    #[test]
    fn a_bad_payload_is_a_value_beside_the_good_ones() {
        let message = read(
            "<message xmlns='jabber:client'><body>hi</body><delay xmlns='urn:xmpp:delay' stamp='yesterday'/>\
             <delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/><request xmlns='urn:xmpp:receipts'/></message>",
        );
        assert_eq!(message.body(), Some("hi"));
        assert_eq!(message.payload::<Delay>(), Some(Err(PayloadError::Invalid("stamp"))));
        assert_eq!(message.payload::<ReceiptRequest>(), Some(Ok(ReceiptRequest)));
        let delays: Vec<_> = message.payloads_of::<Delay>().map(|delay| delay.is_ok()).collect();
        assert_eq!(delays, [false, true]);
    }

    #[test]
    fn a_sender_or_recipient_that_is_no_address_is_refused() {
        let refused = |xml| Message::from_element(&element(xml)).unwrap_err();
        assert_eq!(refused("<message xmlns='jabber:client' from='@'/>"), PayloadError::Invalid("from"));
        assert_eq!(refused("<message xmlns='jabber:client' from=''/>"), PayloadError::Invalid("from"));
        assert_eq!(refused("<message xmlns='jabber:client' to='a@b@/'/>"), PayloadError::Invalid("to"));
        assert_eq!(refused("<message xmlns='jabber:server'/>"), PayloadError::WrongElement("message"));
        assert_eq!(refused("<presence xmlns='jabber:client'/>"), PayloadError::WrongElement("message"));
    }

    #[test]
    fn errors_count_in_error_messages_only() {
        let error = "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
        let returned = round_trip(&format!("<message xmlns='jabber:client' type='error'>{error}</message>"));
        assert_eq!(returned.error().unwrap().condition, Condition::ItemNotFound);
        let chat = read(&format!("<message xmlns='jabber:client' type='chat'>{error}</message>"));
        assert_eq!(chat.error(), None);
        let bare = read("<message xmlns='jabber:client' type='error'/>");
        assert_eq!(bare.error().unwrap().condition, Condition::UndefinedCondition);
    }

    #[test]
    fn only_the_stanza_id_of_the_entity_asked_for_counts() {
        let message = read(
            "<message xmlns='jabber:client' from='eve@evil.example/x'>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='eve@evil.example' id='theirs'/>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='juliet@cap.example/web1' id='resource'/>\
             <stanza-id xmlns='urn:xmpp:sid:0' id='nobody'/>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='juliet@cap.example' id='ours'/></message>",
        );
        assert_eq!(message.stanza_id_by(&BareJid::parse("juliet@cap.example").unwrap()).as_deref(), Some("ours"));
        assert_eq!(message.stanza_id_by(&BareJid::parse("hall@muc.cap.example").unwrap()), None);
    }

    #[test]
    fn two_stanza_ids_by_one_entity_are_none() {
        let message = read(
            "<message xmlns='jabber:client'><stanza-id xmlns='urn:xmpp:sid:0' by='juliet@cap.example' id='forged'/>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='Juliet@cap.example' id='ours'/></message>",
        );
        assert_eq!(message.stanza_id_by(&BareJid::parse("juliet@cap.example").unwrap()), None);
    }

    #[test]
    fn building() {
        let message = Message::new(MessageType::Chat, Jid::parse("romeo@example.net").unwrap())
            .with_body("hi")
            .with_payload(&ReceiptRequest);
        assert_eq!(
            message.to_element(),
            element(
                "<message xmlns='jabber:client' to='romeo@example.net' type='chat'><body>hi</body>\
                 <request xmlns='urn:xmpp:receipts'/></message>"
            )
        );
    }
}
