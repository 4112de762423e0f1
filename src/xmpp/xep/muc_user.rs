//! XEP-0045: what a room says of its occupants, as far as one-to-one messages need it: a private message through a room is
//! no message from the occupant's own address (§7.5, attack case A-18).

use crate::list::IntoList;
use crate::ns;
use crate::payload::{Payload, PayloadError, expect};
use crate::stanza::{Message, MessageType};
use crate::xml::Element;

/// `<x/>` of `muc#user`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MucUser {
    /// The status codes (§15.6).
    pub statuses: Vec<u16>,
    /// Everything else: occupants, invitations, ….
    pub content: Vec<Element>,
}

impl MucUser {
    /// Whether a message is marked as a private one, sent through a room (§7.5). Without the mark it can still be one: then
    /// only knowing the room tells.
    pub fn marks_private(message: &Message) -> bool {
        matches!(message.kind, MessageType::Chat | MessageType::Normal)
            && message.payload::<Self>().is_some_and(|user| user.is_ok_and(|user| user == Self::default()))
    }
}

impl Payload for MucUser {
    const NAME: &'static str = "x";
    const NS: &'static str = ns::MUC_USER;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let code = |status: &Element| status.attr("code").and_then(|code| code.parse().ok());
        let content = element.children().filter(|child| !child.is("status", Self::NS));
        Ok(Self {
            statuses: element.children_named("status", Self::NS).filter_map(code).into_list(),
            content: content.cloned().into_list(),
        })
    }

    fn to_element(&self) -> Element {
        let status = |code: &u16| Element::builder("status", Self::NS).attr("code", code.to_string()).build();
        Element::builder(Self::NAME, Self::NS)
            .children(self.content.iter().cloned())
            .children(self.statuses.iter().map(status))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{element, read, round_trip};

    #[test]
    fn it_survives_the_round_trip() {
        let user: MucUser = round_trip(
            "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='member' role='participant'/>\
             <status code='100'/><status code='110'/></x>",
        );
        assert_eq!(user.statuses, [100, 110]);
        assert_eq!(user.content.len(), 1);
        let odd: MucUser =
            read("<x xmlns='http://jabber.org/protocol/muc#user'><status code='x'/><status/></x>").unwrap();
        assert_eq!(odd, MucUser::default());
    }

    #[test]
    fn private_messages_are_marked() {
        let marked = |kind: &str, inner: &str| {
            let xml = format!(
                "<message xmlns='jabber:client' from='hall@muc.cap.example/romeo' type='{kind}'>{inner}</message>"
            );
            MucUser::marks_private(&Message::from_element(&element(&xml)).unwrap())
        };
        let mark = "<body>hi</body><x xmlns='http://jabber.org/protocol/muc#user'/>";
        assert!(marked("chat", mark));
        assert!(marked("normal", mark));
        assert!(!marked("groupchat", mark));
        assert!(!marked("chat", "<body>hi</body>"));
        let invitation =
            "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='crone1@shakespeare.lit/desktop'/></x>";
        assert!(!marked("normal", invitation));
    }
}
