//! What this client says of itself to those who may ask: identity, features (XEP-0030, XEP-0115), version (XEP-0092).

use plausch_xmpp::xep::{
    caps::Caps,
    disco::{DiscoInfo, Identity},
    version::SoftwareVersion,
};

/// The software's name.
pub(crate) const NAME: &str = "Plausch";
/// The software as a URI (XEP-0115 §4).
const NODE: &str = "urn:x-plausch:web";

/// What we can do. A `+notify` asks contacts' servers for a PEP node (XEP-0163 §4.3.2).
const FEATURES: [&str; 17] = [
    "http://jabber.org/protocol/caps",
    "http://jabber.org/protocol/chatstates",
    "http://jabber.org/protocol/disco#info",
    "http://jabber.org/protocol/nick",
    "http://jabber.org/protocol/nick+notify",
    "jabber:iq:version",
    "urn:xmpp:avatar:metadata+notify",
    "urn:xmpp:bookmarks:1+notify",
    "urn:xmpp:delay",
    "urn:xmpp:eme:0",
    "urn:xmpp:fallback:0",
    "urn:xmpp:mds:displayed:0+notify",
    "urn:xmpp:message-correct:0",
    "urn:xmpp:message-retract:1",
    "urn:xmpp:ping",
    "urn:xmpp:reactions:0",
    "urn:xmpp:receipts",
];

/// The answer to a question about us, or about the node that our capabilities name; `None` for any other node.
pub(crate) fn info(node: Option<String>) -> Option<DiscoInfo> {
    let identity =
        Identity { category: "client".to_owned(), kind: "web".to_owned(), lang: None, name: Some(NAME.to_owned()) };
    let features = FEATURES.map(str::to_owned).to_vec();
    let info = DiscoInfo { node: None, identities: vec![identity], features, forms: Vec::new() };
    match node {
        None => Some(info),
        Some(node) => {
            let known = caps().is_some_and(|caps| caps.query_node() == node);
            known.then_some(DiscoInfo { node: Some(node), ..info })
        }
    }
}

/// What we announce in presence (XEP-0115).
pub(crate) fn caps() -> Option<Caps> {
    Caps::of(NODE, &info(None)?)
}

/// The answer to a question about our version: the name, and nothing that would help to single somebody out.
pub(crate) fn version() -> SoftwareVersion {
    SoftwareVersion { name: Some(NAME.to_owned()), ..SoftwareVersion::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plausch_xmpp::{ns, xep::caps::Verification};

    #[test]
    fn what_we_announce_is_what_we_answer() {
        let caps = caps().unwrap();
        let answer = info(Some(caps.query_node())).unwrap();
        assert_eq!(caps.verify(&answer), Verification::Valid);
        assert!(info(Some("https://other.example#x".into())).is_none());
        assert!(answer.has(ns::RECEIPTS));
    }
}
