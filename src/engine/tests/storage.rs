//! What chats take on the device: measured, handed out, taken away.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use plausch_engine::store::Table;
use plausch_model::{Anchor, BareJid, Command, CommandError, DeliveryState, MessageBody, TimelineItem, Update};
use support::Harness;

fn romeo() -> BareJid {
    BareJid::new("romeo@mont.example")
}

fn receive(harness: &mut Harness, from: &str, number: usize) {
    harness.receive(&format!(
        "<message xmlns='jabber:client' from='{from}/o' to='juliet@cap.example' type='chat' id='{from}{number}'>\
         <body>line {number}</body></message>"
    ));
}

fn text(item: &TimelineItem) -> String {
    match &item.body {
        MessageBody::Text(text) => text.clone(),
        MessageBody::Unreadable | MessageBody::Retracted => panic!("no text"),
    }
}

#[test]
fn each_chat_is_measured() {
    let mut harness = Harness::online();
    (0..2_100).for_each(|number| receive(&mut harness, "romeo@mont.example", number));
    receive(&mut harness, "nurse@cap.example", 0);
    harness.forget();
    harness.command(Command::MeasureChats);
    let mut sizes: Vec<(String, u64, u64)> = harness
        .updates()
        .into_iter()
        .filter_map(|update| match update {
            Update::ChatSize { chat, messages, bytes } => Some((chat.to_string(), messages, bytes)),
            _ => None,
        })
        .collect();
    sizes.sort();
    let [(nurse, 1, little), (romeo, 2_100, much)] = sizes.as_slice() else { panic!("{sizes:?}") };
    assert_eq!((nurse.as_str(), romeo.as_str()), ("nurse@cap.example", "romeo@mont.example"));
    assert!(*little > 50 && *much > 2_000 * *little / 2, "{sizes:?}");
}

#[test]
fn a_chat_is_handed_out_whole_and_in_order() {
    let mut harness = Harness::online();
    (0..1_000).for_each(|number| receive(&mut harness, "romeo@mont.example", number));
    harness.forget();
    let id = harness.command(Command::ExportChat(romeo()));
    let mut texts = Vec::new();
    let mut ended = false;
    for update in harness.updates() {
        match update {
            Update::Exported { command, items, last } => {
                assert!(command == id && !ended);
                texts.extend(items.iter().map(text));
                ended = last;
            }
            Update::Done { command, result } => assert!(command == id && result.is_ok() && ended),
            _ => {}
        }
    }
    assert_eq!(texts, (0..1_000).map(|number| format!("line {number}")).collect::<Vec<_>>());
    harness.command(Command::ExportChat(BareJid::new("nobody@x.example")));
    let refused = |update: &Update| matches!(update, Update::Done { result: Err(CommandError::NotFound), .. });
    assert!(harness.updates().iter().any(refused));
}

#[test]
fn a_chat_that_is_cleared_stays_with_what_was_not_sent() {
    let mut harness = Harness::online();
    (0..600).for_each(|number| receive(&mut harness, "romeo@mont.example", number));
    receive(&mut harness, "nurse@cap.example", 0);
    harness.cut();
    harness.command(Command::SendText { chat: romeo(), text: "not sent yet".into() });
    harness.command(Command::OpenChat { chat: romeo(), anchor: Anchor::End });
    harness.forget();
    harness.command(Command::ClearChat(romeo()));
    let updates = harness.updates();
    assert!(updates.iter().any(|update| matches!(update, Update::Done { result: Ok(()), .. })));
    assert!(!updates.iter().any(|update| matches!(update, Update::ChatRemoved(_))));
    let left = harness.window("romeo@mont.example");
    assert_eq!(left.iter().map(text).collect::<Vec<_>>(), ["not sent yet"]);
    assert_eq!(left[0].state, Some(DeliveryState::Waiting));
    assert_eq!(harness.texts("nurse@cap.example"), ["line 0"]);
    assert_eq!(harness.rows(Table::Messages), 2);
    assert_eq!(harness.rows(Table::Chats), 2);
    let summaries: Vec<_> = updates
        .iter()
        .filter_map(|update| match update {
            Update::ChatsChanged(chats) => chats.iter().find(|chat| chat.jid == romeo()),
            _ => None,
        })
        .collect();
    let last = summaries.last().unwrap();
    let body = last.preview.as_ref().map(|preview| preview.body.clone());
    assert_eq!((last.unread, body), (0, Some(MessageBody::Text("not sent yet".into()))));
}
