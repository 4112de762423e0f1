//! What an answer of the archive tells: which messages, in which places, and what is here or missing now.

use plausch_model::{Direction, StanzaId, Timestamp};
use plausch_xmpp::{list::IntoList, xep::mam::ArchiveFin};

use super::{Archive, HISTORY_END};
use crate::{
    envelope::{Incoming, Provenance},
    gaps::{MARGIN_MILLIS, PAGE_PLACES},
    page::{Part, Read, Running, Scan, put_in_order},
    records::{ArchiveRecord, BlockRecord, GapRecord},
    step::Step,
};

/// So many pages of one reading may get no further back in time: archives give many messages the same one.
const MAX_STALLED: u32 = 50;

impl Archive {
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
}
