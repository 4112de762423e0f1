//! Edits, retractions and reactions: whose count, how ours go out, and what is shown meanwhile.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use plausch_engine::{io::Wire, store::Table};
use plausch_model::{
    Anchor, BareJid, Command, CommandError, CommandId, DeliveryState, Emoji, FailureReason, MessageBody, OriginId,
    TimelineItem, Unsent, Update, WindowChange,
};
use plausch_xmpp::xml::{Element, Limits, parse};
use support::{Archived, Harness, ME};

const ROMEO: &str = "romeo@mont.example";
const EVE: &str = "eve@evil.example";
const CORRECT: &str = "urn:xmpp:message-correct:0";
const RETRACT: &str = "urn:xmpp:message-retract:1";
const REACTIONS: &str = "urn:xmpp:reactions:0";
const CLIENT: &str = "jabber:client";

fn from(author: &str, id: &str, content: &str) -> String {
    format!("<message xmlns='{CLIENT}' from='{author}/o' to='{ME}' type='chat' id='{id}'>{content}</message>")
}

fn correction(target: &str, text: &str) -> String {
    format!("<body>{text}</body><replace xmlns='{CORRECT}' id='{target}'/>")
}

fn retraction(target: &str) -> String {
    format!("<body>/me retracted</body><retract xmlns='{RETRACT}' id='{target}'/>")
}

fn reactions(target: &str, emojis: &[&str]) -> String {
    let emojis: String = emojis.iter().map(|emoji| format!("<reaction>{emoji}</reaction>")).collect();
    format!("<reactions xmlns='{REACTIONS}' id='{target}'>{emojis}</reactions>")
}

fn emoji(text: &str) -> Emoji {
    Emoji::parse(text).unwrap()
}

fn last(harness: &mut Harness) -> TimelineItem {
    harness.window(ROMEO).pop().unwrap()
}

/// The emojis of a message, and how many people used each.
fn shown_reactions(item: &TimelineItem) -> Vec<(String, usize, bool)> {
    item.reactions.iter().map(|shown| (shown.emoji.to_string(), shown.by.len(), shown.own)).collect()
}

fn preview(harness: &mut Harness) -> Option<MessageBody> {
    let changed = harness.updates().into_iter().rev().find_map(|update| match update {
        Update::ChatsChanged(chats) => chats.into_iter().find(|chat| chat.jid.as_str() == ROMEO),
        _ => None,
    });
    changed?.preview.map(|preview| preview.body)
}

fn text(text: &str) -> MessageBody {
    MessageBody::Text(text.into())
}

fn send(harness: &mut Harness, text: &str) -> OriginId {
    harness.command(Command::SendText { chat: BareJid::new(ROMEO), text: text.into() });
    last(harness).id
}

/// A text that the server has: our id of it, and the one on the wire.
fn sent(harness: &mut Harness, text: &str) -> (OriginId, String) {
    let id = send(harness, text);
    let wire = harness.sent_last("message").attr("id").unwrap().to_owned();
    harness.acknowledge_all();
    (id, wire)
}

fn edit(harness: &mut Harness, message: &OriginId, text: &str) -> CommandId {
    harness.command(Command::Edit { message: message.clone(), text: text.into() })
}

fn react(harness: &mut Harness, message: &OriginId, with: &str, on: bool) {
    harness.command(Command::React { message: message.clone(), emoji: emoji(with), on });
}

fn answer(harness: &mut Harness, wanted: CommandId) -> Option<Result<(), CommandError>> {
    harness.updates().into_iter().find_map(|update| match update {
        Update::Done { command, result } if command == wanted => Some(result),
        _ => None,
    })
}

/// The messages that were sent after so many things were done on the network.
fn messages(harness: &Harness, after: usize) -> Vec<Element> {
    let frames = harness.wire.iter().skip(after).filter_map(|wire| match wire {
        Wire::Send { frame, .. } => Some(parse(frame, &Limits::default()).unwrap()),
        _ => None,
    });
    frames.filter(|stanza| stanza.name() == "message").collect()
}

/// The link is lost. Tells how many things were done on the network by then.
fn offline(harness: &mut Harness) -> usize {
    harness.acknowledge_all();
    harness.cut();
    harness.wire.len()
}

/// The link comes back, and the session does not.
fn back_online(harness: &mut Harness) {
    harness.advance(120_000);
    harness.fail_to_resume("");
}

