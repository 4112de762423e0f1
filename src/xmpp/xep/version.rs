//! XEP-0092: Software Version.
//!
//! Strangers are told nothing (attack case A-21).

use crate::ns;
use crate::payload::{Payload, PayloadError, expect, text_element};
use crate::xml::Element;

/// `<query/>`: the question, if it holds nothing, or the answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SoftwareVersion {
    /// The software's name.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// What it runs on.
    pub os: Option<String>,
}

impl Payload for SoftwareVersion {
    const NAME: &'static str = "query";
    const NS: &'static str = ns::VERSION;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let child = |name| element.child_text(name, Self::NS);
        Ok(Self { name: child("name"), version: child("version"), os: child("os") })
    }

    fn to_element(&self) -> Element {
        let child = |name, text: &Option<String>| text.as_ref().map(|text| text_element(name, Self::NS, text));
        Element::builder(Self::NAME, Self::NS)
            .child_opt(child("name", &self.name))
            .child_opt(child("version", &self.version))
            .child_opt(child("os", &self.os))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::round_trip;

    #[test]
    fn question_and_answer_survive_the_round_trip() {
        let question: SoftwareVersion = round_trip("<query xmlns='jabber:iq:version'/>");
        assert_eq!(question, SoftwareVersion::default());
        let answer: SoftwareVersion = round_trip(
            "<query xmlns='jabber:iq:version'><name>Exodus</name><version>0.7.0.4</version><os>Windows-XP</os></query>",
        );
        assert_eq!(answer.version.as_deref(), Some("0.7.0.4"));
    }
}
