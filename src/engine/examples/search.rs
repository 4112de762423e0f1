//! Measures the search over a long history that is made up: how large the index is, how long queries take, and how much of
//! the store they read.
//!
//! `cargo run --profile bench --example search -p plausch-engine -- 200000`. Times are those of the engine alone, over a
//! store in memory.
#![allow(clippy::print_stdout, reason = "it is there to print")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use std::time::Instant;

use plausch_engine::search::{Index, MessageRecord, Progress, Reading, Search, SearchQuery};
use plausch_engine::store::{Batch, Loaded, MemoryStore, Op, Query, Row, Store, Table};
use plausch_model::{BareJid, MessageBody, OriginId, TimelineKey, Timestamp, Way};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use unicode_normalization::UnicodeNormalization;

const ME: &str = "me@here.example";
const CHATS: usize = 60;
const YEARS: u64 = 5;
const MILLIS_PER_YEAR: u64 = 31_557_600_000;
const END: u64 = 1_767_225_600_000;
/// What the seal and the key of a record take beside its value.
const OVERHEAD: usize = 30;

fn nfkd(text: &str) -> String {
    text.nfkd().collect()
}

/// Made-up people who talk.
struct Talk {
    rng: ChaCha20Rng,
}

impl Talk {
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.rng.next_u64() % u64::try_from(end).unwrap()).unwrap()
    }

    /// Between 0 and 1.
    fn chance(&mut self) -> f64 {
        f64::from(self.rng.next_u32()) / f64::from(u32::MAX)
    }

    /// The rank of a word: the more common it is, the lower, as Zipf has it; there are always new ones.
    fn rank(&mut self) -> u64 {
        let most = 200_000_f64;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it lies between 1 and the greatest"
        )]
        let rank = most.powf(self.chance()) as u64;
        rank
    }

    fn text(&mut self) -> String {
        let words = 1 + self.below(8) + self.below(8) + if self.below(20) == 0 { self.below(80) } else { 0 };
        let mut text = String::new();
        for _ in 0..words {
            let rank = self.rank();
            text.push_str(&word(rank));
            text.push(' ');
        }
        if self.below(20) == 0 {
            text.push_str(&format!("https://{}.example/{}", word(self.rank()), word(self.rank())));
        }
        text.trim_end().to_owned()
    }
}

/// A word of this rank: the more common, the shorter.
fn word(rank: u64) -> String {
    const SYLLABLES: [&str; 32] = [
        "a", "e", "in", "der", "so", "un", "ge", "ver", "ich", "be", "ten", "ma", "ö", "ra", "ke", "lo", "st", "mi",
        "an", "pro", "zu", "wi", "ha", "fü", "tion", "da", "sch", "li", "no", "er", "bu", "po",
    ];
    let mut rest = rank.wrapping_mul(0x9e37_79b9) % (rank * 8 + 32);
    let mut word = String::new();
    loop {
        word.push_str(SYLLABLES[usize::try_from(rest % 32).unwrap()]);
        rest /= 32;
        if rest == 0 {
            return word;
        }
    }
}

/// A store that counts what is read.
#[derive(Default)]
struct Counting {
    store: MemoryStore,
    rounds: usize,
    gets: usize,
    bytes: usize,
}

impl Counting {
    fn load(&mut self, queries: Vec<Query>) -> Vec<Loaded> {
        self.rounds += 1;
        for query in &queries {
            self.gets += match query {
                Query::Get(_, keys) => keys.len(),
                _ => 1,
            };
        }
        let answers = pollster::block_on(self.store.load(queries)).unwrap();
        let length = |row: &Row| row.value.len();
        self.bytes += answers
            .iter()
            .map(|answer| match answer {
                Loaded::Rows(rows) => rows.iter().map(length).sum::<usize>(),
                Loaded::Found(rows) => rows.iter().flatten().map(length).sum(),
                Loaded::Size { .. } => 0,
            })
            .sum::<usize>();
        answers
    }

    fn commit(&mut self, batch: Batch) {
        pollster::block_on(self.store.commit(batch)).unwrap();
    }
}

fn main() {
    let count: usize = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(200_000);
    let mut talk = Talk { rng: ChaCha20Rng::seed_from_u64(7) };
    let mut store = Counting::default();
    let mut index = Index::new(nfkd);
    let messages: Vec<MessageRecord> = (0..count).map(|number| message(&mut talk, number, count)).collect();
    let mut listing = Vec::new();
    let mut working = [Vec::new(), Vec::new()];
    let mut stored: Vec<Row> = Vec::new();
    for message in &messages {
        let mut batch = Batch::default();
        let began = Instant::now();
        index.list(&mut batch, message);
        listing.push(began.elapsed().as_micros());
        // What is listed is the message as it is stored.
        let values =
            batch.ops().iter().filter_map(|op| if let Op::Put(_, row) = op { Some(row.value.clone()) } else { None });
        stored.extend(values.map(|value| Row { key: message.store_key(), value }));
        store.commit(batch);
        while let Some((queries, work)) = index.next_work() {
            let merges = queries.len() > 2;
            let found = store.load(queries);
            let mut batch = Batch::default();
            let began = Instant::now();
            index.done(&mut batch, work, found);
            working[usize::from(merges)].push(began.elapsed().as_micros());
            store.commit(batch);
        }
    }
    let size_of_messages: usize = stored.iter().map(|row| row.value.len() + row.key.len() + OVERHEAD).sum();
    stored.sort_by(|one, other| one.key.cmp(&other.key));
    let mut batch = Batch::default();
    stored.into_iter().for_each(|row| batch.put(Table::Messages, row.key, row.value));
    store.commit(batch);
    println!("{count} messages of {} bytes", size_of_messages / count);
    let [building, merging] = &mut working;
    let times = [listing.as_mut_slice(), building, merging].map(median);
    println!(
        "listing one {} µs, building a segment {} µs, merging eight {} µs (medians)",
        times[0], times[1], times[2]
    );
    report_size(&mut store, count);

    let rare = rare_word(&messages);
    let common = [word(1), word(2), word(40)];
    println!("\n{:32} {:>6} {:>8} {:>8} {:>7} {:>7} {:>9}", "query", "hits", "1st µs", "µs", "rounds", "gets", "bytes");
    for typed in [
        rare.clone(),
        common[0].clone(),
        "ve".into(),
        "q".into(),
        "xyzzy".into(),
        format!("{} {}", common[0], common[1]),
        format!("{} {rare}", common[0]),
        format!("\"{} {}\"", common[0], common[1]),
        format!("\"{} {}\"", common[2], word(50)),
        format!("\"{rare}"),
        "has:link".into(),
        format!("{} from:person7@", common[2]),
        "in:person7@".into(),
        format!("{} in:person7@", common[0]),
        "on:2023-05-01".into(),
    ] {
        measure(&mut store, &typed);
    }
}

