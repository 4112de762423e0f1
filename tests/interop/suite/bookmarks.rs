//! Bookmarked rooms (XEP-0402), between the devices of one account: an independent client and two engines.

use plausch_interop::{Peer, Server};
use plausch_model::{BareJid, Command};
use plausch_native::{Session, SessionOptions, State};
use serde_json::{Value, json};

use crate::tools::{Fallible, Outcome, ready};

on_both_servers!(
    rooms_of_another_device_are_seen,
    rooms_taken_away_are_gone_everywhere,
    offline_removals_are_told_later
);

const NODE: &str = "urn:xmpp:bookmarks:1";
const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
const COUNCIL: &str = "council@conference.localhost";
const ORCHARD: &str = "orchard@conference.localhost";

/// Bookmarks a room as other clients do, with a nickname, a password and what only they know.
async fn bookmark(peer: &mut Peer, room: &str, name: &str) -> Outcome {
    let xml = format!(
        "<conference xmlns='{NODE}' name='{name}' autojoin='true'><nick>J</nick><password>s3cret</password>\
         <extensions><state xmlns='http://client.example/state' minimized='true'/></extensions></conference>"
    );
    let options = json!({
        "pubsub#persist_items": "true", "pubsub#max_items": "max",
        "pubsub#send_last_published_item": "never", "pubsub#access_model": "whitelist",
    });
    peer.act(json!({ "do": "publish", "node": NODE, "id": room, "xml": xml, "options": options })).await?;
    peer.wait("that it is published", |event| event["event"] == "published").await?;
    Ok(())
}

/// What the server has, as an independent client reads it.
async fn kept(peer: &mut Peer) -> Fallible<Vec<Value>> {
    peer.act(json!({ "do": "items", "node": NODE })).await?;
    let event = peer.wait("the items", |event| event["event"] == "items").await?;
    Ok(event["items"].as_array().cloned().unwrap_or_default())
}

/// An independent client and an engine with the same account.
async fn devices(server: &Server) -> Fallible<(Peer, Session)> {
    let account = server.account().await?;
    let peer = Peer::start(server, &account).await?;
    Ok((peer, ready(account.over(&server.websocket)).await?))
}

fn has(state: &State, room: &str) -> bool {
    state.bookmarks.contains_key(&BareJid::new(room))
}

async fn rooms_of_another_device_are_seen(server: Server) -> Outcome {
    let (mut peer, mut session) = devices(&server).await?;
    bookmark(&mut peer, COUNCIL, "Council").await?;
    bookmark(&mut peer, ORCHARD, "The Orchard").await?;
    session.until("both rooms", |state| has(state, COUNCIL) && has(state, ORCHARD)).await?;
    let room = &session.state().bookmarks[&BareJid::new(ORCHARD)];
    assert_eq!((room.name.as_str(), room.address.as_str(), room.autojoin), ("The Orchard", ORCHARD, true));
    bookmark(&mut peer, COUNCIL, "The Council").await?;
    session.until("the new name", |state| state.bookmarks[&BareJid::new(COUNCIL)].name == "The Council").await?;
    let retract = format!(
        "<pubsub xmlns='{PUBSUB}'><retract node='{NODE}' notify='true'><item id='{COUNCIL}'/></retract></pubsub>"
    );
    peer.act(json!({ "do": "iq", "type": "set", "xml": retract })).await?;
    session.until("one room", |state| !has(state, COUNCIL) && has(state, ORCHARD)).await?;
    // A session that begins later reads what there is.
    let mut other = ready(SessionOptions { store: Default::default(), ..session.options().clone() }).await?;
    other.until("the room that is left", |state| state.bookmarks.len() == 1 && has(state, ORCHARD)).await?;
    let delete = format!("<pubsub xmlns='{PUBSUB}#owner'><delete node='{NODE}'/></pubsub>");
    peer.act(json!({ "do": "iq", "type": "set", "xml": delete })).await?;
    // ejabberd (24, at least) tells nobody that a node is gone; the next session would learn it.
    if server.is_prosody() {
        session.until("no room", |state| state.bookmarks.is_empty()).await?;
    }
    Ok(())
}

async fn rooms_taken_away_are_gone_everywhere(server: Server) -> Outcome {
    let (mut peer, mut session) = devices(&server).await?;
    bookmark(&mut peer, COUNCIL, "Council").await?;
    bookmark(&mut peer, ORCHARD, "The Orchard").await?;
    session.until("both rooms", |state| has(state, COUNCIL) && has(state, ORCHARD)).await?;
    let mut other = ready(SessionOptions { store: Default::default(), ..session.options().clone() }).await?;
    other.until("both rooms", |state| has(state, COUNCIL) && has(state, ORCHARD)).await?;
    session.run(Command::RemoveBookmark(BareJid::new(COUNCIL))).await?;
    assert!(!has(session.state(), COUNCIL));
    other.until("the other device to hear of it", |state| !has(state, COUNCIL)).await?;
    let items = kept(&mut peer).await?;
    let ids: Vec<&Value> = items.iter().map(|item| &item["id"]).collect();
    assert_eq!(ids, [&json!(ORCHARD)]);
    let xml = items[0]["xml"].as_str().unwrap_or_default();
    assert!(xml.contains("s3cret") && xml.contains("minimized"), "what others wrote is as it was: {xml}");
    Ok(())
}

async fn offline_removals_are_told_later(server: Server) -> Outcome {
    let (mut peer, mut session) = devices(&server).await?;
    bookmark(&mut peer, COUNCIL, "Council").await?;
    session.until("the room", |state| has(state, COUNCIL)).await?;
    let mut other = ready(SessionOptions { store: Default::default(), ..session.options().clone() }).await?;
    other.until("the room", |state| has(state, COUNCIL)).await?;
    session.set_network(false);
    session.until("to be offline", |state| !state.is_online()).await?;
    session.run(Command::RemoveBookmark(BareJid::new(COUNCIL))).await?;
    session.kill().await;
    assert_eq!(kept(&mut peer).await?.len(), 1);
    session.restart().await?;
    other.until("the other device to hear of it", |state| !has(state, COUNCIL)).await?;
    assert!(kept(&mut peer).await?.is_empty());
    assert!(!has(session.catch_up(), COUNCIL));
    Ok(())
}
