//! A person in front of a browser: does things by accessible names, sees things by roles and data attributes
//! (the project's UI contract).

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use thirtyfour::{Key, WebElement};

use crate::{Account, Browser, Options, Site, until};

/// Functions for the page, so that a look costs one round trip. Names are matched as assistive technology computes them for
/// the controls used here: `aria-label`, else a label's or the element's own text.
const LOOK: &str = r"
const nameOf = (e) => e.getAttribute('aria-label')
  ?? (e.getAttribute('aria-labelledby') ?? '').split(' ').filter(Boolean).map((id) => e.getRootNode().getElementById(id)?.textContent ?? '').join(' ').trim()
  ?? '';
const labelOf = (e) => (nameOf(e) || [...(e.labels ?? [])].map((l) => l.textContent).join(' ') || e.textContent || '').replace(/\s+/g, ' ').trim();
const shown = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden' && !e.closest('#start');
const roles = {
  button: 'button, [role=button]', textbox: 'input:not([type=checkbox]):not([type=radio]), textarea, [role=textbox]',
  checkbox: 'input[type=checkbox], [role=checkbox], [role=switch]', heading: 'h1, h2, h3, [role=heading]', list: 'ul, ol, [role=list], [role=listbox]',
  link: 'a[href], [role=link]', menuitem: '[role=menuitem]', radio: 'input[type=radio], [role=radio]', region: '[role=region], main, section', log: '[role=log]',
  navigation: 'nav, [role=navigation]', dialog: 'dialog[open], [role=dialog]', separator: '[role=separator], hr', status: '[role=status], output',
  combobox: 'select, [role=combobox]', searchbox: '[role=searchbox]', tab: '[role=tab]', complementary: 'aside, [role=complementary]',
};
const all = (role, name) => [...document.querySelectorAll(roles[role])].filter(shown)
  .filter((e) => name === null || labelOf(e) === name || (name.endsWith('*') && labelOf(e).startsWith(name.slice(0, -1))));
const rowsOf = (log) => [...(log?.querySelectorAll('article') ?? [])].map((e) => [
  e.querySelector('.message-body')?.textContent ?? '', e.dataset.direction, e.dataset.state ?? '', e.dataset.author, e.dataset.id]);
const top = (list) => { const open = [...document.querySelectorAll('dialog[open]')].pop(); const inside = open ? list.filter((e) => open.contains(e)) : []; return inside[0] ?? list[0] ?? null; };
";

/// Somebody with a browser.
pub struct Person {
    /// The browser.
    pub browser: Browser,
    /// The account used last.
    pub account: Account,
}

/// A message as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Its text.
    pub text: String,
    /// `in` or `out`.
    pub direction: String,
    /// How far an outgoing one has come; empty for incoming ones.
    pub state: String,
    /// Who wrote it.
    pub author: String,
}

impl Message {
    /// A row of `rowsOf`.
    pub(crate) fn of_row(row: &Value) -> Self {
        let text = |place: usize| row[place].as_str().unwrap_or_default().to_owned();
        Self { text: text(0), direction: text(1), state: text(2), author: text(3) }
    }
}

impl Person {
    /// Opens the site in a new browser.
    pub async fn open(site: &Site, account: &Account) -> Result<Self> {
        Self::open_with(site, account, &Options::default()).await
    }

    /// The same with a browser of a special kind.
    pub async fn open_with(site: &Site, account: &Account, options: &Options) -> Result<Self> {
        let browser = Browser::start(options).await?;
        browser.driver.goto(&site.url).await?;
        Ok(Self { browser, account: account.clone() })
    }

    /// Opens the site and signs in.
    pub async fn signed_in(site: &Site, account: &Account) -> Result<Self> {
        let person = Self::open(site, account).await?;
        person.sign_in().await?;
        Ok(person)
    }

    // ---- looking ----------------------------------------------------------------------------------------------------

    /// Evaluates a script with the functions above; it has to `return`.
    pub async fn look(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        let found = self.browser.driver.execute(format!("{LOOK}\n{script}"), arguments).await?;
        Ok(found.json().clone())
    }

    /// The same for a script that calls its last argument with what it found.
    pub async fn look_long(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        let found = self.browser.driver.execute_async(format!("{LOOK}\n{script}"), arguments).await?;
        Ok(found.json().clone())
    }

    /// A control by role and name; waits until it is there. A name that ends with `*` is the beginning of one.
    pub async fn control(&self, role: &str, name: &str) -> Result<WebElement> {
        until(&format!("there is a {role} {name:?}"), || async {
            let script = format!("{LOOK}\nreturn top(all(arguments[0], arguments[1]));");
            let found = self.browser.driver.execute(script, vec![json!(role), json!(name)]).await?;
            Ok(if found.json().is_null() { None } else { Some(found.element()?) })
        })
        .await
    }

