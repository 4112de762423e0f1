//! Bookmarked rooms (XEP-0402): what the server has is shown here, and what is taken away here is taken away there.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use plausch_engine::{
    io::Input,
    store::{Batch, Store, Table},
};
use plausch_model::{BareJid, Bookmark, Command, CommandError, Update, ViewId};
use plausch_xmpp::xml::Element;
use support::{Harness, ME, Server};

const ROSTER: &str = "<item jid='romeo@mont.example' name='Romeo' subscription='both'/>";
const COUNCIL: &str = "council@muc.example";
const ORCHARD: &str = "orchard@muc.example";
const NODE: &str = "urn:xmpp:bookmarks:1";

/// An item of the node, with the attributes of its conference.
fn item(room: &str, attributes: &str) -> String {
    format!(
        "<item xmlns='http://jabber.org/protocol/pubsub' id='{room}'>\
         <conference xmlns='urn:xmpp:bookmarks:1' {attributes}><nick>J</nick><password>s3cret</password></conference></item>"
    )
}

/// The node changes, says `from`.
fn event(from: &str, change: &str) -> String {
    let change = change.replace("pubsub'", "pubsub#event'");
    format!(
        "<message xmlns='jabber:client' from='{from}' to='juliet@cap.example/web1' type='headline'>\
         <event xmlns='http://jabber.org/protocol/pubsub#event'>{change}</event></message>"
    )
}

fn published(from: &str, items: &str) -> String {
    event(from, &format!("<items node='{NODE}'>{items}</items>"))
}

fn retracted(from: &str, room: &str) -> String {
    event(from, &format!("<items node='{NODE}'><retract id='{room}'/></items>"))
}

fn before_signing_in(items: &[String]) -> Harness {
    let mut harness = Harness::new(Server::default());
    harness.bookmarks = items.to_vec();
    harness.start();
    harness
}

fn online(items: &[String]) -> Harness {
    let mut harness = before_signing_in(items);
    harness.sign_in(ROSTER);
    harness
}

/// What a view that comes now is told: address, name, whether to be there.
fn rooms(harness: &mut Harness) -> Vec<(String, String, bool)> {
    let before = harness.updates();
    harness.input(Input::ViewOpened(ViewId(9)));
    let rooms = harness.updates().into_iter().rev().find_map(|update| match update {
        Update::Bookmarks(rooms) => Some(rooms),
        _ => None,
    });
    harness.input(Input::ViewClosed(ViewId(9)));
    harness.forget_updates();
    assert!(before.iter().all(|update| !format!("{update:?}").contains("s3cret")), "passwords are no view's business");
    let known = |room: Bookmark| (room.jid.to_string(), room.name, room.autojoin);
    let mut rooms: Vec<_> = rooms.unwrap().into_iter().map(known).collect();
    rooms.sort();
    rooms
}

fn addresses(harness: &mut Harness) -> Vec<String> {
    rooms(harness).into_iter().map(|(jid, ..)| jid).collect()
}

/// The requests that ask for the list.
fn fetches(stanzas: &[Element]) -> Vec<Element> {
    let asks = |iq: &&Element| iq.attr("type") == Some("get") && iq.to_xml().contains(NODE);
    stanzas.iter().filter(asks).cloned().collect()
}

/// The ids of retracted items, with their requests.
fn retractions(stanzas: &[Element]) -> Vec<(String, Element)> {
    let ns = "http://jabber.org/protocol/pubsub";
    let retraction = |iq: &Element| {
        let retract = iq.child("pubsub", ns)?.child("retract", ns)?;
        assert_eq!((retract.attr("node"), retract.attr("notify")), (Some(NODE), Some("true")));
        assert_eq!((iq.attr("type"), iq.attr("to")), (Some("set"), None));
        Some((retract.children().next()?.attr("id")?.to_owned(), iq.clone()))
    };
    stanzas.iter().filter_map(retraction).collect()
}

