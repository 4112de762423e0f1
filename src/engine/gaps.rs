//! What is missing: ranges of the archive that have not been read, with messages on this device on both sides.
//!
//! A gap is one range of the whole account's archive, told by times; each chat's gaps follow from it. It shrinks page by
//! page from its newer end, in the background. Where somebody looks at a gap of one chat, pages of that chat alone are read;
//! such a page, and what came live before the archive was caught up with, is a block: a part of the range of which
//! nothing is missing in that chat, or in any. What is behind the mark is a gap as well, up to the first block, until
//! everything is caught up with.
//!
//! A gap that the archive cannot fill, since it no longer goes back so far, stays, and is asked for no more.

use plausch_model::{BareJid, StanzaId, Timestamp};
use plausch_xmpp::list::IntoList;

use crate::records::{ArchiveRecord, BlockRecord, GapRecord, Places};

/// So many gaps are told apart; then the two oldest become one.
const MAX_GAPS: usize = 16;
/// So many blocks are told apart; then the oldest is taken for missing again.
const MAX_BLOCKS: usize = 64;
/// Clocks differ: a gap that has been read to so long before its beginning is closed.
pub(crate) const MARGIN_MILLIS: i64 = 600_000;
/// Places in the order of arrival for a page: more than it has results.
pub(crate) const PAGE_PLACES: u64 = 1_024;

/// A part of the archive of which messages of a chat may be missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Missing {
    /// What is as old as this is here.
    pub after: Timestamp,
    /// So is what is as new as this.
    pub before: Timestamp,
    /// The archive does not have them any more.
    pub gone: bool,
}

impl Places {
    /// The places of the next page, if pages are read from the newer end on.
    pub fn take_highest(&mut self) -> u64 {
        self.end = self.end.saturating_sub(PAGE_PLACES).max(self.start);
        self.end
    }

    /// The places of the next page, if pages are read from the older end on.
    pub fn take_lowest(&mut self) -> u64 {
        let first = self.start;
        self.start = first.saturating_add(PAGE_PLACES).min(self.end);
        first
    }
}

impl GapRecord {
    /// A page of it has been read, or of what is older: what is left of it. `first` and `since` are the page's oldest
    /// message and its time.
    pub fn read(mut self, first: Option<StanzaId>, since: Option<Timestamp>, complete: bool) -> Option<Self> {
        let reached = since.unwrap_or(self.before).min(self.before);
        let closed = reached < self.after.plus_millis(-MARGIN_MILLIS) || complete && reached <= self.after;
        self.before = reached.max(self.after);
        self.before_id = first;
        self.gone = complete;
        (!closed).then_some(self)
    }
}

impl ArchiveRecord {
    /// Everything is here that is as old as this: what the mark covers, and what we sent behind it.
    pub fn here_until(&self) -> Option<Timestamp> {
        self.up_to_at.max(self.own_until.map(|own| own.at))
    }

    /// Everything up to the mark is here, as late as this.
    pub fn covers_until(&mut self, at: Timestamp) {
        self.up_to_at = self.up_to_at.max(Some(at));
    }

    /// A part of the archive has to be read, or cannot be read any more.
    pub fn add_gap(&mut self, gap: GapRecord) {
        match self.gaps.last_mut().filter(|last| last.before >= gap.after) {
            Some(last) => {
                let after = last.after.min(gap.after);
                *last = GapRecord { after, gone: last.gone && gap.gone, ..gap };
            }
            None => self.gaps.push(gap),
        }
        if self.gaps.len() > MAX_GAPS {
            let oldest = self.gaps.remove(0);
            if let Some(next) = self.gaps.first_mut() {
                next.after = oldest.after;
                next.gone &= oldest.gone;
            }
        }
    }

    /// The newest gap that can be filled.
    pub fn newest_gap(&self) -> Option<&GapRecord> {
        self.gaps.iter().rev().find(|gap| !gap.gone)
    }

