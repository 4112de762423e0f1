//! `<iq/>`: requests and their answers (RFC 6120 §8.2.3).

use super::{Addressing, Condition, StanzaError};
use crate::jid::Jid;
use crate::ns;
use crate::payload::{Payload, PayloadError};
use crate::xml::Element;

/// A request or an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Iq {
    /// The sender; absent if it is our own account (RFC 6120 §8.1.2.1).
    pub from: Option<Jid>,
    /// The recipient; absent if it is our own account.
    pub to: Option<Jid>,
    /// Ties the answer to its request.
    pub id: String,
    /// What it is, with what it carries.
    pub kind: IqKind,
}

/// The four kinds of `<iq/>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IqKind {
    /// Asks for something.
    Get(Element),
    /// Asks to change something.
    Set(Element),
    /// The request succeeded.
    Result(Option<Element>),
    /// The request failed.
    Error(StanzaError),
}

impl Iq {
    /// A request for something, to somebody or (`None`) to our own account.
    pub fn get(id: impl Into<String>, to: Option<Jid>, payload: &impl Payload) -> Self {
        Self { from: None, to, id: id.into(), kind: IqKind::Get(payload.to_element()) }
    }

    /// A request to change something.
    pub fn set(id: impl Into<String>, to: Option<Jid>, payload: &impl Payload) -> Self {
        Self { from: None, to, id: id.into(), kind: IqKind::Set(payload.to_element()) }
    }

    /// Reads `<iq/>`. A request must carry exactly one element; of a result's, the first counts.
    pub fn from_element(element: &Element) -> Result<Self, PayloadError> {
        let Addressing { from, to, id } = Addressing::read(element, "iq")?;
        let id = id.ok_or(PayloadError::MissingAttribute("id"))?;
        let kind = match element.attr("type").ok_or(PayloadError::MissingAttribute("type"))? {
            "get" => IqKind::Get(only_child(element)?),
            "set" => IqKind::Set(only_child(element)?),
            "result" => IqKind::Result(element.children().next().cloned()),
            "error" => IqKind::Error(read_error(element)),
            _ => return Err(PayloadError::Invalid("type")),
        };
        Ok(Self { from, to, id, kind })
    }

    /// Writes `<iq/>`.
    pub fn to_element(&self) -> Element {
        let (word, payload) = match &self.kind {
            IqKind::Get(payload) => ("get", Some(payload.clone())),
            IqKind::Set(payload) => ("set", Some(payload.clone())),
            IqKind::Result(payload) => ("result", payload.clone()),
            IqKind::Error(error) => ("error", Some(error.to_element())),
        };
        Element::builder("iq", ns::CLIENT)
            .attr_opt("from", self.from.as_ref().map(Jid::as_str))
            .attr_opt("to", self.to.as_ref().map(Jid::as_str))
            .attr("id", &self.id)
            .attr("type", word)
            .child_opt(payload)
            .build()
    }

    /// What a request asks, or `None` if this is an answer.
    pub fn request(&self) -> Option<&Element> {
        match &self.kind {
            IqKind::Get(payload) | IqKind::Set(payload) => Some(payload),
            IqKind::Result(_) | IqKind::Error(_) => None,
        }
    }

    /// The answer to this request that it succeeded.
    pub fn result(&self, payload: Option<Element>) -> Self {
        self.answer(IqKind::Result(payload))
    }

    /// The answer to this request that it failed.
    pub fn failure(&self, condition: Condition) -> Self {
        self.answer(IqKind::Error(StanzaError::new(condition)))
    }

    /// The answer to a request that nobody here understands, or `None` if this is an answer itself, which is never
    /// answered. Every request must be answered (RFC 6120 §8.2.3): `service-unavailable` says that its namespace is not
    /// served here (§8.4) and tells a stranger nothing more.
    pub fn unsupported(&self) -> Option<Self> {
        self.request().map(|_| self.failure(Condition::ServiceUnavailable))
    }

    /// The answer `bad-request` to an `<iq/>` that [`Iq::from_element`] refused, if it can and may be answered: it must
    /// name a valid sender (or none), have an id, and not be an answer itself (RFC 6120 §8.2.3, §8.3.1).
    pub fn refusal_of(element: &Element) -> Option<Self> {
        let Addressing { from, id, .. } = Addressing::read(element, "iq").ok()?;
        if matches!(element.attr("type"), Some("result" | "error")) || Self::from_element(element).is_ok() {
            return None;
        }
        let kind = IqKind::Error(StanzaError::new(Condition::BadRequest));
        Some(Self { from: None, to: from, id: id?, kind })
    }

    /// An answer to the sender. The server fills in our own address.
    fn answer(&self, kind: IqKind) -> Self {
        Self { from: None, to: self.from.clone(), id: self.id.clone(), kind }
    }
}

/// What a request asks: its only child.
fn only_child(element: &Element) -> Result<Element, PayloadError> {
    let mut children = element.children();
    let child = children.next().ok_or(PayloadError::MissingChild("payload"))?;
    if children.next().is_some() { Err(PayloadError::Duplicate("payload")) } else { Ok(child.clone()) }
}

