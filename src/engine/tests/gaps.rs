//! Gaps: what is missing between messages is said, filled, and never filled in the wrong order.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use plausch_engine::store::Table;
use plausch_model::{
    Anchor, BareJid, Command, Direction, Gap, GapState, MessageBody, TimelineItem, TimelineKey, Update, WindowChange,
};
use proptest::prelude::*;
use support::{Archived, Harness, ME, Odd, START, Server};

const ROMEO: &str = "romeo@mont.example";
const NURSE: &str = "nurse@cap.example";

fn romeo() -> BareJid {
    BareJid::new(ROMEO)
}

/// A server with an archive, an account there, and everything that was ever said to it.
struct World {
    harness: Harness,
    said: Vec<(&'static str, String)>,
    /// What time it is for the others; for us only once we are there.
    clock: i64,
}

fn signed_in(server: Server) -> World {
    let mut harness = Harness::new(server);
    harness.start();
    harness.sign_in("<item jid='romeo@mont.example' subscription='both'/>");
    World { harness, said: Vec::new(), clock: START }
}

impl World {
    /// Somebody says so much, one a second; the archive's stamps are whole seconds, so that some are the same.
    fn say(&mut self, peer: &'static str, count: usize) {
        for _ in 0..count {
            self.clock += 700;
            self.archive(peer);
        }
    }

    fn archive(&mut self, peer: &'static str) -> Archived {
        let number = self.said.len();
        let text = format!("line {number}");
        let at = plausch_xmpp::datetime::DateTime::from_millis(self.clock / 1_000 * 1_000);
        let stanza = format!(
            "<message xmlns='jabber:client' from='{peer}/o' to='{ME}' type='chat' id='m{number}'><body>{text}</body>\
             </message>"
        );
        let archived = Archived { id: format!("a{number}"), stamp: at.to_string(), stanza };
        self.harness.archive.push(archived.clone());
        self.said.push((peer, text));
        archived
    }

    /// Somebody says something while we are there.
    fn live(&mut self, peer: &'static str) {
        self.clock += 700;
        self.harness.now = self.clock;
        let Archived { id, stanza, .. } = self.archive(peer);
        let with_id = format!("<stanza-id xmlns='urn:xmpp:sid:0' by='{ME}' id='{id}'/></message>");
        self.harness.receive(&stanza.replace("</message>", &with_id));
    }

    fn cut(&mut self) {
        self.harness.cut();
    }

    /// A new session, with nothing answered yet.
    fn connect(&mut self) {
        self.clock += 120_000;
        self.harness.now = self.clock;
        self.harness.input(plausch_engine::io::Input::Tick);
        self.harness.connect_anew();
    }

    /// The program starts anew.
    fn restart(&mut self) {
        self.clock += 1_000;
        let mut again = Harness::over(self.harness.store.clone(), Some("r0m30"), Server::default());
        again.reseed(self.clock.unsigned_abs());
        again.archive = std::mem::take(&mut self.harness.archive);
        (again.now, again.odd) = (self.clock, self.harness.odd);
        again.archive_queries = self.harness.archive_queries;
        again.start();
        self.harness = again;
    }

    /// The archive is made anew: the same messages have other ids.
    fn renumber(&mut self) {
        self.harness.archive.iter_mut().for_each(|archived| archived.id.insert(0, 'b'));
    }

    /// Answers what is asked until so many pages of the archive were, or nothing is asked any more.
    fn answer_pages(&mut self, pages: u32) {
        let until = self.harness.archive_queries + pages;
        let mut rounds = 0;
        while self.harness.archive_queries < until && rounds < 50 {
            self.harness.answer_one("");
            rounds += 1;
        }
    }

    fn settle(&mut self) {
        self.harness.answer_setup("");
    }

    fn said_by(&self, peer: &str) -> Vec<String> {
        self.said.iter().filter(|(by, _)| *by == peer).map(|(_, text)| text.clone()).collect()
    }

    fn open(&mut self, peer: &str) -> Shown {
        self.harness.forget_updates();
        self.harness.command(Command::OpenChat { chat: BareJid::new(peer), anchor: Anchor::End });
        let mut shown = Shown::default();
        shown.take(self.harness.updates());
        shown
    }

