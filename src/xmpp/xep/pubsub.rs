//! XEP-0060: Publish-Subscribe, as far as PEP (XEP-0163) needs it: publish, fetch and retract items, and configure nodes.
//! Notifications are in [`pubsub_event`](super::pubsub_event).
//!
//! What is private goes onto a node only if the service announces [`ns::PUBSUB_PUBLISH_OPTIONS`], and the node's
//! configuration, read back, [is private](NodeConfig::is_private) (XEP-0223 §3, attack case S-11): a service that does not
//! know publish-options ignores them.

use super::data_forms::DataForm;
use super::rsm::{PageInfo, PageRequest};
use crate::list::IntoList;
use crate::ns;
use crate::payload::{
    Payload, PayloadError, boolean, boolean_text, expect, first_payload, parsed, required, required_id, words,
};
use crate::xml::Element;

/// What asks for a node's notifications when it is among one's features (XEP-0163 §4.3.3).
pub fn notify_feature(node: &str) -> String {
    format!("{node}+notify")
}

/// `<item/>`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Item {
    /// Its id within the node.
    pub id: Option<String>,
    /// What it holds.
    pub payload: Option<Element>,
}

impl Item {
    /// An item to publish.
    pub fn new(id: impl Into<String>, payload: &impl Payload) -> Self {
        Self { id: Some(id.into()), payload: Some(payload.to_element()) }
    }

    /// What it holds, as a type; `None` if it holds something else or nothing.
    pub fn payload<P: Payload>(&self) -> Option<Result<P, PayloadError>> {
        first_payload(&self.payload)
    }

    pub(super) fn read(element: &Element) -> Self {
        Self { id: element.attr("id").map(str::to_owned), payload: element.children().next().cloned() }
    }

    pub(super) fn write(&self, ns: &str) -> Element {
        Element::builder("item", ns).attr_opt("id", self.id.as_deref()).child_opt(self.payload.clone()).build()
    }
}

/// Asks for the items of a node (§6.5).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ItemsQuery {
    /// The node.
    pub node: String,
    /// Only so many, the newest (§6.5.7).
    pub max_items: Option<u32>,
    /// Only these (§6.5.8).
    pub ids: Vec<String>,
    /// Only this page (§6.5.4).
    pub page: Option<PageRequest>,
}

impl Payload for ItemsQuery {
    const NAME: &'static str = "pubsub";
    const NS: &'static str = ns::PUBSUB;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        let items = action::<Self>(element, "items")?;
        Ok(Self {
            node: required(items, "node")?.to_owned(),
            max_items: parsed(items, "max_items")?,
            ids: item_ids(items)?,
            page: first_payload(element.children()).transpose()?,
        })
    }

    fn to_element(&self) -> Element {
        let items = Element::builder("items", Self::NS)
            .attr("node", &self.node)
            .attr_opt("max_items", self.max_items.map(|max| max.to_string()))
            .children(self.ids.iter().map(|id| id_item(id)))
            .build();
        pubsub::<Self>(items, self.page.as_ref().map(PageRequest::to_element))
    }
}

/// The items of a node (§6.5.2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Items {
    /// The node.
    pub node: String,
    /// The items, in the order of the service.
    pub items: Vec<Item>,
    /// What part of all items these are, if the service says (§6.5.4).
    pub page: Option<PageInfo>,
}

impl Items {
    /// What the items hold, as a type, with their ids. What is of another type is left out.
    pub fn payloads<P: Payload>(&self) -> impl Iterator<Item = (Option<&str>, Result<P, PayloadError>)> {
        self.items.iter().filter_map(|item| Some((item.id.as_deref(), item.payload()?)))
    }
}

impl Payload for Items {
    const NAME: &'static str = "pubsub";
    const NS: &'static str = ns::PUBSUB;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        let items = action::<Self>(element, "items")?;
        Ok(Self {
            node: required(items, "node")?.to_owned(),
            items: items.children_named("item", Self::NS).map(Item::read).into_list(),
            page: first_payload(element.children()).and_then(Result::ok),
        })
    }

    fn to_element(&self) -> Element {
        let items = Element::builder("items", Self::NS)
            .attr("node", &self.node)
            .children(self.items.iter().map(|item| item.write(Self::NS)))
            .build();
        pubsub::<Self>(items, self.page.as_ref().map(PageInfo::to_element))
    }
}

