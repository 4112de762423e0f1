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

mod answer;
mod ask;

use plausch_model::{BareJid, StanzaId, TimelineKey, Timestamp};

use crate::{
    gaps::Missing,
    map::Set,
    page::{Running, Scan},
    records::{ARCHIVE, ArchiveRecord, BlockRecord, Places, encode},
    step::Step,
    store::Table,
};

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

    /// The archive can be asked how far back it goes.
    pub fn tells_ends(&mut self) {
        self.tells_ends = true;
    }

    /// Whether to ask it now: once in a session, if something older may be read.
    pub fn wants_ends(&mut self) -> bool {
        let reads_on = !self.record.reached_start || self.record.newest_gap().is_some();
        std::mem::take(&mut self.tells_ends) && reads_on && self.has_mark()
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
