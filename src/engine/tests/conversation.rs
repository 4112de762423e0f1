//! A session from signing in to a conversation, as the server and the views see it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use plausch_engine::store::Table;
use plausch_model::{
    BareJid, ChatState, Command, CommandError, ConnectionState, DeliveryState, EndReason, MessageBody, SignInError,
    Update, Way,
};
use support::{Event, Harness, Server};

fn romeo() -> BareJid {
    BareJid::new("romeo@mont.example")
}

fn message(id: &str, body: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='romeo@mont.example/orchard' to='juliet@cap.example/web1' type='chat' id='{id}'>\
         <body>{body}</body></message>"
    )
}

fn send(harness: &mut Harness, text: &str) {
    harness.command(Command::SendText { chat: romeo(), text: text.into() });
}

fn states(harness: &mut Harness) -> Vec<DeliveryState> {
    harness.window("romeo@mont.example").into_iter().filter_map(|item| item.state).collect()
}

#[test]
fn signing_in_leads_to_the_roster_and_the_first_presence() {
    let mut harness = Harness::new(Server::default());
    harness.start();
    harness.sign_in("<item jid='romeo@mont.example' name='Romeo' subscription='both'/>");
    assert!(harness.signed_in);
    assert_eq!(harness.rows(Table::Roster), 1);
    assert!(harness.rows(Table::Credentials) == 0, "PLAIN leaves no keys, and no password is stored");
    harness.input(plausch_engine::io::Input::ViewOpened(support::VIEW));
    let updates = harness.updates();
    assert!(updates.contains(&Update::Connection(ConnectionState::Online)));
    let contacts = updates.iter().find_map(|update| match update {
        Update::Contacts(contacts) => Some(contacts),
        _ => None,
    });
    assert_eq!(contacts.unwrap()[0].name, "Romeo");
}

