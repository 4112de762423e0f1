//! The session with the server: finding it, connecting, signing in, staying connected, signing out.
//!
//! ```text
//! Off ─▶ Finding ─▶ Opening ─▶ Negotiating ─▶ Online
//!  ▲        │           │            │           │
//!  └────────┴─── Waiting ◀───────────┴───────────┘   back-off, jittered; at once when the network or a person comes back
//! ```
//!
//! What is sent goes through [`Account::send`], which numbers it for stream management; acknowledgements and the counters
//! on disk are written by [`Account::settle`] at the end of a step, when everything that came in is taken in.

mod connect;
mod credentials;
mod error;
mod find;
mod link;
mod negotiate;
mod online;

use plausch_model::{ConnectionDetails, ConnectionState, Timestamp, Update, ViewId, WorkerSettings};
use plausch_xmpp::{
    jid,
    sm::{self, Resumption, Sm, SmState},
    stream::{Endpoint, Negotiation, RedirectPolicy, Redirects},
    xml::Element,
};
use rand_core::CryptoRng;

use find::Finding;
use link::Link;

use crate::{
    Account,
    envelope::EARLIEST,
    io::{HttpId, Password, SocketId},
    map::Map,
    records::{FastRecord, ResumptionRecord, SESSION, ScramRecord, SessionRecord, Setup, encode},
    step::Step,
    store::{Batch, Table},
};

/// A connection must be open within this time.
const OPEN_MILLIS: i64 = 15_000;
/// A session must have begun within this time after that.
const NEGOTIATE_MILLIS: i64 = 30_000;
/// After so much silence we ask whether the server is still there.
const SILENCE_MILLIS: i64 = 60_000;
/// For so long after something was awaited, somebody counts as looking ...
const LINGER_MILLIS: i64 = 10_000;
/// ... and for so long after a message has come, which is often read on another device: that must not be kept from us.
const NEWS_MILLIS: i64 = 120_000;
/// The first pause between two tries, before jitter.
const FIRST_PAUSE_MILLIS: i64 = 1_000;
/// The longest pause.
const LONGEST_PAUSE_MILLIS: i64 = 60_000;
/// After trouble with the store, we start over after this pause.
const STORE_PAUSE_MILLIS: i64 = 5_000;
/// What was kept while we were away is here at the latest so long after we have caught up.
const DELIVERY_MILLIS: i64 = 10_000;
/// A difference of clocks that is none.
const CLOCK_GRAIN_MILLIS: i64 = 1_500;
/// What servers take that say nothing of limits: the least that is common.
const SAFE_STANZA_BYTES: u64 = 256 * 1024;
/// A session that lasted this long was none that fails at once: the next pause is short again.
const STABLE_MILLIS: i64 = 60_000;
/// The server is asked to acknowledge at the latest after so many stanzas, which are kept until it does.
const STANZAS_PER_REQUEST: u32 = 10;
/// Telling the server to forget our token must not hold up signing out.
const FAREWELL_MILLIS: i64 = 5_000;

/// Where the session stands.
#[derive(Debug, Default)]
enum Phase {
    /// Nothing is wanted: not started, or ended.
    #[default]
    Off,
    /// Nothing is tried before this moment; without one, not before the network is back.
    Waiting(Option<Timestamp>),
    /// The store had trouble: everything is read again at this moment.
    Reloading(Timestamp),
    /// Looking for endpoints (XEP-0156).
    Finding(Box<Finding>),
    /// Waiting for the socket to open.
    Opening(Timestamp),
    /// Signing in.
    Negotiating(Box<Negotiation>, Timestamp),
    /// The stream is ready.
    Online(Box<Online>),
}

/// What we know while online.
#[derive(Debug)]
struct Online {
    details: ConnectionDetails,
    csi_active: bool,
    /// Until when somebody counts as looking.
    looked_until: Timestamp,
    last_heard: Timestamp,
    asked_if_alive: bool,
    ack_due: bool,
    request_due: bool,
    /// Stanzas sent since the last request to acknowledge.
    since_request: u32,
    barrier_pending: bool,
}

/// A stanza that the server has not acknowledged. Messages are kept by the outbox instead.
#[derive(Debug)]
struct Unacknowledged {
    number: u64,
    stanza: Element,
}