// ---- what others do ------------------------------------------------------------------------------------------------

#[test]
fn what_becomes_of_a_message_is_no_message() {
    let mut harness = Harness::online();
    harness.receive(&from(ROMEO, "m1", "<body>helo</body>"));
    harness.receive(&from(ROMEO, "c1", &correction("m1", "hello")));
    assert_eq!(preview(&mut harness), Some(text("hello")));
    harness.receive(&from(ROMEO, "r1", &reactions("m1", &["👍"])));
    let item = last(&mut harness);
    assert_eq!((item.body.clone(), item.edited.is_some()), (text("hello"), true));
    assert_eq!(shown_reactions(&item), [("👍".to_owned(), 1, false)]);
    harness.receive(&from(ROMEO, "r2", &reactions("m1", &[])));
    assert!(last(&mut harness).reactions.is_empty());
    harness.receive(&from(ROMEO, "t1", &retraction("m1")));
    assert_eq!(preview(&mut harness), Some(MessageBody::Retracted));
    harness.receive(&from(ROMEO, "c2", &correction("m1", "still here?")));
    assert_eq!(harness.texts(ROMEO), ["(retracted)"]);
    assert_eq!(harness.unread(ROMEO), 1);
    assert_eq!(harness.rows(Table::Messages), 1);
}

/// Attack cases, with their twins above.
#[test]
fn nobody_changes_the_words_of_another() {
    let mut harness = Harness::online();
    let (_, mine) = sent(&mut harness, "mine");
    harness.receive(&from(ROMEO, "m1", "<body>his</body>"));
    harness.receive(&from(EVE, "e1", &correction("m1", "I quit")));
    harness.receive(&from(EVE, "e2", &retraction("m1")));
    harness.receive(&from(EVE, "e3", &reactions("m1", &["🤮"])));
    harness.receive(&from(ROMEO, "e4", &retraction(&mine)));
    harness.receive(&from(ROMEO, "e5", &correction(&mine, "I never said that")));
    assert_eq!(harness.texts(ROMEO), ["mine", "his", "(retracted)"], "his correction is a word of his own, taken back");
    assert_eq!(harness.texts(EVE), ["(retracted)"], "and so is hers");
    assert!(harness.window(ROMEO).iter().take(2).all(|item| item.reactions.is_empty() && item.edited.is_none()));
}

#[test]
fn a_copy_that_somebody_forged_changes_nothing() {
    let mut harness = Harness::online();
    let (_, mine) = sent(&mut harness, "mine");
    let forged = |content: &str| {
        format!(
            "<message xmlns='{CLIENT}' from='{EVE}/x' to='{ME}/web1'><sent xmlns='urn:xmpp:carbons:2'>\
             <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='{CLIENT}' from='{ME}/phone' to='{ROMEO}' type='chat' id='f1'>\
             {content}</message></forwarded></sent></message>"
        )
    };
    harness.receive(&forged(&correction(&mine, "forged")));
    harness.receive(&forged(&retraction(&mine)));
    assert_eq!(harness.texts(ROMEO), ["mine"]);
    harness.receive(&forged(&correction(&mine, "from my phone")).replace(&format!("{EVE}/x"), ME));
    assert_eq!(harness.texts(ROMEO), ["from my phone"]);
}

/// Attack case C-21.
#[test]
fn reactions_are_emoji_few_and_one_set_each() {
    let mut harness = Harness::online();
    harness.receive(&from(ROMEO, "m1", "<body>hi</body>"));
    harness.receive(&from(ROMEO, "r1", &reactions("m1", &["lol", "👍", "👍", "https://evil.example", "❤️", "1"])));
    assert_eq!(shown_reactions(&last(&mut harness)), [("❤️".to_owned(), 1, false), ("👍".to_owned(), 1, false)]);
    let many: Vec<String> = ('\u{1f600}'..='\u{1f64f}').map(String::from).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    harness.receive(&from(ROMEO, "r2", &reactions("m1", &many)));
    assert_eq!(last(&mut harness).reactions.len(), 20);
}

