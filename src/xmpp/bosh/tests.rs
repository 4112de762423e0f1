#![allow(clippy::arithmetic_side_effects)]

mod simulation;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::xml::{Limits, parse};

const CREATED: &str = "<body xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh' \
     xmlns:stream='http://etherx.jabber.org/streams' wait='50' requests='2' hold='1' inactivity='30' polling='5' \
     maxpause='120' ver='1.6' sid='SomeSID' from='cap.example' xmpp:restartlogic='true' ack='1573741820'>\
     <stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>\
     </stream:features></body>";
const EMPTY: &str = "<body xmlns='http://jabber.org/protocol/httpbind'/>";

fn header() -> StreamHeader {
    StreamHeader { to: "cap.example".to_owned(), from: Some("juliet@cap.example".to_owned()), lang: "en".to_owned() }
}

fn element(xml: &str) -> Element {
    parse(xml, &Limits::default()).unwrap()
}

fn message(id: usize) -> Element {
    Element::builder("message", "jabber:client").attr("id", id.to_string()).build()
}

fn answer(body: &str) -> HttpOutcome {
    HttpOutcome::Answered { status: 200, body: body.to_owned() }
}

/// The requests, received elements and end among some actions.
#[derive(Default, Debug)]
struct Seen {
    posts: Vec<(u32, Element)>,
    received: Vec<Element>,
    end: Option<BoshEnd>,
}

fn seen(actions: Vec<BoshAction>) -> Seen {
    let mut seen = Seen::default();
    for action in actions {
        assert_eq!(seen.end, None, "nothing follows the end");
        match action {
            BoshAction::Post(post) => seen.posts.push((post.id, element(&post.body))),
            BoshAction::Received(element) => seen.received.push(element),
            BoshAction::Closed(end) => seen.end = Some(end),
        }
    }
    seen
}

/// Polls until there is nothing.
fn poll(bosh: &mut Bosh, now: u64) -> Vec<BoshAction> {
    let mut all = Vec::new();
    loop {
        let actions = bosh.poll(now);
        if actions.is_empty() {
            return all;
        }
        all.extend(actions);
    }
}

fn new() -> Bosh {
    Bosh::new(&mut ChaCha20Rng::seed_from_u64(7))
}

/// A session that is open, with its first empty request under way, and that request's id.
fn opened() -> (Bosh, u32) {
    let mut bosh = new();
    bosh.open(&header());
    let (id, _) = seen(poll(&mut bosh, 1)).posts.remove(0);
    bosh.answered(id, answer(CREATED), 2);
    let seen = seen(poll(&mut bosh, 2));
    assert_eq!(seen.received.len(), 1);
    (bosh, seen.posts.first().unwrap().0)
}

fn rid(body: &Element) -> u64 {
    body.attr("rid").unwrap().parse().unwrap()
}

#[test]
fn a_session_is_created_with_the_streams_header() {
    let mut bosh = new();
    bosh.open(&header());
    let actions = poll(&mut bosh, 0);
    let Some(BoshAction::Post(post)) = actions.first() else { panic!("{actions:?}") };
    let begin = "<body xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0' xmlns='http://jabber.org/protocol/httpbind'";
    assert!(post.body.starts_with(begin), "{}", post.body);
    assert_eq!(post.timeout_millis, 65_000);
    let body = element(&post.body);
    assert!((1..=1 << 52).contains(&rid(&body)));
    let expected = [
        ("to", Some("cap.example")),
        ("from", Some("juliet@cap.example")),
        ("hold", Some("1")),
        ("wait", Some("50")),
        ("ack", Some("1")),
        ("sid", None),
    ];
    for (name, value) in expected {
        assert_eq!(body.attr(name), value, "{name}");
    }
    assert_eq!(body.lang(), Some("en"));
}

#[test]
fn first_rids_differ() {
    let first = |seed| Bosh::new(&mut ChaCha20Rng::seed_from_u64(seed)).next_rid;
    assert_ne!(first(1), first(2));
}