/// Publishes an item (§7.1), or tells the id that the service gave it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Publish {
    /// The node.
    pub node: String,
    /// The item.
    pub item: Item,
    /// How the node must be configured, else nothing is published; a new node is configured so (§7.1.5).
    pub options: Option<NodeConfig>,
}

impl Payload for Publish {
    const NAME: &'static str = "pubsub";
    const NS: &'static str = ns::PUBSUB;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        let publish = action::<Self>(element, "publish")?;
        let options = element.child("publish-options", Self::NS);
        let options = options.and_then(|options| first_payload::<DataForm>(options.children())).transpose()?;
        Ok(Self {
            node: required(publish, "node")?.to_owned(),
            item: publish.child("item", Self::NS).map(Item::read).unwrap_or_default(),
            options: options.map(|form| NodeConfig::from_form(&form)),
        })
    }

    fn to_element(&self) -> Element {
        let item = self.item.write(Self::NS);
        let publish = Element::builder("publish", Self::NS).attr("node", &self.node).child(item).build();
        let options = self.options.as_ref().map(|options| {
            let form = options.to_form(ns::PUBSUB_PUBLISH_OPTIONS).to_element();
            Element::builder("publish-options", Self::NS).child(form).build()
        });
        pubsub::<Self>(publish, options)
    }
}

/// Retracts an item (§7.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Retract {
    /// The node.
    pub node: String,
    /// The item's id.
    pub id: String,
    /// Whether subscribers are to be told.
    pub notify: bool,
}

impl Payload for Retract {
    const NAME: &'static str = "pubsub";
    const NS: &'static str = ns::PUBSUB;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        let retract = action::<Self>(element, "retract")?;
        let item = retract.child("item", Self::NS).ok_or(PayloadError::MissingChild("item"))?;
        Ok(Self {
            node: required(retract, "node")?.to_owned(),
            id: required_id(item, "id")?,
            notify: boolean(retract, "notify")?,
        })
    }

    fn to_element(&self) -> Element {
        let retract = Element::builder("retract", Self::NS)
            .attr("node", &self.node)
            .attr_opt("notify", self.notify.then_some("true"))
            .child(id_item(&self.id))
            .build();
        pubsub::<Self>(retract, None)
    }
}

/// Asks for a node's configuration, tells it, or changes it (§8.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Configure {
    /// The node.
    pub node: String,
    /// The form; `None` in the request for it.
    pub form: Option<DataForm>,
}

impl Configure {
    /// The request for a node's configuration.
    pub fn query(node: &str) -> Self {
        Self { node: node.to_owned(), form: None }
    }

    /// Changes a node's configuration. What `config` does not name stays as it is.
    pub fn change(node: &str, config: &NodeConfig) -> Self {
        Self { node: node.to_owned(), form: Some(config.to_form(ns::PUBSUB_NODE_CONFIG)) }
    }

    /// The configuration that it tells.
    pub fn config(&self) -> Option<NodeConfig> {
        self.form.as_ref().map(NodeConfig::from_form)
    }
}

impl Payload for Configure {
    const NAME: &'static str = "pubsub";
    const NS: &'static str = ns::PUBSUB_OWNER;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        let configure = action::<Self>(element, "configure")?;
        Ok(Self {
            node: required(configure, "node")?.to_owned(),
            form: first_payload(configure.children()).transpose()?,
        })
    }

    fn to_element(&self) -> Element {
        let form = self.form.as_ref().map(DataForm::to_element);
        pubsub::<Self>(Element::builder("configure", Self::NS).attr("node", &self.node).child_opt(form).build(), None)
    }
}

/// Deletes a node with all that it holds (§8.4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeleteNode {
    /// The node.
    pub node: String,
}

impl Payload for DeleteNode {
    const NAME: &'static str = "pubsub";
    const NS: &'static str = ns::PUBSUB_OWNER;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        let delete = action::<Self>(element, "delete")?;
        required(delete, "node").map(|node| Self { node: node.to_owned() })
    }

    fn to_element(&self) -> Element {
        pubsub::<Self>(Element::builder("delete", Self::NS).attr("node", &self.node).build(), None)
    }
}

