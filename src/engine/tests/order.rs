//! What comes in: once each, whatever the order and whichever way it comes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use plausch_engine::store::Table;
use plausch_model::{BareJid, ChatState, Command, DeliveryState, FailureReason, OriginId, TimelineItem, Update};
use proptest::prelude::*;
use support::{Archived, Harness, ME, START, Server};

const ROMEO: &str = "romeo@mont.example";

fn romeo() -> BareJid {
    BareJid::new(ROMEO)
}

/// A message of Romeo's with any content.
fn message(id: &str, content: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='{ROMEO}/o' to='juliet@cap.example' type='chat' id='{id}'>{content}</message>"
    )
}

/// What another device of ours sent.
fn carbon(id: &str, body: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='{ME}' to='{ME}/web1'><sent xmlns='urn:xmpp:carbons:2'>\
         <forwarded xmlns='urn:xmpp:forward:0'>{}</forwarded></sent></message>",
        own(id, body)
    )
}

fn own(id: &str, body: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='{ME}/phone' to='{ROMEO}' type='chat' id='{id}'><body>{body}</body></message>"
    )
}

fn bounce(id: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='{ROMEO}' type='error' id='{id}'><body>x</body>\
         <composing xmlns='http://jabber.org/protocol/chatstates'/>\
         <error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    )
}

fn received(id: &str) -> String {
    format!("<received xmlns='urn:xmpp:receipts' id='{id}'/>")
}

fn displayed(id: &str) -> String {
    format!("<displayed xmlns='urn:xmpp:chat-markers:0' id='{id}'/>")
}

fn items(harness: &mut Harness) -> Vec<TimelineItem> {
    harness.window(ROMEO)
}

fn states(harness: &mut Harness) -> Vec<DeliveryState> {
    items(harness).into_iter().filter_map(|item| item.state).collect()
}

fn failed() -> DeliveryState {
    DeliveryState::Failed(FailureReason::Refused)
}

/// What a chat looks like, whatever ids and places its messages have.
fn look(harness: &mut Harness) -> Vec<String> {
    let look = |item: TimelineItem| {
        let TimelineItem { author, body, state, edited, reactions, .. } = item;
        format!("{author:?} {body:?} {state:?} {edited:?} {reactions:?}")
    };
    let mut look: Vec<_> = items(harness).into_iter().map(look).collect();
    look.sort();
    look
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_does_not_matter(
        order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle(),
        together in any::<bool>(),
        twice in 0..8_usize,
    ) {
        let frames = [
            carbon("o1", "mine"),
            message("r1", &received("o1")),
            message("d1", &displayed("o1")),
            carbon("o2", "refused"),
            bounce("o2"),
            message("m1", "<body>hers</body>"),
            carbon("o3", "arrived"),
            message("r3", &format!("<body>with words</body>{}", received("o3"))),
        ];
        let expected = {
            let mut harness = Harness::online();
            frames.iter().for_each(|frame| harness.receive(frame));
            look(&mut harness)
        };
        prop_assert_eq!(expected.len(), 5);
        let mut harness = Harness::online();
        let mut shuffled: Vec<&str> = order.iter().map(|place| frames[*place].as_str()).collect();
        shuffled.push(&frames[twice]);
        if together {
            harness.receive_all(&shuffled);
        } else {
            shuffled.iter().for_each(|frame| harness.receive(frame));
        }
        prop_assert_eq!(look(&mut harness), expected);
    }
}

/// A copy of what was said at this second of the first day of 2026, by us or to us.
fn copy(author: &str, second: u32, id: &str, content: &str) -> String {
    let (kind, to) = if author == ME { ("sent", ROMEO) } else { ("received", ME) };
    format!(
        "<message xmlns='jabber:client' from='{ME}' to='{ME}/web1'><{kind} xmlns='urn:xmpp:carbons:2'>\
         <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2025-12-31T00:00:{second:02}Z'/>\
         <message xmlns='jabber:client' from='{author}/x' to='{to}' type='chat' id='{id}'>{content}</message>\
         </forwarded></{kind}></message>"
    )
}

fn correction(target: &str, text: &str) -> String {
    format!("<body>{text}</body><replace xmlns='urn:xmpp:message-correct:0' id='{target}'/>")
}

fn retraction(target: &str) -> String {
    format!("<body>gone</body><retract xmlns='urn:xmpp:message-retract:1' id='{target}'/>")
}

