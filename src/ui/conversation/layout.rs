//! Where messages of unknown heights stand, and which of them are drawn.
//!
//! The log draws a slice of the window in normal flow, between two spacers that are as high as the messages left out.
//! Heights are measured once a message was drawn and guessed before that. All positions are worked out here from these
//! heights, never read from the document, so that a message that was in view stays where it was whatever is measured,
//! added or removed above it.

use std::{ops::Range, sync::Arc};

use plausch_model::TimelineKey;

use crate::view::Entry;

/// The guessed height of a line of a message that was never drawn, and of what surrounds its lines, before any was.
const LINE: f64 = 21.0;
const AROUND: f64 = 18.0;
/// Guesses are kept while what is drawn is as high as guessed, up to this part: each change of theirs moves what is below.
const GUESSED_WELL: f64 = 0.1;
/// No guess is stretched or shrunk by more than this.
const MOST_STRETCH: f64 = 4.0;
/// Pixels from the end within which the log counts as being at the end.
const AT_END: f64 = 32.0;

/// How much is drawn beyond each edge of the visible part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Little: what has to be there before the next paint.
    Near,
    /// Enough for a while of scrolling: what there is time for once nothing moves.
    Far,
}

impl Reach {
    /// In visible parts.
    const fn parts(self) -> f64 {
        match self {
            Self::Near => 0.1,
            Self::Far => 0.75,
        }
    }
}

/// The visible part of the log, in pixels.
#[derive(Clone, Copy)]
pub struct View {
    /// How far it is scrolled.
    pub top: f64,
    /// Its height.
    pub height: f64,
    /// The height of what stands above the first message.
    pub lead: f64,
    /// How much higher messages are than their text alone lets guess: it depends on how wide the log is.
    pub stretch: f64,
}

impl Default for View {
    fn default() -> Self {
        Self { top: 0.0, height: 0.0, lead: 0.0, stretch: 1.0 }
    }
}

/// The message that stays where it is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Anchor {
    /// Which.
    pub key: TimelineKey,
    /// How far below the top of the visible part it starts.
    pub below_top: f64,
}

/// The height of a message that was never drawn, as far as its text tells.
fn guess(entry: &Entry) -> f64 {
    AROUND + LINE * f64::from(entry.lines)
}

/// The height of everything.
pub fn total(entries: &[Arc<Entry>], view: View) -> f64 {
    view.lead + view.heights(entries)
}

/// Whether the visible part is at the end.
pub fn at_end(entries: &[Arc<Entry>], view: View) -> bool {
    view.top + view.height >= total(entries, view) - AT_END
}

impl View {
    fn height_of(self, entry: &Entry) -> f64 {
        entry.height().unwrap_or_else(|| guess(entry) * self.stretch)
    }

    /// The height of some messages.
    fn heights(self, entries: &[Arc<Entry>]) -> f64 {
        entries.iter().map(|entry| self.height_of(entry)).sum()
    }

    /// Learns from messages that have been measured how high others will be.
    #[must_use]
    pub fn learn(self, drawn: &[Arc<Entry>]) -> Self {
        let measured: f64 = drawn.iter().filter_map(|entry| entry.height()).sum();
        let guessed: f64 = drawn.iter().filter(|entry| entry.height().is_some()).map(|entry| guess(entry)).sum();
        let stretch = (measured / guessed).clamp(MOST_STRETCH.recip(), MOST_STRETCH);
        let well = (stretch / self.stretch - 1.0).abs() <= GUESSED_WELL;
        if stretch.is_nan() || well { self } else { Self { stretch, ..self } }
    }

    /// The view at the end.
    #[must_use]
    pub fn at_end(self, entries: &[Arc<Entry>]) -> Self {
        Self { top: (total(entries, self) - self.height).max(0.0), ..self }
    }
}

/// The messages that are within so many visible parts of the visible one. None, if it is scrolled beyond either end, which
/// a shrinking window does.
fn in_reach(entries: &[Arc<Entry>], view: View, parts: f64) -> Range<usize> {
    let beyond = view.height * parts;
    let (first, last) = (view.top - beyond, view.top + view.height + beyond);
    let mut y = view.lead;
    let (mut from, mut to) = (entries.len(), 0);
    for (index, entry) in entries.iter().enumerate() {
        let bottom = y + view.height_of(entry);
        if bottom >= first && y <= last {
            from = from.min(index);
            to = index.saturating_add(1);
        }
        y = bottom;
    }
    if to == 0 { 0..0 } else { from..to }
}

/// The messages to draw: what is in `reach`, and what is drawn already unless it is far away.
pub fn slice(entries: &[Arc<Entry>], view: View, drawn: &[Arc<Entry>], reach: Reach) -> Range<usize> {
    let (range, far) = (in_reach(entries, view, reach.parts()), in_reach(entries, view, Reach::Far.parts()));
    let drawn = place(entries, drawn);
    if drawn.start > range.end || drawn.end < range.start {
        return range;
    }
    range.start.min(drawn.start.max(far.start))..range.end.max(drawn.end.min(far.end))
}