words! {
    /// Who may see a node (§4.5).
    AccessModel {
        /// Whom the owner lets.
        Authorize = "authorize",
        /// Everybody.
        Open = "open",
        /// Whoever may see the owner's presence.
        Presence = "presence",
        /// Certain groups of the owner's roster.
        Roster = "roster",
        /// The owner, and whom the owner lists.
        Whitelist = "whitelist",
    }
}

words! {
    /// When the last item is sent to whom it is new (§16.4.4).
    SendLast {
        /// Never.
        Never = "never",
        /// When they subscribe.
        OnSubscribe = "on_sub",
        /// When they subscribe and when they come online.
        OnSubscribeAndPresence = "on_sub_and_presence",
    }
}

/// How many items a node keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MaxItems {
    /// As many as the service allows.
    Max,
    /// So many.
    Count(u32),
}

/// What matters here of a node's configuration (§16.4.4); `None` is not said, or not understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NodeConfig {
    /// Who may see it.
    pub access_model: Option<AccessModel>,
    /// Whether items are kept.
    pub persist_items: Option<bool>,
    /// How many.
    pub max_items: Option<MaxItems>,
    /// When the last one is sent unasked.
    pub send_last: Option<SendLast>,
}

impl NodeConfig {
    /// A node for the owner's own clients (XEP-0223 §2.1).
    pub fn private(max_items: MaxItems) -> Self {
        Self {
            access_model: Some(AccessModel::Whitelist),
            persist_items: Some(true),
            max_items: Some(max_items),
            send_last: Some(SendLast::Never),
        }
    }

    /// Whether nobody but the owner's own clients sees it.
    pub fn is_private(&self) -> bool {
        self.access_model == Some(AccessModel::Whitelist)
    }

    /// Reads a form.
    pub fn from_form(form: &DataForm) -> Self {
        let max_items = |text: &str| match text {
            "max" => Some(MaxItems::Max),
            number => number.parse().ok().map(MaxItems::Count),
        };
        Self {
            access_model: form.value("pubsub#access_model").and_then(AccessModel::from_word),
            persist_items: form.value("pubsub#persist_items").and_then(boolean_text),
            max_items: form.value("pubsub#max_items").and_then(max_items),
            send_last: form.value("pubsub#send_last_published_item").and_then(SendLast::from_word),
        }
    }

    /// Writes a form.
    pub fn to_form(&self, form_type: &str) -> DataForm {
        let max_items = |max_items| match max_items {
            MaxItems::Max => "max".to_owned(),
            MaxItems::Count(count) => count.to_string(),
        };
        DataForm::submit(form_type)
            .with_opt("pubsub#access_model", self.access_model.map(AccessModel::word))
            .with_opt("pubsub#persist_items", self.persist_items.map(|persist| persist.to_string()))
            .with_opt("pubsub#max_items", self.max_items.map(max_items))
            .with_opt("pubsub#send_last_published_item", self.send_last.map(SendLast::word))
    }
}

/// What `<pubsub/>` is about: its child of a name.
fn action<'a, P: Payload>(element: &'a Element, name: &'static str) -> Result<&'a Element, PayloadError> {
    expect::<P>(element)?;
    element.child(name, P::NS).ok_or(PayloadError::MissingChild(name))
}

/// `<pubsub/>` around what it is about.
fn pubsub<P: Payload>(action: Element, more: Option<Element>) -> Element {
    Element::builder(P::NAME, P::NS).child(action).child_opt(more).build()
}

fn item_ids(items: &Element) -> Result<Vec<String>, PayloadError> {
    items.children_named("item", ns::PUBSUB).map(|item| required_id(item, "id")).collect()
}

fn id_item(id: &str) -> Element {
    Element::builder("item", ns::PUBSUB).attr("id", id).build()
}

#[cfg(test)]
mod tests {
    use super::super::nick::Nick;
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn queries_survive_the_round_trip() {
        let query: ItemsQuery = round_trip(
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1' max_items='2'/>\
             <set xmlns='http://jabber.org/protocol/rsm'><max>2</max></set></pubsub>",
        );
        assert_eq!((query.node.as_str(), query.max_items), ("urn:xmpp:bookmarks:1", Some(2)));
        let one: ItemsQuery = round_trip(
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'><item id='a'/><item id='b'/></items></pubsub>",
        );
        assert_eq!(one.ids, ["a", "b"]);
    }

