//! Lost links, failing stores, and servers that come and go: nothing is lost, nothing stays undone.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use plausch_engine::{
    io::{Input, Wire},
    store::Table,
};
use plausch_model::{BareJid, Command, CommandError, ConnectionState, DeliveryState, EndReason, SignInError, Update};
use plausch_xmpp::xml::Element;
use support::{Event, Harness, Server};

const ROSTER: &str = "<item jid='romeo@mont.example' name='Romeo' subscription='both'/>";

fn romeo() -> BareJid {
    BareJid::new("romeo@mont.example")
}

fn message(id: &str, body: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='romeo@mont.example/o' to='juliet@cap.example' type='chat' id='{id}'>\
         <body>{body}</body></message>"
    )
}

fn send(harness: &mut Harness, text: &str) -> plausch_model::CommandId {
    harness.command(Command::SendText { chat: romeo(), text: text.into() })
}

fn answers(harness: &mut Harness, wanted: plausch_model::CommandId) -> Vec<Result<(), CommandError>> {
    let answer = |update| match update {
        Update::Done { command, result } if command == wanted => Some(result),
        _ => None,
    };
    harness.updates().into_iter().filter_map(answer).collect()
}

/// The names of what is asked, and of what else is sent.
fn asked(stanzas: &[Element]) -> Vec<String> {
    let name = |stanza: &Element| match stanza.children().next() {
        Some(payload) if stanza.name() == "iq" => payload.ns().to_owned(),
        _ => stanza.name().to_owned(),
    };
    stanzas.iter().map(name).collect()
}

/// Everything that a session begins with, after the link was lost before any of it was answered.
fn is_set_up_after(harness: &mut Harness) {
    let stanzas = harness.stanzas();
    let asked = asked(&stanzas);
    for part in ["jabber:iq:roster", "urn:xmpp:carbons:2", "urn:xmpp:blocking", "http://jabber.org/protocol/disco#info"]
    {
        assert_eq!(asked.iter().filter(|name| *name == part).count(), 1, "{part} in {asked:?}");
    }
    let roster = stanzas.iter().find(|stanza| stanza.child("query", "jabber:iq:roster").is_some()).unwrap();
    harness.answer(roster, &format!("<query xmlns='jabber:iq:roster'>{ROSTER}</query>"));
    assert_eq!(harness.rows(Table::Roster), 1);
    harness.sent_last("presence");
}

#[test]
fn a_link_lost_while_a_session_is_set_up_leaves_nothing_undone() {
    let mut harness = Harness::new(Server::default());
    harness.start();
    harness.authenticate();
    harness.bind();
    harness.cut();
    harness.advance(120_000);
    harness.resume(0);
    is_set_up_after(&mut harness);
}

#[test]
fn a_restart_while_a_session_is_set_up_leaves_nothing_undone() {
    let mut harness = Harness::new(Server::default());
    harness.start();
    harness.authenticate();
    harness.bind();
    let mut again = Harness::over(harness.store.clone(), Some("r0m30"), Server::default());
    again.start();
    again.resume(0);
    is_set_up_after(&mut again);
}

#[test]
fn presence_is_told_again_until_the_server_has_it() {
    let mut harness = Harness::new(Server::default());
    harness.start();
    harness.authenticate();
    harness.bind();
    harness.answer_setup(ROSTER);
    let before = harness.stanzas_of_session;
    let restart = |acknowledged: u32, harness: &Harness| {
        let mut again = Harness::over(harness.store.clone(), Some("r0m30"), Server::default());
        again.start();
        again.resume(acknowledged);
        let stanzas = again.stanzas();
        asked(&stanzas)
    };
    assert!(restart(1, &harness).contains(&"presence".to_owned()), "it may have been lost");
    harness.acknowledge_all();
    let asked = restart(before, &harness);
    assert!(!asked.iter().any(|name| name == "presence" || name == "jabber:iq:roster"), "{asked:?}");
}