/// The session with the server.
#[derive(Debug)]
pub(crate) struct Session {
    settings: WorkerSettings,
    phase: Phase,
    password: Option<Password>,
    /// A password that is not needed any more once what took its place is on disk.
    replaced_password: Option<Password>,
    /// The device remembers the account.
    stays: bool,
    record: SessionRecord,
    scram: Option<ScramRecord>,
    fast: Option<FastRecord>,
    /// The account was started with a password that a person has just typed.
    fresh_password: bool,
    /// There was nothing of this account on the device.
    new_on_device: bool,
    /// A session has begun since the account was made.
    ever_online: bool,
    signing_out: bool,
    /// When signing out no longer waits for the server.
    farewell_by: Option<Timestamp>,
    endpoints: Vec<Endpoint>,
    endpoint: usize,
    /// Something came over the present link.
    heard: bool,
    redirects: Redirects,
    redirected: Option<Endpoint>,
    link: Link,
    last_socket: SocketId,
    last_http: HttpId,
    failed_tries: u32,
    network_up: bool,
    visible: Map<ViewId, bool>,
    sm: Option<Sm>,
    /// Stanzas of the server that are handled and on disk.
    settled_inbound: u64,
    unacknowledged: Vec<Unacknowledged>,
    /// Our presence was sent as this stanza, and is not acknowledged.
    announced_as: Option<u64>,
    /// The server's software, if it says.
    software: Option<String>,
    /// When we had caught up with what happened before this session.
    pub(crate) caught_up_at: Option<Timestamp>,
    /// The largest stanza that the server takes, if it says (XEP-0478).
    max_stanza_bytes: Option<u64>,
    /// Stanzas sent on a connection without stream management.
    sent: u64,
    /// The record differs from what is on disk.
    unsaved: bool,
    published: Option<ConnectionState>,
}

impl Session {
    /// A session that does nothing yet.
    pub fn new(password: Option<Password>, stays: bool, settings: &WorkerSettings) -> Self {
        Self {
            settings: settings.clone(),
            phase: Phase::Off,
            fresh_password: password.is_some(),
            password,
            replaced_password: None,
            stays,
            record: SessionRecord::default(),
            scram: None,
            fast: None,
            new_on_device: true,
            ever_online: false,
            signing_out: false,
            farewell_by: None,
            endpoints: Vec::new(),
            endpoint: 0,
            heard: false,
            redirects: Redirects::new(RedirectPolicy::Never),
            redirected: None,
            link: Link::None,
            last_socket: SocketId::default(),
            last_http: HttpId::default(),
            failed_tries: 0,
            network_up: true,
            visible: Map::new(),
            sm: None,
            settled_inbound: 0,
            unacknowledged: Vec::new(),
            announced_as: None,
            software: None,
            caught_up_at: None,
            max_stanza_bytes: None,
            sent: 0,
            unsaved: false,
            published: None,
        }
    }

    /// Takes over what was stored. A lost session may be resumed.
    pub fn load(&mut self, record: Option<SessionRecord>, scram: Option<ScramRecord>, fast: Option<FastRecord>) {
        self.new_on_device = record.is_none();
        self.record = record.unwrap_or_default();
        self.scram = scram;
        self.fast = fast;
        self.sm = self.record.resumption.as_ref().and_then(restore);
        self.settled_inbound = self.sm.as_ref().map_or(0, |sm| sm.state().inbound);
    }

    /// Whether the device remembers the account.
    pub fn stays(&self) -> bool {
        self.stays
    }

    /// Whether stanzas can be sent and answered.
    pub fn is_online(&self) -> bool {
        matches!(self.phase, Phase::Online(_))
    }

    /// Whether our server vouches for the ids of its archive (XEP-0359 §6).
    pub fn announces_stanza_ids(&self) -> bool {
        self.record.stanza_ids
    }

    /// Whether our account has an archive (XEP-0313).
    pub fn has_archive(&self) -> bool {
        self.record.archive
    }

    /// Since when a message that comes now may have been kept for us. What was kept while we were away comes at the beginning
    /// of a session; later only what comes late within it.
    pub fn kept_since(&self, now: Timestamp) -> Timestamp {
        let delivered = self.caught_up_at.is_some_and(|at| now.millis_since(at) >= DELIVERY_MILLIS);
        if delivered { self.by_server(self.record.began_at) } else { EARLIEST }
    }

