//! BOSH (XEP-0124) for XMPP (XEP-0206): a stream over HTTP requests, where WebSockets do not get through.
//!
//! [`Bosh`] is a sans-IO machine. Its inputs return nothing; [`Bosh::poll`] gives the [`BoshAction`]s. Requests are
//! data: POST [`Post::body`] as `text/xml; charset=utf-8`, without credentials (attack case B-06), and hand in what came of
//! it by its [`Post::id`]. Responses may come in any order; elements come out in the order in which they were sent.
//! [`Bosh::deadline`] says when to poll next; polling too late or for nothing is harmless. Times are milliseconds on any
//! clock that does not go backwards.
//!
//! There is always one request waiting at the server, and never more at once than it allows. One that is lost is repeated
//! word for word, with the same `rid`. Not here: key sequences (§15, for unencrypted sessions), several streams in a session
//! (§16).

use rand_core::CryptoRng;

use crate::list::{IntoList, take_first};
use crate::stream::StreamHeader;
use crate::xml::Element;

mod body;
#[cfg(test)]
mod tests;

use body::{Request, Response, Terms};

/// The longest time for which the server may hold a request: proxies cut connections that are silent for a minute.
const WAIT_SECONDS: u32 = 50;
/// How long a request may take beyond the time for which the server may hold it.
const GRACE_MILLIS: u32 = 15_000;
/// A lost request is repeated after this long, and each time after twice as long.
const RETRY_MILLIS: u64 = 500;
/// How often a request is sent at most.
const MAX_TRIES: u32 = 6;

/// Something to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BoshAction {
    /// Make a request, and hand in the outcome with [`Bosh::answered`].
    Post(Post),
    /// An element arrived.
    Received(Element),
    /// The session is over. Requests that are under way may be abandoned.
    Closed(BoshEnd),
}

/// A request to make.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Post {
    /// Its number. A repeated request gets a new one.
    pub id: u32,
    /// What to send. It may contain secrets.
    pub body: String,
    /// How long to wait for the answer.
    pub timeout_millis: u32,
}

/// What came of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HttpOutcome {
    /// An answer.
    Answered {
        /// Its status code.
        status: u16,
        /// Its body.
        body: String,
    },
    /// No answer.
    Failed,
}

/// How a session ended.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BoshEnd {
    /// We ended it.
    #[error("the session was ended")]
    Terminated,
    /// The server ended it.
    #[error("the server ended the session: {0:?}")]
    Condition(BoshCondition),
    /// The server wants the client elsewhere; its words, for [`crate::stream::Redirects`].
    #[error("the server redirects")]
    SeeOtherUri(String),
    /// There was no answer, though the request was repeated.
    #[error("the server cannot be reached")]
    Unreachable,
    /// The server answered with this HTTP status.
    #[error("the server answered with HTTP status {0}")]
    Status(u16),
    /// The answer is not one of BOSH.
    #[error("the server's answer is not BOSH")]
    BadAnswer,
}

/// Why a server ended a session (XEP-0124 §17.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BoshCondition {
    /// `bad-request`.
    BadRequest,
    /// `host-gone`.
    HostGone,
    /// `host-unknown`.
    HostUnknown,
    /// `improper-addressing`.
    ImproperAddressing,
    /// `internal-server-error`.
    InternalServerError,
    /// `item-not-found`: the server does not know the session (any more).
    ItemNotFound,
    /// `other-request`.
    OtherRequest,
    /// `policy-violation`.
    PolicyViolation,
    /// `remote-connection-failed`.
    RemoteConnectionFailed,
    /// `remote-stream-error`: the stream error arrived just before.
    RemoteStreamError,
    /// `see-other-uri` without an address.
    SeeOtherUri,
    /// `system-shutdown`.
    SystemShutdown,
    /// `undefined-condition`, none at all, or an unknown one.
    Undefined,
}

/// A BOSH session.
#[derive(Debug)]
pub struct Bosh {
    state: State,
    terms: Terms,
    sid: String,
    /// The `rid` of the next new request.
    next_rid: u64,
    /// The `rid` of the request whose response is to be handed out next.
    next_response: u64,
    next_id: u32,
    outgoing: Vec<Outgoing>,
    pending: Vec<Pending>,
    actions: Vec<BoshAction>,
    /// When the last request without content was made, for sessions that poll.
    last_empty: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    New,
    Creating,
    Open,
    Terminating,
    Closed,
}

