//! The search against a plain look at every message, whatever happens to the messages and the index meanwhile.

#![allow(clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;

use plausch_model::{BareJid, MessageBody, OriginId, TimelineKey, Timestamp, Way};
use proptest::{prelude::*, sample::Index as Sample};
use unicode_normalization::UnicodeNormalization;

use super::segment::Segment;
use super::*;
use crate::{
    records::{SEARCH, decode_row, encode, unindexed_key},
    store::{Batch, Loaded, MemoryStore, Query, Store, Table},
};

const ME: &str = "me@here.example";
const CHATS: [&str; 3] = ["anna@a.example", "ben@b.example", "carl@a.example"];
const WORDS: [&str; 14] = [
    "moon",
    "Moonlight",
    "cheese",
    "che",
    "Käse",
    "x",
    "y",
    "y",
    "日本",
    "日本語",
    "本",
    "👍",
    "https://a.example/b",
    "!",
];
const DAY: i64 = 86_400_000;

fn nfkd(text: &str) -> String {
    text.nfkd().collect()
}

/// What a test does to messages and index.
#[derive(Clone, Debug)]
enum Deed {
    Add {
        chat: usize,
        own: bool,
        at: i64,
        words: Vec<usize>,
    },
    /// As an earlier version stored it.
    AddUnlisted {
        chat: usize,
        at: i64,
        words: Vec<usize>,
    },
    Edit(Sample, Vec<usize>),
    Move(Sample, i64),
    Delete(Sample),
    Clear(usize),
    Work(usize),
    Hurry,
    Reopen,
    Search(Box<Wanted>),
}

/// A query, as it is typed and as the plain look at every message takes it.
#[derive(Clone, Debug)]
struct Wanted {
    words: Vec<&'static str>,
    phrase: Vec<usize>,
    from: Option<usize>,
    from_me: bool,
    chat: Option<usize>,
    link: bool,
    days: Option<(u8, u8)>,
    page: usize,
    /// How many pieces of work are done between two steps of the search.
    work: Vec<usize>,
}

impl Wanted {
    fn typed(&self) -> String {
        let mut parts: Vec<String> = self.words.iter().map(|word| (*word).to_owned()).collect();
        if !self.phrase.is_empty() {
            parts.push(format!("\"{}\"", text(&self.phrase)));
        }
        parts.extend(self.from.map(|person| format!("from:{}", CHATS[person])));
        parts.extend(self.from_me.then(|| "from:me".to_owned()));
        parts.extend(self.chat.map(|chat| format!("in:{}", CHATS[chat])));
        parts.extend(self.link.then(|| "has:link".to_owned()));
        if let Some((from, to)) = self.days {
            parts.push(format!("after:1970-01-{from:02} before:1970-01-{to:02}"));
        }
        parts.join(" ")
    }

    fn takes(&self, message: &MessageRecord) -> bool {
        let MessageBody::Text(text) = &message.item.body else { return false };
        let plain = plain(text);
        let padded = format!(" {} ", words_of(&plain).join(" "));
        let word = |word: &&str| match word.is_ascii() {
            true => padded.contains(&format!(" {word}")),
            false => plain.contains(word),
        };
        let phrase = words_of(&plain_text(&self.phrase)).join(" ");
        let by_author = self.from.is_none() && !self.from_me
            || self.from.is_some_and(|person| message.item.author.as_str() == CHATS[person])
            || self.from_me && message.item.way == Way::Out;
        let at = message.item.key.at.0;
        self.words.iter().all(word)
            && (phrase.is_empty() || padded.contains(&format!(" {phrase} ")))
            && by_author
            && self.chat.is_none_or(|chat| message.chat.as_str() == CHATS[chat])
            && (!self.link || text.contains("https:"))
            && self.days.is_none_or(|(from, to)| (i64::from(from) * DAY..(i64::from(to) - 1) * DAY).contains(&at))
    }

    fn is_empty(&self) -> bool {
        self.words.is_empty()
            && words_of(&plain_text(&self.phrase)).is_empty()
            && self.from.is_none()
            && !self.from_me
            && self.chat.is_none()
            && !self.link
            && self.days.is_none()
    }
}

