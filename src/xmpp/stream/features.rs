//! Stream features (RFC 6120 §4.3.2): what the server offers at this point.

use super::ns;
use crate::list::IntoList;
use crate::sasl::Offer;
use crate::xml::Element;

/// What a server offers. Before authentication that is mechanisms, afterwards the rest.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Features {
    /// SASL mechanisms (RFC 6120 §6.4.1).
    pub sasl: Vec<String>,
    /// SASL2 (XEP-0388).
    pub sasl2: Option<Sasl2Features>,
    /// Channel-binding types (XEP-0440), if there is a list of them.
    pub channel_bindings: Option<Vec<String>>,
    /// Resource binding (RFC 6120 §7).
    pub bind: bool,
    /// Stream management (XEP-0198).
    pub stream_management: bool,
    /// Client state indication (XEP-0352).
    pub client_state: bool,
    /// Roster versioning (RFC 6121 §2.6).
    pub roster_versioning: bool,
    /// Subscription pre-approval (RFC 6121 §3.4).
    pub pre_approval: bool,
    /// In-band registration (XEP-0077).
    pub registration: bool,
    /// Limits (XEP-0478) from now on: those before authentication are lower and do not count afterwards (§4). Prosody
    /// gives none after SASL2.
    pub limits: Option<StreamLimits>,
    /// The server's entity capabilities (XEP-0115 §6.3): `<c/>`.
    pub caps: Option<Element>,
}

/// What a server offers by SASL2.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sasl2Features {
    /// Mechanisms for accounts.
    pub mechanisms: Vec<String>,
    /// FAST mechanisms (XEP-0484); empty if there is no FAST.
    pub fast: Vec<String>,
    /// Resumption within the authentication (XEP-0198 §10.2).
    pub resume: bool,
    /// Bind 2 (XEP-0386): the features that can be enabled within.
    pub bind2: Option<Vec<String>>,
    /// Upgrade tasks (XEP-0480).
    pub upgrades: Vec<String>,
}

/// What a server allows a client to send (XEP-0478).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StreamLimits {
    /// Bytes of a top-level element.
    pub max_bytes: Option<u64>,
    /// Seconds of silence after which it may end the stream.
    pub idle_seconds: Option<u64>,
}

impl Features {
    /// Reads `<stream:features/>`; `None` for any other element.
    pub fn from_element(features: &Element) -> Option<Self> {
        if !features.is("features", ns::STREAMS) {
            return None;
        }
        let has = |name, ns| features.child(name, ns).is_some();
        let mechanisms = features.child("mechanisms", ns::SASL);
        let channel_bindings = features.child("sasl-channel-binding", ns::CHANNEL_BINDING);
        Some(Self {
            sasl: mechanisms.map(|list| texts(list, "mechanism", ns::SASL)).unwrap_or_default(),
            sasl2: features.child("authentication", ns::SASL2).map(Sasl2Features::read),
            channel_bindings: channel_bindings.map(|list| values(list, "channel-binding", ns::CHANNEL_BINDING, "type")),
            bind: has("bind", ns::BIND),
            stream_management: has("sm", ns::SM),
            client_state: has("csi", ns::CSI),
            roster_versioning: has("ver", ns::ROSTER_VERSIONING),
            pre_approval: has("sub", ns::PRE_APPROVAL),
            registration: has("register", ns::REGISTER_FEATURE),
            limits: features.child("limits", ns::LIMITS).map(StreamLimits::read),
            caps: features.child("c", ns::CAPS).cloned(),
        })
    }

    /// What was offered for SASL, as XEP-0474 hashes it.
    pub(super) fn sasl_offer(&self) -> Offer {
        Offer { mechanisms: self.sasl.clone(), channel_bindings: self.channel_bindings.clone() }
    }

    /// What was offered for SASL2, as XEP-0474 hashes it.
    pub(super) fn sasl2_offer(&self) -> Offer {
        let mechanisms = self.sasl2.as_ref().map(|sasl2| sasl2.mechanisms.clone()).unwrap_or_default();
        Offer { mechanisms, channel_bindings: self.channel_bindings.clone() }
    }
}

