//! What to ask the archive for next.

use plausch_model::{BareJid, Direction, StanzaId, Timestamp};
use plausch_xmpp::{
    datetime::DateTime,
    jid::Jid,
    xep::{
        mam::{ArchiveQuery, Filter},
        rsm::{Page, PageRequest},
    },
};

use super::Archive;
use crate::{
    envelope::Incoming,
    gaps::Missing,
    page::{Part, Running, Scan, after, before, until},
    step::Step,
    views::Growing,
};

/// Messages asked for at once.
const PAGE: u32 = 100;
/// So many messages are read back in the background.
const ENOUGH: u32 = 2_000;

impl Archive {
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
}