fn reactions(target: &str, emojis: &[&str]) -> String {
    let emojis: String = emojis.iter().map(|emoji| format!("<reaction>{emoji}</reaction>")).collect();
    format!("<reactions xmlns='urn:xmpp:reactions:0' id='{target}'>{emojis}</reactions>")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn messages_and_what_becomes_of_them_may_come_in_any_order(
        order in Just((0..18).collect::<Vec<usize>>()).prop_shuffle(),
        together in any::<bool>(),
        twice in 0..18_usize,
        restart in 0..18_usize,
    ) {
        let frames = [
            copy(ROMEO, 1, "m1", "<body>first</body>"),
            copy(ROMEO, 2, "c1", &correction("m1", "second")),
            copy(ROMEO, 3, "c2", &correction("m1", "third")),
            copy(ROMEO, 4, "c3", &correction("c1", "a correction of a correction")),
            copy(ME, 5, "r1", &reactions("m1", &["👍"])),
            copy(ME, 6, "r2", &reactions("m1", &["❤", "👍"])),
            copy(ROMEO, 7, "r3", &reactions("m1", &["👍"])),
            copy(ROMEO, 8, "m2", "<body>too much</body>"),
            copy(ROMEO, 9, "c4", &correction("m2", "much too much")),
            copy(ROMEO, 10, "t1", &retraction("m2")),
            copy(ME, 11, "r4", &reactions("m2", &["🙈"])),
            copy(ME, 12, "o1", "<body>mine</body>"),
            copy(ME, 13, "c5", &correction("o1", "mine, but better")),
            copy(ROMEO, 14, "t2", &retraction("o1")),
            copy(ROMEO, 15, "c6", &correction("o1", "yours, but worse")),
            copy(ROMEO, 16, "x1", &correction("x2", "round")),
            copy(ROMEO, 17, "x2", &correction("x1", "and round")),
            copy(ROMEO, 18, "x3", &correction("x3", "me again")),
        ];
        let expected = {
            let mut harness = Harness::online();
            frames.iter().for_each(|frame| harness.receive(frame));
            look(&mut harness)
        };
        // m1, m2, o1, what Romeo wrote over mine, the two that correct each other, and the one that corrects itself.
        prop_assert_eq!(expected.len(), 6, "{:?}", expected);
        let mut harness = Harness::online();
        let mut shuffled: Vec<&str> = order.iter().map(|place| frames[*place].as_str()).collect();
        shuffled.push(&frames[twice]);
        if together {
            harness.receive_all(&shuffled);
        } else {
            for (number, frame) in shuffled.iter().enumerate() {
                if number == restart {
                    harness = harness.restarted();
                    harness.fail_to_resume("");
                }
                harness.receive(frame);
            }
        }
        prop_assert_eq!(look(&mut harness), expected);
        prop_assert_eq!(harness.rows(Table::Waiting), 0);
        let unread = harness.unread(ROMEO);
        prop_assert!(unread <= 5, "{unread} unread");
    }
}

