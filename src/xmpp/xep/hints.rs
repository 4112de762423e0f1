//! XEP-0334: Message Processing Hints.

use crate::ns;
use crate::payload::{Payload, PayloadError, empty, words};
use crate::xml::Element;

words! {
    /// What a server should do with a message (XEP-0334 §4).
    Hint {
        /// Not to be archived, but kept for somebody who is offline.
        NoPermanentStore = "no-permanent-store",
        /// Not to be stored at all.
        NoStore = "no-store",
        /// Not to be copied to other devices.
        NoCopy = "no-copy",
        /// To be stored although it has no body.
        Store = "store",
    }
}

impl Payload for Hint {
    const NAME: &'static str = "store";
    const NS: &'static str = ns::HINTS;

    fn matches(element: &Element) -> bool {
        element.ns() == Self::NS && Self::from_word(element.name()).is_some()
    }

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        let hint = Self::from_word(element.name()).filter(|_| element.ns() == Self::NS);
        hint.ok_or(PayloadError::WrongElement("hint"))
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
    fn hints_survive_the_round_trip() {
        for hint in Hint::ALL {
            assert_eq!(round_trip::<Hint>(&format!("<{} xmlns='urn:xmpp:hints'/>", hint.word())), *hint);
        }
        assert_eq!(read::<Hint>("<shred xmlns='urn:xmpp:hints'/>"), Err(PayloadError::WrongElement("hint")));
    }

    #[test]
    fn a_message_may_carry_several() {
        let message = "<message xmlns='jabber:client'><no-copy xmlns='urn:xmpp:hints'/><no-store xmlns='urn:xmpp:hints'/></message>";
        let message = Message::from_element(&element(message)).unwrap();
        let hints: Vec<_> = message.payloads_of::<Hint>().flatten().collect();
        assert_eq!(hints, [Hint::NoCopy, Hint::NoStore]);
    }
}
