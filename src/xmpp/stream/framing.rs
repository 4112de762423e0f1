//! Framing over WebSocket (RFC 7395), and sorting what arrives after the negotiation.

use super::{Features, StreamError, ns};
use crate::xml::{Element, Limits, Malformation, XmlError, parse, parse_pruning};

/// What opens a stream. Over WebSocket it is sent as [`StreamHeader::to_open`]; over BOSH it goes into the request that
/// creates or restarts the session ([`crate::bosh::Bosh::open`]).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamHeader {
    /// The domain.
    pub to: String,
    /// The account: SASL2 and FAST need it before the features. Only sent where the way is protected (RFC 6120 §4.7.1).
    pub from: Option<String>,
    /// The person's language.
    pub lang: String,
}

impl StreamHeader {
    /// `<open/>` (RFC 7395 §3.4).
    pub fn to_open(&self) -> Element {
        Element::builder("open", ns::FRAMING)
            .attr_opt("from", self.from.as_deref())
            .attr("to", &self.to)
            .attr("version", "1.0")
            .lang(Some(&self.lang))
            .build()
    }
}

/// Reads a frame (RFC 7395 §3.3.3). A stanza that contains more than `limits` allow costs itself only: see
/// [`parse_pruning`].
///
/// Prosody (up to 13, at least) forgets to declare the prefix of a stream error that it sends before the stream is
/// established, such as `host-unknown`. Only that is mended: what the error says is worth knowing.
pub fn read_frame(frame: &str, limits: &Limits) -> Result<Element, XmlError> {
    match (parse_pruning(frame, limits, 0), frame.strip_prefix("<stream:error>")) {
        (Err(XmlError::NotWellFormed(Malformation::UndeclaredPrefix)), Some(rest)) => {
            parse(&format!("<stream:error xmlns:stream='{}'>{rest}", ns::STREAMS), limits)
        }
        (read, _) => read,
    }
}

/// `<close/>` (RFC 7395 §3.6).
pub fn close() -> Element {
    Element::builder("close", ns::FRAMING).build()
}

/// An element of the stream's top level, sorted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Incoming {
    /// `<message/>`, `<presence/>` or `<iq/>`: to be counted with [`crate::sm::Sm::count_inbound`] once handled.
    Stanza(Element),
    /// The server asks how much we have handled: to be answered with [`crate::sm::Sm::answer`] once it is stored.
    SmRequest,
    /// The server has handled this many of our stanzas, modulo 2³², for [`crate::sm::Sm::on_ack`].
    SmAck(u32),
    /// The server's features, once more. Prosody sends them after a resumption, too; nothing needs to be done.
    Features(Features),
    /// The stream is over.
    Error(StreamError),
    /// The stream is closed.
    Close {
        /// Where to connect instead; the server's words, for [`super::Redirects`].
        see_other_uri: Option<String>,
    },
    /// Anything else, malformed answers included: nothing to react to.
    Unknown(Element),
}

/// Whether an element is a stanza (RFC 6120 §8).
pub(super) fn is_stanza(element: &Element) -> bool {
    element.ns() == ns::CLIENT && matches!(element.name(), "message" | "presence" | "iq")
}