fn median(times: &mut [u128]) -> u128 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn message(talk: &mut Talk, number: usize, count: usize) -> MessageRecord {
    // Few people are spoken with often.
    let chat = talk.below(CHATS).min(talk.below(CHATS)).min(talk.below(CHATS));
    let chat = BareJid::new(format!("person{chat}@server{}.example", chat % 7));
    let step = YEARS * MILLIS_PER_YEAR / u64::try_from(count).unwrap();
    let at = END - step * u64::try_from(count - number).unwrap() + talk.rng.next_u64() % step;
    let key = TimelineKey { at: Timestamp(i64::try_from(at).unwrap()), sequence: at << 16 };
    let id = format!("{:016x}{:016x}", talk.rng.next_u64(), talk.rng.next_u64());
    let text = talk.text();
    let mut message = MessageRecord::outgoing(&BareJid::new(ME), &chat, OriginId::new(id), key, text);
    if talk.below(2) == 0 {
        (message.item.way, message.item.author, message.item.state) = (Way::In, chat, None);
    }
    message
}

/// A word of an old message that is in few others.
fn rare_word(messages: &[MessageRecord]) -> String {
    let text = |message: &MessageRecord| match &message.item.body {
        MessageBody::Text(text) => text.clone(),
        MessageBody::Unreadable | MessageBody::Retracted => String::new(),
    };
    let all: Vec<String> = messages.iter().map(text).collect();
    let words = all[messages.len() / 3].split(' ').chain(all[messages.len() / 3 + 1].split(' '));
    let uses = |word: &str| all.iter().filter(|text| text.split(' ').any(|other| other.starts_with(word))).count();
    let words = words.filter(|word| !word.contains(':'));
    words.min_by_key(|word| uses(word)).unwrap().to_owned()
}

fn report_size(store: &mut Counting, count: usize) {
    let rows = |store: &mut Counting, table| match store.load(vec![Query::All(table)]).pop() {
        Some(Loaded::Rows(rows)) => rows,
        _ => Vec::new(),
    };
    let mut sizes = [0, 0, 0];
    let mut segments = 0;
    for row in rows(store, Table::Search) {
        sizes[usize::from(row.key[0])] += row.key.len() + row.value.len() + OVERHEAD;
        segments += usize::from(row.key[0] == 0);
    }
    let [heads, terms, documents] = sizes;
    let waiting: usize = rows(store, Table::Unindexed).len();
    let all: usize = sizes.iter().sum();
    println!("index: {segments} segments, {:.1} bytes a message", all as f64 / count as f64);
    println!("  heads {heads}, terms {terms}, documents {documents} bytes; {waiting} messages wait");
}

/// How many hits are on the first page that has some.
fn first_page(store: &mut Counting, index: &mut Index, mut search: Search) -> usize {
    let mut found = Vec::new();
    loop {
        match search.next(index, found) {
            Progress::Ask(queries) => found = store.load(queries),
            Progress::Page { hits, more } if hits.is_empty() && more => found = Vec::new(),
            Progress::Page { hits, .. } => return hits.len(),
        }
    }
}

fn measure(store: &mut Counting, typed: &str) {
    let resolve = |name: &str| {
        let people = (0..CHATS).map(|chat| format!("person{chat}@server{}.example", chat % 7));
        people.filter(|person| person.starts_with(name)).map(BareJid::new).collect()
    };
    let me = BareJid::new(ME);
    let reading = Reading { me: &me, decompose: nfkd, utc_offset_minutes: 0, resolve: &resolve };
    let mut times = Vec::new();
    let mut hits = 0;
    // The first time, it has to learn which segments there are.
    let mut index = Index::new(nfkd);
    for _ in 0..5 {
        (store.rounds, store.gets, store.bytes) = (0, 0, 0);
        let began = Instant::now();
        let search = Search::new(SearchQuery::parse(typed, &reading), 30);
        hits = first_page(store, &mut index, search);
        times.push(began.elapsed().as_micros());
    }
    let first = times[0];
    let best = times.iter().min().unwrap();
    let Counting { rounds, gets, bytes, .. } = store;
    println!("{typed:32} {hits:6} {first:8} {best:8} {rounds:7} {gets:7} {bytes:9}");
}
