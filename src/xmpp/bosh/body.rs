//! The `<body/>` of requests and responses (XEP-0124 §6).

use super::{BoshCondition, BoshEnd};
use crate::list::IntoList;
use crate::stream::{StreamHeader, clip_text, ns};
use crate::xml::{Element, ElementBuilder, Limits, Node, parse_pruning};

/// The version of BOSH (§7.1).
const VERSION: &str = "1.11";
/// The most simultaneous requests that we make, whatever the server allows.
const MAX_REQUESTS: usize = 4;

/// What the server sets when it creates a session (§7.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Terms {
    /// How many requests may be under way.
    pub requests: usize,
    /// How many requests the server holds back.
    pub hold: u32,
    /// For how long.
    pub wait_seconds: u32,
    /// The time between requests without content, in sessions that poll.
    pub polling_seconds: u32,
}

impl Default for Terms {
    fn default() -> Self {
        Self { requests: 2, hold: 1, wait_seconds: super::WAIT_SECONDS, polling_seconds: 0 }
    }
}

impl Terms {
    fn read(body: &Element) -> Self {
        let number = |name| body.attr(name).and_then(|value| value.parse::<u32>().ok());
        let default = Self::default();
        let hold = number("hold").unwrap_or(default.hold);
        let requests = number("requests").unwrap_or_else(|| hold.saturating_add(1));
        Self {
            requests: usize::try_from(requests).unwrap_or(MAX_REQUESTS).clamp(1, MAX_REQUESTS),
            hold,
            wait_seconds: number("wait").unwrap_or(default.wait_seconds).min(default.wait_seconds),
            polling_seconds: number("polling").unwrap_or_default(),
        }
    }

    /// Whether the server answers at once instead of holding requests (§12).
    pub(super) fn is_polling(&self) -> bool {
        self.hold == 0 || self.wait_seconds == 0
    }
}

/// A request.
pub(super) enum Request<'a> {
    /// Create the session.
    Create { header: &'a StreamHeader, wait_seconds: u32 },
    /// Restart the stream.
    Restart(StreamHeader),
    /// Send elements, or just wait.
    Elements(Vec<Element>),
    /// Send elements and end the session.
    Terminate(Vec<Element>),
}

impl Request<'_> {
    /// The body. Its attributes in a namespace, which an [`Element`] does not have, are spliced in.
    pub(super) fn to_xml(&self, rid: u64, sid: &str, ack: Option<u64>) -> String {
        let body = Element::builder("body", ns::HTTP_BIND).attr("rid", rid.to_string());
        let body = body.attr_opt("sid", Some(sid).filter(|sid| !sid.is_empty()));
        let body = body.attr_opt("ack", ack.map(|ack| ack.to_string()));
        match self {
            Self::Create { header, wait_seconds } => {
                let body = address(body, header)
                    .attr_opt("from", header.from.as_deref())
                    .attr("ver", VERSION)
                    .attr("wait", wait_seconds.to_string())
                    .attr("hold", "1")
                    .attr("ack", "1")
                    .attr("content", "text/xml; charset=utf-8");
                with_xbosh_attribute(&body.build(), "version", "1.0")
            }
            Self::Restart(header) => with_xbosh_attribute(&address(body, header).build(), "restart", "true"),
            Self::Elements(elements) => body.children(elements.iter().cloned()).build().to_xml(),
            Self::Terminate(elements) => {
                body.attr("type", "terminate").children(elements.iter().cloned()).build().to_xml()
            }
        }
    }
}

fn address(body: ElementBuilder, header: &StreamHeader) -> ElementBuilder {
    body.attr("to", &header.to).lang(Some(&header.lang))
}

fn with_xbosh_attribute(body: &Element, name: &str, value: &str) -> String {
    let xml = body.to_xml();
    let rest = xml.strip_prefix("<body").unwrap_or_default();
    format!("<body xmlns:xmpp='{}' xmpp:{name}='{value}'{rest}", ns::XBOSH)
}

/// A response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Response {
    /// Elements, or none.
    Elements {
        /// The session's id and terms, in the response that creates it.
        terms: Option<(String, Terms)>,
        /// The `rid` of the request whose response the server thinks we lack.
        report: Option<u64>,
        elements: Vec<Element>,
    },
    /// Repeat your requests (§17.3).
    Error,
    /// The session is over (§17.2), after these elements.
    Terminate { end: BoshEnd, elements: Vec<Element> },
}

impl Response {
    /// Reads a response; `None` if it is none.
    pub(super) fn parse(body: &str) -> Option<Self> {
        let body = parse_pruning(body, &Limits::default(), 1).ok().filter(|body| body.is("body", ns::HTTP_BIND))?;
        let elements = || body.children().map(at_home).into_list();
        Some(match body.attr("type") {
            Some("terminate") => Self::Terminate { end: end(&body), elements: elements() },
            Some("error") => Self::Error,
            _ => {
                let sid = body.attr("sid").filter(|sid| !sid.is_empty());
                Self::Elements {
                    terms: sid.map(|sid| (sid.to_owned(), Terms::read(&body))),
                    report: body.attr("report").and_then(|report| report.parse().ok()),
                    elements: elements(),
                }
            }
        })
    }
}

fn end(body: &Element) -> BoshEnd {
    let condition = match body.attr("condition") {
        Some("bad-request") => BoshCondition::BadRequest,
        Some("host-gone") => BoshCondition::HostGone,
        Some("host-unknown") => BoshCondition::HostUnknown,
        Some("improper-addressing") => BoshCondition::ImproperAddressing,
        Some("internal-server-error") => BoshCondition::InternalServerError,
        Some("item-not-found") => BoshCondition::ItemNotFound,
        Some("other-request") => BoshCondition::OtherRequest,
        Some("policy-violation") => BoshCondition::PolicyViolation,
        Some("remote-connection-failed") => BoshCondition::RemoteConnectionFailed,
        Some("remote-stream-error") => BoshCondition::RemoteStreamError,
        Some("see-other-uri") => BoshCondition::SeeOtherUri,
        Some("system-shutdown") => BoshCondition::SystemShutdown,
        _ => BoshCondition::Undefined,
    };
    match body.child_text("uri", ns::HTTP_BIND) {
        Some(uri) if condition == BoshCondition::SeeOtherUri => BoshEnd::SeeOtherUri(clip_text(uri.trim())),
        _ => BoshEnd::Condition(condition),
    }
}

/// Some servers leave out the namespace of stanzas, which puts them into the body's (XEP-0206 §2).
fn at_home(element: &Element) -> Element {
    let is_lost = element.ns() == ns::HTTP_BIND && matches!(element.name(), "message" | "presence" | "iq");
    if is_lost { move_to_client(element) } else { element.clone() }
}

/// Recursion is bounded by the depth that the parser accepts.
fn move_to_client(element: &Element) -> Element {
    let ns = if element.ns() == ns::HTTP_BIND { ns::CLIENT } else { element.ns() };
    let mut moved = Element::builder(element.name(), ns).lang(element.lang());
    for (name, value) in element.attrs() {
        moved = moved.attr(name, value);
    }
    for node in element.nodes() {
        moved = match node {
            Node::Element(child) => moved.child(move_to_client(child)),
            Node::Text(text) => moved.text(text),
        };
    }
    moved.build()
}
