//! Finding again what was said: in all chats, in one, and after a reload.

use anyhow::Result;
use plausch_e2e::{Account, Person, Server, Site};
use plausch_model::{BareJid, Command};
use serde_json::json;

on_both_servers!(
    a_word_leads_to_its_message_and_back,
    a_conversation_is_looked_through,
    a_reload_leaves_everything_where_it_was,
);

/// So many messages that the first are far outside of what is shown.
const MANY: usize = 150;

/// Somebody to whom another person has written a lot; the native engine writes.
async fn with_history(server: Server, site: &Site) -> Result<(Person, Account)> {
    let (romeo, juliet) = (Account::new(server, "romeo").await?, Account::new(server, "juliet").await?);
    let reader = Person::open(site, &romeo).await?;
    let stay = reader.control("checkbox", "Stay signed in").await?;
    if !stay.is_selected().await? {
        stay.click().await?;
    }
    reader.sign_in().await?;
    let mut writer = juliet.session().await?;
    let chat = BareJid::new(&romeo.jid);
    for number in 0..MANY {
        let word = match number {
            3 => "the nightingale, in the beginning",
            120 => "a Nightingale once more",
            140 => "not a nightingale: three",
            _ => "lark",
        };
        writer.run(Command::SendText { chat: chat.clone(), text: format!("{number} {word}") }).await?;
    }
    reader
        .wait(
            "all have come",
            "return all('list', 'Chats')[0]?.querySelector(`[data-jid=\"${arguments[0]}\"]`)?.dataset.unread === arguments[1];",
            vec![json!(juliet.jid), json!(MANY.to_string())],
        )
        .await?;
    Ok((reader, juliet))
}

/// Whether a message is where it can be seen.
const IN_VIEW: &str = "\
    const article = [...document.querySelectorAll('article[data-id]')]\
        .find((article) => article.querySelector('.message-body')?.textContent === arguments[0]);\
    const log = document.querySelector('.log-scroller').getBoundingClientRect();\
    const box = article?.getBoundingClientRect();\
    return !!box && box.top >= log.top && box.bottom <= log.bottom;";

async fn a_word_leads_to_its_message_and_back(server: Server) -> Result<()> {
    let site = Site::of(server).await?;
    let (reader, juliet) = with_history(server, &site).await?;
    reader.press_with_control("k").await?;
    let field = reader.control("combobox", "Search chats, people and messages").await?;
    field.send_keys("NIGHTIN in:juliet").await?;
    let options =
        "return [...document.querySelectorAll('[role=option] .target-text')].map((text) => text.textContent);";
    let expected =
        json!(["140 not a nightingale: three", "120 a Nightingale once more", "3 the nightingale, in the beginning"]);
    let same = format!("return JSON.stringify((() => {{ {options} }})()) === JSON.stringify(arguments[0]);");
    reader.wait("three messages are found", &same, vec![expected]).await?;
    field.send_keys("\u{e015}\u{e015}\u{e007}").await?;
    reader.in_chat(&juliet.jid).await?;
    reader.wait("the oldest is shown", IN_VIEW, vec![json!("3 the nightingale, in the beginning")]).await?;
    reader.click("button", "Back to results").await?;
    let chosen = "return document.querySelector('[role=option][aria-selected=true] .target-text')?.textContent;";
    reader.wait("the results are there again", chosen, vec![]).await?;
    reader.control("combobox", "Search chats, people and messages").await?.send_keys("\u{e013}\u{e007}").await?;
    reader.wait("the one before is shown", IN_VIEW, vec![json!("120 a Nightingale once more")]).await?;
    reader.leave().await
}

async fn a_conversation_is_looked_through(server: Server) -> Result<()> {
    let site = Site::of(server).await?;
    let (reader, juliet) = with_history(server, &site).await?;
    reader.open_chat(&juliet.jid).await?;
    reader.press_with_control("f").await?;
    let field = reader.control("searchbox", "Find in conversation").await?;
    field.send_keys("nightingale").await?;
    let count = "return document.querySelector('.find-count').textContent === arguments[0];";
    reader.wait("the newest match is looked at", count, vec![json!("1 / 3")]).await?;
    reader.wait("and shown", IN_VIEW, vec![json!("140 not a nightingale: three")]).await?;
    let marked = "return CSS.highlights.get('plausch-found')?.size ?? 0;";
    reader.wait("what matches is marked", marked, vec![]).await?;
    field.send_keys("\u{e007}\u{e007}").await?;
    reader.wait("the oldest match is looked at", count, vec![json!("3 / 3")]).await?;
    reader.wait("and shown", IN_VIEW, vec![json!("3 the nightingale, in the beginning")]).await?;
    reader.click("button", "Next match").await?;
    reader.wait("the second match is shown", IN_VIEW, vec![json!("120 a Nightingale once more")]).await?;
    reader.press("Escape").await?;
    let gone = "return !document.querySelector('.find') && !CSS.highlights.get('plausch-found')?.size;";
    reader.wait("the bar is gone with its marks", gone, vec![]).await?;
    reader.leave().await
}

const REST: &str = "return new Promise((rest) => setTimeout(() => rest(true), 500));";

/// The first message that can be seen, and how far below the top of the log it is.
const TOPMOST: &str = "\
    const edge = document.querySelector('.log-scroller').getBoundingClientRect().top;\
    const article = [...document.querySelectorAll('article[data-id]')]\
        .find((article) => article.getBoundingClientRect().bottom > edge + 1);\
    return article && [article.dataset.id, Math.round(article.getBoundingClientRect().top - edge)].join(' ');";

async fn a_reload_leaves_everything_where_it_was(server: Server) -> Result<()> {
    let site = Site::of(server).await?;
    let (reader, juliet) = with_history(server, &site).await?;
    reader.open_chat(&juliet.jid).await?;
    reader.press_with_control("f").await?;
    reader.control("searchbox", "Find in conversation").await?.send_keys("beginning").await?;
    reader.wait("an early message is shown", IN_VIEW, vec![json!("3 the nightingale, in the beginning")]).await?;
    reader.press("Escape").await?;
    reader.go_to("Contacts").await?;
    reader.wait("the log is at rest", REST, vec![]).await?;
    let same = TOPMOST.replacen("return article &&", "const now = article &&", 1) + " return now === arguments[0];";
    // Twice: what a page begins with is what it leaves behind.
    for _ in 0..2 {
        let before = reader.look(TOPMOST, vec![]).await?;
        reader.browser.driver.refresh().await?;
        reader.wait("the same message is at the top", &same, vec![before]).await?;
        reader.wait("the log is at rest", REST, vec![]).await?;
    }
    reader.control("list", "Contacts").await?;
    reader.leave().await
}