/// The heights of what stands before and after these messages.
pub fn spaces(entries: &[Arc<Entry>], view: View, drawn: Range<usize>) -> (f64, f64) {
    let part = |range| view.heights(entries.get(range).unwrap_or_default());
    (part(0..drawn.start), part(drawn.end..entries.len()))
}

/// Whether everything in the visible part is among these messages.
pub fn covers(entries: &[Arc<Entry>], view: View, drawn: &Range<usize>) -> bool {
    let visible = visible(entries, view);
    visible.is_empty() || drawn.start <= visible.start && visible.end <= drawn.end
}

/// Where messages that follow each other are; an empty range if they are not there.
pub fn place(entries: &[Arc<Entry>], drawn: &[Arc<Entry>]) -> Range<usize> {
    let index_of = |entry: &Arc<Entry>| {
        let index = entries.partition_point(|other| other.key < entry.key);
        entries.get(index).is_some_and(|other| Arc::ptr_eq(other, entry)).then_some(index)
    };
    let ends = drawn.first().and_then(index_of).zip(drawn.last().and_then(index_of));
    ends.map_or(0..0, |(first, last)| first..last.saturating_add(1))
}

/// The messages of which something is visible.
pub fn visible(entries: &[Arc<Entry>], view: View) -> Range<usize> {
    in_reach(entries, view, 0.0)
}

/// The first message of which something is visible, and where it stands; or the one behind it, if there is a gap above the
/// first: what fills the gap takes the row away that stands there.
pub fn anchor(entries: &[Arc<Entry>], view: View) -> Option<Anchor> {
    let mut y = view.lead;
    for (index, entry) in entries.iter().enumerate() {
        let bottom = y + view.height_of(entry);
        if bottom > view.top {
            let gap = entry.shape.with_untracked(|shape| shape.gap.is_some());
            let behind = entries.get(index.saturating_add(1)).filter(|_| gap);
            let (key, top) = behind.map_or((entry.key, y), |behind| (behind.key, bottom));
            return Some(Anchor { key, below_top: top - view.top });
        }
        y = bottom;
    }
    None
}

/// How far to scroll so that a message stands where it stood.
pub fn top_for(entries: &[Arc<Entry>], view: View, anchor: Anchor) -> f64 {
    let index = entries.partition_point(|entry| entry.key < anchor.key);
    let above = view.heights(entries.get(..index).unwrap_or_default());
    view.lead + above - anchor.below_top
}

/// The newest message that is wholly visible, or at least its end is.
pub fn newest_visible(entries: &[Arc<Entry>], view: View) -> Option<TimelineKey> {
    let mut y = view.lead;
    let mut newest = None;
    for entry in entries {
        y += view.height_of(entry);
        if y > view.top + view.height + AT_END {
            break;
        }
        newest = Some(entry.key);
    }
    newest
}

#[cfg(test)]
mod tests {
    use crate::reactive::Owner;
    use plausch_model::{GapState, Way};

    use super::*;
    use crate::view::{Shape, Timeline, fixtures};

    /// Messages with ids and times 0, 1, 2 … and these heights; 0 is one that was never drawn.
    fn entries(heights: &[f64]) -> Vec<Arc<Entry>> {
        Owner::new().with(|| {
            let timeline = Timeline::default();
            let items = (0..heights.len()).map(|n| fixtures::message(&n.to_string(), Way::In, n as i64)).collect();
            timeline.expect(plausch_model::BareJid::new("romeo@x"));
            timeline.open(fixtures::window("romeo@x", items));
            let entries: Vec<_> = timeline.peek(|window| window.entries().to_vec());
            for (entry, height) in entries.iter().zip(heights).filter(|(_, height)| **height > 0.0) {
                entry.set_height(*height);
            }
            entries
        })
    }

    fn view(top: f64, height: f64) -> View {
        View { top, height, lead: 10.0, ..View::default() }
    }

    #[test]
    fn the_slice_and_its_spacers_are_as_high_as_everything() {
        let entries = entries(&[100.0; 50]);
        for top in [0.0, 35.0, 1234.5, 4610.0] {
            let view = view(top, 400.0);
            let slice = slice(&entries, view, &[], Reach::Far);
            let (before, after) = spaces(&entries, view, slice.clone());
            let drawn = view.heights(&entries[slice.clone()]);
            assert!((before + drawn + after - 5000.0).abs() < 1e-6, "at {top}");
            assert!(slice.len() <= 11, "at {top}: {slice:?}");
            assert!(before <= top && before + drawn + 10.0 >= (top + 400.0).min(5010.0), "at {top}");
        }
    }

    #[test]
    fn the_number_drawn_does_not_depend_on_the_length() {
        let at_end = |entries: &[_]| slice(entries, view(0.0, 500.0).at_end(entries), &[], Reach::Far);
        let all = entries(&[50.0; 3000]);
        let (few, many) = (at_end(&entries(&[50.0; 100])), at_end(&all));
        assert_eq!(few.len(), many.len());
        assert_eq!(many.end, 3000);
        assert_eq!(spaces(&all, view(0.0, 500.0), many).1, 0.0);
    }