    /// Whether a control is there now.
    pub async fn has(&self, role: &str, name: &str) -> Result<bool> {
        let found =
            self.look("return all(arguments[0], arguments[1]).length > 0;", vec![json!(role), json!(name)]).await?;
        Ok(found == json!(true))
    }

    /// Waits until a script returns something else than null, false, zero or the empty text.
    pub async fn wait(&self, what: &str, script: &str, arguments: Vec<Value>) -> Result<Value> {
        until(what, || async {
            let found = self.look(script, arguments.clone()).await?;
            let is_nothing =
                matches!(found, Value::Null | Value::Bool(false)) || found == json!(0) || found == json!("");
            Ok((!is_nothing).then_some(found))
        })
        .await
        .with_context(|| format!("for {}", self.account.user))
    }

    // ---- doing ------------------------------------------------------------------------------------------------------

    /// Clicks a control.
    pub async fn click(&self, role: &str, name: &str) -> Result<()> {
        until(&format!("{role} {name:?} can be clicked"), || async {
            self.control(role, name).await?.click().await?;
            Ok(Some(()))
        })
        .await
    }

    /// Presses a key where the focus is.
    pub async fn press(&self, key: &str) -> Result<()> {
        self.dispatch_key(key, 0).await
    }

    /// Presses a key together with Control.
    pub async fn press_with_control(&self, key: &str) -> Result<()> {
        self.dispatch_key(key, 2).await
    }

    /// Presses a key together with Control and Shift.
    pub async fn press_with_control_and_shift(&self, key: &str) -> Result<()> {
        self.dispatch_key(key, 2 | 8).await
    }

    /// By the steering protocol, so that the browser handles the key as if it had been pressed.
    async fn dispatch_key(&self, key: &str, modifiers: u32) -> Result<()> {
        let (code, number) = match key {
            "Escape" => ("Escape".to_owned(), 27),
            "Enter" => ("Enter".to_owned(), 13),
            "/" => ("Slash".to_owned(), 191),
            "," => ("Comma".to_owned(), 188),
            letter => {
                let letter = letter.to_uppercase();
                (format!("Key{letter}"), letter.chars().next().map_or(0, u32::from))
            }
        };
        for kind in ["rawKeyDown", "keyUp"] {
            let event = json!({
                "type": kind, "key": key, "code": code, "modifiers": modifiers, "windowsVirtualKeyCode": number,
            });
            self.browser.driver.cdp().send_raw("Input.dispatchKeyEvent", event).await?;
        }
        Ok(())
    }