fn text(words: &[usize]) -> String {
    words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ")
}

fn plain_text(words: &[usize]) -> String {
    plain(&text(words))
}

fn plain(text: &str) -> String {
    text.to_lowercase().replace('ä', "a")
}

/// Emoji and characters that are words of their own stand for themselves.
fn words_of(plain: &str) -> Vec<String> {
    let mut spaced = String::new();
    for sign in plain.chars() {
        match sign {
            '日' | '本' | '語' | '👍' => spaced.extend([' ', sign, ' ']),
            _ if sign.is_alphanumeric() => spaced.push(sign),
            _ => spaced.push(' '),
        }
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

fn resolve(name: &str) -> Vec<BareJid> {
    CHATS.into_iter().filter(|chat| chat.starts_with(name)).map(BareJid::new).collect()
}

fn query(typed: &str) -> SearchQuery {
    let me = BareJid::new(ME);
    SearchQuery::parse(typed, &Reading { me: &me, decompose: nfkd, utc_offset_minutes: 0, resolve: &resolve })
}

struct World {
    store: MemoryStore,
    index: Index,
    /// By place.
    messages: BTreeMap<(TimelineKey, BareJid), MessageRecord>,
    sequence: u64,
}

impl World {
    fn new() -> Self {
        Self { store: MemoryStore::new(), index: Index::new(nfkd), messages: BTreeMap::new(), sequence: 0 }
    }

    fn load(&mut self, queries: Vec<Query>) -> Vec<Loaded> {
        pollster::block_on(self.store.load(queries)).unwrap()
    }

    fn commit(&mut self, batch: Batch) {
        pollster::block_on(self.store.commit(batch)).unwrap();
    }

    fn rows(&mut self, table: Table) -> Vec<crate::store::Row> {
        let Some(Loaded::Rows(rows)) = self.load(vec![Query::All(table)]).pop() else { panic!("rows") };
        rows
    }

    fn place(&mut self, at: i64) -> TimelineKey {
        self.sequence += 1;
        TimelineKey { at: Timestamp(at), sequence: self.sequence }
    }

    fn message(&mut self, chat: usize, own: bool, at: i64, text: String) -> MessageRecord {
        let key = self.place(at);
        let (me, chat) = (BareJid::new(ME), BareJid::new(CHATS[chat]));
        let mut message = MessageRecord::outgoing(&me, &chat, OriginId::new(self.sequence.to_string()), key, text);
        if !own {
            (message.item.way, message.item.author, message.item.state) = (Way::In, chat, None);
        }
        message
    }

    fn put(&mut self, batch: &mut Batch, message: MessageRecord) {
        batch.put(Table::Messages, message.store_key(), encode(&message));
        self.messages.insert((message.item.key, message.chat.clone()), message);
    }

    fn add(&mut self, chat: usize, own: bool, at: i64, text: &str) {
        let message = self.message(chat, own, at, text.to_owned());
        let mut batch = Batch::default();
        self.index.list(&mut batch, &message);
        self.put(&mut batch, message);
        self.commit(batch);
    }

    fn add_unlisted(&mut self, chat: usize, at: i64, text: &str) {
        let message = self.message(chat, false, at, text.to_owned());
        let mut batch = Batch::default();
        self.put(&mut batch, message);
        self.commit(batch);
    }

    fn take(&mut self, which: Sample) -> Option<MessageRecord> {
        let keys: Vec<_> = self.messages.keys().cloned().collect();
        (!keys.is_empty()).then(|| self.messages.remove(which.get(&keys)).unwrap())
    }

    fn edit(&mut self, batch: &mut Batch, which: Sample, text: String) {
        let Some(mut message) = self.take(which) else { return };
        self.index.forget(batch, &message);
        message.item.body = MessageBody::Text(text);
        self.index.list(batch, &message);
        self.put(batch, message);
    }

    fn relocate(&mut self, batch: &mut Batch, which: Sample, at: i64) {
        let Some(mut message) = self.take(which) else { return };
        batch.delete(Table::Messages, message.store_key());
        self.index.forget(batch, &message);
        message.item.key = self.place(at);
        self.index.list(batch, &message);
        self.put(batch, message);
    }

    fn delete(&mut self, batch: &mut Batch, which: Sample) {
        let Some(message) = self.take(which) else { return };
        batch.delete(Table::Messages, message.store_key());
        self.index.forget(batch, &message);
    }

    fn clear(&mut self, batch: &mut Batch, chat: usize) {
        let chat = BareJid::new(CHATS[chat]);
        self.index.forget_chat(batch, &chat);
        let (gone, kept) = std::mem::take(&mut self.messages).into_iter().partition(|((_, of), _)| *of == chat);
        self.messages = kept;
        let gone: BTreeMap<_, _> = gone;
        for message in gone.values() {
            batch.delete(Table::Messages, message.store_key());
            self.index.unlist(batch, message);
        }
    }

    /// One piece of work, and a change that comes between its beginning and its end.
    fn work_around(&mut self, change: impl FnOnce(&mut Self, &mut Batch)) -> bool {
        let mut batch = Batch::default();
        let Some((queries, work)) = self.index.next_work() else {
            change(self, &mut batch);
            self.commit(batch);
            return false;
        };
        let found = self.load(queries);
        change(self, &mut batch);
        self.index.done(&mut batch, work, found);
        self.commit(batch);
        true
    }

    fn work(&mut self) -> bool {
        self.work_around(|_, _| ())
    }

    fn work_all(&mut self) {
        for _ in 0..1_000 {
            if !self.work() {
                return;
            }
        }
        panic!("there is no end of work");
    }

    fn reopen(&mut self) {
        self.index = Index::new(nfkd);
        let Some(Loaded::Found(rows)) = self.load(vec![Query::Get(Table::Meta, vec![SEARCH.to_vec()])]).pop() else {
            panic!("rows")
        };
        if let Some(record) = rows.iter().flatten().find_map(decode_row) {
            self.index.load(record);
        }
    }

    /// All pages of a search. So many pieces of work are done between its steps.
    fn search(&mut self, query: SearchQuery, page: usize, work: &[usize]) -> Vec<Hit> {
        let mut search = Search::new(query, page);
        let (mut found, mut all, mut work) = (Vec::new(), Vec::new(), work.iter().cycle());
        for _ in 0..10_000 {
            match search.next(&mut self.index, found) {
                Progress::Ask(queries) => {
                    found = self.load(queries);
                    let pieces = work.next().copied().unwrap_or_default();
                    (0..pieces).for_each(|_| _ = self.work());
                }
                Progress::Page { hits, more } => {
                    assert!(hits.len() <= page.max(1));
                    found = Vec::new();
                    all.extend(hits);
                    if !more {
                        return all;
                    }
                }
            }
        }
        panic!("there is no end of pages");
    }

    fn found(&mut self, typed: &str) -> Vec<String> {
        texts(&self.search(query(typed), 3, &[]))
    }

    fn check(&mut self, wanted: &Wanted) {
        let hits = self.search(query(&wanted.typed()), wanted.page, &wanted.work);
        let places: Vec<_> = hits.iter().map(|hit| hit.message.item.key).collect();
        let expected = self.messages.values().rev().filter(|message| !wanted.is_empty() && wanted.takes(message));
        let expected: Vec<_> = expected.map(|message| message.item.key).collect();
        assert_eq!(places, expected, "{}", wanted.typed());
        for hit in hits {
            assert_eq!(Some(&hit.message), self.messages.get(&(hit.message.item.key, hit.message.chat.clone())));
            let MessageBody::Text(text) = &hit.message.item.body else { panic!("a hit without a text") };
            assert!(hit.ranges.iter().all(|range| text.get(range.clone()).is_some()));
            assert_eq!(
                hit.ranges.is_empty(),
                wanted.words.is_empty() && words_of(&plain_text(&wanted.phrase)).is_empty()
            );
        }
    }

    fn act(&mut self, deed: Deed) {
        match deed {
            Deed::Add { chat, own, at, words } => self.add(chat, own, at, &text(&words)),
            Deed::AddUnlisted { chat, at, words } => self.add_unlisted(chat, at, &text(&words)),
            Deed::Edit(which, words) => _ = self.work_around(|world, batch| world.edit(batch, which, text(&words))),
            Deed::Move(which, at) => _ = self.work_around(|world, batch| world.relocate(batch, which, at)),
            Deed::Delete(which) => _ = self.work_around(|world, batch| world.delete(batch, which)),
            Deed::Clear(chat) => _ = self.work_around(|world, batch| world.clear(batch, chat)),
            Deed::Work(pieces) => (0..pieces).for_each(|_| _ = self.work()),
            Deed::Hurry => self.index.hurry(),
            Deed::Reopen => self.reopen(),
            Deed::Search(wanted) => self.check(&wanted),
        }
    }

    /// Whether the segments together know of every message that does not wait, and of nothing else.
    fn check_segments(&mut self) {
        let heads: Vec<_> =
            self.index.segments().unwrap().iter().map(|(number, head)| (*number, head.clone())).collect();
        let mut parts = Vec::new();
        for (number, head) in heads {
            let found: Vec<_> = self
                .load(Segment::reading(number).into())
                .into_iter()
                .map(|rows| crate::store::rows(Some(rows)))
                .collect();
            parts.push(Segment::read(&head, &found[0], &found[1]).unwrap());
        }
        let waiting: Vec<_> = self.rows(Table::Unindexed).into_iter().map(|row| row.key).collect();
        let indexed = self.messages.values().filter(|message| !waiting.contains(&unindexed_key(message.item.key)));
        let indexed: Vec<_> = indexed.cloned().collect();
        assert_eq!(Segment::join(parts, &|_| true), Segment::of(&indexed, nfkd));
    }

    /// Every value of the index and of what waits for it.
    fn indexed_bytes(&mut self) -> Vec<u8> {
        let rows = [self.rows(Table::Search), self.rows(Table::Unindexed)].concat();
        rows.into_iter().flat_map(|row| row.value).collect()
    }
}

fn texts(hits: &[Hit]) -> Vec<String> {
    let text = |hit: &Hit| match &hit.message.item.body {
        MessageBody::Text(text) => text.clone(),
        MessageBody::Unreadable | MessageBody::Retracted => String::new(),
    };
    hits.iter().map(text).collect()
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|part| part == word.as_bytes())
}

fn some_words() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0..WORDS.len(), 0..5)
}

