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

/// A question for capabilities to this address, if one was asked.
fn caps_question(harness: &mut Harness, to: &str) -> Option<plausch_xmpp::xml::Element> {
    harness.stanzas().into_iter().find(|iq| {
        iq.attr("to").is_some_and(|asked| asked == to)
            && iq.child("query", "http://jabber.org/protocol/disco#info").is_some()
    })
}

/// The example of XEP-0115 §5.2.
const VER: &str = "QgayPKawpkPSDYmwT/WM94uAlu0=";
const INFO: &str = "<identity category='client' type='pc' name='Exodus 0.9.1'/>\
    <feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>\
    <feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>";

fn presence(from: &str) -> String {
    format!(
        "<presence xmlns='jabber:client' from='{from}'>\
         <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://code.google.com/p/exodus' ver='{VER}'/></presence>"
    )
}

/// Attack case C-15.
#[test]
fn capabilities_are_believed_only_if_their_hash_is_right() {
    use plausch_engine::store::Table;
    let mut harness = Harness::online();
    harness.receive(&presence("romeo@mont.example/o"));
    let question = caps_question(&mut harness, "romeo@mont.example/o").expect("a question");
    let node = question.child("query", "http://jabber.org/protocol/disco#info").unwrap().attr("node").unwrap();
    assert_eq!(node, format!("http://code.google.com/p/exodus#{VER}"));
    let answer = |info: &str| {
        format!(
            "<query xmlns='http://jabber.org/protocol/disco#info' node='http://code.google.com/p/exodus#{VER}'>{info}</query>"
        )
    };
    harness.answer(&question, &answer(&format!("{INFO}<feature var='urn:evil:believe-me'/>")));
    assert_eq!(harness.rows(Table::Caps), 0, "a wrong answer");
    harness.receive(&presence("romeo@mont.example/home"));
    let question = caps_question(&mut harness, "romeo@mont.example/home").expect("another one may know");
    harness.answer(&question, &answer(INFO));
    assert_eq!(harness.rows(Table::Caps), 1);
    harness.receive(&presence("romeo@mont.example/pda"));
    assert!(caps_question(&mut harness, "romeo@mont.example/pda").is_none(), "asked once for all");
    let mut again = Harness::over(harness.store.clone(), Some("r0m30"), Server::default());
    again.start();
    again.fail_to_resume("<item jid='romeo@mont.example' subscription='both'/>");
    again.receive(&presence("romeo@mont.example/o"));
    assert!(caps_question(&mut again, "romeo@mont.example/o").is_none(), "and kept");
}

#[test]
fn strangers_are_not_asked_for_capabilities() {
    let mut harness = Harness::online();
    for from in ["eve@evil.example/x", "nurse@cap.example/kitchen"] {
        harness.receive(&presence(from));
        assert!(caps_question(&mut harness, from).is_none(), "{from} may not see us");
    }
}

/// XEP-0480: a server with an old hash of the password may ask for a better one, once it has proved that it knows the old.
#[test]
fn a_server_may_have_a_better_hash_of_the_password() {
    let mut harness = Harness::new(Server::default());
    harness.start();
    harness.connect();
    harness.receive(
        "<features xmlns='http://etherx.jabber.org/streams'><authentication xmlns='urn:xmpp:sasl:2'>\
         <mechanism>SCRAM-SHA-1</mechanism><upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-256</upgrade>\
         </authentication></features>",
    );
    let authenticate = harness.sent_last("authenticate");
    let upgrade = authenticate.child_text("upgrade", "urn:xmpp:sasl:upgrade:0");
    assert_eq!(upgrade.as_deref(), Some("UPGR-SCRAM-SHA-256"));
    harness.receive("<task-data xmlns='urn:xmpp:sasl:2'><salt xmlns='urn:xmpp:scram-upgrade:0' iterations='4096'>QSXCR+Q6sek8bf92</salt></task-data>");
    assert!(!harness.sent().iter().any(|element| element.to_xml().contains("<hash")), "not before it has");
}
