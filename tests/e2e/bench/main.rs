//! What a person waits for, measured in real Chromium over the built bundle, against prosody: `cargo xtask bench`.
//!
//! Each figure is the median of several runs, each in a new browser with an empty profile. Wall times depend on the machine
//! and on what else it does; ratios and counts less so.
#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a measuring tool that talks to its user"
)]

mod history;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use plausch_e2e::{Account, Person, Server, Site};
use plausch_model::{BareJid, Command, MessageBody};
use serde_json::{Value, json};

const RUNS: usize = 5;
const BURST: u32 = 1_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("start") => start().await,
        Some("roster") => {
            roster(500).await?;
            roster(2_000).await
        }
        Some("burst") => burst().await,
        Some("catch-up") => history::catch_up().await,
        Some("history") => history::history().await,
        other => bail!("no part {other:?}"),
    }
}

fn say(what: &str, figures: &[f64], unit: &str) {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else { return };
    println!("    {what:<58} {:>8.0} {unit} (from {least:.0} to {most:.0})", sorted[sorted.len() / 2]);
}

/// From the start of the navigation until the first paint, and until the form can be typed into.
async fn start() -> Result<()> {
    let site = Site::of(Server::Prosody).await?;
    let nobody = Account { user: "x".into(), jid: "x@localhost".into(), password: "x".into(), server: Server::Prosody };
    let (mut paint, mut form) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let person = Person::open(&site, &nobody).await?;
        form.push(mark(&person, "plausch:form").await?);
        paint.push(mark(&person, "first-contentful-paint").await?);
        person.leave().await?;
    }
    say("first paint, cold", &paint, "ms");
    say("sign-in form can be typed into, cold", &form, "ms");
    Ok(())
}

/// When a mark was set, in milliseconds after the navigation began.
async fn mark(person: &Person, name: &str) -> Result<f64> {
    let script = "return performance.getEntriesByName(arguments[0])[0]?.startTime ?? null;";
    person.wait(name, script, vec![json!(name)]).await?.as_f64().context("a time")
}

/// Presses Enter in the form and goes to the contacts as soon as they can be gone to; resolves when so many contacts are
/// known and those in view are painted.
const ENTER_TO_ROSTER: &str = r"
const [wanted, done] = arguments;
const began = performance.now();
document.querySelector('form').requestSubmit();
let gone = false;
const look = () => {
  const entry = document.querySelectorAll('nav .rail-entry')[1];
  if (entry && !gone) { gone = true; entry.click(); }
  const list = document.querySelector('[aria-label=Contacts][data-count]');
  if (list && +list.dataset.count >= wanted && list.querySelector('[data-jid]')) {
    requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = () => done([performance.now() - began, document.getElementsByTagName('*').length]); c.port2.postMessage(0); });
  } else requestAnimationFrame(look);
};
look();
";

/// From Enter until a roster is painted; and after a reload, from the navigation until the last state is.
async fn roster(contacts: u32) -> Result<()> {
    let server = Server::Prosody;
    let account = Account::new(server, "juliet").await?;
    fill_roster(&account, contacts).await?;
    let site = Site::of(server).await?;
    let (mut painted, mut nodes, mut reload) = (Vec::new(), Vec::new(), Reload::default());
    for _ in 0..RUNS {
        let person = Person::open(&site, &account).await?;
        person.fill("XMPP address", &account.jid).await?;
        person.fill("Password", &account.password).await?;
        let found = person.browser.driver.execute_async(ENTER_TO_ROSTER, vec![json!(contacts)]).await?;
        painted.push(found.json()[0].as_f64().context("a time")?);
        nodes.push(found.json()[1].as_f64().context("a count")?);
        person.connection("online").await?;
        // A page that was used before: the service worker has what it keeps.
        let installed = "return navigator.serviceWorker.ready.then((kept) => kept.active?.state === 'activated');";
        person.wait("the service worker is there", installed, vec![]).await?;
        reload.measure(&person).await?;
        person.leave().await?;
    }
    say(&format!("Enter until the roster of {contacts} is painted"), &painted, "ms");
    say(&format!("DOM nodes with a roster of {contacts}"), &nodes, "  ");
    reload.say();
    Ok(())
}

