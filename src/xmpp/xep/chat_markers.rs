//! XEP-0333: Displayed Markers.
//!
//! `received` and `acknowledged` of earlier versions are not read: receipts (XEP-0184) say the first, nobody says the second.

use crate::ns;
use crate::payload::{flag, id_payload};

flag! {
    /// The sender would like to know when the message has been displayed (XEP-0333 §3).
    Markable = "markable", ns::CHAT_MARKERS
}

id_payload! {
    /// Everything up to the message with this id has been displayed (XEP-0333 §3): in a room its stanza-id there, else the
    /// stanza's own id.
    Displayed = "displayed", ns::CHAT_MARKERS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::PayloadError;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn both_survive_the_round_trip() {
        round_trip::<Markable>("<markable xmlns='urn:xmpp:chat-markers:0'/>");
        let displayed: Displayed = round_trip("<displayed xmlns='urn:xmpp:chat-markers:0' id='the-msg-1'/>");
        assert_eq!(displayed.id, "the-msg-1");
    }

    #[test]
    fn a_marker_must_say_for_what() {
        let refused = read::<Displayed>("<displayed xmlns='urn:xmpp:chat-markers:0'/>");
        assert_eq!(refused, Err(PayloadError::MissingAttribute("id")));
    }
}
