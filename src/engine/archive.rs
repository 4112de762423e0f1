//! Reading the archive (XEP-0313), page by page, onto disk.
//!
//! **Forward.** The archive's last message that is on disk is remembered; after each new session everything behind it is
//! read, oldest first, so that the memory of where we are is true after every page. A page's messages and the new mark are
//! committed together. On a new device, or when the server no longer has the marked message, the newest page is read
//! instead.
//!
//! **Back.** From there older pages are read in the background until the archive's beginning is reached or enough is here.
//! How far that went is remembered as well. Where a person scrolls beyond it, the pages of that one chat are read.
//!
//! An archive that fails for a moment is asked again, after pauses that grow: only one that says that it is none counts as
//! none.

use plausch_model::{BareJid, StanzaId, TimelineKey, Timestamp};
use plausch_xmpp::{
    datetime::DateTime,
    jid::Jid,
    xep::{
        mam::{ArchiveFin, ArchiveQuery, Filter},
        rsm::{Page, PageRequest},
    },
};

use crate::{
    envelope::{Incoming, Provenance},
    map::Set,
    records::{ARCHIVE, ArchiveRecord, encode},
    step::Step,
    store::Table,
    views::Growing,
};

/// Messages asked for at once.
const PAGE: u32 = 100;
/// Messages accepted in answer to one query: a server that sends more is not believed.
const MAX_RESULTS: usize = 1_000;
/// So many messages are read back in the background.
const ENOUGH: u32 = 2_000;
/// Places in the order of arrival for a page of history: more than it has results.
const HISTORY_PAGE: u64 = 1_024;
/// The places of history end here: before those of everything else, which are made from the time.
const HISTORY_END: u64 = 1 << 56;
/// The pause after a first failure.
const FIRST_PAUSE_MILLIS: i64 = 5_000;
/// The pause before the archive is asked for the order of what was said at the same time.
const ORDER_PAUSE_MILLIS: i64 = 2_000;
/// The longest pause.
const LONGEST_PAUSE_MILLIS: i64 = 300_000;

/// What a query is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Scan {
    /// What came after the mark.
    Forward,
    /// What is older than everything here.
    Back,
    /// What is older in one chat, for a window that has reached the end of what is here.
    Chat(Growing),
}

/// A query that is being answered.
#[derive(Debug)]
pub(crate) struct Running {
    query: String,
    scan: Scan,
    results: Vec<Incoming>,
    first: Option<StanzaId>,
    last: Option<StanzaId>,
    count: usize,
}

/// A page that is complete.
#[derive(Debug)]
pub(crate) struct Read {
    /// What it was read for.
    pub scan: Scan,
    first: Option<StanzaId>,
    last: Option<StanzaId>,
    /// The time of its oldest message that could be read.
    since: Option<Timestamp>,
    count: u32,
    /// There is nothing beyond it.
    complete: bool,
}

/// How far we are with our archive.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    record: ArchiveRecord,
    running: Vec<Running>,
    /// Chats whose beginning has been reached.
    exhausted: Set<BareJid>,
    /// Everything up to now has been read in this session.
    synced: bool,
    /// Messages came while something of ours was on its way, so the mark stays before them.
    held_back: bool,
    /// Something of ours was on its way when the last page was asked for, or has been sent since.
    unshown: bool,
    /// The server has announced an archive and then said that there is none.
    absent: bool,
    failures: u32,
    retry_at: Option<Timestamp>,
    /// Where the last page of history begins in the order of arrival.
    history: Option<u64>,
}

impl Archive {
    /// Takes over what was stored.
    pub fn load(&mut self, record: ArchiveRecord) {
        self.record = record;
    }

    /// The query for the next page forward, and its id. It may not show what is in flight.
    pub fn forward(&mut self, step: &mut Step<'_>, in_flight: bool) -> (ArchiveQuery, String) {
        self.retry_at = None;
        self.unshown = in_flight;
        let page = match &self.record.read_up_to {
            Some(id) => Page::After(id.as_str().to_owned()),
            None => Page::Last,
        };
        self.query(step, Scan::Forward, page, Filter::default())
    }

    /// The query for the next page back, if there is to be one: until enough is here, and at least what is as old as
    /// `since`.
    pub fn back(&mut self, step: &mut Step<'_>, since: Option<Timestamp>) -> Option<(ArchiveQuery, String)> {
        let enough = self.record.read_back >= ENOUGH && since.is_none_or(|since| self.has_read_since(since));
        let wanted = self.synced && !self.record.reached_start && !enough;
        if !wanted || self.running.iter().any(|running| running.scan == Scan::Back) {
            return None;
        }
        let oldest = self.record.read_from.as_ref()?.as_str().to_owned();
        Some(self.query(step, Scan::Back, Page::Before(oldest), Filter::default()))
    }