    /// Everything of a chat that is on disk or can be had.
    fn whole(&mut self, peer: &str) -> Shown {
        let mut shown = self.open(peer);
        for _ in 0..60 {
            if shown.at_start {
                break;
            }
            self.harness.command(Command::GrowWindow { chat: BareJid::new(peer), direction: Direction::Older });
            self.settle();
            shown.take(self.harness.updates());
        }
        shown
    }

    fn unread(&mut self, peer: &str) -> u32 {
        self.harness.forget_updates();
        self.harness.input(plausch_engine::io::Input::ViewOpened(plausch_model::ViewId(9)));
        let updates = self.harness.updates();
        self.harness.input(plausch_engine::io::Input::ViewClosed(plausch_model::ViewId(9)));
        let chats = updates.into_iter().find_map(|update| match update {
            Update::Chats(chats) => Some(chats),
            _ => None,
        });
        chats.unwrap().iter().find(|chat| chat.jid.as_str() == peer).map_or(0, |chat| chat.unread)
    }
}

/// A view that does with updates what a view has to do.
#[derive(Default, Debug)]
struct Shown {
    items: Vec<TimelineItem>,
    gaps: Vec<Gap>,
    at_start: bool,
}

impl Shown {
    fn take(&mut self, updates: Vec<Update>) {
        for update in updates {
            match update {
                Update::Window { items, at_start, .. } => *self = Self { items, gaps: Vec::new(), at_start },
                Update::WindowGrown { items, at_start, .. } => {
                    items.into_iter().for_each(|item| self.put(item));
                    self.at_start = at_start;
                }
                Update::WindowChanged { changes, .. } => {
                    for change in changes {
                        match change {
                            WindowChange::Put(item) => self.put(item),
                            WindowChange::Remove(id) => self.items.retain(|item| item.id != id),
                        }
                    }
                }
                Update::WindowGaps { gaps, .. } => self.gaps = gaps,
                _ => {}
            }
        }
    }

    fn put(&mut self, item: TimelineItem) {
        self.items.retain(|other| other.id != item.id);
        let place = self.items.partition_point(|other| other.key < item.key);
        self.items.insert(place, item);
    }

    /// Texts, with the gaps between them.
    fn rows(&self) -> Vec<String> {
        let mut rows = Vec::new();
        for (index, item) in self.items.iter().enumerate() {
            let earlier = index.checked_sub(1).map(|index| self.items[index].key);
            let between = |gap: &&Gap| earlier.is_some_and(|earlier| earlier < gap.place) && gap.place < item.key;
            rows.extend(self.gaps.iter().find(between).map(|gap| format!("{:?}", gap.state)));
            match &item.body {
                MessageBody::Text(text) => rows.push(text.clone()),
                MessageBody::Unreadable | MessageBody::Retracted => panic!("no text"),
            }
        }
        rows
    }

    fn place(&self, state: GapState) -> TimelineKey {
        self.gaps.iter().find(|gap| gap.state == state).unwrap().place
    }
}

/// Where two lists of rows part.
fn apart(rows: &[String], expected: &[String]) -> Option<(usize, Vec<String>, Vec<String>)> {
    let place = rows.iter().zip(expected).position(|(a, b)| a != b);
    let place = place.or((rows.len() != expected.len()).then(|| rows.len().min(expected.len())))?;
    let some = |rows: &[String]| rows.iter().skip(place.saturating_sub(2)).take(8).cloned().collect();
    Some((place, some(rows), some(expected)))
}

fn lines(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("line {number}")).collect()
}

#[test]
fn the_newest_messages_of_an_open_chat_come_first_and_the_gap_is_shown_until_it_is_filled() {
    let mut world = signed_in(Server::default());
    world.live(ROMEO);
    world.cut();
    for _ in 0..40 {
        world.say(ROMEO, 5);
        world.say(NURSE, 5);
    }
    let mut shown = world.open(ROMEO);
    world.connect();
    world.answer_pages(2);
    shown.take(world.harness.updates());
    let rows = shown.rows();
    assert_eq!(rows.last(), world.said_by(ROMEO).last(), "the newest is there");
    let gap = rows.iter().position(|row| row == "Loading").unwrap();
    assert_eq!(rows.len() - gap, 101, "a page behind the gap: {rows:?}");
    assert_eq!(world.unread(ROMEO), u32::try_from(rows.len() - 1).unwrap());
    world.settle();
    shown.take(world.harness.updates());
    assert_eq!(apart(&shown.rows(), &world.said_by(ROMEO)), None);
    assert_eq!((world.unread(ROMEO), world.unread(NURSE)), (201, 200));
}