#[test]
fn a_server_that_never_sends_the_roster_hears_our_presence_anyway() {
    let mut harness = Harness::new(Server::default());
    harness.start();
    harness.authenticate();
    harness.bind();
    harness.forget();
    harness.advance(31_000);
    harness.sent_last("presence");
}

#[test]
fn what_could_not_be_stored_is_not_acknowledged() {
    let mut harness = Harness::online();
    harness.receive("<r xmlns='urn:xmpp:sm:3'/>");
    let before: u32 = harness.sent_last("a").attr("h").unwrap().parse().unwrap();
    harness.forget();
    harness.broken_store = true;
    harness.receive_all(&[&message("m1", "lost?"), "<r xmlns='urn:xmpp:sm:3'/>"]);
    harness.broken_store = false;
    harness.socket = None;
    harness.advance(1_000);
    assert!(!harness.log.iter().any(|event| matches!(event, Event::Committed(_))), "{:?}", harness.log);
    let trouble = harness.updates().into_iter().any(|update| matches!(update, Update::StorageTrouble(_)));
    assert!(trouble);
    harness.advance(10_000);
    harness.begin_resuming();
    let resume = harness.sent_last("resume");
    assert_eq!(resume.attr("h"), Some(&*before.to_string()), "so the server sends it again");
}

#[test]
fn a_command_that_could_not_be_stored_fails() {
    let mut harness = Harness::online();
    harness.broken_store = true;
    let id = send(&mut harness, "precious");
    assert!(matches!(answers(&mut harness, id)[..], [Err(CommandError::Storage(_))]));
    let id = send(&mut harness, "precious");
    assert!(matches!(answers(&mut harness, id)[..], [Err(CommandError::Storage(_))]), "nor is it taken now");
    harness.broken_store = false;
    harness.advance(10_000);
    let id = send(&mut harness, "precious");
    assert_eq!(answers(&mut harness, id), [Ok(())]);
    assert_eq!(harness.texts("romeo@mont.example"), ["precious"]);
}

#[test]
fn a_first_session_that_could_not_be_stored_is_announced_when_it_can() {
    let mut harness = Harness::new(Server::default());
    harness.start();
    harness.authenticate();
    harness.broken_store = true;
    harness.bind_without_asking();
    assert!(!harness.signed_in);
    harness.broken_store = false;
    harness.advance(10_000);
    harness.authenticate();
    harness.bind();
    assert!(harness.signed_in);
}

#[test]
fn a_failed_endpoint_is_tried_again() {
    let mut harness = Harness::online_with_bosh();
    let opened = |harness: &Harness| harness.wire.iter().filter(|wire| matches!(wire, Wire::Open { .. })).count();
    harness.cut();
    harness.advance(120_000);
    let socket = harness.opened_socket();
    harness.input(Input::SocketClosed(socket));
    assert!(harness.wire.iter().any(|wire| matches!(wire, Wire::Http(_))), "BOSH takes its place");
    let before = opened(&harness);
    harness.fail_requests();
    harness.advance(120_000);
    assert!(opened(&harness) > before, "the first endpoint comes first again");
}

#[test]
fn a_server_that_hangs_up_again_and_again_is_left_alone_for_longer_and_longer() {
    let mut harness = Harness::new(Server::default());
    harness.start();
    let pause = |harness: &Harness| harness.wake_at.unwrap().0 - harness.now;
    harness.sign_in("");
    harness.cut();
    let first = pause(&harness);
    for _ in 0..8 {
        harness.advance(120_000);
        harness.fail_to_resume("");
        harness.cut();
    }
    assert!(pause(&harness) > 8 * first, "{} after {first}", pause(&harness));
    harness.advance(120_000);
    harness.fail_to_resume("");
    harness.advance(50_000);
    harness.receive("<r xmlns='urn:xmpp:sm:3'/>");
    harness.advance(20_000);
    harness.cut();
    assert!(pause(&harness) <= 1_000, "a session that lasted makes up for it");
}