    /// Changes the gap that begins here; it goes if nothing is left of it.
    pub fn change_gap(&mut self, after: Timestamp, change: impl FnOnce(GapRecord) -> Option<GapRecord>) {
        if let Some(place) = self.gaps.iter().position(|gap| gap.after == after) {
            let gap = self.gaps.remove(place);
            if let Some(left) = change(gap) {
                self.gaps.insert(place, left);
            }
        }
    }

    /// The gap that a message of this time belongs to.
    pub fn gap_at(&mut self, at: Timestamp) -> Option<&mut GapRecord> {
        self.gaps.iter_mut().find(|gap| gap.after <= at && at <= gap.before)
    }

    /// Notes that nothing is missing in a part of the archive.
    pub fn add_block(&mut self, block: BlockRecord) {
        let mut whole = block;
        let touches = |other: &BlockRecord, whole: &BlockRecord| {
            other.chat == whole.chat && other.from <= whole.to && whole.from <= other.to
        };
        while let Some(place) = self.blocks.iter().position(|other| touches(other, &whole)) {
            let other = self.blocks.remove(place);
            if other.from < whole.from {
                (whole.from, whole.from_id) = (other.from, other.from_id);
            }
            if other.to > whole.to {
                (whole.to, whole.to_id) = (other.to, other.to_id);
            }
        }
        let place = self.blocks.partition_point(|other| other.from < whole.from);
        self.blocks.insert(place, whole);
        if self.blocks.len() > MAX_BLOCKS {
            self.blocks.remove(0);
        }
    }

    /// Forgets the blocks that are within no gap. `behind_mark` says that what is behind the mark is one.
    pub fn tidy(&mut self, behind_mark: bool) {
        let ranges = self.ranges(behind_mark);
        self.blocks.retain(|block| ranges.iter().any(|range| range.after <= block.to && block.from <= range.before));
    }

    fn ranges(&self, behind_mark: bool) -> Vec<Missing> {
        let gaps = self.gaps.iter().map(|gap| Missing { after: gap.after, before: gap.before, gone: gap.gone });
        let rest = self.here_until().filter(|_| behind_mark);
        let rest = rest.map(|after| Missing { after, before: Timestamp(i64::MAX), gone: false });
        gaps.chain(rest).into_list()
    }

    /// What may be missing in a chat between messages of this device, oldest first.
    pub fn missing(&self, chat: &BareJid, behind_mark: bool) -> Vec<Missing> {
        let mut missing = Vec::new();
        for range in self.ranges(behind_mark) {
            let mut after = range.after;
            let blocks = self.blocks.iter().filter(|block| block.chat.as_ref().is_none_or(|of| of == chat));
            for block in blocks.filter(|block| !range.gone && block.from <= range.before) {
                if block.from > after {
                    missing.push(Missing { after, before: block.from, ..range });
                }
                after = after.max(block.to);
            }
            if after < range.before {
                missing.push(Missing { after, ..range });
            }
        }
        missing.retain(|part| part.before.0 != i64::MAX);
        missing
    }

    /// What the archive calls a chat's message at the newer end of a part, or else at its older end.
    pub fn end_of(&self, chat: &BareJid, part: Missing, newer: bool) -> Option<StanzaId> {
        let mut blocks = self.blocks.iter().filter(|block| block.chat.as_ref() == Some(chat));
        match newer {
            true => blocks.find(|block| block.from == part.before)?.from_id.clone(),
            false => blocks.find(|block| block.to == part.after)?.to_id.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)]

    use super::*;
    use proptest::prelude::*;

    fn chat() -> BareJid {
        BareJid::new("romeo@x")
    }

    fn gap(after: i64, before: i64) -> GapRecord {
        GapRecord { after: Timestamp(after), before: Timestamp(before), ..GapRecord::default() }
    }

    fn block(chat: Option<BareJid>, from: i64, to: i64) -> BlockRecord {
        BlockRecord { chat, from: Timestamp(from), to: Timestamp(to), ..BlockRecord::default() }
    }