/// Many messages are of the same time.
fn some_time() -> impl Strategy<Value = i64> {
    prop_oneof![0..4_i64, 0..10 * DAY, (1..10_i64).prop_map(|day| day * DAY - 1), Just(5 * DAY)]
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let word = proptest::sample::select(vec![
        "m", "moon", "moonl", "c", "che", "cheese", "kas", "x", "y", "日", "日本", "語", "本", "👍",
    ]);
    (
        proptest::collection::vec(word, 0..3),
        prop_oneof![3 => Just(Vec::new()), 1 => some_words()],
        proptest::option::weighted(0.2, 0..CHATS.len()),
        proptest::bool::weighted(0.2),
        proptest::option::weighted(0.2, 0..CHATS.len()),
        proptest::bool::weighted(0.2),
        proptest::option::weighted(0.2, (1..9_u8, 2..12_u8)),
        1..9_usize,
        proptest::collection::vec(0..3_usize, 1..4),
    )
        .prop_map(|(words, phrase, from, from_me, chat, link, days, page, work)| Wanted {
            words,
            phrase,
            from,
            from_me,
            chat,
            link,
            days,
            page,
            work,
        })
}

fn deed() -> impl Strategy<Value = Deed> {
    let chat = || 0..CHATS.len();
    prop_oneof![
        30 => (chat(), any::<bool>(), some_time(), some_words()).prop_map(|(chat, own, at, words)| Deed::Add { chat, own, at, words }),
        3 => (any::<Sample>(), some_words()).prop_map(|(which, words)| Deed::Edit(which, words)),
        3 => (any::<Sample>(), some_time()).prop_map(|(which, at)| Deed::Move(which, at)),
        3 => any::<Sample>().prop_map(Deed::Delete),
        1 => chat().prop_map(Deed::Clear),
        6 => (1..4_usize).prop_map(Deed::Work),
        3 => Just(Deed::Hurry),
        1 => Just(Deed::Reopen),
        4 => wanted().prop_map(|wanted| Deed::Search(Box::new(wanted))),
    ]
}

