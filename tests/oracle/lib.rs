//! Checks the payload types of `plausch-xmpp` against `xmpp-parsers`, an independent implementation, with generated values:
//! what we write it must read as the same, and what it writes of that we must read as what we had.
//!
//! Left out is what it does not know: retraction, replies, fallback, private storage, tables in forms, `stable` in archive
//! answers, fractions of seconds, more than one paragraph of instructions.

#![cfg(test)]
#![allow(clippy::arithmetic_side_effects)]

mod archive;
mod chat;
mod people;
mod services;
mod stanzas;
mod values;

use std::fmt::Debug;

use plausch_xmpp::payload::Payload;
use plausch_xmpp::xml::{Element, Limits, parse};

/// What `xmpp-parsers` reads of an element, and what we read of what it writes then.
fn through<Theirs>(element: &Element) -> (Theirs, Element)
where
    Theirs: Into<minidom::Element> + TryFrom<minidom::Element, Error: Debug>,
{
    let xml = element.to_xml();
    let theirs: minidom::Element = xml.parse().unwrap_or_else(|error| panic!("not read by minidom: {error}: {xml}"));
    let read = |element| {
        Theirs::try_from(element).unwrap_or_else(|error| panic!("not read by xmpp-parsers: {error:?}: {xml}"))
    };
    let written = String::from(&read(theirs.clone()).into());
    let back = parse(&written, &Limits::default()).unwrap_or_else(|error| panic!("not read by us: {error}: {written}"));
    (read(theirs), back)
}

/// Checks that a payload survives the way to the other library and back. Returns what that made of it.
fn agree<Ours, Theirs>(ours: &Ours) -> Theirs
where
    Ours: Payload + PartialEq + Debug,
    Theirs: Into<minidom::Element> + TryFrom<minidom::Element, Error: Debug>,
{
    let (theirs, back) = through(&ours.to_element());
    assert_eq!(Ours::from_element(&back).as_ref(), Ok(ours), "{}", back.to_xml());
    theirs
}