/// Something to send. Each of the last two goes into a request of its own.
#[derive(Debug)]
enum Outgoing {
    Element(Element),
    Restart(StreamHeader),
    Terminate,
}

/// A request whose response was not handed out.
#[derive(Debug)]
struct Pending {
    rid: u64,
    body: String,
    tries: u32,
    progress: Progress,
}

#[derive(Debug)]
enum Progress {
    /// Under way.
    Sent { id: u32 },
    /// Lost; to be repeated at this time.
    Lost { retry_at: u64 },
    /// Answered, but an earlier one is not.
    Answered(Box<Response>),
}

impl Pending {
    fn is_sent(&self) -> bool {
        matches!(self.progress, Progress::Sent { .. })
    }
}

impl Bosh {
    /// A session to be opened. Its first `rid` is random (XEP-0124 §18.3).
    pub fn new(rng: &mut dyn CryptoRng) -> Self {
        // Up to 2⁵²: the count may never exceed 2⁵³ - 1 (§14.1).
        let first_rid = (rng.next_u64() >> 12).saturating_add(1);
        Self {
            state: State::New,
            terms: Terms::default(),
            sid: String::new(),
            next_rid: first_rid,
            next_response: first_rid,
            next_id: 0,
            outgoing: Vec::new(),
            pending: Vec::new(),
            actions: Vec::new(),
            last_empty: 0,
        }
    }

    /// Opens the stream: creates the session or, in one that is open, restarts the stream (XEP-0206 §5).
    pub fn open(&mut self, header: &StreamHeader) {
        match self.state {
            State::New => {
                self.state = State::Creating;
                let body = Request::Create { header, wait_seconds: WAIT_SECONDS }.to_xml(self.next_rid, "", None);
                self.post(body);
            }
            State::Creating | State::Open => self.outgoing.push(Outgoing::Restart(header.clone())),
            State::Terminating | State::Closed => {}
        }
    }

    /// Sends an element with the next request.
    pub fn send(&mut self, element: Element) {
        self.outgoing.push(Outgoing::Element(element));
    }

    /// Ends the session after what was sent.
    pub fn terminate(&mut self) {
        if self.state == State::Open {
            self.outgoing.push(Outgoing::Terminate);
        } else {
            self.end(BoshEnd::Terminated);
        }
    }

    /// What came of a request. What comes twice, or too late, changes nothing.
    pub fn answered(&mut self, id: u32, outcome: HttpOutcome, now: u64) {
        let sent = |pending: &Pending| matches!(pending.progress, Progress::Sent { id: sent } if sent == id);
        let Some(rid) = self.pending.iter().find(|pending| sent(pending)).map(|pending| pending.rid) else { return };
        match outcome {
            HttpOutcome::Answered { status: 200, body } => match Response::parse(&body) {
                Some(response) => self.responded(rid, response, now),
                None => self.end(BoshEnd::BadAnswer),
            },
            HttpOutcome::Answered { status, .. } if self.state == State::Creating => self.end(BoshEnd::Status(status)),
            HttpOutcome::Failed | HttpOutcome::Answered { status: 500..=599, .. } => self.lost(rid, now),
            // §17.1: what servers said before there were conditions.
            HttpOutcome::Answered { status: 400, .. } => self.end(BoshEnd::Condition(BoshCondition::BadRequest)),
            HttpOutcome::Answered { status: 403, .. } => self.end(BoshEnd::Condition(BoshCondition::PolicyViolation)),
            HttpOutcome::Answered { status: 404, .. } => self.end(BoshEnd::Condition(BoshCondition::ItemNotFound)),
            HttpOutcome::Answered { status, .. } => self.end(BoshEnd::Status(status)),
        }
    }

    /// What is to be done now. To be called again until there is nothing: what arrived comes first, so that what is said to
    /// it goes into the next request, instead of a second one that may overtake the first.
    pub fn poll(&mut self, now: u64) -> Vec<BoshAction> {
        if matches!(self.state, State::Open | State::Terminating) {
            self.repeat_lost(now);
        }
        while !self.has_arrived() && self.state == State::Open && self.make_request(now) {}
        std::mem::take(&mut self.actions)
    }