/// As [`Deed::AddUnlisted`], before there was an index.
fn old_message() -> impl Strategy<Value = Deed> {
    (0..CHATS.len(), some_time(), some_words()).prop_map(|(chat, at, words)| Deed::AddUnlisted { chat, at, words })
}

proptest! {
    #[test]
    fn it_finds_what_a_plain_look_at_every_message_finds(
        old in proptest::collection::vec(old_message(), 0..40),
        deeds in proptest::collection::vec(deed(), 0..120),
        last in wanted(),
    ) {
        let mut world = World::new();
        old.into_iter().for_each(|deed| world.act(deed));
        world.work_all();
        deeds.into_iter().for_each(|deed| world.act(deed));
        world.check(&last);
        world.work_all();
        world.check(&last);
        world.check_segments();
    }

    #[test]
    fn what_is_damaged_is_made_again(
        deeds in proptest::collection::vec(deed(), 20..120),
        damage in proptest::collection::vec((any::<Sample>(), any::<Sample>(), proptest::option::of(any::<u8>())), 1..6),
        last in wanted(),
    ) {
        let mut world = World::new();
        deeds.into_iter().for_each(|deed| world.act(deed));
        world.index.hurry();
        world.work_all();
        for (row, byte, damaged) in damage {
            let rows = world.rows(Table::Search);
            if rows.is_empty() {
                continue;
            }
            let mut row = row.get(&rows).clone();
            let mut batch = Batch::default();
            match damaged {
                // What is changed at will is refused by the seal: here it only has to do no harm.
                Some(damaged) => {
                    let place = byte.index(row.value.len());
                    row.value[place] = damaged;
                    batch.put(Table::Search, row.key, row.value);
                }
                None => batch.delete(Table::Search, row.key),
            }
            world.commit(batch);
        }
        world.reopen();
        let _ = world.search(query(&last.typed()), last.page, &last.work);
        world.work_all();
        let _ = world.search(query(&last.typed()), last.page, &[]);
    }
}

