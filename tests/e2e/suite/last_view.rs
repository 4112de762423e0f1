//! The last view is painted before the app is there.

use anyhow::{Result, ensure};
use plausch_e2e::{Account, Person, Server, Site, TabEnd};
use plausch_interop::pixel;
use plausch_model::{BareJid, Command, ProfileChange};
use serde_json::{Value, json};

on_both_servers!(the_last_view_is_painted_before_the_app);

#[test]
fn a_forged_view_is_text_and_shapes_at_most() {
    plausch_e2e::run(a_forged_view(Server::Prosody));
}

const WORDS: &str = "it is the east, and Juliet is the sun";
const DRAFT: &str = "arise, fair sun";
/// So many chats that the list can be scrolled.
const CHATS: usize = 30;

/// The first message that can be seen, and how far below the top of the log it is.
const TOPMOST: &str = "(view) => {\
    const edge = view.querySelector('.log-scroller').getBoundingClientRect().top;\
    const bodies = [...view.querySelectorAll('article .message-body')];\
    const first = bodies.find((body) => body.getBoundingClientRect().bottom > edge + 1);\
    return first && `${first.textContent} ${Math.round(first.getBoundingClientRect().top - edge)}`;\
  }";

/// Holds the app back, and notes what is to be seen when the last view has been painted.
const HOLD_BACK: &str = "\
    const start = WebAssembly.instantiateStreaming;\
    WebAssembly.instantiateStreaming = async (...all) => {\
      const done = await start.apply(WebAssembly, all);\
      await new Promise((go) => setTimeout(go, 1500));\
      return done;\
    };\
    const mark = performance.mark;\
    performance.mark = (name, ...more) => {\
      const view = document.getElementById('start');\
      if (name === 'plausch:view') globalThis.lastView = {\
        inert: view.inert, text: view.innerText, draft: view.querySelector('textarea').value,\
        photos: (PHOTOS)(view),\
        moves: view.getAnimations({ subtree: true }).map((move) => move.animationName ?? move.transitionProperty).join(),\
        log: (TOPMOST)(view), list: view.querySelector('.list-scroller').scrollTop,\
      };\
      return mark.call(performance, name, ...more);\
    };";

/// The browser says that the app has a window of its own, which it can't be asked to say.
const INSTALLED: &str = "\
    const media = window.matchMedia;\
    window.matchMedia = (query) => (query.includes('standalone') ? { matches: true } : media.call(window, query));";

/// The same of the app.
const SEEN: &str = "\
    const list = document.querySelector('.list-scroller').scrollTop;\
    return { draft: document.querySelector('textarea').value, log: (TOPMOST)(document), list, photos: (PHOTOS)(document) };";

/// How many photos there are, of those that can be seen.
const PHOTOS: &str =
    "(view) => [...view.querySelectorAll('.avatar-photo')].filter((photo) => photo.naturalWidth).length";

/// Notes the frames in which something of the last view is missing: its photo, its rows or its messages. While the avatar itself
/// is loaded, the browser shows what it takes the place of, but says that it has no width.
const WATCH_FRAMES: &str = "\
    const photo = () => document.querySelector('.avatar-photo');\
    globalThis.missing = [];\
    const painted = new MessageChannel();\
    painted.port1.onmessage = () => {\
      const there = ['.row', 'article'].map((parts) => document.querySelectorAll(parts).length);\
      const all = [photo()?.naturalWidth || photo()?.src.startsWith('blob:'), ...there];\
      if (globalThis.lastView && !all.every(Boolean)) globalThis.missing.push([Math.round(performance.now()), ...all]);\
      requestAnimationFrame(() => painted.port2.postMessage(0));\
    };\
    painted.port2.postMessage(0);";

/// Notes what a painted view is made of.
const NOTE: &str = "\
    const mark = performance.mark;\
    performance.mark = (name, ...more) => {\
      if (name === 'plausch:view') globalThis.lastView = document.getElementById('start').innerHTML;\
      return mark.call(performance, name, ...more);\
    };";

/// Puts another view in the place of the kept one, sealed with its key; or something that is none, if it is a text.
const FORGE: &str = "\
    const [forged, done] = arguments;\
    const asked = indexedDB.open('plausch-view', 1);\
    asked.onsuccess = () => {\
      const database = asked.result;\
      const store = (mode) => database.transaction('view', mode).objectStore('view');\
      const [key, view] = ['key', 'view'].map((name) => store('readonly').get(name));\
      view.onsuccess = async () => {\
        const { iv, sealed } = view.result;\
        const kept = JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key.result, sealed)));\
        const text = typeof forged === 'string' ? forged : JSON.stringify({ ...kept, ...forged });\
        const again = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key.result, new TextEncoder().encode(text));\
        const put = store('readwrite').put({ iv, sealed: again }, 'view');\
        put.onsuccess = () => { database.close(); done(true); };\
      };\
    };";

