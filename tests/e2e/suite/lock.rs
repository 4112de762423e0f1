//! A passphrase before what is kept on the device.

use anyhow::{Result, ensure};
use plausch_e2e::{Account, Person, Server, Site, until};
use serde_json::json;

on_both_servers!(a_passphrase_locks_and_unlocks, who_forgets_it_deletes_everything);

const PASSPHRASE: &str = "correct horse";
const WORDS: &str = "what light through yonder window breaks";
const DRAFT: &str = "half a thought";

async fn a_passphrase_locks_and_unlocks(server: Server) -> Result<()> {
    let (romeo, juliet) = (Account::new(server, "romeo").await?, Account::new(server, "juliet").await?);
    let site = Site::of(server).await?;
    let romeo = Person::signed_in(&site, &romeo).await?;
    romeo.start_chat(&juliet.jid).await?;
    romeo.send(WORDS).await?;
    romeo.sees_state(WORDS, "sent").await?;
    set_passphrase(&romeo).await?;
    let place = romeo.look("return JSON.stringify(history.state);", vec![]).await?;

    // What was typed last is not lost.
    romeo.click("textbox", "Message").await?;
    romeo.fill("Message", DRAFT).await?;
    has_draft(&romeo).await?;
    romeo.click("button", "Account").await?;
    romeo.click("menuitem", "Lock").await?;
    is_locked(&romeo, &juliet).await?;
    let kept = romeo.look("return JSON.stringify(history.state);", vec![]).await?;
    ensure!(kept == place, "the history holds what it held: {kept}");

    unlock_with(&romeo, "correct house").await?;
    romeo.alert("not the passphrase").await?;
    unlock_with(&romeo, PASSPHRASE).await?;
    is_back(&romeo, &juliet).await?;
    has_draft(&romeo).await?;

    romeo.browser.driver.refresh().await?;
    is_locked(&romeo, &juliet).await?;
    unlock_with(&romeo, PASSPHRASE).await?;
    is_back(&romeo, &juliet).await?;

    romeo.press_with_control_and_shift("L").await?;
    is_locked(&romeo, &juliet).await?;
    unlock_with(&romeo, PASSPHRASE).await?;
    is_back(&romeo, &juliet).await?;

    open_page(&romeo).await?;
    romeo.fill("Current passphrase", PASSPHRASE).await?;
    romeo.click("button", "Remove passphrase").await?;
    romeo.control("button", "Set passphrase").await?;
    romeo.browser.driver.refresh().await?;
    is_back(&romeo, &juliet).await?;
    romeo.leave().await
}

async fn who_forgets_it_deletes_everything(server: Server) -> Result<()> {
    let account = Account::new(server, "romeo").await?;
    let site = Site::of(server).await?;
    let romeo = Person::signed_in(&site, &account).await?;
    set_passphrase(&romeo).await?;
    romeo.press_with_control_and_shift("L").await?;
    romeo.control("heading", "Plausch is locked").await?;
    romeo.click("button", "Forgot it?*").await?;
    romeo.click("button", "Delete").await?;
    romeo.control("heading", "Log in").await?;
    let databases =
        "const done = arguments[arguments.length - 1]; indexedDB.databases().then((list) => done(list.length));";
    until("no database is left", || async {
        let left = romeo.browser.driver.execute_async(databases, vec![]).await?;
        Ok((left.json().as_u64() == Some(0)).then_some(()))
    })
    .await?;
    romeo.sign_in().await?;
    romeo.leave().await
}

async fn open_page(person: &Person) -> Result<()> {
    person.go_to("Settings").await?;
    person.click("tab", "App lock").await
}

async fn set_passphrase(person: &Person) -> Result<()> {
    open_page(person).await?;
    person.fill("New passphrase", PASSPHRASE).await?;
    person.fill("New passphrase again", "correct house").await?;
    person.click("button", "Set passphrase").await?;
    person.alert("not the same").await?;
    person.fill("New passphrase again", PASSPHRASE).await?;
    person.click("button", "Set passphrase").await?;
    person.control("button", "Change passphrase").await?;
    person.click("button", "Close").await?;
    person.wait("the settings are closed", "return all('dialog', null).length === 0;", vec![]).await?;
    Ok(())
}

async fn has_draft(person: &Person) -> Result<()> {
    let script = "const e = all('textbox', 'Message')[0]; return e?.value === arguments[0];";
    person.wait("there is the draft", script, vec![json!(DRAFT)]).await?;
    Ok(())
}

async fn unlock_with(person: &Person, passphrase: &str) -> Result<()> {
    person.fill("Passphrase", passphrase).await?;
    person.click("button", "Unlock").await
}

/// Nothing that names or quotes anybody is in the page.
async fn is_locked(person: &Person, other: &Account) -> Result<()> {
    person.control("heading", "Plausch is locked").await?;
    let page = "return document.documentElement.outerHTML + document.title \
         + Object.entries(localStorage).join() + Object.entries(sessionStorage).join();";
    let page = person.look(page, vec![]).await?.to_string();
    for secret in [WORDS, DRAFT, &other.user, &person.account.user] {
        ensure!(!page.contains(secret), "{secret:?} can still be read");
    }
    Ok(())
}

/// The chat that was open is open, with its messages, and there is a connection.
async fn is_back(person: &Person, other: &Account) -> Result<()> {
    person.in_chat(&other.jid).await?;
    person.sees(WORDS).await?;
    person.connection("online").await
}