/// Attack case C-19.
#[test]
fn what_is_only_there_for_others_is_not_shown_and_what_is_said_is() {
    let mut harness = Harness::online();
    harness.receive(&from(ROMEO, "m1", "<body>hi</body>"));
    let marked = |marks: &str| {
        format!(
            "<body>&gt; hi\n👍</body>{}<fallback xmlns='urn:xmpp:fallback:0' for='{REACTIONS}'>{marks}</fallback>",
            reactions("m1", &["👍"])
        )
    };
    harness.receive(&from(ROMEO, "r1", &marked("<body/>")));
    harness.receive(&from(ROMEO, "r2", &marked("<body start='0' end='6'/>")));
    assert_eq!(harness.texts(ROMEO), ["hi"]);
    harness.receive(&from(ROMEO, "r3", &marked("<body start='0' end='99'/>")));
    let words = format!("<body>with words</body>{}", reactions("m1", &["👎"]));
    harness.receive(&from(ROMEO, "r4", &words));
    assert_eq!(harness.texts(ROMEO), ["hi", "> hi\n👍", "with words"]);
    let other = format!("<body>all of it</body><fallback xmlns='urn:xmpp:fallback:0' for='{REACTIONS}'/>");
    harness.receive(&from(ROMEO, "m2", &other));
    assert_eq!(harness.texts(ROMEO).last().unwrap(), "all of it", "there is nothing that it stands in for");
}

#[test]
fn what_waits_for_a_message_is_bounded_and_outlives_a_restart() {
    let mut harness = Harness::online();
    for number in 0..150 {
        harness.receive(&from(EVE, &format!("e{number}"), &retraction(&format!("none{number}"))));
    }
    harness.receive(&from(ROMEO, "t1", &retraction("m1")));
    assert_eq!(harness.rows(Table::Waiting), 101);
    let mut again = harness.restarted();
    again.fail_to_resume("");
    again.receive(&from(ROMEO, "m1", "<body>too late</body>"));
    assert_eq!(again.texts(ROMEO), ["(retracted)"]);
    assert_eq!(again.rows(Table::Waiting), 100);
    again.command(Command::RemoveChat(BareJid::new(EVE)));
    again.receive(&from(EVE, "m9", "<body>hi</body>"));
    again.command(Command::RemoveChat(BareJid::new(EVE)));
    assert_eq!(again.rows(Table::Waiting), 0);
}

/// Attack case E-08.
#[test]
fn words_in_the_clear_do_not_replace_what_was_encrypted() {
    let mut harness = Harness::online();
    let hidden = "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:omemo:2'/>";
    harness.receive(&from(ROMEO, "m1", hidden));
    harness.receive(&from(ROMEO, "c1", &correction("m1", "in the clear")));
    harness.receive(&from(ROMEO, "c1", &correction("m1", "in the clear")));
    assert_eq!(harness.texts(ROMEO), ["(unreadable)", "in the clear"]);
    harness.receive(&from(ROMEO, "t1", &retraction("m1")));
    assert_eq!(harness.texts(ROMEO), ["(retracted)", "in the clear"]);
}

#[test]
fn a_correction_is_confirmed_like_a_message() {
    let mut harness = Harness::online();
    harness.receive(&from(ROMEO, "m1", "<body>helo</body>"));
    let asking = format!("{}<request xmlns='urn:xmpp:receipts'/>", correction("m1", "hello"));
    harness.receive(&from(ROMEO, "c1", &asking));
    let receipt = harness.sent_last("message");
    assert_eq!(receipt.child("received", "urn:xmpp:receipts").unwrap().attr("id"), Some("c1"));
}

// ---- what we do ----------------------------------------------------------------------------------------------------

#[test]
fn an_edit_goes_out_like_a_text_and_waits_visibly() {
    let mut harness = Harness::online();
    let (id, wire) = sent(&mut harness, "helo");
    harness.command(Command::OpenChat { chat: BareJid::new(ROMEO), anchor: Anchor::End });
    harness.forget();
    edit(&mut harness, &id, "hello");
    let shown = harness.updates().into_iter().find_map(|update| match update {
        Update::WindowChanged { changes, .. } => changes.into_iter().find_map(|change| match change {
            WindowChange::Put(item) => Some(item),
            WindowChange::Remove(_) => None,
        }),
        _ => None,
    });
    let shown = shown.unwrap();
    assert_eq!(
        (shown.body, shown.unsent, shown.state),
        (text("hello"), Some(Unsent::Waiting), Some(DeliveryState::Sent))
    );
    let stanza = harness.sent_last("message");
    assert_eq!(stanza.child_text("body", CLIENT).as_deref(), Some("hello"));
    assert_eq!(stanza.child("replace", CORRECT).unwrap().attr("id"), Some(&*wire));
    assert_ne!(stanza.attr("id"), Some(&*wire));
    harness.acknowledge_all();
    edit(&mut harness, &id, "hello!");
    let again = harness.sent_last("message");
    assert_eq!(
        again.child("replace", CORRECT).unwrap().attr("id"),
        Some(&*wire),
        "always the first one's (XEP-0308 §3)"
    );
    harness.acknowledge_all();
    let item = last(&mut harness);
    assert_eq!((item.body, item.unsent, item.edited.is_some()), (text("hello!"), None, true));
    assert_eq!((harness.rows(Table::Outbox), harness.rows(Table::Messages)), (0, 1));
}