impl Sasl2Features {
    fn read(authentication: &Element) -> Self {
        let inline = authentication.child("inline", ns::SASL2);
        let inside = |name, ns| inline.and_then(|inline| inline.child(name, ns));
        let bind2 = inside("bind", ns::BIND2);
        let bind2_inline = bind2.and_then(|bind| bind.child("inline", ns::BIND2));
        Self {
            mechanisms: texts(authentication, "mechanism", ns::SASL2),
            fast: inside("fast", ns::FAST).map(|fast| texts(fast, "mechanism", ns::FAST)).unwrap_or_default(),
            resume: inside("sm", ns::SM).is_some(),
            bind2: bind2
                .map(|_| bind2_inline.map(|inline| values(inline, "feature", ns::BIND2, "var")).unwrap_or_default()),
            upgrades: texts(authentication, "upgrade", ns::SASL_UPGRADE),
        }
    }
}

impl StreamLimits {
    fn read(limits: &Element) -> Self {
        let number = |name| limits.child_text(name, ns::LIMITS).and_then(|text| text.trim().parse().ok());
        Self { max_bytes: number("max-bytes"), idle_seconds: number("idle-seconds") }
    }
}

fn texts(parent: &Element, name: &str, ns: &str) -> Vec<String> {
    parent.children_named(name, ns).map(|child| child.text().trim().to_owned()).into_list()
}

fn values(parent: &Element, name: &str, ns: &str, attribute: &str) -> Vec<String> {
    parent.children_named(name, ns).filter_map(|child| child.attr(attribute)).map(str::to_owned).into_list()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Limits, parse};

    fn features(content: &str) -> Features {
        let xml = format!("<s:features xmlns:s='http://etherx.jabber.org/streams'>{content}</s:features>");
        Features::from_element(&parse(&xml, &Limits::default()).unwrap()).unwrap()
    }

    /// As Prosody 13 sends them.
    #[test]
    fn before_authentication() {
        let features = features(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism>\
             <mechanism>PLAIN</mechanism></mechanisms>\
             <authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-256</mechanism>\
             <mechanism> PLAIN\n</mechanism>\
             <inline><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/>\
             <feature var='urn:xmpp:csi:0'/><feature var='urn:xmpp:sm:3'/></inline></bind>\
             <sm xmlns='urn:xmpp:sm:3'/>\
             <fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast></inline>\
             <upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-512</upgrade></authentication>\
             <sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/>\
             </sasl-channel-binding>\
             <register xmlns='http://jabber.org/features/iq-register'/>",
        );
        assert_eq!(features.sasl, ["SCRAM-SHA-1", "PLAIN"]);
        assert_eq!(features.channel_bindings, Some(vec!["tls-exporter".to_owned()]));
        assert!(features.registration && !features.bind);
        let sasl2 = features.sasl2.unwrap();
        assert_eq!(sasl2.mechanisms, ["SCRAM-SHA-256", "PLAIN"]);
        assert_eq!(sasl2.fast, ["HT-SHA-256-NONE"]);
        assert_eq!(sasl2.upgrades, ["UPGR-SCRAM-SHA-512"]);
        assert_eq!(sasl2.bind2.unwrap(), ["urn:xmpp:carbons:2", "urn:xmpp:csi:0", "urn:xmpp:sm:3"]);
        assert!(sasl2.resume);
    }

    #[test]
    fn after_authentication() {
        let features = features(
            "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><required/></bind><sm xmlns='urn:xmpp:sm:3'/>\
             <csi xmlns='urn:xmpp:csi:0'/><ver xmlns='urn:xmpp:features:rosterver'/>\
             <sub xmlns='urn:xmpp:features:pre-approval'/>\
             <limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>262144</max-bytes></limits>\
             <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://prosody.im' ver='x'/>",
        );
        assert!(features.bind && features.stream_management && features.client_state);
        assert!(features.roster_versioning && features.pre_approval);
        assert_eq!(features.limits, Some(StreamLimits { max_bytes: Some(262_144), idle_seconds: None }));
        assert_eq!(features.caps.unwrap().attr("ver"), Some("x"));
    }

    #[test]
    fn namespaces_count() {
        let features = features(
            "<bind/><sm xmlns='urn:xmpp:sm:2'/><mechanisms><mechanism>PLAIN</mechanism></mechanisms>\
             <authentication xmlns='urn:xmpp:sasl:2'><inline><bind xmlns='urn:x'/></inline></authentication>",
        );
        let sasl2 = Some(Sasl2Features::default());
        assert_eq!(features, Features { sasl2, ..Features::default() });
        let other = parse("<features xmlns='jabber:client'/>", &Limits::default()).unwrap();
        assert_eq!(Features::from_element(&other), None);
    }
}
