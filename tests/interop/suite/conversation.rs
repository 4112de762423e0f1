//! Talking to an independent client, and to another device of the same account.

use std::time::Duration;

use plausch_interop::{Peer, Server};
use plausch_model::{AccountSettings, BareJid, ChatState, Command, DeliveryState, MessageBody};
use plausch_native::{SessionOptions, State};
use serde_json::json;

use crate::tools::{Outcome, befriend, friends, open, peer, reaches, ready, send, shows, signed_in};

on_both_servers!(
    talks_both_ways,
    shows_who_is_typing,
    says_nothing_more_than_it_may,
    read_markers_arrive,
    devices_of_one_account_agree,
    what_one_device_reads_is_read_on_all,
    two_views_agree,
    a_hidden_session_still_hears,
    keeps_the_exact_text,
    messages_to_nobody_fail,
    blocking_silences,
);

async fn talks_both_ways(server: Server) -> Outcome {
    let (mut session, mut peer) = friends(&server).await?;
    let (me, them) = (session.jid().to_string(), peer.jid.clone());
    open(&mut session, &them).await?;
    send(&mut session, &them, "But soft, what light?").await?;
    let heard = peer.hear("But soft, what light?").await?;
    assert_eq!((heard["type"].as_str(), heard["receipt_requested"].as_bool()), (Some("chat"), Some(true)), "{heard}");
    assert_eq!(heard["origin_id"], heard["id"], "{heard}");
    reaches(&mut session, "But soft, what light?", DeliveryState::Delivered).await?;
    peer.act(json!({ "do": "send", "to": me, "body": "Ay me!", "receipt": true })).await?;
    shows(&mut session, "Ay me!").await?;
    peer.wait("a receipt", |event| event["receipt"].is_string()).await?;
    let chat = session.state().chats.get(&BareJid::new(&them)).cloned().ok_or("no chat")?;
    assert_eq!(chat.preview.map(|preview| preview.body), Some(MessageBody::Text("Ay me!".into())));
    Ok(())
}

async fn shows_who_is_typing(server: Server) -> Outcome {
    let (mut session, mut peer) = friends(&server).await?;
    let (me, them) = (session.jid().to_string(), BareJid::new(&peer.jid));
    peer.say(&me, "hi").await?;
    open(&mut session, them.as_str()).await?;
    shows(&mut session, "hi").await?;
    for (name, state) in
        [("composing", ChatState::Composing), ("paused", ChatState::Paused), ("active", ChatState::Idle)]
    {
        peer.act(json!({ "do": "state", "to": me, "state": name })).await?;
        session.until(name, |seen| seen.typing.get(&them).copied().unwrap_or_default() == state).await?;
    }
    for (state, name) in
        [(ChatState::Composing, "composing"), (ChatState::Paused, "paused"), (ChatState::Idle, "active")]
    {
        session.run(Command::SetTyping { chat: them.clone(), state }).await?;
        peer.wait(name, |event| event["chat_state"] == name && event["body"].is_null()).await?;
    }
    Ok(())
}

/// Neither typing nor receipts where the person does not want it, and neither to strangers.
async fn says_nothing_more_than_it_may(server: Server) -> Outcome {
    let (mut session, mut peer) = friends(&server).await?;
    let (me, them) = (session.jid().to_string(), BareJid::new(&peer.jid));
    let private = AccountSettings { send_typing: false, send_receipts: false };
    session.run(Command::SetSettings(private)).await?;
    open(&mut session, them.as_str()).await?;
    session.run(Command::SetTyping { chat: them.clone(), state: ChatState::Composing }).await?;
    peer.act(json!({ "do": "send", "to": me, "body": "are you there?", "receipt": true })).await?;
    shows(&mut session, "are you there?").await?;
    let mut stranger = Peer::start(&server, &server.account().await?).await?;
    stranger.act(json!({ "do": "send", "to": me, "body": "who are you?", "receipt": true })).await?;
    let known = |state: &plausch_native::State| state.chats.contains_key(&BareJid::new(&stranger.jid));
    session.until("the stranger's message", known).await?;
    // What is sent now comes behind anything that was sent before.
    send(&mut session, them.as_str(), "the end").await?;
    peer.hear("the end").await?;
    let spoke = |event: &&serde_json::Value| event["receipt"].is_string() || event["chat_state"] == "composing";
    assert_eq!(peer.events().iter().filter(spoke).count(), 0, "{:#?}", peer.events());
    send(&mut session, &stranger.jid.clone(), "to the stranger").await?;
    stranger.hear("to the stranger").await?;
    assert_eq!(stranger.events().iter().filter(spoke).count(), 0, "{:#?}", stranger.events());
    Ok(())
}

