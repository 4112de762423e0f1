//! XML frames and documents.

use plausch_xmpp::xml::{Element, Limits, parse, parse_document};

/// What is read can be written, and reads the same; tight limits hold; all that is inside can be looked at.
pub fn run(data: &[u8]) {
    let frame = String::from_utf8_lossy(data);
    let tight = Limits { max_bytes: 2000, max_depth: 5, max_attributes: 4, max_elements: 50 };
    if let Ok(element) = parse(&frame, &tight) {
        assert!(frame.len() <= tight.max_bytes && depth(&element) <= tight.max_depth);
    }
    let _ = parse_document(&frame, &Limits::default());
    match parse(&frame, &Limits::default()) {
        Ok(element) => check(&element),
        Err(error) => assert!(!error.condition().is_empty()),
    }
}

fn check(element: &Element) {
    let written = element.to_xml();
    let again = parse(&written, &Limits::default()).unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!(*element, again, "{written}");
    assert_eq!(written, again.to_xml());
    let rebuilt = element.attrs().fold(
        Element::builder(element.name(), element.ns()).lang(element.lang()).children(element.children().cloned()),
        |builder, (name, value)| builder.attr(name, value),
    );
    assert_eq!(rebuilt.text(element.text()).build().text(), element.text());
}

fn depth(element: &Element) -> usize {
    element.children().map(depth).max().unwrap_or(0).saturating_add(1)
}
