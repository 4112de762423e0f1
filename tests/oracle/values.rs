//! Generated values.

use plausch_xmpp::datetime::DateTime;
use plausch_xmpp::jid::{BareJid, Jid};
use plausch_xmpp::xml::Element;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

/// A text with whatever needs escaping, but nothing at its ends that somebody may trim.
pub fn text() -> impl Strategy<Value = String> {
    "[a-zA-Zäß€😀<>&'\"\\]]([a-zA-Zäß€😀 \n<>&'\"\\]]{0,20}[a-zA-Zäß€😀<>&'\"\\]])?"
}

/// A text for an attribute.
pub fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9äß€😀<>&'\"#:/+-]{1,16}"
}

/// An id.
pub fn id() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9-]{1,24}"
}

/// A bare address.
pub fn bare() -> impl Strategy<Value = BareJid> {
    "([a-z0-9äé]{1,8}@)?[a-z]{1,8}\\.example".prop_map(|jid| BareJid::parse(&jid).unwrap())
}

/// An address, with a resource or without.
pub fn jid() -> impl Strategy<Value = Jid> {
    (bare(), of("[a-zA-Z0-9 ]{0,6}[a-zA-Z0-9]")).prop_map(|(bare, resource)| match resource {
        Some(resource) => bare.with_resource(&resource).unwrap().into(),
        None => bare.into(),
    })
}

/// A moment between 1970 and 2100, without fractions of a second.
pub fn moment() -> impl Strategy<Value = DateTime> {
    (0i64..4_102_444_800).prop_map(|seconds| DateTime::from_millis(seconds * 1_000))
}

/// An element that no library knows.
pub fn foreign() -> impl Strategy<Value = Element> {
    (id(), of(word()), of(text())).prop_map(|(name, attribute, text)| {
        let inner = Element::builder("inner", "urn:example:inner").attr_opt("a", attribute).build();
        let outer = Element::builder(&format!("x{name}"), "urn:example:outer").child(inner);
        match text {
            Some(text) => outer.text(text).build(),
            None => outer.build(),
        }
    })
}

/// Some foreign elements.
pub fn foreigners() -> impl Strategy<Value = Vec<Element>> {
    vec(foreign(), 0..3)
}

/// One of the values of a closed enum.
pub fn one_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}
