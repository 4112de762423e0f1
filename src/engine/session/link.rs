//! The way that elements travel: a WebSocket (RFC 7395), or BOSH (XEP-0124) where WebSockets do not get through. Nothing
//! else of the session knows which one it is.

use plausch_model::{SignInError, Timestamp};
use plausch_xmpp::{
    bosh::{Bosh, BoshAction, BoshCondition, BoshEnd, HttpOutcome, Post},
    stream::{StreamHeader, Transport, close},
    xml::Element,
};

use super::Phase;
use crate::{
    Account,
    io::{HttpFailure, HttpId, HttpRequest, HttpResponse, SocketId, Wire},
    map::Map,
    step::Step,
};

/// The largest answer to one BOSH request.
const MAX_ANSWER_BYTES: u32 = 10 << 20;

/// The way to the server.
#[derive(Debug, Default)]
pub(super) enum Link {
    /// There is none.
    #[default]
    None,
    /// A socket, open or being opened.
    Socket(SocketId),
    /// A BOSH session at an address.
    Bosh(Box<BoshLink>),
}

/// A BOSH session.
#[derive(Debug)]
pub(super) struct BoshLink {
    bosh: Bosh,
    url: String,
    posts: Map<HttpId, u32>,
}

impl Link {
    /// When something is due.
    pub fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Bosh(link) => link.bosh.deadline().and_then(|at| i64::try_from(at).ok()).map(Timestamp),
            Self::None | Self::Socket(_) => None,
        }
    }
}

impl Account {
    /// Whether events of this socket are still of concern.
    pub(super) fn is_current(&self, socket: SocketId) -> bool {
        matches!(self.session.link, Link::Socket(current) if current == socket)
    }

    /// Opens the way to the endpoint in use.
    pub(super) fn open_link(&mut self, step: &mut Step<'_>) {
        self.close_link(step);
        self.session.heard = false;
        let Some(endpoint) = self.session.endpoint() else { return };
        let (url, transport) = (endpoint.url().to_owned(), endpoint.transport());
        match transport {
            Transport::WebSocket => {
                self.session.last_socket = SocketId(self.session.last_socket.0.wrapping_add(1));
                let socket = self.session.last_socket;
                self.session.link = Link::Socket(socket);
                self.session.phase = Phase::Opening(step.now.plus_millis(super::OPEN_MILLIS));
                step.fx.wire.push(Wire::Open { socket, url });
            }
            Transport::Bosh => {
                let link = BoshLink { bosh: Bosh::new(step.rng), url, posts: Map::new() };
                self.session.link = Link::Bosh(Box::new(link));
                self.begin_negotiation(step);
            }
        }
    }

    /// Puts an element on the wire.
    pub(super) fn transmit(&mut self, step: &mut Step<'_>, element: &Element) {
        match &mut self.session.link {
            Link::None => {}
            Link::Socket(socket) => step.fx.wire.push(Wire::Send { socket: *socket, frame: element.to_xml() }),
            Link::Bosh(link) => link.bosh.send(element.clone()),
        }
    }

    /// Opens the stream, or reopens it after SASL (RFC 7395 §3.4, §3.7; XEP-0206 §5).
    pub(super) fn open_stream(&mut self, step: &mut Step<'_>, header: &StreamHeader) {
        match &mut self.session.link {
            Link::Bosh(link) => link.bosh.open(header),
            Link::None | Link::Socket(_) => self.transmit(step, &header.to_open()),
        }
    }

    /// Ends the stream (RFC 7395 §3.6); BOSH has its own way, see [`Account::close_link`].
    pub(super) fn transmit_close(&mut self, step: &mut Step<'_>) {
        if let Link::Socket(_) = self.session.link {
            self.transmit(step, &close());
        }
    }

