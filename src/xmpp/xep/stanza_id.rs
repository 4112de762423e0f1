//! XEP-0359: Unique and Stable Stanza IDs.
//!
//! Use [`Message::stanza_id_by`](crate::stanza::Message::stanza_id_by) to read the id of the one entity that may give it.

use crate::jid::{BareJid, Jid};
use crate::ns;
use crate::payload::{self, Payload, PayloadError, expect, id_payload, required_id};
use crate::xml::Element;

/// The id that an archive gave a message (XEP-0359 §3.1). Anybody can write one: it counts only if `by` is the entity whose
/// ids are wanted, and that entity announces [`ns::STANZA_IDS`] (attack case A-11).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StanzaId {
    /// Who gave it: our account, or a room.
    pub by: Jid,
    /// The id; never empty.
    pub id: String,
}

impl StanzaId {
    /// Whether this entity gave the id, as it says.
    pub fn is_by(&self, assigner: &BareJid) -> bool {
        self.by == *assigner
    }
}

impl Payload for StanzaId {
    const NAME: &'static str = "stanza-id";
    const NS: &'static str = ns::STANZA_IDS;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let by = payload::jid(element, "by")?.ok_or(PayloadError::MissingAttribute("by"))?;
        Ok(Self { by, id: required_id(element, "id")? })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS).attr("by", self.by.as_str()).attr("id", &self.id).build()
    }
}

id_payload! {
    /// The id that the sender gave a message (XEP-0359 §3.2). Only the sender vouches for it.
    OriginId = "origin-id", ns::STANZA_IDS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn both_survive_the_round_trip() {
        let id: StanzaId = round_trip("<stanza-id xmlns='urn:xmpp:sid:0' id='de305d54' by='room@muc.example.com'/>");
        assert_eq!(id.id, "de305d54");
        assert!(id.is_by(&BareJid::parse("Room@muc.example.com").unwrap()));
        assert!(!id.is_by(&BareJid::parse("muc.example.com").unwrap()));
        let origin: OriginId = round_trip("<origin-id xmlns='urn:xmpp:sid:0' id='de305d54'/>");
        assert_eq!(origin.id, "de305d54");
    }

    #[test]
    fn an_occupant_is_not_the_room() {
        let id: StanzaId = round_trip("<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='room@muc.example.com/eve'/>");
        assert!(!id.is_by(&BareJid::parse("room@muc.example.com").unwrap()));
    }

    #[test]
    fn both_attributes_are_required() {
        let refused = |xml| read::<StanzaId>(xml).unwrap_err();
        assert_eq!(refused("<stanza-id xmlns='urn:xmpp:sid:0' id='1'/>"), PayloadError::MissingAttribute("by"));
        assert_eq!(refused("<stanza-id xmlns='urn:xmpp:sid:0' by='a@b.c'/>"), PayloadError::MissingAttribute("id"));
        assert_eq!(refused("<stanza-id xmlns='urn:xmpp:sid:0' by='@' id='1'/>"), PayloadError::Invalid("by"));
        assert_eq!(refused("<stanza-id xmlns='urn:xmpp:sid:0' by='a@b.c' id=''/>"), PayloadError::Invalid("id"));
        assert_eq!(read::<OriginId>("<origin-id xmlns='urn:xmpp:sid:0'/>"), Err(PayloadError::MissingAttribute("id")));
    }
}
