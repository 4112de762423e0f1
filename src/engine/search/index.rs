//! The index as an account keeps it: which segments there are, and what is to be done about them.
//!
//! Work is done in pieces, each of which reads a bounded part of the store and changes it by one batch. The account asks
//! for a piece when it has time ([`Index::next_work`]), and hands back what the store answered ([`Index::done`]).

use plausch_model::{BareJid, MessageBody, TimelineKey};
use plausch_xmpp::list::IntoList;

use super::{
    fold::Decompose,
    segment::{Place, Segment},
};
use crate::{
    map::{Map, Set},
    records::{
        MessageRecord, SEARCH, SearchHeadRecord, SearchPart, SearchRecord, decode_row, encode, search_segment,
        unindexed_key,
    },
    store::{Batch, Key, Loaded, Order, Query, Row, Table, rows},
};

/// So many messages make a segment. Tests do the same with fewer.
pub const BUILT_AT_ONCE: u32 = if cfg!(test) { 16 } else { 512 };
/// So many small segments wait until they are merged.
const MERGED_AT_ONCE: usize = 8;
/// So many documents a merged segment has at most.
const LARGEST: u32 = 8 * BUILT_AT_ONCE;
/// A segment with less than this is small.
const LARGE: u32 = LARGEST / 2;
/// Before all keys of Search behind those of the heads.
const AFTER_HEADS: [u8; 1] = [SearchPart::Terms as u8];
/// Behind all keys of Messages, which begin with an address, and those of Unindexed.
const END: [u8; 17] = [0xff; 17];

/// A piece of work whose answers are awaited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Work(Task);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Task {
    /// Read the heads.
    Open,
    /// Make a segment of what waits.
    Build,
    /// Make a segment of messages that were here before the index.
    Walk,
    /// Make one of these segments.
    Merge(Vec<u32>),
    /// Take out of a segment what is to be forgotten.
    Purge(u32),
}

/// Which segments there are, and what waits for them.
#[derive(Debug)]
pub struct Index {
    decompose: Decompose,
    /// The heads by number; `None` before they have been read.
    segments: Option<Map<u32, SearchHeadRecord>>,
    last_number: u32,
    record: SearchRecord,
    /// The record is not on disk as it is here.
    unsaved: bool,
    /// Something could not be read: everything is made anew.
    damaged: bool,
    /// So many messages wait; more, if there is a backlog from before.
    waiting: u32,
    backlog: bool,
    /// Few messages are enough to build a segment.
    hurried: bool,
    /// Where the next segment to purge is looked for.
    purge_from: u32,
    working: bool,
    /// What was listed or unlisted since the present work was begun.
    touched: Set<Key>,
}

impl Index {
    /// An index that has not been read. `decompose` is the host's NFKD.
    pub fn new(decompose: Decompose) -> Self {
        Self {
            decompose,
            segments: None,
            last_number: 0,
            record: SearchRecord::default(),
            unsaved: false,
            damaged: false,
            waiting: 0,
            backlog: false,
            hurried: false,
            purge_from: 0,
            working: false,
            touched: Set::default(),
        }
    }

    /// Takes over what was stored.
    pub fn load(&mut self, record: SearchRecord) {
        self.record = record;
    }

    /// The host's NFKD.
    pub fn decompose(&self) -> Decompose {
        self.decompose
    }

    /// A message is new, has a new text, or stands in a new place: it is found from the next commit on.
    pub fn list(&mut self, batch: &mut Batch, message: &MessageRecord) {
        if matches!(message.item.body, MessageBody::Text(_)) {
            let key = unindexed_key(message.item.key);
            self.touch(&key);
            batch.put(Table::Unindexed, key, encode(message));
            self.waiting = self.waiting.saturating_add(1);
        }
    }

    /// A message leaves its place, and what it said is to vanish: it is deleted or moved, or is about to be listed with
    /// another text.
    pub fn forget(&mut self, batch: &mut Batch, message: &MessageRecord) {
        self.unlist(batch, message);
        let (chat, key) = (&message.chat, message.item.key);
        // Nearly everything that is moved is too young to be in a segment.
        if self.segments.as_ref().is_none_or(|segments| segments.values().any(|head| may_have_place(head, chat, key))) {
            self.record.places.push((chat.clone(), key));
            self.purge_anew(batch);
        }
    }

    /// A message is deleted with its chat, of which [`Index::forget_chat`] tells.
    pub fn unlist(&mut self, batch: &mut Batch, message: &MessageRecord) {
        let key = unindexed_key(message.item.key);
        self.touch(&key);
        batch.delete(Table::Unindexed, key);
    }

    /// All messages of a chat that are in segments by now are to vanish. To be told with the batch that deletes the last of
    /// them.
    pub fn forget_chat(&mut self, batch: &mut Batch, chat: &BareJid) {
        self.record.chats.push(chat.clone());
        self.purge_anew(batch);
    }

    /// Has what waits built into a segment, however little it is.
    pub fn hurry(&mut self) {
        self.hurried = true;
    }

