//! XEP-0402: PEP Native Bookmarks. One item per room, with the room's address as id.

use super::pubsub::{Item, MaxItems, NodeConfig};
use crate::jid::BareJid;
use crate::list::IntoList;
use crate::ns;
use crate::payload::{Payload, PayloadError, boolean, expect, text_element};
use crate::xml::Element;

/// `<conference/>`: what is remembered about a room (XEP-0402 §2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conference {
    /// The name that the user gave it.
    pub name: Option<String>,
    /// Whether to be in it whenever online.
    pub autojoin: bool,
    /// The name to have there.
    pub nick: Option<String>,
    /// The room's password.
    pub password: Option<String>,
    /// What other clients added: to be kept.
    pub extensions: Vec<Element>,
}

/// A room with what is remembered about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bookmark {
    /// The room.
    pub room: BareJid,
    /// What is remembered.
    pub conference: Conference,
}

impl Bookmark {
    /// Reads an item of the node.
    pub fn from_item(item: &Item) -> Result<Self, PayloadError> {
        let room = item.id.as_deref().ok_or(PayloadError::MissingAttribute("id"))?;
        let room = BareJid::parse(room).map_err(|_| PayloadError::Invalid("id"))?;
        let conference = item.payload().unwrap_or(Err(PayloadError::MissingChild(Conference::NAME)))?;
        Ok(Self { room, conference })
    }

    /// Writes an item of the node.
    pub fn to_item(&self) -> Item {
        Item::new(self.room.as_str(), &self.conference)
    }

    /// How the node must be configured (§3.3).
    pub fn node_config() -> NodeConfig {
        NodeConfig::private(MaxItems::Max)
    }
}

impl Payload for Conference {
    const NAME: &'static str = "conference";
    const NS: &'static str = ns::BOOKMARKS;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let extensions = element.child("extensions", Self::NS);
        Ok(Self {
            name: element.attr("name").map(str::to_owned),
            autojoin: boolean(element, "autojoin")?,
            nick: element.child_text("nick", Self::NS).filter(|nick| !nick.is_empty()),
            password: element.child_text("password", Self::NS),
            extensions: extensions.map(|extensions| extensions.children().cloned().into_list()).unwrap_or_default(),
        })
    }

    fn to_element(&self) -> Element {
        let extensions = Element::builder("extensions", Self::NS).children(self.extensions.iter().cloned());
        Element::builder(Self::NAME, Self::NS)
            .attr_opt("name", self.name.as_deref())
            .attr_opt("autojoin", self.autojoin.then_some("true"))
            .child_opt(self.nick.as_ref().map(|nick| text_element("nick", Self::NS, nick)))
            .child_opt(self.password.as_ref().map(|password| text_element("password", Self::NS, password)))
            .child_opt((!self.extensions.is_empty()).then(|| extensions.build()))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{element, read, round_trip};

    #[test]
    fn bookmarks_survive_the_round_trip() {
        let conference: Conference = round_trip(
            "<conference xmlns='urn:xmpp:bookmarks:1' name='The Orchard' autojoin='true'><nick>JC</nick><password>x</password>\
             <extensions><state xmlns='http://myclient.example/bookmark/state' minimized='true'/></extensions></conference>",
        );
        assert!(conference.autojoin);
        assert_eq!(conference.nick.as_deref(), Some("JC"));
        assert_eq!(conference.extensions.len(), 1);
        assert_eq!(round_trip::<Conference>("<conference xmlns='urn:xmpp:bookmarks:1'/>"), Conference::default());
        let one: Conference = read("<conference xmlns='urn:xmpp:bookmarks:1' autojoin='1'/>").unwrap();
        assert!(one.autojoin);
        let odd = read::<Conference>("<conference xmlns='urn:xmpp:bookmarks:1' autojoin='yes'/>");
        assert_eq!(odd, Err(PayloadError::Invalid("autojoin")));
    }

    #[test]
    fn the_items_id_is_the_room() {
        let item =
            |id: Option<&str>, payload: &str| Item { id: id.map(str::to_owned), payload: Some(element(payload)) };
        let good = item(Some("theplay@conference.shakespeare.lit"), "<conference xmlns='urn:xmpp:bookmarks:1'/>");
        let bookmark = Bookmark::from_item(&good).unwrap();
        assert_eq!(bookmark.room.as_str(), "theplay@conference.shakespeare.lit");
        assert_eq!(bookmark.to_item(), good);
        let refused = |id, payload| Bookmark::from_item(&item(id, payload)).unwrap_err();
        let conference = "<conference xmlns='urn:xmpp:bookmarks:1'/>";
        assert_eq!(refused(None, conference), PayloadError::MissingAttribute("id"));
        assert_eq!(refused(Some("a@b.example/nick"), conference), PayloadError::Invalid("id"));
        assert_eq!(refused(Some("a@b.example"), "<x xmlns='y'/>"), PayloadError::MissingChild("conference"));
        assert!(Bookmark::node_config().is_private());
    }
}
