//! XEP-0030: Service Discovery, with the extensions of XEP-0128.

use super::data_forms::DataForm;
use crate::jid::Jid;
use crate::list::IntoList;
use crate::ns;
use crate::payload::{Payload, PayloadError, expect, required};
use crate::xml::Element;

/// More features, identities or items than this are nobody's.
const MAX_PARTS: usize = 10_000;

/// What an entity is (XEP-0030 §3.1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Identity {
    /// The kind of thing, such as `client`.
    pub category: String,
    /// The kind within the category, such as `web`.
    pub kind: String,
    /// The language of the name.
    pub lang: Option<String>,
    /// Its name for people: text from the network.
    pub name: Option<String>,
}

/// `<query/>` of `disco#info`: a request, if nothing but the node is given, or the answer (XEP-0030 §3).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DiscoInfo {
    /// A part of the entity, or nothing for all of it.
    pub node: Option<String>,
    /// What it is.
    pub identities: Vec<Identity>,
    /// What it can do: namespaces and the like.
    pub features: Vec<String>,
    /// More about it (XEP-0128).
    pub forms: Vec<DataForm>,
}

impl DiscoInfo {
    /// A request about an entity or a node of it.
    pub fn query(node: Option<String>) -> Self {
        Self { node, ..Self::default() }
    }

    /// Whether the entity announces a feature.
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known == feature)
    }

    /// Whether the entity is of a category and type.
    pub fn is_a(&self, category: &str, kind: &str) -> bool {
        self.identities.iter().any(|identity| identity.category == category && identity.kind == kind)
    }

    /// The form of a type (XEP-0128).
    pub fn form(&self, form_type: &str) -> Option<&DataForm> {
        self.forms.iter().find(|form| form.form_type() == Some(form_type))
    }
}

impl Payload for DiscoInfo {
    const NAME: &'static str = "query";
    const NS: &'static str = ns::DISCO_INFO;

    /// What has a required attribute missing makes the whole an error: were it left out, a hash over the rest would mean
    /// something else (XEP-0115).
    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        if element.nodes().len() > MAX_PARTS {
            return Err(PayloadError::TooLarge("query"));
        }
        let feature = |feature| required(feature, "var").map(str::to_owned);
        let forms = element.children().filter(|child| DataForm::matches(child));
        Ok(Self {
            node: element.attr("node").map(str::to_owned),
            identities: element.children_named("identity", Self::NS).map(Identity::read).collect::<Result<_, _>>()?,
            features: element.children_named("feature", Self::NS).map(feature).collect::<Result<_, _>>()?,
            forms: forms.map(DataForm::from_element).collect::<Result<_, _>>()?,
        })
    }

    fn to_element(&self) -> Element {
        let feature = |var: &String| Element::builder("feature", Self::NS).attr("var", var).build();
        Element::builder(Self::NAME, Self::NS)
            .attr_opt("node", self.node.as_deref())
            .children(self.identities.iter().map(Identity::write))
            .children(self.features.iter().map(feature))
            .children(self.forms.iter().map(DataForm::to_element))
            .build()
    }
}

impl Identity {
    fn read(element: &Element) -> Result<Self, PayloadError> {
        Ok(Self {
            category: required(element, "category")?.to_owned(),
            kind: required(element, "type")?.to_owned(),
            lang: element.lang().map(str::to_owned),
            name: element.attr("name").map(str::to_owned),
        })
    }

    fn write(&self) -> Element {
        Element::builder("identity", ns::DISCO_INFO)
            .attr("category", &self.category)
            .attr("type", &self.kind)
            .lang(self.lang.as_deref())
            .attr_opt("name", self.name.as_deref())
            .build()
    }
}

/// One thing that belongs to an entity (XEP-0030 §4.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiscoItem {
    /// Its address.
    pub jid: Jid,
    /// A part of that address.
    pub node: Option<String>,
    /// Its name for people: text from the network.
    pub name: Option<String>,
}

