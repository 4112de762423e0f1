#![allow(clippy::arithmetic_side_effects)]

use proptest::prelude::*;

use super::*;
use crate::xml::{Limits, parse};

fn element(xml: &str) -> Element {
    parse(xml, &Limits::default()).unwrap()
}

fn sent(count: u64) -> Sm {
    let mut sm = Sm::new(None);
    for number in 1..=count {
        assert_eq!(sm.count_outbound(), number);
    }
    sm
}

#[test]
fn acknowledgements_report_what_is_new() {
    let mut sm = sent(5);
    assert_eq!(sm.unacked(), 1..6);
    assert_eq!(sm.on_ack(2), Ok(1..3));
    assert_eq!(sm.on_ack(2), Ok(3..3));
    assert_eq!(sm.on_ack(5), Ok(3..6));
    assert!(sm.unacked().is_empty());
}

/// S-04.
#[test]
fn more_than_was_sent_is_refused_and_changes_nothing() {
    let mut sm = sent(8);
    let before = sm.clone();
    let error = sm.on_ack(10).unwrap_err();
    assert_eq!(error, SmError { h: 10, sent: 8 });
    assert_eq!(sm, before);
    let expected = "<error xmlns='http://etherx.jabber.org/streams'>\
         <undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
         <handled-count-too-high xmlns='urn:xmpp:sm:3' h='10' send-count='8'/></error>";
    assert_eq!(error.to_stream_error(), element(expected));
}

/// S-04.
#[test]
fn going_backwards_is_refused() {
    let mut sm = sent(5);
    assert_eq!(sm.on_ack(4), Ok(1..5));
    assert_eq!(sm.on_ack(3), Err(SmError { h: 3, sent: 5 }));
}

#[test]
fn counters_wrap_on_the_wire_only() {
    let before_wrap = u64::from(u32::MAX) - 1;
    let state = SmState { inbound: before_wrap, outbound: before_wrap, acked: before_wrap, resumption: None };
    let mut sm = Sm::restore(state);
    for _ in 0..3 {
        sm.count_outbound();
        sm.count_inbound();
    }
    assert_eq!(sm.h(), 1);
    assert_eq!(sm.answer(), element("<a xmlns='urn:xmpp:sm:3' h='1'/>"));
    assert_eq!(sm.on_ack(0), Ok(before_wrap + 1..before_wrap + 3));
    assert_eq!(sm.on_ack(1), Ok(before_wrap + 3..before_wrap + 4));
    assert_eq!(sm.on_ack(2), Err(SmError { h: 2, sent: 1 }));
}

#[test]
fn contradictory_stored_counters_are_made_to_agree() {
    let sm = Sm::restore(SmState { inbound: 0, outbound: 3, acked: 9, resumption: None });
    assert!(sm.unacked().is_empty());
}

#[test]
fn enabled_is_resumable_only_with_an_id_and_the_word_for_it() {
    let jid = || FullJid::parse("juliet@cap.example/web").unwrap();
    let session = |xml: &str| Enabled::from_element(&element(xml)).unwrap().into_session(jid());
    let resumable =
        session("<enabled xmlns='urn:xmpp:sm:3' id='x1' resume='1' max='600' location='[2001:db8::1]:9222'/>");
    let resumption = resumable.resumption().unwrap();
    assert_eq!(resumption.id, "x1");
    assert_eq!(resumable.resume(), Some(element("<resume xmlns='urn:xmpp:sm:3' h='0' previd='x1'/>")));
    let too_long = format!("<enabled xmlns='urn:xmpp:sm:3' id='{}' resume='true'/>", "i".repeat(4001));
    for xml in ["<enabled xmlns='urn:xmpp:sm:3' id='x1'/>", "<enabled xmlns='urn:xmpp:sm:3' resume='true'/>", &too_long]
    {
        assert_eq!(session(xml).resumption(), None, "{xml}");
        assert_eq!(session(xml).resume(), None);
    }
    assert_eq!(Enabled::from_element(&element("<enabled xmlns='urn:xmpp:sm:2' id='x1' resume='1'/>")), None);
}

#[test]
fn resumed_needs_both_attributes() {
    let read = |xml: &str| Resumed::from_element(&element(xml));
    let resumed = read("<resumed xmlns='urn:xmpp:sm:3' h='7' previd='x1'/>");
    assert_eq!(resumed, Some(Resumed { previd: "x1".to_owned(), h: 7 }));
    for xml in [
        "<resumed xmlns='urn:xmpp:sm:3' previd='x1'/>",
        "<resumed xmlns='urn:xmpp:sm:3' h='7'/>",
        "<resumed xmlns='urn:xmpp:sm:3' h='-7' previd='x1'/>",
        "<resumed xmlns='urn:xmpp:sm:3' h='4294967296' previd='x1'/>",
    ] {
        assert_eq!(read(xml), None, "{xml}");
    }
}

#[test]
fn failed_keeps_the_count_if_there_is_one() {
    let failed = "<failed xmlns='urn:xmpp:sm:3' h='5'>\
         <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>";
    let failed = Failed::from_element(&element(failed)).unwrap();
    assert_eq!((failed.h, failed.failure.condition.as_str()), (Some(5), "item-not-found"));
    let bare = Failed::from_element(&element("<failed xmlns='urn:xmpp:sm:3'/>")).unwrap();
    assert_eq!((bare.h, bare.failure.condition.as_str()), (None, "undefined-condition"));
}

proptest! {
    /// Whatever the server says, acknowledged numbers come once, in order, and never beyond what was sent.
    #[test]
    fn acknowledged_numbers_are_a_prefix_of_those_sent(
        start in 0..u64::MAX / 2,
        steps in prop::collection::vec((0..4_u8, any::<u32>()), 0..60),
    ) {
        let mut sm = Sm::restore(SmState { inbound: 0, outbound: start, acked: start, resumption: None });
        let mut next = start + 1;
        for (kind, noise) in steps {
            let h = match kind {
                0 => { sm.count_outbound(); continue; }
                1 => modulo(sm.state().acked).wrapping_add(noise % 3),
                2 => modulo(sm.state().outbound),
                _ => noise,
            };
            if let Ok(acked) = sm.on_ack(h) {
                prop_assert_eq!(acked.start, next);
                prop_assert!(acked.end <= sm.state().outbound + 1);
                prop_assert_eq!(modulo(acked.end - 1), h);
                next = acked.end;
            }
        }
    }
}