async fn read_markers_arrive(server: Server) -> Outcome {
    let (mut session, mut peer) = friends(&server).await?;
    let (me, them) = (session.jid().to_string(), peer.jid.clone());
    open(&mut session, &them).await?;
    send(&mut session, &them, "read me").await?;
    let heard = peer.hear("read me").await?;
    peer.act(json!({ "do": "marker", "to": me, "id": heard["id"], "marker": "displayed" })).await?;
    reaches(&mut session, "read me", DeliveryState::Read).await
}

async fn devices_of_one_account_agree(server: Server) -> Outcome {
    let account = server.account().await?;
    let laptop = ready(account.over(&server.websocket)).await?;
    let (mut laptop, mut peer) = befriend(laptop, peer(&server).await?).await?;
    let mut phone = ready(account.over(&server.websocket)).await?;
    let (me, them) = (laptop.jid().to_string(), peer.jid.clone());
    open(&mut laptop, &them).await?;
    open(&mut phone, &them).await?;
    send(&mut laptop, &them, "from the laptop").await?;
    shows(&mut phone, "from the laptop").await?;
    send(&mut phone, &them, "from the phone").await?;
    shows(&mut laptop, "from the phone").await?;
    peer.say(&me, "to both").await?;
    shows(&mut laptop, "to both").await?;
    shows(&mut phone, "to both").await?;
    for device in [&laptop, &phone] {
        for text in ["from the laptop", "from the phone", "to both"] {
            assert_eq!(device.state().count(text), 1, "{text:?}");
        }
    }
    Ok(())
}

/// What is read on one device is read on the others, and on one that comes later; and who wrote hears of it.
async fn what_one_device_reads_is_read_on_all(server: Server) -> Outcome {
    let account = server.account().await?;
    let laptop = ready(account.over(&server.websocket)).await?;
    let (mut laptop, mut peer) = befriend(laptop, peer(&server).await?).await?;
    let mut phone = ready(account.over(&server.websocket)).await?;
    let (me, them) = (laptop.jid().to_string(), peer.jid.clone());
    let chat = BareJid::new(&them);
    let unread = |state: &State| state.chats.get(&chat).map(|chat| chat.unread);
    for text in ["one", "two", "three"] {
        peer.act(json!({ "do": "send", "to": me, "body": text, "receipt": true })).await?;
    }
    phone.until("three unread messages", |state| unread(state) == Some(3)).await?;
    open(&mut laptop, &them).await?;
    shows(&mut laptop, "three").await?;
    let seen = laptop.state().items().find(|item| item.body == MessageBody::Text("two".into())).map(|item| item.key);
    let up_to = seen.ok_or("not there")?;
    laptop.run(Command::MarkRead { chat: chat.clone(), up_to }).await?;
    phone.until("one unread message", |state| unread(state) == Some(1)).await?;
    peer.wait("that it was read", |event| event["marker"] == "displayed").await?;
    let mut late = ready(account.over(&server.websocket)).await?;
    late.until("one unread message", |state| unread(state) == Some(1)).await?;
    let seen = laptop.state().items().map(|item| item.key).max();
    laptop.run(Command::MarkRead { chat: chat.clone(), up_to: seen.ok_or("not there")? }).await?;
    for device in [&mut phone, &mut late] {
        device.until("nothing unread", |state| unread(state) == Some(0)).await?;
    }
    Ok(())
}