    #[test]
    fn items_survive_the_round_trip() {
        let items: Items = round_trip(
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='http://jabber.org/protocol/nick'>\
             <item id='current'><nick xmlns='http://jabber.org/protocol/nick'>Ishmael</nick></item><item id='empty'/>\
             <item><other xmlns='x'/></item></items><set xmlns='http://jabber.org/protocol/rsm'><count>3</count></set></pubsub>",
        );
        let nicks: Vec<_> = items.payloads::<Nick>().collect();
        assert_eq!(nicks, [(Some("current"), Ok(Nick { name: Some("Ishmael".into()) }))]);
        assert_eq!(items.page.unwrap().count, Some(3));
        assert_eq!(items.items.len(), 3);
    }

    #[test]
    fn publishing_survives_the_round_trip() {
        let publish: Publish = round_trip(
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:bookmarks:1'>\
             <item id='theplay@conference.shakespeare.lit'><conference xmlns='urn:xmpp:bookmarks:1'/></item></publish>\
             <publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>\
             <value>http://jabber.org/protocol/pubsub#publish-options</value></field>\
             <field var='pubsub#access_model'><value>whitelist</value></field>\
             <field var='pubsub#persist_items'><value>true</value></field>\
             <field var='pubsub#max_items'><value>max</value></field>\
             <field var='pubsub#send_last_published_item'><value>never</value></field></x></publish-options></pubsub>",
        );
        assert_eq!(publish.options, Some(NodeConfig::private(MaxItems::Max)));
        let plain = Publish {
            node: "http://jabber.org/protocol/nick".into(),
            item: Item::new("current", &Nick { name: Some("Ishmael".into()) }),
            options: None,
        };
        assert_eq!(Publish::from_element(&plain.to_element()), Ok(plain));
    }

    #[test]
    fn retracting_survives_the_round_trip() {
        let retract: Retract = round_trip(
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><retract node='n' notify='true'><item id='i'/></retract></pubsub>",
        );
        assert!(retract.notify);
        let no_item = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><retract node='n'/></pubsub>";
        assert_eq!(read::<Retract>(no_item), Err(PayloadError::MissingChild("item")));
    }

    #[test]
    fn owners_configure_and_delete() {
        let query = "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><configure node='n'/></pubsub>";
        assert_eq!(Configure::query("n"), round_trip(query));
        let config = NodeConfig { max_items: Some(MaxItems::Count(7)), ..NodeConfig::private(MaxItems::Max) };
        let change = Configure::change("n", &config);
        assert_eq!(Configure::from_element(&change.to_element()).unwrap().config(), Some(config));
        let delete = "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><delete node='n'/></pubsub>";
        assert_eq!(round_trip::<DeleteNode>(delete).node, "n");
    }

    #[test]
    fn a_configuration_read_back_tells_whether_it_is_private() {
        let config = |access: &str| {
            let form: DataForm = read(&format!(
                "<x xmlns='jabber:x:data' type='form'><field var='pubsub#access_model' type='list-single'>{access}</field></x>"
            ))
            .unwrap();
            NodeConfig::from_form(&form)
        };
        assert!(config("<value>whitelist</value><option><value>open</value></option>").is_private());
        for open in ["<value>open</value>", "<value>presence</value>", "<value>roster</value>", "<value>x</value>", ""]
        {
            assert!(!config(open).is_private(), "{open}");
        }
    }

    #[test]
    fn what_lacks_its_node_or_action_is_refused() {
        let pubsub = |inner: &str| format!("<pubsub xmlns='http://jabber.org/protocol/pubsub'>{inner}</pubsub>");
        assert_eq!(read::<Items>(&pubsub("")), Err(PayloadError::MissingChild("items")));
        assert_eq!(read::<Items>(&pubsub("<items/>")), Err(PayloadError::MissingAttribute("node")));
        assert_eq!(read::<Publish>(&pubsub("<publish/>")), Err(PayloadError::MissingAttribute("node")));
        assert_eq!(
            read::<ItemsQuery>(&pubsub("<items node='n'><item/></items>")),
            Err(PayloadError::MissingAttribute("id"))
        );
        assert_eq!(read::<Configure>(&pubsub("<configure node='n'/>")), Err(PayloadError::WrongElement("pubsub")));
    }

    #[test]
    fn features() {
        assert_eq!(notify_feature(ns::BOOKMARKS), "urn:xmpp:bookmarks:1+notify");
    }
}
