//! Searching as a view does it: by commands, over what came live and from the archive, across restarts and changes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use plausch_engine::store::Table;
use plausch_model::{BareJid, Command, CommandId, SearchHit, TimelineKey, Update};
use support::{Harness, Server};

fn romeo() -> BareJid {
    BareJid::new("romeo@mont.example")
}

fn message(from: &str, id: &str, body: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='{from}/o' to='juliet@cap.example' type='chat' id='{id}'>\
         <body>{body}</body></message>"
    )
}

/// What the harness has told of a search by now.
struct Page {
    hits: Vec<SearchHit>,
    more: bool,
    complete: bool,
}

fn page(harness: &mut Harness, id: CommandId) -> Option<Page> {
    harness.updates().into_iter().rev().find_map(|update| match update {
        Update::Found { command, hits, more, complete } if command == id => Some(Page { hits, more, complete }),
        _ => None,
    })
}

fn search_in(harness: &mut Harness, query: &str, chat: Option<BareJid>) -> (CommandId, Page) {
    let id = harness.command(Command::Search { query: query.into(), chat, utc_offset_minutes: 0 });
    (id, page(harness, id).unwrap())
}

fn found(harness: &mut Harness, query: &str) -> Vec<String> {
    search_in(harness, query, None).1.hits.into_iter().map(|hit| hit.excerpt).collect()
}

/// Lets all of the index's work be done.
fn work(harness: &mut Harness) {
    for _ in 0..60 {
        harness.advance(1_000);
    }
    harness.answer_setup("");
    harness.forget();
}

#[test]
fn what_came_is_found_at_once_and_after_the_work_and_a_restart() {
    let mut harness = Harness::online();
    harness.receive(&message("romeo@mont.example", "a", "It is the lark, the herald of the morn"));
    harness.command(Command::SendText { chat: romeo(), text: "It was the nightingale".into() });
    assert_eq!(found(&mut harness, "lark"), ["It is the lark, the herald of the morn"]);
    assert_eq!(found(&mut harness, "it"), ["It was the nightingale", "It is the lark, the herald of the morn"]);
    work(&mut harness);
    assert_eq!(found(&mut harness, "NIGHT"), ["It was the nightingale"]);
    let mut again = Harness::over(harness.store, None, Server::default());
    again.start();
    assert_eq!(found(&mut again, "nightingale"), ["It was the nightingale"]);
    let (_, page) = search_in(&mut again, "from:me nightingale", None);
    assert_eq!(page.hits.len(), 1);
    assert_eq!(page.hits[0].marks.iter().map(|mark| (mark.start, mark.end)).collect::<Vec<_>>(), [(11, 22)]);
    assert!(found(&mut again, "from:romeo nightingale").is_empty());
}

#[test]
fn an_index_is_complete_once_what_was_there_before_is_in_it() {
    let mut harness = Harness::online();
    harness.receive(&message("romeo@mont.example", "a", "a rose"));
    assert!(!search_in(&mut harness, "rose", None).1.complete);
    work(&mut harness);
    assert!(search_in(&mut harness, "rose", None).1.complete);
}

#[test]
fn many_hits_come_page_by_page_and_a_chat_has_its_own() {
    let mut harness = Harness::online();
    for number in 0..150 {
        harness.advance(1_000);
        let from = if number % 3 == 0 { "nurse@cap.example" } else { "romeo@mont.example" };
        harness.receive(&message(from, &format!("m{number}"), &format!("word {number}")));
    }
    let (id, first) = search_in(&mut harness, "word", None);
    assert!(first.more);
    let mut texts: Vec<String> = first.hits.into_iter().map(|hit| hit.excerpt).collect();
    loop {
        harness.forget();
        harness.command(Command::SearchOn);
        let next = page(&mut harness, id).unwrap();
        texts.extend(next.hits.into_iter().map(|hit| hit.excerpt));
        if !next.more {
            break;
        }
    }
    let expected: Vec<String> = (0..150).rev().map(|number| format!("word {number}")).collect();
    assert_eq!(texts, expected);
    let (_, in_chat) = search_in(&mut harness, "word", Some(romeo()));
    assert_eq!((in_chat.hits.len(), in_chat.more), (100, false));
    assert!(in_chat.hits.iter().all(|hit| hit.chat == romeo()));
}

