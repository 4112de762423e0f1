//! Addresses on their way between the wire's types and the model's.

use plausch_model::{BareJid, SignInError};
use plausch_xmpp::jid;

/// The model's form of a bare JID: the same normalised text.
pub(crate) fn bare(jid: &jid::BareJid) -> BareJid {
    BareJid::new(jid.as_str())
}

/// The model's form of any JID's bare part.
pub(crate) fn bare_of(jid: &jid::Jid) -> BareJid {
    bare(&jid.bare())
}

/// The wire's form of the model's address; `None` only for an address that no engine made.
pub(crate) fn wire(jid: &BareJid) -> Option<jid::BareJid> {
    jid::BareJid::parse(jid.as_str()).ok()
}

/// The wire's form, as a recipient.
pub(crate) fn recipient(jid: &BareJid) -> Option<jid::Jid> {
    jid::Jid::parse(jid.as_str()).ok()
}

/// Reads the address that a person typed to sign in: `romeo@example.org`, or `romeo` where the hoster set a default domain.
/// A resource is ignored.
///
/// # Errors
/// [`SignInError::BadAddress`] if it is no address of a person.
pub fn parse_address(typed: &str, default_domain: Option<&str>) -> Result<BareJid, SignInError> {
    let typed = without_scheme(typed.trim());
    let complete = match default_domain {
        Some(domain) if !typed.contains(['@']) && !typed.is_empty() => format!("{typed}@{domain}"),
        _ => typed.to_owned(),
    };
    let jid = jid::Jid::parse(&complete).map_err(|_| SignInError::BadAddress)?;
    jid.local().map(|_| bare_of(&jid)).ok_or(SignInError::BadAddress)
}

/// Reads the address that a person typed to reach somebody. A resource is ignored.
pub(crate) fn parse_typed(typed: &str, default_domain: Option<&str>) -> Option<BareJid> {
    let typed = without_scheme(typed.trim());
    match default_domain {
        Some(domain) if !typed.contains(['@', '.']) && !typed.is_empty() => parse_address(typed, Some(domain)).ok(),
        _ => jid::Jid::parse(typed).ok().map(|jid| bare_of(&jid)),
    }
}

fn without_scheme(mut typed: &str) -> &str {
    while let Some(rest) = typed.strip_prefix("xmpp:") {
        typed = rest;
    }
    typed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_address_is_completed_normalised_and_checked() {
        let read = |typed, domain| parse_address(typed, domain).map(|jid| jid.to_string());
        assert_eq!(read(" Romeo@Example.ORG/orchard ", None), Ok("romeo@example.org".into()));
        assert_eq!(read("romeo", Some("example.org")), Ok("romeo@example.org".into()));
        assert_eq!(read("xmpp:romeo@example.org", Some("other.example")), Ok("romeo@example.org".into()));
        for bad in ["", "   ", "example.org", "@example.org", "romeo@", "a b@example.org"] {
            assert_eq!(read(bad, None), Err(SignInError::BadAddress), "{bad}");
        }
        assert_eq!(read("romeo", None), Err(SignInError::BadAddress));
    }

    #[test]
    fn a_contact_may_be_a_domain() {
        let read = |typed| parse_typed(typed, Some("example.org")).map(|jid| jid.to_string());
        assert_eq!(read("juliet"), Some("juliet@example.org".into()));
        assert_eq!(read("irc.example.org"), Some("irc.example.org".into()));
        assert_eq!(read("@"), None);
    }
}
