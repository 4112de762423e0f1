//! How far chats are read: between the devices of one account (XEP-0490), and to who wrote (XEP-0333).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use plausch_model::{AccountSettings, BareJid, Command, TimelineKey, Update};
use plausch_xmpp::xml::Element;
use support::{Archived, Harness, ME, Server};

const ROSTER: &str = "<item jid='romeo@mont.example' name='Romeo' subscription='both'/>\
                      <item jid='nurse@cap.example' subscription='to'/>";
const ROMEO: &str = "romeo@mont.example";

fn online() -> Harness {
    Harness::online_with(Server { private_nodes: true, ..Server::default() }, ROSTER)
}

/// A message that somebody writes and our archive has under `archive-ID`.
fn message(from: &str, id: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='{from}/orchard' to='juliet@cap.example' type='chat' id='{id}'>\
         <body>{id}</body><markable xmlns='urn:xmpp:chat-markers:0'/>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='{ME}' id='archive-{id}'/></message>"
    )
}

fn item(chat: &str, by: &str, id: &str) -> String {
    format!(
        "<item xmlns='http://jabber.org/protocol/pubsub' id='{chat}'><displayed xmlns='urn:xmpp:mds:displayed:0'>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='{id}'/></displayed></item>"
    )
}

/// Another device of ours has read, says `from`.
fn event(from: &str, item: &str) -> String {
    let item = item.replace("pubsub'", "pubsub#event'");
    format!(
        "<message xmlns='jabber:client' from='{from}' to='juliet@cap.example/web1' type='headline'>\
         <event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:mds:displayed:0'>{item}</items>\
         </event></message>"
    )
}

fn key(harness: &mut Harness, chat: &str, text: &str) -> TimelineKey {
    let text = plausch_model::MessageBody::Text(text.to_owned());
    harness.window(chat).into_iter().find(|item| item.body == text).unwrap().key
}

fn read(harness: &mut Harness, chat: &str, text: &str) {
    let up_to = key(harness, chat, text);
    harness.command(Command::MarkRead { chat: BareJid::new(chat), up_to });
}

fn unread(harness: &mut Harness, chat: &str) -> u32 {
    harness.input(plausch_engine::io::Input::ViewOpened(support::VIEW));
    let chats = harness.updates().into_iter().rev().find_map(|update| match update {
        Update::Chats(chats) => Some(chats),
        _ => None,
    });
    chats.unwrap().into_iter().find(|summary| summary.jid.as_str() == chat).unwrap().unread
}

/// What was published: chat and message.
fn published(stanzas: &[Element]) -> Vec<(String, String)> {
    let publish = |iq: &Element| {
        let xml = iq.to_xml();
        let publish = xml.split("<publish ").nth(1)?.split("</publish>").next()?.to_owned();
        let part = |before: &str| Some(publish.split(before).nth(1)?.split(['\'', '"']).next()?.to_owned());
        assert!(xml.contains("whitelist"), "nobody else may see it");
        Some((part("<item id='")?, part(" id='archive-").map(|id| format!("archive-{id}"))?))
    };
    stanzas.iter().filter_map(publish).collect()
}

fn markers(stanzas: &[Element]) -> Vec<(String, String)> {
    let marker = |stanza: &Element| {
        let displayed = stanza.child("displayed", "urn:xmpp:chat-markers:0")?;
        Some((stanza.attr("to")?.to_owned(), displayed.attr("id")?.to_owned()))
    };
    stanzas.iter().filter_map(marker).collect()
}

fn pair(a: &str, b: &str) -> Vec<(String, String)> {
    vec![(a.to_owned(), b.to_owned())]
}

#[test]
fn what_was_read_is_told_once_to_our_devices_and_to_who_wrote() {
    let mut harness = online();
    harness.receive_all(&[&message(ROMEO, "m1"), &message(ROMEO, "m2")]);
    read(&mut harness, ROMEO, "m1");
    read(&mut harness, ROMEO, "m2");
    assert_eq!(published(&harness.stanzas()), [], "more may follow at once");
    harness.advance(1_000);
    let stanzas = harness.stanzas();
    assert_eq!(published(&stanzas), pair(ROMEO, "archive-m2"));
    assert_eq!(markers(&stanzas), pair(ROMEO, "m2"));
    let iq = stanzas.iter().find(|stanza| stanza.name() == "iq").unwrap();
    harness.answer(iq, "");
    harness.advance(60_000);
    assert_eq!(published(&harness.stanzas()), []);
}

#[test]
fn who_wrote_hears_nothing_if_the_person_wants_that_or_they_may_not_see_us() {
    let mut harness = online();
    harness.receive_all(&[&message("nurse@cap.example", "m1"), &message("stranger@x.example", "m1")]);
    for chat in ["nurse@cap.example", "stranger@x.example"] {
        read(&mut harness, chat, "m1");
    }
    harness.advance(1_000);
    let stanzas = harness.stanzas();
    assert_eq!(published(&stanzas).len(), 2);
    assert_eq!(markers(&stanzas), []);
    harness.command(Command::SetSettings(AccountSettings { send_receipts: false, ..AccountSettings::default() }));
    harness.receive(&message(ROMEO, "m2"));
    read(&mut harness, ROMEO, "m2");
    harness.advance(1_000);
    let stanzas = harness.stanzas();
    assert_eq!(published(&stanzas), pair(ROMEO, "archive-m2"));
    assert_eq!(markers(&stanzas), []);
}

