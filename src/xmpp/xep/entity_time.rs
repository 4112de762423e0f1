//! XEP-0202: Entity Time.
//!
//! Strangers are told nothing (attack case A-21).

use crate::datetime::DateTime;
use crate::ns;
use crate::payload::{Payload, PayloadError, expect, flag, text_element};
use crate::xml::Element;

flag! {
    /// Asks somebody for their time.
    TimeQuery = "time", ns::TIME
}

/// Somebody's time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntityTime {
    /// What their clock says.
    pub utc: DateTime,
    /// How many minutes their time of day is ahead of UTC.
    pub offset_minutes: i16,
}

impl Payload for EntityTime {
    const NAME: &'static str = "time";
    const NS: &'static str = ns::TIME;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let child = |name| element.child_text(name, Self::NS).ok_or(PayloadError::MissingChild(name));
        Ok(Self {
            utc: DateTime::parse(child("utc")?.trim()).map_err(|_| PayloadError::Invalid("utc"))?,
            offset_minutes: parse_offset(child("tzo")?.trim()).ok_or(PayloadError::Invalid("tzo"))?,
        })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS)
            .child(text_element("tzo", Self::NS, &write_offset(self.offset_minutes)))
            .child(text_element("utc", Self::NS, &self.utc.to_string()))
            .build()
    }
}

/// Reads a time zone offset (XEP-0082 §3.3): `Z`, or a sign, hours and minutes.
fn parse_offset(text: &str) -> Option<i16> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, clock) = match text.strip_prefix('-') {
        Some(clock) => (-1, clock),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = clock.split_once(':')?;
    let part = |text: &str, limit: i16| {
        let two_digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i16>().ok().filter(|number| two_digits && *number < limit)
    };
    part(hours, 24)?.checked_mul(60)?.checked_add(part(minutes, 60)?)?.checked_mul(sign)
}

fn write_offset(minutes: i16) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    fn time(tzo: &str) -> Result<i16, PayloadError> {
        let xml = format!("<time xmlns='urn:xmpp:time'><tzo>{tzo}</tzo><utc>2006-12-19T17:58:35Z</utc></time>");
        read::<EntityTime>(&xml).map(|time| time.offset_minutes)
    }

    #[test]
    fn question_and_answer_survive_the_round_trip() {
        round_trip::<TimeQuery>("<time xmlns='urn:xmpp:time'/>");
        let time: EntityTime =
            round_trip("<time xmlns='urn:xmpp:time'><tzo>-06:00</tzo><utc>2006-12-19T17:58:35Z</utc></time>");
        assert_eq!((time.utc.millis(), time.offset_minutes), (1_166_551_115_000, -360));
        round_trip::<EntityTime>("<time xmlns='urn:xmpp:time'><tzo>+05:45</tzo><utc>2006-12-19T17:58:35Z</utc></time>");
    }

    #[test]
    fn offsets() {
        assert_eq!(time("Z"), Ok(0));
        assert_eq!(time("+00:00"), Ok(0));
        assert_eq!(time("-00:30"), Ok(-30));
        for bad in ["", "+", "6", "+6:00", "+24:00", "+00:60", "+0a:00", "-+1:00", "+00:00:00", "٠٠"] {
            assert_eq!(time(bad), Err(PayloadError::Invalid("tzo")), "{bad}");
        }
    }

    #[test]
    fn both_parts_are_required() {
        let no_tzo = read::<EntityTime>("<time xmlns='urn:xmpp:time'><utc>2006-12-19T17:58:35Z</utc></time>");
        assert_eq!(no_tzo, Err(PayloadError::MissingChild("tzo")));
        let bad_utc = read::<EntityTime>("<time xmlns='urn:xmpp:time'><tzo>Z</tzo><utc>noon</utc></time>");
        assert_eq!(bad_utc, Err(PayloadError::Invalid("utc")));
    }
}