#[test]
fn reactions_add_up_and_can_be_taken_back() {
    let mut harness = Harness::online();
    harness.receive(&from(ROMEO, "m1", "<body>hi</body>"));
    harness.receive(&from(ROMEO, "r0", &reactions("m1", &["👍"])));
    let id = last(&mut harness).id;
    react(&mut harness, &id, "👍", true);
    react(&mut harness, &id, "🎉", true);
    let item = last(&mut harness);
    assert_eq!(shown_reactions(&item), [("🎉".to_owned(), 1, true), ("👍".to_owned(), 2, true)]);
    assert!(item.reacting);
    let stanza = harness.sent_last("message");
    let sent = stanza.child("reactions", REACTIONS).unwrap();
    assert_eq!((sent.attr("id"), sent.children().count()), (Some("m1"), 2));
    assert!(stanza.child("store", "urn:xmpp:hints").is_some() && stanza.child("body", CLIENT).is_none());
    harness.acknowledge_all();
    react(&mut harness, &id, "👍", false);
    harness.acknowledge_all();
    let item = last(&mut harness);
    assert_eq!(shown_reactions(&item), [("🎉".to_owned(), 1, true), ("👍".to_owned(), 1, false)]);
    assert!(!item.reacting);
}

#[test]
fn a_retraction_says_so_to_every_client() {
    let mut harness = Harness::online();
    let (id, wire) = sent(&mut harness, "oops");
    harness.command(Command::Retract(id.clone()));
    let item = last(&mut harness);
    assert_eq!((item.body, item.unsent), (MessageBody::Retracted, Some(Unsent::Waiting)));
    let stanza = harness.sent_last("message");
    assert_eq!(stanza.child("retract", RETRACT).unwrap().attr("id"), Some(&*wire));
    assert_eq!(stanza.child("fallback", "urn:xmpp:fallback:0").unwrap().attr("for"), Some(RETRACT));
    assert!(stanza.child("body", CLIENT).is_some() && stanza.child("store", "urn:xmpp:hints").is_some());
    harness.acknowledge_all();
    assert_eq!(preview(&mut harness), Some(MessageBody::Retracted));
    assert_eq!(last(&mut harness).unsent, None);
    let command = edit(&mut harness, &id, "never mind");
    assert_eq!(answer(&mut harness, command), Some(Err(CommandError::NotFound)));
}

#[test]
fn only_ones_own_words_can_be_edited_and_only_for_a_day() {
    let mut harness = Harness::online();
    let (mine, _) = sent(&mut harness, "mine");
    harness.receive(&from(ROMEO, "m1", "<body>his</body>"));
    let his = last(&mut harness).id;
    let command = edit(&mut harness, &his, "forged");
    assert_eq!(answer(&mut harness, command), Some(Err(CommandError::NotFound)));
    let command = harness.command(Command::Retract(his));
    assert_eq!(answer(&mut harness, command), Some(Err(CommandError::NotFound)));
    let command = edit(&mut harness, &mine, "  ");
    assert_eq!(answer(&mut harness, command), Some(Err(CommandError::BadText)));
    harness.cut();
    harness.now += 86_400_001;
    let command = edit(&mut harness, &mine, "late");
    assert_eq!(answer(&mut harness, command), Some(Err(CommandError::TooLate)));
    assert_eq!(harness.rows(Table::Outbox), 0);
}

