//! Two people write to each other while everything around them breaks: connections are cut, reset, stalled and half
//! closed, tabs are reloaded, closed and crash, the engine's worker is killed, the server is restarted and crashes. The
//! moments come from a seed; `PLAUSCH_SEED` sets another one.
//!
//! When everything has healed, both see every message exactly once, in the order of the server's archive, which has each
//! exactly once as well; so does a device that was not there. One text may be lost with the server: what it has written down for
//! its author, and not yet for whom it is written to, when it is killed.
#![allow(clippy::print_stdout, reason = "shown when the test fails: what broke, and when")]

use std::{env, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use plausch_e2e::{Account, Archived, Message, Options, OwnProsody, Person, Server, Site, TabEnd};
use plausch_model::{Anchor, BareJid, Command, Direction};
use plausch_native::{CutProxy, Flow, Toward};
use plausch_simulation::Dice;
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout},
};

use crate::conversation::befriend;

/// When what breaks, as long as nothing else is said.
const SEED: u64 = 3;
/// So many texts each of the two writes.
const TEXTS: u32 = 500;
/// They write for at least so long.
const LASTS: Duration = Duration::from_secs(55);
/// The longest that something stays broken.
const LONGEST: i64 = 4_000;
/// So long one message may take, and so long everything may take to heal.
const HEALING: Duration = Duration::from_secs(120);
/// How long somebody looks before writing anew what seems to be lost.
const MOMENT: Duration = Duration::from_millis(500);

/// Where people write: what is painted costs more than all the rest.
const SMALL: (u32, u32) = (760, 480);
/// Where they read: less is scrolled.
const TALL: (u32, u32) = (760, 3_000);

/// What breaks.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The connection ends in good order.
    Cut,
    /// It ends with an error.
    Reset,
    /// It ends, and for a while there is no other.
    Refused,
    /// It carries nothing for a while.
    Stalled,
    /// It carries nothing in one direction for a while.
    StalledToward(Toward),
    /// One direction is closed.
    HalfClosed(Toward),
    /// The page is reloaded.
    Reloaded,
    /// The tab ends; another one is opened.
    TabEnds(TabEnd),
    /// The worker that hosts the engine is killed.
    WorkerKilled,
    /// The server ends in good order and is away for a while.
    ServerRestarts,
    /// The server is killed and away for a while.
    ServerCrashes,
}

/// What happens to each connection.
const LINE: &[Fault] = &[
    Fault::Cut,
    Fault::Cut,
    Fault::Reset,
    Fault::Reset,
    Fault::Refused,
    Fault::Stalled,
    Fault::Stalled,
    Fault::StalledToward(Toward::Server),
    Fault::StalledToward(Toward::Client),
    Fault::HalfClosed(Toward::Server),
    Fault::HalfClosed(Toward::Client),
];
/// What happens in each browser. A page gives up on workers that die more often than this.
const BROWSER: &[Fault] = &[
    Fault::Reloaded,
    Fault::Reloaded,
    Fault::TabEnds(TabEnd::Closed),
    Fault::TabEnds(TabEnd::Crashed),
    Fault::WorkerKilled,
    Fault::WorkerKilled,
    Fault::WorkerKilled,
];
/// What happens to the server.
const SERVER: &[Fault] = &[Fault::ServerRestarts, Fault::ServerCrashes];

/// A fault, after how many texts it is due, and how long it stays.
struct Due {
    after: u32,
    fault: Fault,
    stays: Duration,
}

/// Gives each fault its moment.
fn timetable(faults: &[Fault], dice: &mut Dice) -> Vec<Due> {
    let mut due = |fault: &Fault| {
        let after = u32::try_from(dice.below(TEXTS as usize)).unwrap_or_default();
        Due { after, fault: *fault, stays: Duration::from_millis(dice.up_to(LONGEST).unsigned_abs()) }
    };
    let mut table: Vec<Due> = faults.iter().map(&mut due).collect();
    table.sort_by_key(|due| due.after);
    table
}

/// How far somebody has come: so many texts, since then.
struct Progress {
    start: Instant,
    written: watch::Sender<u32>,
}

