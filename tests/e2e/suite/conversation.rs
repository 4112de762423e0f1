//! A conversation between two browsers.

use std::time::Duration;

use anyhow::{Result, ensure};
use plausch_e2e::{Account, Person, Server, Site, until};
use plausch_native::CutProxy;
use serde_json::json;

on_both_servers!(messages_both_ways, reload_shows_the_list_at_once, two_tabs_agree, offline_and_back_without_loss);

/// Two people who see each other's presence.
pub async fn friends(server: Server, site: &Site) -> Result<(Person, Person)> {
    let (romeo, juliet) = (Account::new(server, "romeo").await?, Account::new(server, "juliet").await?);
    let romeo = Person::signed_in(site, &romeo).await?;
    let juliet = Person::signed_in(site, &juliet).await?;
    befriend(&romeo, &juliet).await?;
    Ok((romeo, juliet))
}

/// Lets two people see each other's presence.
pub async fn befriend(romeo: &Person, juliet: &Person) -> Result<()> {
    romeo.go_to("Contacts").await?;
    romeo.click("button", "Add contact").await?;
    romeo.fill("XMPP address", &juliet.account.jid).await?;
    romeo.click("button", "Add").await?;
    juliet.go_to("Contacts").await?;
    juliet.click("button", "Accept").await?;
    let script = "return all('list', 'Contacts')[0]?.querySelector(`[data-jid=\"${arguments[0]}\"]`)?.dataset.presence === 'online';";
    romeo.wait("juliet is online", script, vec![json!(juliet.account.jid)]).await?;
    juliet.wait("romeo is online", script, vec![json!(romeo.account.jid)]).await?;
    Ok(())
}

async fn messages_both_ways(server: Server) -> Result<()> {
    let site = Site::of(server).await?;
    let (romeo, juliet) = friends(server, &site).await?;
    romeo.start_chat(&juliet.account.jid).await?;
    romeo.send("But soft, what light").await?;
    until("the chat appears with an unread message", || async {
        juliet.go_to("Chats").await?;
        Ok(juliet.chat_in_list(&romeo.account.jid).await?.filter(|(_, unread)| *unread == 1))
    })
    .await?;
    juliet.open_chat(&romeo.account.jid).await?;
    let seen = juliet.sees("But soft, what light").await?;
    ensure!(seen.direction == "in" && seen.author == romeo.account.jid, "{seen:?}");
    romeo.sees_state("But soft, what light", "delivered").await?;
    juliet.control("textbox", "Message").await?.send_keys("O R").await?;
    romeo
        .wait("juliet is typing", "return all('status', null).some((e) => /typing/.test(e.textContent));", vec![])
        .await?;
    juliet.send("omeo <b>Romeo</b> & co").await?;
    let answer = romeo.sees("O Romeo <b>Romeo</b> & co").await?;
    ensure!(answer.direction == "in", "{answer:?}");
    juliet.sees_state("O Romeo <b>Romeo</b> & co", "delivered").await?;
    romeo.leave().await?;
    juliet.leave().await
}

async fn reload_shows_the_list_at_once(server: Server) -> Result<()> {
    let site = Site::of(server).await?;
    let account = Account::new(server, "juliet").await?;
    let other = Account::new(server, "romeo").await?;
    let juliet = Person::open(&site, &account).await?;
    let stay = juliet.control("checkbox", "Stay signed in").await?;
    if !stay.is_selected().await? {
        stay.click().await?;
    }
    juliet.sign_in().await?;
    juliet.start_chat(&other.jid).await?;
    juliet.send("kept").await?;
    juliet.sees_state("kept", "sent").await?;
    juliet.browser.driver.refresh().await?;
    let script = "return all('list', 'Chats')[0]?.querySelector(`[data-jid=\"${arguments[0]}\"]`) ? \
         performance.getEntriesByName('plausch:cached').length : 0;";
    juliet.wait("the list is painted from disk", script, vec![json!(other.jid)]).await?;
    juliet.connection("online").await?;
    juliet.open_chat(&other.jid).await?;
    juliet.sees("kept").await?;
    juliet.leave().await
}

async fn two_tabs_agree(server: Server) -> Result<()> {
    let site = Site::of(server).await?;
    let (romeo, juliet) = friends(server, &site).await?;
    romeo.start_chat(&juliet.account.jid).await?;
    let first = romeo.browser.driver.window().await?;
    let second = romeo.browser.driver.new_tab().await?;
    romeo.browser.driver.switch_to_window(second.clone()).await?;
    romeo.browser.driver.goto(&site.url).await?;
    romeo.connection("online").await?;
    romeo.open_chat(&juliet.account.jid).await?;
    romeo.send("from the second tab").await?;
    romeo.browser.driver.switch_to_window(first.clone()).await?;
    romeo.sees("from the second tab").await?;
    romeo.browser.driver.switch_to_window(second).await?;
    romeo.browser.driver.close_window().await?;
    romeo.browser.driver.switch_to_window(first).await?;
    romeo.send("from the first tab").await?;
    juliet.go_to("Chats").await?;
    juliet.open_chat(&romeo.account.jid).await?;
    juliet.sees("from the second tab").await?;
    juliet.sees("from the first tab").await?;
    romeo.leave().await?;
    juliet.leave().await
}

async fn offline_and_back_without_loss(server: Server) -> Result<()> {
    let (proxy, endpoint) = CutProxy::in_front_of(&server.websocket()?).await?;
    let (direct, through_proxy) = (Site::of(server).await?, Site::with_endpoint(&endpoint).await?);
    let (romeo, juliet) = (Account::new(server, "romeo").await?, Account::new(server, "juliet").await?);
    let romeo = Person::signed_in(&direct, &romeo).await?;
    let juliet = Person::signed_in(&through_proxy, &juliet).await?;
    for (one, other) in [(&romeo, &juliet), (&juliet, &romeo)] {
        one.start_chat(&other.account.jid).await?;
    }
    juliet.send("before").await?;
    romeo.sees("before").await?;
    proxy.refuse(true);
    proxy.cut();
    juliet.connection("disconnected").await?;
    juliet.send("written offline").await?;
    juliet.sees_state("written offline", "waiting").await?;
    // What is sent later than a second after it was written gets another place.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    romeo.send("sent meanwhile").await?;
    proxy.refuse(false);
    juliet.connection("online").await?;
    romeo.sees("written offline").await?;
    juliet.sees("sent meanwhile").await?;
    juliet.sees_state("written offline", "sent").await?;
    let texts = |messages: Vec<plausch_e2e::Message>| {
        let mut texts: Vec<String> = messages.into_iter().map(|message| message.text).collect();
        texts.sort();
        texts
    };
    let expected = ["before", "sent meanwhile", "written offline"];
    ensure!(texts(romeo.messages().await?) == expected, "romeo sees {:?}", romeo.messages().await?);
    ensure!(texts(juliet.messages().await?) == expected, "juliet sees {:?}", juliet.messages().await?);
    romeo.leave().await?;
    juliet.leave().await
}