async fn two_views_agree(server: Server) -> Outcome {
    let (mut session, mut peer) = friends(&server).await?;
    let (me, them) = (session.jid().to_string(), peer.jid.clone());
    let mut tab = session.open_view();
    open(&mut session, &them).await?;
    open(&mut tab, &them).await?;
    send(&mut tab, &them, "from the tab").await?;
    peer.say(&me, "answer").await?;
    for text in ["from the tab", "answer"] {
        shows(&mut session, text).await?;
        shows(&mut tab, text).await?;
    }
    drop(tab);
    send(&mut session, &them, "the tab is closed").await?;
    reaches(&mut session, "the tab is closed", DeliveryState::Delivered).await
}

/// A server may keep back what can wait while nobody looks (XEP-0352), but not messages. It pauses some seconds after the
/// last traffic, so this rests for longer than that.
async fn a_hidden_session_still_hears(server: Server) -> Outcome {
    let account = server.account().await?;
    let session = ready(SessionOptions { visible: false, ..account.over(&server.websocket) }).await?;
    tokio::time::sleep(Duration::from_secs(7)).await;
    let (mut session, mut peer) = befriend(session, peer(&server).await?).await?;
    let (me, them) = (session.jid().to_string(), peer.jid.clone());
    open(&mut session, &them).await?;
    peer.say(&me, "pst").await?;
    shows(&mut session, "pst").await?;
    send(&mut session, &them, "what?").await?;
    reaches(&mut session, "what?", DeliveryState::Delivered).await
}

async fn keeps_the_exact_text(server: Server) -> Outcome {
    let (mut session, mut peer) = friends(&server).await?;
    let (me, them) = (session.jid().to_string(), peer.jid.clone());
    open(&mut session, &them).await?;
    let texts = [
        "<img src=x onerror=alert(1)> & \"quotes\" 'apostrophes' ]]>",
        "two\nlines\n\n  and spaces",
        "Grüße, שלום, مرحبا, 你好, 👩‍👩‍👧‍👦 e\u{301}",
    ];
    for text in texts {
        send(&mut session, &them, text).await?;
        peer.hear(text).await?;
        let echo = format!("echo: {text}");
        peer.say(&me, &echo).await?;
        shows(&mut session, &echo).await?;
    }
    Ok(())
}

async fn messages_to_nobody_fail(server: Server) -> Outcome {
    let mut session = signed_in(&server).await?;
    let nobody = "nobody-has-this-name@localhost";
    open(&mut session, nobody).await?;
    send(&mut session, nobody, "hello?").await?;
    let failed = |state: &plausch_native::State| matches!(state.delivery_of("hello?"), Some(DeliveryState::Failed(_)));
    session.until("the message to fail", failed).await?;
    Ok(())
}

async fn blocking_silences(server: Server) -> Outcome {
    let (mut session, mut peer) = friends(&server).await?;
    let (me, them) = (session.jid().to_string(), BareJid::new(&peer.jid));
    session.run(Command::Block(them.clone())).await?;
    session.until("them to be blocked", |state| state.blocked.contains(&them)).await?;
    peer.say(&me, "can you hear me?").await?;
    peer.wait("an error", |event| event["type"] == "error").await?;
    session.run(Command::Unblock(them.clone())).await?;
    session.until("nobody to be blocked", |state| state.blocked.is_empty()).await?;
    peer.say(&me, "and now?").await?;
    open(&mut session, them.as_str()).await?;
    shows(&mut session, "and now?").await?;
    assert_eq!(session.state().count("can you hear me?"), 0);
    Ok(())
}