#[test]
fn what_is_listed_is_found_at_once_and_newest_first() {
    let mut world = World::new();
    for n in 0..40 {
        world.add(n % 3, false, i64::try_from(n).unwrap(), &format!("Moon {n}"));
    }
    let expected: Vec<_> = (0..40).rev().map(|n| format!("Moon {n}")).collect();
    assert_eq!(world.found("moo"), expected);
    world.work_all();
    assert_eq!(world.found("moo"), expected);
    assert_eq!(
        world.found("moon 1"),
        expected.iter().filter(|text| text.starts_with("Moon 1")).cloned().collect::<Vec<_>>()
    );
}

#[test]
fn small_segments_become_large_ones() {
    let mut world = World::new();
    world.work_all();
    for n in 0..300_i64 {
        world.add(0, n % 2 == 0, n, &format!("number {n}"));
        world.work_all();
    }
    let segments = world.index.segments().unwrap();
    assert_eq!(segments.values().map(|head| head.documents).collect::<Vec<_>>(), [128, 128, 16, 16]);
    assert_eq!(world.rows(Table::Unindexed).len(), 12);
    assert_eq!(world.found("number").len(), 300);
}

#[test]
fn messages_from_before_are_taken_in_piece_by_piece() {
    let mut world = World::new();
    for n in 0..50 {
        world.add_unlisted(n % 3, i64::try_from(n).unwrap(), "moon");
    }
    assert!(!world.index.is_complete());
    let mut found = 0;
    while world.work() {
        // Each piece is remembered.
        world.reopen();
        world.work();
        let now = world.found("moon").len();
        assert!(now >= found);
        found = now;
        if world.index.is_complete() {
            break;
        }
    }
    assert_eq!(found, 50);
    let documents: u32 = world.index.segments().unwrap().values().map(|head| head.documents).sum();
    assert_eq!(documents, 50);
}

