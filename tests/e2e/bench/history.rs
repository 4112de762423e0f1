//! Long histories: catching up with them, opening them, scrolling and searching in them, and what they take on the device.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use plausch_e2e::{Account, Person, Server, Site, variable};
use plausch_model::BareJid;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{RUNS, Reload, mark, say};

/// Chats that are caught up with, and messages in each.
const CHATS: usize = 50;
const MISSED: usize = 200;
/// Messages in each of two chats: one is opened and scrolled, both are searched.
const LONG: usize = 100_000;
/// Messages that are scrolled past.
const SCROLLED: usize = 10_000;
/// How many of them at once.
const STRIDE: usize = 1_000;

/// What somebody missed: [`CHATS`] people wrote [`MISSED`] messages each.
pub async fn catch_up() -> Result<()> {
    let server = Server::Prosody;
    let site = Site::of(server).await?;
    let (mut took, mut ratio, mut long_tasks, mut starting) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let (person, juliet) = who_was_here(server, &site).await?;
        miss(&juliet, CHATS, MISSED).await?;
        let credentials = json!([server.websocket()?, juliet.user, juliet.password]);
        let bare = person.browser.driver.execute_async(READ_BARE, vec![credentials]).await?;
        let (bare, count) = (bare.json()[0].as_f64().context("a time")?, bare.json()[1].as_u64());
        ensure!(count.is_some_and(|count| count >= (CHATS * MISSED) as u64), "the archive has {count:?} messages");
        person.browser.driver.goto(&site.url).await?;
        let needed = caught_up(&person).await?;
        took.push(needed);
        ratio.push(100.0 * needed / bare);
        let found = person.look(LONG_TASKS, vec![]).await?;
        starting.push(found[0].as_f64().context("a count")?);
        long_tasks.push(found[1].as_f64().context("a count")?);
        let chats = person.count("Chats").await?;
        ensure!(chats == CHATS as u64 + 1, "{chats} chats are there");
        person.leave().await?;
    }
    say(&format!("catching up with {} messages of {CHATS} chats", CHATS * MISSED), &took, "ms");
    say("  of the time that merely reading them off the socket takes", &ratio, " %");
    say("  tasks of the page that took longer than 50 ms meanwhile", &long_tasks, "  ");
    say("  such tasks before, while the page started", &starting, "  ");
    Ok(())
}

/// A history of years.
pub async fn history() -> Result<()> {
    let server = Server::Prosody;
    let site = Site::of(server).await?;
    let (person, juliet) = who_was_here(server, &site).await?;
    miss(&juliet, 2, LONG).await?;
    person.browser.driver.goto(&site.url).await?;
    let took = caught_up(&person).await?;
    say(&format!("catching up with {} messages of two chats", 2 * LONG), &[took], "ms");
    let chat = "writer0000@localhost";
    let (mut opened, mut reload) = (Vec::new(), Reload::default());
    for _ in 0..RUNS {
        let found = person.browser.driver.execute_async(OPEN, vec![json!(chat)]).await?;
        opened.push(found.json().as_f64().context("a time")?);
        reload.measure(&person).await?;
        mark(&person, "plausch:synced").await?;
        person.open_chat("writer0001@localhost").await?;
    }
    say(&format!("opening a chat of {LONG} messages"), &opened, "ms");
    reload.say();
    scroll(&person, chat).await?;
    query(&person).await?;
    let used = "return navigator.storage.estimate().then((all) => all.usageDetails?.indexedDB ?? all.usage);";
    let bytes = person.look(used, vec![]).await?.as_f64().context("bytes")?;
    say("IndexedDB for each message, with the search index", &[bytes / (2 * LONG) as f64], " B");
    person.leave().await
}