/// Resolves when the kept view has not changed for a while.
const KEPT: &str = "\
    const done = arguments[arguments.length - 1];\
    const read = () => new Promise((resolve) => {\
      const asked = indexedDB.open('plausch-view', 1);\
      asked.onupgradeneeded = () => asked.transaction.abort();\
      asked.onerror = () => resolve();\
      asked.onsuccess = () => {\
        const view = asked.result.transaction('view').objectStore('view').get('view');\
        view.onsuccess = () => { asked.result.close(); resolve(view.result && view.result.iv.join()); };\
      };\
    });\
    let before;\
    const again = async () => {\
      const now = await read();\
      if (now && now === before) done(now);\
      else { before = now; setTimeout(again, 2500); }\
    };\
    setTimeout(again, 2500);";

async fn the_last_view_is_painted_before_the_app(server: Server) -> Result<()> {
    let (romeo, juliet) = (Account::new(server, "romeo").await?, Account::new(server, "juliet").await?);
    let site = Site::of(server).await?;
    let mut writer = juliet.session().await?;
    let romeo = Person::signed_in(&site, &romeo).await?;
    romeo.start_chat(&juliet.jid).await?;
    for number in 0..30 {
        let text = format!("{number} {WORDS}");
        writer.run(Command::SendText { chat: BareJid::new(romeo.account.jid.clone()), text }).await?;
    }
    romeo.sees(&format!("29 {WORDS}")).await?;
    let mut own = romeo.account.session().await?;
    for number in 0..CHATS {
        let contact = BareJid::new(format!("somebody-{number}@localhost"));
        own.run(Command::EditContact { contact, name: Some(format!("Somebody {number}")), groups: vec![] }).await?;
    }
    own.run(Command::ChangeProfile(ProfileChange::Avatar(Some(pixel())))).await?;
    romeo.wait("his own photo", &with_parts("return (PHOTOS)(document) || null;"), vec![]).await?;
    romeo.go_to("Contacts").await?;
    romeo.sees_count("Contacts", CHATS as u64).await?;
    romeo.fill("Message", DRAFT).await?;
    let scroll = "\
        document.querySelector('.log-scroller').scrollTop -= 200; document.querySelector('.list-scroller').scrollTop = 300; return true;";
    romeo.look(scroll, vec![]).await?;
    romeo.browser.driver.execute_async(KEPT, vec![]).await?;
    let seen = with_parts(SEEN);
    let before = romeo.look(&seen, vec![]).await?;
    ensure!(before["list"] == 300 && before["draft"] == DRAFT && before["photos"] == 1, "{before}");

    let tools = romeo.browser.driver.cdp();
    let hold = json!({ "source": with_parts(&[HOLD_BACK, WATCH_FRAMES].concat()) });
    tools.send_raw("Page.addScriptToEvaluateOnNewDocument", hold).await?;
    romeo.browser.driver.refresh().await?;
    is_painted(&romeo, &before).await?;
    romeo.connection("online").await?;
    let seen = romeo.wait("the app has taken its place", &taken_over("Contacts"), vec![]).await?;
    ensure!(is_same(&seen, &before), "the app shows {seen} after {before}");
    let own = with_parts(
        "return (PHOTOS)(document) && document.querySelector('.avatar-photo').src.startsWith('blob:') || null;",
    );
    romeo.wait("the photo as it is", &own, vec![]).await?;
    let missing = romeo.look("return globalThis.missing;", vec![]).await?;
    ensure!(missing == json!([]), "photos, rows or messages were missing: {missing}");

    // The installed app is started anew.
    romeo.browser.driver.execute_async(KEPT, vec![]).await?;
    romeo.browser.replace_tab(TabEnd::Closed).await?;
    let tools = romeo.browser.driver.cdp();
    let installed = json!({ "source": format!("{INSTALLED} {}", with_parts(HOLD_BACK)) });
    tools.send_raw("Page.addScriptToEvaluateOnNewDocument", installed).await?;
    romeo.browser.driver.goto(&site.url).await?;
    is_painted(&romeo, &before).await?;
    romeo.connection("online").await?;
    romeo.in_chat(&juliet.jid).await?;
    romeo.browser.driver.back().await?;
    romeo.wait("Back leads to the list", "return !document.querySelector('section[data-jid]');", vec![]).await?;

    // Another tab of a browser begins at the list.
    romeo.browser.replace_tab(TabEnd::Closed).await?;
    romeo.browser.driver.goto(&site.url).await?;
    romeo.connection("online").await?;
    let marks = "return performance.getEntriesByName('plausch:view').length;";
    ensure!(romeo.look(marks, vec![]).await? == 0, "another tab's view was painted");
    romeo.leave().await
}

