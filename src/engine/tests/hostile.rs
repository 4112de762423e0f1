//! What anybody can make a server deliver, and what it must not do.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use plausch_engine::io::Wire;
use plausch_model::{ConnectionState, Update};
use support::{Archived, Harness, Server};

const EVE: &str = "eve@evil.example";

fn crowded_attributes() -> String {
    (0..70).map(|number| format!(" a{number}='x'")).collect()
}

fn poison(id: &str) -> String {
    let attributes = crowded_attributes();
    format!(
        "<message xmlns='jabber:client' from='{EVE}/x' to='juliet@cap.example' type='chat' id='{id}'>\
         <body>hi</body><x xmlns='urn:evil'{attributes}/></message>"
    )
}

fn good(id: &str, text: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='romeo@mont.example/o' to='juliet@cap.example' type='chat' id='{id}'>\
         <body>{text}</body></message>"
    )
}

fn is_connected(harness: &mut Harness) -> bool {
    let left = harness.updates().into_iter().any(|update| match update {
        Update::Connection(state) => state != ConnectionState::Online,
        _ => false,
    });
    !left && !harness.wire.iter().any(|wire| matches!(wire, Wire::Close(_)))
}

#[test]
fn a_stanza_that_contains_too_much_is_dropped_and_counted() {
    let mut harness = Harness::online();
    let depth = 100;
    let deep = format!(
        "<presence xmlns='jabber:client' from='{EVE}/x'>{}{}</presence>",
        "<a>".repeat(depth),
        "</a>".repeat(depth)
    );
    harness.receive("<r xmlns='urn:xmpp:sm:3'/>");
    let before: u32 = harness.sent_last("a").attr("h").unwrap().parse().unwrap();
    harness.receive_all(&[&poison("p1"), &deep, &good("m1", "after it"), "<r xmlns='urn:xmpp:sm:3'/>"]);
    assert_eq!(harness.sent_last("a").attr("h"), Some(&*(before + 3).to_string()));
    assert!(is_connected(&mut harness));
    assert_eq!(harness.texts("romeo@mont.example"), ["after it"]);
    assert!(harness.texts(EVE).is_empty());
}

#[test]
fn a_question_that_contains_too_much_is_refused() {
    let mut harness = Harness::online();
    let attributes = crowded_attributes();
    harness.receive(&format!(
        "<iq xmlns='jabber:client' type='get' from='romeo@mont.example/o' id='q1'><ping xmlns='urn:xmpp:ping'{attributes}/></iq>"
    ));
    let answer = harness.sent_last("iq");
    assert_eq!((answer.attr("id"), answer.attr("type")), (Some("q1"), Some("error")));
    harness.receive(
        "<iq xmlns='jabber:client' type='get' from='romeo@mont.example/o' id='q2'><ping xmlns='urn:xmpp:ping'/></iq>",
    );
    assert_eq!(harness.sent_last("iq").attr("type"), Some("result"));
}

#[test]
fn the_archive_is_read_past_a_stanza_that_contains_too_much() {
    let mut harness = Harness::new(Server::default());
    let archived = |id: &str, stanza: String| Archived { id: id.into(), stamp: "2025-12-01T00:00:00Z".into(), stanza };
    harness.archive = vec![
        archived("a1", good("m1", "before")),
        archived("a2", poison("p1")),
        archived("a3", good("m2", "behind")),
        archived("a4", poison("p2")),
    ];
    harness.start();
    harness.sign_in("");
    assert_eq!(harness.texts("romeo@mont.example"), ["before", "behind"]);
    // The mark stands behind the last one, though that could not be read.
    harness.archive.push(archived("a5", good("m3", "later")));
    harness.cut();
    harness.advance(120_000);
    harness.fail_to_resume("");
    assert_eq!(harness.texts("romeo@mont.example"), ["before", "behind", "later"]);
    assert!(!harness.wire.iter().any(|wire| matches!(wire, Wire::Send { frame, .. } if frame.contains("<error"))));
}

#[test]
fn a_frame_that_is_none_ends_the_first_sign_in_with_an_error() {
    for frame in [
        "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
        "<features xmlns='http://etherx.jabber.org/streams'>",
        "<!DOCTYPE x><features xmlns='http://etherx.jabber.org/streams'/>",
    ] {
        let mut harness = Harness::new(Server::default());
        harness.start();
        harness.connect();
        harness.receive(frame);
        let end = harness.end.expect("the sign-in must end");
        let unknown = matches!(
            end.reason,
            plausch_model::EndReason::SignInFailed(plausch_model::SignInError::UnknownHost { .. })
        );
        assert_eq!(unknown, frame.contains("host-unknown"));
        assert!(end.wipe);
    }
}