/// From being online until everything that was missed is on disk.
async fn caught_up(person: &Person) -> Result<f64> {
    mark(person, "plausch:online").await?;
    let began = Instant::now();
    let synced = "return performance.getEntriesByName('plausch:synced').length;";
    while person.look(synced, vec![]).await?.as_f64() == Some(0.0) {
        ensure!(began.elapsed() < Duration::from_secs(900), "not caught up in fifteen minutes");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(mark(person, "plausch:synced").await? - mark(person, "plausch:online").await?)
}

/// Somebody who has been here, has one message, and has left: for a page that runs nothing of ours, so that their programs
/// take in nothing of what is written now.
async fn who_was_here(server: Server, site: &Site) -> Result<(Person, Account)> {
    let (juliet, romeo) = (Account::new(server, "juliet").await?, Account::new(server, "romeo").await?);
    let person = Person::signed_in(site, &juliet).await?;
    person.browser.driver.set_script_timeout(Duration::from_secs(900)).await?;
    let mut writer = romeo.session().await?;
    writer
        .run(plausch_model::Command::SendText { chat: BareJid::new(juliet.jid.clone()), text: "the first".into() })
        .await?;
    person.sees_count("Chats", 1).await?;
    // What is on disk by then is not asked for again.
    tokio::time::sleep(Duration::from_secs(3)).await;
    person.browser.driver.goto(&format!("{}version.txt", site.url)).await?;
    Ok((person, juliet))
}

/// Ends the session that waits for whoever was here, as a long absence does, and writes straight into the server's archive.
async fn miss(account: &Account, chats: usize, count: usize) -> Result<()> {
    let (scripts, run) = (variable("PLAUSCH_SERVERS")?, variable("PLAUSCH_PROSODY_RUN")?);
    // The server waits some seconds for an answer, and then writes to its database, which nobody else may be writing to.
    let began = Instant::now();
    while ended_sessions(&scripts, account).await? > 0 {
        ensure!(began.elapsed() < Duration::from_secs(30), "the server does not end the session of {}", account.jid);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let mut seed = Command::new(variable("PLAUSCH_PYTHON")?);
    seed.arg(format!("{scripts}/seed.py")).args(["--db", &format!("{run}/data/prosody.sqlite"), "missed"]);
    seed.args(["--user", &account.user, "--chats", &chats.to_string(), "--count", &count.to_string()]);
    said_by(seed).await.map(drop)
}

/// Asks the server to end an account's sessions; how many there were.
async fn ended_sessions(scripts: &str, account: &Account) -> Result<u32> {
    let mut close = Command::new("bash");
    close.arg(format!("{scripts}/servers.sh")).args(["ctl", "prosody", "shell"]);
    close.arg(format!("c2s:close(\"{}\")", account.jid));
    let said = said_by(close).await?;
    let count = said.lines().find_map(|line| line.split_once("Total: ")).and_then(|(_, rest)| rest.split(' ').next());
    count.and_then(|count| count.parse().ok()).with_context(|| format!("no number of sessions in {said:?}"))
}

async fn said_by(mut command: Command) -> Result<String> {
    let output = command.output().await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

async fn scroll(person: &Person, chat: &str) -> Result<()> {
    person.browser.driver.execute_async(OPEN, vec![json!(chat)]).await?;
    // It opens where what is unread begins.
    let newest =
        format!("document.querySelector('.jump')?.click(); return {}.textContent.startsWith('{}:');", LAST, LONG - 1);
    person.wait("the newest message is shown", &newest, vec![]).await?;
    let before = heap(person).await?;
    let (mut late, mut frames, mut passed, mut took, mut shown) = (0.0, 0.0, 0.0, 0.0, 0.0);
    // In strides, each within what one request to the browser may take.
    while passed < SCROLLED as f64 {
        let found = person.browser.driver.execute_async(SCROLL, vec![json!(STRIDE)]).await?;
        let found: [f64; 5] = serde_json::from_value(found.json().clone())?;
        ensure!(found[2] >= STRIDE as f64, "got stuck after {passed} messages");
        (late, frames, passed, took) = (late + found[0], frames + found[1], passed + found[2], took + found[3]);
        shown = found[4];
    }
    say(&format!("scrolling back {passed} messages"), &[took], "ms");
    say("  frames that came late, of all", &[100.0 * late / frames], " %");
    say("  messages in the document", &[shown], "  ");
    say("  more memory of the page", &[(heap(person).await? - before) / 1_000_000.0], "MB");
    Ok(())
}

/// What the page holds after everything that is not needed any more was thrown away: its scripts' objects, and the memory of
/// its WebAssembly.
async fn heap(person: &Person) -> Result<f64> {
    let tools = person.browser.driver.cdp();
    tools.send_raw("HeapProfiler.collectGarbage", json!({})).await?;
    tools.send_raw("Performance.enable", json!({})).await?;
    let metrics: Value = tools.send_raw("Performance.getMetrics", json!({})).await?;
    let used = metrics["metrics"].as_array().into_iter().flatten().find(|metric| metric["name"] == "JSHeapUsedSize");
    let objects = used.and_then(|metric| metric["value"].as_f64()).context("the heap's size")?;
    let kind = json!({ "expression": "WebAssembly.Memory.prototype" });
    let kind = tools.send_raw("Runtime.evaluate", kind).await?["result"]["objectId"].clone();
    let memories = tools.send_raw("Runtime.queryObjects", json!({ "prototypeObjectId": kind })).await?;
    let sum = "function() { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0); }";
    let call = json!({ "objectId": memories["objects"]["objectId"], "functionDeclaration": sum });
    let memory = tools.send_raw("Runtime.callFunctionOn", call).await?;
    Ok(objects + memory["result"]["value"].as_f64().context("the size of the memory")?)
}

async fn query(person: &Person) -> Result<()> {
    let search = async |words: &str| -> Result<f64> {
        person.press_with_control("k").await?;
        let found = person.browser.driver.execute_async(SEARCH, vec![json!(words)]).await?;
        person.press("Escape").await?;
        found.json().as_f64().context("a time")
    };
    // What was just caught up with is made searchable bit by bit.
    let taken_in = Instant::now();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let before = search("needle").await?;
    say("first results while the index is being made", &[before], "ms");
    while taken_in.elapsed() < Duration::from_secs(120) {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    for (words, what) in [("needle", "one of a thousand has it"), ("lorem dolor", "all have both words")] {
        let mut took = Vec::new();
        for _ in 0..RUNS {
            took.push(search(words).await?);
        }
        say(&format!("first results among {} messages: {what}", 2 * LONG), &took, "ms");
    }
    Ok(())
}

/// How many tasks took longer than 50 ms: until the page was online, and from then until it had caught up.
const LONG_TASKS: &str = r"
return new Promise((done) => {
  const [online, synced] = ['online', 'synced'].map((name) => performance.getEntriesByName(`plausch:${name}`)[0].startTime);
  const counts = [0, 0];
  new PerformanceObserver((list) => {
    for (const { startTime } of list.getEntries()) if (startTime < synced) counts[+(startTime >= online)]++;
  }).observe({ type: 'longtask', buffered: true });
  setTimeout(() => done(counts), 300);
});
";

/// Opens a chat from the list; resolves when its newest messages are painted.
const OPEN: &str = r"
const [chat, done] = arguments;
const began = performance.now();
document.querySelector(`[data-jid='${chat}'] button`).click();
const look = () => {
  const shown = document.querySelector(`section[data-jid='${chat}']`);
  if (shown?.querySelectorAll('article .message-body').length > 5) {
    requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = () => done(performance.now() - began); c.port2.postMessage(0); });
  } else requestAnimationFrame(look);
};
look();
";

/// The body of the last message drawn.
const LAST: &str = "[...document.querySelectorAll('article .message-body')].pop()";

/// Scrolls back as fast as a hand would; counts frames, and those that came late: after more than one and a half times as long
/// as a frame at 60 Hz lasts.
const SCROLL: &str = r"
const [wanted, done] = arguments;
const log = document.querySelector('.log-scroller');
const numberOf = (article) => parseInt(article.querySelector('.message-body').textContent, 10);
const first = () => Math.min(...[...document.querySelectorAll('article')].map(numberOf));
const began = performance.now(), newest = first();
let frames = 0, late = 0, last = began;
const frame = (now) => {
  frames++;
  if (now - last > 25) late += Math.round((now - last) / 16.7) - 1;
  last = now;
  const passed = newest - first();
  if (passed >= wanted || now - began > 60000) {
    done([late, frames + late, passed, now - began, document.querySelectorAll('article').length]);
  } else {
    log.scrollTop -= 120;
    requestAnimationFrame(frame);
  }
};
requestAnimationFrame(frame);
";

/// Types into the open switcher; resolves when messages that were found are painted.
const SEARCH: &str = r"
const [words, done] = arguments;
const look = () => {
  const field = document.querySelector('dialog [role=combobox]');
  if (!field) return requestAnimationFrame(look);
  field.value = words;
  field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  const began = performance.now();
  const wait = () => {
    if (document.querySelector('[data-kind=message] mark')) {
      requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = () => done(performance.now() - began); c.port2.postMessage(0); });
    } else requestAnimationFrame(wait);
  };
  wait();
};
look();
";

