//! `<error/>` in a stanza (RFC 6120 §8.3).

use crate::jid::Jid;
use crate::ns;
use crate::payload::{Payload, PayloadError, expect, words};
use crate::xml::Element;

words! {
    /// What may be done about an error (RFC 6120 §8.3.2).
    ErrorKind {
        /// Try again with credentials.
        Auth = "auth",
        /// Do not try again.
        Cancel = "cancel",
        /// Go on: it was only a warning.
        Continue = "continue",
        /// Try again with other data.
        Modify = "modify",
        /// Try again later.
        Wait = "wait",
    }
}

words! {
    /// What went wrong (RFC 6120 §8.3.3).
    Condition {
        /// The stanza breaks a schema or can't be processed.
        BadRequest = "bad-request",
        /// Something of that name exists already.
        Conflict = "conflict",
        /// The recipient does not implement it.
        FeatureNotImplemented = "feature-not-implemented",
        /// The sender may not do it.
        Forbidden = "forbidden",
        /// The recipient has moved for good; see [`StanzaError::new_address`].
        Gone = "gone",
        /// The server is misconfigured or broken.
        InternalServerError = "internal-server-error",
        /// There is no such address or item.
        ItemNotFound = "item-not-found",
        /// An address is malformed.
        JidMalformed = "jid-malformed",
        /// The request does not meet the recipient's criteria.
        NotAcceptable = "not-acceptable",
        /// Nobody may do it.
        NotAllowed = "not-allowed",
        /// The sender must first authenticate.
        NotAuthorized = "not-authorized",
        /// A local policy forbids it.
        PolicyViolation = "policy-violation",
        /// The recipient is temporarily unavailable.
        RecipientUnavailable = "recipient-unavailable",
        /// The recipient redirects to another address; see [`StanzaError::new_address`].
        Redirect = "redirect",
        /// The sender must first register.
        RegistrationRequired = "registration-required",
        /// The recipient's server does not exist or can't be found.
        RemoteServerNotFound = "remote-server-not-found",
        /// The recipient's server did not answer in time.
        RemoteServerTimeout = "remote-server-timeout",
        /// Somebody lacks the resources for it.
        ResourceConstraint = "resource-constraint",
        /// The recipient does not offer it.
        ServiceUnavailable = "service-unavailable",
        /// The sender must first be subscribed.
        SubscriptionRequired = "subscription-required",
        /// Something else, and every condition not known here (RFC 6120 §8.3.2).
        UndefinedCondition = "undefined-condition",
        /// The request came out of order.
        UnexpectedRequest = "unexpected-request",
    }
}

/// Why a stanza failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StanzaError {
    /// What may be done about it.
    pub kind: ErrorKind,
    /// What went wrong.
    pub condition: Condition,
    /// The address to use instead, a URI, with `gone` and `redirect`. Never to be followed unasked.
    pub new_address: Option<String>,
    /// Words from whoever reported it: text from the network.
    pub text: Option<String>,
    /// Who reported it, as they say.
    pub by: Option<Jid>,
    /// A condition of the application's own.
    pub application: Option<Box<Element>>,
}

impl Default for StanzaError {
    /// What an error stanza without any `<error/>` means.
    fn default() -> Self {
        Self::new(Condition::UndefinedCondition)
    }
}

impl StanzaError {
    /// An error with the kind that the RFC recommends for its condition.
    pub fn new(condition: Condition) -> Self {
        Self { kind: condition.usual_kind(), condition, new_address: None, text: None, by: None, application: None }
    }

    /// Whether the error carries an application condition of this name and namespace.
    pub fn has_application_condition(&self, name: &str, ns: &str) -> bool {
        self.application.as_ref().is_some_and(|element| element.is(name, ns))
    }
}

impl Condition {
    /// The kind that RFC 6120 §8.3.3 recommends.
    fn usual_kind(self) -> ErrorKind {
        match self {
            Self::BadRequest | Self::JidMalformed | Self::NotAcceptable | Self::PolicyViolation | Self::Redirect => {
                ErrorKind::Modify
            }
            Self::Forbidden | Self::NotAuthorized | Self::RegistrationRequired | Self::SubscriptionRequired => {
                ErrorKind::Auth
            }
            Self::RecipientUnavailable
            | Self::RemoteServerTimeout
            | Self::ResourceConstraint
            | Self::UnexpectedRequest => ErrorKind::Wait,
            _ => ErrorKind::Cancel,
        }
    }
}