#[test]
fn one_request_waits_and_a_second_carries_what_is_to_be_said() {
    let (mut bosh, waiting) = opened();
    assert!(poll(&mut bosh, 10).is_empty());
    bosh.send(message(1));
    bosh.send(message(2));
    let sent = seen(poll(&mut bosh, 11)).posts;
    let [(sending, body)] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(body.children().count(), 2);
    assert_eq!(body.attr("sid"), Some("SomeSID"));
    // The waiting one is unanswered, so the ack is that of the one that created the session (§9.2).
    assert_eq!(body.attr("ack").unwrap().parse(), Ok(rid(body) - 2));
    bosh.send(message(3));
    assert!(poll(&mut bosh, 12).is_empty(), "no third request");
    bosh.answered(waiting, answer(EMPTY), 13);
    let third = seen(poll(&mut bosh, 13)).posts.remove(0).1;
    assert_eq!(third.children().next(), Some(&message(3)));
    bosh.answered(*sending, answer(EMPTY), 14);
    assert!(poll(&mut bosh, 14).is_empty(), "the third one waits now");
}

#[test]
fn what_is_said_to_what_arrived_goes_into_the_next_request() {
    let (mut bosh, waiting) = opened();
    bosh.answered(
        waiting,
        answer(&format!("<body xmlns='http://jabber.org/protocol/httpbind'>{}</body>", message(1).to_xml())),
        3,
    );
    assert_eq!(bosh.poll(3), [BoshAction::Received(message(1))]);
    bosh.send(message(2));
    let posts = seen(poll(&mut bosh, 3)).posts;
    let [(_, body)] = posts.as_slice() else { panic!("{posts:?}") };
    assert_eq!(body.children().next(), Some(&message(2)));
}

#[test]
fn responses_are_handed_out_in_the_order_of_requests() {
    let (mut bosh, first) = opened();
    bosh.send(message(1));
    let second = seen(poll(&mut bosh, 3)).posts.remove(0).0;
    let body = |id| format!("<body xmlns='http://jabber.org/protocol/httpbind'>{}</body>", message(id).to_xml());
    bosh.answered(second, answer(&body(20)), 4);
    assert!(seen(poll(&mut bosh, 4)).received.is_empty());
    bosh.answered(first, answer(&body(10)), 5);
    assert_eq!(seen(poll(&mut bosh, 5)).received, [message(10), message(20)]);
    bosh.answered(first, answer(&body(10)), 6);
    assert!(seen(poll(&mut bosh, 6)).received.is_empty(), "no response counts twice");
}

#[test]
fn restart_is_a_request_of_its_own() {
    let (mut bosh, _) = opened();
    bosh.send(message(1));
    bosh.open(&header());
    bosh.send(message(2));
    let (id, body) = seen(poll(&mut bosh, 3)).posts.remove(0);
    assert_eq!(body.children().count(), 1);
    bosh.answered(id, answer(EMPTY), 4);
    let actions = poll(&mut bosh, 4);
    let Some(BoshAction::Post(restart)) = actions.first() else { panic!("{actions:?}") };
    assert!(restart.body.contains(" xmpp:restart='true' "), "{}", restart.body);
    let body = element(&restart.body);
    assert_eq!((body.attr("to"), body.attr("sid"), body.nodes().len()), (Some("cap.example"), Some("SomeSID"), 0));
}

#[test]
fn lost_requests_are_repeated_word_for_word() {
    let (mut bosh, waiting) = opened();
    bosh.send(message(1));
    let actions = poll(&mut bosh, 3);
    let Some(BoshAction::Post(first)) = actions.first() else { panic!("{actions:?}") };
    bosh.answered(first.id, HttpOutcome::Failed, 1000);
    assert_eq!(bosh.deadline(), Some(1500));
    assert!(poll(&mut bosh, 1499).is_empty());
    let actions = poll(&mut bosh, 1500);
    let Some(BoshAction::Post(second)) = actions.first() else { panic!("{actions:?}") };
    assert_eq!(first.body, second.body);
    assert_ne!(first.id, second.id);
    bosh.answered(first.id, answer("<not-for-us/>"), 1501);
    assert!(poll(&mut bosh, 1501).is_empty(), "the first copy no longer counts");
    bosh.answered(second.id, HttpOutcome::Answered { status: 503, body: String::new() }, 2000);
    assert_eq!(bosh.deadline(), Some(3000));
    bosh.answered(waiting, answer(EMPTY), 2001);
    assert!(poll(&mut bosh, 2001).is_empty(), "the lost one still counts as a request");
}

