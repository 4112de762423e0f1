//! XEP-0352: Client State Indication.

use crate::ns;
use crate::payload::{Payload, PayloadError, empty, words};
use crate::xml::Element;

words! {
    /// Whether anybody is looking (XEP-0352 §4). Sent on the stream itself, not within a stanza; the server never answers.
    ClientState {
        /// The client is in use.
        Active = "active",
        /// Nobody is looking: the server may hold back what can wait.
        Inactive = "inactive",
    }
}

impl Payload for ClientState {
    const NAME: &'static str = "active";
    const NS: &'static str = ns::CSI;

    fn matches(element: &Element) -> bool {
        element.ns() == Self::NS && Self::from_word(element.name()).is_some()
    }

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        let state = Self::from_word(element.name()).filter(|_| element.ns() == Self::NS);
        state.ok_or(PayloadError::WrongElement("client state"))
    }

    fn to_element(&self) -> Element {
        empty(self.word(), Self::NS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn both_survive_the_round_trip() {
        assert_eq!(round_trip::<ClientState>("<active xmlns='urn:xmpp:csi:0'/>"), ClientState::Active);
        assert_eq!(round_trip::<ClientState>("<inactive xmlns='urn:xmpp:csi:0'/>"), ClientState::Inactive);
        let csi = read::<ClientState>("<csi xmlns='urn:xmpp:csi:0'/>");
        assert_eq!(csi, Err(PayloadError::WrongElement("client state")));
    }
}
