//! What the archive has: catching up, reading back, and an archive that fails.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use plausch_engine::store::Table;
use plausch_model::{BareJid, Command, DeliveryState, Direction, Update};
use support::{Archived, Harness, Server};

fn romeo() -> BareJid {
    BareJid::new("romeo@mont.example")
}

fn archived_with(peer: &str, number: usize) -> Archived {
    let stamp = format!(
        "2025-12-{:02}T{:02}:{:02}:{:02}Z",
        1 + number / 86_400,
        number / 3600 % 24,
        number / 60 % 60,
        number % 60
    );
    let stanza = format!(
        "<message xmlns='jabber:client' from='{peer}/o' to='juliet@cap.example' type='chat' id='m{number}'>\
         <body>line {number}</body></message>"
    );
    Archived { id: format!("a{number}"), stamp, stanza }
}

fn signed_in(archive: Vec<Archived>) -> Harness {
    let mut harness = Harness::new(Server::default());
    harness.archive = archive;
    harness.start();
    harness.sign_in("<item jid='romeo@mont.example' subscription='both'/>");
    harness
}

/// Answers everything until nothing is asked any more.
fn settle(harness: &mut Harness) {
    harness.answer_setup("");
}

fn unread(harness: &mut Harness) -> u32 {
    harness.input(plausch_engine::io::Input::ViewOpened(support::VIEW));
    let chats = harness.updates().into_iter().find_map(|update| match update {
        Update::Chats(chats) => Some(chats),
        _ => None,
    });
    chats.unwrap().iter().map(|chat| chat.unread).sum()
}

#[test]
fn a_new_device_reads_the_history_back_up_to_a_bound() {
    let mut harness = signed_in((0..3_000).map(|number| archived_with("romeo@mont.example", number)).collect());
    settle(&mut harness);
    let there = harness.rows(Table::Messages);
    assert!((2_000..2_200).contains(&there), "{there}");
    assert_eq!(unread(&mut harness), 100, "history that is read back is not news");
}

#[test]
fn reading_back_goes_on_after_a_restart() {
    let mut harness = Harness::new(Server::default());
    harness.archive = (0..350).map(|number| archived_with("romeo@mont.example", number)).collect();
    harness.start();
    harness.authenticate();
    harness.bind();
    // Only so much is answered before the program ends.
    while harness.archive_queries < 2 {
        harness.answer_once("");
    }
    let before = harness.rows(Table::Messages);
    assert!((100..350).contains(&before), "{before}");
    let mut again = Harness::over(harness.store.clone(), Some("r0m30"), Server::default());
    again.archive = harness.archive.clone();
    again.start();
    again.fail_to_resume("");
    settle(&mut again);
    assert_eq!(again.rows(Table::Messages), 350);
}

#[test]
fn scrolling_beyond_what_is_here_reads_that_chat_back() {
    let nurse = |number| archived_with("nurse@cap.example", number);
    let mut archive: Vec<_> = (0..150).map(|number| archived_with("romeo@mont.example", number)).collect();
    archive.extend((150..2_400).map(nurse));
    let mut harness = signed_in(archive);
    settle(&mut harness);
    assert!(harness.texts("romeo@mont.example").is_empty(), "too long ago");
    harness.command(Command::OpenChat { chat: romeo(), anchor: plausch_model::Anchor::End });
    harness.forget();
    let mut texts = Vec::new();
    for _ in 0..4 {
        harness.command(Command::GrowWindow { chat: romeo(), direction: Direction::Older });
        settle(&mut harness);
        for update in harness.updates() {
            match update {
                Update::WindowGrown { items, at_start, .. } => {
                    texts.splice(0..0, items);
                    if at_start {
                        assert_eq!(texts.len(), 150);
                        return;
                    }
                }
                Update::WindowChanged { changes, .. } => {
                    for change in changes {
                        if let plausch_model::WindowChange::Put(item) = change {
                            texts.push(item);
                        }
                    }
                }
                _ => {}
            }
        }
    }
    panic!("it never came to the beginning: {} messages", texts.len());
}

/// An account with a message that may or may not have reached the server.
fn with_uncertain() -> Harness {
    let mut harness = Harness::online();
    harness.command(Command::SendText { chat: romeo(), text: "hello".into() });
    harness.cut();
    harness.advance(120_000);
    harness.connect_anew();
    harness
}

fn archive_query(harness: &mut Harness) -> plausch_xmpp::xml::Element {
    let sent = harness.sent();
    sent.iter().find(|iq| iq.child("query", "urn:xmpp:mam:2").is_some()).cloned().unwrap_or_else(|| panic!("{sent:?}"))
}