#[test]
fn giving_up_comes_in_the_end() {
    let (mut bosh, mut id) = opened();
    let mut now = 10;
    for _ in 1..MAX_TRIES {
        bosh.answered(id, HttpOutcome::Failed, now);
        now = bosh.deadline().unwrap();
        id = seen(poll(&mut bosh, now)).posts.remove(0).0;
    }
    assert_eq!(now, 10 + 500 * (1 + 2 + 4 + 8 + 16));
    bosh.answered(id, HttpOutcome::Failed, now);
    assert_eq!(seen(poll(&mut bosh, now)).end, Some(BoshEnd::Unreachable));
    assert_eq!((bosh.deadline(), poll(&mut bosh, now)), (None, Vec::new()));
}

#[test]
fn a_session_that_cannot_be_created_is_given_up_at_once() {
    let outcomes = [
        (HttpOutcome::Failed, BoshEnd::Unreachable),
        (HttpOutcome::Answered { status: 502, body: String::new() }, BoshEnd::Status(502)),
        (HttpOutcome::Answered { status: 404, body: String::new() }, BoshEnd::Status(404)),
        (answer("<html/>"), BoshEnd::BadAnswer),
        (answer(EMPTY), BoshEnd::BadAnswer),
        (answer("<body xmlns='http://jabber.org/protocol/httpbind' sid=''/>"), BoshEnd::BadAnswer),
        (
            answer("<body xmlns='http://jabber.org/protocol/httpbind' type='terminate' condition='host-unknown'/>"),
            BoshEnd::Condition(BoshCondition::HostUnknown),
        ),
    ];
    for (outcome, end) in outcomes {
        let mut bosh = new();
        bosh.open(&header());
        let id = seen(poll(&mut bosh, 0)).posts.remove(0).0;
        bosh.answered(id, outcome, 1);
        assert_eq!(seen(poll(&mut bosh, 1)).end, Some(end));
    }
}

#[test]
fn the_server_may_ask_for_repetition() {
    let (mut bosh, waiting) = opened();
    bosh.send(message(1));
    let second = seen(poll(&mut bosh, 3)).posts.remove(0).0;
    bosh.answered(second, answer("<body type='error' xmlns='http://jabber.org/protocol/httpbind'/>"), 10);
    let repeated = seen(poll(&mut bosh, 510)).posts;
    assert_eq!(repeated.len(), 2);
    assert!(repeated.iter().all(|(id, _)| *id != waiting && *id != second));
    assert_eq!(rid(&repeated.first().unwrap().1) + 1, rid(&repeated.last().unwrap().1));
}

#[test]
fn a_reported_response_is_asked_for_again() {
    let (mut bosh, waiting) = opened();
    bosh.send(message(1));
    let (second, body) = seen(poll(&mut bosh, 3)).posts.remove(0);
    let missing = rid(&body) - 1;
    let report = format!("<body xmlns='http://jabber.org/protocol/httpbind' report='{missing}' time='852'/>");
    bosh.answered(second, answer(&report), 10);
    let (id, body) = seen(poll(&mut bosh, 510)).posts.remove(0);
    assert_eq!(rid(&body), missing);
    assert_ne!(id, waiting);
}

#[test]
fn the_servers_end_comes_after_its_elements() {
    let (mut bosh, waiting) = opened();
    let body = "<body xmlns='http://jabber.org/protocol/httpbind' type='terminate' condition='remote-stream-error' \
         xmlns:stream='http://etherx.jabber.org/streams'><message xmlns='jabber:client' id='1'/>\
         <stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></body>";
    bosh.answered(waiting, answer(body), 5);
    let seen = seen(poll(&mut bosh, 5));
    assert_eq!(seen.received.len(), 2);
    assert!(crate::stream::StreamError::from_element(seen.received.last().unwrap()).is_some());
    assert_eq!(seen.end, Some(BoshEnd::Condition(BoshCondition::RemoteStreamError)));
}