#[test]
fn a_wrong_password_ends_the_sign_in_and_leaves_nothing() {
    let mut harness = Harness::new(Server::default());
    harness.start();
    harness.connect();
    harness.receive(
        "<features xmlns='http://etherx.jabber.org/streams'><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
         <mechanism>PLAIN</mechanism></mechanisms></features>",
    );
    harness.receive("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
    let end = harness.end.unwrap();
    assert_eq!(end.reason, EndReason::SignInFailed(SignInError::WrongPassword));
    assert!(end.wipe);
    assert!(!harness.signed_in);
}

#[test]
fn a_message_is_on_disk_before_it_is_acknowledged_and_shown() {
    let mut harness = Harness::online();
    harness.command(Command::OpenChat { chat: romeo(), anchor: plausch_model::Anchor::End });
    harness.forget();
    harness.receive_all(&[&message("m1", "Hi"), "<r xmlns='urn:xmpp:sm:3'/>"]);
    let position = |wanted: &dyn Fn(&Event) -> bool| harness.log.iter().position(wanted).unwrap();
    let stored = position(&|event| match event {
        Event::Committed(batch) => format!("{batch:?}").contains("Messages"),
        _ => false,
    });
    let acknowledged = position(&|event| matches!(event, Event::Sent(frame) if frame.starts_with("<a ")));
    let shown = position(&|event| matches!(event, Event::Told(Update::WindowChanged { .. })));
    assert!(stored < acknowledged && stored < shown);
    assert_eq!(harness.texts("romeo@mont.example"), ["Hi"]);
}

#[test]
fn an_own_message_goes_from_waiting_to_read() {
    let mut harness = Harness::online();
    send(&mut harness, "Hello");
    let sent = harness.sent_last("message");
    let id = sent.attr("id").unwrap().to_owned();
    assert_eq!(sent.child_text("body", "jabber:client").as_deref(), Some("Hello"));
    assert_eq!(states(&mut harness), [DeliveryState::Waiting]);
    harness.receive("<a xmlns='urn:xmpp:sm:3' h='999'/>");
    assert_eq!(states(&mut harness), [DeliveryState::Waiting], "an impossible acknowledgement counts for nothing");
    let mut harness = Harness::online();
    send(&mut harness, "Hello");
    let id2 = harness.sent_last("message").attr("id").unwrap().to_owned();
    assert_ne!(id, "");
    harness.acknowledge_all();
    assert_eq!(states(&mut harness), [DeliveryState::Sent]);
    assert_eq!(harness.rows(Table::Outbox), 0);
    let receipt = |kind: &str, from: &str| {
        let ns = if kind == "received" { "urn:xmpp:receipts" } else { "urn:xmpp:chat-markers:0" };
        format!("<message xmlns='jabber:client' from='{from}' id='x'><{kind} xmlns='{ns}' id='{id2}'/></message>")
    };
    harness.receive(&receipt("received", "romeo@mont.example/orchard"));
    assert_eq!(states(&mut harness), [DeliveryState::Delivered]);
    harness.receive(&receipt("displayed", "romeo@mont.example/orchard"));
    harness.receive(&receipt("received", "romeo@mont.example/orchard"));
    assert_eq!(states(&mut harness), [DeliveryState::Read], "it never goes back");
}

#[test]
fn a_bounced_message_fails_and_can_be_sent_again() {
    let mut harness = Harness::online();
    send(&mut harness, "Hello");
    let id = harness.sent_last("message").attr("id").unwrap().to_owned();
    harness.acknowledge_all();
    harness.receive(&format!(
        "<message xmlns='jabber:client' from='romeo@mont.example' type='error' id='{id}'><body>Hello</body>\
         <error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    ));
    assert!(matches!(states(&mut harness)[..], [DeliveryState::Failed(_)]));
    harness.forget();
    harness.command(Command::Retry(plausch_model::OriginId::new(id.clone())));
    let again = harness.sent_last("message").attr("id").unwrap().to_owned();
    assert_ne!(again, id, "under an id of its own: a copy of the first try proves nothing of this one");
    assert_eq!(states(&mut harness), [DeliveryState::Waiting]);
}

#[test]
fn what_is_written_offline_is_sent_once_after_the_session_is_resumed() {
    let mut harness = Harness::online();
    send(&mut harness, "one");
    harness.cut();
    send(&mut harness, "two");
    assert_eq!(harness.texts("romeo@mont.example"), ["one", "two"]);
    harness.forget();
    harness.advance(120_000);
    harness.resume(harness.acknowledged);
    let sent: Vec<_> = harness.stanzas().iter().filter_map(|el| el.child_text("body", "jabber:client")).collect();
    assert_eq!(sent, ["one", "two"]);
    harness.acknowledge_all();
    assert_eq!(states(&mut harness), [DeliveryState::Sent, DeliveryState::Sent]);
}

#[test]
fn typing_is_shown_and_told_to_contacts_only() {
    let mut harness = Harness::online();
    harness.command(Command::StartChat { address: "romeo@mont.example".into() });
    harness.receive(
        "<message xmlns='jabber:client' from='romeo@mont.example/o' type='chat'>\
         <composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
    );
    let typing = harness
        .updates()
        .into_iter()
        .any(|update| update == Update::Typing { chat: romeo(), state: ChatState::Composing });
    assert!(typing);
    harness.command(Command::SetTyping { chat: romeo(), state: ChatState::Composing });
    assert!(harness.sent_last("message").child("composing", "http://jabber.org/protocol/chatstates").is_some());
    harness.command(Command::StartChat { address: "eve@evil.example".into() });
    harness.forget();
    harness.command(Command::SetTyping { chat: BareJid::new("eve@evil.example"), state: ChatState::Composing });
    assert!(harness.stanzas().is_empty());
}

#[test]
fn commands_that_need_a_connection_say_so() {
    let mut harness = Harness::online();
    harness.cut();
    harness.forget();
    let id = harness.command(Command::AddContact { address: "x@y.example".into(), name: None, groups: vec![] });
    let expected = Update::Done { command: id, result: Err(CommandError::NotConnected) };
    assert!(harness.updates().contains(&expected));
}

#[test]
fn a_restart_shows_what_was_there_before_the_connection() {
    let mut harness = Harness::online();
    harness.receive(&message("m1", "Hi"));
    let store = harness.store.clone();
    let mut again = Harness::over(store, Some("r0m30"), Server::default());
    again.start();
    let updates = again.updates();
    let chats = updates.iter().find_map(|update| match update {
        Update::Chats(chats) if !chats.is_empty() => Some(chats),
        _ => None,
    });
    let chat = &chats.unwrap()[0];
    assert_eq!((chat.name.as_str(), chat.unread), ("Romeo", 1));
    let preview = chat.preview.as_ref().map(|preview| (preview.way, &preview.body));
    assert_eq!(preview, Some((Way::In, &MessageBody::Text("Hi".into()))));
}