/// Answers what a session begins with, the archive aside.
fn until_archive(harness: &mut Harness) -> plausch_xmpp::xml::Element {
    let sent = harness.sent();
    for iq in sent.iter().filter(|iq| iq.child("query", "http://jabber.org/protocol/disco#info").is_some()) {
        harness
            .answer(iq, "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:mam:2'/></query>");
    }
    archive_query(harness)
}

fn messages(harness: &mut Harness) -> usize {
    harness.stanzas().iter().filter(|stanza| stanza.name() == "message").count()
}

#[test]
fn an_archive_that_fails_for_the_moment_is_asked_again_before_anything_is_resent() {
    let mut harness = with_uncertain();
    let query = until_archive(&mut harness);
    harness.refuse(&query, "internal-server-error");
    assert_eq!(messages(&mut harness), 0, "nobody knows whether it arrived");
    harness.advance(6_000);
    archive_query(&mut harness);
    harness.advance(31_000);
    assert_eq!(messages(&mut harness), 0, "nor if there is no answer");
    harness.advance(11_000);
    let query = archive_query(&mut harness);
    harness.answer_archive(&query);
    assert_eq!(messages(&mut harness), 1, "it did not arrive");
}

#[test]
fn without_an_archive_what_is_uncertain_is_sent_again() {
    let mut harness = with_uncertain();
    let query = until_archive(&mut harness);
    harness.refuse(&query, "service-unavailable");
    assert_eq!(messages(&mut harness), 1);
}

#[test]
fn a_mark_that_the_archive_lost_costs_no_message() {
    let mut harness = signed_in((0..10).map(|number| archived_with("romeo@mont.example", number)).collect());
    harness.archive = (5..30)
        .map(|number| Archived { id: format!("b{number}"), ..archived_with("romeo@mont.example", number) })
        .collect();
    harness.cut();
    harness.advance(120_000);
    harness.fail_to_resume("");
    settle(&mut harness);
    let texts = harness.texts("romeo@mont.example");
    assert!((0..30).all(|number| texts.contains(&format!("line {number}"))), "{texts:?}");
}

#[test]
fn what_was_sent_is_found_in_the_archive_and_not_sent_again() {
    let mut harness = Harness::online();
    harness.command(Command::SendText { chat: romeo(), text: "hello".into() });
    let id = harness.sent_last("message").attr("id").unwrap().to_owned();
    harness.archive.push(Archived {
        id: "a1".into(),
        stamp: "2026-01-01T00:00:01Z".into(),
        stanza: format!(
            "<message xmlns='jabber:client' from='juliet@cap.example/web1' to='romeo@mont.example' type='chat' id='{id}'>\
             <body>hello</body></message>"
        ),
    });
    harness.cut();
    harness.advance(120_000);
    harness.fail_to_resume("<item jid='romeo@mont.example' subscription='both'/>");
    assert!(!harness.wire.iter().rev().take(5).any(|wire| format!("{wire:?}").contains("<body>hello")));
    let states: Vec<_> = harness.window("romeo@mont.example").into_iter().map(|item| item.state).collect();
    assert_eq!(states, [Some(DeliveryState::Sent)]);
    assert_eq!(harness.rows(Table::Outbox), 0);
}

#[test]
fn history_of_one_and_the_same_second_keeps_its_order() {
    let same =
        |number| Archived { stamp: "2025-12-01T00:00:00Z".into(), ..archived_with("romeo@mont.example", number) };
    let mut harness = signed_in((0..350).map(same).collect());
    settle(&mut harness);
    let chat = romeo();
    harness.command(Command::OpenChat { chat: chat.clone(), anchor: plausch_model::Anchor::End });
    for _ in 0..4 {
        harness.command(Command::GrowWindow { chat: chat.clone(), direction: Direction::Older });
    }
    let mut items: Vec<_> = harness
        .updates()
        .into_iter()
        .flat_map(|update| match update {
            Update::Window { items, .. } | Update::WindowGrown { items, .. } => items,
            _ => Vec::new(),
        })
        .collect();
    items.sort_by_key(|item| item.key);
    let texts: Vec<_> = items.into_iter().map(|item| item.body).collect();
    let expected: Vec<_> = (0..350).map(|number| plausch_model::MessageBody::Text(format!("line {number}"))).collect();
    assert_eq!(texts, expected);
}