    /// Whether something has arrived that [`Bosh::poll`] has not handed out.
    pub fn has_arrived(&self) -> bool {
        self.actions.iter().any(|action| !matches!(action, BoshAction::Post(_)))
    }

    /// When to poll next.
    pub fn deadline(&self) -> Option<u64> {
        if matches!(self.state, State::New | State::Closed) {
            return None;
        }
        let retries = self.pending.iter().filter_map(|pending| match pending.progress {
            Progress::Lost { retry_at } => Some(retry_at),
            _ => None,
        });
        let is_idle = self.state == State::Open && self.unanswered() == 0;
        retries.chain(is_idle.then(|| self.next_empty())).min()
    }

    /// Makes one more request if there is reason to and the server allows it; returns whether it did.
    fn make_request(&mut self, now: u64) -> bool {
        // §11: a request to terminate may be one too many.
        let first_other = self.outgoing.iter().find(|next| !matches!(next, Outgoing::Element(_)));
        let is_extra = matches!(first_other, Some(Outgoing::Terminate));
        let limit = self.terms.requests.saturating_add(usize::from(is_extra));
        let unanswered = self.unanswered();
        if unanswered >= limit {
            return false;
        }
        let is_empty = self.outgoing.is_empty();
        if is_empty && (unanswered > 0 || now < self.next_empty()) {
            return false;
        }
        if is_empty {
            self.last_empty = now;
        }
        let body = self.next_body();
        self.post(body);
        true
    }

    /// The next request's body, out of what is to be sent.
    fn next_body(&mut self) -> String {
        // §9.2: left out where every response has arrived.
        let ack = (self.unanswered() > 0).then(|| self.next_response.saturating_sub(1));
        let request = match take_first(&mut self.outgoing) {
            Some(Outgoing::Restart(header)) => Request::Restart(header),
            Some(Outgoing::Terminate) => {
                self.state = State::Terminating;
                Request::Terminate(Vec::new())
            }
            Some(Outgoing::Element(first)) => {
                let mut elements = vec![first];
                while let Some(Outgoing::Element(_)) = self.outgoing.first()
                    && let Some(Outgoing::Element(next)) = take_first(&mut self.outgoing)
                {
                    elements.push(next);
                }
                if matches!(self.outgoing.first(), Some(Outgoing::Terminate)) {
                    self.outgoing.clear();
                    self.state = State::Terminating;
                    Request::Terminate(elements)
                } else {
                    Request::Elements(elements)
                }
            }
            None => Request::Elements(Vec::new()),
        };
        request.to_xml(self.next_rid, &self.sid, ack)
    }

    /// Makes a request with a new `rid`.
    fn post(&mut self, body: String) {
        let rid = self.next_rid;
        self.next_rid = self.next_rid.saturating_add(1);
        self.pending.push(Pending { rid, body, tries: 0, progress: Progress::Lost { retry_at: 0 } });
        self.send_request(rid);
    }

    /// Sends a request, perhaps once more.
    fn send_request(&mut self, rid: u64) {
        let id = self.next_id;
        let Some(pending) = pending_mut(&mut self.pending, rid) else { return };
        self.next_id = self.next_id.wrapping_add(1);
        pending.tries = pending.tries.saturating_add(1);
        pending.progress = Progress::Sent { id };
        let timeout_millis = self.terms.wait_seconds.saturating_mul(1000).saturating_add(GRACE_MILLIS);
        self.actions.push(BoshAction::Post(Post { id, body: pending.body.clone(), timeout_millis }));
    }

    /// There was no answer. A session that does not exist yet is given up: there may be another endpoint.
    fn lost(&mut self, rid: u64, now: u64) {
        let Some(pending) = pending_mut(&mut self.pending, rid) else { return };
        if self.state == State::Creating || pending.tries >= MAX_TRIES {
            return self.end(BoshEnd::Unreachable);
        }
        let pause = RETRY_MILLIS.saturating_mul(1 << pending.tries.saturating_sub(1).min(10));
        pending.progress = Progress::Lost { retry_at: now.saturating_add(pause) };
    }

