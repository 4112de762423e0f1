//! The app as a part of somebody else's page.

use anyhow::{Result, ensure};
use plausch_e2e::{Account, Person, Server, Site};
use serde_json::json;

/// A page of its own kind, on the same host, with a policy as strict as ours and styles for everything.
const HOST_PAGE: &str = r"
document.body.replaceChildren();
const sheet = new CSSStyleSheet();
sheet.replaceSync('* { text-transform: uppercase; letter-spacing: 3px; color: rgb(1, 2, 3); } p, button, input, h1 { font-size: 44px !important; margin: 33px; }');
document.adoptedStyleSheets = [sheet];
globalThis.own = document.createElement('p');
own.className = 'message row button dialog';
own.textContent = 'a text of the page';
globalThis.room = document.createElement('div');
room.style.setProperty('block-size', '600px');
document.body.append(own, room);
globalThis.look = (e) => { const s = getComputedStyle(e); return [s.color, s.textTransform, s.letterSpacing, s.fontSize, s.display, s.position, s.marginTop].join(); };
globalThis.before = look(own);
";

const MOUNT: &str = r"
const [config, shadow, done] = arguments;
(async () => {
  const { mount } = await import(new URL('embed.js', location.href).href);
  globalThis.root = shadow ? room.attachShadow({ mode: 'open' }) : null;
  globalThis.app = await mount(root ?? room, config);
  root ??= room.firstElementChild.shadowRoot;
  done(true);
})().catch((error) => done(String(error)));
";

const SIGN_IN: &str = r"
const [address, password] = arguments;
const inputs = root.querySelectorAll('input');
if (inputs.length < 2) return false;
[address, password].forEach((text, i) => { inputs[i].value = text; inputs[i].dispatchEvent(new Event('input', { bubbles: true })); });
root.querySelector('form button[type=submit]').click();
return true;
";

async fn embedded(account: &Account, shadow: bool) -> Result<Person> {
    let endpoint = account.server.websocket()?;
    let config = json!({ "websocket_url": endpoint, "default_domain": "localhost", "locale": "en" });
    let site = Site::of(account.server).await?;
    let person = Person::open(&site, account).await?;
    person.browser.driver.goto(format!("{}config.json", site.url)).await?;
    person.look(HOST_PAGE, vec![]).await?;
    let mounted = person.browser.driver.execute_async(MOUNT, vec![config, json!(shadow)]).await?;
    ensure!(mounted.json() == &json!(true), "mounting failed: {}", mounted.json());
    person.wait("the form is there", SIGN_IN, vec![json!(account.jid), json!(account.password)]).await?;
    let online = "return root.querySelector('.plausch')?.dataset.connection === 'online';";
    person.wait("the embedded app is online", online, vec![]).await?;
    Ok(person)
}

/// Neither page's styles reach the other, keys of the page are the page's, and nothing stays behind.
async fn lives_in_a_foreign_page(shadow: bool) -> Result<()> {
    let account = Account::new(Server::Prosody, "juliet").await?;
    let juliet = embedded(&account, shadow).await?;
    let heading = "const h = root.querySelector('h1'); return h ? look(h) : '';";
    let style = juliet.wait("the heading is drawn", heading, vec![]).await?;
    let style = style.as_str().unwrap_or_default();
    ensure!(style.contains("none,normal") || style.contains("none,-0"), "the page's style leaks in: {style}");
    ensure!(!style.contains("44px") && !style.contains("rgb(1, 2, 3)"), "the page's style leaks in: {style}");
    let own = juliet.look("return [before, look(own)];", vec![]).await?;
    ensure!(own[0] == own[1], "our style leaks out: {own}");
    let press = |target: &str| {
        format!(
            "{target}.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'k', ctrlKey: true, bubbles: true, composed: true }}));"
        )
    };
    let dialog = "return root.querySelector('dialog[open]') !== null;";
    juliet.look(&press("own"), vec![]).await?;
    ensure!(juliet.look(dialog, vec![]).await? == json!(false), "a key of the page opened our dialog");
    juliet.look(&press("root.querySelector('.shell button')"), vec![]).await?;
    juliet.wait("a key within the app opens the dialog", dialog, vec![]).await?;
    juliet.look("app.unmount();", vec![]).await?;
    let left = juliet.look("return root.querySelector('.plausch') === null && document.title;", vec![]).await?;
    ensure!(left != json!(false), "something stays behind");
    juliet.leave().await
}

#[test]
fn in_a_shadow_root() {
    plausch_e2e::run(lives_in_a_foreign_page(true));
}

#[test]
fn in_an_element() {
    plausch_e2e::run(lives_in_a_foreign_page(false));
}

/// What does not fit the schema is refused, by name.
#[test]
fn wrong_settings_are_refused() {
    plausch_e2e::run(async {
        let account = Account::new(Server::Prosody, "juliet").await?;
        let site = Site::of(account.server).await?;
        let person = Person::open(&site, &account).await?;
        person.browser.driver.goto(format!("{}config.json", site.url)).await?;
        person.look(HOST_PAGE, vec![]).await?;
        let config = json!({ "websocket_url": "ws://evil.example/" });
        let mounted = person.browser.driver.execute_async(MOUNT, vec![config, json!(true)]).await?;
        ensure!(mounted.json().to_string().contains("websocket_url"), "{}", mounted.json());
        person.leave().await
    });
}
