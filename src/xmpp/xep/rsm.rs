//! XEP-0059: Result Set Management.

use crate::ns;
use crate::payload::{Payload, PayloadError, expect, parsed, parsed_child, text_element};
use crate::xml::Element;

/// Which page is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Page {
    /// The first (XEP-0059 §2.1).
    #[default]
    First,
    /// The one that follows the item with this id (§2.2).
    After(String),
    /// The one that precedes the item with this id (§2.3).
    Before(String),
    /// The last (§2.5).
    Last,
}

/// `<set/>` in a request.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PageRequest {
    /// The largest number of items wanted; zero asks for their number alone (§2.7).
    pub max: Option<u32>,
    /// Which page.
    pub page: Page,
}

impl Payload for PageRequest {
    const NAME: &'static str = "set";
    const NS: &'static str = ns::RSM;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let page = match (element.child_text("after", ns::RSM), element.child_text("before", ns::RSM)) {
            (None, None) => Page::First,
            (Some(id), None) => Page::After(id),
            (None, Some(id)) if id.is_empty() => Page::Last,
            (None, Some(id)) => Page::Before(id),
            (Some(_), Some(_)) => return Err(PayloadError::Duplicate("after")),
        };
        Ok(Self { max: parsed_child(element, "max", ns::RSM)?, page })
    }

    fn to_element(&self) -> Element {
        let page = match &self.page {
            Page::First => None,
            Page::After(id) => Some(text_element("after", ns::RSM, id)),
            Page::Before(id) => Some(text_element("before", ns::RSM, id)),
            Page::Last => Some(text_element("before", ns::RSM, "")),
        };
        Element::builder(Self::NAME, Self::NS)
            .child_opt(self.max.map(|max| text_element("max", ns::RSM, &max.to_string())))
            .child_opt(page)
            .build()
    }
}

/// `<set/>` in an answer: what the page holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PageInfo {
    /// The id of the first item; `None` if the page is empty.
    pub first: Option<String>,
    /// Where the first item stands in the whole, as far as the responder knows.
    pub first_index: Option<u64>,
    /// The id of the last item; `None` if the page is empty.
    pub last: Option<String>,
    /// How many items there are in all, as far as the responder knows.
    pub count: Option<u64>,
}

impl Payload for PageInfo {
    const NAME: &'static str = "set";
    const NS: &'static str = ns::RSM;

    /// Index and count are a courtesy (XEP-0059 §2.2): bad ones count as none.
    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let first = element.child("first", ns::RSM);
        Ok(Self {
            first: first.map(Element::text),
            first_index: first.and_then(|first| parsed(first, "index").ok().flatten()),
            last: element.child_text("last", ns::RSM),
            count: parsed_child(element, "count", ns::RSM).unwrap_or(None),
        })
    }

    fn to_element(&self) -> Element {
        let first = self.first.as_ref().map(|first| {
            let index = self.first_index.map(|index| index.to_string());
            Element::builder("first", ns::RSM).attr_opt("index", index).text(first).build()
        });
        Element::builder(Self::NAME, Self::NS)
            .child_opt(first)
            .child_opt(self.last.as_ref().map(|last| text_element("last", ns::RSM, last)))
            .child_opt(self.count.map(|count| text_element("count", ns::RSM, &count.to_string())))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    fn request(inner: &str) -> PageRequest {
        round_trip(&format!("<set xmlns='http://jabber.org/protocol/rsm'>{inner}</set>"))
    }

    #[test]
    fn requests_survive_the_round_trip() {
        assert_eq!(request(""), PageRequest::default());
        assert_eq!(request("<max>10</max>"), PageRequest { max: Some(10), page: Page::First });
        assert_eq!(request("<max>10</max><after>x</after>").page, Page::After("x".into()));
        assert_eq!(request("<max>10</max><before>x</before>").page, Page::Before("x".into()));
        assert_eq!(request("<max>10</max><before/>").page, Page::Last);
    }

    #[test]
    fn an_answer_survives_the_round_trip() {
        let info: PageInfo = round_trip(
            "<set xmlns='http://jabber.org/protocol/rsm'><first index='0'>stpeter@jabber.org</first>\
             <last>peterpan@neverland.lit</last><count>800</count></set>",
        );
        assert_eq!(info.first.as_deref(), Some("stpeter@jabber.org"));
        assert_eq!((info.first_index, info.count), (Some(0), Some(800)));
        assert_eq!(info.last.as_deref(), Some("peterpan@neverland.lit"));
        assert_eq!(round_trip::<PageInfo>("<set xmlns='http://jabber.org/protocol/rsm'/>"), PageInfo::default());
    }

    #[test]
    fn bad_numbers() {
        let info: PageInfo = read(
            "<set xmlns='http://jabber.org/protocol/rsm'><first index='-1'>a</first><last>b</last><count>many</count></set>",
        )
        .unwrap();
        assert_eq!((info.first.as_deref(), info.first_index, info.count), (Some("a"), None, None));
        let max = read::<PageRequest>("<set xmlns='http://jabber.org/protocol/rsm'><max>-1</max></set>");
        assert_eq!(max, Err(PayloadError::Invalid("max")));
        let both =
            read::<PageRequest>("<set xmlns='http://jabber.org/protocol/rsm'><after>a</after><before>b</before></set>");
        assert_eq!(both, Err(PayloadError::Duplicate("after")));
    }
}
