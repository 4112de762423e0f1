//! The messages of the open chat that are here, in order, and what neighbours make of each other.
//!
//! An [`Entry`] lives as long as its message is in the window and carries two signals: the message, and its [`Shape`].

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use plausch_model::{
    BareJid, Direction, Gap, GapState, MessageBody, OriginId, TimelineItem, TimelineKey, Timestamp, Way,
};

use super::{chats::set_if_new, clock::local_day, sort::sort_by};
use crate::reactive::ArcRwSignal;

/// Messages of one sender within this time form a group.
const GROUP_MILLIS: i64 = 5 * 60 * 1000;

/// How a message is drawn because of its neighbours.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    /// Messages are missing before it.
    pub gap: Option<GapState>,
    /// It is the first of its day: a day separator stands above it.
    pub opens_day: bool,
    /// It is the first unread one: the unread divider stands above it.
    pub opens_unread: bool,
    /// It is the first of its group.
    pub opens_group: bool,
    /// It is the last of its group.
    pub closes_group: bool,
}

/// One message in the window.
pub struct Entry {
    /// The message's id.
    pub id: OriginId,
    /// Its place.
    pub key: TimelineKey,
    /// Who wrote it.
    pub author: BareJid,
    /// In or out.
    pub way: Way,
    /// When it was sent.
    pub at: Timestamp,
    /// The message.
    pub item: ArcRwSignal<TimelineItem>,
    /// What its neighbours make of it.
    pub shape: ArcRwSignal<Shape>,
    /// About how many lines its text takes: for a guess at its height before it is drawn.
    pub lines: u16,
    height: AtomicU32,
}

/// Where a line of text is taken to break, in bytes.
const LINE_BYTES: usize = 48;
/// Texts with more lines are folded anyway.
const MOST_LINES: u16 = 20;

fn lines(body: &MessageBody) -> u16 {
    let MessageBody::Text(text) = body else { return 1 };
    let head = text.as_bytes().chunks(LINE_BYTES).take(usize::from(MOST_LINES));
    let broken: usize = head.map(|chunk| chunk.iter().filter(|byte| **byte == b'\n').count().max(1)).sum();
    u16::try_from(broken).unwrap_or(MOST_LINES).min(MOST_LINES)
}

impl Entry {
    fn new(item: TimelineItem) -> Arc<Self> {
        Arc::new(Self {
            id: item.id.clone(),
            key: item.key,
            author: item.author.clone(),
            way: item.way,
            at: item.at,
            lines: lines(&item.body),
            item: ArcRwSignal::new(item),
            shape: ArcRwSignal::new(Shape::default()),
            height: AtomicU32::new(f32::NAN.to_bits()),
        })
    }

    /// The height it was drawn with, once measured.
    pub fn height(&self) -> Option<f64> {
        let height = f32::from_bits(self.height.load(Ordering::Relaxed));
        (!height.is_nan()).then_some(f64::from(height))
    }

    /// Remembers the height it was drawn with.
    pub fn set_height(&self, height: f64) {
        self.height.store((height as f32).to_bits(), Ordering::Relaxed);
    }

    fn joins(&self, earlier: &Self) -> bool {
        let apart = self.at.millis_since(earlier.at);
        self.author == earlier.author && self.way == earlier.way && (0..GROUP_MILLIS).contains(&apart)
    }
}

/// What is loaded of the open chat.
#[derive(Default)]
pub struct Window {
    pub(super) wanted: Option<BareJid>,
    pub(super) chat: Option<BareJid>,
    pub(super) entries: Vec<Arc<Entry>>,
    by_id: HashMap<OriginId, Arc<Entry>>,
    pub(super) at_start: bool,
    pub(super) at_end: bool,
    pub(super) total: u64,
    pub(super) first_unread: Option<TimelineKey>,
    unread_from: Option<TimelineKey>,
    pub(super) gaps: Vec<Gap>,
    opened: u32,
}

impl Window {
    /// The messages in order.
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// One message by its id.
    pub fn find(&self, id: &OriginId) -> Option<&Arc<Entry>> {
        self.by_id.get(id)
    }

    /// Which chat it is of.
    pub fn chat(&self) -> Option<&BareJid> {
        self.chat.as_ref()
    }

    /// Nothing older is known on this device.
    pub fn at_start(&self) -> bool {
        self.at_start
    }

    /// Nothing newer is known on this device.
    pub fn at_end(&self) -> bool {
        self.at_end
    }

    /// How many messages the chat holds on this device.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Where the unread divider stands.
    pub fn first_unread(&self) -> Option<TimelineKey> {
        self.first_unread
    }

    /// What was unread when the chat was opened begins here. The divider may have stayed further up from before.
    pub fn unread_from(&self) -> Option<TimelineKey> {
        self.unread_from
    }

    /// Numbers the windows: another number means that another window replaced the last one.
    pub fn opened(&self) -> u32 {
        self.opened
    }

    /// The place of the gap before the message that stands there.
    pub fn gap_before(&self, key: TimelineKey) -> Option<TimelineKey> {
        let earlier = self.entries.get(self.index_of(key).checked_sub(1)?)?;
        self.gap_between(earlier.key, key).map(|gap| gap.place)
    }

    fn gap_between(&self, earlier: TimelineKey, later: TimelineKey) -> Option<&Gap> {
        self.gaps.iter().rev().find(|gap| earlier < gap.place && gap.place < later)
    }

    /// Whether the message that stands there is in the window.
    pub fn has(&self, key: TimelineKey) -> bool {
        self.entries.get(self.index_of(key)).is_some_and(|entry| entry.key == key)
    }

    /// The index of the first message with this key or a later one.
    pub fn index_of(&self, key: TimelineKey) -> usize {
        self.entries.partition_point(|entry| entry.key < key)
    }