impl Progress {
    fn new() -> Self {
        Self { start: Instant::now(), written: watch::Sender::new(0) }
    }

    /// Waits until a fault is due, and says so.
    async fn reach(&self, due: &Due, who: &str) -> Result<()> {
        self.written.subscribe().wait_for(|written| *written >= due.after).await?;
        self.tell(&format!("{who}: {:?} {:?}", due.fault, due.stays));
        Ok(())
    }

    fn tell(&self, what: &str) {
        println!("{:6.2} s: {what}", self.start.elapsed().as_secs_f64());
    }
}

/// One of the two, with what stands between them and the server.
struct Side {
    person: Person,
    site: Site,
    proxy: CutProxy,
    friend: String,
    texts: Vec<String>,
    progress: Progress,
}

/// What somebody sees who has just written.
#[derive(Debug)]
struct Glance {
    /// Another page has another number.
    page: f64,
    /// What is in the composer.
    written: String,
    /// The text is among the messages.
    shown: bool,
}

/// Goes to the chat if it is not open, and has the app try at once if it is about to wait. Then waits for so many
/// milliseconds until a text of our own is shown, or something is in the composer. Gives the page's number, what is in the
/// composer, and whether the text is shown; nothing while the chat is not there.
const GLANCE: &str = r"
const [jid, text, patience, done] = arguments;
const glance = () => {
  const retry = document.querySelector('.connection-note button');
  if (retry && performance.now() - (globalThis.tried ?? -Infinity) > 1000) { globalThis.tried = performance.now(); retry.click(); }
  const open = document.querySelector('[data-encryption][data-jid]');
  const box = document.querySelector('textarea[aria-label=Message]');
  if (open?.dataset.jid !== jid || !box) {
    const row = document.querySelector(`[aria-label=Chats] [data-jid='${jid}']`);
    (row?.querySelector('button, a') ?? row)?.click();
    return null;
  }
  box.focus();
  const own = [...document.querySelectorAll('[role=log] article[data-direction=out] .message-body')];
  return [performance.timeOrigin, box.value, own.slice(-5).some((body) => body.textContent === text)];
};
const until = performance.now() + patience;
const look = () => {
  const seen = glance();
  if (!seen || seen[1] || seen[2] || performance.now() >= until) done(seen); else setTimeout(look, 8);
};
look();
";

const EMPTY_THE_COMPOSER: &str = "const box = document.querySelector('textarea[aria-label=Message]'); box.value = ''; box.dispatchEvent(new Event('input', { bubbles: true }));";

impl Side {
    async fn open(account: Account) -> Result<Self> {
        let (proxy, endpoint) = CutProxy::in_front_of(&account.server.websocket()?).await?;
        let site = Site::with_endpoint(&endpoint).await?;
        let person = Person::open_with(&site, &account, &Options { window: SMALL, ..Options::default() }).await?;
        person.sign_in().await?;
        let texts = (1..=TEXTS).map(|number| format!("{} {number}", account.user)).collect();
        Ok(Self { person, site, proxy, friend: String::new(), texts, progress: Progress::new() })
    }

    fn name(&self) -> &str {
        &self.person.account.user
    }

    // ---- breaking -------------------------------------------------------------------------------------------------

    async fn break_things(&self, faults: Vec<Due>) -> Result<()> {
        for due in faults {
            self.progress.reach(&due, self.name()).await?;
            self.strike(&due).await.with_context(|| format!("{:?} of {}", due.fault, self.name()))?;
        }
        Ok(())
    }

    async fn strike(&self, due: &Due) -> Result<()> {
        let (proxy, browser) = (&self.proxy, &self.person.browser);
        match due.fault {
            Fault::Cut => proxy.cut(),
            Fault::Reset => proxy.reset(),
            Fault::Refused => {
                proxy.refuse(true);
                proxy.cut();
            }
            Fault::Stalled => {
                proxy.set(Toward::Server, Flow::Stall);
                proxy.set(Toward::Client, Flow::Stall);
            }
            Fault::StalledToward(side) => proxy.set(side, Flow::Stall),
            Fault::HalfClosed(side) => proxy.set(side, Flow::ShutDown),
            Fault::Reloaded => return Ok(browser.driver.refresh().await?),
            Fault::TabEnds(end) => {
                browser.replace_tab(end).await?;
                return Ok(browser.driver.goto(&self.site.url).await?);
            }
            Fault::WorkerKilled => return self.person.kill_worker().await,
            Fault::ServerRestarts | Fault::ServerCrashes => bail!("not on this side"),
        }
        sleep(due.stays).await;
        proxy.heal();
        Ok(())
    }

