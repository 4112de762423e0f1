//! XEP-0085: Chat State Notifications.

use crate::ns;
use crate::payload::{Payload, PayloadError, empty, words};
use crate::xml::Element;

words! {
    /// What somebody is doing in a conversation (XEP-0085 §4).
    ChatState {
        /// Attending to the conversation.
        Active = "active",
        /// Writing.
        Composing = "composing",
        /// Stopped writing with something unsent.
        Paused = "paused",
        /// Not attending to the conversation.
        Inactive = "inactive",
        /// Left the conversation.
        Gone = "gone",
    }
}

impl Payload for ChatState {
    const NAME: &'static str = "active";
    const NS: &'static str = ns::CHAT_STATES;

    fn matches(element: &Element) -> bool {
        element.ns() == Self::NS && Self::from_word(element.name()).is_some()
    }

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        let state = Self::from_word(element.name()).filter(|_| element.ns() == Self::NS);
        state.ok_or(PayloadError::WrongElement("chat state"))
    }

    fn to_element(&self) -> Element {
        empty(self.word(), Self::NS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{element, read, round_trip};
    use crate::stanza::Message;

    #[test]
    fn all_states_survive_the_round_trip() {
        for state in ChatState::ALL {
            let xml = format!("<{} xmlns='http://jabber.org/protocol/chatstates'/>", state.word());
            assert_eq!(round_trip::<ChatState>(&xml), *state);
        }
    }

    #[test]
    fn a_state_is_found_in_a_message() {
        let message = "<message xmlns='jabber:client'><x xmlns='http://jabber.org/protocol/chatstates'/>\
                       <composing xmlns='http://jabber.org/protocol/chatstates'/></message>";
        let message = Message::from_element(&element(message)).unwrap();
        assert_eq!(message.payload::<ChatState>(), Some(Ok(ChatState::Composing)));
    }

    #[test]
    fn others_are_refused() {
        let unknown = read::<ChatState>("<dancing xmlns='http://jabber.org/protocol/chatstates'/>");
        assert_eq!(unknown, Err(PayloadError::WrongElement("chat state")));
        assert_eq!(read::<ChatState>("<active xmlns='urn:xmpp:csi:0'/>"), unknown);
    }
}
