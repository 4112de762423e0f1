//! A-16, A-21, A-23: who somebody says they are, and what strangers learn of us.

use plausch_model::{BareJid, Command, DeliveryState};

use crate::stage::{EVE, ME, Outcome, ROMEO, Stage, chat, message};

#[tokio::test]
async fn a_16_a_strangers_nickname_does_not_hide_the_address() -> Outcome {
    let mut stage = Stage::new().await?;
    let nick = "<nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick>";
    stage.deliver(&message("eve@evil.example/x", "n1", &format!("<body>hi</body>{nick}"))).await?;
    let eve = stage.session.state().chats.get(&BareJid::new(EVE)).cloned().ok_or("no chat")?;
    assert_eq!((eve.name.as_str(), eve.address.as_str(), eve.stranger), (EVE, EVE, true));
    stage
        .deliver(&message(
            "romeo@mont.example/a",
            "n2",
            "<body>hi</body><nick xmlns='http://jabber.org/protocol/nick'>Tybalt</nick>",
        ))
        .await?;
    let romeo = stage.session.state().chats.get(&BareJid::new(ROMEO)).cloned().ok_or("no chat")?;
    assert_eq!((romeo.name.as_str(), romeo.stranger), ("Romeo", false), "the roster's name wins");
    Ok(())
}

fn receipt(from: &str, id: &str) -> String {
    message(from, "r", &format!("<received xmlns='urn:xmpp:receipts' id='{id}'/>"))
}

#[tokio::test]
async fn a_21_receipts_count_only_from_whom_the_message_went_to() -> Outcome {
    let mut stage = Stage::new().await?;
    stage.open(ROMEO).await?;
    stage.session.run(Command::SendText { chat: BareJid::new(ROMEO), text: "hello".to_owned() }).await?;
    let sent = stage
        .fake
        .expect("the message", |stanza| stanza.name() == "message" && stanza.child("body", "jabber:client").is_some())
        .await?;
    let id = sent.attr("id").ok_or("no id")?.to_owned();
    stage
        .session
        .until("the server to have it", |state| state.delivery_of("hello") == Some(&DeliveryState::Sent))
        .await?;
    for from in ["eve@evil.example/x", "cap.example", "hall@muc.cap.example/romeo"] {
        stage.is_dropped(&receipt(from, &id)).await?;
    }
    stage.is_dropped(&receipt("romeo@mont.example/a", "never-sent")).await?;
    let displayed = |from: &str| message(from, "d", &format!("<displayed xmlns='urn:xmpp:chat-markers:0' id='{id}'/>"));
    stage.is_dropped(&displayed("eve@evil.example/x")).await?;
    stage.deliver(&receipt("romeo@mont.example/a", &id)).await?;
    assert_eq!(stage.session.state().delivery_of("hello"), Some(&DeliveryState::Delivered));
    Ok(())
}

