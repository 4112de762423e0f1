//! XEP-0428: Fallback Indication.
//!
//! It hides words that the sender wrote, so it is applied only for features that are understood here, and only if every
//! range it names is valid (attack case C-19).

use crate::ns;
use crate::payload::{Payload, PayloadError, expect, parsed};
use crate::sorted::sorted;
use crate::xml::Element;

/// Further parts are ignored, and with them the whole indication: see [`Fallback::cut_from_body`].
const MAX_PARTS: usize = 64;

/// Where the parts of a text lie that stand in for something else, in code points (XEP-0426): start and end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TextRange {
    /// The first code point.
    pub start: u32,
    /// The first code point after.
    pub end: u32,
}

/// A part of a message that stands in for something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FallbackPart {
    /// A part of the body, or all of it.
    Body(Option<TextRange>),
    /// A part of the subject, or all of it.
    Subject(Option<TextRange>),
}

/// `<fallback/>`: what in this message is for clients that don't know a feature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fallback {
    /// The feature, by its namespace.
    pub feature: Option<String>,
    /// The parts; none means all of body and subject.
    pub parts: Vec<FallbackPart>,
}

impl Fallback {
    /// The body without what stands in for the feature, or `None` if a range reaches beyond the body, is empty, or overlaps
    /// another: then nothing is to be hidden.
    pub fn cut_from_body(&self, body: &str) -> Option<String> {
        if self.parts.is_empty() {
            return Some(String::new());
        }
        let mut ranges = Vec::new();
        for part in &self.parts {
            match part {
                FallbackPart::Body(None) => return Some(String::new()),
                FallbackPart::Body(Some(range)) => ranges.push(*range),
                FallbackPart::Subject(_) => {}
            }
        }
        cut(body, ranges)
    }
}

/// A text without some ranges of code points.
fn cut(text: &str, ranges: Vec<TextRange>) -> Option<String> {
    let ranges = sorted(ranges);
    let length = u32::try_from(text.chars().count()).ok()?;
    let apart = ranges.is_sorted_by(|a, b| a.end <= b.start);
    let valid = ranges.iter().all(|range| range.start < range.end && range.end <= length);
    let hidden = |at: u32| ranges.iter().any(|range| (range.start..range.end).contains(&at));
    let kept = (0u32..).zip(text.chars()).filter(|(at, _)| !hidden(*at));
    (apart && valid).then(|| kept.map(|(_, char)| char).collect())
}

impl Payload for Fallback {
    const NAME: &'static str = "fallback";
    const NS: &'static str = ns::FALLBACK;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        if element.children().nth(MAX_PARTS).is_some() {
            return Err(PayloadError::TooLarge("fallback"));
        }
        let parts = element.children().filter(|part| part.ns() == Self::NS).filter_map(FallbackPart::read);
        Ok(Self { feature: element.attr("for").map(str::to_owned), parts: parts.collect::<Result<_, _>>()? })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS)
            .attr_opt("for", self.feature.as_deref())
            .children(self.parts.iter().map(FallbackPart::write))
            .build()
    }
}

impl FallbackPart {
    fn read(element: &Element) -> Option<Result<Self, PayloadError>> {
        match element.name() {
            "body" => Some(TextRange::read(element).map(Self::Body)),
            "subject" => Some(TextRange::read(element).map(Self::Subject)),
            _ => None,
        }
    }

    fn write(&self) -> Element {
        let (name, range) = match self {
            Self::Body(range) => ("body", range),
            Self::Subject(range) => ("subject", range),
        };
        Element::builder(name, ns::FALLBACK)
            .attr_opt("start", range.map(|range| range.start.to_string()))
            .attr_opt("end", range.map(|range| range.end.to_string()))
            .build()
    }
}

impl TextRange {
    /// A range has both ends, or the part is the whole.
    fn read(element: &Element) -> Result<Option<Self>, PayloadError> {
        match (parsed(element, "start")?, parsed(element, "end")?) {
            (Some(start), Some(end)) => Ok(Some(Self { start, end })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(PayloadError::MissingAttribute("end")),
            (None, Some(_)) => Err(PayloadError::MissingAttribute("start")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    fn fallback(inner: &str) -> Fallback {
        round_trip(&format!("<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>{inner}</fallback>"))
    }

    #[test]
    fn indications_survive_the_round_trip() {
        let reply = fallback("<body start='0' end='33'/><subject/>");
        assert_eq!(reply.feature.as_deref(), Some("urn:xmpp:reply:0"));
        let range = TextRange { start: 0, end: 33 };
        assert_eq!(reply.parts, [FallbackPart::Body(Some(range)), FallbackPart::Subject(None)]);
        round_trip::<Fallback>("<fallback xmlns='urn:xmpp:fallback:0'/>");
    }

    #[test]
    fn ranges_are_cut_in_code_points() {
        let body = "> 👩‍👧 hä\nnice";
        assert_eq!(fallback("<body start='0' end='9'/>").cut_from_body(body).as_deref(), Some("nice"));
        let two = fallback("<body start='9' end='10'/><body start='0' end='2'/>");
        assert_eq!(two.cut_from_body(body).as_deref(), Some("👩‍👧 hä\nice"));
        assert_eq!(fallback("").cut_from_body(body).as_deref(), Some(""));
        assert_eq!(fallback("<body/>").cut_from_body(body).as_deref(), Some(""));
        assert_eq!(fallback("<subject/>").cut_from_body(body).as_deref(), Some(body));
    }

    #[test]
    fn invalid_ranges_hide_nothing() {
        for inner in [
            "<body start='0' end='5'/>",
            "<body start='2' end='2'/>",
            "<body start='3' end='1'/>",
            "<body start='0' end='2'/><body start='1' end='3'/>",
            "<body start='0' end='2'/><body start='0' end='2'/>",
            "<body start='4294967295' end='4294967295'/>",
        ] {
            assert_eq!(fallback(inner).cut_from_body("abcd"), None, "{inner}");
        }
        assert_eq!(fallback("<body start='0' end='4'/>").cut_from_body("abcd").as_deref(), Some(""));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        let refused = |inner: &str| {
            read::<Fallback>(&format!("<fallback xmlns='urn:xmpp:fallback:0'>{inner}</fallback>")).unwrap_err()
        };
        assert_eq!(refused("<body start='1'/>"), PayloadError::MissingAttribute("end"));
        assert_eq!(refused("<body end='1'/>"), PayloadError::MissingAttribute("start"));
        assert_eq!(refused("<body start='-1' end='1'/>"), PayloadError::Invalid("start"));
        assert_eq!(refused(&"<body/>".repeat(65)), PayloadError::TooLarge("fallback"));
    }
}
