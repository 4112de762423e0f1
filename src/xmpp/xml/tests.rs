//! Reading and writing, and every attack of C-18: DTD, entities, instructions, comments, second roots, prefixes and default
//! namespaces that change, duplicate attributes, invalid characters, depth and size.

#![allow(clippy::arithmetic_side_effects, clippy::string_slice)]

use proptest::prelude::*;

use super::*;

fn read(frame: &str) -> Result<Element, XmlError> {
    parse(frame, &Limits::default())
}

fn condition(frame: &str) -> &'static str {
    match read(frame) {
        Ok(element) => panic!("{frame:.100} was read as {element:?}"),
        Err(error) => error.condition(),
    }
}

fn text_of(frame: &str) -> String {
    read(frame).unwrap_or_else(|error| panic!("{frame:?}: {error}")).text()
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
    assert_eq!(message.child("x", "jabber:client"), None);
    assert_eq!(message.children().count(), 3);
    assert_eq!(message.children_named("body", "urn:other").count(), 1);
    assert_eq!(message.attrs().collect::<Vec<_>>(), [("from", "a@b/c"), ("type", "chat")]);
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
fn text_and_element_nodes_keep_their_order() {
    let element = read("<a xmlns='u'>x<b/>y<![CDATA[<z>]]>&#33;<c/></a>").unwrap();
    let nodes = element.nodes().iter().map(|node| match node {
        Node::Element(child) => child.name(),
        Node::Text(text) => text.as_str(),
    });
    assert_eq!(nodes.collect::<Vec<_>>(), ["x", "b", "y<z>!", "c"]);
    assert_eq!(element.text(), "xy<z>!");
}

#[test]
fn declaration_and_white_space_around_are_accepted() {
    for frame in [
        "<?xml version='1.0'?><a/>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a/>\n",
        "<?xml version='1.0' encoding='utf-8' standalone='no'?><a/>",
        " \r\n\t<a/> ",
        "<a/>",
        "<a></a >",
        "<a\n/>",
    ] {
        assert!(read(frame).is_ok(), "{frame}");
    }
    assert_eq!(condition("<?xml version='1.0' encoding='ISO-8859-1'?><a/>"), "unsupported-encoding");
    assert_eq!(condition("<?xml version='1.1'?><a/>"), "not-well-formed");
    for declared in [
        "",
        "encoding='utf-8'",
        "encoding='utf-8' version='1.0'",
        "version='1.0' version='1.0'",
        "version='1.0' encoding='utf-8' encoding='utf-8'",
        "version='1.0' standalone='no' encoding='utf-8'",
        "version='1.0' a='b'",
        "version='1.0' encoding",
        "version='1.0' a:encoding='utf-8'",
    ] {
        assert_eq!(condition(&format!("<?xml {declared}?><a/>")), "not-well-formed", "{declared}");
    }
    assert_eq!(condition("<a><?xml version='1.0'?></a>"), "not-well-formed");
    assert_eq!(condition(" <?xml version='1.0'?><a/>"), "not-well-formed");
}

#[test]
fn restricted_xml_is_refused() {
    for frame in [
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<!doctype a><a/>",
        "<!DOCTYPE a [<!ENTITY x 'y'>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "<!-- c --><a/>",
        "<a><!-- c --></a>",
        "<a><!-- c",
        "<a/><!-- c -->",
        "<?pi x?><a/>",
        "<a><?pi?></a>",
        "<a><?pi x",
        "<?xml-stylesheet href='x'?><a/>",
        "<a>&nbsp;</a>",
        "<a>&x;</a>",
        "<a b='&x;'/>",
        "<a>&AMP;</a>",
    ] {
        assert_eq!(condition(frame), "restricted-xml", "{frame}");
    }
    for (frame, text) in [
        ("<a>&amp;&lt;&gt;&apos;&quot;</a>", "&<>'\""),
        ("<a>&#65;&#x42;&#x1F600;&#x1f600;&#9;&#10;&#13;&#32;</a>", "AB😀😀\t\n\r "),
        ("<a><![CDATA[<!-- & -->]]></a>", "<!-- & -->"),
        ("<a><![CDATA[]]></a>", ""),
        ("<a><![CDATA[]]]]><![CDATA[>]]></a>", "]]>"),
    ] {
        assert_eq!(text_of(frame), text);
    }
}

#[test]
fn ill_formed_xml_is_refused() {
    for frame in [
        "",
        " ",
        "a",
        "<",
        "<>",
        "</a>",
        "<a>",
        "<a",
        "<a b='",
        "<a></b>",
        "<a></a",
        "<a><b></a></b>",
        "<a/><b/>",
        "<a></a><b></b>",
        "<a/>text",
        "text<a/>",
        "<a/>&amp;",
        "<a/><![CDATA[ ]]>",
        "\u{feff}<a/>",
        "<a/></a>",
        "<a>]]></a>",
        "<a>&</a>",
        "<a>& b;</a>",
        "<a>&amp</a>",
        "<a>&;</a>",
        "<a>&#;</a>",
        "<a>&#x;</a>",
        "<a>&#xg;</a>",
        "<a>&#+65;</a>",
        "<a>&#-1;</a>",
        "<a>&#0;</a>",
        "<a>&#8;</a>",
        "<a>&#xD800;</a>",
        "<a>&#xFFFE;</a>",
        "<a>&#x110000;</a>",
        "<a>&#99999999999999999999;</a>",
        "<a>\0</a>",
        "<a>\u{1}</a>",
        "<a>\u{b}</a>",
        "<a>\u{1f}</a>",
        "<a>\u{fffe}</a>",
        "<a>\u{ffff}</a>",
        "<a b='\u{c}'/>",
        "<a b='\u{ffff}'/>",
        "<\0/>",
        "<a b/>",
        "<a b=c/>",
        "<a b=/>",
        "<a b='c\"/>",
        "<a b='c'd='e'/>",
        "<a 'c'/>",
        "<a b='c' =/>",
        "<a b='<'/>",
        "<a b='&'/>",
        "<a b='&#0;'/>",
        "<a b='c' b='d'/>",
        "<a / >",
        "< a/>",
        "<1/>",
        "<-a/>",
        "<a$/>",
        "<a 1='x'/>",
        "<a:/>",
        "<:a/>",
        "<a:b:c xmlns:a='u'/>",
        "<![CDATA[x]]>",
        "<a><![CDATA[x</a>",
        "<a><![cdata[x]]></a>",
        "<a><!x></a>",
        "<a></a b='c'>",
    ] {
        assert_eq!(condition(frame), "not-well-formed", "{frame:?}");
    }
}

#[test]
fn namespaces_resolve_where_they_are_declared() {
    let element = read(
        "<a:a xmlns:a='u:1' xmlns='u:2' a:x='no' x='yes'><b/><a:b/><a:b xmlns:a='u:3'/><a:b/><c xmlns=''><d/></c><c/></a:a>",
    )
    .unwrap();
    assert!(element.is("a", "u:1"));
    assert_eq!(element.attr("x"), Some("yes"));
    let children: Vec<_> = element.children().map(|child| (child.name(), child.ns())).collect();
    assert_eq!(children, [("b", "u:2"), ("b", "u:1"), ("b", "u:3"), ("b", "u:1"), ("c", ""), ("c", "u:2")]);
    assert!(element.child("c", "").unwrap().child("d", "").is_some());
}

#[test]
fn a_default_namespace_swapped_inside_fools_nobody() {
    let message = read(
        "<message xmlns='jabber:client'><x xmlns='urn:evil'><body>no</body><body xmlns='jabber:client'>deep</body></x>\
         <body>yes</body></message>",
    )
    .unwrap();
    assert_eq!(message.child_text("body", "jabber:client").as_deref(), Some("yes"));
    assert!(message.child("x", "urn:evil").unwrap().child("body", "urn:evil").is_some());
}

#[test]
fn namespaces_that_are_none_are_refused() {
    for frame in [
        "<a:b/>",
        "<a b:c='d'/>",
        "<a><b xmlns:p='u'/><p:c/></a>",
        "<stream:features/>",
        "<a xmlns:b=''/>",
        "<a xmlns:xml='u'/>",
        "<a xmlns:xmlns='u'/>",
        "<a xmlns:b='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns:b='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<xml:a/>",
        "<xmlns:a/>",
        "<a xmlns='u' xmlns='v'/>",
        "<a xmlns:b='u' xmlns:b='u'/>",
        "<a xmlns:b='u' xmlns:c='u' b:x='1' c:x='2'/>",
        "<a xml:lang='a' xml:lang='b'/>",
        "<a xmlns:='u'/>",
    ] {
        assert_eq!(condition(frame), "not-well-formed", "{frame}");
    }
    for frame in [
        "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='x' xml:space='preserve'/>",
        "<a xmlns:b='u' x='1' b:x='2'/>",
        "<a xmlns:b='u' xmlns:c='v' b:x='1' c:x='2'/>",
        "<b:a b:x='1' xmlns:b='u'/>",
    ] {
        assert!(read(frame).is_ok(), "{frame}");
    }
}

#[test]
fn white_space_is_normalised_as_xml_has_it() {
    assert_eq!(text_of("<a>1\r\n2\r3\n4&#13;</a>"), "1\n2\n3\n4\r");
    assert_eq!(text_of("<a><![CDATA[1\r\n2]]>\r</a>"), "1\n2\n");
    let element = read("<a b='1\r\n2\r3\n4\t5&#13;&#10;&#9;&lt;&#x27;\"'/>").unwrap();
    assert_eq!(element.attr("b"), Some("1 2 3 4 5\r\n\t<'\""));
}

#[test]
fn depth_is_limited_and_costs_no_stack() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(read(&nested(64)).is_ok());
    assert_eq!(read(&nested(65)), Err(XmlError::TooDeep));
    assert_eq!(condition(&nested(10_000)), "policy-violation");
    assert_eq!(condition(&"<a>".repeat(3_000_000)), "policy-violation");
    let unlimited = Limits { max_depth: usize::MAX, ..Limits::default() };
    let deepest = parse(&nested(Limits::HARD_MAX_DEPTH), &unlimited).unwrap();
    assert_eq!(deepest.clone(), deepest);
    assert_eq!(parse(&nested(Limits::HARD_MAX_DEPTH + 1), &unlimited), Err(XmlError::TooDeep));
}

