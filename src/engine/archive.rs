//! Reading the archive (XEP-0313), page by page, onto disk.
//!
//! **Forward.** The archive's last message that is on disk is remembered; after each new session everything behind it is
//! read, oldest first, so that the memory of where we are is true after every page. A page's messages and the new mark are
//! committed together. Where that takes more than a page, the newest messages of the chats that are open are read first.
//! On a new device, or when the server no longer has the marked message, the newest page is read instead; what lies
//! between the mark and that page is a gap (see [`gaps`](crate::gaps)).
//!
//! **Back.** The gaps are filled in the background, newest first; then older pages are read until the archive's beginning
//! is reached or enough is here. How far that went is remembered as well. Where a person scrolls beyond it or to a gap, the
//! pages of that one chat are read.
//!
//! An archive that fails for a moment is asked again, after pauses that grow: only one that says that it is none, or none
//! for us, counts as none. No answer, however odd, is asked for over and over: a reading that does not get on is over.

use plausch_model::{BareJid, Direction, StanzaId, TimelineKey, Timestamp};
use plausch_xmpp::{
    datetime::DateTime,
    jid::Jid,
    list::IntoList,
    xep::{
        mam::{ArchiveFin, ArchiveQuery, Filter},
        rsm::{Page, PageRequest},
    },
};

use crate::{
    envelope::{Incoming, Provenance},
    gaps::{MARGIN_MILLIS, Missing, PAGE_PLACES},
    map::Set,
    page::{Part, Read, Running, Scan, after, before, put_in_order, until},
    records::{ARCHIVE, ArchiveRecord, BlockRecord, GapRecord, Places, encode},
    step::Step,
    store::Table,
    views::Growing,
};