    fn repeat_lost(&mut self, now: u64) {
        let due = |pending: &Pending| matches!(pending.progress, Progress::Lost { retry_at } if retry_at <= now);
        let due: Vec<u64> = self.pending.iter().filter(|pending| due(pending)).map(|pending| pending.rid).into_list();
        for rid in due {
            self.send_request(rid);
        }
    }

    /// An answer arrived.
    fn responded(&mut self, rid: u64, response: Response, now: u64) {
        match response {
            // §17.3: all up to this one are to be repeated.
            Response::Error => {
                let sent = self.pending.iter().filter(|pending| pending.is_sent() && pending.rid <= rid);
                for rid in sent.map(|pending| pending.rid).into_list() {
                    self.lost(rid, now);
                }
            }
            Response::Terminate { .. } => {
                self.answer(rid, response);
                self.hand_out_all();
            }
            Response::Elements { .. } => {
                if let Response::Elements { report: Some(missing), .. } = response {
                    self.repeat_reported(missing, rid, now);
                }
                self.answer(rid, response);
                self.hand_out_in_order();
            }
        }
    }

    /// §9.2: the server wonders whether the response to an earlier request got lost.
    fn repeat_reported(&mut self, missing: u64, rid: u64, now: u64) {
        if missing < rid && pending_mut(&mut self.pending, missing).is_some_and(|pending| pending.is_sent()) {
            self.lost(missing, now);
        }
    }

    fn answer(&mut self, rid: u64, response: Response) {
        if let Some(pending) = pending_mut(&mut self.pending, rid) {
            pending.progress = Progress::Answered(Box::new(response));
        }
    }

    /// Hands out what follows, without gaps, on what was handed out before (§14.2).
    fn hand_out_in_order(&mut self) {
        let is_next =
            |pending: &Pending, next| pending.rid == next && matches!(pending.progress, Progress::Answered(_));
        while self.pending.first().is_some_and(|pending| is_next(pending, self.next_response)) {
            self.next_response = self.next_response.saturating_add(1);
            if let Progress::Answered(response) = self.pending.remove(0).progress {
                self.hand_out(*response);
            }
        }
    }

    /// The session is over, so that gaps will not be filled.
    fn hand_out_all(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            if let Progress::Answered(response) = pending.progress {
                self.hand_out(*response);
            }
        }
    }

    fn hand_out(&mut self, response: Response) {
        if self.state == State::Closed {
            return;
        }
        match response {
            Response::Elements { terms, elements, .. } => {
                if self.state == State::Creating && !self.agree(terms) {
                    return self.end(BoshEnd::BadAnswer);
                }
                self.actions.extend(elements.into_iter().map(BoshAction::Received));
                if self.state == State::Terminating && self.unanswered() == 0 {
                    self.end(BoshEnd::Terminated);
                }
            }
            Response::Terminate { end, elements } => {
                self.actions.extend(elements.into_iter().map(BoshAction::Received));
                let is_ours = self.state == State::Terminating;
                self.end(if is_ours { BoshEnd::Terminated } else { end });
            }
            Response::Error => {}
        }
    }

    /// Takes over the terms of the response that creates the session (§7.2).
    fn agree(&mut self, terms: Option<(String, Terms)>) -> bool {
        let Some((sid, terms)) = terms else { return false };
        self.sid = sid;
        self.terms = terms;
        self.state = State::Open;
        true
    }

    fn end(&mut self, end: BoshEnd) {
        if self.state != State::Closed {
            self.state = State::Closed;
            self.pending.clear();
            self.outgoing.clear();
            self.actions.retain(|action| !matches!(action, BoshAction::Post(_)));
            self.actions.push(BoshAction::Closed(end));
        }
    }

    fn unanswered(&self) -> usize {
        self.pending.iter().filter(|pending| !matches!(pending.progress, Progress::Answered(_))).count()
    }

    /// When a request without content may be made at the earliest: in a session that polls, not too often (§12).
    fn next_empty(&self) -> u64 {
        let pause =
            if self.terms.is_polling() { u64::from(self.terms.polling_seconds).saturating_mul(1000) } else { 0 };
        if self.last_empty == 0 { 0 } else { self.last_empty.saturating_add(pause) }
    }
}

fn pending_mut(pending: &mut [Pending], rid: u64) -> Option<&mut Pending> {
    pending.iter_mut().find(|pending| pending.rid == rid)
}