/// What one waits for after a reload.
#[derive(Default)]
struct Reload {
    first: Vec<f64>,
    view: Vec<f64>,
    cached: Vec<f64>,
    online: Vec<f64>,
}

impl Reload {
    /// Reloads the page that somebody has been looking at for a while.
    async fn measure(&mut self, person: &Person) -> Result<()> {
        tokio::time::sleep(Duration::from_secs(3)).await;
        person.browser.driver.refresh().await?;
        self.first.push(mark(person, "first-paint").await?);
        self.view.push(mark(person, "plausch:view").await?);
        self.cached.push(mark(person, "plausch:cached").await?);
        self.online.push(mark(person, "plausch:online").await?);
        Ok(())
    }

    fn say(&self) {
        say("reload until the last view is painted", &self.view, "ms");
        say("  the browser's first paint of anything", &self.first, "ms");
        say("reload until the app has drawn it itself", &self.cached, "ms");
        say("reload until online", &self.online, "ms");
    }
}

async fn fill_roster(account: &Account, contacts: u32) -> Result<()> {
    let mut device = account.session().await?;
    for number in 0..contacts {
        let contact = BareJid::new(format!("contact-{number:04}@localhost"));
        let name = Some(format!("Contact {number:04}"));
        device.run(Command::EditContact { contact, name, groups: vec!["Many".into()] }).await?;
    }
    Ok(())
}

/// Watches the open chat until a text is painted.
const UNTIL_TEXT: &str = r"
const [text, done] = arguments;
const long = [];
new PerformanceObserver((list) => list.getEntries().forEach((e) => long.push(e.duration))).observe({ type: 'longtask' });
const look = () => {
  const bodies = document.querySelectorAll('[role=log] article .message-body');
  if (bodies[bodies.length - 1]?.textContent === text) {
    requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = () => done([Date.now(), Math.max(0, ...long), bodies.length]); c.port2.postMessage(0); });
  } else requestAnimationFrame(look);
};
look();
";

/// A thousand messages into the open chat, next to a native device of the same account that only takes them in.
async fn burst() -> Result<()> {
    let server = Server::Prosody;
    let (mut ratio, mut late, mut longest, mut drawn) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS {
        let (romeo, juliet) = (Account::new(server, "romeo").await?, Account::new(server, "juliet").await?);
        let site = Site::of(server).await?;
        let person = Person::signed_in(&site, &juliet).await?;
        person.start_chat(&romeo.jid).await?;
        let mut device = juliet.session().await?;
        let mut sender = romeo.session().await?;
        let last = format!("{run}-{BURST}");
        let driver = person.browser.driver.clone();
        let text = json!(last);
        driver.set_script_timeout(Duration::from_secs(120)).await?;
        let painted = tokio::spawn(async move {
            driver.execute_async(UNTIL_TEXT, vec![text]).await.map(|found| found.json().clone())
        });
        let chat = BareJid::new(romeo.jid.clone());
        let began = now_millis();
        let begun = Instant::now();
        for number in 1..=BURST {
            let text = format!("{run}-{number}");
            sender.command(Command::SendText { chat: BareJid::new(juliet.jid.clone()), text });
        }
        let taking = device.until("the last message", |state| {
            state
                .chats
                .get(&chat)
                .and_then(|chat| chat.preview.as_ref())
                .is_some_and(|preview| preview.body == MessageBody::Text(last.clone()))
        });
        taking.await?;
        let wire = begun.elapsed().as_secs_f64() * 1_000.0;
        let found: Value = painted.await??;
        let until_painted = found[0].as_f64().context("a time")? - began;
        ratio.push(100.0 * until_painted / wire);
        late.push(until_painted - wire);
        longest.push(found[1].as_f64().context("a time")?);
        drawn.push(found[2].as_f64().context("a count")?);
        person.leave().await?;
    }
    say(&format!("{BURST} messages painted, of the time a bare device takes"), &ratio, " %");
    say("  the last one painted after the bare device has it", &late, "ms");
    say("  longest task of the page", &longest, "ms");
    say("  messages in the document", &drawn, "  ");
    Ok(())
}

fn now_millis() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1_000.0)
}