#[test]
fn what_is_missed_in_one_page_makes_no_gap() {
    let mut world = signed_in(Server::default());
    world.live(ROMEO);
    world.cut();
    world.say(ROMEO, 80);
    let mut shown = world.open(ROMEO);
    world.connect();
    let before = world.harness.archive_queries;
    world.settle();
    shown.take(world.harness.updates());
    assert_eq!(world.harness.archive_queries - before, 1);
    assert_eq!((shown.rows(), shown.gaps.len()), (lines(0..81), 0));
}

#[test]
fn what_is_handed_out_before_catching_up_stands_behind_a_gap() {
    let mut world = signed_in(Server::default());
    world.live(ROMEO);
    world.cut();
    world.say(ROMEO, 3);
    let mut shown = world.open(ROMEO);
    world.connect();
    world.live(ROMEO);
    shown.take(world.harness.updates());
    assert_eq!(shown.rows(), ["line 0", "Loading", "line 4"]);
    world.cut();
    shown.take(world.harness.updates());
    assert_eq!(shown.rows(), ["line 0", "Missing", "line 4"], "nothing fills it without a connection");
    // After a restart that is still known.
    world.restart();
    let mut shown = world.open(ROMEO);
    assert_eq!(shown.rows(), ["line 0", "Missing", "line 4"]);
    world.harness.connect_anew();
    world.settle();
    shown.take(world.harness.updates());
    assert_eq!(shown.rows(), lines(0..5));
}

/// An account that missed so much, and whose mark the archive has lost: it has been trimmed by so much, or made anew.
fn lost_mark(missed: usize, trimmed: usize) -> World {
    lost_mark_at(Server::default(), missed, trimmed)
}

fn lost_mark_at(server: Server, missed: usize, trimmed: usize) -> World {
    let mut world = signed_in(server);
    for _ in 0..5 {
        world.live(ROMEO);
    }
    world.cut();
    world.clock += 3_600_000;
    world.say(ROMEO, missed);
    world.harness.archive.drain(..trimmed);
    if trimmed < 5 {
        world.renumber();
    }
    world.connect();
    world
}

#[test]
fn a_lost_mark_leaves_a_gap_that_is_filled_from_its_newer_end() {
    // The server no longer knows the mark, but what came after it.
    let mut world = lost_mark(250, 5);
    let mut shown = world.open(ROMEO);
    world.answer_pages(2);
    shown.take(world.harness.updates());
    assert_eq!(shown.rows()[..6], ["line 0", "line 1", "line 2", "line 3", "line 4", "Loading"]);
    world.settle();
    let whole = world.whole(ROMEO);
    let mut expected = lines(0..255);
    expected.insert(5, "Gone".to_owned());
    assert_eq!(apart(&whole.rows(), &expected), None, "nobody knows whether there was more");
    assert_eq!(world.unread(ROMEO), 255);
    let before = world.harness.archive_queries;
    world.cut();
    world.connect();
    world.settle();
    assert_eq!(world.harness.archive_queries - before, 1, "what is gone is not asked for again");
}

/// What was kept for a session that died before it had it all is stamped anew, later than the archive's own stamps.
#[test]
fn what_the_archive_has_lost_stays_before_what_it_still_has() {
    let mut world = lost_mark(4, 7);
    let late = plausch_xmpp::datetime::DateTime::from_millis((world.clock - 60_000) / 1_000 * 1_000);
    for number in 5..9 {
        world.harness.receive(&format!(
            "<message xmlns='jabber:client' from='{ROMEO}/o' to='{ME}' type='chat' id='m{number}'><body>line {number}</body>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='{ME}' id='a{number}'/>\
             <delay xmlns='urn:xmpp:delay' from='cap.example' stamp='{late}'/></message>"
        ));
    }
    world.settle();
    let mut rows = world.whole(ROMEO).rows();
    rows.retain(|row| row != "Gone");
    assert_eq!(apart(&rows, &lines(0..9)), None);
}