    /// Shows nothing; only a window of the wanted chat may come.
    pub(super) fn clear(&mut self, wanted: Option<BareJid>) {
        let opened = self.opened.wrapping_add(1);
        *self = Self { opened, wanted, ..Self::default() };
    }

    /// Shows another window.
    pub(super) fn open(
        &mut self,
        chat: BareJid,
        items: Vec<TimelineItem>,
        read_up_to: Option<TimelineKey>,
        divider: Option<TimelineKey>,
    ) {
        self.entries.clear();
        self.by_id.clear();
        self.gaps.clear();
        self.chat = Some(chat);
        self.opened = self.opened.wrapping_add(1);
        self.insert_all(items);
        let unread = |entry: &&Arc<Entry>| entry.way == Way::In && read_up_to.is_none_or(|read| entry.key > read);
        self.unread_from = self.entries.iter().find(unread).map(|entry| entry.key);
        self.first_unread = divider.filter(|divider| self.has(*divider)).or(self.unread_from);
        self.shape(0, self.entries.len());
    }

    /// Adds or changes a message; tells whether the window has one more.
    pub(super) fn put(&mut self, item: TimelineItem) -> bool {
        if let Some(entry) = self.by_id.get(&item.id) {
            set_if_new(&entry.item, item);
            return false;
        }
        let index = self.index_of(item.key);
        let entry = Entry::new(item);
        self.by_id.insert(entry.id.clone(), Arc::clone(&entry));
        self.entries.insert(index, entry);
        self.shape(index.saturating_sub(1), index.saturating_add(2));
        true
    }

    /// Takes a message out; tells whether it was there.
    pub(super) fn remove(&mut self, id: &OriginId) -> bool {
        let Some(entry) = self.by_id.remove(id) else { return false };
        self.entries.retain(|other| !Arc::ptr_eq(other, &entry));
        let index = self.index_of(entry.key);
        self.shape(index.saturating_sub(1), index.saturating_add(1));
        true
    }

    /// Adds messages, and changes those that are here; tells whether there are more now.
    pub(super) fn insert_all(&mut self, items: Vec<TimelineItem>) -> bool {
        let before = self.entries.len();
        for item in items {
            match self.by_id.get(&item.id) {
                Some(entry) => set_if_new(&entry.item, item),
                None => {
                    let entry = Entry::new(item);
                    self.by_id.insert(entry.id.clone(), Arc::clone(&entry));
                    self.entries.push(entry);
                }
            }
        }
        sort_by(&mut self.entries, |a, b| a.key.cmp(&b.key));
        before != self.entries.len()
    }

    /// Works out the shapes of the entries `from..to`.
    pub(super) fn shape(&self, from: usize, to: usize) {
        for index in from..to.min(self.entries.len()) {
            let Some(entry) = self.entries.get(index) else { return };
            let earlier = index.checked_sub(1).and_then(|index| self.entries.get(index));
            let later = self.entries.get(index.saturating_add(1));
            set_if_new(&entry.shape, self.shape_of(entry, earlier, later));
        }
    }

    fn shape_of(&self, entry: &Entry, earlier: Option<&Arc<Entry>>, later: Option<&Arc<Entry>>) -> Shape {
        let opens_day = |entry: &Entry, earlier: Option<&Entry>| {
            earlier.is_none_or(|earlier| local_day(earlier.at) != local_day(entry.at))
        };
        let opens_unread = |entry: &Entry| self.first_unread == Some(entry.key);
        let gap =
            |entry: &Entry, earlier: Option<&Entry>| self.gap_between(earlier?.key, entry.key).map(|gap| gap.state);
        let starts = |entry: &Entry, earlier: Option<&Entry>| {
            gap(entry, earlier).is_some()
                || opens_unread(entry)
                || opens_day(entry, earlier)
                || !earlier.is_some_and(|earlier| entry.joins(earlier))
        };
        Shape {
            gap: gap(entry, earlier.map(AsRef::as_ref)),
            opens_day: opens_day(entry, earlier.map(AsRef::as_ref)),
            opens_unread: opens_unread(entry),
            opens_group: starts(entry, earlier.map(AsRef::as_ref)),
            closes_group: later.is_none_or(|later| starts(later, Some(entry))),
        }
    }

    /// Whether a message comes behind all that there are.
    pub(super) fn is_new(&self, item: &TimelineItem) -> bool {
        self.at_end && self.entries.last().is_none_or(|last| last.key < item.key)
    }

    /// Leaves out what lies beyond a message.
    pub(super) fn cut(&mut self, direction: Direction, end: TimelineKey) {
        let gone: Vec<_> = match direction {
            Direction::Older => {
                self.at_start = false;
                self.entries.drain(..self.index_of(end)).collect()
            }
            Direction::Newer => {
                self.at_end = false;
                let from = self.entries.partition_point(|entry| entry.key <= end);
                self.entries.drain(from..).collect()
            }
        };
        for entry in gone {
            self.by_id.remove(&entry.id);
        }
        self.shape(0, 1);
        self.shape(self.entries.len().saturating_sub(1), self.entries.len());
    }

    /// What is newer than a window that does not reach the end is loaded when the window grows.
    pub(super) fn is_beyond(&self, item: &TimelineItem) -> bool {
        !self.at_end
            && !self.by_id.contains_key(&item.id)
            && self.entries.last().is_some_and(|last| last.key < item.key)
    }

    /// Puts the unread divider before a message, if it does not stand anywhere yet.
    pub(super) fn divide_at(&mut self, key: TimelineKey) {
        if self.first_unread.is_none() {
            self.first_unread = Some(key);
            let index = self.index_of(key);
            self.shape(index.saturating_sub(1), index.saturating_add(1));
        }
    }
}
