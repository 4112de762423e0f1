//! XEP-0172: User Nickname.
//!
//! A name that somebody gives themselves proves nothing: in rooms it is to be ignored, a stranger's is shown beside their
//! address, and a name in the roster wins (attack case A-16).

use crate::ns;
use crate::payload::{Payload, PayloadError, expect, trimmed};
use crate::xml::Element;

/// Longer names are cut.
const MAX_CHARS: usize = 1_023;

/// `<nick/>` in a subscription request, a message, or on the PEP node of the same name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nick {
    /// The name; `None` means that they no longer give themselves one.
    pub name: Option<String>,
}

impl Payload for Nick {
    const NAME: &'static str = "nick";
    const NS: &'static str = ns::NICK;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let name = trimmed(&element.text(), MAX_CHARS);
        Ok(Self { name: Some(name).filter(|name| !name.is_empty()) })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS).text(self.name.as_deref().unwrap_or_default()).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn a_name_survives_the_round_trip() {
        let nick: Nick = round_trip("<nick xmlns='http://jabber.org/protocol/nick'>Ishmael</nick>");
        assert_eq!(nick.name.as_deref(), Some("Ishmael"));
        let none: Nick = round_trip("<nick xmlns='http://jabber.org/protocol/nick'/>");
        assert_eq!(none.name, None);
    }

    #[test]
    fn blank_and_endless_names() {
        let blank: Nick = read("<nick xmlns='http://jabber.org/protocol/nick'> \n </nick>").unwrap();
        assert_eq!(blank.name, None);
        let long = "x".repeat(100_000);
        let long: Nick = read(&format!("<nick xmlns='http://jabber.org/protocol/nick'>{long}</nick>")).unwrap();
        assert_eq!(long.name.unwrap().len(), MAX_CHARS);
        let cut_at_a_blank = format!("{} {}", "x".repeat(MAX_CHARS - 1), "y".repeat(9));
        let cut: Nick =
            read(&format!("<nick xmlns='http://jabber.org/protocol/nick'>{cut_at_a_blank}</nick>")).unwrap();
        assert_eq!(Nick::from_element(&cut.to_element()), Ok(cut.clone()));
        assert_eq!(cut.name.unwrap().len(), MAX_CHARS - 1);
    }
}