/// What our server kept twice has two stamps of it. Anybody can write another one (attack case A-20).
#[test]
fn the_first_stamp_counts_that_is_of_a_time_when_we_were_away() {
    let mut world = lost_mark(0, 5);
    let stamp = |ago: i64| plausch_xmpp::datetime::DateTime::from_millis((world.clock - ago) / 1_000 * 1_000);
    let (early, late) = (stamp(1_800_000), stamp(60_000));
    let cases = [("twice", early.to_string()), ("forged", "2020-01-01T00:00:00Z".to_owned())];
    for (id, first) in &cases {
        let stamps = [first.clone(), late.to_string()];
        let stamps =
            stamps.map(|at| format!("<delay xmlns='urn:xmpp:delay' from='cap.example' stamp='{at}'/>")).concat();
        world.harness.receive(&format!(
            "<message xmlns='jabber:client' from='{ROMEO}/o' to='{ME}' type='chat' id='{id}'><body>{id}</body>{stamps}</message>"
        ));
    }
    world.settle();
    let shown = world.whole(ROMEO).items;
    let at = |id: &str| shown.iter().find(|item| item.body == MessageBody::Text(id.into())).unwrap().at.0;
    assert_eq!((at("twice"), at("forged")), (early.millis(), late.millis()));
}

#[test]
fn an_archive_that_says_where_it_begins_is_not_asked_for_what_is_older() {
    for archive_ends in [true, false] {
        let mut world = lost_mark_at(Server { archive_ends, ..Server::default() }, 195, 100);
        world.harness.odd = Odd::NeverComplete;
        let before = world.harness.archive_queries;
        world.settle();
        let queries = world.harness.archive_queries - before;
        assert_eq!(queries, if archive_ends { 2 } else { 3 }, "one for the mark, one for the newest page");
        let whole = world.whole(ROMEO);
        let mut expected = lines(0..200);
        expected.drain(5..100);
        expected.insert(5, "Gone".to_owned());
        assert_eq!(apart(&whole.rows(), &expected), None);
    }
}

#[test]
fn an_archive_that_says_where_it_begins_is_asked_for_what_it_has() {
    let mut world = lost_mark_at(Server { archive_ends: true, ..Server::default() }, 550, 3);
    world.settle();
    assert_eq!(apart(&world.whole(ROMEO).rows(), &lines(0..555)), None);
    // One that has nothing any more, of which the newest page was read before.
    let mut world = lost_mark_at(Server { archive_ends: true, ..Server::default() }, 250, 5);
    world.answer_pages(2);
    world.harness.archive.clear();
    world.settle();
    let rows = world.whole(ROMEO).rows();
    assert_eq!((rows[5].as_str(), rows.len()), ("Gone", 106));
}

#[test]
fn a_gap_is_read_on_after_a_restart() {
    let mut world = lost_mark(550, 3);
    world.answer_pages(3);
    let before = world.harness.rows(Table::Messages);
    assert!((100..500).contains(&before), "{before}");
    world.restart();
    let mut shown = world.whole(ROMEO);
    assert_eq!(shown.rows().iter().filter(|row| *row == "Missing").count(), 1);
    world.harness.connect_anew();
    world.settle();
    shown = world.whole(ROMEO);
    assert_eq!(apart(&shown.rows(), &lines(0..555)), None, "the archive goes back to before the gap");
}

#[test]
fn a_gap_is_filled_from_the_side_that_is_looked_at() {
    let mut world = lost_mark(800, 3);
    let shown = |world: &mut World| {
        let shown = world.whole(ROMEO);
        let rows = shown.rows();
        let gap = rows.iter().position(|row| row == "Missing" || row == "Loading");
        (gap, rows.len(), shown)
    };
    world.answer_pages(2);
    // The query of the background stays without answer.
    let background = world.harness.next_archive_query().unwrap();
    let (gap, count, before) = shown(&mut world);
    assert_eq!(gap, Some(5));
    let place = before.place(GapState::Loading);
    world.harness.command(Command::FillGap { chat: romeo(), place, direction: Direction::Newer });
    let query = world.harness.next_archive_query().unwrap();
    world.harness.answer_archive(&query);
    let (gap, more, after) = shown(&mut world);
    assert_eq!((gap, more), (Some(5 + 100), count + 100), "from its older end");
    assert!(after.rows()[..105].iter().eq(lines(0..105).iter()));
    let place = after.place(GapState::Loading);
    world.harness.command(Command::FillGap { chat: romeo(), place, direction: Direction::Older });
    let query = world.harness.next_archive_query().unwrap();
    world.harness.answer_archive(&query);
    let (gap, most, _) = shown(&mut world);
    assert_eq!(gap, Some(5 + 100));
    // What was said in the second in which it ends is here.
    assert!((count + 198..=count + 200).contains(&most), "from its newer end");
    world.harness.answer_archive(&background);
    world.settle();
    let rows = world.whole(ROMEO).rows();
    assert_eq!(apart(&rows, &lines(0..805)), None);
}

