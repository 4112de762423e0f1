//! Windows into a chat: what a view is shown of it, from its opening to its ends.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use plausch_model::{
    Anchor, BareJid, Command, DeliveryState, Direction, MessageBody, TimelineItem, Update, WindowChange,
};
use support::{Archived, Harness, Server};

fn romeo() -> BareJid {
    BareJid::new("romeo@mont.example")
}

fn message(number: usize) -> String {
    format!(
        "<message xmlns='jabber:client' from='romeo@mont.example/o' to='juliet@cap.example' type='chat' id='m{number}'>\
         <body>line {number}</body></message>"
    )
}

fn archived(number: usize) -> Archived {
    let stamp = format!("2025-12-01T{:02}:{:02}:{:02}Z", number / 3600, number / 60 % 60, number % 60);
    Archived { id: format!("a{number}"), stamp, stanza: message(number) }
}

fn text(item: &TimelineItem) -> String {
    match &item.body {
        MessageBody::Text(text) => text.clone(),
        MessageBody::Unreadable | MessageBody::Retracted => panic!("no text"),
    }
}

fn lines(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("line {number}")).collect()
}

/// A view that does with updates what a view has to do.
#[derive(Default, Debug)]
struct Shown {
    items: Vec<TimelineItem>,
    at_start: bool,
    at_end: bool,
    total: u64,
    /// Put into the window since last looked.
    put: usize,
}