fn remove(harness: &mut Harness, room: &str) -> Result<(), CommandError> {
    let id = harness.command(Command::RemoveBookmark(BareJid::new(room)));
    let done = harness.updates().into_iter().find_map(|update| match update {
        Update::Done { command, result } if command == id => Some(result),
        _ => None,
    });
    done.unwrap()
}

#[test]
fn a_new_session_fetches_all_rooms_and_the_disk_has_them_before() {
    let items = [item(ORCHARD, "name='The Orchard' autojoin='1'"), item(COUNCIL, "")];
    let mut harness = online(&items);
    let expected =
        [(COUNCIL.to_owned(), COUNCIL.to_owned(), false), (ORCHARD.to_owned(), "The Orchard".to_owned(), true)];
    assert_eq!(rooms(&mut harness), expected);
    harness.cut();
    let mut again = harness.restarted();
    assert_eq!(rooms(&mut again), expected, "before anything is connected");
}

#[test]
fn the_whole_list_replaces_what_was_known_and_a_missing_node_is_an_empty_one() {
    let mut harness = online(&[item(ORCHARD, ""), item(COUNCIL, "")]);
    harness.cut();
    harness.bookmarks = vec![item(COUNCIL, "name='The Council'")];
    harness.advance(5_000);
    harness.fail_to_resume(ROSTER);
    assert_eq!(rooms(&mut harness), [(COUNCIL.to_owned(), "The Council".to_owned(), false)]);
    for (condition, left) in [("service-unavailable", 1), ("forbidden", 1), ("item-not-found", 0)] {
        harness.cut();
        harness.advance(60_000);
        harness.connect_anew();
        let fetch = fetches(&harness.stanzas()).pop().unwrap();
        harness.refuse(&fetch, condition);
        assert_eq!(rooms(&mut harness).len(), left, "{condition}");
    }
}

#[test]
fn an_answer_about_something_else_changes_nothing() {
    let mut harness = online(&[item(COUNCIL, "")]);
    for answer in [
        "",
        "<query xmlns='jabber:iq:roster'/>",
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:other'/></pubsub>",
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items/></pubsub>",
    ] {
        harness.cut();
        harness.advance(60_000);
        harness.connect_anew();
        let fetch = fetches(&harness.stanzas()).pop().unwrap();
        harness.answer(&fetch, answer);
        assert_eq!(addresses(&mut harness), [COUNCIL], "{answer}");
    }
}

#[test]
fn what_another_device_publishes_and_retracts_is_seen_at_once() {
    let mut harness = online(&[]);
    harness.receive(&published(ME, &item(COUNCIL, "name='Council'")));
    assert!(harness.updates().iter().any(|update| matches!(update, Update::Bookmarks(rooms) if rooms.len() == 1)));
    harness.receive(&published(ME, &item(COUNCIL, "name='The Council' autojoin='true'")));
    assert_eq!(rooms(&mut harness), [(COUNCIL.to_owned(), "The Council".to_owned(), true)]);
    harness.receive(&published(ME, &[item(ORCHARD, ""), item("garden@muc.example", "")].concat()));
    harness.receive(&retracted(ME, COUNCIL));
    assert_eq!(addresses(&mut harness), ["garden@muc.example", ORCHARD]);
    let mut again = harness.restarted();
    assert_eq!(addresses(&mut again), ["garden@muc.example", ORCHARD], "it is on disk");
    assert!(fetches(&harness.stanzas()).is_empty(), "nothing has to be asked for");
}

#[test]
fn a_purged_or_deleted_node_has_no_rooms() {
    for change in ["purge", "delete"] {
        let mut harness = online(&[item(COUNCIL, ""), item(ORCHARD, "")]);
        harness.receive(&event(ME, &format!("<configuration node='{NODE}'/>")));
        assert_eq!(rooms(&mut harness).len(), 2);
        harness.receive(&event(ME, &format!("<{change} node='{NODE}'/>")));
        assert_eq!(rooms(&mut harness), [], "{change}");
        assert_eq!(rooms(&mut harness.restarted()), []);
    }
}