#[test]
fn nothing_is_published_where_nodes_may_not_be_private() {
    let mut harness = Harness::online_with(Server::default(), ROSTER);
    harness.receive(&message(ROMEO, "m1"));
    read(&mut harness, ROMEO, "m1");
    harness.advance(1_000);
    let stanzas = harness.stanzas();
    assert_eq!(published(&stanzas), []);
    assert_eq!(markers(&stanzas), pair(ROMEO, "m1"));
}

#[test]
fn what_was_read_offline_is_told_later_even_by_another_run() {
    let mut harness = online();
    harness.receive(&message(ROMEO, "m1"));
    harness.cut();
    read(&mut harness, ROMEO, "m1");
    harness.advance(500);
    let mut harness = Harness::over(harness.store, Some("r0m30"), Server { private_nodes: true, ..Server::default() });
    harness.start();
    harness.authenticate();
    harness.receive("<failed xmlns='urn:xmpp:sm:3'/>");
    harness.begin_session(ROSTER);
    harness.advance(1_000);
    assert_eq!(published(&harness.stanzas()), pair(ROMEO, "archive-m1"));
}

#[test]
fn an_older_state_never_replaces_what_another_device_has_read_meanwhile() {
    let mut harness = online();
    harness.receive_all(&[&message(ROMEO, "m1"), &message(ROMEO, "m2")]);
    harness.cut();
    read(&mut harness, ROMEO, "m1");
    harness.displayed.push(item(ROMEO, ME, "archive-m2"));
    harness.advance(5_000);
    harness.fail_to_resume(ROSTER);
    harness.advance(1_000);
    assert_eq!(published(&harness.stanzas()), []);
    assert_eq!(unread(&mut harness, ROMEO), 0);
}

#[test]
fn what_another_device_reads_is_read_here() {
    let mut harness = online();
    harness.receive_all(&[&message(ROMEO, "m1"), &message(ROMEO, "m2"), &message(ROMEO, "m3")]);
    assert_eq!(unread(&mut harness, ROMEO), 3);
    harness.receive(&event(ME, &item(ROMEO, ME, "archive-m2")));
    assert_eq!(unread(&mut harness, ROMEO), 1);
    harness.receive(&event(ME, &item(ROMEO, ME, "archive-m1")));
    assert_eq!(unread(&mut harness, ROMEO), 1, "it only moves forward");
    harness.advance(1_000);
    assert_eq!(published(&harness.stanzas()), [], "the others know");
}

#[test]
fn only_our_account_says_what_we_have_read() {
    let mut harness = online();
    harness.receive_all(&[&message(ROMEO, "m1"), &message(ROMEO, "m2")]);
    harness.receive(&event(ROMEO, &item(ROMEO, ME, "archive-m2")));
    harness.receive(&event("juliet@cap.example/other", &item(ROMEO, ME, "archive-m2")));
    harness.receive(&event(ME, &item(ROMEO, ROMEO, "archive-m2")));
    harness.receive(&event(ME, &item("nurse@cap.example", ME, "archive-m2")));
    assert_eq!(unread(&mut harness, ROMEO), 2);
    harness.receive(&event(ME, &item(ROMEO, ME, "archive-m2")));
    assert_eq!(unread(&mut harness, ROMEO), 0, "and it may");
}

#[test]
fn a_message_that_comes_later_was_read_elsewhere_already() {
    let mut harness = online();
    harness.receive(&event(ME, &item(ROMEO, ME, "archive-m2")));
    harness.receive_all(&[&message(ROMEO, "m1"), &message(ROMEO, "m2")]);
    assert_eq!(unread(&mut harness, ROMEO), 0);
    harness.receive(&message(ROMEO, "m3"));
    assert_eq!(unread(&mut harness, ROMEO), 1);
}

#[test]
fn a_new_device_learns_what_was_read() {
    let mut harness = Harness::new(Server { private_nodes: true, ..Server::default() });
    for id in ["m1", "m2", "m3"] {
        let stamp = "2025-12-31T10:00:00Z".to_owned();
        harness.archive.push(Archived { id: format!("archive-{id}"), stamp, stanza: message(ROMEO, id) });
    }
    harness.displayed.push(item(ROMEO, ME, "archive-m2"));
    harness.start();
    harness.sign_in(ROSTER);
    assert_eq!(unread(&mut harness, ROMEO), 1);
}

#[test]
fn a_marker_of_another_device_counts_where_nothing_else_tells() {
    let mut harness = Harness::online_with(Server::default(), ROSTER);
    harness.receive_all(&[&message(ROMEO, "m1"), &message(ROMEO, "m2")]);
    let carbon = |from: &str| {
        format!(
            "<message xmlns='jabber:client' from='{from}' to='juliet@cap.example/web1'><sent xmlns='urn:xmpp:carbons:2'>\
             <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='juliet@cap.example/phone' \
             to='{ROMEO}' type='chat' id='x'><displayed xmlns='urn:xmpp:chat-markers:0' id='m1'/></message></forwarded>\
             </sent></message>"
        )
    };
    harness.receive(&carbon(ROMEO));
    assert_eq!(unread(&mut harness, ROMEO), 2, "nobody else can say so");
    harness.receive(&carbon(ME));
    assert_eq!(unread(&mut harness, ROMEO), 1);
}

#[test]
fn a_server_that_refuses_is_not_asked_again_and_again() {
    let mut harness = online();
    harness.receive(&message(ROMEO, "m1"));
    read(&mut harness, ROMEO, "m1");
    harness.advance(1_000);
    let iq = harness.sent_last("iq");
    harness.refuse(&iq, "conflict");
    harness.receive(&message(ROMEO, "m2"));
    read(&mut harness, ROMEO, "m2");
    harness.advance(1_000);
    assert_eq!(published(&harness.stanzas()), []);
}