    /// Whether everything is found: messages from before the index have been taken in.
    pub fn is_complete(&self) -> bool {
        self.record.walked && !self.damaged
    }

    /// What to read for the next piece of work, and what to hand back with the answers. `None` if there is nothing to do, or
    /// the last piece has not been handed back.
    pub fn next_work(&mut self) -> Option<(Vec<Query>, Work)> {
        if self.working {
            return None;
        }
        let task = self.next_task()?;
        self.working = true;
        self.touched.clear();
        let queries = match &task {
            Task::Open => self.opening(),
            Task::Build => vec![unindexed_from(Key::new())],
            Task::Walk => vec![ascending(Table::Messages, self.record.walk_from.0.clone(), BUILT_AT_ONCE)],
            Task::Merge(numbers) => numbers.iter().flat_map(|number| Segment::reading(*number)).into_list(),
            Task::Purge(number) => Segment::reading(*number).into(),
        };
        Some((queries, Work(task)))
    }

    /// A piece of work has been read: does it.
    pub fn done(&mut self, batch: &mut Batch, work: Work, found: Vec<Loaded>) {
        self.working = false;
        let mut found = found.into_iter();
        match work.0 {
            Task::Open => self.opened(found.into_list()),
            Task::Build => self.build(batch, rows(found.next())),
            Task::Walk => self.walk(batch, &rows(found.next())),
            Task::Merge(numbers) => {
                let parts = numbers.iter().map(|number| self.read(*number, found.next(), found.next())).collect();
                self.merge(batch, &numbers, parts);
            }
            Task::Purge(number) => {
                let part = self.read(number, found.next(), found.next());
                self.purge(batch, number, part);
            }
        }
        if std::mem::take(&mut self.damaged) {
            self.begin_anew(batch);
        }
        if self.unsaved {
            self.save(batch);
        }
    }

    /// The heads by number; `None` before they have been read.
    pub(super) fn segments(&self) -> Option<&Map<u32, SearchHeadRecord>> {
        self.segments.as_ref()
    }

    /// What to read to know which segments there are.
    pub(super) fn opening(&self) -> Vec<Query> {
        let (from, to) = (vec![SearchPart::Head as u8], AFTER_HEADS.to_vec());
        let heads = Query::Range { table: Table::Search, from, to, order: Order::Ascending, limit: u32::MAX };
        vec![heads, unindexed_from(Key::new())]
    }

    /// What [`Index::opening`] asked for has been read.
    pub(super) fn opened(&mut self, found: Vec<Loaded>) {
        let mut found = found.into_iter();
        if self.segments.is_some() {
            return;
        }
        let mut segments = Map::default();
        for row in rows(found.next()) {
            match search_segment(&row.key).zip(decode_row(&row)) {
                Some((number, head)) => segments.insert(number, head),
                None => self.damaged = true,
            }
        }
        self.last_number = segments.keys().next_back().copied().unwrap_or_default();
        self.segments = Some(segments);
        let waiting = count(&rows(found.next()));
        self.backlog = waiting >= BUILT_AT_ONCE;
        self.waiting = self.waiting.max(waiting);
    }

    /// Something of a segment is missing or can't be read.
    pub(super) fn found_damage(&mut self) {
        self.damaged = true;
    }

    fn next_task(&mut self) -> Option<Task> {
        let Some(segments) = self.segments.as_ref().filter(|_| !self.damaged) else { return Some(Task::Open) };
        let small = segments.iter().filter(|(_, head)| head.documents < LARGE);
        let small = small.map(|(number, head)| (*number, head.documents)).into_list();
        if let Some(number) = self.next_to_purge() {
            self.purge_from = number.saturating_add(1);
            return Some(Task::Purge(number));
        }
        if small.len() >= MERGED_AT_ONCE {
            return Some(Task::Merge(fitting(&small)));
        }
        self.hurried &= self.waiting > 0;
        if self.waiting >= BUILT_AT_ONCE || self.backlog || self.hurried {
            return Some(Task::Build);
        }
        (!self.record.walked).then_some(Task::Walk)
    }

    /// The next segment that may have what is to be forgotten. If there is none, that is done.
    fn next_to_purge(&mut self) -> Option<u32> {
        let SearchRecord { chats, places, .. } = &mut self.record;
        if chats.is_empty() && places.is_empty() {
            return None;
        }
        let may_have = |head: &SearchHeadRecord| {
            chats.iter().any(|chat| head.chats.contains(chat))
                || places.iter().any(|(chat, key)| may_have_place(head, chat, *key))
        };
        let mut segments = self.segments.iter().flat_map(Map::iter);
        let next = segments.find(|(number, head)| **number >= self.purge_from && may_have(head));
        let next = next.map(|(number, _)| *number);
        if next.is_none() {
            chats.clear();
            places.clear();
            // Before anything new is built that must not be taken for what was to be forgotten.
            self.unsaved = true;
        }
        next
    }