    // ---- writing --------------------------------------------------------------------------------------------------

    /// Writes the texts, each once the one before is among the messages.
    async fn write(&self) -> Result<()> {
        let start = Instant::now();
        let mut before = None;
        for (number, text) in (0..).zip(&self.texts) {
            self.progress.written.send_replace(number);
            sleep_until(start + LASTS * number / TEXTS).await;
            if timeout(HEALING, self.say(text, before)).await.is_err() {
                bail!("{text:?} does not appear; {}", self.situation(text).await);
            }
            before = Some(text.as_str());
        }
        self.progress.tell(&format!("{} has written everything", self.name()));
        Ok(())
    }

    /// Writes a text, presses Enter and looks. What came back, or may have been lost with the page, is written again unless it
    /// is among the messages after all.
    async fn say(&self, text: &str, before: Option<&str>) {
        let mut entered = None;
        loop {
            // A page that is just being replaced does not answer, or cannot be written into: then the next look tells.
            match self.go_on(text, before, &mut entered).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(_) => sleep(Duration::from_millis(30)).await,
            }
        }
    }

    /// One step: whether the text is said. `entered` is the page in which Enter was pressed.
    async fn go_on(&self, text: &str, before: Option<&str>, entered: &mut Option<f64>) -> Result<bool> {
        let patience = if entered.is_some() { MOMENT } else { Duration::ZERO };
        let glance = self.glance(text, patience).await?.context("the chat is not open")?;
        let empty = glance.written.is_empty();
        if glance.shown && empty {
            return Ok(true);
        }
        if !empty && (glance.shown || glance.written != text) {
            self.person.look(EMPTY_THE_COMPOSER, vec![]).await?;
            return Ok(false);
        }
        if let Some(page) = *entered {
            let on_its_way = page == glance.page && empty;
            if !on_its_way {
                sleep(MOMENT).await;
            }
            let said = self.has_said(text, before).await?;
            *entered = Some(page).filter(|_| said || on_its_way);
            return Ok(said);
        }
        *entered = Some(glance.page);
        if empty {
            self.person.insert(text).await?;
        }
        self.person.press("Enter").await?;
        Ok(false)
    }

    async fn glance(&self, text: &str, patience: Duration) -> Result<Option<Glance>> {
        let patience = json!(patience.as_millis());
        let seen = self.person.look_long(GLANCE, vec![json!(self.friend), json!(text), patience]).await?;
        let glance = || {
            let (page, written) = (seen[0].as_f64()?, seen[1].as_str()?.to_owned());
            Some(Glance { page, written, shown: seen[2].as_bool()? })
        };
        Ok(glance())
    }

    /// What the page shows, for whoever looks into a failed test.
    async fn situation(&self, text: &str) -> String {
        let page = self.person.look("return document.body.innerText.slice(-2000);", vec![]).await;
        format!("{:?}, {:?}, page: {page:?}", self.glance(text, Duration::ZERO).await, self.has_said(text, None).await)
    }

    /// Whether a text is among the messages, be it out of sight.
    async fn has_said(&self, text: &str, before: Option<&str>) -> Result<bool> {
        let known: Vec<&str> = before.into_iter().chain([text]).collect();
        let messages = self.person.history_since(&known).await?;
        Ok(messages.iter().any(|message| message.direction == "out" && message.text == text))
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    /// Waits until the chat shows what is archived, and all of our own have arrived.
    async fn heals(&self, prosody: &OwnProsody) -> Result<()> {
        self.person.browser.resize(TALL).await?;
        let deadline = Instant::now() + HEALING;
        loop {
            match self.objection(prosody).await {
                Ok(None) => return Ok(()),
                Ok(Some(words)) if Instant::now() > deadline => bail!("{}: {words}", self.name()),
                Err(error) if Instant::now() > deadline => return Err(error.context(self.name().to_owned())),
                Ok(Some(_)) | Err(_) => sleep(MOMENT).await,
            }
        }
    }

    /// What is wrong with what the chat shows.
    async fn objection(&self, prosody: &OwnProsody) -> Result<Option<String>> {
        if self.glance("", Duration::ZERO).await?.is_none() {
            return Ok(Some("the chat is not open".to_owned()));
        }
        let archived = prosody.archived(&self.person.account.user).await?;
        let friend = self.friend.split('@').next().unwrap_or_default();
        let lost = lost(&texts_of(&archived), &texts_of(&prosody.archived(friend).await?), friend);
        if archived.len() + lost.len() < 2 * self.texts.len() {
            return Ok(Some(format!("{} texts are archived, {lost:?} lost", archived.len())));
        }
        let seen = self.person.history().await?;
        let texts: Vec<&str> = seen.iter().map(|message| message.text.as_str()).collect();
        Ok(parting(&texts, &texts_of(&archived)).or_else(|| lagging(&seen, &archived)))
    }
}