#[test]
fn size_and_numbers_are_limited() {
    let body = |bytes: usize| format!("<a>{}</a>", "x".repeat(bytes - 7));
    let limits = Limits { max_bytes: 1000, max_attributes: 3, max_elements: 4, ..Limits::default() };
    assert!(parse(&body(1000), &limits).is_ok());
    assert_eq!(parse(&body(1001), &limits), Err(XmlError::TooLarge));
    assert_eq!(condition(&body(50_000_000)), "policy-violation");
    assert!(parse("<a xmlns='u' b='1' c='2'/>", &limits).is_ok());
    assert_eq!(parse("<a xmlns='u' b='1' c='2' d='3'/>", &limits), Err(XmlError::TooManyAttributes));
    assert!(parse("<a><b/><b/><b/></a>", &limits).is_ok());
    assert_eq!(parse("<a><b/><b/><b/><b/></a>", &limits), Err(XmlError::TooManyElements));
    assert_eq!(condition(&format!("<a>{}</a>", "<b/>".repeat(300_000))), "policy-violation");
}

#[test]
fn documents_may_have_comments_but_no_more() {
    let document = "<?xml version='1.0'?>\n<!-- a --><a><!-- b --><b/></a><!-- c -->\n";
    let element = parse_document(document, &Limits::default()).unwrap();
    assert_eq!(element.children().count(), 1);
    assert_eq!(parse_document("<a>1<!-- x -->2</a>", &Limits::default()).map(|element| element.nodes().len()), Ok(1));
    for document in ["<!DOCTYPE a><a/>", "<?pi?><a/>", "<a>&x;</a>"] {
        assert_eq!(parse_document(document, &Limits::default()).unwrap_err().condition(), "restricted-xml");
    }
}

