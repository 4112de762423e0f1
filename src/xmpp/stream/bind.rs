//! Resource binding (RFC 6120 §7), for servers without Bind 2.

use super::{StanzaFailure, ns};
use crate::jid::{BareJid, FullJid};
use crate::sasl::ScramHash;
use crate::xml::Element;

/// The resource to ask for: the tag and what tells this installation from others. It stays the same, so that a session
/// which could not be resumed is replaced, not joined; and it does not disclose the installation's id (XEP-0386 §3.2.1).
pub(super) fn resource(tag: &str, user_agent_id: &str, jid: &BareJid) -> String {
    let digest = ScramHash::Sha256.digest(format!("{user_agent_id} {jid}").as_bytes());
    let suffix: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{tag}.{suffix}")
}

/// The request to bind a resource, or any if `None`.
pub(super) fn request(id: &str, resource: Option<&str>) -> Element {
    let resource = resource.map(|resource| Element::builder("resource", ns::BIND).text(resource).build());
    Element::builder("iq", ns::CLIENT)
        .attr("type", "set")
        .attr("id", id)
        .child(Element::builder("bind", ns::BIND).child_opt(resource).build())
        .build()
}

/// The server's answer.
pub(super) enum Answer {
    /// The resource is bound.
    Bound(FullJid),
    /// It is not.
    Refused(StanzaFailure),
}

/// Reads the answer to the request `id`; `None` if the element is another one.
pub(super) fn answer(element: &Element, id: &str) -> Option<Answer> {
    if !element.is("iq", ns::CLIENT) || element.attr("id") != Some(id) {
        return None;
    }
    let bound = || {
        let jid = element.child("bind", ns::BIND)?.child_text("jid", ns::BIND)?;
        FullJid::parse(jid.trim()).ok()
    };
    match element.attr("type") {
        Some("result") => Some(match bound() {
            Some(jid) => Answer::Bound(jid),
            None => Answer::Refused(StanzaFailure { condition: "undefined-condition".to_owned(), text: None }),
        }),
        Some("error") => {
            let error = element.child("error", ns::CLIENT);
            Some(Answer::Refused(StanzaFailure::from_parent(error.unwrap_or(element))))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_stable_and_differ_by_installation_and_account() {
        let jid = |text| BareJid::parse(text).unwrap();
        let first = resource("Plausch", "a", &jid("juliet@cap.example"));
        assert_eq!(first, resource("Plausch", "a", &jid("juliet@cap.example")));
        assert_ne!(first, resource("Plausch", "b", &jid("juliet@cap.example")));
        assert_ne!(first, resource("Plausch", "a", &jid("romeo@cap.example")));
        assert_eq!(first.strip_prefix("Plausch.").unwrap().len(), 12);
    }
}