    /// When this session began, by the server's clock.
    pub fn began_at(&self) -> Timestamp {
        self.by_server(self.record.began_at)
    }

    /// A moment of ours by the server's clock, by which the archive goes: messages are ordered by one clock, whatever way
    /// they come.
    pub fn by_server(&self, ours: Timestamp) -> Timestamp {
        ours.plus_millis(self.record.clock_offset)
    }

    /// The server has said what its clock says. Many say whole seconds, and the way takes time: what is less than that
    /// counts as none.
    pub fn server_clock(&mut self, asked_at: Timestamp, now: Timestamp, theirs: Timestamp) {
        let way = now.millis_since(asked_at);
        let offset = theirs.millis_since(asked_at.plus_millis(way.div_euclid(2)));
        let certain = offset.saturating_abs() > way.saturating_add(CLOCK_GRAIN_MILLIS);
        let offset = if certain { offset } else { 0 };
        self.unsaved |= self.record.clock_offset != offset;
        self.record.clock_offset = offset;
    }

    /// Whether anybody is looking.
    pub fn is_visible(&self) -> bool {
        self.visible.values().any(|visible| *visible)
    }

    /// Somebody answered: the connection is alive.
    pub fn alive(&mut self) {
        if let Phase::Online(online) = &mut self.phase {
            online.asked_if_alive = false;
        }
    }

    /// A part of what the session begins with is done.
    pub fn setup_done(&mut self, part: Setup) {
        self.unsaved |= self.record.setup.has(part);
        self.record.setup.done(part);
    }

    /// A version that knew no bookmarks began the session, if there is one: they have to be asked for, and our presence has to
    /// say that we want to hear of them (XEP-0163 §4.3.2).
    pub fn began_without_bookmarks(&mut self) {
        self.record.setup.add(Setup::BOOKMARKS);
        self.record.setup.add(Setup::PRESENCE);
    }

    /// What the person sees of it.
    pub fn state(&self) -> ConnectionState {
        match &self.phase {
            Phase::Off | Phase::Waiting(None) => ConnectionState::Offline,
            Phase::Waiting(retry_at) => ConnectionState::Disconnected { retry_at: *retry_at },
            Phase::Reloading(at) => ConnectionState::Disconnected { retry_at: Some(*at) },
            Phase::Finding(_) | Phase::Opening(_) | Phase::Negotiating(..) => ConnectionState::Connecting,
            Phase::Online(_) => ConnectionState::Online,
        }
    }

    /// The connection in detail.
    pub fn details(&self) -> Option<ConnectionDetails> {
        match &self.phase {
            Phase::Online(online) => Some(online.details.clone()),
            _ => None,
        }
    }

    /// When something is due.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let phase = match &self.phase {
            Phase::Off => None,
            Phase::Waiting(at) => *at,
            Phase::Reloading(at) | Phase::Opening(at) | Phase::Negotiating(_, at) => Some(*at),
            Phase::Finding(finding) => Some(finding.deadline()),
            Phase::Online(online) => {
                let silence = online.last_heard.plus_millis(SILENCE_MILLIS);
                let hidden = self.record.client_state && online.csi_active && !self.is_visible();
                let deadlines = [(!online.asked_if_alive).then_some(silence), hidden.then_some(online.looked_until)];
                deadlines.into_iter().flatten().min()
            }
        };
        [phase, self.link.deadline(), self.farewell_by].into_iter().flatten().min()
    }

    /// What is to be stored of a resumable session. Only what is taken in counts as handled.
    fn resumption_record(&self) -> Option<ResumptionRecord> {
        let state = self.sm.as_ref()?.state();
        let resumption = state.resumption.as_ref()?;
        Some(ResumptionRecord {
            id: resumption.id.clone(),
            jid: resumption.jid.to_string(),
            inbound: self.settled_inbound,
            outbound: state.outbound,
            acked: state.acked,
        })
    }

    /// A number for an HTTP request.
    fn next_http(&mut self) -> HttpId {
        self.last_http = HttpId(self.last_http.0.wrapping_add(1));
        self.last_http
    }

    /// The pause before the next try: doubling, capped, and somewhere in its upper half, so that clients that lost the same
    /// server do not come back all at once.
    fn pause(&mut self, rng: &mut dyn CryptoRng) -> i64 {
        let doubled = FIRST_PAUSE_MILLIS.saturating_mul(1_i64 << self.failed_tries.min(10));
        let pause = doubled.min(LONGEST_PAUSE_MILLIS);
        self.failed_tries = self.failed_tries.saturating_add(1);
        let half = pause.div_euclid(2);
        let random = i64::from(rng.next_u32() >> 16).saturating_mul(half).div_euclid(1 << 16);
        half.saturating_add(random)
    }
}