/// A message of our own that the app thinks less of than the server knows: whatever has a receipt there has been delivered.
/// A receipt that the server lost in a crash is not sent again.
fn lagging(seen: &[Message], archived: &[Archived]) -> Option<String> {
    let lags = |(message, archived): &(&Message, &Archived)| match message.state.as_str() {
        _ if message.direction == "in" => false,
        "delivered" | "read" => false,
        "sent" => archived.receipt,
        _ => true,
    };
    seen.iter().zip(archived).find(lags).map(|(message, _)| format!("not far enough: {message:?}"))
}

fn texts_of(archived: &[Archived]) -> Vec<String> {
    archived.iter().map(|archived| archived.text.clone()).collect()
}

/// The texts of an author whom the server has told that it has them, and that are not in the archive of whom they were written
/// to, though later ones are.
fn lost(archived: &[String], of_author: &[String], author: &str) -> Vec<String> {
    let own = of_author.iter().filter(|text| text.starts_with(author));
    let missing = |text: &&String| !archived.contains(text);
    let until_last = own.rev().skip_while(missing);
    until_last.filter(missing).cloned().collect()
}

/// Where a list departs from what is expected.
fn parting(seen: &[&str], expected: &[String]) -> Option<String> {
    let same = seen.iter().zip(expected).take_while(|(seen, expected)| **seen == expected.as_str()).count();
    let around = same.saturating_sub(2)..same + 5;
    let seen_there: Vec<_> = around.clone().filter_map(|place| seen.get(place)).collect();
    let expected_there: Vec<_> = around.filter_map(|place| expected.get(place)).collect();
    (same < seen.len().max(expected.len())).then(|| {
        let (seen, expected) = (seen.len(), expected.len());
        format!("{seen} texts of {expected}, from {same} on {seen_there:?} instead of {expected_there:?}")
    })
}

/// Each text once, and each author's in the order in which they were written; but for what was lost.
fn check_archive(archived: &[String], lost: &[String], sides: [&Side; 2]) -> Result<()> {
    for side in sides {
        let own = archived.iter().filter(|text| text.starts_with(side.name())).map(String::as_str);
        let own: Vec<&str> = own.collect();
        if let Some(words) = parting(&own, &without(lost, &side.texts)) {
            bail!("the archive has of {}: {words}", side.name());
        }
    }
    let expected = sides.iter().map(|side| without(lost, &side.texts).len()).sum::<usize>();
    ensure!(archived.len() == expected, "the archive has more");
    Ok(())
}

fn without(lost: &[String], texts: &[String]) -> Vec<String> {
    texts.iter().filter(|text| !lost.contains(text)).cloned().collect()
}

