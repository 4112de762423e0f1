//! Notifications outside the page.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plausch_e2e::{Account, Person, Server, Site, until};
use plausch_model::{Anchor, BareJid, Command};
use plausch_native::{CutProxy, Flow, Session, State, Toward};
use serde_json::{Value, json};

on_both_servers!(what_comes_is_told_outside_the_page_until_it_is_read_anywhere);

/// What is shown outside the page: title, text and name of each.
const SHOWN: &str = "\
    const done = arguments[arguments.length - 1];\
    navigator.serviceWorker.getRegistration().then((registration) => registration.getNotifications()).then((all) =>\
      done(all.map(({ title, body, tag }) => [title, body, tag]).sort()));";

async fn what_comes_is_told_outside_the_page_until_it_is_read_anywhere(server: Server) -> Result<()> {
    let (romeo, juliet) = (Account::new(server, "romeo").await?, Account::new(server, "juliet").await?);
    let (line, endpoint) = CutProxy::in_front_of(&server.websocket()?).await?;
    let site = Site::with_endpoint(&endpoint).await?;
    let person = Person::signed_in(&site, &juliet).await?;
    let worker = "return !!navigator.serviceWorker.controller;";
    person.wait("the service worker takes care of the page", worker, vec![]).await?;
    let tools = person.browser.driver.cdp();
    let grant = json!({ "permissions": ["notifications"], "origin": site.url.trim_end_matches('/') });
    tools.send_raw("Browser.grantPermissions", grant).await?;
    let (mut writer, mut elsewhere) = (romeo.session().await?, juliet.session().await?);

    let page = person.browser.driver.window().await?;
    let other = person.browser.driver.new_tab().await?;
    let looks = async |looks: bool| {
        let target = if looks { &page } else { &other };
        tools.send_raw("Emulation.setFocusEmulationEnabled", json!({ "enabled": looks })).await?;
        tools.send_raw("Target.activateTarget", json!({ "targetId": target.to_string() })).await?;
        let focused = "return document.hasFocus() === arguments[0];";
        person.wait("somebody looks, or nobody", focused, vec![json!(looks)]).await
    };

    // Nobody is told anything who does not want it, or who looks.
    looks(false).await?;
    is_not_told(&person, &mut writer, "one").await?;
    looks(true).await?;
    person.press_with_control(",").await?;
    person.click("tab", "Notifications").await?;
    person.click("radio", "Who wrote, and what").await?;
    person.press("Escape").await?;
    is_not_told(&person, &mut writer, "two").await?;

    looks(false).await?;
    let tag = format!("{} {}", juliet.jid, romeo.jid);
    let title = format!("Message from {}", romeo.jid);
    for text in ["three <b>", "four"] {
        say(&mut writer, &juliet, text).await?;
        is_shown(&person, &json!([[title, text, tag]])).await?;
    }
    elsewhere.until("all of it to be there", |state| state.chats.values().any(|chat| chat.unread == 4)).await?;
    read(&mut elsewhere, &romeo.jid).await?;
    is_shown(&person, &json!([])).await?;
    // More chats than are told of one by one.
    let mut writers = Vec::new();
    for name in ["mercutio", "benvolio", "tybalt", "paris"] {
        writers.push(Account::new(server, name).await?.session().await?);
    }
    // They come all at once, however long it takes to write them.
    line.set(Toward::Client, Flow::Stall);
    for writer in &mut writers {
        say(writer, &juliet, "five").await?;
    }
    elsewhere
        .until("four chats more", |state| state.chats.values().filter(|chat| chat.unread > 0).count() == 4)
        .await?;
    line.heal();
    let many = async |title: &str| {
        until(&format!("{title:?} is shown"), || async {
            let shown = shown(&person).await?;
            Ok((shown[0][0] == title && shown[0][2] == "many" && shown[1].is_null()).then_some(()))
        })
        .await
    };
    many("4 unread messages").await?;
    for (number, left) in [(1, "3 unread messages"), (3, "2 unread messages")] {
        read(&mut elsewhere, writers[number].jid().as_str()).await?;
        many(left).await?;
    }
    for number in [0, 2] {
        read(&mut elsewhere, writers[number].jid().as_str()).await?;
    }
    is_shown(&person, &json!([])).await?;
    // Clicked.
    let clicked = "dispatchEvent(new CustomEvent('plausch-open', { detail: arguments[0] }));";
    person.look(clicked, vec![json!("nobody@x nobody@y")]).await?;
    person.look(clicked, vec![json!(tag)]).await?;
    person.in_chat(&romeo.jid).await?;
    person.leave().await
}

async fn say(writer: &mut Session, to: &Account, text: &str) -> Result<()> {
    let chat = BareJid::new(to.jid.clone());
    Ok(writer.run(Command::SendText { chat, text: text.into() }).await?)
}

/// Reads a chat on another device.
async fn read(elsewhere: &mut Session, chat: &str) -> Result<()> {
    let chat = BareJid::new(chat);
    elsewhere.run(Command::OpenChat { chat: chat.clone(), anchor: Anchor::End }).await?;
    let there = |state: &State| state.window.as_ref().is_some_and(|window| window.chat == chat && window.total > 0);
    elsewhere.until("the chat to be there", there).await?;
    let up_to = elsewhere.state().items().map(|item| item.key).max().context("a message")?;
    Ok(elsewhere.run(Command::MarkRead { chat, up_to }).await?)
}

async fn is_not_told(person: &Person, writer: &mut Session, text: &str) -> Result<()> {
    say(writer, &person.account, text).await?;
    person
        .wait(
            "it has come",
            "return arguments[0] === all('list', 'Chats')[0]?.querySelector('.row-preview')?.textContent;",
            vec![json!(text)],
        )
        .await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    ensure!(shown(person).await? == json!([]), "{text} was told");
    Ok(())
}

async fn shown(person: &Person) -> Result<Value> {
    person.look_long(SHOWN, vec![]).await
}

async fn is_shown(person: &Person, wanted: &Value) -> Result<()> {
    until(&format!("{wanted} is shown"), || async { Ok((shown(person).await? == *wanted).then_some(())) }).await
}