#[test]
fn another_device_may_use_an_id_again() {
    let mut harness = Harness::online();
    harness.receive(&carbon("1", "one"));
    harness.receive(&carbon("1", "two"));
    harness.receive(&carbon("1", "two"));
    assert_eq!(harness.texts(ROMEO), ["one", "two"]);
    let ids: Vec<_> = items(&mut harness).into_iter().map(|item| item.id).collect();
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_text_that_the_wire_changes_is_known_again() {
    let mut harness = Harness::online();
    harness.command(Command::SendText { chat: romeo(), text: "two\r\nlines\u{1}".into() });
    let sent = harness.sent_last("message");
    harness.acknowledge_all();
    let copy = own(sent.attr("id").unwrap(), &sent.child_text("body", "jabber:client").unwrap());
    harness.archive.push(Archived { id: "a1".into(), stamp: "2026-01-01T00:00:01Z".into(), stanza: copy });
    harness.cut();
    harness.advance(120_000);
    harness.fail_to_resume("");
    assert_eq!(items(&mut harness).len(), 1);
}

/// A message bounced and is sent again: the ids of both tries.
fn sent_again(harness: &mut Harness) -> (String, String) {
    harness.command(Command::SendText { chat: romeo(), text: "again".into() });
    let first = harness.sent_last("message").attr("id").unwrap().to_owned();
    harness.acknowledge_all();
    harness.receive(&bounce(&first));
    assert_eq!(states(harness), [failed()]);
    let id = items(harness)[0].id.clone();
    harness.command(Command::Retry(OriginId::new(id.as_str())));
    let second = harness.sent_last("message").attr("id").unwrap().to_owned();
    assert_ne!(first, second);
    (first, second)
}

#[test]
fn a_copy_of_a_bounced_try_proves_nothing_of_the_next() {
    let mut harness = Harness::online();
    let (first, second) = sent_again(&mut harness);
    // The second one is lost; the archive has the first one only.
    harness.archive.push(Archived {
        id: "a1".into(),
        stamp: "2026-01-01T00:00:01Z".into(),
        stanza: own(&first, "again"),
    });
    harness.cut();
    harness.advance(120_000);
    harness.fail_to_resume("");
    let resent = harness.wire.iter().filter(|wire| format!("{wire:?}").contains(&second)).count();
    assert_eq!(resent, 2, "it is sent again");
    assert_eq!(items(&mut harness).len(), 1, "and shown once");
    harness.receive(&bounce(&first));
    assert!(!states(&mut harness).contains(&failed()), "a late word of the first try is none of the second");
}

/// The copy lies further back than the newest page, from where messages are put where they belong.
#[test]
fn an_old_copy_of_a_bounced_try_does_not_move_the_next() {
    let mut harness = Harness::online();
    let (first, _) = sent_again(&mut harness);
    let stamp = "2026-01-01T00:00:01Z";
    harness.archive.push(Archived { id: "a".into(), stamp: stamp.into(), stanza: own(&first, "again") });
    for number in 0..150 {
        let stanza = message(&format!("m{number}"), &format!("<body>{number}</body>"));
        harness.archive.push(Archived { id: format!("b{number}"), stamp: stamp.into(), stanza });
    }
    harness.cut();
    harness.advance(120_000);
    harness.fail_to_resume("");
    assert_eq!(harness.rows(Table::Messages), 151, "it is there once");
    assert_eq!(harness.texts(ROMEO).last().map(String::as_str), Some("again"), "where it was sent again");
}

#[test]
fn a_receipt_may_have_words_of_its_own() {
    let mut harness = Harness::online();
    harness.command(Command::SendText { chat: romeo(), text: "hello".into() });
    let id = harness.sent_last("message").attr("id").unwrap().to_owned();
    harness.acknowledge_all();
    harness.receive(&message("r1", &format!("<body>hi</body>{}", displayed(&id))));
    assert_eq!(harness.texts(ROMEO), ["hello", "hi"]);
    assert_eq!(states(&mut harness), [DeliveryState::Read]);
}

#[test]
fn what_bounces_is_not_typing() {
    let mut harness = Harness::online();
    harness.command(Command::StartChat { address: ROMEO.into() });
    harness.forget();
    harness.receive(&bounce("o1"));
    assert!(!harness.updates().iter().any(|update| matches!(update, Update::Typing { .. })));
    harness.receive(&message("c1", "<composing xmlns='http://jabber.org/protocol/chatstates'/>"));
    assert!(harness.updates().contains(&Update::Typing { chat: romeo(), state: ChatState::Composing }));
    harness.advance(31_000);
    assert!(harness.updates().contains(&Update::Typing { chat: romeo(), state: ChatState::Idle }));
}

#[test]
fn a_stamp_of_our_server_counts_for_what_it_kept_for_us() {
    let stamped = |id: &str, stamps: &[&str]| {
        let stamps: String = stamps
            .iter()
            .map(|stamp| format!("<delay xmlns='urn:xmpp:delay' from='cap.example' stamp='{stamp}'/>"))
            .collect();
        message(id, &format!("<body>{id}</body>{stamps}"))
    };
    let at = |harness: &mut Harness, id: &str| {
        let text = plausch_model::MessageBody::Text(id.into());
        items(harness).into_iter().find(|item| item.body == text).unwrap().at.0
    };
    let kept = START - 3_600_000;
    let mut harness = Harness::new(Server::default());
    harness.start();
    harness.authenticate();
    harness.bind();
    harness.receive(&stamped("kept", &["2025-12-31T23:00:00Z"]));
    harness.receive(&stamped("forged", &["2020-01-01T00:00:00Z", "2025-12-31T23:00:00Z"]));
    assert_eq!((at(&mut harness, "kept"), at(&mut harness, "forged")), (kept, kept));
    harness.answer_setup("");
    harness.advance(20_000);
    harness.receive(&stamped("alone", &["2020-01-01T00:00:00Z"]));
    assert_eq!(at(&mut harness, "alone"), START, "nothing is kept for somebody who is there");
}

#[test]
fn what_comes_after_a_restart_stands_behind_what_was_there_though_the_clock_was_set_back() {
    let mut harness = Harness::online();
    harness.advance(10_000);
    harness.receive(&message("m1", "<body>one</body>"));
    let mut again = Harness::over(harness.store, Some("r0m30"), Server::default());
    again.start();
    again.fail_to_resume("");
    again.receive(&message("m2", "<body>two</body>"));
    again.command(Command::SendText { chat: romeo(), text: "three".into() });
    assert_eq!(again.texts(ROMEO), ["one", "two", "three"]);
}

/// As Prosody does it: stamps are of whole seconds, and a copy has its stamp around it. What came live took its time, so it
/// stands later than the server took it.
#[test]
fn what_comes_again_with_a_resumed_session_stays_in_order() {
    let again = |stanza: String, second: u8| {
        let stamp = format!("2026-01-01T00:00:{second:02}Z");
        let content = stanza.strip_suffix("</message>").unwrap();
        format!("{content}<delay xmlns='urn:xmpp:delay' from='{ME}' stamp='{stamp}'/></message>")
    };
    let mut harness = Harness::online();
    harness.advance(2_500);
    harness.receive(&message("r1", "<body>one</body>"));
    harness.cut();
    harness.advance(10_000);
    harness.resume(harness.stanzas_of_session);
    harness.receive(&again(message("r2", "<body>two</body>"), 1));
    harness.receive(&again(carbon("c1", "three"), 4));
    harness.receive(&again(message("r3", "<body>four</body>"), 5));
    assert_eq!(harness.texts(ROMEO), ["one", "two", "three", "four"]);
}

#[test]
fn a_text_too_long_for_the_server_fails_and_holds_up_nothing() {
    let mut harness = Harness::online();
    harness.command(Command::SendText { chat: romeo(), text: "&".repeat(60_000) });
    harness.command(Command::SendText { chat: romeo(), text: "short".into() });
    let sent = harness.stanzas();
    let texts: Vec<_> = sent.iter().filter_map(|stanza| stanza.child_text("body", "jabber:client")).collect();
    assert_eq!(texts, ["short"]);
    assert!(matches!(states(&mut harness)[..], [DeliveryState::Failed(_), DeliveryState::Waiting]));
    harness.command(Command::SendText { chat: romeo(), text: "x".repeat(60_000) });
    assert_eq!(harness.stanzas().iter().filter(|stanza| stanza.name() == "message").count(), 1, "this one fits");
}

#[test]
fn a_message_that_ends_streams_fails_and_holds_up_nothing() {
    let mut harness = Harness::online();
    for text in ["innocent", "poison", "patient"] {
        harness.command(Command::SendText { chat: romeo(), text: text.into() });
    }
    let mut sent_poison = 0;
    for _ in 0..6 {
        let texts: Vec<_> =
            harness.stanzas().iter().filter_map(|stanza| stanza.child_text("body", "jabber:client")).collect();
        if texts.iter().any(|text| text == "poison") {
            sent_poison += 1;
            harness.receive(
                "<stream:error xmlns:stream='http://etherx.jabber.org/streams'>\
                 <policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
            );
            harness.socket = None;
            harness.advance(120_000);
            harness.connect_anew();
            harness.answer_setup_keeping("");
        } else if !texts.is_empty() {
            harness.acknowledge_all();
        }
    }
    assert_eq!(sent_poison, 2);
    assert_eq!(harness.texts(ROMEO), ["innocent", "poison", "patient"]);
    let states = states(&mut harness);
    assert!(matches!(states[..], [DeliveryState::Sent, DeliveryState::Failed(_), DeliveryState::Sent]), "{states:?}");
}

#[test]
fn strangers_do_not_learn_that_we_stopped_typing() {
    let mut harness = Harness::online();
    let active = |harness: &mut Harness, to: &str| {
        harness.command(Command::SendText { chat: BareJid::new(to), text: "hi".into() });
        harness.sent_last("message").child("active", "http://jabber.org/protocol/chatstates").is_some()
    };
    assert!(active(&mut harness, ROMEO));
    assert!(!active(&mut harness, "eve@evil.example"));
    let quiet = plausch_model::AccountSettings { send_typing: false, send_receipts: true };
    harness.command(Command::SetSettings(quiet));
    assert!(!active(&mut harness, ROMEO));
}

#[test]
fn a_removed_chat_is_gone_with_all_its_messages() {
    let mut harness = Harness::online();
    for number in 0..1_200 {
        harness.receive(&message(&format!("m{number}"), &format!("<body>{number}</body>")));
    }
    harness.receive(&message("m0", "<body>0</body>").replace("romeo@mont", "nurse@mont"));
    assert_eq!(harness.rows(Table::Messages), 1_201);
    let id = harness.command(Command::RemoveChat(romeo()));
    let updates = harness.updates();
    assert!(updates.contains(&Update::ChatRemoved(romeo())));
    assert!(updates.contains(&Update::Done { command: id, result: Ok(()) }));
    assert_eq!((harness.rows(Table::Messages), harness.rows(Table::Chats)), (1, 1));
    assert_eq!(harness.rows(Table::MessageIds), 2, "those of the other chat");
}

#[test]
fn a_flood_of_requests_does_not_hide_the_next_one() {
    let mut harness = Harness::online();
    for number in 0..300 {
        harness.advance(1_000);
        harness
            .receive(&format!("<presence xmlns='jabber:client' type='subscribe' from='flood{number}@evil.example'/>"));
    }
    harness.advance(1_000);
    harness.receive("<presence xmlns='jabber:client' type='subscribe' from='tybalt@cap.example'/>");
    assert_eq!(harness.rows(Table::Requests), 200);
    let requests = harness.updates().into_iter().rev().find_map(|update| match update {
        Update::Requests(requests) => Some(requests),
        _ => None,
    });
    assert!(requests.unwrap().iter().any(|request| request.jid.as_str() == "tybalt@cap.example"));
}

/// The server's clock is five minutes ahead of ours.
#[test]
fn messages_are_ordered_by_the_servers_clock() {
    let mut harness = Harness::new(Server::default());
    harness.start();
    harness.authenticate();
    harness.bind();
    let asked = harness.sent();
    let time = asked.iter().find(|iq| iq.child("time", "urn:xmpp:time").is_some()).unwrap();
    harness.answer(time, "<time xmlns='urn:xmpp:time'><tzo>Z</tzo><utc>2026-01-01T00:05:00Z</utc></time>");
    asked.iter().filter(|iq| iq.child("query", "jabber:iq:roster").is_some()).for_each(|iq| harness.answer(iq, ""));
    harness.receive(&message("m1", "<body>live</body>"));
    harness.command(Command::SendText { chat: romeo(), text: "mine".into() });
    let archived = format!(
        "<message xmlns='jabber:client' from='{ME}' to='{ME}/web1'><received xmlns='urn:xmpp:carbons:2'>\
         <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:04:59Z'/>{}\
         </forwarded></received></message>",
        message("m0", "<body>stamped by the server</body>")
    );
    harness.receive(&archived);
    assert_eq!(harness.texts(ROMEO), ["stamped by the server", "live", "mine"]);
    assert_eq!(items(&mut harness)[1].at.0, START + 300_000);
}

/// Servers say whole seconds: that makes no difference.
#[test]
fn small_differences_of_clocks_are_none() {
    let mut harness = Harness::new(Server::default());
    harness.start();
    harness.authenticate();
    harness.bind();
    let asked = harness.sent();
    let time = asked.iter().find(|iq| iq.child("time", "urn:xmpp:time").is_some()).unwrap();
    harness.answer(time, "<time xmlns='urn:xmpp:time'><tzo>Z</tzo><utc>2026-01-01T00:00:01Z</utc></time>");
    harness.receive(&message("m1", "<body>live</body>"));
    assert_eq!(items(&mut harness)[0].at.0, START);
}

/// A contact may have written our server's name into a stamp (attack case A-20); our archive's own are kept, though our clock
/// may be slow.
#[test]
fn only_the_archive_may_be_ahead_of_our_clock() {
    let ahead = "2026-01-01T00:02:00Z";
    let mut harness = Harness::online();
    let forged = format!("<body>forged</body><delay xmlns='urn:xmpp:delay' from='cap.example' stamp='{ahead}'/>");
    harness.receive(&message("m1", &forged));
    let now = items(&mut harness)[0].at;
    assert!(now.0 < START + 120_000, "{now:?}");

    let mut harness = Harness::online();
    let stanza = message("m2", "<body>kept</body>");
    harness.archive.push(Archived { id: "a".into(), stamp: ahead.into(), stanza });
    harness.cut();
    harness.advance(1_000);
    harness.fail_to_resume("");
    assert_eq!(items(&mut harness)[0].at.0, START + 120_000);
}

/// The same from the archive; the archive's name of it and when it took it.
fn archived(id: &str, stamp: &str, stanza: String) -> Archived {
    Archived { id: id.into(), stamp: format!("2026-01-01T00:00:{stamp}Z"), stanza }
}

/// Comes live, with the archive's name of it.
fn live(harness: &mut Harness, archive_id: &str, stanza: &str) {
    let id = format!("<stanza-id xmlns='urn:xmpp:sid:0' by='{ME}' id='{archive_id}'/></message>");
    harness.receive(&stanza.replace("</message>", &id));
}

/// A new session, with everything in it answered.
fn back_online(harness: &mut Harness) {
    harness.cut();
    harness.advance(120_000);
    harness.fail_to_resume("");
}

/// The link stalls for half a minute, and breaks before it has delivered everything.
#[test]
fn what_is_read_comes_after_what_the_mark_covers_in_any_chat() {
    let mut harness = Harness::online();
    let nurse = message("n1", "<body>hers</body>").replace("romeo@mont", "nurse@cap");
    harness.now += 30_000;
    harness.receive(&carbon("o1", "from my phone"));
    live(&mut harness, "a2", &nurse);
    harness.archive = vec![
        archived("a1", "01", own("o1", "from my phone")),
        archived("a2", "02", nurse),
        archived("a3", "10", message("m3", "<body>not delivered</body>")),
    ];
    back_online(&mut harness);
    assert_eq!(harness.texts(ROMEO), ["from my phone", "not delivered"]);
}

/// What we send has no name of the archive's until that is read, so the mark stays before it.
#[test]
fn what_we_sent_stays_in_order_while_it_is_read_and_when_the_archive_is_made_anew() {
    // Our clock is a little fast, or a little slow.
    for stamp in ["01", "02"] {
        let mut harness = Harness::online();
        harness.now += 1_000;
        live(&mut harness, "a0", &message("m0", "<body>his</body>"));
        harness.archive.push(archived("a0", "01", message("m0", "<body>his</body>")));
        for number in 0..150 {
            harness.now += 5;
            harness.command(Command::SendText { chat: romeo(), text: format!("mine {number}") });
            let id = harness.sent_last("message").attr("id").unwrap().to_owned();
            harness.archive.push(archived(&format!("b{number}"), stamp, own(&id, &format!("mine {number}"))));
        }
        harness.acknowledge_all();
        let last: Vec<String> = (100..150).map(|number| format!("mine {number}")).collect();
        harness.cut();
        harness.advance(120_000);
        harness.connect_anew();
        let query = harness.next_archive_query().unwrap();
        harness.answer_archive(&query);
        assert_eq!(harness.texts(ROMEO), last, "only a part has been read");
        // By then the server was made anew, and has the last message only.
        let kept = harness.archive.pop().unwrap();
        harness.archive = vec![Archived { id: "c".into(), ..kept }];
        back_online(&mut harness);
        assert_eq!(harness.texts(ROMEO), last);
    }
}

#[test]
fn what_came_before_catching_up_stays_behind_what_the_archive_forgot() {
    let mut harness = Harness::online();
    harness.now += 1_400;
    live(&mut harness, "a1", &message("m1", "<body>one</body>"));
    harness.cut();
    harness.advance(120_000);
    harness.connect_anew();
    live(&mut harness, "a2", &message("m2", "<body>two</body>"));
    harness.archive = vec![archived("b2", "01", message("m2", "<body>two</body>"))];
    harness.answer_setup("");
    assert_eq!(harness.texts(ROMEO), ["one", "two"]);
}

#[test]
fn corrections_of_what_is_not_here_stand_where_the_first_of_them_does() {
    let frames = [
        copy(ROMEO, 1, "c1", &correction("m1", "second")),
        copy(ROMEO, 2, "m2", "<body>between</body>"),
        copy(ROMEO, 3, "c2", &correction("m1", "third")),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [2, 0, 1], [1, 2, 0]] {
        let mut harness = Harness::online();
        order.iter().for_each(|place: &usize| harness.receive(&frames[*place]));
        assert_eq!(harness.texts(ROMEO), ["third", "between"], "{order:?}");
    }
}