    fn missing(record: &ArchiveRecord, behind_mark: bool) -> Vec<(i64, i64)> {
        record.missing(&chat(), behind_mark).iter().map(|part| (part.after.0, part.before.0)).collect()
    }

    #[test]
    fn blocks_of_the_chat_and_of_all_narrow_a_gap() {
        let mut record = ArchiveRecord::default();
        record.add_gap(gap(10, 90));
        record.add_block(block(Some(chat()), 30, 40));
        record.add_block(block(None, 60, 70));
        record.add_block(block(Some(BareJid::new("other@x")), 10, 90));
        assert_eq!(missing(&record, false), [(10, 30), (40, 60), (70, 90)]);
        record.add_block(block(Some(chat()), 40, 90));
        assert_eq!(missing(&record, false), [(10, 30)]);
    }

    #[test]
    fn behind_the_mark_something_is_missing_only_before_what_is_here() {
        let mut record = ArchiveRecord::default();
        record.covers_until(Timestamp(50));
        assert_eq!(missing(&record, true), []);
        record.add_block(block(None, 70, 75));
        assert_eq!(missing(&record, true), [(50, 70)]);
        assert_eq!(missing(&record, false), []);
        record.covers_until(Timestamp(72));
        assert_eq!(missing(&record, true), []);
        record.tidy(true);
        assert_eq!(record.blocks.len(), 1, "the next session begins behind it");
        record.tidy(false);
        assert_eq!(record.blocks, []);
    }

    #[test]
    fn a_gap_closes_when_it_was_read_beyond_its_beginning() {
        let margin = MARGIN_MILLIS;
        let left = |since: i64, complete| gap(margin, 2 * margin).read(None, Some(Timestamp(since)), complete);
        assert_eq!(left(3 * margin / 2, false), Some(gap(margin, 3 * margin / 2)));
        assert_eq!(left(margin / 2, false), Some(gap(margin, margin)), "clocks differ");
        assert_eq!(left(-1, false), None);
        assert_eq!(left(margin, true), None, "the archive begins before it");
        let gone = GapRecord { gone: true, ..gap(margin, 3 * margin / 2) };
        assert_eq!(left(3 * margin / 2, true), Some(gone), "the archive begins within it");
    }

    #[test]
    fn too_many_gaps_become_one() {
        let mut record = ArchiveRecord::default();
        (0..40).for_each(|number| record.add_gap(gap(number * 10, number * 10 + 5)));
        assert_eq!(record.gaps.len(), MAX_GAPS);
        assert_eq!((record.gaps[0].after.0, record.gaps[0].before.0), (0, 245));
    }

    proptest! {
        #[test]
        fn what_is_missing_is_what_no_block_covers(
            gaps in proptest::collection::vec(0..50_i64, 0..6),
            blocks in proptest::collection::vec((0..60_i64, 0..12_i64, any::<bool>()), 0..12),
            mark in 50..55_i64,
        ) {
            let mut record = ArchiveRecord { up_to_at: Some(Timestamp(mark)), ..ArchiveRecord::default() };
            let mut bounds = gaps;
            bounds.sort_unstable();
            bounds.dedup();
            bounds.chunks_exact(2).for_each(|pair| record.add_gap(gap(pair[0], pair[1])));
            for (from, length, own) in &blocks {
                record.add_block(block(own.then(chat), *from, from + length));
            }
            let parts = missing(&record, true);
            // Between two moments lies what is missing or not.
            for at in 0..80 {
                let inside = |from: i64, to: i64| from <= at && at < to;
                let unread = bounds.chunks_exact(2).any(|pair| inside(pair[0], pair[1])) || at >= mark;
                let covered = blocks.iter().any(|(from, length, _)| inside(*from, from + length));
                let last = blocks.iter().map(|(from, length, _)| from + length).max().unwrap_or(0);
                let expected = unread && !covered && (at < mark || at < last);
                prop_assert_eq!(parts.iter().any(|(from, to)| inside(*from, *to)), expected, "at {}", at);
            }
        }
    }
}