#[tokio::test]
async fn a_21_strangers_learn_nothing() -> Outcome {
    let mut stage = Stage::new().await?;
    let request = "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>";
    stage.deliver(&message("eve@evil.example/x", "q1", &format!("<body>hi</body>{request}"))).await?;
    stage.open(EVE).await?;
    let seen = stage.session.state().items().last().map(|item| item.key).ok_or("no message")?;
    stage.session.run(Command::MarkRead { chat: BareJid::new(EVE), up_to: seen }).await?;
    let typing = Command::SetTyping { chat: BareJid::new(EVE), state: plausch_model::ChatState::Composing };
    stage.session.run(typing).await?;
    stage.fake.settle().await?;
    assert_eq!(stage.sent_to("eve@evil.example"), Vec::<String>::new());
    // Questions are refused in one and the same way.
    for (number, query) in
        ["jabber:iq:version", "urn:xmpp:time", "jabber:iq:last", "http://jabber.org/protocol/disco#info"]
            .iter()
            .enumerate()
    {
        let name = if *query == "urn:xmpp:time" { "time" } else { "query" };
        let id = format!("iq{number}");
        stage.fake.send(format!("<iq xmlns='jabber:client' from='eve@evil.example/x' to='{ME}/web1' type='get' id='{id}'><{name} xmlns='{query}'/></iq>"));
        let answer = stage.fake.expect("an answer", |stanza| stanza.attr("id") == Some(&id)).await?;
        assert!(
            answer.attr("type") == Some("error") && answer.to_xml().contains("<service-unavailable"),
            "{}",
            answer.to_xml()
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_21_contacts_get_receipts_for_live_messages_only() -> Outcome {
    let mut stage = Stage::new().await?;
    let request = "<request xmlns='urn:xmpp:receipts'/>";
    let inner = message("romeo@mont.example/a", "carbon", &format!("<body>copy</body>{request}"));
    let carbon = format!("<received xmlns='urn:xmpp:carbons:2'>{}</received>", crate::stage::forwarded(&inner));
    stage.deliver(&message(ME, "c", &carbon)).await?;
    let error = format!(
        "<message xmlns='jabber:client' type='error' from='romeo@mont.example/a' to='{ME}' id='bad'><body>x</body>{request}</message>"
    );
    stage.deliver(&error).await?;
    assert_eq!(stage.sent_to("romeo@mont.example"), Vec::<String>::new(), "neither for copies nor for errors");
    stage.deliver(&message("romeo@mont.example/a", "live", &format!("<body>live</body>{request}"))).await?;
    let receipts: Vec<_> =
        stage.sent_to("romeo@mont.example").into_iter().filter(|stanza| stanza.contains("urn:xmpp:receipts")).collect();
    assert!(
        receipts.len() == 1 && receipts[0].contains("id=\"live\"") | receipts[0].contains("id='live'"),
        "{receipts:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_23_addresses_are_one_only_if_they_are_the_same() -> Outcome {
    let mut stage = Stage::new().await?;
    stage.deliver(&chat("ROMEO@Mont.Example/a", "m1", "same person")).await?;
    assert_eq!(stage.preview(ROMEO).as_deref(), Some("same person"));
    let chats = stage.session.state().chats.len();
    for invalid in ["@mont.example", "romeo@", "ro meo@mont.example", "romeo@mont..example", "romeo@mont.example/"] {
        stage.is_dropped(&chat(invalid, "m2", "nobody")).await?;
    }
    stage.deliver(&chat(r"romeo\40mont.example@evil.example/x", "m3", "not romeo")).await?;
    assert_eq!(stage.session.state().chats.len(), chats + 1);
    assert_eq!(stage.preview(ROMEO).as_deref(), Some("same person"));
    let lookalike = stage
        .session
        .state()
        .chats
        .values()
        .find(|chat| chat.jid.as_str().ends_with("@evil.example"))
        .ok_or("no chat")?;
    assert!(lookalike.address.ends_with("@evil.example") && lookalike.stranger, "{lookalike:?}");
    Ok(())
}

#[tokio::test]
async fn a_16_nicknames_in_rooms_and_requests_hide_nobody() -> Outcome {
    let mut stage = Stage::new().await?;
    let nick = "<nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick>";
    let room = format!(
        "<message xmlns='jabber:client' from='hall@muc.cap.example/eve' to='{ME}' type='groupchat' id='g1'>\
         <body>hi</body>{nick}</message>"
    );
    stage.is_dropped(&room).await?;
    stage.is_dropped(&message(EVE, "n3", nick)).await?;
    stage
        .deliver(&format!("<presence xmlns='jabber:client' type='subscribe' from='{EVE}' to='{ME}'>{nick}</presence>"))
        .await?;
    let request = stage.session.state().requests.first().cloned().ok_or("no request")?;
    assert_eq!(
        (request.address.as_str(), request.nickname.as_deref()),
        (EVE, Some("Romeo")),
        "named beside the address"
    );
    Ok(())
}

#[tokio::test]
async fn a_21_the_blocked_learn_nothing() -> Outcome {
    let mut stage = Stage::new().await?;
    let push = |id: &str, name: &str| {
        format!(
            "<iq xmlns='jabber:client' type='set' id='{id}'><{name} xmlns='urn:xmpp:blocking'>\
             <item jid='romeo@mont.example'/></{name}></iq>"
        )
    };
    let asks =
        |id: &str| message("romeo@mont.example/a", id, "<body>there?</body><request xmlns='urn:xmpp:receipts'/>");
    stage.deliver(&push("b1", "block")).await?;
    stage.deliver(&asks("m1")).await?;
    stage.open(ROMEO).await?;
    let typing = Command::SetTyping { chat: BareJid::new(ROMEO), state: plausch_model::ChatState::Composing };
    stage.session.run(typing.clone()).await?;
    stage.fake.settle().await?;
    assert_eq!(stage.sent_to("romeo@mont.example"), Vec::<String>::new());
    stage.deliver(&push("b2", "unblock")).await?;
    stage.deliver(&asks("m2")).await?;
    stage.session.run(typing).await?;
    stage.fake.settle().await?;
    assert_eq!(stage.sent_to("romeo@mont.example").len(), 2, "a receipt and a state, once they may know again");
    Ok(())
}