#[test]
fn acknowledgement_is_asked_for_by_those_who_only_read() {
    let mut harness = Harness::online();
    for number in 0..25 {
        harness.receive(&format!(
            "<iq xmlns='jabber:client' type='get' from='romeo@mont.example/o' id='p{number}'><ping xmlns='urn:xmpp:ping'/></iq>"
        ));
    }
    let requests = harness.sent().iter().filter(|element| element.name() == "r").count();
    assert_eq!(requests, 2);
}

#[test]
fn a_view_that_comes_is_looked_at_until_it_says_otherwise() {
    let mut harness = Harness::new(Server { client_state: true, ..Server::default() });
    harness.start();
    harness.sign_in("");
    harness.advance(10_000);
    harness.command(Command::SetVisible(false));
    harness.sent_last("inactive");
    harness.input(Input::ViewOpened(plausch_model::ViewId(2)));
    harness.sent_last("active");
    harness.input(Input::ViewClosed(plausch_model::ViewId(2)));
    harness.sent_last("inactive");
}

/// Online, with nobody looking, of which the server knows.
fn unwatched() -> Harness {
    let mut harness = Harness::new(Server { client_state: true, ..Server::default() });
    harness.start();
    harness.sign_in(ROSTER);
    harness.command(Command::SetVisible(false));
    harness.advance(10_000);
    harness.sent_last("inactive");
    harness
}

#[test]
fn nobody_is_away_who_waits_for_an_answer() {
    let mut harness = unwatched();
    // The search index has nothing left to do, either.
    (0..5).for_each(|_| harness.advance(1_000));
    harness.command(Command::LoadProfile(romeo()));
    let sent = harness.sent();
    assert!(sent.iter().any(|element| element.name() == "active"), "{sent:?}");
    let question = sent.iter().find(|element| element.name() == "iq").unwrap();
    harness.answer(question, "<vCard xmlns='vcard-temp'/>");
    assert_eq!(harness.wake_at.map(|at| at.0), Some(harness.now + 10_000));
    harness.advance(10_000);
    harness.sent_last("inactive");
    send(&mut harness, "hello");
    harness.sent_last("active");
    harness.acknowledge_all();
    harness.advance(10_000);
    harness.sent_last("inactive");
}

/// What was read on another device is told like presence: it would be kept from us.
#[test]
fn nobody_is_away_who_has_news_that_may_be_read_elsewhere() {
    let mut harness = unwatched();
    harness.sent();
    harness.receive(&message("m1", "hello"));
    harness.sent_last("active");
    // What is heard meanwhile keeps the server from being asked whether it is there.
    for pause in [50_000, 50_000, 19_000] {
        harness.advance(pause);
        harness.receive("<r xmlns='urn:xmpp:sm:3'/>");
    }
    assert!(!harness.sent().iter().any(|element| element.name() == "inactive"));
    harness.advance(1_000);
    harness.sent_last("inactive");
}

#[test]
fn a_server_without_client_state_hears_nothing_of_it() {
    let mut harness = Harness::online();
    harness.cut();
    harness.advance(120_000);
    harness.resume(harness.stanzas_of_session);
    harness.forget();
    harness.command(Command::SetVisible(false));
    assert!(harness.sent().is_empty());
}

#[test]
fn without_network_there_is_no_connection() {
    let mut harness = Harness::online();
    harness.input(Input::Network { up: false });
    assert!(
        harness.updates().contains(&Update::Connection(ConnectionState::Disconnected { retry_at: None }))
            || harness.account_is(ConnectionState::Offline)
    );
    send(&mut harness, "later");
    harness.advance(3_600_000);
    harness.forget();
    harness.input(Input::Network { up: true });
    harness.resume(harness.stanzas_of_session);
    assert_eq!(harness.sent_last("message").child_text("body", "jabber:client").as_deref(), Some("later"));
}

