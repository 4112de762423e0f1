//! Editing, reacting and deleting between two browsers, online and offline.

use anyhow::{Result, ensure};
use plausch_e2e::{Account, Person, Server, Site, until};
use plausch_native::CutProxy;
use serde_json::{Value, json};

on_both_servers!(edits_reactions_and_deletions, changes_made_offline_arrive);

/// What is shown of the message with this text: its state, and whether it is edited or deleted.
async fn article(person: &Person, text: &str) -> Result<Value> {
    let script = "const found = [...document.querySelectorAll('[role=log] article')] \
         .find((e) => e.querySelector('.message-body')?.textContent === arguments[0]); \
         return found ? { edited: found.hasAttribute('data-edited'), deleted: found.hasAttribute('data-retracted'), \
         state: found.dataset.state ?? '', reactions: [...found.querySelectorAll('.reaction')] \
         .map((e) => e.dataset.emoji + e.getAttribute('aria-pressed') + (e.dataset.state ?? '')) } : null;";
    person.wait(text, script, vec![json!(text)]).await
}

async fn becomes(person: &Person, text: &str, wanted: Value) -> Result<()> {
    until(&format!("{text:?} is {wanted}"), || async {
        let shown = article(person, text).await?;
        Ok(wanted.as_object().into_iter().flatten().all(|(name, value)| shown[name] == *value).then_some(()))
    })
    .await
}

/// Opens the menu of a message and chooses something.
async fn choose(person: &Person, text: &str, name: &str) -> Result<()> {
    let script = "const found = [...document.querySelectorAll('[role=log] article')] \
         .find((e) => e.querySelector('.message-body')?.textContent === arguments[0]); \
         found?.querySelector('.message-more')?.click(); return !!found;";
    person.wait(text, script, vec![json!(text)]).await?;
    person.click("menuitem", name).await
}

/// Gives a message another text, in the composer.
async fn edit(person: &Person, text: &str, to: &str) -> Result<()> {
    choose(person, text, "Edit").await?;
    person
        .wait("the text to edit", "return all('textbox', 'Message')[0]?.value === arguments[0];", vec![json!(text)])
        .await?;
    person.fill("Message", to).await?;
    person.click("button", "Send").await
}

async fn delete(person: &Person, text: &str) -> Result<()> {
    choose(person, text, "Delete").await?;
    person.control("dialog", "Delete this message for everyone?").await?;
    person.click("button", "Delete").await
}

const GONE: &str = "This message was deleted";

async fn edits_reactions_and_deletions(server: Server) -> Result<()> {
    let site = Site::of(server).await?;
    let (romeo, juliet) = (Account::new(server, "romeo").await?, Account::new(server, "juliet").await?);
    let (romeo, juliet) = (Person::signed_in(&site, &romeo).await?, Person::signed_in(&site, &juliet).await?);
    romeo.start_chat(&juliet.account.jid).await?;
    juliet.start_chat(&romeo.account.jid).await?;
    romeo.send("But soft, what lihgt").await?;
    juliet.sees("But soft, what lihgt").await?;
    romeo.sees_state("But soft, what lihgt", "sent").await?;
    // What was being typed comes back after the edit, and after one that is given up.
    romeo.control("textbox", "Message").await?.send_keys("a draft").await?;
    choose(&romeo, "But soft, what lihgt", "Edit").await?;
    romeo.control("button", "Cancel").await?;
    romeo.press("Escape").await?;
    let draft = "return all('textbox', 'Message')[0]?.value === 'a draft';";
    romeo.wait("the draft is back", draft, vec![]).await?;
    ensure!(!romeo.has("button", "Cancel").await?, "editing is over");
    edit(&romeo, "But soft, what lihgt", "But soft, what light").await?;
    romeo.wait("the draft is back", draft, vec![]).await?;
    for person in [&romeo, &juliet] {
        becomes(person, "But soft, what light", json!({ "edited": true })).await?;
    }
    choose(&juliet, "But soft, what light", "React").await?;
    juliet.click("button", "👍").await?;
    becomes(&juliet, "But soft, what light", json!({ "reactions": ["👍true"] })).await?;
    becomes(&romeo, "But soft, what light", json!({ "reactions": ["👍false"] })).await?;
    romeo.click("button", "👍 1*").await?;
    becomes(&juliet, "But soft, what light", json!({ "reactions": ["👍true"] })).await?;
    juliet.click("button", "👍 2*").await?;
    becomes(&romeo, "But soft, what light", json!({ "reactions": ["👍true"] })).await?;
    delete(&romeo, "But soft, what light").await?;
    for person in [&romeo, &juliet] {
        becomes(person, GONE, json!({ "deleted": true, "edited": false, "reactions": [] })).await?;
        ensure!(person.messages().await?.len() == 1, "{:?}", person.messages().await?);
    }
    romeo.leave().await?;
    juliet.leave().await
}

async fn changes_made_offline_arrive(server: Server) -> Result<()> {
    let (proxy, endpoint) = CutProxy::in_front_of(&server.websocket()?).await?;
    let (direct, through_proxy) = (Site::of(server).await?, Site::with_endpoint(&endpoint).await?);
    let (romeo, juliet) = (Account::new(server, "romeo").await?, Account::new(server, "juliet").await?);
    let romeo = Person::signed_in(&direct, &romeo).await?;
    let juliet = Person::signed_in(&through_proxy, &juliet).await?;
    romeo.start_chat(&juliet.account.jid).await?;
    juliet.start_chat(&romeo.account.jid).await?;
    romeo.send("his").await?;
    juliet.sees("his").await?;
    for text in ["to edit", "to delete"] {
        juliet.send(text).await?;
        juliet.sees_state(text, "sent").await?;
        romeo.sees(text).await?;
    }
    proxy.refuse(true);
    proxy.cut();
    juliet.connection("disconnected").await?;
    edit(&juliet, "to edit", "edited").await?;
    becomes(&juliet, "edited", json!({ "edited": true, "state": "waiting" })).await?;
    choose(&juliet, "his", "React").await?;
    juliet.click("button", "🎉").await?;
    becomes(&juliet, "his", json!({ "reactions": ["🎉truewaiting"] })).await?;
    delete(&juliet, "to delete").await?;
    becomes(&juliet, GONE, json!({ "deleted": true, "state": "waiting" })).await?;
    proxy.refuse(false);
    juliet.connection("online").await?;
    becomes(&juliet, "edited", json!({ "edited": true, "state": "sent" })).await?;
    becomes(&juliet, "his", json!({ "reactions": ["🎉true"] })).await?;
    becomes(&romeo, "edited", json!({ "edited": true })).await?;
    becomes(&romeo, "his", json!({ "reactions": ["🎉false"] })).await?;
    becomes(&romeo, GONE, json!({ "deleted": true })).await?;
    ensure!(romeo.messages().await?.len() == 3, "{:?}", romeo.messages().await?);
    romeo.leave().await?;
    juliet.leave().await
}
