//! Reading and writing, and every attack of RFC 6120 §11.

use super::*;

fn read(frame: &str) -> Result<Element, XmlError> {
    parse(frame, &Limits::default())
}

#[test]
fn reads_a_message_with_payloads() {
    let message = read(
        "<message xmlns='jabber:client' from='a@b/c' type='chat' xml:lang='de'><body>1 &lt; 2 &amp; 3</body>\
         <x xmlns='urn:x' a='1'/><body xmlns='urn:other'>no</body></message>",
    )
    .unwrap();
    assert!(message.is("message", "jabber:client"));
    assert_eq!(message.attr("from"), Some("a@b/c"));
    assert_eq!(message.lang(), Some("de"));
    assert_eq!(message.child_text("body", "jabber:client").as_deref(), Some("1 < 2 & 3"));
    assert_eq!(message.child("x", "urn:x").unwrap().attr("a"), Some("1"));
    assert_eq!(message.children().count(), 3);
}

#[test]
fn reads_stream_features_with_their_prefix() {
    let features = read(
        "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>\
         </stream:features>",
    )
    .unwrap();
    assert!(features.is("features", "http://etherx.jabber.org/streams"));
    assert!(features.child("bind", "urn:ietf:params:xml:ns:xmpp-bind").is_some());
}

#[test]
fn writes_default_namespaces_only() {
    let xml = "<iq xmlns='jabber:client' id='1'><query xmlns='urn:q'><item>&lt;&amp;&gt;</item></query><a/></iq>";
    let iq = Element::builder("iq", "jabber:client")
        .attr("id", "1")
        .child(Element::builder("query", "urn:q").child(Element::builder("item", "urn:q").text("<&>").build()).build())
        .child(Element::builder("a", "jabber:client").build())
        .build();
    assert_eq!(iq.to_xml(), xml);
    assert_eq!(read(xml).unwrap(), iq);
}