impl Payload for StanzaError {
    const NAME: &'static str = "error";
    const NS: &'static str = ns::CLIENT;

    /// Reads leniently: whatever is wrong with an error, the stanza has failed all the same.
    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let (condition, new_address) = read_condition(element);
        let application = element.children().find(|child| child.ns() != ns::STANZAS);
        Ok(Self {
            kind: element.attr("type").and_then(ErrorKind::from_word).unwrap_or(condition.usual_kind()),
            condition,
            new_address,
            text: element.child_text("text", ns::STANZAS),
            by: element.attr("by").and_then(|by| Jid::parse(by).ok()),
            application: application.cloned().map(Box::new),
        })
    }

    fn to_element(&self) -> Element {
        let condition = Element::builder(self.condition.word(), ns::STANZAS);
        let condition = match &self.new_address {
            Some(uri) => condition.text(&**uri),
            None => condition,
        };
        let text = self.text.as_ref().map(|text| Element::builder("text", ns::STANZAS).text(&**text).build());
        Element::builder(Self::NAME, Self::NS)
            .attr("type", self.kind.word())
            .attr_opt("by", self.by.as_ref().map(Jid::as_str))
            .child(condition.build())
            .child_opt(text)
            .child_opt(self.application.as_deref().cloned())
            .build()
    }
}

/// The first condition that is known here, with its address where it has one.
fn read_condition(error: &Element) -> (Condition, Option<String>) {
    let known = |child: &Element| Condition::from_word(child.name()).filter(|_| child.ns() == ns::STANZAS);
    match error.children().find_map(|child| Some((known(child)?, child))) {
        Some((condition @ (Condition::Gone | Condition::Redirect), child)) => {
            (condition, Some(child.text()).filter(|uri| !uri.is_empty()))
        }
        Some((condition, _)) => (condition, None),
        None => (Condition::UndefinedCondition, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{element, read, round_trip};

    #[test]
    fn a_full_error_survives_the_round_trip() {
        let error: StanzaError = round_trip(
            "<error xmlns='jabber:client' type='modify' by='example.net'>\
             <policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
             <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>No &lt;b>!</text>\
             <special xmlns='application-ns'><more/></special></error>",
        );
        assert_eq!(error.kind, ErrorKind::Modify);
        assert_eq!(error.condition, Condition::PolicyViolation);
        assert_eq!(error.text.as_deref(), Some("No <b>!"));
        assert_eq!(error.by, Some(Jid::parse("example.net").unwrap()));
        assert!(error.has_application_condition("special", "application-ns"));
        assert!(!error.has_application_condition("special", "other-ns"));
    }

    #[test]
    fn conditions_and_kinds() {
        for condition in Condition::ALL {
            let error = StanzaError::new(*condition);
            assert_eq!(StanzaError::from_element(&error.to_element()), Ok(error));
        }
        for kind in ErrorKind::ALL {
            let error = StanzaError { kind: *kind, ..StanzaError::default() };
            assert_eq!(StanzaError::from_element(&error.to_element()), Ok(error));
        }
    }

    #[test]
    fn gone_and_redirect_carry_an_address() {
        let error: StanzaError = round_trip(
            "<error xmlns='jabber:client' type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>\
             xmpp:romeo@afterlife.example.net</gone></error>",
        );
        assert_eq!(error.new_address.as_deref(), Some("xmpp:romeo@afterlife.example.net"));
        let error: StanzaError = read(
            "<error xmlns='jabber:client'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>x</forbidden></error>",
        )
        .unwrap();
        assert_eq!(error.new_address, None);
        let both: StanzaError = read(
            "<error xmlns='jabber:client'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
             <gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:eve@evil.example</gone></error>",
        )
        .unwrap();
        assert_eq!(both, StanzaError::new(Condition::Conflict), "the first counts");
    }

    #[test]
    fn whatever_is_wrong_with_it_it_is_an_error() {
        let unknown = "<error xmlns='jabber:client' type='fatal' by='@'><broken xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
        assert_eq!(read::<StanzaError>(unknown), Ok(StanzaError::default()));
        assert_eq!(read::<StanzaError>("<error xmlns='jabber:client'/>"), Ok(StanzaError::default()));
        assert_eq!(StanzaError::from_element(&element("<error/>")), Err(PayloadError::WrongElement("error")));
    }

    #[test]
    fn a_missing_kind_is_the_usual_one() {
        let wait =
            "<error xmlns='jabber:client'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
        assert_eq!(read::<StanzaError>(wait).unwrap().kind, ErrorKind::Wait);
    }
}