    /// The query for what is older in one chat than its oldest message here: that message's id, or else its time.
    /// `None` if it is being asked already.
    pub fn in_chat(
        &mut self,
        step: &mut Step<'_>,
        growing: &Growing,
        with: Jid,
        oldest: Option<StanzaId>,
        at: Option<Timestamp>,
    ) -> Option<(ArchiveQuery, String)> {
        let scan = Scan::Chat(growing.clone());
        if self.running.iter().any(|running| running.scan == scan) {
            return None;
        }
        let end = at.filter(|_| oldest.is_none()).map(|at| DateTime::from_millis(at.plus_millis(1).0));
        let page = oldest.map_or(Page::Last, |id| Page::Before(id.as_str().to_owned()));
        Some(self.query(step, scan, page, Filter { with: Some(with), end, ..Filter::default() }))
    }

    fn query(&mut self, step: &mut Step<'_>, scan: Scan, page: Page, filter: Filter) -> (ArchiveQuery, String) {
        let id = step.random_id();
        let running = Running { query: id.clone(), scan, results: Vec::new(), first: None, last: None, count: 0 };
        self.running.push(running);
        let page = Some(PageRequest { max: Some(PAGE), page });
        (ArchiveQuery { query_id: Some(id.clone()), filter, page, flip_page: false }, id)
    }

    /// Whether the archive has been read as far back as this.
    pub fn has_read_since(&self, at: Timestamp) -> bool {
        self.absent
            || self.synced && (self.record.reached_start || self.record.read_since.is_some_and(|since| since < at))
    }

    /// Whether there may be older messages of this chat in the archive than here.
    pub fn may_have_older(&self, chat: &BareJid) -> bool {
        !self.record.reached_start && !self.exhausted.contains(chat)
    }

    /// A result came. It counts only while its query runs (attack case A-05).
    pub fn result(&mut self, query: &str, id: StanzaId, incoming: Option<Incoming>) {
        let Some(running) = self.running.iter_mut().find(|running| running.query == query) else { return };
        if running.count < MAX_RESULTS {
            running.count = running.count.saturating_add(1);
            running.first.get_or_insert_with(|| id.clone());
            running.last = Some(id);
            let provenance = if running.scan == Scan::Forward { Provenance::Archive } else { Provenance::History };
            running.results.extend(incoming.map(|incoming| Incoming { provenance, ..incoming }));
        }
    }

    /// The query has been answered, in one way or another.
    pub fn take(&mut self, query: &str) -> Option<Running> {
        let place = self.running.iter().position(|running| running.query == query)?;
        Some(self.running.swap_remove(place))
    }

    /// The page is complete: its messages, and where it ends. What the server says of its ends counts more than what we
    /// saw, since a message may have been unreadable.
    pub fn finished(&mut self, step: &Step<'_>, mut running: Running, fin: &ArchiveFin) -> (Vec<Incoming>, Read) {
        self.failures = 0;
        if running.scan != Scan::Forward {
            let first = self.place_before(step.now);
            let places = running.results.iter_mut().zip(first..);
            places.for_each(|(incoming, place)| incoming.sequence = Some(place));
        }
        let said = |id: &Option<String>| id.clone().map(StanzaId::new);
        let (first, last) = (said(&fin.page.first).or(running.first), said(&fin.page.last).or(running.last));
        let complete = fin.complete || last.is_none();
        let count = u32::try_from(running.count).unwrap_or(u32::MAX);
        let since = running.results.iter().map(|incoming| incoming.at).min();
        (running.results, Read { scan: running.scan, first, last, since, count, complete })
    }

    /// Where in the order of arrival a page of history begins: before everything that comes, and before the pages that were
    /// read back earlier, since each is older than those. Archives give many messages the same time.
    fn place_before(&mut self, now: Timestamp) -> u64 {
        let passed = u64::try_from(now.0).unwrap_or_default().saturating_mul(HISTORY_PAGE);
        let place = HISTORY_END.saturating_sub(passed);
        let place = self.history.map_or(place, |last| place.min(last.saturating_sub(HISTORY_PAGE)));
        self.history = Some(place);
        place
    }

    /// The server no longer has the message that a query starts from. True if catching up has to begin anew.
    pub fn start_unknown(&mut self, step: &mut Step<'_>, scan: &Scan) -> bool {
        match scan {
            Scan::Forward => return self.record.read_up_to.take().is_some(),
            Scan::Back => self.record.reached_start = true,
            Scan::Chat(growing) => {
                self.exhausted.insert(growing.chat().clone());
            }
        }
        self.save(step);
        false
    }

