//! A search that is under way: asks the store for what it needs next, and gives page after page, newest first.
//!
//! **Sources.** What waits for the index is read first. Each segment then tells by its terms which of its documents may
//! match, and chunk by chunk what those are. A place that may match is a candidate, and is decided on by the message that
//! stands there now: what the index says of one that was changed, moved or deleted since leads nowhere.
//!
//! **Order.** Of what has not been read of a source it is known how new it is at most. A candidate is decided on when
//! nothing unread can be newer, so no more is read than a page needs.
//!
//! **Change.** Segments come and go while a search is under way. They are never changed, so it is enough to look at those
//! that are new, for what is older than the last place that was decided on.

use std::cmp::min;
use std::mem::take;

use plausch_model::Timestamp;
use plausch_xmpp::{list::IntoList, sorted::sorted};

use super::{
    docs::Docs,
    hit::Hit,
    index::{BUILT_AT_ONCE, Index, unindexed_from},
    pack::Terms,
    query::{Needle, SearchQuery},
    segment::{Place, read_documents, to_usize},
};
use crate::{
    map::Set,
    records::{
        MessageRecord, Packed, SearchHeadRecord, SearchPart, SearchTermsRecord, decode_row, message_key, search_key,
    },
    store::{Key, Loaded, Query, Row, Table, rows},
};

/// So many segments are read from at first; then twice as many each time, since what was not in those is rare.
const FIRST_READ: usize = 8;
/// So many messages are read at once.
const MOST_TRIED: usize = if cfg!(test) { 8 } else { 256 };
/// After so many messages that are none, a page is given as it is: somebody waits for it.
const PATIENCE: usize = if cfg!(test) { 16 } else { 1_024 };

/// What comes next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Answers to these questions.
    Ask(Vec<Query>),
    /// A page is complete.
    Page {
        /// What was found, newest first: a page full or less.
        hits: Vec<Hit>,
        /// There may be more.
        more: bool,
    },
}

/// A search that is under way.
#[derive(Debug)]
pub struct Search {
    query: SearchQuery,
    needles: Vec<Needle>,
    page: usize,
    /// What waits for the index has been read up to here; `None` if all of it has.
    waiting_from: Option<Key>,
    /// Segments that are or were sources.
    known: Set<u32>,
    sources: Vec<Source>,
    /// Places that may match, the newest last.
    candidates: Vec<Place>,
    /// The last place that was decided on.
    decided: Option<Place>,
    hits: Vec<Hit>,
    asked: Asked,
    read_at_once: usize,
    tried_at_once: usize,
    tried: usize,
}

/// A segment of which something has not been read.
#[derive(Debug)]
struct Source {
    number: u32,
    /// The documents that may match and have not been read; `None` before its terms have been.
    matching: Option<Docs>,
    /// When the newest of them may have been sent.
    newest: Timestamp,
}

/// What is being read.
#[derive(Debug, Default)]
enum Asked {
    #[default]
    Nothing,
    /// Which segments there are.
    Heads,
    /// What waits, if it does, and parts of segments.
    Parts { waiting: bool, parts: Vec<Part> },
    /// The messages that stand in these places.
    Messages(Vec<Place>),
}

/// Part of a segment.
#[derive(Debug)]
enum Part {
    Terms { number: u32, chunks: Vec<u32> },
    Documents { number: u32, chunk: u32 },
}

impl Search {
    /// A search that gives pages of so many hits.
    pub fn new(query: SearchQuery, page: usize) -> Self {
        Self {
            needles: query.needles(),
            waiting_from: Some(Key::new()),
            query,
            page: page.max(1),
            known: Set::default(),
            sources: Vec::new(),
            candidates: Vec::new(),
            decided: None,
            hits: Vec::new(),
            asked: Asked::Nothing,
            read_at_once: FIRST_READ,
            tried_at_once: page.max(1),
            tried: 0,
        }
    }