/// Attack case A-10, CVE-2023-28686.
#[test]
fn only_our_account_says_what_is_bookmarked() {
    let mut harness = online(&[item(COUNCIL, "")]);
    let trap = item("trap@muc.evil.example", "autojoin='true'");
    for from in ["romeo@mont.example", "eve@evil.example", "cap.example", "juliet@cap.example/other", COUNCIL] {
        harness.receive(&published(from, &trap));
        harness.receive(&retracted(from, COUNCIL));
        harness.receive(&event(from, &format!("<purge node='{NODE}'/>")));
        harness.receive(&event(from, &format!("<delete node='{NODE}'/>")));
        assert_eq!(addresses(&mut harness), [COUNCIL], "{from}");
    }
    harness.receive(&published(ME, &item(ORCHARD, "")));
    assert_eq!(addresses(&mut harness), [COUNCIL, ORCHARD], "and it may");
    harness.receive(&retracted(ME, COUNCIL).replace(&format!("from='{ME}'"), ""));
    assert_eq!(addresses(&mut harness), [ORCHARD], "also where the server leaves out who it is");
}

#[test]
fn a_bad_item_costs_no_other() {
    let ns = "http://jabber.org/protocol/pubsub";
    let bad = [
        format!("<item xmlns='{ns}'><conference xmlns='{NODE}'/></item>"),
        format!("<item xmlns='{ns}' id=''><conference xmlns='{NODE}'/></item>"),
        format!("<item xmlns='{ns}' id='a@b@c'><conference xmlns='{NODE}'/></item>"),
        format!("<item xmlns='{ns}' id='room@muc.example/nick'><conference xmlns='{NODE}'/></item>"),
        format!("<item xmlns='{ns}' id='{}@muc.example'><conference xmlns='{NODE}'/></item>", "a".repeat(5_000)),
        format!("<item xmlns='{ns}' id='a@muc.example'><storage xmlns='storage:bookmarks'/></item>"),
        format!("<item xmlns='{ns}' id='b@muc.example'><conference xmlns='urn:xmpp:bookmarks:0'/></item>"),
        format!("<item xmlns='{ns}' id='c@muc.example'><conference xmlns='{NODE}' autojoin='yes'/></item>"),
        format!("<item xmlns='{ns}' id='d@muc.example'>text</item>"),
    ];
    let mut items = bad.to_vec();
    items.insert(4, item(COUNCIL, ""));
    items.push(item(ORCHARD, ""));
    let mut harness = online(&items);
    assert_eq!(addresses(&mut harness), [COUNCIL, ORCHARD]);
    harness.receive(&published(ME, &[bad.concat(), item("garden@muc.example", "")].concat()));
    assert_eq!(addresses(&mut harness), [COUNCIL, "garden@muc.example", ORCHARD]);
    // What can't be read does not take the place of what could.
    harness.receive(&published(ME, &item(COUNCIL, "autojoin='perhaps'")));
    assert_eq!(rooms(&mut harness).len(), 3);
}

#[test]
fn what_comes_without_its_content_is_fetched() {
    let mut harness = online(&[]);
    harness.bookmarks = vec![item(COUNCIL, "name='Council'")];
    harness.receive(&published(ME, &format!("<item xmlns='http://jabber.org/protocol/pubsub' id='{COUNCIL}'/>")));
    harness.answer_setup(ROSTER);
    assert_eq!(rooms(&mut harness), [(COUNCIL.to_owned(), "Council".to_owned(), false)]);
}

#[test]
fn names_and_numbers_are_bounded() {
    let many: Vec<String> = (0..1_200).map(|number| item(&format!("room-{number}@muc.example"), "")).collect();
    let mut harness = online(&many);
    assert_eq!(rooms(&mut harness).len(), 1_000);
    harness.receive(&published(ME, &item(COUNCIL, "")));
    assert_eq!(rooms(&mut harness).len(), 1_000);
    harness.receive(&published(ME, &item("room-7@muc.example", "name='Seven'")));
    assert!(rooms(&mut harness).iter().any(|(_, name, _)| name == "Seven"), "what is there may change");
    harness.receive(&retracted(ME, "room-7@muc.example"));
    harness.receive(&published(ME, &item(COUNCIL, "name='  '")));
    let council = rooms(&mut harness).into_iter().find(|(jid, ..)| jid == COUNCIL);
    assert_eq!(council.unwrap().1, COUNCIL, "a name of nothing is none");
    harness.receive(&published(ME, &item(COUNCIL, &format!("name='{}'", "é".repeat(9_000)))));
    let council = rooms(&mut harness).into_iter().find(|(jid, ..)| jid == COUNCIL);
    assert_eq!(council.unwrap().1.chars().count(), 500);
}