#[test]
fn an_archive_that_refuses_is_not_asked_for_ever() {
    for condition in ["forbidden", "not-allowed", "feature-not-implemented", "service-unavailable"] {
        let mut world = lost_mark(250, 5);
        world.answer_pages(2);
        let shown = world.open(ROMEO);
        let query = world.harness.next_archive_query().unwrap();
        world.harness.refuse(&query, condition);
        let mut after = shown;
        after.take(world.harness.updates());
        world.settle();
        world.harness.advance(3_600_000);
        assert!(world.harness.sent().iter().all(|sent| sent.child("query", "urn:xmpp:mam:2").is_none()), "{condition}");
        assert!(world.whole(ROMEO).rows().contains(&"Gone".to_owned()), "{condition}");
    }
}

#[test]
fn an_archive_that_fails_is_asked_again_and_at_once_when_somebody_wants_it() {
    let mut world = lost_mark(250, 5);
    world.answer_pages(2);
    let query = world.harness.next_archive_query().unwrap();
    world.harness.refuse(&query, "internal-server-error");
    let shown = world.whole(ROMEO);
    assert_eq!(shown.rows()[5], "Missing");
    let place = shown.place(GapState::Missing);
    world.harness.command(Command::FillGap { chat: romeo(), place, direction: Direction::Older });
    world.settle();
    assert_eq!(world.whole(ROMEO).rows().len(), 256);
}

#[test]
fn an_archive_that_fails_at_a_gap_is_asked_less_and_less_often() {
    let mut world = lost_mark(250, 5);
    world.answer_pages(2);
    let mut pauses = Vec::new();
    for _ in 0..5 {
        let query = world.harness.next_archive_query().unwrap();
        world.harness.refuse(&query, "internal-server-error");
        let mut pause = 0;
        // Catching up comes first.
        let catching_up = loop {
            world.harness.receive("<r xmlns='urn:xmpp:sm:3'/>");
            world.harness.advance(1_000);
            pause += 1_000;
            if let Some(query) = world.harness.next_archive_query() {
                break query;
            }
        };
        world.harness.answer_archive(&catching_up);
        pauses.push(pause);
    }
    assert_eq!(pauses, [5_000, 10_000, 20_000, 40_000, 80_000]);
}

#[test]
fn without_an_archive_nothing_hangs_and_nothing_is_missing() {
    let mut world = signed_in(Server { archive: false, ..Server::default() });
    world.live(ROMEO);
    world.cut();
    world.say(ROMEO, 3);
    world.connect();
    world.live(ROMEO);
    world.settle();
    let shown = world.whole(ROMEO);
    assert_eq!(shown.rows(), ["line 0", "line 4"]);
    assert!(shown.at_start && shown.gaps.is_empty());
    assert_eq!(world.harness.archive_queries, 0);
}

/// What came live is put where the archive has it, a fraction of a second earlier.
#[test]
fn the_oldest_message_of_a_window_stays_in_it_when_it_moves() {
    let mut world = signed_in(Server::default());
    world.live(ROMEO);
    world.cut();
    world.say(NURSE, 150);
    world.connect();
    for _ in 0..60 {
        world.live(ROMEO);
    }
    let mut shown = world.open(ROMEO);
    assert!(!shown.at_start && shown.items.len() == 50);
    let before: Vec<_> = shown.items.clone();
    world.settle();
    shown.take(world.harness.updates());
    let now = |item: &TimelineItem| shown.items.iter().find(|now| now.id == item.id).map(|now| now.key);
    assert!(before.iter().all(|item| now(item).is_some()), "all of it is still shown");
    assert!(now(&before[0]) < Some(before[0].key), "it was moved");
}

/// A reaction of Romeo's to his first line.
fn reaction(id: &str, emoji: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='{ROMEO}/o' to='{ME}' type='chat' id='{id}'>\
         <reactions xmlns='urn:xmpp:reactions:0' id='m0'><reaction>{emoji}</reaction></reactions></message>"
    )
}