#[test]
fn writes_default_namespaces_only() {
    let xml = "<iq xmlns='jabber:client' xml:lang='en' id='1'><query xmlns='urn:q'><item>&lt;&amp;&gt;</item></query><a/>\
               <b xmlns=''><c/></b></iq>";
    let iq = Element::builder("iq", "jabber:client")
        .lang(Some("en"))
        .attr("id", "1")
        .child(Element::builder("query", "urn:q").child(Element::builder("item", "urn:q").text("<&>").build()).build())
        .child_opt(None)
        .child_opt(Some(Element::builder("a", "jabber:client").build()))
        .child(Element::builder("b", "").child(Element::builder("c", "").build()).build())
        .build();
    assert_eq!(iq.to_xml(), xml);
    assert_eq!(read(xml).unwrap(), iq);
}

#[test]
fn prefixes_do_not_survive_reading() {
    let features =
        read("<stream:features xmlns:stream='urn:s'><stream:a/><b xmlns='urn:b'/></stream:features>").unwrap();
    assert_eq!(features.to_xml(), "<features xmlns='urn:s'><a/><b xmlns='urn:b'/></features>");
}

#[test]
fn what_is_built_is_always_well_formed() {
    let element = Element::builder("a b<\u{e9}", "urn:\u{0}x'&")
        .attr("n>ame", "v\u{1}'\"<>&\r\n\t\u{ffff}")
        .attr("xmlns", "evil")
        .attr("xmlns:x", "evil")
        .attr("", "nothing")
        .attr("twice", "1")
        .attr("twice", "2")
        .attr("xml:lang", "de")
        .attr_opt("none", None::<&str>)
        .text("]]>\u{0}\u{fffe}\r<")
        .text(" & more\n")
        .text("")
        .build();
    let written = element.to_xml();
    assert_eq!(read(&written), Ok(element.clone()), "{written}");
    assert_eq!((element.name(), element.ns(), element.lang()), ("abé", "urn:x'&", Some("de")));
    assert_eq!(element.attr("name"), Some("v'\"<>&\r\n\t"));
    assert_eq!(element.attr("twice"), Some("2"));
    assert_eq!(element.attrs().count(), 2);
    assert_eq!(element.text(), "]]>\r< & more\n");
    assert_eq!(element.nodes().len(), 1);
    assert_eq!(Element::builder("<>", "http://www.w3.org/XML/1998/namespace").build().to_xml(), "<_/>");
}