/// Messages asked for at once.
const PAGE: u32 = 100;
/// So many messages are read back in the background.
const ENOUGH: u32 = 2_000;
/// So many pages of one reading may get no further back in time: archives give many messages the same one.
const MAX_STALLED: u32 = 50;
/// The places of history end here: before those of everything else, which are made from the time.
const HISTORY_END: u64 = 1 << 56;
/// The pause after a first failure.
const FIRST_PAUSE_MILLIS: i64 = 5_000;
/// The pause before the archive is asked for the order of what was said at the same time.
const ORDER_PAUSE_MILLIS: i64 = 2_000;
/// The longest pause.
const LONGEST_PAUSE_MILLIS: i64 = 300_000;

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
    /// The server no longer has the message at the mark.
    lost: bool,
    /// Catching up takes more than a page.
    behind: bool,
    /// The open chats whose newest messages have been asked for.
    ahead: Set<BareJid>,
    /// Where in the order of arrival belongs what is behind the mark and was not read in order.
    places: Option<Places>,
    /// The ends of the pages of this catching up.
    ends: Set<StanzaId>,
    /// Pages that got no further back.
    stalled: u32,
    /// The archive does not let us fill gaps in this session.
    given_up: bool,
    /// The archive can be asked how far back it goes, and has not been in this session.
    tells_ends: bool,
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
        self.places.get_or_insert_with(|| step.reserve());
        let asked = self.record.read_up_to.clone().filter(|_| !self.lost);
        self.query(step, Scan::Forward, after(asked.as_ref(), Page::Last), Filter::default())
    }

    /// The query for the next page in the background, if there is to be one: until the gaps are filled, and enough is here,
    /// and at least what is as old as `since`.
    pub fn back(&mut self, step: &mut Step<'_>, since: Option<Timestamp>) -> Option<(ArchiveQuery, String)> {
        let busy = self.running.iter().any(|running| matches!(running.scan, Scan::Back | Scan::Gap(_)));
        if busy || !self.synced {
            return None;
        }
        if let Some(gap) = self.record.newest_gap().filter(|_| !self.given_up) {
            let (scan, end) = (Scan::Gap(gap.after), gap.before);
            let (page, filter) = before(gap.before_id.as_ref(), end);
            return Some(self.query(step, scan, page, filter));
        }
        let enough = self.record.read_back >= ENOUGH && since.is_none_or(|since| self.has_read_since(since));
        if self.record.reached_start || enough {
            return None;
        }
        let (oldest, since) = (self.record.read_from.as_ref(), self.record.read_since);
        let (page, filter) = match oldest {
            Some(_) => before(oldest, Timestamp::default()),
            None => before(None, since?),
        };
        Some(self.query(step, Scan::Back, page, filter))
    }

    /// The query for a part of one chat. `None` if it is being asked already.
    pub fn part(&mut self, step: &mut Step<'_>, part: Part, with: Jid) -> Option<(ArchiveQuery, String)> {
        let is_it = |scan: &Scan| matches!(scan, Scan::Part(other) if other.chat == part.chat);
        if self.running.iter().any(|running| is_it(&running.scan)) {
            return None;
        }
        let older = part.direction == Direction::Older;
        let end = self.record.end_of(&part.chat, part.missing, older).filter(|_| !part.newest);
        let page = match (older, &end) {
            (true, Some(id)) => Page::Before(id.as_str().to_owned()),
            (true, None) => Page::Last,
            (false, end) => after(end.as_ref(), Page::First),
        };
        let filter = Filter {
            with: Some(with),
            start: Some(DateTime::from_millis(part.missing.after.0)),
            end: Some(until(part.missing.before)).filter(|_| !part.newest),
            ..Filter::default()
        };
        Some(self.query(step, Scan::Part(part), page, filter))
    }

    /// The part to read of an open chat before catching up goes on, if that takes a while and it is not read already.
    pub fn part_ahead(&mut self, chat: &BareJid, now: Timestamp) -> Option<Part> {
        let wanted = self.is_behind() && self.ahead.insert(chat.clone());
        let after = self.record.here_until().filter(|_| wanted)?;
        let missing = Missing { after, before: now.max(after), gone: false };
        Some(Part { chat: chat.clone(), direction: Direction::Older, missing, newest: true })
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
        let end = at.filter(|_| oldest.is_none()).map(|at| until(at.plus_millis(1)));
        let page = oldest.map_or(Page::Last, |id| Page::Before(id.as_str().to_owned()));
        Some(self.query(step, scan, page, Filter { with: Some(with), end, ..Filter::default() }))
    }

    fn query(&mut self, step: &mut Step<'_>, scan: Scan, page: Page, filter: Filter) -> (ArchiveQuery, String) {
        let id = step.random_id();
        let asked = match &page {
            Page::After(id) | Page::Before(id) => Some(StanzaId::new(id.clone())),
            Page::First | Page::Last => None,
        };
        self.running.push(Running { query: id.clone(), scan, asked, results: Vec::new(), cut: false });
        let page = Some(PageRequest { max: Some(PAGE), page });
        (ArchiveQuery { query_id: Some(id.clone()), filter, page, flip_page: false }, id)
    }

    /// Whether the archive has been read as far back as this.
    pub fn has_read_since(&self, at: Timestamp) -> bool {
        let whole = self.given_up || self.record.gaps.iter().all(|gap| gap.gone || gap.before <= at);
        let back = self.record.reached_start || self.record.read_since.is_some_and(|since| since < at);
        self.absent || self.synced && whole && back
    }

    /// Whether there may be older messages of this chat in the archive than here.
    pub fn may_have_older(&self, chat: &BareJid) -> bool {
        let more = !self.record.reached_start || self.record.newest_gap().is_some();
        more && !self.exhausted.contains(chat)
    }

    /// Whether catching up goes on, and takes more than a page.
    pub fn is_behind(&self) -> bool {
        self.behind && self.is_behind_mark()
    }

    /// Whether what is behind the mark may be missing.
    fn is_behind_mark(&self) -> bool {
        !self.synced && !self.absent && self.record.read_up_to.is_some()
    }

    /// What may be missing in a chat. Without an archive nothing is to come.
    pub fn missing(&self, chat: &BareJid, has_archive: bool) -> Vec<Missing> {
        let mut missing = self.record.missing(chat, has_archive && self.is_behind_mark());
        let hopeless = !has_archive || self.absent || self.given_up;
        missing.iter_mut().for_each(|part| part.gone |= hopeless);
        missing
    }

    /// A result came. It counts only while its query runs (attack case A-05).
    pub fn result(&mut self, query: &str, id: StanzaId, incoming: Option<Incoming>) {
        let Some(running) = self.running.iter_mut().find(|running| running.query == query) else { return };
        running.accept(id, incoming);
    }

    /// The query has been answered, in one way or another.
    pub fn take(&mut self, query: &str) -> Option<Running> {
        let place = self.running.iter().position(|running| running.query == query)?;
        Some(self.running.swap_remove(place))
    }

    /// The page is complete: its messages, and where it ends. What the server says of its ends counts more than what we
    /// saw, unless we did not take all of it.
    pub fn finished(&mut self, step: &Step<'_>, running: Running, fin: &ArchiveFin) -> (Vec<Incoming>, Read) {
        let forward = running.goes_forward();
        let Running { scan, asked, mut results, cut, .. } = running;
        // Catching up anew comes before each new try at a gap that fails, and must not make it seem to be the first.
        if scan != Scan::Forward || self.record.newest_gap().is_none() {
            self.failures = 0;
        }
        let said = |id: &Option<String>| id.clone().filter(|id| !cut && !id.is_empty()).map(StanzaId::new);
        let (first, last) = (said(&fin.page.first), said(&fin.page.last));
        put_in_order(&mut results, first.as_ref(), last.as_ref());
        let id_of = |result: Option<&(StanzaId, Option<Incoming>)>| result.map(|(id, _)| id.clone());
        let (first, last) = (first.or_else(|| id_of(results.first())), last.or_else(|| id_of(results.last())));
        let next = if forward { &last } else { &first };
        // Where a page ends that was asked for before, the next would be the same.
        let again = match scan {
            Scan::Forward if forward => next.as_ref().is_some_and(|last| !self.ends.insert(last.clone())),
            _ => asked.is_some() && *next == asked,
        };
        let complete = again || !cut && fin.complete || next.is_none();
        let count = u32::try_from(results.len()).unwrap_or(u32::MAX);
        let mut results: Vec<Incoming> = results.into_iter().filter_map(|(_, incoming)| incoming).into_list();
        let since = results.iter().map(|incoming| incoming.at).min();
        let until = results.iter().map(|incoming| incoming.at).max();
        self.place(step.now, &scan, forward, &mut results);
        let (renumbered, floor) = match &scan {
            Scan::Forward => (self.lost, self.record.here_until().filter(|_| self.lost)),
            Scan::Gap(after) => (true, Some(*after)),
            Scan::Part(part) => (asked.is_none(), Some(part.missing.after)),
            Scan::Back => (asked.is_none(), None),
            Scan::Chat(_) => (false, None),
        };
        if let Some(floor) = floor {
            // What is older than that is here, or was and has been deleted.
            results.retain(|incoming| floor.millis_since(incoming.at) <= MARGIN_MILLIS);
        }
        for incoming in &mut results {
            (incoming.renumbered, incoming.floor) = (renumbered, floor);
        }
        let goes_on = scan == Scan::Forward && forward && !complete;
        (results, Read { scan, first, last, since, until, count, complete, goes_on })
    }

    /// Says of each message of a page how it comes and where it belongs. What is in a gap is news, and comes between what is
    /// on both of its sides; what is older than all gaps is known to the person.
    fn place(&mut self, now: Timestamp, scan: &Scan, forward: bool, results: &mut [Incoming]) {
        if *scan == Scan::Forward {
            return;
        }
        let behind_mark = self.record.here_until().filter(|_| !self.synced);
        let record = &mut self.record;
        let unread = |record: &ArchiveRecord, at: Timestamp| {
            behind_mark.is_some_and(|mark| at > mark)
                || record.gaps.iter().any(|gap| gap.after < at && at <= gap.before)
                || matches!(scan, Scan::Gap(after) if at.plus_millis(MARGIN_MILLIS) > *after)
        };
        let newest = results.iter().map(|incoming| incoming.at).filter(|at| unread(record, *at)).max();
        let of = match scan {
            Scan::Gap(after) => *after,
            Scan::Part(part) => part.missing.after,
            _ => newest.unwrap_or_default(),
        };
        let free = newest.and_then(|_| match record.gap_at(of) {
            Some(gap) => Some(&mut gap.places),
            None => self.places.as_mut(),
        });
        let places = free.map(|free| if forward { free.take_lowest() } else { free.take_highest() });
        let known = matches!(scan, Scan::Back | Scan::Chat(_)).then(|| self.place_before(now));
        for (number, incoming) in (0..).zip(results) {
            let missed = unread(&self.record, incoming.at);
            incoming.provenance = if missed { Provenance::Missed } else { Provenance::History };
            let first = if missed { places } else { known };
            incoming.sequence = first.map(|first| first.saturating_add(number));
        }
    }

    /// Where in the order of arrival a page of history begins: before everything that comes, and before the pages that were
    /// read back earlier, since each is older than those. Archives give many messages the same time.
    fn place_before(&mut self, now: Timestamp) -> u64 {
        let passed = u64::try_from(now.0).unwrap_or_default().saturating_mul(PAGE_PLACES);
        let place = HISTORY_END.saturating_sub(passed);
        let place = self.history.map_or(place, |last| place.min(last.saturating_sub(PAGE_PLACES)));
        self.history = Some(place);
        place
    }

    /// The server no longer has the message that a query starts from. True if the same is to be asked for in another way:
    /// by the time.
    pub fn start_unknown(&mut self, step: &mut Step<'_>, scan: &Scan, asked: Option<&StanzaId>) -> bool {
        let record = &mut self.record;
        let another_way = match scan {
            Scan::Forward => {
                let lost = self.has_mark();
                self.lost |= lost;
                return lost;
            }
            Scan::Back => {
                let by_id = record.read_from.take().is_some();
                record.reached_start |= !by_id || record.read_since.is_none();
                !record.reached_start
            }
            Scan::Gap(after) => {
                record.change_gap(*after, |gap| Some(GapRecord { before_id: None, gone: asked.is_none(), ..gap }));
                asked.is_some()
            }
            Scan::Chat(growing) => {
                self.exhausted.insert(growing.chat().clone());
                false
            }
            Scan::Part(_) => {
                for block in &mut record.blocks {
                    block.from_id.take_if(|id| Some(&*id) == asked);
                    block.to_id.take_if(|id| Some(&*id) == asked);
                }
                asked.is_some()
            }
        };
        self.save(step);
        another_way
    }

    /// The archive can be asked how far back it goes.
    pub fn tells_ends(&mut self) {
        self.tells_ends = true;
    }

    /// Whether to ask it now: once in a session, if something older may be read.
    pub fn wants_ends(&mut self) -> bool {
        let reads_on = !self.record.reached_start || self.record.newest_gap().is_some();
        std::mem::take(&mut self.tells_ends) && reads_on && self.has_mark()
    }

    /// How far back the archive goes; `None` if it is empty. What is older need not be asked for.
    pub fn begins_at(&mut self, step: &mut Step<'_>, begin: Option<(StanzaId, Timestamp)>) {
        let is_older = |id: Option<&StanzaId>, at: Timestamp| match &begin {
            // The time may be one of ours.
            Some((first, begin)) => id == Some(first) || at.plus_millis(MARGIN_MILLIS) < *begin,
            None => true,
        };
        let record = &mut self.record;
        for gap in &mut record.gaps {
            gap.gone |= is_older(gap.before_id.as_ref(), gap.before);
        }
        record.reached_start |= record.read_since.is_some_and(|since| is_older(record.read_from.as_ref(), since));
        self.save(step);
    }

    /// The archive does not let us fill gaps.
    pub fn give_up(&mut self) {
        self.given_up = true;
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
    ///
    /// `covered` is the latest time at which a message of it stands. `here` is the newest time here, for where a mark was
    /// whose time is not known.
    pub fn applied(&mut self, step: &mut Step<'_>, read: Read, covered: Option<Timestamp>, here: Timestamp) -> bool {
        let Read { scan, first, last, since, until, count, complete, .. } = read;
        let record = &mut self.record;
        let goes_on = match scan {
            Scan::Forward if record.read_up_to.is_none() || self.lost => {
                let newest = until.max(covered).unwrap_or(step.now);
                if record.read_up_to.is_some() {
                    let after = record.here_until().unwrap_or(here);
                    let places = self.places.unwrap_or_default();
                    let gap = GapRecord { after, before: newest.max(after), places, ..GapRecord::default() };
                    if let Some(gap) = gap.read(first, since, complete) {
                        record.add_gap(gap);
                    }
                } else {
                    (record.read_from, record.read_since) = (first, since);
                    (record.reached_start, record.read_back) = (complete, count);
                }
                record.read_up_to = last;
                record.up_to_at = Some(newest);
                self.lost = false;
                self.synced = true;
                self.held_back = self.unshown;
                false
            }
            Scan::Forward => {
                self.synced |= complete;
                self.behind |= !complete;
                self.held_back = self.unshown || self.held_back && !complete;
                record.read_up_to = last.or_else(|| record.read_up_to.take());
                until.max(covered).into_iter().for_each(|at| record.covers_until(at));
                !complete
            }
            Scan::Back => {
                let older = since.is_some() && (record.read_since.is_none() || since < record.read_since);
                self.stalled = if older { 0 } else { self.stalled.saturating_add(1) };
                record.read_from = first.or_else(|| record.read_from.take());
                record.read_since = since.or(record.read_since);
                record.reached_start |= complete || self.stalled > MAX_STALLED;
                record.read_back = record.read_back.saturating_add(count);
                false
            }
            Scan::Gap(after) => {
                let stalled = &mut self.stalled;
                record.change_gap(after, |gap| {
                    *stalled =
                        if since.is_some_and(|since| since < gap.before) { 0 } else { stalled.saturating_add(1) };
                    gap.read(first, since, complete || *stalled > MAX_STALLED)
                });
                false
            }
            Scan::Chat(growing) => {
                if complete {
                    self.exhausted.insert(growing.chat().clone());
                }
                return false;
            }
            Scan::Part(Part { chat, direction, missing, .. }) => {
                let (mut from, mut to) = (missing.after, missing.before.max(until.unwrap_or_default()));
                match direction {
                    Direction::Older if !complete => from = since.unwrap_or(to),
                    Direction::Newer if !complete => to = until.unwrap_or(from),
                    _ => {}
                }
                record.add_block(BlockRecord { chat: Some(chat), from, from_id: first, to, to_id: last });
                false
            }
        };
        let behind_mark = self.is_behind_mark();
        self.record.tidy(behind_mark);
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

    /// A live message with this id is applied; nothing stands at a later time than this. It moves the mark only if nothing
    /// before it is missing. Tells whether the mark covers it.
    pub fn live(&mut self, step: &mut Step<'_>, id: Option<&StanzaId>, at: Timestamp) -> bool {
        if id.is_none() || !self.synced || self.held_back {
            return false;
        }
        self.record.covers_until(at);
        if self.record.read_up_to.as_ref() != id {
            self.record.read_up_to = id.cloned();
            self.save(step);
        }
        true
    }

    /// Nothing is missing up to something of ours that the server has taken, which stands here. The mark stays where it is,
    /// since nobody knows what the archive calls that.
    pub fn own_taken(&mut self, step: &mut Step<'_>, place: TimelineKey) {
        if self.record.own_until < Some(place) {
            self.record.own_until = Some(place);
            self.save(step);
        }
    }

    /// Whether what stands here is known to be in order, so that it need not move when it is read again.
    pub fn is_in_order(&self, place: TimelineKey) -> bool {
        Some(place) <= self.record.own_until
    }

    /// A live message is handed out, in a session that began at a time, before everything that came earlier has been read.
    pub fn early(&mut self, step: &mut Step<'_>, began: Timestamp, at: Timestamp) {
        if self.is_behind_mark() {
            let block = BlockRecord { from: began.min(at), to: at, ..BlockRecord::default() };
            self.record.add_block(block);
            self.save(step);
        }
    }

    /// Whether places after this one are kept free for what is behind the mark.
    pub fn keeps_free(&self, key: TimelineKey) -> bool {
        self.places.is_some_and(|places| key.sequence < places.end)
    }

    /// Everything that is as old as this is here, as far as is known.
    pub fn here_until(&self) -> Option<Timestamp> {
        self.record.here_until()
    }

    /// No message that the mark covers stands at a later time than this.
    pub fn up_to_at(&self) -> Option<Timestamp> {
        self.record.up_to_at
    }

    /// Whether reading failed and is tried again after a pause.
    pub fn is_pausing(&self) -> bool {
        self.failures > 0 && self.retry_at.is_some()
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
        self.lost = false;
        self.behind = false;
        self.places = None;
        self.stalled = 0;
        self.given_up = false;
        self.tells_ends = false;
        self.ahead.clear();
        self.ends.clear();
    }

    /// Whether it is known up to where everything is on disk.
    pub fn has_mark(&self) -> bool {
        self.record.read_up_to.is_some() && !self.lost
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
        self.ahead.clear();
        self.ends.clear();
    }

    fn save(&self, step: &mut Step<'_>) {
        step.fx.batch.put(Table::Meta, ARCHIVE, encode(&self.record));
    }
}

/// Whether a message has the place where it was read back, and not one from when it came.
pub(crate) fn is_history(place: TimelineKey) -> bool {
    place.sequence < HISTORY_END
}