impl World {
    /// The archive has a reaction, which was made so long ago.
    fn archive_reaction(&mut self, id: &str, emoji: &str, ago: i64) {
        let stamp = plausch_xmpp::datetime::DateTime::from_millis(self.clock - ago).to_string();
        self.harness.archive.push(Archived { id: id.into(), stamp, stanza: reaction(id, emoji) });
    }

    /// The reactions to Romeo's first line.
    fn reactions(&mut self) -> Vec<String> {
        let shown = self.whole(ROMEO);
        shown.items[0].reactions.iter().map(|reaction| reaction.emoji.to_string()).collect()
    }
}

/// What is handed out before catching up has a place by our clock, and is late.
#[test]
fn the_last_reaction_counts_also_out_of_a_gap() {
    let mut world = signed_in(Server::default());
    world.live(ROMEO);
    world.cut();
    world.clock += 3_600_000;
    world.connect();
    world.archive_reaction("r1", "👍", 5_000);
    world.archive_reaction("r2", "👎", 4_000);
    world.harness.receive(&reaction("r1", "👍"));
    world.cut();
    world.say(NURSE, 250);
    world.renumber();
    world.connect();
    world.settle();
    assert_eq!(world.reactions(), ["👎"]);
}

/// Both waited for the line, since history is read from its newer end. The archive is made anew, and read again.
#[test]
fn a_reaction_that_was_replaced_before_its_message_came_does_not_come_back() {
    let mut world = signed_in(Server::default());
    world.cut();
    world.say(ROMEO, 1);
    world.say(NURSE, 110);
    world.archive_reaction("r1", "👍", 0);
    world.archive_reaction("r2", "👎", 0);
    world.say(NURSE, 10);
    world.connect();
    world.settle();
    assert_eq!(world.reactions(), ["👎"]);
    world.cut();
    world.renumber();
    world.connect();
    world.settle();
    assert_eq!(world.reactions(), ["👎"]);
}

const ODDITIES: [Odd; 9] = [
    Odd::Not,
    Odd::NeverComplete,
    Odd::NoSet,
    Odd::Reversed,
    Odd::Shuffled,
    Odd::Doubled,
    Odd::Greedy,
    Odd::Miscounted,
    Odd::Forgetful,
];

#[test]
fn no_odd_answer_loses_a_message_or_loops_for_ever() {
    for odd in ODDITIES {
        // A new device; then one that missed much; then one whose mark is lost.
        let mut world = signed_in(Server::default());
        world.harness.odd = odd;
        world.cut();
        world.say(ROMEO, 330);
        world.connect();
        world.settle();
        assert_eq!(apart(&world.whole(ROMEO).rows(), &lines(0..330)), None, "{odd:?}: back");
        world.cut();
        world.say(ROMEO, 1_300);
        let mut shown = world.open(ROMEO);
        world.connect();
        world.settle();
        shown.take(world.harness.updates());
        assert_eq!(apart(&world.whole(ROMEO).rows(), &lines(0..1_630)), None, "{odd:?}: forward");
        world.cut();
        world.say(ROMEO, 2_300);
        world.renumber();
        world.connect();
        world.settle();
        let rows = world.whole(ROMEO).rows();
        assert_eq!(apart(&rows, &lines(0..3_930)), None, "{odd:?}: a gap");
        assert!(world.harness.archive_queries < 400, "{odd:?}: {}", world.harness.archive_queries);
    }
}

#[test]
fn an_archive_that_always_gives_the_same_page_is_not_asked_for_ever() {
    let mut world = signed_in(Server::default());
    world.live(ROMEO);
    world.cut();
    world.say(ROMEO, 300);
    world.connect();
    for round in 0..20 {
        let Some(query) = world.harness.next_archive_query() else {
            assert!(round > 1);
            return;
        };
        world.harness.answer_with_first_page(&query);
    }
    panic!("it loops");
}

#[test]
fn trimming_amid_a_reading_costs_only_what_was_trimmed() {
    let mut world = signed_in(Server::default());
    world.live(ROMEO);
    world.cut();
    world.say(ROMEO, 600);
    world.connect();
    world.answer_pages(2);
    // What has just been read goes, and more.
    world.harness.archive.drain(..350);
    world.settle();
    let rows = world.whole(ROMEO).rows();
    let kept = rows.iter().position(|row| row == "Gone").unwrap();
    assert!((101..=301).contains(&kept), "{kept}");
    assert_eq!(rows[..kept], lines(0..kept));
    assert_eq!(rows[kept + 1..], lines(350..601));
    // And while a gap is being read.
    let mut world = lost_mark(900, 5);
    world.answer_pages(3);
    world.harness.archive.drain(..850);
    world.settle();
    let rows = world.whole(ROMEO).rows();
    let gone = rows.iter().position(|row| row == "Gone").unwrap();
    assert_eq!(rows[..gone], lines(0..5));
    assert_eq!(rows.last().unwrap(), "line 904");
}