fn restore(record: &ResumptionRecord) -> Option<Sm> {
    let jid = jid::FullJid::parse(&record.jid).ok()?;
    let resumption = Resumption { id: record.id.clone(), jid };
    let (inbound, outbound, acked) = (record.inbound, record.outbound, record.acked);
    Some(Sm::restore(SmState { inbound, outbound, acked, resumption: Some(resumption) }))
}

impl Account {
    /// Sends a stanza. It counts for stream management; while offline it goes nowhere.
    pub(crate) fn send(&mut self, step: &mut Step<'_>, stanza: &Element) {
        if !self.session.is_online() {
            return;
        }
        if let Some(sm) = &mut self.session.sm {
            let number = sm.count_outbound();
            self.session.unacknowledged.push(Unacknowledged { number, stanza: stanza.clone() });
        }
        if let Phase::Online(online) = &mut self.session.phase {
            online.since_request = online.since_request.saturating_add(1);
            online.request_due |= self.session.sm.is_some() && online.since_request >= STANZAS_PER_REQUEST;
        }
        self.transmit(step, stanza);
    }

    /// Sends a message of the outbox, which keeps it until it is acknowledged. Returns its number.
    fn send_from_outbox(&mut self, step: &mut Step<'_>, stanza: &Element) -> u64 {
        let number = match &mut self.session.sm {
            Some(sm) => sm.count_outbound(),
            None => {
                self.session.sent = self.session.sent.saturating_add(1);
                self.session.sent
            }
        };
        self.transmit(step, stanza);
        number
    }

    /// Ends a step: acknowledges and stores the counters, if everything that came in is taken in; asks for acknowledgement
    /// of what was sent.
    pub(crate) fn settle(&mut self, step: &mut Step<'_>) {
        if self.is_reloading() {
            // What is known here is not on disk: nothing of it counts as handled, and nothing may be stored.
            step.fx.batch = Batch::default();
            return self.publish_connection(step);
        }
        if self.all_ingested()
            && let Some(sm) = &self.session.sm
        {
            self.session.settled_inbound = sm.state().inbound;
            let answer = sm.answer();
            if let Phase::Online(online) = &mut self.session.phase
                && std::mem::take(&mut online.ack_due)
            {
                self.transmit(step, &answer);
            }
        }
        self.ask_for_acknowledgement(step);
        self.sync_client_state(step);
        let resumption = self.session.resumption_record();
        if self.booted && (self.session.unsaved || self.session.record.resumption != resumption) {
            self.session.record.resumption = resumption;
            self.session.unsaved = false;
            step.fx.batch.put(Table::Meta, SESSION, encode(&self.session.record));
        }
        self.publish_connection(step);
    }

    fn ask_for_acknowledgement(&mut self, step: &mut Step<'_>) {
        let Phase::Online(online) = &mut self.session.phase else { return };
        if !std::mem::take(&mut online.request_due) {
            return;
        }
        online.since_request = 0;
        if self.session.sm.is_some() {
            self.transmit(step, &sm::request());
        } else if !std::mem::replace(&mut online.barrier_pending, true) {
            let barrier = crate::requests::Purpose::Barrier(self.session.sent);
            self.request_get(step, Some(self.jid.server().into()), &plausch_xmpp::xep::ping::Ping, barrier);
        }
    }

    /// Whether the store had trouble, so that everything will be read again.
    pub(crate) fn is_reloading(&self) -> bool {
        matches!(self.session.phase, Phase::Reloading(_))
    }

    fn publish_connection(&mut self, step: &mut Step<'_>) {
        let state = self.session.state();
        if self.session.published != Some(state) {
            self.session.published = Some(state);
            step.fx.tell(Update::Connection(state));
            step.fx.tell(Update::ConnectionDetails(self.session.details()));
        }
    }
}
