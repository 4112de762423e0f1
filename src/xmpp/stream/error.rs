//! Stream errors (RFC 6120 §4.9): the server ends the stream and says why.

use std::fmt;

use super::{clip_text, ns};
use crate::xml::Element;

/// Why a server ended the stream (RFC 6120 §4.9.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StreamCondition {
    /// `bad-format`.
    BadFormat,
    /// `bad-namespace-prefix`.
    BadNamespacePrefix,
    /// `conflict`: another session took over this one.
    Conflict,
    /// `connection-timeout`.
    ConnectionTimeout,
    /// `host-gone`.
    HostGone,
    /// `host-unknown`: the server does not serve this domain.
    HostUnknown,
    /// `improper-addressing`.
    ImproperAddressing,
    /// `internal-server-error`.
    InternalServerError,
    /// `invalid-from`.
    InvalidFrom,
    /// `invalid-id` (RFC 3920).
    InvalidId,
    /// `invalid-namespace`.
    InvalidNamespace,
    /// `invalid-xml`.
    InvalidXml,
    /// `not-authorized`.
    NotAuthorized,
    /// `not-well-formed`; also RFC 3920's `xml-not-well-formed`.
    NotWellFormed,
    /// `policy-violation`.
    PolicyViolation,
    /// `remote-connection-failed`.
    RemoteConnectionFailed,
    /// `reset`: sign in again.
    Reset,
    /// `resource-constraint`.
    ResourceConstraint,
    /// `restricted-xml`.
    RestrictedXml,
    /// `see-other-host`; where to is in [`StreamError::other_host`].
    SeeOtherHost,
    /// `system-shutdown`.
    SystemShutdown,
    /// `undefined-condition`, and every condition not known here.
    UndefinedCondition,
    /// `unsupported-encoding`.
    UnsupportedEncoding,
    /// `unsupported-feature`.
    UnsupportedFeature,
    /// `unsupported-stanza-type`.
    UnsupportedStanzaType,
    /// `unsupported-version`.
    UnsupportedVersion,
}

impl StreamCondition {
    const ALL: [(Self, &'static str); 26] = [
        (Self::BadFormat, "bad-format"),
        (Self::BadNamespacePrefix, "bad-namespace-prefix"),
        (Self::Conflict, "conflict"),
        (Self::ConnectionTimeout, "connection-timeout"),
        (Self::HostGone, "host-gone"),
        (Self::HostUnknown, "host-unknown"),
        (Self::ImproperAddressing, "improper-addressing"),
        (Self::InternalServerError, "internal-server-error"),
        (Self::InvalidFrom, "invalid-from"),
        (Self::InvalidId, "invalid-id"),
        (Self::InvalidNamespace, "invalid-namespace"),
        (Self::InvalidXml, "invalid-xml"),
        (Self::NotAuthorized, "not-authorized"),
        (Self::NotWellFormed, "not-well-formed"),
        (Self::PolicyViolation, "policy-violation"),
        (Self::RemoteConnectionFailed, "remote-connection-failed"),
        (Self::Reset, "reset"),
        (Self::ResourceConstraint, "resource-constraint"),
        (Self::RestrictedXml, "restricted-xml"),
        (Self::SeeOtherHost, "see-other-host"),
        (Self::SystemShutdown, "system-shutdown"),
        (Self::UndefinedCondition, "undefined-condition"),
        (Self::UnsupportedEncoding, "unsupported-encoding"),
        (Self::UnsupportedFeature, "unsupported-feature"),
        (Self::UnsupportedStanzaType, "unsupported-stanza-type"),
        (Self::UnsupportedVersion, "unsupported-version"),
    ];

    /// The element's name.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(condition, _)| *condition == self).map_or("undefined-condition", |(_, name)| name)
    }

    fn from_name(name: &str) -> Self {
        let name = if name == "xml-not-well-formed" { "not-well-formed" } else { name };
        let found = Self::ALL.into_iter().find(|(_, known)| *known == name);
        found.map_or(Self::UndefinedCondition, |(condition, _)| condition)
    }
}

