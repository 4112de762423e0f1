//! The server's refusal of an authentication (RFC 6120 §6.5, XEP-0388 §2.6.2).

use std::fmt;

use crate::stream::clip_text;
use crate::stream::ns;
use crate::xml::Element;

/// Why a server refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SaslCondition {
    /// `aborted`: it confirms that we gave up.
    Aborted,
    /// `account-disabled`.
    AccountDisabled,
    /// `credentials-expired`: a password or token that used to be right.
    CredentialsExpired,
    /// `encryption-required`.
    EncryptionRequired,
    /// `incorrect-encoding`.
    IncorrectEncoding,
    /// `invalid-authzid`.
    InvalidAuthzid,
    /// `invalid-mechanism`.
    InvalidMechanism,
    /// `malformed-request`.
    MalformedRequest,
    /// `mechanism-too-weak`.
    MechanismTooWeak,
    /// `not-authorized`: wrong address or password.
    NotAuthorized,
    /// `temporary-auth-failure`: worth another try later.
    TemporaryAuthFailure,
    /// A condition that RFC 6120 does not know; its name.
    Other(String),
}

impl SaslCondition {
    /// The element's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Aborted => "aborted",
            Self::AccountDisabled => "account-disabled",
            Self::CredentialsExpired => "credentials-expired",
            Self::EncryptionRequired => "encryption-required",
            Self::IncorrectEncoding => "incorrect-encoding",
            Self::InvalidAuthzid => "invalid-authzid",
            Self::InvalidMechanism => "invalid-mechanism",
            Self::MalformedRequest => "malformed-request",
            Self::MechanismTooWeak => "mechanism-too-weak",
            Self::NotAuthorized => "not-authorized",
            Self::TemporaryAuthFailure => "temporary-auth-failure",
            Self::Other(name) => name,
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "aborted" => Self::Aborted,
            "account-disabled" => Self::AccountDisabled,
            "credentials-expired" => Self::CredentialsExpired,
            "encryption-required" => Self::EncryptionRequired,
            "incorrect-encoding" => Self::IncorrectEncoding,
            "invalid-authzid" => Self::InvalidAuthzid,
            "invalid-mechanism" => Self::InvalidMechanism,
            "malformed-request" => Self::MalformedRequest,
            "mechanism-too-weak" => Self::MechanismTooWeak,
            "not-authorized" => Self::NotAuthorized,
            "temporary-auth-failure" => Self::TemporaryAuthFailure,
            other => Self::Other(clip_text(other)),
        }
    }
}

/// A `<failure/>` of either profile.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct SaslFailure {
    /// Why.
    pub condition: SaslCondition,
    /// The server's own words, to be shown as text only.
    pub text: Option<String>,
}

impl SaslFailure {
    /// Reads `<failure/>`. A condition outside of its namespace is taken, too: some servers forget it. None at all counts
    /// as `not-authorized`, the most general one.
    pub fn from_element(failure: &Element) -> Self {
        let known = failure.children().find(|child| child.ns() == ns::SASL && child.name() != "text");
        let condition = known.or_else(|| failure.children().find(|child| child.name() != "text"));
        let text = failure.children().find(|child| child.name() == "text").map(Element::text);
        Self {
            condition: condition.map_or(SaslCondition::NotAuthorized, |child| SaslCondition::from_name(child.name())),
            text: text.filter(|text| !text.trim().is_empty()).map(|text| clip_text(&text)),
        }
    }
}

impl fmt::Display for SaslFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.condition.name())?;
        match &self.text {
            Some(text) => write!(f, ": {text}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Limits, parse};

    fn failure(xml: &str) -> SaslFailure {
        SaslFailure::from_element(&parse(xml, &Limits::default()).unwrap())
    }

    #[test]
    fn all_conditions_of_rfc_6120() {
        for name in [
            "aborted",
            "account-disabled",
            "credentials-expired",
            "encryption-required",
            "incorrect-encoding",
            "invalid-authzid",
            "invalid-mechanism",
            "malformed-request",
            "mechanism-too-weak",
            "not-authorized",
            "temporary-auth-failure",
        ] {
            let condition =
                failure(&format!("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><{name}/></failure>")).condition;
            assert_eq!(condition.name(), name);
            assert!(!matches!(condition, SaslCondition::Other(_)));
        }
    }

    #[test]
    fn sasl2_with_text_and_application_condition() {
        let failure = failure(
            "<failure xmlns='urn:xmpp:sasl:2'><locked xmlns='urn:something:else'/>\
             <account-disabled xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>\
             <text>Call &lt;b>us&lt;/b></text></failure>",
        );
        assert_eq!(failure.condition, SaslCondition::AccountDisabled);
        assert_eq!(failure.text.as_deref(), Some("Call <b>us</b>"));
        assert_eq!(failure.to_string(), "account-disabled: Call <b>us</b>");
    }

    #[test]
    fn what_servers_get_wrong_is_still_a_refusal() {
        let without_namespace = failure("<failure xmlns='urn:xmpp:sasl:2'><malformed-request/></failure>");
        assert_eq!(without_namespace.condition, SaslCondition::MalformedRequest);
        assert_eq!(failure("<failure xmlns='urn:xmpp:sasl:2'/>").condition, SaslCondition::NotAuthorized);
        let unknown = failure("<failure xmlns='urn:xmpp:sasl:2'><bad-auth/><text> </text></failure>");
        assert_eq!(unknown, SaslFailure { condition: SaslCondition::Other("bad-auth".to_owned()), text: None });
    }
}
