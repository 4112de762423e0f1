//! Who the fake server says it is, and how it answers what clients ask at the beginning of a session.

use plausch_xmpp::xml::Element;

use super::scram::Tampering;

/// The fake server's manners.
#[derive(Clone, Debug)]
pub struct Host {
    /// The domain it serves.
    pub domain: String,
    /// The account that may log in.
    pub account: String,
    /// Its password, for SCRAM; PLAIN is believed.
    pub password: String,
    /// The resource it binds.
    pub resource: String,
    /// The SASL mechanisms it offers.
    pub mechanisms: Vec<String>,
    /// What it does wrong in SCRAM.
    pub tampering: Tampering,
    /// Whether it offers stream management (XEP-0198).
    pub stream_management: bool,
    /// Roster items, as XML.
    pub roster: Vec<String>,
    /// Features that the domain announces (XEP-0030).
    pub features: Vec<String>,
    /// Features that the account announces.
    pub account_features: Vec<String>,
}

/// The people of the attack cases.
impl Default for Host {
    fn default() -> Self {
        let features = |list: &[&str]| list.iter().map(|feature| (*feature).to_owned()).collect();
        Self {
            domain: "cap.example".to_owned(),
            account: "juliet@cap.example".to_owned(),
            password: "r0m30".to_owned(),
            resource: "web1".to_owned(),
            mechanisms: vec!["SCRAM-SHA-256".to_owned()],
            tampering: Tampering::None,
            stream_management: true,
            roster: vec!["<item jid='romeo@mont.example' subscription='both' name='Romeo'/>".to_owned()],
            features: features(&["urn:xmpp:carbons:2", "urn:xmpp:blocking", "urn:xmpp:ping", "vcard-temp"]),
            account_features: features(&["urn:xmpp:mam:2", "urn:xmpp:sid:0", "urn:xmpp:carbons:2"]),
        }
    }
}

impl Host {
    /// The client's full JID.
    pub fn full_jid(&self) -> String {
        format!("{}/{}", self.account, self.resource)
    }

    /// The answer to `<open/>`.
    pub fn open(&self) -> String {
        format!(
            "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='{}' id='fake-stream' version='1.0' xml:lang='en'/>",
            self.domain
        )
    }

    /// The features before authentication.
    pub fn features_before(&self) -> String {
        let mechanisms: String = self.mechanisms.iter().map(|name| format!("<mechanism>{name}</mechanism>")).collect();
        features(&format!("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{mechanisms}</mechanisms>"))
    }

    /// The features after authentication.
    pub fn features_after(&self) -> String {
        let sm = if self.stream_management { "<sm xmlns='urn:xmpp:sm:3'/>" } else { "" };
        features(&format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>{sm}"))
    }

    /// What an ordinary server says to a stanza.
    pub fn answer(&self, stanza: &Element) -> Vec<String> {
        match stanza.name() {
            "iq" if matches!(stanza.attr("type"), Some("get" | "set")) => vec![self.answer_iq(stanza)],
            "presence" if stanza.attr("to").is_none() && stanza.attr("type").is_none() => vec![self.reflect(stanza)],
            _ => vec![],
        }
    }

    fn answer_iq(&self, iq: &Element) -> String {
        let Some(payload) = iq.children().next() else { return error(iq, "bad-request") };
        match (payload.name(), payload.ns()) {
            ("query", "jabber:iq:roster") => self.answer_roster(iq),
            ("query", "http://jabber.org/protocol/disco#info") => result(iq, &self.disco(iq)),
            ("query", "http://jabber.org/protocol/disco#items") => {
                result(iq, "<query xmlns='http://jabber.org/protocol/disco#items'/>")
            }
            ("blocklist", ns @ "urn:xmpp:blocking") => result(iq, &format!("<blocklist xmlns='{ns}'/>")),
            ("query", ns @ "urn:xmpp:mam:2") => result(
                iq,
                &format!("<fin xmlns='{ns}' complete='true'><set xmlns='http://jabber.org/protocol/rsm'/></fin>"),
            ),
            ("enable", "urn:xmpp:carbons:2") | ("ping", "urn:xmpp:ping") => result(iq, ""),
            ("pubsub" | "vCard", _) => error(iq, "item-not-found"),
            _ => error(iq, "service-unavailable"),
        }
    }

    fn answer_roster(&self, iq: &Element) -> String {
        match iq.attr("type") {
            Some("get") => result(iq, &format!("<query xmlns='jabber:iq:roster'>{}</query>", self.roster.concat())),
            _ => result(iq, ""),
        }
    }

    fn disco(&self, iq: &Element) -> String {
        let (identity, features) = match iq.attr("to") {
            Some(to) if to == self.domain => ("<identity category='server' type='im'/>", &self.features),
            _ => ("<identity category='account' type='registered'/>", &self.account_features),
        };
        let features: String = features.iter().map(|feature| format!("<feature var='{feature}'/>")).collect();
        format!("<query xmlns='http://jabber.org/protocol/disco#info'>{identity}{features}</query>")
    }

    /// A server sends our own presence back to us (RFC 6121 §4.2.2).
    fn reflect(&self, presence: &Element) -> String {
        let payload: String = presence.children().map(Element::to_xml).collect();
        let jid = self.full_jid();
        format!("<presence xmlns='jabber:client' from='{jid}' to='{jid}'>{payload}</presence>")
    }
}

fn features(content: &str) -> String {
    format!("<stream:features xmlns:stream='http://etherx.jabber.org/streams'>{content}</stream:features>")
}

/// The result of an IQ.
pub fn result(iq: &Element, payload: &str) -> String {
    format!("<iq xmlns='jabber:client' type='result' {}>{payload}</iq>", returned(iq))
}

/// The refusal of an IQ.
pub fn error(iq: &Element, condition: &str) -> String {
    refusal(iq, "cancel", condition)
}

/// The refusal of an IQ, with what the client is to do.
pub fn refusal(iq: &Element, kind: &str, condition: &str) -> String {
    let condition = format!("<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>");
    format!("<iq xmlns='jabber:client' type='error' {}><error type='{kind}'>{condition}</error></iq>", returned(iq))
}

fn returned(iq: &Element) -> String {
    let from = iq.attr("to").map(|to| format!(" from='{to}'")).unwrap_or_default();
    format!("id='{}'{from}", iq.attr("id").unwrap_or_default())
}