    /// There is no archive after all.
    pub fn set_absent(&mut self) {
        self.absent = true;
    }

    /// Catching up failed for the moment.
    pub fn failed(&mut self, now: Timestamp) {
        let pause = FIRST_PAUSE_MILLIS.saturating_mul(1 << self.failures.min(10)).min(LONGEST_PAUSE_MILLIS);
        self.failures = self.failures.saturating_add(1);
        self.retry_at = Some(now.plus_millis(pause));
    }

    /// When to catch up again.
    pub fn retry_at(&self) -> Option<Timestamp> {
        self.retry_at
    }

    /// A page is applied: remembers how far that was. True if the next one has to be asked for to catch up.
    pub fn applied(&mut self, step: &mut Step<'_>, read: Read) -> bool {
        let Read { scan, first, last, since, count, complete } = read;
        let record = &mut self.record;
        let goes_on = match scan {
            Scan::Forward if record.read_up_to.is_none() => {
                *record = ArchiveRecord {
                    read_up_to: last,
                    read_from: first,
                    read_since: since,
                    reached_start: complete,
                    read_back: count,
                };
                self.synced = true;
                self.held_back = self.unshown;
                false
            }
            Scan::Forward => {
                self.synced |= complete;
                self.held_back = self.unshown || self.held_back && !complete;
                record.read_up_to = last.or_else(|| record.read_up_to.take());
                !complete
            }
            Scan::Back => {
                record.read_from = first.or_else(|| record.read_from.take());
                record.read_since = since.or(record.read_since);
                record.reached_start |= complete;
                record.read_back = record.read_back.saturating_add(count);
                false
            }
            Scan::Chat(growing) => {
                if complete {
                    self.exhausted.insert(growing.chat().clone());
                }
                return false;
            }
        };
        self.save(step);
        goes_on
    }

    /// A live message came while something of ours was on its way: which of them the server took first, only the archive
    /// can say. The mark stays before them until it has.
    pub fn hold_back(&mut self) {
        self.held_back = true;
    }

    /// Whether what came after the mark is being read.
    pub fn reads_forward(&self) -> bool {
        self.running.iter().any(|running| running.scan == Scan::Forward)
    }

    /// Something of ours was sent: a page that was asked for before does not show it.
    pub fn own_sent(&mut self) {
        self.unshown = true;
    }

    /// Whether the mark stays before something that has come.
    pub fn is_held_back(&self) -> bool {
        self.held_back
    }

    /// A live message with this id is applied. It moves the mark only if nothing before it is missing. Tells whether the mark
    /// covers it.
    pub fn live(&mut self, step: &mut Step<'_>, id: Option<&StanzaId>) -> bool {
        if id.is_none() || !self.synced || self.held_back {
            return false;
        }
        if self.record.read_up_to.as_ref() != id {
            self.record.read_up_to = id.cloned();
            self.save(step);
        }
        true
    }

    /// Nothing is on its way any more: if the mark was held back, the archive says soon in which order what was on its way
    /// came there.
    pub fn all_arrived(&mut self, now: Timestamp) {
        if self.held_back && self.synced && self.retry_at.is_none() && !self.reads_forward() {
            self.retry_at = Some(now.plus_millis(ORDER_PAUSE_MILLIS));
        }
    }

    /// A new session has begun: there may be something to catch up with.
    pub fn session_began(&mut self) {
        self.running.clear();
        self.exhausted.clear();
        self.synced = false;
        self.held_back = false;
        self.absent = false;
        self.retry_at = None;
    }

    /// Whether it is known up to where everything is on disk.
    pub fn has_mark(&self) -> bool {
        self.record.read_up_to.is_some()
    }

    /// Whether everything up to now has been read in this session.
    pub fn is_synced(&self) -> bool {
        self.synced
    }

    /// The connection is gone.
    pub fn disconnected(&mut self) {
        self.running.clear();
        self.retry_at = None;
        self.failures = 0;
    }

    fn save(&self, step: &mut Step<'_>) {
        step.fx.batch.put(Table::Meta, ARCHIVE, encode(&self.record));
    }
}

/// Whether a message has the place where it was read back, and not one from when it came.
pub(crate) fn is_history(place: TimelineKey) -> bool {
    place.sequence < HISTORY_END
}

impl Read {
    /// Whether the next page of the same reading follows.
    pub fn goes_on(&self) -> bool {
        self.scan == Scan::Forward && !self.complete
    }
}

impl Running {
    /// What it was for.
    pub fn into_scan(self) -> Scan {
        self.scan
    }
}