#[test]
fn a_redirected_session_gives_its_questions_up() {
    let mut harness = Harness::online();
    let id = harness.command(Command::AddContact { address: "x@y.example".into(), name: None, groups: vec![] });
    harness.receive(
        "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='ws://localhost:5281/xmpp-websocket'/>",
    );
    assert_eq!(answers(&mut harness, id), [Err(CommandError::NotConnected)]);
}

#[test]
fn a_password_that_leaves_no_keys_is_asked_for_again() {
    let mut harness = Harness::online();
    harness.cut();
    let mut again = Harness::over(harness.store.clone(), None, Server::default());
    again.start();
    let reason = again.end.unwrap().reason;
    assert!(
        matches!(&reason, EndReason::CredentialsRejected(error) if *error != SignInError::WrongPassword),
        "nobody said that it was wrong: {reason:?}"
    );
}

#[test]
fn questions_lost_with_the_link_are_not_asked_behind_their_askers_backs() {
    let mut harness = Harness::online();
    harness.command(Command::AddContact { address: "x@y.example".into(), name: None, groups: vec![] });
    send(&mut harness, "hello");
    harness.cut();
    harness.advance(120_000);
    harness.resume(harness.acknowledged);
    let stanzas = harness.stanzas();
    let sets = stanzas.iter().filter(|stanza| stanza.attr("type") == Some("set")).count();
    assert_eq!(sets, 0, "{stanzas:?}");
    harness.acknowledge_all();
    let states: Vec<_> = harness.window("romeo@mont.example").into_iter().filter_map(|item| item.state).collect();
    assert_eq!(states, [DeliveryState::Sent]);
}

/// The answer to what was posted last, once the client has said what it has to.
fn over_bosh(harness: &mut Harness, content: &str) {
    let request = harness.wire.iter().rev().find_map(|wire| match wire {
        Wire::Http(request) => Some(request.clone()),
        _ => None,
    });
    let sid = "sid='s1' requests='2' hold='1' wait='50'";
    let body = format!("<body xmlns='http://jabber.org/protocol/httpbind' {sid}>{content}</body>");
    let answer = plausch_engine::io::HttpResponse { status: 200, content_type: None, body };
    harness.input(Input::HttpDone { id: request.unwrap().id, outcome: Ok(answer) });
}

#[test]
fn what_ends_a_bosh_session_leaves_though_the_account_is_over() {
    let mut harness = Harness::online_with_bosh();
    harness.cut();
    harness.advance(120_000);
    let socket = harness.opened_socket();
    harness.input(Input::SocketClosed(socket));
    let features = |content: &str| format!("<features xmlns='http://etherx.jabber.org/streams'>{content}</features>");
    over_bosh(
        &mut harness,
        &features("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"),
    );
    over_bosh(&mut harness, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    over_bosh(&mut harness, &features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"));
    let posted = format!("{:?}", harness.wire.last().unwrap());
    let id = posted.split(" id='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap().to_owned();
    over_bosh(
        &mut harness,
        &format!(
            "<iq xmlns='jabber:client' type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
             <jid>juliet@cap.example/web1</jid></bind></iq>"
        ),
    );
    assert!(harness.account_is(ConnectionState::Online));
    // What is said to something that arrived goes into one request, and there is no other that it could overtake.
    let requests = |harness: &Harness| harness.wire.iter().filter(|wire| matches!(wire, Wire::Http(_))).count();
    let before = requests(&harness);
    over_bosh(
        &mut harness,
        &message("m1", "<body/>")
            .replace("<body><body/></body>", "<body>hi</body><request xmlns='urn:xmpp:receipts'/>"),
    );
    assert_eq!(requests(&harness), before + 1);
    harness.command(Command::SignOut);
    assert_eq!(harness.end.as_ref().map(|end| end.reason.clone()), Some(EndReason::SignedOut));
    let farewell = harness.wire.iter().rev().find_map(|wire| match wire {
        Wire::Http(request) if request.farewell => request.post.clone(),
        _ => None,
    });
    let farewell = farewell.expect("a farewell");
    assert!(farewell.contains("terminate") && farewell.contains("unavailable"), "{farewell}");
}