/// Why a request failed; unspecified if the answer does not say (RFC 6120 §8.3.1).
fn read_error(element: &Element) -> StanzaError {
    let error = element.child(StanzaError::NAME, StanzaError::NS);
    error.and_then(|error| StanzaError::from_element(error).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::element;
    use crate::xep::ping::Ping;

    fn read(xml: &str) -> Iq {
        Iq::from_element(&element(xml)).unwrap()
    }

    fn round_trip(xml: &str) -> Iq {
        let iq = read(xml);
        assert_eq!(iq.to_element(), element(xml));
        iq
    }

    fn refused(xml: &str) -> PayloadError {
        Iq::from_element(&element(xml)).unwrap_err()
    }

    #[test]
    fn requests_and_answers_survive_the_round_trip() {
        let get = round_trip(
            "<iq xmlns='jabber:client' from='a@b.example/c' to='d@e.example' id='1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
        );
        assert!(get.request().is_some_and(Ping::matches));
        let set = round_trip("<iq xmlns='jabber:client' id='1' type='set'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        assert!(matches!(set.kind, IqKind::Set(_)));
        let result = round_trip("<iq xmlns='jabber:client' id='1' type='result'/>");
        assert_eq!(result.kind, IqKind::Result(None));
        round_trip("<iq xmlns='jabber:client' id='1' type='result'><query xmlns='jabber:iq:roster'/></iq>");
        let error = round_trip(
            "<iq xmlns='jabber:client' id='1' type='error'><error type='cancel'>\
             <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
        );
        assert_eq!(error.kind, IqKind::Error(StanzaError::new(Condition::ItemNotFound)));
        assert_eq!(error.request(), None);
    }

    #[test]
    fn an_error_may_come_with_the_request_or_with_nothing() {
        let with_request = read(
            "<iq xmlns='jabber:client' id='1' type='error'><ping xmlns='urn:xmpp:ping'/><error type='cancel'>\
             <not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
        );
        assert_eq!(with_request.kind, IqKind::Error(StanzaError::new(Condition::NotAllowed)));
        let with_nothing = read("<iq xmlns='jabber:client' id='1' type='error'/>");
        assert_eq!(with_nothing.kind, IqKind::Error(StanzaError::default()));
    }

    #[test]
    fn what_breaks_the_rules_is_refused() {
        let ping = "<ping xmlns='urn:xmpp:ping'/>";
        assert_eq!(
            refused(&format!("<iq xmlns='jabber:client' type='get'>{ping}</iq>")),
            PayloadError::MissingAttribute("id")
        );
        assert_eq!(
            refused(&format!("<iq xmlns='jabber:client' id='1'>{ping}</iq>")),
            PayloadError::MissingAttribute("type")
        );
        assert_eq!(
            refused(&format!("<iq xmlns='jabber:client' id='1' type='subscribe'>{ping}</iq>")),
            PayloadError::Invalid("type")
        );
        assert_eq!(
            refused("<iq xmlns='jabber:client' id='1' type='get'>text</iq>"),
            PayloadError::MissingChild("payload")
        );
        assert_eq!(
            refused(&format!("<iq xmlns='jabber:client' id='1' type='set'>{ping}{ping}</iq>")),
            PayloadError::Duplicate("payload")
        );
        assert_eq!(
            refused("<iq xmlns='jabber:client' from='a@@b' id='1' type='result'/>"),
            PayloadError::Invalid("from")
        );
    }

    #[test]
    fn every_request_can_be_answered_and_no_answer_is() {
        let get = read("<iq xmlns='jabber:client' from='a@b.example/c' id='1' type='get'><x xmlns='y'/></iq>");
        assert_eq!(
            get.unsupported().unwrap().to_element(),
            element(
                "<iq xmlns='jabber:client' to='a@b.example/c' id='1' type='error'><error type='cancel'>\
                 <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            )
        );
        let result = read("<iq xmlns='jabber:client' id='1' type='result'/>");
        assert_eq!(result.unsupported(), None);
        assert_eq!(read("<iq xmlns='jabber:client' id='1' type='error'/>").unsupported(), None);
    }

    #[test]
    fn a_broken_request_is_refused_politely() {
        let refusal = |xml| Iq::refusal_of(&element(xml)).map(|iq| (iq.to.map(|to| to.to_string()), iq.id));
        let broken = "<iq xmlns='jabber:client' from='a@b.example/c' id='1' type='get'/>";
        assert_eq!(refusal(broken), Some((Some("a@b.example/c".into()), "1".into())));
        let odd_type = "<iq xmlns='jabber:client' id='1' type='subscribe'><x xmlns='y'/></iq>";
        assert_eq!(refusal(odd_type), Some((None, "1".into())));
        assert_eq!(refusal("<iq xmlns='jabber:client' type='get'/>"), None, "no id");
        assert_eq!(refusal("<iq xmlns='jabber:client' from='@' id='1' type='get'/>"), None, "no valid sender");
        assert_eq!(refusal("<iq xmlns='jabber:client' id='1' type='result'/>"), None, "an answer");
        assert_eq!(refusal("<iq xmlns='jabber:client' to='@' id='1' type='error'/>"), None, "an answer");
        let good = "<iq xmlns='jabber:client' id='1' type='get'><x xmlns='y'/></iq>";
        assert_eq!(refusal(good), None, "not broken");
        assert_eq!(refusal("<message xmlns='jabber:client' id='1'/>"), None, "no iq");
    }
}
