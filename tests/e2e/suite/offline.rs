//! Starting without a network: the app's files are kept, and one page never gets those of two versions.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use plausch_e2e::{Account, Browser, Options, Person, Server, Site, TabEnd, until, variable};
use plausch_native::{CutProxy, Flow, Toward};
use serde_json::{Value, json};
use tempfile::TempDir;

const BEFORE: &str = "good night, good night";
const OFFLINE: &str = "parting is such sweet sorrow";

/// Whether the network takes connections and ends them, or takes them and says nothing: the browser learns of the latter only
/// by waiting.
#[derive(Clone, Copy)]
enum Gone {
    Refusing,
    Silent,
}

fn take_away(network: &CutProxy, gone: Gone) {
    match gone {
        Gone::Refusing => network.refuse(true),
        Gone::Silent => network.set(Toward::Client, Flow::Stall),
    }
    network.cut();
}

#[test]
fn starts_without_a_network() {
    plausch_e2e::run(async {
        let server = Server::Prosody;
        let (romeo, juliet) = (Account::new(server, "romeo").await?, Account::new(server, "juliet").await?);
        let (xmpp, endpoint) = CutProxy::in_front_of(&server.websocket()?).await?;
        // Somewhere else than where a missing file would lead.
        let config = json!({ "websocket_url": endpoint, "locale": "en" }).to_string();
        let mut site = Site::start(&config, "/deep/down").await?;
        let (web, address) = CutProxy::in_front_of(&site.url).await?;
        site.url = address;
        let juliet = Person::signed_in(&site, &juliet).await?;
        juliet.start_chat(&romeo.jid).await?;
        juliet.send(BEFORE).await?;
        juliet.sees_state(BEFORE, "sent").await?;
        is_kept(&juliet).await?;

        take_away(&xmpp, Gone::Refusing);
        take_away(&web, Gone::Refusing);
        juliet.browser.driver.refresh().await?;
        has_last_view(&juliet, &romeo).await?;
        juliet.send(OFFLINE).await?;
        juliet.sees_state(OFFLINE, "waiting").await?;
        ensure!(!juliet.complaints().await?.contains(&"not watched".to_owned()), "a page of the browser's own");

        // A cold start, and a network that lets everybody wait.
        web.heal();
        take_away(&web, Gone::Silent);
        juliet.browser.replace_tab(TabEnd::Closed).await?;
        juliet.browser.driver.goto(&site.url).await?;
        juliet.open_chat(&romeo.jid).await?;
        has_last_view(&juliet, &romeo).await?;
        juliet.sees_state(OFFLINE, "waiting").await?;

        web.heal();
        xmpp.heal();
        juliet.connection("online").await?;
        juliet.sees_state(OFFLINE, "sent").await?;
        juliet.browser.driver.refresh().await?;
        juliet.connection("online").await?;
        has_last_view(&juliet, &romeo).await?;
        let sent = juliet.messages().await?.into_iter().filter(|message| message.text == OFFLINE).count();
        ensure!(sent == 1, "it is there {sent} times");
        juliet.leave().await
    });
}

/// The list, the open chat and its messages.
async fn has_last_view(person: &Person, other: &Account) -> Result<()> {
    person.in_chat(&other.jid).await?;
    person.sees(BEFORE).await?;
    ensure!(person.chat_in_list(&other.jid).await?.is_some(), "the list lacks the chat");
    Ok(())
}

#[test]
fn a_new_version_comes_with_the_next_load_and_the_old_one_goes_with_its_last_page() {
    plausch_e2e::run(async {
        let account = Account::new(Server::Prosody, "juliet").await?;
        let mut site = Site::of(account.server).await?;
        let juliet = Person::signed_in(&site, &account).await?;
        is_kept(&juliet).await?;
        let old = version(&juliet).await?;
        let old_cache = cache_of(&juliet, &old).await?;
        ensure!(caches(&juliet).await? == [old_cache.as_str()], "there is more: {:?}", caches(&juliet).await?);

        let folder = new_version(&old)?;
        site.serve_instead(folder.path()).await?;
        let (first, second) = (juliet.browser.driver.window().await?, juliet.browser.driver.new_tab().await?);
        juliet.browser.driver.switch_to_window(second).await?;
        juliet.browser.driver.goto(&site.url).await?;
        juliet.connection("online").await?;
        let new = version(&juliet).await?;
        ensure!(new != old, "the first load after it still gets the old one");
        is_kept(&juliet).await?;
        let new_cache = cache_of(&juliet, &new).await?;

        // The page that is still open finds what it may yet load, though the host has it no longer.
        juliet.browser.driver.switch_to_window(first).await?;
        ensure!(version(&juliet).await? == old);
        ensure!(caches(&juliet).await?.contains(&old_cache), "the open page has lost its files");
        ensure!(status(&juliet, &old).await? == json!(200), "the open page does not find its files");

        juliet.browser.driver.refresh().await?;
        juliet.connection("online").await?;
        ensure!(version(&juliet).await? == new);
        until("the old version is gone", || async {
            Ok((caches(&juliet).await? == [new_cache.as_str()]).then_some(()))
        })
        .await?;
        ensure!(status(&juliet, &old).await? == json!(404), "something else has kept it");
        juliet.leave().await
    });
}