#[test]
fn what_was_not_sent_yet_is_changed_where_it_waits() {
    let mut harness = Harness::online();
    let before = offline(&mut harness);
    let first = send(&mut harness, "frist");
    let second = send(&mut harness, "second thoughts");
    edit(&mut harness, &first, "first");
    harness.command(Command::Retract(second));
    let item = last(&mut harness);
    assert_eq!((item.body, item.edited, item.state), (text("first"), None, Some(DeliveryState::Waiting)));
    back_online(&mut harness);
    let sent = messages(&harness, before);
    let texts: Vec<_> = sent.iter().filter_map(|stanza| stanza.child_text("body", CLIENT)).collect();
    assert_eq!(texts, ["first"]);
    assert!(sent.iter().all(|stanza| stanza.child("replace", CORRECT).is_none()));
    assert_eq!(harness.texts(ROMEO), ["first"]);
}

#[test]
fn changes_made_offline_are_sent_in_order_once_as_they_were_last() {
    let mut harness = Harness::online();
    let (kept, _) = sent(&mut harness, "kept");
    let (gone, _) = sent(&mut harness, "gone");
    offline(&mut harness);
    edit(&mut harness, &kept, "one");
    edit(&mut harness, &gone, "an edit that nobody needs");
    send(&mut harness, "between");
    edit(&mut harness, &kept, "two");
    react(&mut harness, &kept, "👍", true);
    react(&mut harness, &kept, "👍", false);
    harness.command(Command::Retract(gone));
    assert_eq!(harness.texts(ROMEO), ["two", "(retracted)", "between"]);
    let mut again = harness.restarted();
    assert_eq!(again.texts(ROMEO), ["two", "(retracted)", "between"]);
    again.fail_to_resume("");
    let sent = messages(&again, 0);
    let kinds: Vec<_> = sent
        .iter()
        .map(|stanza| {
            stanza.children().find(|child| [CORRECT, RETRACT, REACTIONS].contains(&child.ns())).map(Element::ns)
        })
        .collect();
    assert_eq!(kinds, [None, Some(CORRECT), Some(RETRACT)], "the edit is behind the text, since it was made after it");
    again.acknowledge_all();
    assert_eq!(again.texts(ROMEO), ["two", "(retracted)", "between"]);
    assert_eq!(again.rows(Table::Outbox), 0);
}

#[test]
fn a_change_undone_before_it_was_sent_is_none() {
    let mut harness = Harness::online();
    let (id, _) = sent(&mut harness, "as it was");
    offline(&mut harness);
    edit(&mut harness, &id, "otherwise");
    edit(&mut harness, &id, "as it was");
    assert_eq!((last(&mut harness).edited, harness.rows(Table::Outbox)), (None, 0));
}

/// What may or may not have arrived is looked for in the archive before it is sent again.
#[test]
fn a_change_that_arrived_is_not_sent_again_and_one_that_did_not_is() {
    for arrived in [true, false] {
        let mut harness = Harness::online();
        let (id, wire) = sent(&mut harness, "helo");
        edit(&mut harness, &id, "hello");
        let stanza = harness.sent_last("message");
        let change = stanza.attr("id").unwrap().to_owned();
        harness.archive.push(Archived {
            id: "a1".into(),
            stamp: "2026-01-01T00:00:00Z".into(),
            stanza: from(ME, &wire, "<body>helo</body>").replace("to='juliet", "to='romeo"),
        });
        if arrived {
            harness.archive.push(Archived {
                id: "a2".into(),
                stamp: "2026-01-01T00:00:01Z".into(),
                stanza: from(ME, &change, &correction(&wire, "hello"))
                    .replace(&format!("to='{ME}'"), &format!("to='{ROMEO}'")),
            });
        }
        for archived in &mut harness.archive {
            archived.stanza = archived.stanza.replace("to='romeo@cap.example'", &format!("to='{ROMEO}'"));
        }
        harness.cut();
        let before = harness.wire.len();
        back_online(&mut harness);
        let sent = messages(&harness, before);
        assert_eq!(sent.len(), usize::from(!arrived), "{sent:?}");
        assert!(sent.iter().all(|stanza| stanza.attr("id") == Some(&*change)));
        harness.acknowledge_all();
        let item = last(&mut harness);
        assert_eq!((item.body, item.unsent), (text("hello"), None));
        assert_eq!((harness.rows(Table::Outbox), harness.rows(Table::Messages)), (0, 1));
    }
}