#[test]
fn all_conditions() {
    for (name, condition) in [
        ("bad-request", BoshCondition::BadRequest),
        ("host-gone", BoshCondition::HostGone),
        ("improper-addressing", BoshCondition::ImproperAddressing),
        ("internal-server-error", BoshCondition::InternalServerError),
        ("item-not-found", BoshCondition::ItemNotFound),
        ("other-request", BoshCondition::OtherRequest),
        ("policy-violation", BoshCondition::PolicyViolation),
        ("remote-connection-failed", BoshCondition::RemoteConnectionFailed),
        ("see-other-uri", BoshCondition::SeeOtherUri),
        ("system-shutdown", BoshCondition::SystemShutdown),
        ("undefined-condition", BoshCondition::Undefined),
        ("new-condition", BoshCondition::Undefined),
    ] {
        let (mut bosh, waiting) = opened();
        let xml = format!("<body xmlns='http://jabber.org/protocol/httpbind' type='terminate' condition='{name}'/>");
        bosh.answered(waiting, answer(&xml), 5);
        assert_eq!(seen(poll(&mut bosh, 5)).end, Some(BoshEnd::Condition(condition)));
    }
}

/// L-04: a redirection is told, not followed.
#[test]
fn a_redirection_is_told() {
    let (mut bosh, waiting) = opened();
    let xml = "<body xmlns='http://jabber.org/protocol/httpbind' type='terminate' condition='see-other-uri'>\
         <uri>https://evil.example/xmppcm</uri></body>";
    bosh.answered(waiting, answer(xml), 5);
    let end = seen(poll(&mut bosh, 5)).end;
    assert_eq!(end, Some(BoshEnd::SeeOtherUri("https://evil.example/xmppcm".to_owned())));
}

#[test]
fn old_servers_end_by_status() {
    for (status, condition) in
        [(400, BoshCondition::BadRequest), (403, BoshCondition::PolicyViolation), (404, BoshCondition::ItemNotFound)]
    {
        let (mut bosh, waiting) = opened();
        bosh.answered(waiting, HttpOutcome::Answered { status, body: String::new() }, 5);
        assert_eq!(seen(poll(&mut bosh, 5)).end, Some(BoshEnd::Condition(condition)));
    }
}

#[test]
fn stanzas_in_the_wrong_namespace_are_brought_home() {
    let (mut bosh, waiting) = opened();
    let xml = "<body xmlns='http://jabber.org/protocol/httpbind'><message id='1' xml:lang='de'><body>Hi</body>\
         <x xmlns='urn:x'><body/></x></message><other/></body>";
    bosh.answered(waiting, answer(xml), 5);
    let expected =
        "<message xmlns='jabber:client' id='1' xml:lang='de'><body>Hi</body><x xmlns='urn:x'><body/></x></message>";
    let received = seen(poll(&mut bosh, 5)).received;
    assert_eq!(received.first(), Some(&element(expected)));
    assert_eq!(received.last().unwrap().ns(), "http://jabber.org/protocol/httpbind");
}

#[test]
fn we_end_it_with_the_last_words() {
    let (mut bosh, waiting) = opened();
    bosh.send(message(1));
    let second = seen(poll(&mut bosh, 3)).posts.remove(0).0;
    bosh.send(message(2));
    bosh.terminate();
    let (last, body) = seen(poll(&mut bosh, 4)).posts.remove(0);
    assert_eq!((body.attr("type"), body.children().count()), (Some("terminate"), 1));
    bosh.answered(second, answer(EMPTY), 5);
    bosh.answered(last, answer(EMPTY), 6);
    assert_eq!(seen(poll(&mut bosh, 6)).end, None);
    bosh.answered(waiting, answer("<body xmlns='http://jabber.org/protocol/httpbind' type='terminate'/>"), 7);
    assert_eq!(seen(poll(&mut bosh, 7)).end, Some(BoshEnd::Terminated));
}

#[test]
fn ending_what_never_began() {
    let mut bosh = new();
    bosh.terminate();
    assert_eq!(seen(poll(&mut bosh, 0)).end, Some(BoshEnd::Terminated));
}

#[test]
fn polling_sessions_poll_in_time() {
    let mut bosh = new();
    bosh.open(&header());
    let id = seen(poll(&mut bosh, 1)).posts.remove(0).0;
    let created = CREATED.replace("hold='1'", "hold='0'").replace("requests='2'", "requests='1'");
    bosh.answered(id, answer(&created), 1000);
    let id = seen(poll(&mut bosh, 1000)).posts.remove(0).0;
    bosh.answered(id, answer(EMPTY), 1100);
    assert!(poll(&mut bosh, 1100).is_empty());
    assert_eq!(bosh.deadline(), Some(6000));
    assert_eq!(seen(poll(&mut bosh, 6000)).posts.len(), 1);
}