#[test]
fn a_deleted_chat_is_not_found_even_if_it_comes_back() {
    let mut harness = Harness::online();
    for number in 0..40 {
        harness.receive(&message("romeo@mont.example", &format!("m{number}"), &format!("secret {number}")));
    }
    work(&mut harness);
    harness.receive(&message("romeo@mont.example", "n", "secret and not indexed yet"));
    harness.command(Command::RemoveChat(romeo()));
    assert!(found(&mut harness, "secret").is_empty());
    harness.receive(&message("romeo@mont.example", "o", "a new secret"));
    assert_eq!(found(&mut harness, "secret"), ["a new secret"]);
    work(&mut harness);
    assert_eq!(found(&mut harness, "secret"), ["a new secret"]);
    harness.command(Command::RemoveChat(romeo()));
    work(&mut harness);
    assert_eq!(harness.rows(Table::Unindexed), 0);
    assert_eq!(harness.rows(Table::Search), 0, "no word of it is left");
}

#[test]
fn a_message_that_is_deleted_is_not_found() {
    let mut harness = Harness::online();
    harness.command(Command::SendText { chat: romeo(), text: "a slip".into() });
    let id = harness.sent_last("message").attr("id").unwrap().to_owned();
    harness.receive(&format!(
        "<message xmlns='jabber:client' from='romeo@mont.example' type='error' id='{id}'><error type='cancel'>\
         <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    ));
    assert_eq!(found(&mut harness, "slip").len(), 1);
    harness.command(Command::Discard(plausch_model::OriginId::new(id)));
    assert!(found(&mut harness, "slip").is_empty());
}

#[test]
fn a_hit_leads_to_its_message() {
    let mut harness = Harness::online();
    for number in 0..200 {
        harness.advance(1_000);
        harness.receive(&message("romeo@mont.example", &format!("m{number}"), &format!("number{number}")));
    }
    let hit = search_in(&mut harness, "number20", None).1.hits.pop().unwrap();
    assert_eq!(hit.excerpt, "number20");
    harness.forget();
    harness.command(Command::OpenChat { chat: hit.chat, anchor: plausch_model::Anchor::At(hit.key) });
    let keys = harness.updates().into_iter().find_map(|update| match update {
        Update::Window { items, .. } => Some(items.into_iter().map(|item| item.key).collect::<Vec<TimelineKey>>()),
        _ => None,
    });
    assert!(keys.unwrap().contains(&hit.key));
}

#[test]
fn the_last_search_counts() {
    let mut harness = Harness::online();
    harness.receive(&message("romeo@mont.example", "a", "one two"));
    let (first, _) = search_in(&mut harness, "one", None);
    let (second, _) = search_in(&mut harness, "two", None);
    harness.forget();
    harness.command(Command::SearchOn);
    let updates = harness.updates();
    assert!(!updates.iter().any(|update| matches!(update, Update::Found { command, .. } if *command == first)));
    assert!(updates.iter().any(|update| matches!(update, Update::Found { command, .. } if *command == second)));
    harness.command(Command::EndSearch);
    harness.forget();
    harness.command(Command::SearchOn);
    assert!(harness.updates().iter().any(|update| matches!(update, Update::Done { result: Err(_), .. })));
}

#[test]
fn a_store_that_fails_answers_a_search_and_loses_nothing() {
    let mut harness = Harness::online();
    harness.receive(&message("romeo@mont.example", "a", "kept"));
    harness.broken_store = true;
    harness.receive(&message("romeo@mont.example", "b", "not stored"));
    harness.broken_store = false;
    harness.advance(60_000);
    harness.answer_setup("");
    assert_eq!(found(&mut harness, "kept"), ["kept"]);
}