    /// Takes in the answers to what was asked last, if anything was, and goes on. After a page, this begins the next one.
    pub fn next(&mut self, index: &mut Index, found: Vec<Loaded>) -> Progress {
        if self.query.is_empty() {
            return Progress::Page { hits: Vec::new(), more: false };
        }
        let asked = take(&mut self.asked);
        self.follow(index);
        let mut found = found.into_iter();
        match asked {
            Asked::Nothing => {}
            Asked::Heads => index.opened(found.into_list()),
            Asked::Parts { waiting, parts } => {
                if waiting {
                    self.read_waiting(index, &rows(found.next()));
                }
                let mut rows = found_rows(found.next()).into_iter();
                parts.iter().for_each(|part| self.read_part(index, part, &mut rows));
                self.candidates = sorted(take(&mut self.candidates));
                self.candidates.dedup();
            }
            Asked::Messages(places) => self.decide(index, places, found_rows(found.next())),
        }
        self.go_on(index)
    }

    /// Asks for what is missing, or gives a page.
    fn go_on(&mut self, index: &Index) -> Progress {
        let missing = self.page.saturating_sub(self.hits.len());
        if missing == 0 || self.tried >= PATIENCE {
            return self.give_page();
        }
        if index.segments().is_none() {
            self.asked = Asked::Heads;
            return Progress::Ask(index.opening());
        }
        self.follow(index);
        if self.ready() < missing {
            let parts = self.choose(index);
            let waiting = self.waiting_from.clone().map(unindexed_from);
            if waiting.is_some() || !parts.is_empty() {
                let keys = parts.iter().flat_map(Part::keys).into_list();
                self.asked = Asked::Parts { waiting: waiting.is_some(), parts };
                return Progress::Ask(waiting.into_iter().chain([Query::Get(Table::Search, keys)]).into_list());
            }
        }
        match min(self.ready(), self.tried_at_once) {
            0 => self.give_page(),
            count => self.ask_messages(count),
        }
    }

    fn give_page(&mut self) -> Progress {
        self.tried = 0;
        self.tried_at_once = self.page;
        let more = self.waiting_from.is_some() || !self.sources.is_empty() || !self.candidates.is_empty();
        Progress::Page { hits: take(&mut self.hits), more }
    }

    fn ask_messages(&mut self, count: usize) -> Progress {
        let mut places = self.candidates.split_off(self.candidates.len().saturating_sub(count));
        places.reverse();
        let keys = places.iter().map(|place| message_key(&place.chat, place.key)).into_list();
        self.asked = Asked::Messages(places);
        self.tried_at_once = min(self.tried_at_once.saturating_mul(2), MOST_TRIED.max(self.page));
        Progress::Ask(vec![Query::Get(Table::Messages, keys)])
    }

    /// How many candidates are newer than anything that has not been read.
    fn ready(&self) -> usize {
        if self.waiting_from.is_some() {
            return 0;
        }
        let newest = self.sources.iter().map(|source| source.newest).max();
        let is_ready = |place: &&Place| newest.is_none_or(|newest| place.key.at > newest);
        self.candidates.iter().rev().take_while(is_ready).count()
    }

    /// Segments that are gone are no sources any more, and those that are new become some.
    fn follow(&mut self, index: &Index) {
        let Some(segments) = index.segments() else { return };
        self.sources.retain(|source| segments.contains(&source.number));
        for (number, head) in segments.iter() {
            if self.known.insert(*number) {
                let matching = self.needles.is_empty().then(|| Docs::all(head.documents));
                let source = Source { number: *number, matching, newest: Timestamp::default() };
                let source = self.advance(source, head).filter(|_| self.query.may_be_in(&head.chats));
                self.sources.extend(source);
            }
        }
    }