#[test]
fn a_room_that_is_taken_away_is_retracted_for_all_devices() {
    let mut harness = online(&[item(COUNCIL, ""), item(ORCHARD, "")]);
    assert_eq!(remove(&mut harness, COUNCIL), Ok(()));
    assert_eq!(addresses(&mut harness), [ORCHARD]);
    let told = retractions(&harness.stanzas());
    assert_eq!(told.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), [COUNCIL]);
    assert_eq!(remove(&mut harness, COUNCIL), Err(CommandError::NotFound));
    // What another device did before the server heard of it is undone with it.
    harness.receive(&published(ME, &item(COUNCIL, "name='Council'")));
    assert_eq!(addresses(&mut harness), [ORCHARD]);
    harness.answer(&told[0].1, "");
    harness.receive(&retracted(ME, COUNCIL));
    harness.receive(&published(ME, &item(COUNCIL, "name='Council'")));
    assert_eq!(addresses(&mut harness), [COUNCIL, ORCHARD], "afterwards it may come back");
    harness.advance(60_000);
    assert!(retractions(&harness.stanzas()).is_empty());
}

#[test]
fn an_item_is_retracted_by_the_id_that_it_has() {
    let mut harness = online(&[item("Council@MUC.example", "")]);
    assert_eq!(addresses(&mut harness), [COUNCIL]);
    remove(&mut harness, COUNCIL).unwrap();
    assert_eq!(retractions(&harness.stanzas())[0].0, "Council@MUC.example");
    let mut other = online(&[item("Council@MUC.example", "")]);
    other.receive(&retracted(ME, "Council@MUC.example"));
    assert_eq!(rooms(&mut other), []);
}

#[test]
fn what_is_taken_away_offline_is_told_later_even_by_another_run() {
    let mut harness = online(&[item(COUNCIL, ""), item(ORCHARD, "")]);
    harness.cut();
    assert_eq!(remove(&mut harness, COUNCIL), Ok(()));
    let mut harness = harness.restarted();
    assert_eq!(addresses(&mut harness), [ORCHARD]);
    harness.authenticate();
    harness.receive("<failed xmlns='urn:xmpp:sm:3'/>");
    harness.bind();
    let stanzas = harness.stanzas();
    assert!(retractions(&stanzas).is_empty(), "not before the server's list is here");
    let items = harness.bookmarks.concat();
    let fetch = fetches(&stanzas).pop().unwrap();
    harness.answer(
        &fetch,
        &format!("<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='{NODE}'>{items}</items></pubsub>"),
    );
    assert_eq!(addresses(&mut harness), [ORCHARD], "what the server still has does not bring it back");
    let told = retractions(&harness.stanzas());
    assert_eq!(told[0].0, COUNCIL);
    // Nor does a session that is lost before there is an answer, and another run.
    harness.cut();
    let mut harness = harness.restarted();
    harness.authenticate();
    harness.receive("<failed xmlns='urn:xmpp:sm:3'/>");
    harness.begin_session(ROSTER);
    assert_eq!(harness.bookmarks.len(), 1, "the server has heard of it");
    assert_eq!(addresses(&mut harness), [ORCHARD]);
    let mut harness = harness.restarted();
    harness.authenticate();
    harness.receive("<failed xmlns='urn:xmpp:sm:3'/>");
    harness.bind();
    harness.answer_setup_keeping(ROSTER);
    assert!(retractions(&harness.stanzas()).is_empty(), "it is told once");
}