impl Shown {
    fn take(&mut self, updates: Vec<Update>) {
        for update in updates {
            match update {
                Update::Window { items, at_start, at_end, total, .. } => {
                    *self = Self { items, at_start, at_end, total, put: 0 };
                }
                Update::WindowGrown { items, at_start, at_end, .. } => {
                    items.into_iter().for_each(|item| self.put(item));
                    (self.at_start, self.at_end) = (at_start, at_end);
                }
                Update::WindowCut { direction: Direction::Older, end, .. } => {
                    self.items.retain(|item| item.key >= end);
                    self.at_start = false;
                }
                Update::WindowCut { direction: Direction::Newer, end, .. } => {
                    self.items.retain(|item| item.key <= end);
                    self.at_end = false;
                }
                Update::WindowChanged { changes, total, .. } => {
                    self.total = total;
                    for change in changes {
                        self.put += 1;
                        match change {
                            WindowChange::Put(item) => self.put(item),
                            WindowChange::Remove(id) => self.items.retain(|item| item.id != id),
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn put(&mut self, item: TimelineItem) {
        self.items.retain(|other| other.id != item.id);
        let place = self.items.partition_point(|other| other.key < item.key);
        self.items.insert(place, item);
    }

    fn texts(&self) -> Vec<String> {
        self.items.iter().map(text).collect()
    }
}

/// An account whose archive holds so much, with a chat opened there.
fn opened(history: usize, anchor: Anchor) -> (Harness, Shown) {
    let mut harness = Harness::new(Server::default());
    harness.archive = (0..history).map(archived).collect();
    harness.start();
    harness.sign_in("");
    harness.answer_setup("");
    let mut shown = Shown::default();
    harness.command(Command::OpenChat { chat: romeo(), anchor });
    shown.take(harness.updates());
    (harness, shown)
}

fn grow(harness: &mut Harness, shown: &mut Shown, direction: Direction) {
    harness.command(Command::GrowWindow { chat: romeo(), direction });
    harness.answer_setup("");
    shown.take(harness.updates());
}

fn key_of(harness: &mut Harness, number: usize) -> plausch_model::TimelineKey {
    let all = {
        let mut shown = Shown::default();
        harness.command(Command::OpenChat { chat: romeo(), anchor: Anchor::End });
        shown.take(harness.updates());
        while !shown.at_start {
            grow(harness, &mut shown, Direction::Older);
        }
        shown.items
    };
    all.iter().find(|item| text(item) == format!("line {number}")).unwrap().key
}

/// The window may end at this message.
fn cut(harness: &mut Harness, shown: &mut Shown, direction: Direction, number: usize) {
    let line = format!("line {number}");
    let end = shown.items.iter().find(|item| text(item) == line).unwrap().key;
    harness.command(Command::CutWindow { chat: romeo(), direction, end });
    shown.take(harness.updates());
}

#[test]
fn a_window_that_is_cut_grows_again_where_it_ends() {
    let (mut harness, mut shown) = opened(400, Anchor::End);
    while !shown.at_start {
        grow(&mut harness, &mut shown, Direction::Older);
    }
    cut(&mut harness, &mut shown, Direction::Newer, 250);
    cut(&mut harness, &mut shown, Direction::Older, 120);
    assert_eq!((shown.at_start, shown.at_end, shown.texts()), (false, false, lines(120..251)));
    // What comes beyond its end is only counted.
    let new = archived(400);
    harness.receive(&new.stanza.replace(
        "<body>",
        &format!("<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@cap.example' id='{}'/><body>", new.id),
    ));
    harness.answer_setup("");
    shown.take(harness.updates());
    assert_eq!((shown.total, shown.texts()), (401, lines(120..251)));
    while !(shown.at_start && shown.at_end) {
        grow(&mut harness, &mut shown, Direction::Newer);
        grow(&mut harness, &mut shown, Direction::Older);
    }
    assert_eq!(shown.texts(), lines(0..401));
}

#[test]
fn a_cut_outside_the_window_or_of_another_chat_is_none() {
    let (mut harness, mut shown) = opened(400, Anchor::End);
    let outside = key_of(&mut harness, 10);
    harness.command(Command::OpenChat { chat: romeo(), anchor: Anchor::End });
    shown.take(harness.updates());
    let before = shown.texts();
    let inside = shown.items[10].key;
    for (chat, end) in [(romeo(), outside), (BareJid::new("eve@x"), inside)] {
        harness.command(Command::CutWindow { chat, direction: Direction::Older, end });
        let updates = harness.updates();
        assert!(!updates.iter().any(|update| matches!(update, Update::WindowCut { .. })), "{updates:?}");
        shown.take(updates);
    }
    assert_eq!(shown.texts(), before);
}

#[test]
fn a_window_grows_to_both_ends_and_says_where_it_is() {
    let (mut harness, _) = opened(400, Anchor::End);
    let middle = key_of(&mut harness, 200);
    let mut shown = Shown::default();
    harness.command(Command::OpenChat { chat: romeo(), anchor: Anchor::At(middle) });
    shown.take(harness.updates());
    assert_eq!((shown.at_start, shown.at_end, shown.total), (false, false, 400));
    assert_eq!(shown.texts(), lines(150..250));
    grow(&mut harness, &mut shown, Direction::Newer);
    grow(&mut harness, &mut shown, Direction::Newer);
    assert_eq!((shown.at_start, shown.at_end), (false, true));
    grow(&mut harness, &mut shown, Direction::Older);
    assert_eq!((shown.at_start, shown.at_end), (false, true), "growing back does not leave the end");
    grow(&mut harness, &mut shown, Direction::Older);
    assert_eq!((shown.at_start, shown.at_end), (true, true));
    assert_eq!(shown.texts(), lines(0..400));
}

#[test]
fn what_comes_behind_a_window_is_counted_and_found_when_it_grows() {
    let (mut harness, _) = opened(400, Anchor::End);
    let middle = key_of(&mut harness, 200);
    let mut shown = Shown::default();
    harness.command(Command::OpenChat { chat: romeo(), anchor: Anchor::At(middle) });
    shown.take(harness.updates());
    for number in 400..403 {
        harness.receive(&message(number));
    }
    shown.take(harness.updates());
    assert_eq!((shown.put, shown.total), (0, 403));
    while !shown.at_end {
        grow(&mut harness, &mut shown, Direction::Newer);
    }
    assert_eq!(shown.texts(), lines(150..403), "nothing is missing between");
    harness.receive(&message(403));
    shown.take(harness.updates());
    assert_eq!(shown.texts(), lines(150..404), "at the end it is shown at once");
}

#[test]
fn changes_are_told_of_what_a_window_shows_only() {
    let mut harness = Harness::online();
    harness.command(Command::SendText { chat: romeo(), text: "first".into() });
    let id = harness.sent_last("message").attr("id").unwrap().to_owned();
    harness.acknowledge_all();
    for number in 0..200 {
        harness.advance(1_000);
        harness.receive(&message(number));
    }
    let receipt = |kind: &str, ns: &str| {
        format!(
            "<message xmlns='jabber:client' from='romeo@mont.example/o' id='x'><{kind} xmlns='{ns}' id='{id}'/></message>"
        )
    };
    let mut shown = Shown::default();
    harness.command(Command::OpenChat { chat: romeo(), anchor: Anchor::End });
    shown.take(harness.updates());
    assert_eq!(shown.items.len(), 50);
    harness.receive(&receipt("received", "urn:xmpp:receipts"));
    shown.take(harness.updates());
    assert_eq!((shown.put, shown.items.len()), (0, 50));
    while !shown.at_start {
        grow(&mut harness, &mut shown, Direction::Older);
    }
    assert_eq!(shown.items[0].state, Some(DeliveryState::Delivered));
    harness.receive(&receipt("displayed", "urn:xmpp:chat-markers:0"));
    shown.take(harness.updates());
    assert_eq!(shown.items[0].state, Some(DeliveryState::Read));
}

#[test]
fn two_windows_of_one_chat_are_told_apart() {
    let (mut harness, mut shown) = opened(400, Anchor::End);
    let other = plausch_model::ViewId(2);
    harness.input(plausch_engine::io::Input::ViewOpened(other));
    harness.forget();
    let open = Command::OpenChat { chat: romeo(), anchor: Anchor::FirstUnread };
    harness.input(plausch_engine::io::Input::Command { view: other, id: plausch_model::CommandId(1), command: open });
    harness.forget();
    harness.receive(&message(400));
    shown.take(harness.updates());
    assert_eq!(shown.total, 401);
    assert_eq!(shown.items.last().map(text).as_deref(), Some("line 400"));
}

#[test]
fn a_window_of_an_empty_chat_shows_what_comes() {
    let mut harness = Harness::online();
    let mut shown = Shown::default();
    harness.command(Command::OpenChat { chat: romeo(), anchor: Anchor::End });
    shown.take(harness.updates());
    assert!(shown.at_start && shown.at_end);
    harness.receive(&message(0));
    harness.command(Command::SendText { chat: romeo(), text: "line 1".into() });
    shown.take(harness.updates());
    assert_eq!(shown.texts(), lines(0..2));
}