    /// Goes on to the next part of a source that is not out of time. `None` if there is none.
    fn advance(&self, mut source: Source, head: &SearchHeadRecord) -> Option<Source> {
        let (oldest, newest) = self.times();
        let Some(matching) = &mut source.matching else {
            source.newest = head.newest.first().copied().filter(|at| *at >= oldest && head.oldest <= newest)?;
            return Some(source);
        };
        loop {
            let chunk = matching.first_chunk()?;
            source.newest = head.newest.get(to_usize(chunk)).copied().filter(|at| *at >= oldest)?;
            let next = head.newest.get(to_usize(chunk.saturating_add(1))).copied().unwrap_or(head.oldest);
            if next <= newest {
                return Some(source);
            }
            matching.take_chunk(chunk);
        }
    }

    /// When the oldest message that may still be found may have been sent, and the newest.
    fn times(&self) -> (Timestamp, Timestamp) {
        let (oldest, newest) = self.query.times();
        (oldest, self.decided.as_ref().map_or(newest, |decided| decided.key.at.min(newest)))
    }

    /// The parts to read next: of those sources that may have the newest.
    fn choose(&mut self, index: &Index) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        while parts.len() < self.read_at_once {
            let untouched = self.sources.iter().enumerate();
            let untouched = untouched.filter(|(_, source)| parts.iter().all(|part| part.number() != source.number));
            let Some((place, source)) = untouched.max_by_key(|(_, source)| source.newest) else { break };
            let head = index.segments().and_then(|segments| segments.get(&source.number));
            match head.and_then(|head| self.part(source, head)) {
                Some(part) => parts.push(part),
                None => drop(self.sources.swap_remove(place)),
            }
        }
        self.read_at_once = self.read_at_once.saturating_mul(2);
        parts
    }

    /// What to read of a source. `None` if nothing in it can match.
    fn part(&self, source: &Source, head: &SearchHeadRecord) -> Option<Part> {
        let number = source.number;
        if let Some(matching) = &source.matching {
            return Some(Part::Documents { number, chunk: matching.first_chunk()? });
        }
        let mut chunks = Set::default();
        for needle in &self.needles {
            let with = chunks_with(head, needle);
            if with.is_empty() {
                return None;
            }
            chunks.extend(with.into_vec());
        }
        Some(Part::Terms { number, chunks: chunks.into_vec() })
    }

    fn read_waiting(&mut self, index: &Index, rows: &[Row]) {
        for message in rows.iter().filter_map(decode_row::<MessageRecord>) {
            if self.query.find_in(&message, index.decompose()).is_some() {
                self.add_candidate(&Place::of(&message));
            }
        }
        let last = rows.last().filter(|_| rows.len() >= to_usize(BUILT_AT_ONCE));
        self.waiting_from = last.map(|row| [row.key.as_slice(), &[0]].concat());
    }

    fn read_part(&mut self, index: &mut Index, part: &Part, rows: &mut dyn Iterator<Item = Option<Row>>) {
        let rows = rows.take(part.keys().len()).into_list();
        let Some(place) = self.sources.iter().position(|source| source.number == part.number()) else { return };
        let mut source = self.sources.swap_remove(place);
        let Some(head) = index.segments().and_then(|segments| segments.get(&source.number)) else { return };
        let read = match part {
            Part::Terms { chunks, .. } => self.read_terms(&mut source, head, chunks, &rows),
            Part::Documents { chunk, .. } => self.read_documents(&mut source, head, *chunk, &rows),
        };
        match read {
            Some(()) => {
                let source = self.advance(source, head);
                self.sources.extend(source);
            }
            None => index.found_damage(),
        }
    }

    /// Which documents have all terms. `None` if that can't be read.
    fn read_terms(
        &self,
        source: &mut Source,
        head: &SearchHeadRecord,
        chunks: &[u32],
        rows: &[Option<Row>],
    ) -> Option<()> {
        let terms =
            rows.iter().map(|row| decode_row::<SearchTermsRecord>(row.as_ref()?)).collect::<Option<Vec<_>>>()?;
        let mut matching = Docs::all(head.documents);
        for needle in &self.needles {
            let with = chunks_with(head, needle);
            let mut docs = Docs::none(head.documents);
            let terms = chunks.iter().zip(&terms).filter(|(chunk, _)| with.contains(chunk));
            terms.for_each(|(_, SearchTermsRecord(Packed(terms)))| look_up(needle, terms, &mut docs));
            matching.intersect(&docs);
        }
        source.matching = Some(matching);
        Some(())
    }

    /// Where the documents of a chunk stand that match. `None` if that can't be read.
    fn read_documents(
        &mut self,
        source: &mut Source,
        head: &SearchHeadRecord,
        chunk: u32,
        rows: &[Option<Row>],
    ) -> Option<()> {
        let documents = read_documents(head, rows.first()?.as_ref()?)?;
        let matching = source.matching.as_mut()?.take_chunk(chunk);
        matching.into_iter().filter_map(|place| documents.get(place)).for_each(|place| self.add_candidate(place));
        Some(())
    }

    fn add_candidate(&mut self, place: &Place) {
        let (oldest, newest) = self.times();
        let is_next = self.decided.as_ref().is_none_or(|decided| place < decided);
        if is_next && (oldest..=newest).contains(&place.key.at) {
            self.candidates.push(place.clone());
        }
    }

    /// Decides on candidates by the messages that stand there. What a full page has no room for is left for the next.
    fn decide(&mut self, index: &Index, places: Vec<Place>, found: Vec<Option<Row>>) {
        let mut decided = places.into_iter().zip(found);
        while self.hits.len() < self.page {
            let Some((place, row)) = decided.next() else { return };
            let message: Option<MessageRecord> = row.as_ref().and_then(decode_row);
            let stands = message.filter(|message| message.chat == place.chat && message.item.key == place.key);
            self.tried = self.tried.saturating_add(1);
            self.decided = Some(place);
            if let Some(message) = stands
                && let Some(ranges) = self.query.find_in(&message, index.decompose())
            {
                self.hits.push(Hit { message, ranges });
            }
        }
        let left = decided.map(|(place, _)| place).into_list();
        self.candidates.extend(left.into_iter().rev());
    }
}

