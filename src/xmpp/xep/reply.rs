//! XEP-0461: Message Replies.
//!
//! What is quoted comes from our own copy of the message, never from the reply's text (attack case C-20).

use crate::jid::Jid;
use crate::ns;
use crate::payload::{self, Payload, PayloadError, expect, required_id};
use crate::xml::Element;

/// `<reply/>`: the message answers another (XEP-0461 §3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The message: in a room its stanza-id there, else its origin-id or id.
    pub id: String,
    /// Who wrote it, as the replier says.
    pub to: Option<Jid>,
}

impl Payload for Reply {
    const NAME: &'static str = "reply";
    const NS: &'static str = ns::REPLY;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        Ok(Self { id: required_id(element, "id")?, to: payload::jid(element, "to")? })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS)
            .attr_opt("to", self.to.as_ref().map(Jid::as_str))
            .attr("id", &self.id)
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn a_reply_survives_the_round_trip() {
        let reply: Reply =
            round_trip("<reply xmlns='urn:xmpp:reply:0' to='anna@example.com/tablet' id='message-id1'/>");
        assert_eq!(reply.to, Some(Jid::parse("anna@example.com/tablet").unwrap()));
        assert_eq!(round_trip::<Reply>("<reply xmlns='urn:xmpp:reply:0' id='1'/>").to, None);
    }

    #[test]
    fn broken_ones_are_refused() {
        assert_eq!(read::<Reply>("<reply xmlns='urn:xmpp:reply:0'/>"), Err(PayloadError::MissingAttribute("id")));
        let to = read::<Reply>("<reply xmlns='urn:xmpp:reply:0' id='1' to='@'/>");
        assert_eq!(to, Err(PayloadError::Invalid("to")));
    }
}
