//! The roster: becoming contacts across two browsers, many contacts.

use anyhow::{Result, ensure};
use plausch_e2e::{Account, Person, Server, Site};
use plausch_model::{BareJid, Command};
use serde_json::json;

on_both_servers!(becoming_contacts, a_roster_of_500);

/// The roster is put together by the engine running natively, as another device of the same account.
async fn a_roster_of_500(server: Server) -> Result<()> {
    let account = Account::new(server, "juliet").await?;
    let mut device = account.session().await?;
    for number in 0..500 {
        let contact = BareJid::new(format!("contact-{number:03}@localhost"));
        let name = Some(format!("Contact {number:03}"));
        device.run(Command::EditContact { contact, name, groups: vec!["Many".into()] }).await?;
    }
    let site = Site::of(server).await?;
    let juliet = Person::signed_in(&site, &account).await?;
    juliet.go_to("Contacts").await?;
    juliet.sees_count("Contacts", 500).await?;
    let drawn = juliet.look("return all('list', 'Contacts')[0].querySelectorAll('[data-jid]').length;", vec![]).await?;
    ensure!(drawn.as_u64().is_some_and(|drawn| (1..100).contains(&drawn)), "drawn at once: {drawn}");
    juliet.leave().await
}

async fn becoming_contacts(server: Server) -> Result<()> {
    let (romeo, juliet) = (Account::new(server, "romeo").await?, Account::new(server, "juliet").await?);
    let site = Site::of(server).await?;
    let romeo = Person::signed_in(&site, &romeo).await?;
    let juliet = Person::signed_in(&site, &juliet).await?;
    romeo.go_to("Contacts").await?;
    romeo.click("button", "Add contact").await?;
    romeo.fill("XMPP address", &juliet.account.jid).await?;
    romeo.click("button", "Add").await?;
    juliet.go_to("Contacts").await?;
    juliet.click("button", "Accept").await?;
    for (person, other) in [(&romeo, &juliet), (&juliet, &romeo)] {
        let script = "return all('list', 'Contacts')[0]?.querySelector(`[data-jid=\"${arguments[0]}\"]`)?.dataset.presence === 'online';";
        person.wait("the other is online", script, vec![json!(other.account.jid)]).await?;
    }
    ensure!(!juliet.has("button", "Accept").await?, "the request is answered");
    romeo.leave().await?;
    juliet.leave().await
}