#[test]
fn the_order_of_attributes_does_not_matter_and_that_of_children_does() {
    assert_eq!(read("<a b='1' c='2'/>"), read("<a c='2' b='1'/>"));
    assert_ne!(read("<a b='1' c='2'/>"), read("<a b='1'/>"));
    assert_ne!(read("<a b='1'/>"), read("<a c='1'/>"));
    assert_ne!(read("<a><b/><c/></a>"), read("<a><c/><b/></a>"));
    assert_ne!(read("<a/>"), read("<a xmlns='u'/>"));
    assert_ne!(read("<a/>"), read("<a xml:lang='en'/>"));
}

fn any_element() -> impl Strategy<Value = Element> {
    let name = "[a-zA-Z_é][a-z0-9.é-]{0,8}";
    let ns = prop_oneof![Just("jabber:client".to_owned()), Just(String::new()), any::<String>()];
    let start = (name, ns, proptest::collection::vec((name, any::<String>()), 0..4), proptest::option::of("[a-z]{2}"));
    let leaf = (start, any::<String>()).prop_map(|((name, ns, attrs, lang), text)| {
        let builder = Element::builder(&name, &ns).lang(lang.as_deref()).text(text);
        attrs.iter().fold(builder, |builder, (name, value)| builder.attr(name, value)).build()
    });
    leaf.prop_recursive(4, 24, 4, |inner| {
        (inner.clone(), proptest::collection::vec((inner, "[ -~\\r\\n\\t😀]{0,6}"), 0..4)).prop_map(
            |(parent, children)| {
                let builder = Element::builder(parent.name(), parent.ns()).text(parent.text());
                children.into_iter().fold(builder, |builder, (child, text)| builder.child(child).text(text)).build()
            },
        )
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(element in any_element()) {
        prop_assert_eq!(read(&element.to_xml()), Ok(element));
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = read(&text);
    }

    #[test]
    fn no_near_miss_panics(text in "(<[/?!]?[a-c]?:?[a-c]?( xmlns(:[a-c])?=['\"][a-c&;]?['\"])?/?>|&#?[a-z0-9]{0,3};?|[a-c\\[\\]>-]){0,12}") {
        if let Ok(element) = read(&text) {
            prop_assert_eq!(read(&element.to_xml()), Ok(element));
        }
    }
}