    /// The names of the tabs that are shown.
    pub async fn tabs(&self) -> Result<Vec<String>> {
        let found = self.look("return all('tab', null).map(labelOf);", vec![]).await?;
        Ok(found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Types into a text field.
    pub async fn fill(&self, name: &str, text: &str) -> Result<()> {
        let field = self.control("textbox", name).await?;
        field.clear().await?;
        field.send_keys(text).await?;
        Ok(())
    }

    /// Types where the focus is, all at once.
    pub async fn insert(&self, text: &str) -> Result<()> {
        self.browser.driver.cdp().send_raw("Input.insertText", json!({ "text": text })).await?;
        Ok(())
    }

    /// Kills the worker that hosts the engine, once the page watches it: the death of one that has not said its name yet goes
    /// unnoticed.
    pub async fn kill_worker(&self) -> Result<()> {
        let watches = "const done = arguments[arguments.length - 1]; navigator.locks.query().then(({ pending }) => \
             done(pending.some(({ name }) => name.startsWith('plausch-host-'))));";
        until("the page watches a worker", || async {
            Ok((self.look_long(watches, vec![]).await? == json!(true)).then_some(()))
        })
        .await?;
        self.browser.kill_workers().await
    }

    /// Fills and submits the sign-in form.
    pub async fn submit_sign_in(&self, address: &str, password: &str) -> Result<()> {
        self.fill("XMPP address", address).await?;
        self.fill("Password", password).await?;
        self.click("button", "Log in").await
    }

    /// Signs in and waits until online.
    pub async fn sign_in(&self) -> Result<()> {
        self.submit_sign_in(&self.account.jid, &self.account.password).await?;
        self.connection("online").await
    }

    /// Waits for a state of the connection.
    pub async fn connection(&self, state: &str) -> Result<()> {
        let script = "return document.querySelector('[data-connection]')?.dataset.connection === arguments[0];";
        self.wait(&format!("the connection is {state}"), script, vec![json!(state)]).await?;
        Ok(())
    }

    /// Waits for an alert that contains these words.
    pub async fn alert(&self, words: &str) -> Result<()> {
        let script = "return [...document.querySelectorAll('[role=alert]')].filter(shown).some((e) => \
             e.textContent.toLowerCase().includes(arguments[0].toLowerCase()));";
        self.wait(&format!("an alert says {words:?}"), script, vec![json!(words)]).await?;
        Ok(())
    }

    /// Goes to a part of the app: `Chats`, `Contacts`, `Settings`.
    pub async fn go_to(&self, part: &str) -> Result<()> {
        let script = "const nav = all('navigation', 'Main')[0]; \
             const e = [...(nav?.querySelectorAll('button, a') ?? [])].find((e) => labelOf(e).startsWith(arguments[0])); \
             e?.click(); return !!e;";
        self.wait(&format!("there is {part} in the navigation"), script, vec![json!(part)]).await?;
        Ok(())
    }

    /// Starts a chat by address.
    pub async fn start_chat(&self, jid: &str) -> Result<()> {
        self.go_to("Chats").await?;
        self.click("button", "New chat").await?;
        self.fill("XMPP address", jid).await?;
        self.click("button", "Start chat").await?;
        self.in_chat(jid).await
    }

    /// Waits until a chat is open.
    pub async fn in_chat(&self, jid: &str) -> Result<()> {
        let script = "return [...document.querySelectorAll('[data-encryption][data-jid]')].filter(shown).some((e) => \
             e.dataset.jid === arguments[0]) && all('textbox', 'Message').length > 0;";
        self.wait(&format!("the chat with {jid} is open"), script, vec![json!(jid)]).await?;
        Ok(())
    }

    /// Opens a chat from the list.
    pub async fn open_chat(&self, jid: &str) -> Result<()> {
        let script = "const e = all('list', 'Chats')[0]?.querySelector(`[data-jid=\"${arguments[0]}\"]`); \
             const target = e?.querySelector('button, a') ?? e; target?.click(); return !!e;";
        self.wait(&format!("the list has a chat with {jid}"), script, vec![json!(jid)]).await?;
        self.in_chat(jid).await
    }

    /// Writes a message and presses Enter.
    pub async fn send(&self, text: &str) -> Result<()> {
        let composer = self.control("textbox", "Message").await?;
        composer.send_keys(text).await?;
        composer.send_keys(Key::Enter + "").await?;
        Ok(())
    }

    // ---- seeing -----------------------------------------------------------------------------------------------------

    /// The messages that are drawn, in order.
    pub async fn messages(&self) -> Result<Vec<Message>> {
        let found = self.look("return rowsOf(all('log', 'Messages')[0]);", vec![]).await?;
        Ok(found.as_array().into_iter().flatten().map(Message::of_row).collect())
    }

    /// Waits until a message with this text is shown.
    pub async fn sees(&self, text: &str) -> Result<Message> {
        until(&format!("{} sees {text:?}", self.account.user), || async {
            Ok(self.messages().await?.into_iter().find(|message| message.text == text))
        })
        .await
    }

    /// Waits until an own message has come so far.
    pub async fn sees_state(&self, text: &str, state: &str) -> Result<()> {
        until(&format!("{} sees {text:?} {state}", self.account.user), || async {
            let found = self.messages().await?.into_iter().find(|message| message.text == text);
            Ok(found.filter(|message| message.state == state).map(|_| ()))
        })
        .await
    }

    /// How many entries a list holds in all (`data-count`).
    pub async fn count(&self, list: &str) -> Result<u64> {
        let found = self.look("return all('list', arguments[0])[0]?.dataset.count ?? null;", vec![json!(list)]).await?;
        Ok(found.as_str().and_then(|count| count.parse().ok()).unwrap_or_default())
    }

    /// Waits until a list holds so many.
    pub async fn sees_count(&self, list: &str, count: u64) -> Result<()> {
        until(&format!("{list} holds {count}"), || async { Ok((self.count(list).await? == count).then_some(())) }).await
    }

    /// The chat's attributes in the list: name, unread.
    pub async fn chat_in_list(&self, jid: &str) -> Result<Option<(String, u32)>> {
        let script = "const e = all('list', 'Chats')[0]?.querySelector(`[data-jid=\"${arguments[0]}\"]`); \
             return e ? [labelOf(e), +e.dataset.unread] : null;";
        let found = self.look(script, vec![json!(jid)]).await?;
        let unread = found[1].as_u64().and_then(|count| u32::try_from(count).ok());
        Ok(found[0].as_str().map(str::to_owned).zip(unread))
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    /// What the page's policy refused, and errors of the console, up to now.
    pub async fn complaints(&self) -> Result<Vec<String>> {
        let violations = self.look("return globalThis.__violations ?? ['not watched'];", vec![]).await?;
        Ok(violations.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Ends with the browser, which must have nothing to complain about.
    pub async fn leave(self) -> Result<()> {
        let complaints = self.complaints().await?;
        if !complaints.is_empty() {
            bail!("the page's policy refused: {complaints:?}");
        }
        self.browser.driver.quit().await?;
        Ok(())
    }

    /// Saves what the person sees, for whoever looks into a failed test.
    pub async fn screenshot(&self, file: &std::path::Path) -> Result<()> {
        self.browser.driver.screenshot(file).await?;
        Ok(())
    }
}
