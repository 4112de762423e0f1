//! Bookmarked rooms: another device sets them, this one shows and removes them.

use anyhow::{Result, ensure};
use plausch_e2e::{Account, Options, Person, Server, Site, axe, until};
use plausch_interop::{Credentials, Peer, Server as Place};
use serde_json::{Value, json};

on_both_servers!(rooms_of_another_device);

const NODE: &str = "urn:xmpp:bookmarks:1";
const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
const COUNCIL: &str = "council@conference.localhost";
const ORCHARD: &str = "orchard@conference.localhost";

async fn bookmark(device: &mut Peer, room: &str, name: &str) -> Result<()> {
    let xml = format!("<conference xmlns='{NODE}' name='{name}' autojoin='true'><nick>J</nick></conference>");
    let options =
        json!({ "pubsub#persist_items": "true", "pubsub#max_items": "max", "pubsub#access_model": "whitelist" });
    device.act(json!({ "do": "publish", "node": NODE, "id": room, "xml": xml, "options": options })).await?;
    device.wait("that it is published", |event| event["event"] == "published").await?;
    Ok(())
}

/// The rooms that the server has.
async fn kept(device: &mut Peer) -> Result<Vec<Value>> {
    device.act(json!({ "do": "items", "node": NODE })).await?;
    let event = device.wait("the items", |event| event["event"] == "items").await?;
    Ok(event["items"].as_array().into_iter().flatten().map(|item| item["id"].clone()).collect())
}

/// What stands below the heading of the rooms: names, and what is below them.
async fn sees_rooms(person: &Person, rooms: &[(&str, &str)]) -> Result<()> {
    let script = "const heading = all('heading', 'Groups')[0]; if (!heading) return arguments[0].length === 0; \
         const rows = [...document.querySelectorAll('.row[data-kind=group]')].map((e) => \
         [e.querySelector('.row-name').textContent, e.querySelector('.row-preview').textContent]); \
         const behind = [...document.querySelectorAll('.row[data-presence]')].every((e) => \
         e.compareDocumentPosition(heading) & Node.DOCUMENT_POSITION_FOLLOWING); \
         return behind && JSON.stringify(rows) === JSON.stringify(arguments[0]);";
    person.wait(&format!("the rooms are {rooms:?}"), script, vec![json!(rooms)]).await?;
    Ok(())
}

/// Waits until a room fills the pane, or nothing does.
async fn is_in_room(person: &Person, room: Option<&str>) -> Result<()> {
    let script =
        "return (document.querySelector('.chat-pane [data-kind=group]')?.dataset.jid ?? null) === arguments[0];";
    person.wait(&format!("the open room is {room:?}"), script, vec![json!(room)]).await?;
    Ok(())
}

/// Waits until the server has no room.
async fn are_gone(device: &mut Peer) -> Result<()> {
    let device = tokio::sync::Mutex::new(device);
    until("the server has heard of it", || async { Ok(kept(*device.lock().await).await?.is_empty().then_some(())) })
        .await
}

async fn rooms_of_another_device(server: Server) -> Result<()> {
    let account = Account::new(server, "juliet").await?;
    let place = match server {
        Server::Ejabberd => Place::ejabberd().await?,
        _ => Place::prosody().await?,
    };
    let credentials = Credentials { jid: account.jid.clone(), password: account.password.clone() };
    let mut device = Peer::start(&place, &credentials).await?;
    let site = Site::of(server).await?;
    let juliet = Person::open(&site, &account).await?;
    let stay = juliet.control("checkbox", "Stay signed in").await?;
    if !stay.is_selected().await? {
        stay.click().await?;
    }
    juliet.sign_in().await?;
    juliet.start_chat("nobody@localhost").await?;
    juliet.go_to("Contacts").await?;
    sees_rooms(&juliet, &[]).await?;
    juliet.look("globalThis.notReloaded = true;", vec![]).await?;
    bookmark(&mut device, COUNCIL, "The &lt;b>Council&lt;/b>").await?;
    bookmark(&mut device, ORCHARD, "").await?;
    let names = [(ORCHARD, "Group"), ("The <b>Council</b>", COUNCIL)];
    sees_rooms(&juliet, &names).await?;
    ensure!(juliet.look("return globalThis.notReloaded;", vec![]).await? == json!(true));
    axe(&juliet, "rooms among the contacts", &Options::default()).await?;

    // From the switcher into the room.
    juliet.press_with_control("k").await?;
    let field = juliet.control("combobox", "Search chats, people and messages").await?;
    field.send_keys("counc").await?;
    let option = format!("Group · {COUNCIL}");
    let chosen = "return document.querySelector('[role=option][aria-selected=true] .row-preview')?.textContent === arguments[0];";
    juliet.wait("the room is offered", chosen, vec![json!(option)]).await?;
    axe(&juliet, "a room in the switcher", &Options::default()).await?;
    field.send_keys("\u{e007}").await?;
    is_in_room(&juliet, Some(COUNCIL)).await?;
    juliet.control("region", "The <b>Council</b>, Group").await?;
    juliet.control("heading", "The <b>Council</b>").await?;
    ensure!(!juliet.has("textbox", "Message").await?, "there is nowhere to write");
    axe(&juliet, "a room", &Options::default()).await?;
    let focused = "return document.activeElement?.textContent === 'Copy address';";
    juliet.wait("the keyboard goes on in the pane", focused, vec![]).await?;

    // Back and forward and a reload lead where they led from a chat.
    juliet.browser.driver.back().await?;
    is_in_room(&juliet, None).await?;
    juliet.browser.driver.forward().await?;
    is_in_room(&juliet, Some(COUNCIL)).await?;
    juliet.browser.driver.refresh().await?;
    is_in_room(&juliet, Some(COUNCIL)).await?;
    sees_rooms(&juliet, &names).await?;
    juliet.connection("online").await?;

    // By keyboard past the heading, to a room that goes away while it is open.
    let focus = "return all('list', 'Contacts')[0]?.querySelector('[data-kind=group] button')?.focus() ?? true;";
    juliet.look(focus, vec![]).await?;
    for (key, name) in [("\u{e015}", "The <b>Council</b>"), ("\u{e013}", ORCHARD), ("\u{e013}", ORCHARD)] {
        juliet.browser.driver.active_element().await?.send_keys(key).await?;
        let focused = "return document.activeElement?.querySelector('.row-name')?.textContent === arguments[0];";
        juliet.wait("the keys walk", focused, vec![json!(name)]).await?;
    }
    juliet.browser.driver.active_element().await?.send_keys("\u{e007}").await?;
    is_in_room(&juliet, Some(ORCHARD)).await?;
    let retract = format!(
        "<pubsub xmlns='{PUBSUB}'><retract node='{NODE}' notify='true'><item id='{ORCHARD}'/></retract></pubsub>"
    );
    device.act(json!({ "do": "iq", "type": "set", "xml": retract })).await?;
    is_in_room(&juliet, None).await?;
    sees_rooms(&juliet, &names[1..]).await?;

    // Removed here, it is removed there.
    juliet.click("button", "The <b>Council</b>*").await?;
    is_in_room(&juliet, Some(COUNCIL)).await?;
    juliet.click("button", "Remove from list").await?;
    juliet.control("dialog", "Remove The <b>Council</b> from the list?").await?;
    juliet.click("button", "Remove").await?;
    is_in_room(&juliet, None).await?;
    sees_rooms(&juliet, &[]).await?;
    are_gone(&mut device).await?;
    juliet.leave().await
}
