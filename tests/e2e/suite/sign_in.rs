//! Signing in and out.

use std::time::Duration;

use anyhow::{Result, ensure};
use plausch_e2e::{Account, Person, Server, Site, until};

on_both_servers!(
    the_right_password,
    a_wrong_password,
    an_unknown_host,
    signing_out_leaves_nothing,
    not_staying_keeps_nothing
);

async fn the_right_password(server: Server) -> Result<()> {
    let account = Account::new(server, "juliet").await?;
    let site = Site::of(server).await?;
    let juliet = Person::open(&site, &account).await?;
    juliet.control("heading", "Log in").await?;
    juliet.sign_in().await?;
    juliet.control("list", "Chats").await?;
    juliet.leave().await
}

async fn a_wrong_password(server: Server) -> Result<()> {
    let account = Account::new(server, "juliet").await?;
    let site = Site::of(server).await?;
    let juliet = Person::open(&site, &account).await?;
    juliet.submit_sign_in(&account.jid, "not-it").await?;
    juliet.alert("password").await?;
    juliet.sign_in().await?;
    juliet.leave().await
}

async fn an_unknown_host(server: Server) -> Result<()> {
    let account = Account::new(server, "juliet").await?;
    let site = Site::of(server).await?;
    let juliet = Person::open(&site, &account).await?;
    juliet.submit_sign_in("juliet@nowhere.example", "secret").await?;
    juliet.alert("nowhere.example").await?;
    juliet.leave().await
}

#[test]
fn an_unreachable_server() {
    plausch_e2e::run(async {
        let site = Site::with_endpoint("ws://localhost:9/xmpp-websocket").await?;
        let nobody = Account {
            user: "juliet".into(),
            jid: "juliet@localhost".into(),
            password: "x".into(),
            server: Server::Prosody,
        };
        let juliet = Person::open(&site, &nobody).await?;
        juliet.submit_sign_in(&nobody.jid, &nobody.password).await?;
        juliet.alert("localhost:9").await?;
        juliet.leave().await
    });
}

/// The names of the databases.
const DATABASES: &str = "const done = arguments[arguments.length - 1]; indexedDB.databases().then((list) => done(list.map((d) => d.name)));";
/// The last view, as it is painted at the next start.
const LAST_VIEW: &str = "plausch-view";

async fn signing_out_leaves_nothing(server: Server) -> Result<()> {
    let account = Account::new(server, "juliet").await?;
    let site = Site::of(server).await?;
    let juliet = Person::open(&site, &account).await?;
    juliet.sign_in().await?;
    let kept = juliet.browser.driver.execute_async(DATABASES, vec![]).await?;
    ensure!(kept.json().to_string().contains(&account.user), "staying signed in keeps a database: {}", kept.json());
    until("the view is kept", || async {
        let kept = juliet.browser.driver.execute_async(DATABASES, vec![]).await?;
        Ok(kept.json().to_string().contains(LAST_VIEW).then_some(()))
    })
    .await?;
    juliet.click("button", "Account").await?;
    juliet.click("menuitem", "Log out").await?;
    juliet.click("button", "Log out").await?;
    juliet.control("heading", "Log in").await?;
    until("no database of the account is left", || async {
        let found = juliet.browser.driver.execute_async(DATABASES, vec![]).await?.json().to_string();
        Ok((!found.contains(&account.user) && !found.contains(LAST_VIEW)).then_some(()))
    })
    .await?;
    let keys = juliet
        .look("return Object.entries(localStorage).join() + Object.entries(sessionStorage).join();", vec![])
        .await?;
    ensure!(!keys.to_string().contains(&account.user), "something of the account is left: {keys}");
    let history = juliet.look("return JSON.stringify(history.state);", vec![]).await?;
    ensure!(!history.to_string().contains('@'), "somebody's address is left in the history: {history}");
    juliet.leave().await
}

/// On a shared computer nothing touches the disk.
async fn not_staying_keeps_nothing(server: Server) -> Result<()> {
    let account = Account::new(server, "juliet").await?;
    let site = Site::of(server).await?;
    let juliet = Person::open(&site, &account).await?;
    juliet.control("checkbox", "Stay signed in").await?.click().await?;
    juliet.sign_in().await?;
    // A view would be kept by now.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let kept = juliet.browser.driver.execute_async(DATABASES, vec![]).await?.json().to_string();
    ensure!(!kept.contains(&account.user) && !kept.contains(LAST_VIEW), "kept: {kept}");
    juliet.leave().await
}