/// Signs in over a bare socket and reads the whole archive, page by page, doing nothing with it.
const READ_BARE: &str = r"
const [[url, user, password], done] = arguments;
const socket = new WebSocket(url, 'xmpp');
const open = `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>`;
let stage = 0, began = 0, count = 0;
const page = (after) => socket.send(`<iq xmlns='jabber:client' type='set' id='p'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>100</max>${after ? `<after>${after}</after>` : ''}</set></query></iq>`);
socket.onopen = () => socket.send(open);
socket.onmessage = ({ data }) => {
  if (stage === 0 && data.includes('mechanisms')) {
    stage = 1;
    socket.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${btoa(`\0${user}\0${password}`)}</auth>`);
  } else if (stage === 1 && data.includes('<success')) {
    stage = 2;
    socket.send(open);
  } else if (stage === 2 && data.includes('urn:ietf:params:xml:ns:xmpp-bind')) {
    stage = 3;
    socket.send(`<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`);
  } else if (stage === 3 && /id=['\x22]b['\x22]/.test(data)) {
    stage = 4;
    began = performance.now();
    page();
  } else if (stage === 4) {
    if (data.includes('<result')) count++;
    else if (data.includes('<fin')) {
      const last = /<last>([^<]*)/.exec(data)?.[1];
      if (/complete=['\x22]true/.test(data) || !last) { done([performance.now() - began, count]); socket.close(); } else page(last);
    }
  }
};
";