impl Part {
    fn number(&self) -> u32 {
        match self {
            Self::Terms { number, .. } | Self::Documents { number, .. } => *number,
        }
    }

    fn keys(&self) -> Vec<Key> {
        match self {
            Self::Terms { number, chunks } => {
                chunks.iter().map(|chunk| search_key(SearchPart::Terms, *number, *chunk)).into_list()
            }
            Self::Documents { number, chunk } => vec![search_key(SearchPart::Documents, *number, *chunk)],
        }
    }
}

/// The chunks of a segment that may have a term of these.
fn chunks_with(head: &SearchHeadRecord, needle: &Needle) -> Set<u32> {
    let chunk = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    let mut chunks = Set::default();
    for term in needle.terms.iter() {
        let from = head.terms.partition_point(|Packed(first)| first <= term);
        let to = head.terms.partition_point(|Packed(first)| first <= term || needle.open && first.starts_with(term));
        chunks.extend(chunk(from.saturating_sub(1))..chunk(to));
    }
    chunks
}

/// Adds the documents that have a term of these.
fn look_up(needle: &Needle, chunk: &[u8], docs: &mut Docs) {
    let last = needle.terms.iter().next_back();
    let mut terms = Terms::new(chunk);
    while let Some((term, postings)) = terms.next() {
        if needle.takes(term) {
            postings.for_each(&mut |document| docs.insert(document));
        } else if last < Some(term) {
            break;
        }
    }
}

fn found_rows(loaded: Option<Loaded>) -> Vec<Option<Row>> {
    match loaded {
        Some(Loaded::Found(rows)) => rows,
        _ => Vec::new(),
    }
}
