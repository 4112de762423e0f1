//! XEP-0280: Message Carbons.
//!
//! A type only: a carbon counts only if the outer message comes from our own account, is no groupchat message, and the
//! inner one concerns us (XEP-0280 §11, attack cases ). That is checked where wrappers are opened.

use super::forward::{Forwarded, forwarded_in};
use crate::ns;
use crate::payload::{Payload, PayloadError, flag, words};
use crate::xml::Element;

flag! {
    /// Ask for copies of what our other devices send and receive (XEP-0280 §4).
    EnableCarbons = "enable", ns::CARBONS
}

flag! {
    /// Ask for no more copies (XEP-0280 §5).
    DisableCarbons = "disable", ns::CARBONS
}

flag! {
    /// Asks for no copies of the message it is in (XEP-0280 §8).
    PrivateMessage = "private", ns::CARBONS
}

words! {
    /// Which way the copied message went.
    CarbonDirection {
        /// Another device of ours received it.
        Received = "received",
        /// Another device of ours sent it.
        Sent = "sent",
    }
}

/// The copy of a message to or from another device of ours (XEP-0280 §6, §7).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Carbon {
    /// Which way it went.
    pub direction: CarbonDirection,
    /// The message.
    pub forwarded: Forwarded,
}

impl Payload for Carbon {
    const NAME: &'static str = "received";
    const NS: &'static str = ns::CARBONS;

    fn matches(element: &Element) -> bool {
        element.ns() == Self::NS && CarbonDirection::from_word(element.name()).is_some()
    }

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        let direction = CarbonDirection::from_word(element.name()).filter(|_| element.ns() == Self::NS);
        let direction = direction.ok_or(PayloadError::WrongElement("carbon"))?;
        Ok(Self { direction, forwarded: forwarded_in(element)? })
    }

    fn to_element(&self) -> Element {
        Element::builder(self.direction.word(), Self::NS).child(self.forwarded.to_element()).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{element, read, round_trip};
    use crate::stanza::Message;

    #[test]
    fn switches_survive_the_round_trip() {
        round_trip::<EnableCarbons>("<enable xmlns='urn:xmpp:carbons:2'/>");
        round_trip::<DisableCarbons>("<disable xmlns='urn:xmpp:carbons:2'/>");
        round_trip::<PrivateMessage>("<private xmlns='urn:xmpp:carbons:2'/>");
    }

    #[test]
    fn both_directions_survive_the_round_trip() {
        for direction in CarbonDirection::ALL {
            let carbon: Carbon = round_trip(&format!(
                "<{0} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>\
                 <message xmlns='jabber:client' from='juliet@capulet.example/balcony' to='romeo@montague.example/garden' \
                 type='chat'><body>What man art thou?</body></message></forwarded></{0}>",
                direction.word()
            ));
            assert_eq!(carbon.direction, *direction);
            assert_eq!(carbon.forwarded.message.body(), Some("What man art thou?"));
        }
    }

    #[test]
    fn an_empty_or_unknown_wrapper_is_refused() {
        let empty = read::<Carbon>("<sent xmlns='urn:xmpp:carbons:2'/>");
        assert_eq!(empty, Err(PayloadError::MissingChild("forwarded")));
        let unknown = read::<Carbon>("<private xmlns='urn:xmpp:carbons:2'/>");
        assert_eq!(unknown, Err(PayloadError::WrongElement("carbon")));
    }

    #[test]
    fn the_outer_message_never_shows_the_inner_body() {
        let outer = Message::from_element(&element(
            "<message xmlns='jabber:client' from='eve@evil.example/x'><received xmlns='urn:xmpp:carbons:2'>\
             <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='romeo@mont.example/a'>\
             <body>send money</body></message></forwarded></received></message>",
        ))
        .unwrap();
        assert_eq!(outer.body(), None);
    }
}