/// `<query/>` of `disco#items`: a request, if it holds no items, or the answer (XEP-0030 §4).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DiscoItems {
    /// A part of the entity, or nothing for all of it.
    pub node: Option<String>,
    /// What belongs to it. One whose address is not valid is left out.
    pub items: Vec<DiscoItem>,
}

impl DiscoItems {
    /// A request about an entity or a node of it.
    pub fn query(node: Option<String>) -> Self {
        Self { node, items: Vec::new() }
    }
}

impl Payload for DiscoItems {
    const NAME: &'static str = "query";
    const NS: &'static str = ns::DISCO_ITEMS;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let items = element.children_named("item", Self::NS).take(MAX_PARTS);
        Ok(Self { node: element.attr("node").map(str::to_owned), items: items.filter_map(DiscoItem::read).into_list() })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS)
            .attr_opt("node", self.node.as_deref())
            .children(self.items.iter().map(DiscoItem::write))
            .build()
    }
}

impl DiscoItem {
    fn read(element: &Element) -> Option<Self> {
        Some(Self {
            jid: Jid::parse(element.attr("jid")?).ok()?,
            node: element.attr("node").map(str::to_owned),
            name: element.attr("name").map(str::to_owned),
        })
    }

    fn write(&self) -> Element {
        Element::builder("item", ns::DISCO_ITEMS)
            .attr("jid", self.jid.as_str())
            .attr_opt("node", self.node.as_deref())
            .attr_opt("name", self.name.as_deref())
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn info_survives_the_round_trip() {
        let info: DiscoInfo = round_trip(
            "<query xmlns='http://jabber.org/protocol/disco#info' node='n'>\
             <identity category='conference' type='text' name='Play-Specific Chatrooms' xml:lang='en'/>\
             <identity category='directory' type='chatroom'/><feature var='jabber:iq:register'/><feature var='vcard-temp'/>\
             <x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>\
             <value>http://jabber.org/network/serverinfo</value></field><field var='c2s_port'><value>5222</value></field></x></query>",
        );
        assert!(info.has("vcard-temp") && !info.has("vcard"));
        assert!(info.is_a("directory", "chatroom") && !info.is_a("directory", "text"));
        let form = info.form("http://jabber.org/network/serverinfo").unwrap();
        assert_eq!(form.value("c2s_port"), Some("5222"));
        let query = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
        assert_eq!(DiscoInfo::query(None), round_trip(query));
    }

    #[test]
    fn info_with_a_broken_part_is_refused() {
        let refused = |inner: &str| {
            read::<DiscoInfo>(&format!("<query xmlns='http://jabber.org/protocol/disco#info'>{inner}</query>"))
                .unwrap_err()
        };
        assert_eq!(refused("<feature/>"), PayloadError::MissingAttribute("var"));
        assert_eq!(refused("<identity category='a'/>"), PayloadError::MissingAttribute("type"));
        assert_eq!(refused("<identity type='a'/>"), PayloadError::MissingAttribute("category"));
        assert_eq!(refused("<x xmlns='jabber:x:data'/>"), PayloadError::MissingAttribute("type"));
        assert_eq!(refused(&"<feature var='a'/>".repeat(MAX_PARTS.saturating_add(1))), PayloadError::TooLarge("query"));
    }

    #[test]
    fn items_survive_the_round_trip() {
        let items: DiscoItems = round_trip(
            "<query xmlns='http://jabber.org/protocol/disco#items' node='music'>\
             <item jid='people.shakespeare.lit' name='Directory'/><item jid='catalog.shakespeare.lit' node='books'/></query>",
        );
        assert_eq!(items.items[0].name.as_deref(), Some("Directory"));
        assert_eq!(items.items[1].node.as_deref(), Some("books"));
        let query = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
        assert_eq!(DiscoItems::query(None), round_trip(query));
    }

    #[test]
    fn a_broken_item_harms_no_other() {
        let items: DiscoItems = read(
            "<query xmlns='http://jabber.org/protocol/disco#items'><item/><item jid='@'/><item jid='a.example'/></query>",
        )
        .unwrap();
        assert_eq!(items.items.len(), 1);
    }
}