/// The program ends after the server's word was stored, and before the message was changed.
#[test]
fn a_change_that_the_server_has_is_made_even_after_a_crash() {
    let mut harness = Harness::online();
    let (id, _) = sent(&mut harness, "helo");
    edit(&mut harness, &id, "hello");
    harness.forget();
    harness.acknowledge_all();
    let commits: Vec<_> = harness
        .log
        .iter()
        .filter_map(|event| match event {
            support::Event::Committed(batch) => Some(batch.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(commits.len(), 2, "first the word, then the change");
    assert_eq!((last(&mut harness).body, harness.rows(Table::Outbox)), (text("hello"), 0));
}

#[test]
fn the_last_word_counts_when_two_devices_edit() {
    let mut harness = Harness::online();
    let (id, wire) = sent(&mut harness, "first");
    offline(&mut harness);
    edit(&mut harness, &id, "from here");
    let own = |id: &str, content: &str| from(ME, id, content).replace(&format!("to='{ME}'"), &format!("to='{ROMEO}'"));
    harness.archive.push(Archived {
        id: "a1".into(),
        stamp: "2026-01-01T00:01:00Z".into(),
        stanza: own("p1", &correction(&wire, "from my phone")),
    });
    back_online(&mut harness);
    assert_eq!(harness.texts(ROMEO), ["from here"], "it is sent now, so it comes last");
    harness.acknowledge_all();
    assert_eq!(harness.texts(ROMEO), ["from here"]);
    let carbon = format!(
        "<message xmlns='{CLIENT}' from='{ME}' to='{ME}/web1'><sent xmlns='urn:xmpp:carbons:2'>\
         <forwarded xmlns='urn:xmpp:forward:0'>{}</forwarded></sent></message>",
        own("p2", &correction(&wire, "from my phone again"))
    );
    harness.receive(&carbon);
    assert_eq!(harness.texts(ROMEO), ["from my phone again"]);
}

fn bounce(id: &str) -> String {
    format!(
        "<message xmlns='{CLIENT}' from='{ROMEO}' type='error' id='{id}'><error type='cancel'>\
         <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    )
}

#[test]
fn an_edit_that_comes_back_has_failed_and_can_be_tried_again_or_dropped() {
    let failed = || Some(Unsent::Failed(FailureReason::Refused));
    for acknowledged in [true, false] {
        let mut harness = Harness::online();
        let (id, wire) = sent(&mut harness, "helo");
        edit(&mut harness, &id, "hello");
        let change = harness.sent_last("message").attr("id").unwrap().to_owned();
        if acknowledged {
            harness.acknowledge_all();
        }
        harness.receive(&bounce(&change));
        let item = last(&mut harness);
        assert_eq!((item.body, item.unsent), (text("hello"), failed()));
        harness.command(Command::Retry(id.clone()));
        assert_eq!(last(&mut harness).unsent, Some(Unsent::Waiting));
        let again = harness.sent_last("message");
        assert_eq!(again.child("replace", CORRECT).unwrap().attr("id"), Some(&*wire));
        assert_ne!(again.attr("id"), Some(&*change));
        harness.receive(&bounce(again.attr("id").unwrap()));
        assert_eq!(last(&mut harness).unsent, failed());
        harness.command(Command::Discard(id.clone()));
        let item = last(&mut harness);
        assert_eq!((item.unsent, harness.rows(Table::Outbox)), (None, 0));
        assert_eq!(item.body, if acknowledged { text("hello") } else { text("helo") });
    }
}

/// XEP-0444 §3.4.
#[test]
fn a_reaction_that_comes_back_is_taken_away() {
    for acknowledged in [true, false] {
        let mut harness = Harness::online();
        harness.receive(&from(ROMEO, "m1", "<body>hi</body>"));
        let id = last(&mut harness).id;
        react(&mut harness, &id, "👍", true);
        let change = harness.sent_last("message").attr("id").unwrap().to_owned();
        if acknowledged {
            harness.acknowledge_all();
        }
        harness.receive(&bounce(&change));
        let item = last(&mut harness);
        assert!(item.reactions.is_empty() && !item.reacting);
    }
}

#[test]
fn a_failed_text_is_edited_in_place_and_sent_as_it_is_last() {
    let mut harness = Harness::online();
    let (id, wire) = sent(&mut harness, "helo");
    harness.receive(&bounce(&wire));
    let before = harness.wire.len();
    edit(&mut harness, &id, "hello");
    assert_eq!(messages(&harness, before), []);
    harness.command(Command::Retry(id));
    let stanza = harness.sent_last("message");
    assert_eq!(stanza.child_text("body", CLIENT).as_deref(), Some("hello"));
    assert!(stanza.child("replace", CORRECT).is_none());
    assert_eq!(harness.texts(ROMEO), ["hello"]);
}