/// The whole conversation as a device reads it that was not there.
async fn read_elsewhere(account: &Account, friend: &str, expected: usize) -> Result<Vec<String>> {
    let mut device = account.session().await?;
    device.until_synced().await?;
    let chat = BareJid::new(friend);
    device.run(Command::OpenChat { chat: chat.clone(), anchor: Anchor::End }).await?;
    let deadline = Instant::now() + HEALING;
    while device.state().items().count() < expected && Instant::now() < deadline {
        device.run(Command::GrowWindow { chat: chat.clone(), direction: Direction::Older }).await?;
        sleep(Duration::from_millis(20)).await;
        device.catch_up();
    }
    Ok(device.state().texts().into_iter().map(str::to_owned).collect())
}

async fn break_server(prosody: &mut OwnProsody, faults: Vec<Due>, progress: &Progress) -> Result<()> {
    for due in faults {
        progress.reach(&due, "prosody").await?;
        match due.fault {
            Fault::ServerCrashes => prosody.crash(due.stays).await?,
            _ => prosody.restart(due.stays).await?,
        }
    }
    Ok(())
}

async fn chaos(dice: &mut Dice) -> Result<()> {
    let mut prosody = OwnProsody::start().await?;
    let server = Server::OwnProsody;
    let (mut romeo, mut juliet) = (
        Side::open(Account::new(server, "romeo").await?).await?,
        Side::open(Account::new(server, "juliet").await?).await?,
    );
    befriend(&romeo.person, &juliet.person).await?;
    (romeo.friend, juliet.friend) = (juliet.person.account.jid.clone(), romeo.person.account.jid.clone());
    for side in [&romeo, &juliet] {
        side.person.start_chat(&side.friend).await?;
    }
    let mut table = |faults| timetable(faults, dice);
    tokio::try_join!(
        romeo.write(),
        juliet.write(),
        romeo.break_things(table(LINE)),
        juliet.break_things(table(LINE)),
        romeo.break_things(table(BROWSER)),
        juliet.break_things(table(BROWSER)),
        break_server(&mut prosody, table(SERVER), &romeo.progress),
    )?;
    tokio::try_join!(romeo.heals(&prosody), juliet.heals(&prosody))?;
    romeo.progress.tell("both see what is archived");
    let (archived, hers) = (prosody.archived(romeo.name()).await?, prosody.archived(juliet.name()).await?);
    let receipts = archived.iter().filter(|archived| !archived.receipt).count();
    println!("{receipts} receipts were lost with the server");
    let (archived, hers) = (texts_of(&archived), texts_of(&hers));
    let (of_hers, of_his) = (lost(&archived, &hers, juliet.name()), lost(&hers, &archived, romeo.name()));
    let crashes = SERVER.iter().filter(|fault| matches!(fault, Fault::ServerCrashes)).count();
    ensure!(of_hers.len() + of_his.len() <= crashes, "{of_hers:?} and {of_his:?} were lost");
    check_archive(&archived, &of_hers, [&romeo, &juliet])?;
    check_archive(&hers, &of_his, [&romeo, &juliet])?;
    ensure!(without(&of_his, &archived) == without(&of_hers, &hers), "the two archives differ");
    let elsewhere = read_elsewhere(&romeo.person.account, &romeo.friend, archived.len()).await?;
    let elsewhere: Vec<&str> = elsewhere.iter().map(String::as_str).collect();
    ensure!(parting(&elsewhere, &archived).is_none(), "another device reads: {:?}", parting(&elsewhere, &archived));
    romeo.progress.tell("so does another device");
    romeo.person.leave().await?;
    juliet.person.leave().await?;
    prosody.discard().await
}

#[test]
fn nothing_is_lost_whatever_breaks() {
    plausch_e2e::run(async {
        let chosen = env::var("PLAUSCH_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = chosen.unwrap_or(SEED);
        println!("PLAUSCH_SEED={seed}");
        chaos(&mut Dice::of(seed)).await.with_context(|| format!("seed {seed}"))
    });
}

#[test]
fn what_is_lost_with_the_server_is_told_from_what_is_on_its_way() {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    let hers = texts(&["a 1", "b 1", "a 2", "a 3", "a 4"]);
    assert_eq!(lost(&texts(&["a 1", "b 1", "a 3"]), &hers, "a"), ["a 2"]);
    assert_eq!(lost(&texts(&["a 1", "b 1", "a 2"]), &hers, "a"), texts(&[]));
}
