//! XEP-0203: Delayed Delivery.

use crate::datetime::DateTime;
use crate::jid::Jid;
use crate::ns;
use crate::payload::{self, Payload, PayloadError, expect, required};
use crate::xml::Element;

/// Since when somebody has been holding a stanza. Anybody can write one: whose counts is for the reader to decide (attack
/// case A-20).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delay {
    /// Who held it, as they say.
    pub from: Option<Jid>,
    /// When the stanza was sent.
    pub stamp: DateTime,
    /// Why it was held, in words.
    pub reason: Option<String>,
}

impl Payload for Delay {
    const NAME: &'static str = "delay";
    const NS: &'static str = ns::DELAY;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        Ok(Self {
            from: payload::jid(element, "from")?,
            stamp: DateTime::parse(required(element, "stamp")?).map_err(|_| PayloadError::Invalid("stamp"))?,
            reason: Some(element.text()).filter(|reason| !reason.is_empty()),
        })
    }

    fn to_element(&self) -> Element {
        let builder = Element::builder(Self::NAME, Self::NS)
            .attr_opt("from", self.from.as_ref().map(Jid::as_str))
            .attr("stamp", self.stamp.to_string());
        match &self.reason {
            Some(reason) => builder.text(reason).build(),
            None => builder.build(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn a_delay_survives_the_round_trip() {
        let delay: Delay = round_trip(
            "<delay xmlns='urn:xmpp:delay' from='capulet.com' stamp='2002-09-10T23:08:25Z'>Offline Storage</delay>",
        );
        assert_eq!(delay.stamp.millis(), 1_031_699_305_000);
        assert_eq!(delay.from, Some(Jid::parse("capulet.com").unwrap()));
        assert_eq!(delay.reason.as_deref(), Some("Offline Storage"));
        round_trip::<Delay>("<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>");
    }

    #[test]
    fn a_stamp_must_be_a_moment() {
        for stamp in ["", "2035-01-01", "2002-09-10T23:08:25", "2002-13-10T23:08:25Z", "99999-01-01T00:00:00Z", "now"] {
            let xml = format!("<delay xmlns='urn:xmpp:delay' stamp='{stamp}'/>");
            assert_eq!(read::<Delay>(&xml), Err(PayloadError::Invalid("stamp")), "{stamp}");
        }
        assert_eq!(read::<Delay>("<delay xmlns='urn:xmpp:delay'/>"), Err(PayloadError::MissingAttribute("stamp")));
        let from = read::<Delay>("<delay xmlns='urn:xmpp:delay' from='@' stamp='2002-09-10T23:08:25Z'/>");
        assert_eq!(from, Err(PayloadError::Invalid("from")));
    }
}
