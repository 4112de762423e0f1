//! XEP-0424: Message Retraction.
//!
//! Who may retract what is for the receiver to check (attack case A-15).

use crate::datetime::DateTime;
use crate::ns;
use crate::payload::{Payload, PayloadError, expect, id_payload, required};
use crate::xml::Element;

id_payload! {
    /// The sender takes back the message with this id (XEP-0424 §3).
    RetractMessage = "retract", ns::RETRACT
}

/// `<retracted/>` in an archived message: here was one that has been taken back (XEP-0424 §5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Retracted {
    /// When it was taken back.
    pub stamp: DateTime,
    /// The id of the message that took it back.
    pub id: Option<String>,
}

impl Payload for Retracted {
    const NAME: &'static str = "retracted";
    const NS: &'static str = ns::RETRACT;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        Ok(Self {
            stamp: DateTime::parse(required(element, "stamp")?).map_err(|_| PayloadError::Invalid("stamp"))?,
            id: element.attr("id").map(str::to_owned),
        })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS)
            .attr("stamp", self.stamp.to_string())
            .attr_opt("id", self.id.as_deref())
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn both_survive_the_round_trip() {
        let retract: RetractMessage =
            round_trip("<retract xmlns='urn:xmpp:message-retract:1' id='wrong-recipient-1'/>");
        assert_eq!(retract.id, "wrong-recipient-1");
        let tombstone: Retracted = round_trip(
            "<retracted xmlns='urn:xmpp:message-retract:1' stamp='2019-09-20T23:09:32Z' id='retract-message-1'/>",
        );
        assert_eq!(tombstone.id.as_deref(), Some("retract-message-1"));
    }

    #[test]
    fn broken_ones_are_refused() {
        let no_id = read::<RetractMessage>("<retract xmlns='urn:xmpp:message-retract:1'/>");
        assert_eq!(no_id, Err(PayloadError::MissingAttribute("id")));
        let no_stamp = read::<Retracted>("<retracted xmlns='urn:xmpp:message-retract:1'/>");
        assert_eq!(no_stamp, Err(PayloadError::MissingAttribute("stamp")));
    }
}