/// A host that has taken the new version only in part: its page never comes together with the files of the other one.
#[test]
fn a_page_of_another_version_is_not_kept() {
    plausch_e2e::run(async {
        let account = Account::new(Server::Prosody, "juliet").await?;
        let mut site = Site::of(account.server).await?;
        let juliet = Person::signed_in(&site, &account).await?;
        is_kept(&juliet).await?;
        let old = version(&juliet).await?;
        let folder = new_version(&old)?;
        fs::copy(Path::new(&variable("PLAUSCH_DIST")?).join("sw.js"), folder.path().join("sw.js"))?;
        site.serve_instead(folder.path()).await?;
        juliet.browser.driver.refresh().await?;
        juliet.connection("online").await?;
        ensure!(version(&juliet).await? != old);
        let kept = "const [old, done] = arguments; caches.match(location.href).then((page) => page.text()).then((text) => done(text.includes(old)));";
        ensure!(
            juliet.look_long(kept, vec![json!(old)]).await? == json!(true),
            "the kept page is not of the kept version"
        );
        juliet.leave().await
    });
}

#[test]
fn signing_out_deletes_the_caches_and_the_next_account_or_page_fills_them() {
    plausch_e2e::run(async {
        let account = Account::new(Server::Prosody, "juliet").await?;
        let site = Site::of(account.server).await?;
        let juliet = Person::signed_in(&site, &account).await?;
        for again in [true, false] {
            is_kept(&juliet).await?;
            juliet.click("button", "Account").await?;
            juliet.click("menuitem", "Log out").await?;
            juliet.click("button", "Log out").await?;
            juliet.control("heading", "Log in").await?;
            until("no cache is left", || async { Ok(caches(&juliet).await?.is_empty().then_some(())) }).await?;
            if again {
                juliet.sign_in().await?;
            }
        }
        juliet.browser.driver.refresh().await?;
        juliet.control("heading", "Log in").await?;
        is_kept(&juliet).await?;
        let everything = "const done = arguments[arguments.length - 1]; (async () => { let all = ''; \
             for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) \
             all += request.url + await (await caches.match(request)).text(); return all; })().then(done);";
        let everything = juliet.look_long(everything, vec![]).await?;
        let everything = everything.as_str().context("a text")?;
        ensure!(everything.contains("data-theme") && !everything.contains(&account.user), "somebody's name is in it");
        juliet.leave().await
    });
}

/// Pages that embed the app are their own masters.
#[test]
fn an_embedding_page_gets_no_service_worker() {
    plausch_e2e::run(async {
        let site = Site::of(Server::Prosody).await?;
        let browser = Browser::start(&Options::default()).await?;
        browser.driver.goto(format!("{}version.txt", site.url)).await?;
        let embed = "const done = arguments[arguments.length - 1]; (async () => { \
             const { mount } = await import(new URL('embed.js', location.href).href); \
             const app = await mount(document.body, { default_domain: 'localhost' }); \
             while (!performance.getEntriesByName('plausch:form').length) await new Promise((next) => setTimeout(next, 20)); \
             await new Promise((next) => setTimeout(next, 500)); \
             return (await navigator.serviceWorker.getRegistrations()).length; })().then(done, (error) => done(String(error)));";
        let registered = browser.driver.execute_async(embed, vec![]).await?;
        ensure!(registered.json() == &json!(0), "registered: {}", registered.json());
        browser.driver.quit().await?;
        Ok(())
    });
}

/// Waits until the page's version could start without a network.
async fn is_kept(person: &Person) -> Result<()> {
    let kept = "const [name, done] = arguments; caches.match(new URL('./', location.href).href, { cacheName: name }) \
         .then((page) => done(!!page && !!navigator.serviceWorker.controller), () => done(false));";
    until("the version is kept", || async {
        let name = cache_of(person, &version(person).await?).await?;
        Ok((person.look_long(kept, vec![json!(name)]).await? == json!(true)).then_some(()))
    })
    .await
}

/// The page's boot script, after which versions are named.
async fn version(person: &Person) -> Result<String> {
    let script = "return document.querySelector(\"script[src*='boot']\").getAttribute('src');";
    Ok(person.look(script, vec![]).await?.as_str().context("a boot script")?.to_owned())
}

async fn cache_of(person: &Person, version: &str) -> Result<String> {
    let folder = person.look("return new URL('./', location.href).pathname;", vec![]).await?;
    Ok(format!("plausch-shell-{}{version}", folder.as_str().context("a folder")?))
}

/// The names of all caches, in order.
async fn caches(person: &Person) -> Result<Vec<String>> {
    let names = "const done = arguments[arguments.length - 1]; caches.keys().then((names) => done(names.sort()));";
    let names = person.look_long(names, vec![]).await?;
    Ok(names.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
}

async fn status(person: &Person, file: &str) -> Result<Value> {
    let script =
        "const [file, done] = arguments; fetch(file, { cache: 'no-store' }).then(({ status }) => done(status));";
    person.look_long(script, vec![json!(file)]).await
}

/// The bundle as another version: its boot script has another name.
fn new_version(old: &str) -> Result<TempDir> {
    let (from, folder) = (variable("PLAUSCH_DIST")?, tempfile::tempdir()?);
    let new = "boot-0123456789abcdef.js";
    copy(Path::new(&from), folder.path(), &|name| name.replace(old, new))?;
    for name in ["index.html", "sw.js"] {
        let file = folder.path().join(name);
        let text = fs::read_to_string(&file)?;
        ensure!(text.contains(old), "{name} does not name {old}");
        fs::write(&file, text.replace(old, new))?;
        for form in ["br", "gz"] {
            fs::remove_file(folder.path().join(format!("{name}.{form}")))?;
        }
    }
    fs::write(folder.path().join("version.txt"), "another\n")?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path, rename: &dyn Fn(&str) -> String) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name().into_string().ok().context("a name in UTF-8")?;
        let target = to.join(rename(&name));
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target, rename)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