    fn build(&mut self, batch: &mut Batch, rows: Vec<Row>) {
        let is_full = count(&rows) >= BUILT_AT_ONCE;
        if !is_full {
            self.backlog = false;
            self.waiting = count(&rows);
        }
        if is_full || self.hurried {
            let rows = rows.into_iter().filter(|row| !self.touched.contains(&row.key)).into_list();
            let messages: Vec<MessageRecord> = rows.iter().filter_map(decode_row).into_list();
            self.waiting = self.waiting.saturating_sub(count(&rows));
            self.hurried &= is_full;
            rows.into_iter().for_each(|row| batch.delete(Table::Unindexed, row.key));
            self.add(batch, &Segment::of(&messages, self.decompose));
        }
    }

    fn walk(&mut self, batch: &mut Batch, rows: &[Row]) {
        self.unsaved = true;
        self.record.walked = count(rows) < BUILT_AT_ONCE;
        if let Some(last) = rows.last() {
            self.record.walk_from.0.clone_from(&last.key);
            self.record.walk_from.0.push(0);
        }
        let messages = rows.iter().filter_map(decode_row::<MessageRecord>);
        let untouched = messages.filter(|message| !self.touched.contains(&unindexed_key(message.item.key)));
        let messages = untouched.into_list();
        self.add(batch, &Segment::of(&messages, self.decompose));
    }

    fn merge(&mut self, batch: &mut Batch, numbers: &[u32], parts: Option<Vec<Segment>>) {
        let Some(parts) = parts else {
            self.damaged = true;
            return;
        };
        let merged = Segment::join(parts, &|_| true);
        numbers.iter().for_each(|number| self.remove(batch, *number));
        self.add(batch, &merged);
    }

    fn purge(&mut self, batch: &mut Batch, number: u32, part: Option<Segment>) {
        let Some(part) = part else {
            self.damaged = true;
            return;
        };
        let SearchRecord { chats, places, .. } = &self.record;
        let places: Set<Place> = places.iter().map(|(chat, key)| Place { key: *key, chat: chat.clone() }).collect();
        let before = part.len();
        let kept = Segment::join(vec![part], &|place| !places.contains(place) && !chats.contains(&place.chat));
        if kept.len() < before {
            self.remove(batch, number);
            self.add(batch, &kept);
        }
    }

    fn read(&self, number: u32, terms: Option<Loaded>, documents: Option<Loaded>) -> Option<Segment> {
        let head = self.segments.as_ref()?.get(&number)?;
        Segment::read(head, &rows(terms), &rows(documents))
    }

    /// Adds a segment under a number that none had before, so that whoever reads one under a number reads no other.
    fn add(&mut self, batch: &mut Batch, segment: &Segment) {
        if let Some(segments) = self.segments.as_mut().filter(|_| !segment.is_empty()) {
            self.last_number = self.last_number.saturating_add(1);
            segments.insert(self.last_number, segment.put(self.last_number, batch));
        }
    }

    fn remove(&mut self, batch: &mut Batch, number: u32) {
        Segment::delete(number, batch);
        self.segments.iter_mut().for_each(|segments| drop(segments.remove(&number)));
    }

    /// Something is missing, damaged, or of a version that this program does not know. The messages are still there: the
    /// whole index is made of them again.
    fn begin_anew(&mut self, batch: &mut Batch) {
        batch.delete_prefix(Table::Search, []);
        self.segments.iter_mut().for_each(Map::clear);
        self.record = SearchRecord::default();
        self.unsaved = true;
    }

    fn purge_anew(&mut self, batch: &mut Batch) {
        self.purge_from = 0;
        self.save(batch);
    }

    fn save(&mut self, batch: &mut Batch) {
        self.unsaved = false;
        batch.put(Table::Meta, SEARCH, encode(&self.record));
    }

    /// The present work must not undo what happened to a message since it was read.
    fn touch(&mut self, key: &Key) {
        if self.working {
            self.touched.insert(key.clone());
        }
    }
}

/// What waits, from a key on.
pub fn unindexed_from(from: Key) -> Query {
    ascending(Table::Unindexed, from, BUILT_AT_ONCE)
}

fn ascending(table: Table, from: Key, limit: u32) -> Query {
    Query::Range { table, from, to: END.to_vec(), order: Order::Ascending, limit }
}

/// As many of these small segments as fit into one, at least two.
fn fitting(small: &[(u32, u32)]) -> Vec<u32> {
    let mut room = LARGEST;
    let fits = small.iter().take_while(|(_, documents)| {
        let left = room.checked_sub(*documents);
        room = left.unwrap_or_default();
        left.is_some()
    });
    fits.map(|(number, _)| *number).into_list()
}

/// Whether a segment may have the message that stands there.
fn may_have_place(head: &SearchHeadRecord, chat: &BareJid, key: TimelineKey) -> bool {
    let newest = head.newest.first().is_some_and(|newest| key.at <= *newest);
    newest && head.oldest <= key.at && head.chats.contains(chat)
}

fn count(rows: &[Row]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(u32::MAX)
}
