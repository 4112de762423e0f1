//! Edits, reactions and retractions, with an independent client and with another device of the same account.

use plausch_interop::{Peer, Server};
use plausch_model::{BareJid, Command, Emoji, MessageBody, OriginId, TimelineItem};
use plausch_native::{View, text_of};
use serde_json::json;

use crate::tools::{Fallible, Outcome, befriend, friends, open, peer, ready, send, shows};

on_both_servers!(
    an_independent_client_changes_its_messages,
    an_independent_client_hears_of_changes,
    devices_agree_on_changes
);

async fn shown(view: &mut View, text: &str) -> Fallible<TimelineItem> {
    shows(view, text).await?;
    Ok(view.state().items().find(|item| text_of(item) == Some(text)).cloned().ok_or("gone again")?)
}

fn emojis(item: &TimelineItem) -> Vec<&str> {
    item.reactions.iter().map(|reaction| reaction.emoji.as_str()).collect()
}

fn thumb() -> Emoji {
    Emoji::parse("👍").unwrap()
}

async fn becomes_gone(view: &mut View) -> Outcome {
    view.until("a tombstone", |seen| seen.items().any(|item| item.body == MessageBody::Retracted)).await?;
    Ok(())
}

async fn an_independent_client_changes_its_messages(server: Server) -> Outcome {
    let (mut session, mut peer) = friends(&server).await?;
    let (me, them) = (session.jid().to_string(), peer.jid.clone());
    open(&mut session, &them).await?;
    peer.act(json!({ "do": "send", "to": me, "body": "helo", "id": "first" })).await?;
    shows(&mut session, "helo").await?;
    peer.act(json!({ "do": "correct", "to": me, "id": "first", "body": "hello" })).await?;
    assert!(shown(&mut session, "hello").await?.edited.is_some());
    peer.act(json!({ "do": "react", "to": me, "id": "first", "reactions": ["👍", "🎉"] })).await?;
    session.until("reactions", |seen| seen.items().any(|item| emojis(item) == ["🎉", "👍"])).await?;
    peer.act(json!({ "do": "retract", "to": me, "id": "first" })).await?;
    becomes_gone(&mut session).await?;
    assert_eq!(session.state().items().count(), 1);
    Ok(())
}

/// Sends a text: our id of it, and that on the wire as the peer saw it.
async fn said(view: &mut View, peer: &mut Peer, text: &str) -> Fallible<(OriginId, String)> {
    send(view, &peer.jid.clone(), text).await?;
    let heard = peer.hear(text).await?;
    let wire = heard["id"].as_str().ok_or("no id")?.to_owned();
    Ok((shown(view, text).await?.id, wire))
}

async fn an_independent_client_hears_of_changes(server: Server) -> Outcome {
    let (mut session, mut peer) = friends(&server).await?;
    let me = session.jid().to_string();
    open(&mut session, &peer.jid.clone()).await?;
    let (id, wire) = said(&mut session, &mut peer, "helo").await?;
    session.run(Command::Edit { message: id.clone(), text: "hello".into() }).await?;
    let heard = peer.hear("hello").await?;
    assert_eq!(heard["replace"].as_str(), Some(&*wire), "{heard}");
    session.run(Command::Retract(id)).await?;
    let heard = peer.wait("a retraction", |event| event["retract"].is_string()).await?;
    assert_eq!(heard["retract"].as_str(), Some(&*wire), "{heard}");
    peer.act(json!({ "do": "send", "to": me, "body": "react to this", "id": "theirs" })).await?;
    let theirs = shown(&mut session, "react to this").await?.id;
    session.run(Command::React { message: theirs, emoji: thumb(), on: true }).await?;
    let heard = peer.wait("a reaction", |event| event["reacts_to"].is_string()).await?;
    assert_eq!((heard["reacts_to"].as_str(), heard["reactions"][0].as_str()), (Some("theirs"), Some("👍")), "{heard}");
    Ok(())
}

/// One is there when it happens, the other reads it in the archive.
async fn devices_agree_on_changes(server: Server) -> Outcome {
    let account = server.account().await?;
    let phone = ready(account.over(&server.websocket)).await?;
    let (mut phone, mut peer) = befriend(phone, peer(&server).await?).await?;
    let them = BareJid::new(&peer.jid);
    open(&mut phone, them.as_str()).await?;
    let (edited, _) = said(&mut phone, &mut peer, "to edit").await?;
    let (deleted, _) = said(&mut phone, &mut peer, "to delete").await?;
    phone.run(Command::Edit { message: edited.clone(), text: "edited".into() }).await?;
    phone.run(Command::React { message: edited, emoji: thumb(), on: true }).await?;
    phone.run(Command::Retract(deleted)).await?;
    phone.until("everything is sent", |seen| seen.items().all(|item| item.unsent.is_none() && !item.reacting)).await?;
    let mut laptop = ready(account.over(&server.websocket)).await?;
    open(&mut laptop, them.as_str()).await?;
    let item = shown(&mut laptop, "edited").await?;
    // Some servers keep what took it back, others nothing of it at all.
    assert!(laptop.state().texts().iter().all(|text| *text != "to delete"));
    assert!(item.edited.is_some() && emojis(&item) == ["👍"] && item.reactions[0].own, "{item:?}");
    laptop.run(Command::React { message: item.id, emoji: thumb(), on: false }).await?;
    phone.until("it is taken back", |seen| seen.items().all(|item| item.reactions.is_empty())).await?;
    assert_eq!(phone.state().items().count(), 2);
    Ok(())
}