#[test]
fn what_is_forgotten_leaves_no_words() {
    for built in [false, true] {
        let mut world = World::new();
        for n in 0..40 {
            world.add(n % 3, false, i64::try_from(n).unwrap(), "moon");
        }
        world.add(0, false, 7, "Ωmega secret");
        world.add(1, false, 8, "Ψi");
        world.add(1, false, 9, "cheese");
        world.index.hurry();
        if built {
            world.work_all();
        }
        let bytes = world.indexed_bytes();
        assert!(contains(&bytes, if built { "ωmega" } else { "Ωmega" }));
        let mut batch = Batch::default();
        world.clear(&mut batch, 0);
        let says_psi = |message: &&MessageRecord| message.item.body == MessageBody::Text("Ψi".into());
        let psi = world.messages.values().find(says_psi).unwrap().clone();
        world.messages.remove(&(psi.item.key, psi.chat.clone()));
        batch.delete(Table::Messages, psi.store_key());
        world.index.forget(&mut batch, &psi);
        world.commit(batch);
        // Even if it comes to that only after a restart.
        world.reopen();
        // What comes after that is not meant.
        world.add(0, false, 100, "moon again");
        world.index.hurry();
        world.work_all();
        let bytes = world.indexed_bytes();
        for word in ["Ωmega", "ωmega", "mega", "secret", "Ψi", "ψi"] {
            assert!(!contains(&bytes, word), "{word}");
        }
        assert_eq!(world.found("again"), ["moon again"]);
        assert_eq!(world.found("moon").len(), 27);
        assert_eq!(world.found("cheese"), ["cheese"]);
    }
}

#[test]
fn an_index_of_another_version_is_made_again() {
    for version in [0, 200] {
        let mut world = World::new();
        for n in 0..100 {
            world.add(n % 3, false, i64::try_from(n).unwrap(), "moon");
        }
        world.work_all();
        let mut batch = Batch::default();
        for mut row in world.rows(Table::Search) {
            row.value[0] = version;
            batch.put(Table::Search, row.key, row.value);
        }
        world.commit(batch);
        world.reopen();
        assert!(world.found("moon").len() < 100);
        world.work_all();
        assert_eq!(world.found("moon").len(), 100);
        assert!(world.rows(Table::Search).iter().all(|row| row.value[0] == 1));
    }
}

#[test]
fn a_page_is_given_before_patience_ends() {
    let mut world = World::new();
    for n in 0..200 {
        world.add(0, false, n, if n == 0 { "y x" } else { "x y" });
    }
    world.work_all();
    let mut search = Search::new(query("\"y x\""), 5);
    let (mut found, mut pages, mut hits) = (Vec::new(), 0, 0);
    loop {
        match search.next(&mut world.index, found) {
            Progress::Ask(queries) => found = world.load(queries),
            Progress::Page { hits: page, more } => {
                (found, pages, hits) = (Vec::new(), pages + 1, hits + page.len());
                if !more {
                    break;
                }
            }
        }
    }
    assert!(pages > 5);
    assert_eq!(hits, 1);
}

#[test]
fn a_search_in_one_chat_reads_that_one_only() {
    let mut world = World::new();
    for n in 0..30 {
        world.add(n % 3, false, i64::try_from(n).unwrap(), &format!("moon {}", n % 3));
    }
    world.work_all();
    let hits = world.search(query("moon").in_chat(BareJid::new(CHATS[1])), 4, &[]);
    assert_eq!(texts(&hits), vec!["moon 1"; 10]);
    let nowhere = world.search(query("moon").in_chat(BareJid::new("nobody@a.example")), 4, &[]);
    assert_eq!(nowhere, []);
    assert_eq!(world.search(query("").in_chat(BareJid::new(CHATS[1])), 4, &[]), []);
}

#[test]
fn keys_say_nothing_but_numbers() {
    let mut world = World::new();
    for n in 0..40 {
        world.add(0, false, n, "moonlight");
    }
    world.work_all();
    let rows = [world.rows(Table::Search), world.rows(Table::Unindexed)].concat();
    let keys: Vec<u8> = rows.into_iter().flat_map(|row| row.key).collect();
    assert!(!contains(&keys, "moon") && !contains(&keys, "anna"));
    let place = TimelineKey { at: Timestamp(1), sequence: 2 };
    assert_eq!(unindexed_key(place), [0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
}