/// Sorts an element that arrived.
pub fn classify(element: Element) -> Incoming {
    let number = |name| element.attr(name).and_then(|h| h.parse().ok());
    match (element.name(), element.ns()) {
        _ if is_stanza(&element) => Incoming::Stanza(element),
        ("r", ns::SM) => Incoming::SmRequest,
        ("a", ns::SM) => match number("h") {
            Some(h) => Incoming::SmAck(h),
            None => Incoming::Unknown(element),
        },
        ("close", ns::FRAMING) => {
            let see_other_uri = element.attr("see-other-uri").map(super::clip_text);
            Incoming::Close { see_other_uri }
        }
        (_, ns::STREAMS) => match (StreamError::from_element(&element), Features::from_element(&element)) {
            (Some(error), _) => Incoming::Error(error),
            (None, Some(features)) => Incoming::Features(features),
            (None, None) => Incoming::Unknown(element),
        },
        _ => Incoming::Unknown(element),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Limits, parse};

    fn classified(xml: &str) -> Incoming {
        classify(parse(xml, &Limits::default()).unwrap())
    }

    #[test]
    fn open_has_what_sasl2_needs() {
        let header = StreamHeader {
            to: "cap.example".to_owned(),
            from: Some("juliet@cap.example".to_owned()),
            lang: "de".to_owned(),
        };
        let expected = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='juliet@cap.example' \
             to='cap.example' version='1.0' xml:lang='de'/>";
        assert_eq!(header.to_open(), parse(expected, &Limits::default()).unwrap());
    }

    #[test]
    fn top_level_elements() {
        assert!(matches!(classified("<message xmlns='jabber:client'/>"), Incoming::Stanza(_)));
        assert_eq!(classified("<r xmlns='urn:xmpp:sm:3'/>"), Incoming::SmRequest);
        assert_eq!(classified("<a xmlns='urn:xmpp:sm:3' h='4294967295'/>"), Incoming::SmAck(u32::MAX));
        assert!(matches!(classified("<features xmlns='http://etherx.jabber.org/streams'/>"), Incoming::Features(_)));
        let error = "<error xmlns='http://etherx.jabber.org/streams'>\
             <conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>";
        assert!(matches!(classified(error), Incoming::Error(_)));
        let close = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='wss://b.example/ws'/>";
        assert_eq!(classified(close), Incoming::Close { see_other_uri: Some("wss://b.example/ws".to_owned()) });
    }

    #[test]
    fn a_stream_error_without_its_prefix_is_read() {
        let limits = Limits::default();
        let frame = "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
        let error = StreamError::from_element(&read_frame(frame, &limits).unwrap()).unwrap();
        assert_eq!(error.condition.name(), "host-unknown");
        let undeclared = Err(XmlError::NotWellFormed(Malformation::UndeclaredPrefix));
        for frame in ["<stream:features/>", "<stream:error><x:y/></stream:error>", "<s:error></s:error>"] {
            assert_eq!(read_frame(frame, &limits), undeclared, "{frame}");
        }
        assert!(read_frame("<message xmlns='jabber:client'/>", &limits).is_ok());
    }

    #[test]
    fn a_stanza_that_contains_too_much_costs_itself_only() {
        let limits = Limits { max_depth: 4, max_attributes: 6, max_elements: 8, ..Limits::default() };
        let head = "<iq xmlns='jabber:client' type='get' id='7' from='eve@evil.example/x'>";
        let many = |text: &str, count: usize| text.repeat(count);
        let attributes = |from: usize| (from..from + 9).map(|n| format!(" a{n}='{n}'")).collect::<String>();
        for excess in [
            format!("<q xmlns='x'>{}{}</q>", many("<a>", 900), many("</a>", 900)),
            format!("<q xmlns='x'>text &amp; {}<![CDATA[more]]></q>", many("<a/>", 9)),
            format!("<q xmlns='x'{}><b/></q>", attributes(0)),
            format!("<q xmlns='x'><b{}>inside</b></q><r xmlns='y'/>", attributes(0)),
        ] {
            let stanza = read_frame(&format!("{head}{excess}</iq>"), &limits).unwrap();
            assert_eq!((stanza.attr("id"), stanza.attr("from")), (Some("7"), Some("eve@evil.example/x")));
            let content: Vec<_> = stanza.children().map(|child| (child.name(), child.ns())).collect();
            assert_eq!(content, [("pruned", crate::xml::PRUNED)], "{excess:.80}");
            assert!(matches!(classify(stanza), Incoming::Stanza(_)));
        }
        let crowded =
            format!("<c:message{} xmlns:c='jabber:client' id='7'><c:body>x</c:body></c:message>", attributes(0));
        let stanza = read_frame(&crowded, &limits).unwrap();
        assert_eq!((stanza.attr("id"), stanza.ns(), stanza.attr("a8")), (Some("7"), ns::CLIENT, None));
        // What is ill-formed or forbidden remains so, within a stanza that contains too much, too.
        let deep = many("<a>", 900);
        for bad in [
            format!("{head}{deep}</iq>"),
            format!("{head}{deep}<!-- x -->{}</iq>", many("</a>", 900)),
            format!("<message xmlns='jabber:client'{}/>", " id='1'".repeat(20)),
            format!("{head}</iq>{head}</iq>"),
        ] {
            assert!(read_frame(&bad, &limits).is_err(), "{bad:.80}");
        }
        let large = Limits { max_bytes: 10, ..limits };
        assert_eq!(read_frame("<message xmlns='jabber:client'/>", &large), Err(XmlError::TooLarge));
    }

    #[test]
    fn look_alikes_are_unknown() {
        for xml in [
            "<message xmlns='jabber:server'/>",
            "<message/>",
            "<r xmlns='urn:xmpp:sm:2'/>",
            "<a xmlns='urn:xmpp:sm:3'/>",
            "<a xmlns='urn:xmpp:sm:3' h='4294967296'/>",
            "<close xmlns='jabber:client'/>",
            "<message xmlns='http://etherx.jabber.org/streams'/>",
        ] {
            assert!(matches!(classified(xml), Incoming::Unknown(_)), "{xml}");
        }
    }
}