    #[test]
    fn what_is_drawn_stays_drawn_until_it_is_far_away() {
        let entries = entries(&[100.0; 50]);
        let near = |top, drawn: Range<usize>| slice(&entries, view(top, 400.0), &entries[drawn], Reach::Near);
        assert_eq!(near(2000.0, 0..0), 19..25, "what is visible, and little more");
        assert_eq!(near(2000.0, 17..27), 17..27, "all that is drawn");
        assert_eq!(near(2000.0, 5..27), 16..27, "but not what is far above");
        assert_eq!(near(2000.0, 22..40), 19..27, "nor far below");
        assert_eq!(near(2000.0, 1..5), 19..25, "nor what does not touch it");
        assert_eq!(near(0.0, 1..5), 0..5, "and what is new above");
    }

    #[test]
    fn what_was_in_view_stays_when_older_messages_and_measurements_come() {
        let entries = entries(&[100.0, 100.0, 100.0, 100.0, 100.0]);
        let later = &entries[2..];
        let before = anchor(later, view(150.0, 200.0)).unwrap();
        assert_eq!(before.key, entries[3].key);
        // Two older messages are put before it ...
        let top = top_for(&entries, view(0.0, 200.0), before);
        assert_eq!(top, 350.0);
        // ... and turn out higher than thought.
        entries[0].set_height(170.0);
        assert_eq!(top_for(&entries, view(0.0, 200.0), before), 420.0);
    }

    #[test]
    fn what_fills_a_gap_does_not_move_what_is_behind_it() {
        let entries = entries(&[100.0, 100.0, 100.0]);
        entries[1].shape.set(Shape { gap: Some(GapState::Loading), ..Shape::default() });
        let anchor = anchor(&entries, view(150.0, 200.0)).unwrap();
        assert_eq!((anchor.key, anchor.below_top), (entries[2].key, 60.0));
    }

    #[test]
    fn the_end_is_the_end_within_a_little() {
        let entries = entries(&[100.0; 10]);
        assert!(at_end(&entries, view(610.0, 400.0)));
        assert!(at_end(&entries, view(590.0, 400.0)));
        assert!(!at_end(&entries, view(500.0, 400.0)));
        assert!(at_end(&[], view(0.0, 400.0)));
    }

    #[test]
    fn only_what_was_visible_counts_as_seen() {
        let entries = entries(&[100.0; 10]);
        assert_eq!(newest_visible(&entries, view(0.0, 400.0)), Some(entries[3].key));
        assert_eq!(newest_visible(&entries, view(610.0, 400.0)), Some(entries[9].key));
        assert_eq!(newest_visible(&[], view(0.0, 400.0)), None);
    }

    #[test]
    fn undrawn_messages_have_a_guessed_height() {
        let entries = entries(&[0.0, 0.0]);
        assert_eq!(total(&entries, view(0.0, 100.0)), 10.0 + 2.0 * (AROUND + LINE));
    }

    #[test]
    fn guesses_follow_what_was_measured_unless_they_were_good() {
        let one = AROUND + LINE;
        let entries = entries(&[one * 1.5, one * 1.7, 0.0]);
        let learned = view(0.0, 100.0).learn(&entries);
        assert!((learned.height_of(&entries[2]) - one * 1.6).abs() < 1e-3);
        entries[1].set_height(one * 1.8);
        assert_eq!(learned.learn(&entries).stretch, learned.stretch, "close enough");
        entries[1].set_height(one * 1e6);
        assert_eq!(learned.learn(&entries).stretch, MOST_STRETCH);
        assert_eq!(learned.learn(&[]).stretch, learned.stretch, "nothing was drawn");
        assert_eq!(learned.learn(&entries[2..]).stretch, learned.stretch, "nothing was measured");
    }

    #[test]
    fn spaces_stand_for_what_is_not_drawn() {
        let entries = entries(&[100.0; 5]);
        let spaces = |drawn: &[Arc<Entry>]| spaces(&entries, view(0.0, 100.0), place(&entries, drawn));
        assert_eq!(spaces(&entries[1..3]), (100.0, 200.0));
        assert_eq!(spaces(&entries), (0.0, 0.0));
        assert_eq!(spaces(&[]), (0.0, 500.0));
    }

    #[test]
    fn what_is_drawn_may_be_all_that_is_visible() {
        let entries = entries(&[100.0; 50]);
        let covered = |drawn: Range<usize>| covers(&entries, view(2000.0, 400.0), &place(&entries, &entries[drawn]));
        assert!(covered(19..25));
        assert!(covered(10..30));
        assert!(!covered(21..25));
        assert!(!covered(19..23));
        assert!(!covered(0..0));
        assert!(covers(&[], view(0.0, 400.0), &place(&[], &[])));
    }
}
