//! XEP-0490: Message Displayed Synchronization.

use super::stanza_id::StanzaId;
use crate::ns;
use crate::payload::{Payload, PayloadError, expect};
use crate::xml::Element;

/// How far the account has displayed a chat (XEP-0490 §4.1); the chat is the item's id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DisplayedUpTo {
    /// The newest message that was displayed.
    pub message: StanzaId,
}

impl Payload for DisplayedUpTo {
    const NAME: &'static str = "displayed";
    const NS: &'static str = ns::DISPLAYED;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let mut ids = element.children().filter(|child| StanzaId::matches(child));
        let message = ids.next().ok_or(PayloadError::MissingChild(StanzaId::NAME))?;
        if ids.next().is_some() {
            return Err(PayloadError::Duplicate(StanzaId::NAME));
        }
        Ok(Self { message: StanzaId::from_element(message)? })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS).child(self.message.to_element()).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    const ID: &str = "<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@capulet.lit' id='0f710f2b'/>";

    #[test]
    fn it_survives_the_round_trip() {
        let displayed: DisplayedUpTo =
            round_trip(&format!("<displayed xmlns='urn:xmpp:mds:displayed:0'>{ID}</displayed>"));
        assert_eq!(displayed.message.id, "0f710f2b");
    }

    #[test]
    fn it_names_exactly_one_message() {
        let none = read::<DisplayedUpTo>("<displayed xmlns='urn:xmpp:mds:displayed:0'/>");
        assert_eq!(none, Err(PayloadError::MissingChild("stanza-id")));
        let two = read::<DisplayedUpTo>(&format!("<displayed xmlns='urn:xmpp:mds:displayed:0'>{ID}{ID}</displayed>"));
        assert_eq!(two, Err(PayloadError::Duplicate("stanza-id")));
    }
}
