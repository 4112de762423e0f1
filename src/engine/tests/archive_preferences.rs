//! What the server is to keep (XEP-0441): asked, changed, refused.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use plausch_model::{ArchivePolicy, ArchivePreferences, BareJid, Command, CommandError, Update};
use plausch_xmpp::xml::Element;
use support::Harness;

const PREFS: &str =
    "<prefs xmlns='urn:xmpp:mam:2' default='roster'><always/><never><jid>iago@x.example</jid></never></prefs>";

fn contacts_but_iago() -> ArchivePreferences {
    ArchivePreferences {
        policy: ArchivePolicy::Contacts,
        always: Vec::new(),
        never: vec![BareJid::new("iago@x.example")],
    }
}

fn told(harness: &mut Harness) -> (Option<ArchivePreferences>, Vec<Result<(), CommandError>>) {
    let (mut preferences, mut results) = (None, Vec::new());
    for update in harness.updates() {
        match update {
            Update::ArchivePreferences(told) => preferences = Some(told),
            Update::Done { result, .. } => results.push(result),
            _ => {}
        }
    }
    (preferences, results)
}

fn asked(harness: &mut Harness, kind: &str) -> Element {
    let iq = harness.sent_last("iq");
    assert_eq!(iq.attr("type"), Some(kind));
    assert!(iq.child("prefs", "urn:xmpp:mam:2").is_some());
    iq
}

#[test]
fn what_is_set_is_shown_and_changed() {
    let mut harness = Harness::online();
    harness.command(Command::LoadArchivePreferences);
    let question = asked(&mut harness, "get");
    harness.answer(&question, PREFS);
    assert_eq!(told(&mut harness), (Some(contacts_but_iago()), vec![Ok(())]));
    let wanted = ArchivePreferences { policy: ArchivePolicy::Nobody, ..contacts_but_iago() };
    harness.command(Command::SetArchivePreferences(wanted));
    let change = asked(&mut harness, "set");
    let prefs = change.child("prefs", "urn:xmpp:mam:2").unwrap();
    assert_eq!(prefs.attr("default"), Some("never"));
    assert_eq!(prefs.child("never", "urn:xmpp:mam:2").unwrap().children().count(), 1, "the exception stays");
    // The server has made something else of it.
    harness.answer(&change, PREFS);
    assert_eq!(told(&mut harness), (Some(contacts_but_iago()), vec![Ok(())]));
}

#[test]
fn a_server_that_says_nothing_is_asked_once() {
    let mut harness = Harness::online();
    harness.command(Command::SetArchivePreferences(contacts_but_iago()));
    let change = asked(&mut harness, "set");
    harness.answer(&change, "");
    let question = asked(&mut harness, "get");
    harness.answer(&question, "");
    assert_eq!(told(&mut harness), (None, vec![Err(CommandError::Unsupported)]));
}

#[test]
fn a_server_that_does_not_know_it_refuses() {
    let mut harness = Harness::online();
    harness.command(Command::LoadArchivePreferences);
    let question = asked(&mut harness, "get");
    harness.refuse(&question, "feature-not-implemented");
    assert_eq!(told(&mut harness), (None, vec![Err(CommandError::Unsupported)]));
    harness.cut();
    harness.command(Command::LoadArchivePreferences);
    assert_eq!(told(&mut harness), (None, vec![Err(CommandError::NotConnected)]));
}