/// A clock that is so little wrong counts as right, and the archive may have given history a later time than what comes now
/// has by our clock.
#[test]
fn what_comes_stands_behind_history_though_our_clock_is_slow() {
    let (romeo, nurse) = ("romeo@mont.example", "nurse@cap.example");
    let at = |stamp: &str, archived: Archived| Archived { stamp: stamp.into(), ..archived };
    let line = |number: usize| archived_with(romeo, number).stanza;
    let mut harness = Harness::new(Server::default());
    harness.archive = (0..4).map(|number| at("2026-01-01T00:00:01.5Z", archived_with(romeo, number))).collect();
    // These fill the newest page, so that what Romeo said is only found when history is read back.
    harness.archive.extend((4..104).map(|number| at("2026-01-01T00:00:01.6Z", archived_with(nurse, number))));
    harness.start();
    harness.authenticate();
    harness.bind();
    // This one comes by itself before that, and the archive says later that others were before it.
    harness.receive(&line(3));
    harness.answer_setup("");
    assert_eq!(harness.texts(romeo), ["line 0", "line 1", "line 2", "line 3"]);
    harness.advance(200);
    harness.receive(&line(200));
    harness.command(Command::SendText { chat: BareJid::new(romeo), text: "mine".into() });
    assert_eq!(harness.texts(romeo), ["line 0", "line 1", "line 2", "line 3", "line 200", "mine"]);
}

/// The same with what becomes of messages.
#[test]
fn the_last_reaction_counts_though_our_clock_is_slow() {
    let (romeo, nurse) = ("romeo@mont.example", "nurse@cap.example");
    let at = |stamp: &str, archived: Archived| Archived { stamp: stamp.into(), ..archived };
    let reaction = |number: usize, emoji: &str| {
        let body = format!("<body>line {number}</body>");
        let reactions =
            format!("<reactions xmlns='urn:xmpp:reactions:0' id='m0'><reaction>{emoji}</reaction></reactions>");
        archived_with(romeo, number).stanza.replace(&body, &reactions)
    };
    let mut harness = Harness::new(Server::default());
    let early = [archived_with(romeo, 0), Archived { stanza: reaction(1, "👍"), ..archived_with(romeo, 1) }];
    harness.archive = early.map(|archived| at("2026-01-01T00:00:01.5Z", archived)).to_vec();
    harness.archive.extend((4..104).map(|number| at("2026-01-01T00:00:01.6Z", archived_with(nurse, number))));
    harness.start();
    harness.sign_in("");
    harness.advance(200);
    harness.receive(&reaction(200, "👎"));
    let shown: Vec<String> =
        harness.window(romeo)[0].reactions.iter().map(|reaction| reaction.emoji.to_string()).collect();
    assert_eq!(shown, ["👎"]);
}

/// Somebody comes back to a thousand messages, over many pages.
fn back_after_a_thousand() -> Harness {
    let mut harness = signed_in(vec![archived_with("romeo@mont.example", 0)]);
    harness.archive = (0..1_000).map(|number| archived_with("romeo@mont.example", number)).collect();
    harness.cut();
    harness.advance(120_000);
    harness.connect_anew();
    harness.forget_updates();
    harness
}

/// What the list was told about the chat, each time.
fn shown(harness: &mut Harness) -> Vec<u32> {
    let changed = |update| match update {
        Update::ChatsChanged(chats) => Some(chats.iter().map(|chat| chat.unread).sum()),
        _ => None,
    };
    harness.updates().into_iter().filter_map(changed).collect()
}

#[test]
fn the_list_is_not_told_of_each_page_that_is_caught_up_with() {
    let mut harness = back_after_a_thousand();
    settle(&mut harness);
    let shown = shown(&mut harness);
    assert!(shown.len() <= 3, "{shown:?}");
    assert_eq!(shown.last(), Some(&1_000), "the last word is there when everything is");
}

#[test]
fn the_list_does_not_wait_for_long_while_catching_up() {
    let mut harness = back_after_a_thousand();
    let mut last = 0;
    for _ in 0..5 {
        let page = harness.next_archive_query().unwrap();
        harness.answer_archive(&page);
        let _ = shown(&mut harness);
        harness.advance(1_000);
        let now = shown(&mut harness);
        assert!(now.last().is_some_and(|unread| *unread > last), "{last}, {now:?}");
        last = now.last().copied().unwrap();
    }
    assert!(last < 1_000);
}

#[test]
fn what_the_person_does_is_shown_at_once_while_catching_up() {
    let mut harness = back_after_a_thousand();
    for _ in 0..3 {
        let page = harness.next_archive_query().unwrap();
        harness.answer_archive(&page);
    }
    harness.forget_updates();
    harness.command(Command::SaveDraft { chat: romeo(), text: Some("back".into()) });
    assert_eq!(shown(&mut harness).len(), 1);
}