/// Whoever can write to the profile's folder can write a view, too: it must not become anything that runs, leads anywhere or is
/// asked of the network.
async fn a_forged_view(server: Server) -> Result<()> {
    let site = Site::of(server).await?;
    let romeo = Person::signed_in(&site, &Account::new(server, "romeo").await?).await?;
    let source = json!({ "source": NOTE });
    romeo.browser.driver.cdp().send_raw("Page.addScriptToEvaluateOnNewDocument", source).await?;
    let forge = async |kept: Value| -> Result<Value> {
        romeo.browser.driver.execute_async(KEPT, vec![]).await?;
        // What the page writes while it goes away would take its place.
        let still = "return Object.defineProperty(document, 'hidden', { value: false }).hidden;";
        romeo.look(still, vec![]).await?;
        romeo.browser.driver.execute_async(FORGE, vec![kept]).await?;
        romeo.browser.driver.refresh().await?;
        romeo.connection("online").await?;
        romeo.look("return [globalThis.lastView ?? null, globalThis.ran ?? null];", vec![]).await
    };
    let run = "globalThis.ran = 1";
    let set = json!({
        "class": "forged", "aria-current": "true", "onclick": run, "onerror": run, "id": "app", "data-jid": "a@b", "src": "x",
        "srcset": "x", "href": "javascript:globalThis.ran=1", "formaction": "x", "style": "color:red", "__proto__": "x", "is": "x",
    });
    let inside = json!([
        { "tag": "img", "set": set }, { "tag": "a", "set": set }, { "tag": "p", "inside": ["<b onclick='x'>text</b>"] },
    ]);
    let painted = forge(json!({ "view": { "tag": "div", "set": set, "inside": inside } })).await?;
    let kept = r#"aria-current="true" class="forged""#;
    let still = r#" data-still="""#;
    let text = "<p>&lt;b onclick='x'&gt;text&lt;/b&gt;</p>";
    ensure!(
        painted == json!([format!("<div {kept}{still}><img {kept}><a {kept}></a>{text}</div>"), null]),
        "{painted}"
    );

    let photo = "data:image/webp;base64,AAAA";
    let faces = json!({
        "a": photo, "b": "https://example.org/a.webp", "c": "data:image/svg+xml;base64,AAAA", "d": [photo], "e": "data:image/webp;base64,A A",
    });
    let of = |id: &str| json!({ "tag": "img", "set": { "data-avatar": id } });
    let inside: Vec<Value> = ["a", "b", "c", "d", "e", "toString"].map(of).to_vec();
    let painted = forge(json!({ "view": { "tag": "p", "inside": inside }, "faces": faces })).await?;
    let empty: String = ["b", "c", "d", "e", "toString"].map(|id| format!("<img data-avatar=\"{id}\">")).concat();
    let whole = format!("<p{still}><img data-avatar=\"a\" src=\"{photo}\">{empty}</p>");
    ensure!(painted == json!([whole, null]), "{painted}");

    let svg = "http://www.w3.org/2000/svg";
    for refused in [
        json!({ "tag": "script", "space": svg, "inside": [run] }),
        json!({ "tag": "div", "inside": [{ "tag": "iframe", "set": { "srcdoc": "<script>parent.ran = 1</script>" } }] }),
        json!({ "tag": "style", "inside": ["* { display: none }"] }),
        json!({ "tag": "toString" }),
        json!("no view"),
    ] {
        let kept = if refused.is_string() { refused.clone() } else { json!({ "view": refused }) };
        let painted = forge(kept).await?;
        ensure!(painted == json!([null, null]), "{painted} of {refused}");
    }
    romeo.leave().await
}

/// The last view is there, and nobody can use it.
async fn is_painted(person: &Person, before: &Value) -> Result<()> {
    let seen = person.wait("the last view is painted", "return globalThis.lastView;", vec![]).await?;
    let text = seen["text"].as_str().unwrap_or_default();
    ensure!(text.contains(&format!("20 {WORDS}")) && text.contains("Somebody"), "{text}");
    ensure!(seen["inert"] == true && seen["moves"] == "" && is_same(&seen, before), "{seen} after {before}");
    Ok(())
}

fn is_same(seen: &Value, before: &Value) -> bool {
    let log = |view: &Value| {
        let (text, offset) = view["log"].as_str()?.rsplit_once(' ')?;
        Some((text.to_owned(), offset.parse::<i32>().ok()?))
    };
    // Parts of a pixel are rounded in other ways.
    let near =
        log(seen).zip(log(before)).is_some_and(|(seen, before)| seen.0 == before.0 && (seen.1 - before.1).abs() < 2);
    near && ["list", "draft", "photos"].iter().all(|key| seen[key] == before[key])
}

/// Waits for the app, and says the same of it.
fn taken_over(list: &str) -> String {
    let waiting = format!("document.getElementById('start') || !all('list', '{list}')[0]?.querySelector('[data-jid]')");
    format!("if ({waiting}) return null; {}", with_parts(SEEN))
}

fn with_parts(script: &str) -> String {
    script.replace("TOPMOST", TOPMOST).replace("PHOTOS", PHOTOS)
}