/// `<stream:error/>`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct StreamError {
    /// Why.
    pub condition: StreamCondition,
    /// The server's own words, to be shown as text only.
    pub text: Option<String>,
    /// With `see-other-host`, where to connect instead. Never to be followed without [`super::Redirects`].
    pub other_host: Option<String>,
    /// The name of the application's own condition, such as `handled-count-too-high`.
    pub application: Option<String>,
}

impl StreamError {
    /// Reads a stream error; `None` for any other element.
    pub fn from_element(error: &Element) -> Option<Self> {
        if !error.is("error", ns::STREAMS) {
            return None;
        }
        let mut children = error.children().filter(|child| child.ns() == ns::STREAM_ERRORS && child.name() != "text");
        let defined = children.next();
        let condition =
            defined.map_or(StreamCondition::UndefinedCondition, |child| StreamCondition::from_name(child.name()));
        let other_host = defined.filter(|_| condition == StreamCondition::SeeOtherHost).map(Element::text);
        let text = error.child_text("text", ns::STREAM_ERRORS);
        let application = error.children().find(|child| child.ns() != ns::STREAM_ERRORS).map(Element::name);
        Some(Self {
            condition,
            text: text.filter(|text| !text.trim().is_empty()).map(|text| clip_text(&text)),
            other_host: other_host.map(|host| clip_text(host.trim())).filter(|host| !host.is_empty()),
            application: application.map(clip_text),
        })
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.condition.name())?;
        match &self.text {
            Some(text) => write!(f, ": {text}"),
            None => Ok(()),
        }
    }
}

/// A condition of RFC 6120 §8.3.3 with its text, outside of an ordinary stanza: why binding a resource or stream
/// management was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{condition}")]
pub struct StanzaFailure {
    /// The condition's name; `undefined-condition` if there is none.
    pub condition: String,
    /// The server's own words, to be shown as text only.
    pub text: Option<String>,
}

impl StanzaFailure {
    /// Reads the condition among the children of `<error/>` or `<failed/>`.
    pub fn from_parent(parent: &Element) -> Self {
        let condition = parent.children().find(|child| child.ns() == ns::STANZAS && child.name() != "text");
        let text = parent.child_text("text", ns::STANZAS);
        Self {
            condition: condition.map_or_else(|| "undefined-condition".to_owned(), |child| clip_text(child.name())),
            text: text.filter(|text| !text.trim().is_empty()).map(|text| clip_text(&text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Limits, parse};

    fn error(content: &str) -> StreamError {
        let xml = format!("<s:error xmlns:s='http://etherx.jabber.org/streams'>{content}</s:error>");
        StreamError::from_element(&parse(&xml, &Limits::default()).unwrap()).unwrap()
    }

    #[test]
    fn all_conditions_of_rfc_6120() {
        for (condition, name) in StreamCondition::ALL {
            let read = error(&format!("<{name} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"));
            assert_eq!(read.condition, condition);
            assert_eq!(condition.name(), name);
        }
    }

    #[test]
    fn text_and_application_condition() {
        let error = error(
            "<undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
             <text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>You <![CDATA[<b>acknowledged</b>]]></text>\
             <handled-count-too-high xmlns='urn:xmpp:sm:3' h='10' send-count='8'/>",
        );
        assert_eq!(error.condition, StreamCondition::UndefinedCondition);
        assert_eq!(error.text.as_deref(), Some("You <b>acknowledged</b>"));
        assert_eq!(error.application.as_deref(), Some("handled-count-too-high"));
    }

    #[test]
    fn strange_ones_are_errors_all_the_same() {
        assert_eq!(error("").condition, StreamCondition::UndefinedCondition);
        assert_eq!(error("<conflict xmlns='urn:x'/>").condition, StreamCondition::UndefinedCondition);
        let old = error("<xml-not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>");
        assert_eq!(old.condition, StreamCondition::NotWellFormed);
        let long = "x".repeat(100_000);
        let long = error(&format!("<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{long}</text>"));
        assert_eq!(long.text.unwrap().chars().count(), 1000);
    }

    /// L-04: the address is data, whatever it says.
    #[test]
    fn other_host_is_kept_as_text() {
        let xml = "<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'> evil.example:9222 </see-other-host>";
        assert_eq!(error(xml).other_host.as_deref(), Some("evil.example:9222"));
        let elsewhere = "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'>evil.example</conflict>";
        assert_eq!(error(elsewhere).other_host, None);
    }
}
