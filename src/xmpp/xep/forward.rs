//! XEP-0297: Stanza Forwarding.
//!
//! A type only. What a forwarded message counts for depends on the wrapper and on who sent it; on its own, directly in a
//! message, it says nothing about its alleged sender (attack case A-04).

use super::delay::Delay;
use crate::ns;
use crate::payload::{Payload, PayloadError, expect, first_payload};
use crate::stanza::Message;
use crate::xml::Element;

/// A message within another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forwarded {
    /// When the message was first received, as the forwarder says.
    pub delay: Option<Delay>,
    /// The message.
    pub message: Message,
}

impl Payload for Forwarded {
    const NAME: &'static str = "forwarded";
    const NS: &'static str = ns::FORWARD;

    /// There must be exactly one message of a client stream (XEP-0297 §3): a message whose namespace was left out would be
    /// something else. A bad delay counts as none.
    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let mut messages = element.children_named("message", ns::CLIENT);
        let message = messages.next().ok_or(PayloadError::MissingChild("message"))?;
        if messages.next().is_some() {
            return Err(PayloadError::Duplicate("message"));
        }
        Ok(Self {
            delay: first_payload(element.children()).and_then(Result::ok),
            message: Message::from_element(message)?,
        })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS)
            .child_opt(self.delay.as_ref().map(Delay::to_element))
            .child(self.message.to_element())
            .build()
    }
}

/// The message that a wrapper holds.
pub(super) fn forwarded_in(wrapper: &Element) -> Result<Forwarded, PayloadError> {
    first_payload(wrapper.children()).unwrap_or(Err(PayloadError::MissingChild(Forwarded::NAME)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn a_forwarded_message_survives_the_round_trip() {
        let forwarded: Forwarded = round_trip(
            "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>\
             <message xmlns='jabber:client' from='juliet@capulet.lit/orchard' to='romeo@montague.lit' id='0202197' type='chat'>\
             <body>Yet I should kill thee with much cherishing.</body></message></forwarded>",
        );
        assert_eq!(forwarded.message.id.as_deref(), Some("0202197"));
        assert_eq!(forwarded.delay.unwrap().stamp.millis(), 1_278_803_305_000);
    }

    #[test]
    fn there_must_be_one_message_of_a_client_stream() {
        let refused = |inner: &str| {
            read::<Forwarded>(&format!("<forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded>")).unwrap_err()
        };
        let message = "<message xmlns='jabber:client'/>";
        assert_eq!(refused(""), PayloadError::MissingChild("message"));
        assert_eq!(refused("<message/>"), PayloadError::MissingChild("message"));
        assert_eq!(refused("<presence xmlns='jabber:client'/>"), PayloadError::MissingChild("message"));
        assert_eq!(refused(&message.repeat(2)), PayloadError::Duplicate("message"));
        assert_eq!(refused("<message xmlns='jabber:client' from='@'/>"), PayloadError::Invalid("from"));
    }

    #[test]
    fn a_bad_delay_is_none() {
        let forwarded: Forwarded = read(
            "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='x'/>\
             <message xmlns='jabber:client'/></forwarded>",
        )
        .unwrap();
        assert_eq!(forwarded.delay, None);
    }
}
