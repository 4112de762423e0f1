//! XEP-0049: Private XML Storage, for servers that keep bookmarks (XEP-0048) nowhere else.

use crate::ns;
use crate::payload::{Payload, PayloadError, expect};
use crate::xml::Element;

/// `<query/>`: asks for what is stored under an element's name and namespace (if that is empty), answers it, or stores it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrivateStorage {
    /// The element.
    pub content: Element,
}

impl PrivateStorage {
    /// The request for what is stored under a name and namespace.
    pub fn query(name: &str, ns: &str) -> Self {
        Self { content: Element::builder(name, ns).build() }
    }
}

impl Payload for PrivateStorage {
    const NAME: &'static str = "query";
    const NS: &'static str = ns::PRIVATE;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let mut children = element.children();
        let content = children.next().ok_or(PayloadError::MissingChild("content"))?.clone();
        if children.next().is_some() { Err(PayloadError::Duplicate("content")) } else { Ok(Self { content }) }
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS).child(self.content.clone()).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn storage_survives_the_round_trip() {
        let xml = "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>";
        assert_eq!(PrivateStorage::query("storage", "storage:bookmarks"), round_trip(xml));
        round_trip::<PrivateStorage>(
            "<query xmlns='jabber:iq:private'><exodus xmlns='exodus:prefs'><a>b</a></exodus></query>",
        );
    }

    #[test]
    fn there_must_be_one_element() {
        let none = read::<PrivateStorage>("<query xmlns='jabber:iq:private'/>");
        assert_eq!(none, Err(PayloadError::MissingChild("content")));
        let two = read::<PrivateStorage>("<query xmlns='jabber:iq:private'><a xmlns='a'/><b xmlns='b'/></query>");
        assert_eq!(two, Err(PayloadError::Duplicate("content")));
    }
}
