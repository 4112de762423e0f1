//! XEP-0060 §7.1.2 and §8: notifications of what happened on a node.
//!
//! Whose count is for the receiver to check: one's own account's for what is private, a contact's for what is theirs, and
//! nobody else's (attack cases A-09, L-12).

use super::data_forms::DataForm;
use super::pubsub::{Item, NodeConfig};
use crate::list::IntoList;
use crate::ns;
use crate::payload::{Payload, PayloadError, expect, first_payload, required};
use crate::xml::Element;

/// `<event/>` in a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PubsubEvent {
    /// The node.
    pub node: String,
    /// What happened there.
    pub change: NodeChange,
}

/// What happened on a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NodeChange {
    /// Items were published (§7.1.2) or retracted (§7.2.2).
    Items {
        /// The items published. Without a payload, they must be fetched.
        published: Vec<Item>,
        /// The ids of the items retracted.
        retracted: Vec<String>,
    },
    /// All items were removed (§8.5.2).
    Purged,
    /// The node was deleted (§8.4.2).
    Deleted,
    /// The node was configured (§8.2.6).
    Configured(Option<DataForm>),
}

impl NodeChange {
    /// The new configuration, if this is one and it is told.
    pub fn config(&self) -> Option<NodeConfig> {
        match self {
            Self::Configured(form) => form.as_ref().map(NodeConfig::from_form),
            _ => None,
        }
    }
}

impl Payload for PubsubEvent {
    const NAME: &'static str = "event";
    const NS: &'static str = ns::PUBSUB_EVENT;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let known = |child: &&Element| child.ns() == Self::NS && is_change(child.name());
        let child = element.children().find(known).ok_or(PayloadError::MissingChild("items"))?;
        let change = match child.name() {
            "items" => read_items(child),
            "purge" => NodeChange::Purged,
            "delete" => NodeChange::Deleted,
            _ => NodeChange::Configured(first_payload(child.children()).transpose()?),
        };
        Ok(Self { node: required(child, "node")?.to_owned(), change })
    }

    fn to_element(&self) -> Element {
        let child = |name| Element::builder(name, Self::NS).attr("node", &self.node);
        let change = match &self.change {
            NodeChange::Items { published, retracted } => child("items")
                .children(published.iter().map(|item| item.write(Self::NS)))
                .children(retracted.iter().map(|id| Element::builder("retract", Self::NS).attr("id", id).build())),
            NodeChange::Purged => child("purge"),
            NodeChange::Deleted => child("delete"),
            NodeChange::Configured(form) => child("configuration").child_opt(form.as_ref().map(DataForm::to_element)),
        };
        Element::builder(Self::NAME, Self::NS).child(change.build()).build()
    }
}

fn is_change(name: &str) -> bool {
    matches!(name, "items" | "purge" | "delete" | "configuration")
}

fn read_items(items: &Element) -> NodeChange {
    let retracted = items.children_named("retract", ns::PUBSUB_EVENT);
    NodeChange::Items {
        published: items.children_named("item", ns::PUBSUB_EVENT).map(Item::read).into_list(),
        retracted: retracted.filter_map(|item| item.attr("id").map(str::to_owned)).into_list(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::avatar::AvatarMetadata;
    use super::super::pubsub::AccessModel;
    use super::*;
    use crate::payload::testing::{read, round_trip};

    fn event(inner: &str) -> PubsubEvent {
        round_trip(&format!("<event xmlns='http://jabber.org/protocol/pubsub#event'>{inner}</event>"))
    }

    #[test]
    fn items_survive_the_round_trip() {
        let event = event(
            "<items node='urn:xmpp:avatar:metadata'><item id='a'><metadata xmlns='urn:xmpp:avatar:metadata'/></item>\
             <retract id='b'/></items>",
        );
        assert_eq!(event.node, "urn:xmpp:avatar:metadata");
        let NodeChange::Items { published, retracted } = event.change else { panic!("no items") };
        assert_eq!(published[0].payload::<AvatarMetadata>(), Some(Ok(AvatarMetadata::default())));
        assert_eq!(retracted, ["b"]);
    }

    #[test]
    fn other_changes_survive_the_round_trip() {
        assert_eq!(event("<purge node='n'/>").change, NodeChange::Purged);
        assert_eq!(event("<delete node='n'/>").change, NodeChange::Deleted);
        assert_eq!(event("<configuration node='n'/>").change, NodeChange::Configured(None));
        let configured = event(
            "<configuration node='n'><x xmlns='jabber:x:data' type='result'>\
             <field var='pubsub#access_model'><value>open</value></field></x></configuration>",
        );
        assert_eq!(configured.change.config().unwrap().access_model, Some(AccessModel::Open));
        assert_eq!(event("<delete node='n'/>").change.config(), None);
    }

    #[test]
    fn what_says_nothing_is_refused() {
        let refused = |inner: &str| {
            read::<PubsubEvent>(&format!("<event xmlns='http://jabber.org/protocol/pubsub#event'>{inner}</event>"))
                .unwrap_err()
        };
        assert_eq!(refused(""), PayloadError::MissingChild("items"));
        assert_eq!(refused("<items/>"), PayloadError::MissingAttribute("node"));
        assert_eq!(
            refused("<items xmlns='http://jabber.org/protocol/pubsub' node='n'/>"),
            PayloadError::MissingChild("items")
        );
        assert_eq!(refused("<subscription node='n'/>"), PayloadError::MissingChild("items"));
    }
}