    /// Closes the way after what was sent. Nothing that still comes from there is of concern.
    pub(super) fn close_link(&mut self, step: &mut Step<'_>) {
        match std::mem::take(&mut self.session.link) {
            Link::None => {}
            Link::Socket(socket) => step.fx.wire.push(Wire::Close(socket)),
            Link::Bosh(mut link) => {
                link.bosh.terminate();
                // What has arrived comes out first.
                loop {
                    let actions = link.bosh.poll(clock(step.now));
                    if actions.is_empty() {
                        return;
                    }
                    for action in actions {
                        if let BoshAction::Post(post) = action {
                            self.post(step, &link.url, post, true);
                        }
                    }
                }
            }
        }
    }

    /// Makes a BOSH request.
    fn post(&mut self, step: &mut Step<'_>, url: &str, post: Post, farewell: bool) -> HttpId {
        let id = self.session.next_http();
        step.fx.wire.push(Wire::Http(HttpRequest {
            id,
            url: url.to_owned(),
            post: Some(post.body),
            probe: false,
            timeout_millis: post.timeout_millis,
            max_bytes: MAX_ANSWER_BYTES,
            farewell,
        }));
        id
    }

    /// An HTTP request ended: a file of the discovery, or a BOSH request.
    pub(crate) fn http_done(&mut self, step: &mut Step<'_>, id: HttpId, outcome: Result<HttpResponse, HttpFailure>) {
        let Link::Bosh(link) = &mut self.session.link else { return self.fetched(step, id, outcome) };
        let Some(post) = link.posts.remove(&id) else { return };
        let outcome = match outcome {
            Ok(HttpResponse { status, body, .. }) => HttpOutcome::Answered { status, body },
            Err(_) => HttpOutcome::Failed,
        };
        link.bosh.answered(post, outcome, clock(step.now));
    }

    /// Takes in what arrived over a BOSH session.
    pub(crate) fn receive(&mut self, step: &mut Step<'_>) {
        self.pump_while(step, Bosh::has_arrived);
    }

    /// Does what a BOSH session wants done at the end of a step: takes in what arrived, makes requests. Not while something
    /// that arrived is looked up: what will be said to it shall go into the same request, since one that follows at once may
    /// overtake it, on which ejabberd (24.12, at least) answers neither.
    pub(crate) fn pump(&mut self, step: &mut Step<'_>) {
        if self.all_ingested() {
            self.pump_while(step, |_| true);
        } else {
            self.receive(step);
        }
    }

    fn pump_while(&mut self, step: &mut Step<'_>, wanted: fn(&Bosh) -> bool) {
        loop {
            let Link::Bosh(link) = &mut self.session.link else { return };
            if !wanted(&link.bosh) {
                return;
            }
            let actions = link.bosh.poll(clock(step.now));
            if actions.is_empty() {
                return;
            }
            let url = link.url.clone();
            for action in actions {
                match action {
                    BoshAction::Post(post) => {
                        let number = post.id;
                        let id = self.post(step, &url, post, false);
                        if let Link::Bosh(link) = &mut self.session.link {
                            link.posts.insert(id, number);
                        }
                    }
                    BoshAction::Received(element) => self.element_arrived(step, element),
                    BoshAction::Closed(end) => self.bosh_closed(step, end),
                }
            }
        }
    }

    fn bosh_closed(&mut self, step: &mut Step<'_>, end: BoshEnd) {
        let Link::Bosh(_) = &self.session.link else { return };
        self.session.link = Link::None;
        let signing_in = matches!(self.session.phase, Phase::Negotiating(..)) && self.session.heard;
        match end {
            BoshEnd::SeeOtherUri(target) => self.redirect(step, &target),
            BoshEnd::Condition(BoshCondition::HostUnknown | BoshCondition::HostGone) => {
                self.no_way(step, SignInError::UnknownHost { domain: self.jid.domain().to_owned() });
            }
            BoshEnd::Condition(_) | BoshEnd::Status(_) | BoshEnd::BadAnswer if signing_in => {
                self.no_way(step, SignInError::Other(end.to_string()));
            }
            _ => self.link_closed(step),
        }
    }
}

fn clock(now: Timestamp) -> u64 {
    u64::try_from(now.0).unwrap_or_default()
}