/// What may happen to an account with an archive.
#[derive(Clone, Debug)]
enum Happens {
    Said(bool, usize),
    Live(bool),
    Cut,
    Pages(u32),
    Settled,
    Restart,
    Open(bool),
    Fill(bool),
    NewIds,
}

fn happenings() -> impl Strategy<Value = Vec<Happens>> {
    let one = prop_oneof![
        3 => (any::<bool>(), 1..260_usize).prop_map(|(romeo, count)| Happens::Said(romeo, count)),
        3 => any::<bool>().prop_map(Happens::Live),
        3 => Just(Happens::Cut),
        4 => (1..4_u32).prop_map(Happens::Pages),
        2 => Just(Happens::Settled),
        1 => Just(Happens::Restart),
        2 => any::<bool>().prop_map(Happens::Open),
        3 => any::<bool>().prop_map(Happens::Fill),
        1 => Just(Happens::NewIds),
    ];
    proptest::collection::vec(one, 3..22)
}

impl World {
    fn is_connected(&self) -> bool {
        self.harness.socket.is_some()
    }

    /// Two messages that are shown in a wrong order, or as if nothing had been said between them although something was.
    fn silently_missing(&self, peer: &str, rows: &[String]) -> Option<(String, String)> {
        let said = self.said_by(peer);
        let number = |text: &String| said.iter().position(|said| said == text);
        let pairs = rows.windows(2).map(|pair| (number(&pair[0]), number(&pair[1])));
        let jump =
            |(one, next): &(Option<usize>, Option<usize>)| one.zip(*next).is_some_and(|(one, next)| next != one + 1);
        let (one, next) = pairs.into_iter().find(jump)?;
        Some((said[one?].clone(), said[next?].clone()))
    }

    fn happen(&mut self, what: Happens) {
        let peer = |romeo: bool| if romeo { ROMEO } else { NURSE };
        match what {
            Happens::Said(romeo, count) if !self.is_connected() => self.say(peer(romeo), count),
            Happens::Live(romeo) if self.is_connected() => self.live(peer(romeo)),
            Happens::Cut if self.is_connected() => self.cut(),
            Happens::Cut => self.connect(),
            Happens::Pages(count) if self.is_connected() => self.answer_pages(count),
            Happens::Settled if self.is_connected() => self.settle(),
            Happens::Restart if !self.is_connected() => {
                self.restart();
                self.harness.connect_anew();
            }
            Happens::Open(romeo) => _ = self.open(peer(romeo)),
            Happens::Fill(older) => {
                let direction = if older { Direction::Older } else { Direction::Newer };
                for peer in [ROMEO, NURSE] {
                    let shown = self.open(peer);
                    if let Some(gap) = shown.gaps.iter().find(|gap| gap.state == GapState::Loading) {
                        let chat = BareJid::new(peer);
                        self.harness.command(Command::FillGap { chat, place: gap.place, direction });
                    }
                }
            }
            Happens::NewIds if !self.is_connected() => {
                self.renumber();
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_readings_and_cuts_end_in_the_archives_order_without_a_gap(happenings in happenings()) {
        let mut world = signed_in(Server::default());
        world.live(ROMEO);
        world.cut();
        world.say(ROMEO, 30);
        world.connect();
        world.settle();
        world.live(ROMEO);
        world.live(NURSE);
        for what in happenings {
            world.happen(what);
            for peer in [ROMEO, NURSE] {
                let rows = world.open(peer).rows();
                prop_assert_eq!(world.silently_missing(peer, &rows), None);
            }
        }
        if !world.is_connected() {
            world.connect();
        }
        world.settle();
        world.live(ROMEO);
        world.settle();
        for peer in [ROMEO, NURSE] {
            let rows = world.whole(peer).rows();
            prop_assert_eq!(apart(&rows, &world.said_by(peer)), None);
        }
        prop_assert!(world.harness.now > START);
    }
}