#[test]
fn a_resumed_session_tells_what_was_taken_away_without_asking_anew() {
    let mut harness = online(&[item(COUNCIL, "")]);
    harness.cut();
    remove(&mut harness, COUNCIL).unwrap();
    harness.advance(5_000);
    let stanzas = harness.stanzas_of_session;
    harness.resume(stanzas);
    let stanzas = harness.stanzas();
    assert_eq!(retractions(&stanzas).len(), 1);
    assert!(fetches(&stanzas).is_empty());
}

#[test]
fn an_answer_that_was_lost_with_the_connection_is_asked_for_again() {
    let mut harness = before_signing_in(&[item(COUNCIL, "")]);
    harness.authenticate();
    harness.bind();
    let stanzas = harness.stanzas_of_session;
    harness.cut();
    harness.advance(5_000);
    harness.resume(stanzas);
    harness.answer_setup(ROSTER);
    assert_eq!(addresses(&mut harness), [COUNCIL]);
}

/// A program that knew no bookmarks was there before: the session has heard nothing of them.
#[test]
fn a_session_of_an_earlier_version_catches_up() {
    let mut harness = online(&[item(COUNCIL, "")]);
    harness.cut();
    let mut batch = Batch::default();
    batch.delete(Table::Meta, &b"bookmarks"[..]);
    pollster::block_on(harness.store.commit(batch)).unwrap();
    let stanzas = harness.stanzas_of_session;
    let mut again = harness.restarted();
    again.resume(stanzas);
    let sent = again.stanzas();
    let caps = |stanza: &&Element| stanza.name() == "presence" && stanza.attr("to").is_none();
    assert_eq!((fetches(&sent).len(), sent.iter().filter(caps).count()), (1, 1), "{sent:?}");
    again.refuse(&fetches(&sent)[0], "service-unavailable");
    again.cut();
    let stanzas = again.stanzas_of_session;
    let mut once_more = again.restarted();
    once_more.resume(stanzas);
    assert!(fetches(&once_more.stanzas()).is_empty(), "once is enough");
}

#[test]
fn a_server_that_keeps_what_was_taken_away_has_it_shown_again() {
    for (condition, shown) in [("not-allowed", 1), ("internal-server-error", 1), ("item-not-found", 0)] {
        let mut harness = online(&[item(COUNCIL, "")]);
        remove(&mut harness, COUNCIL).unwrap();
        let (_, iq) = retractions(&harness.stanzas()).pop().unwrap();
        harness.refuse(&iq, condition);
        harness.answer_setup(ROSTER);
        assert_eq!(rooms(&mut harness).len(), shown, "{condition}");
    }
}

#[test]
fn a_silent_server_is_told_again_with_the_next_session() {
    let mut harness = online(&[item(COUNCIL, "")]);
    remove(&mut harness, COUNCIL).unwrap();
    assert_eq!(retractions(&harness.stanzas()).len(), 1);
    harness.advance(31_000);
    assert_eq!(rooms(&mut harness), []);
    harness.cut();
    harness.advance(60_000);
    harness.connect_anew();
    harness.answer_setup_keeping(ROSTER);
    assert!(harness.bookmarks.is_empty());
}

#[test]
fn what_could_not_be_stored_is_not_done() {
    let mut harness = online(&[item(COUNCIL, "")]);
    harness.broken_store = true;
    assert!(matches!(remove(&mut harness, COUNCIL), Err(CommandError::Storage(_))));
    assert!(retractions(&harness.stanzas()).is_empty(), "nothing is told that a restart would not know of");
    harness.broken_store = false;
    assert_eq!(addresses(&mut harness.restarted()), [COUNCIL]);
}

#[test]
fn an_event_for_a_stranger_room_makes_no_chat() {
    let mut harness = online(&[]);
    harness.receive(&published(ME, &item(COUNCIL, "name='Council'")));
    harness.receive(&published("romeo@mont.example", &item(ORCHARD, "")));
    assert!(!harness.updates().iter().any(|update| matches!(update, Update::ChatsChanged(_))));
}
