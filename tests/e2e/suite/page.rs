//! What the page promises whoever serves or embeds it: nobody else is asked for anything, the policy holds, assistive
//! technology finds its way.

use anyhow::{Context, ensure};
use plausch_e2e::{Account, Options, Person, Server, Site, axe, hosts};
use plausch_model::Command;

#[test]
fn no_third_host_is_asked_for_anything() {
    plausch_e2e::run(async {
        let server = Server::Prosody;
        let (account, other) = (Account::new(server, "juliet").await?, Account::new(server, "romeo").await?);
        let site = Site::of(server).await?;
        let options = Options { net_log: true, ..Options::default() };
        let juliet = Person::open_with(&site, &account, &options).await?;
        juliet.sign_in().await?;
        juliet.start_chat(&other.jid).await?;
        juliet.send("look: https://third.example/picture.png and http://198.51.100.7/").await?;
        juliet.sees_state("look: https://third.example/picture.png and http://198.51.100.7/", "sent").await?;
        ensure!(juliet.complaints().await?.is_empty(), "{:?}", juliet.complaints().await?);
        let asked = hosts(&juliet.browser.net_log().await?)?;
        let foreign: Vec<_> =
            asked.iter().filter(|host| !matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]")).collect();
        ensure!(asked.contains("localhost"), "the log knows nothing: {asked:?}");
        ensure!(foreign.is_empty(), "asked: {foreign:?}");
        // And it would be seen if somebody else were asked.
        let options = Options { net_log: true, ..Options::default() };
        let eve = Person::open_with(&site, &account, &options).await?;
        eve.look("fetch('https://third.example/').catch(() => {});", vec![]).await?;
        ensure!(hosts(&eve.browser.net_log().await?)?.contains("third.example"));
        Ok(())
    });
}

#[test]
fn markup_in_texts_stays_text() {
    plausch_e2e::run(async {
        let server = Server::Prosody;
        let (account, other) = (Account::new(server, "juliet").await?, Account::new(server, "romeo").await?);
        let site = Site::of(server).await?;
        let juliet = Person::signed_in(&site, &account).await?;
        let bomb = "<img src=x onerror=alert(1)><svg onload=alert(1)> javascript:alert(1) https://ok.example/a?b=c";
        juliet.start_chat(&other.jid).await?;
        juliet.send(bomb).await?;
        juliet.sees(bomb).await?;
        let made = "return [...document.querySelectorAll('.message-body *')].map((e) => e.tagName + (e.getAttribute('href') ?? ''));";
        let made = juliet.look(made, vec![]).await?;
        ensure!(made == serde_json::json!(["Ahttps://ok.example/a?b=c"]), "made out of the text: {made}");
        juliet.leave().await
    });
}

#[test]
fn a_wrong_setting_is_named() {
    plausch_e2e::run(async {
        let nobody =
            Account { user: "x".into(), jid: "x@localhost".into(), password: "x".into(), server: Server::Prosody };
        for (config, named) in [
            (r#"{"websocket_ulr": "wss://x"}"#, "websocket_ulr"),
            (r#"{"allow_registration": "yes"}"#, "allow_registration"),
        ] {
            let site = Site::start(config, "").await?;
            let reader = Person::open(&site, &nobody).await?;
            reader.alert(named).await?;
            reader.leave().await?;
        }
        Ok(())
    });
}

#[test]
fn works_below_a_path_prefix() {
    plausch_e2e::run(async {
        let server = Server::Prosody;
        let account = Account::new(server, "juliet").await?;
        let config = format!(r#"{{"websocket_url": "{}"}}"#, server.websocket()?);
        let site = Site::start(&config, "/deep/down").await?;
        let juliet = Person::signed_in(&site, &account).await?;
        ensure!(juliet.browser.driver.current_url().await?.path().starts_with("/deep/down"));
        juliet.leave().await
    });
}

/// Every place that people see, looked at in a theme, a language and a window size.
async fn axe_everywhere(options: &Options) -> anyhow::Result<()> {
    let server = Server::Prosody;
    let site = Site::of(server).await?;
    let (account, other) = (Account::new(server, "juliet").await?, Account::new(server, "romeo").await?);
    let juliet = Person::open_with(&site, &account, options).await?;
    juliet.control("button", "Log in").await?;
    axe(&juliet, "the sign-in page", options).await?;
    juliet.submit_sign_in(&account.jid, "wrong").await?;
    juliet.alert("password").await?;
    axe(&juliet, "a refused sign-in", options).await?;
    juliet.sign_in().await?;
    axe(&juliet, "no chats", options).await?;
    // Somebody asks, so that there is a request and, once accepted, a contact.
    let mut romeo = other.session().await?;
    let add = Command::AddContact { address: account.jid.clone(), name: None, groups: vec![] };
    romeo.run(add).await?;
    juliet.control("button", "Accept").await?;
    axe(&juliet, "a request", options).await?;
    juliet.click("button", "Accept").await?;
    juliet.start_chat(&other.jid).await?;
    juliet.send("Hello https://example.org/").await?;
    juliet.sees_state("Hello https://example.org/", "delivered").await?;
    axe(&juliet, "a conversation", options).await?;
    let open_menu = "document.querySelector('article .message-more').click();";
    juliet.look(open_menu, vec![]).await?;
    juliet.control("menuitem", "Copy").await?;
    axe(&juliet, "a message's menu", options).await?;
    juliet.press("Escape").await?;
    juliet.click("button", "Details").await?;
    juliet.control("complementary", "Details").await?;
    axe(&juliet, "the details", options).await?;
    juliet.press("Escape").await?;
    for (keys, what) in [("k", "the switcher"), ("/", "the shortcuts"), (",", "the settings")] {
        juliet.press_with_control(keys).await?;
        juliet.control("dialog", "*").await.with_context(|| what.to_owned())?;
        axe(&juliet, what, options).await?;
        if keys == "," {
            for tab in juliet.tabs().await? {
                juliet.click("tab", &tab).await?;
                axe(&juliet, &tab, options).await?;
            }
        }
        juliet.press("Escape").await?;
        let closed = "return document.querySelector('dialog') === null;";
        juliet.wait("the dialog is closed", closed, vec![]).await.with_context(|| what.to_owned())?;
    }
    if options.window.0 > 720 {
        juliet.go_to("Contacts").await?;
        axe(&juliet, "contacts", options).await?;
    }
    juliet.leave().await
}

#[test]
fn axe_finds_nothing() {
    plausch_e2e::run(async {
        for options in [
            Options::default(),
            Options { dark: true, ..Options::default() },
            Options { window: (390, 844), ..Options::default() },
            Options { window: (320, 640), dark: true, ..Options::default() },
        ] {
            axe_everywhere(&options).await?;
        }
        Ok(())
    });
}

/// The language and the theme are changed without a reload, and axe finds nothing in German at high contrast either.
#[test]
fn language_and_theme_change_at_once() {
    plausch_e2e::run(async {
        let server = Server::Prosody;
        let site = Site::of(server).await?;
        let account = Account::new(server, "juliet").await?;
        let juliet = Person::signed_in(&site, &account).await?;
        juliet.press_with_control(",").await?;
        juliet.click("radio", "High contrast").await?;
        juliet
            .wait("the theme", "return document.querySelector('.plausch').dataset.theme === 'contrast';", vec![])
            .await?;
        juliet.click("tab", "Language").await?;
        // What does not come changes nothing, and can be asked for again.
        let lost = "globalThis.genuine = plausch.texts; plausch.texts = () => Promise.reject(new Error('gone'));";
        juliet.look(lost, vec![]).await?;
        juliet.click("radio", "Deutsch").await?;
        juliet.alert("could not be loaded").await?;
        let english = "return document.documentElement.lang === 'en' && document.querySelector('input[type=radio]:checked').parentElement.textContent === 'English';";
        juliet.wait("the language stays", english, vec![]).await?;
        juliet.look("plausch.texts = genuine;", vec![]).await?;
        juliet.click("radio", "Deutsch").await?;
        juliet.control("heading", "Einstellungen").await?;
        let german =
            "return document.documentElement.lang === 'de' && document.querySelector('.plausch').lang === 'de';";
        juliet.wait("the page says that it is German", german, vec![]).await?;
        let options = Options::default();
        axe(&juliet, "the settings in German at high contrast", &options).await?;
        juliet.press("Escape").await?;
        axe(&juliet, "the app in German at high contrast", &options).await?;
        juliet.browser.driver.refresh().await?;
        juliet.control("navigation", "Hauptmenü").await?;
        juliet.leave().await
    });
}

/// S-12: the address bar, the title and the referrer tell nothing, and the address bar changes nothing.
#[test]
fn address_and_title_tell_nothing_and_change_nothing() {
    plausch_e2e::run(async {
        let server = Server::Prosody;
        let site = Site::of(server).await?;
        let (account, other) = (Account::new(server, "juliet").await?, Account::new(server, "romeo").await?);
        let juliet = Person::open(&site, &account).await?;
        let misleading = format!(
            "{}?websocket_url=ws://127.0.0.1:9/&default_domain=evil.example#websocket_url=ws://127.0.0.1:9/",
            site.url
        );
        juliet.browser.driver.goto(&misleading).await?;
        juliet.sign_in().await?;
        juliet.start_chat(&other.jid).await?;
        juliet.send("where are we").await?;
        juliet.sees_state("where are we", "sent").await?;
        let told = "return [location.href, document.title, document.referrer, document.querySelector('meta[name=referrer]').content].join(' ');";
        let told = juliet.look(told, vec![]).await?;
        let told = told.as_str().unwrap_or_default();
        ensure!(!told.contains(&account.user) && !told.contains(&other.user), "told: {told}");
        ensure!(told.ends_with("no-referrer"), "told: {told}");
        // The legitimate use of the history: a reload leads back to the chat.
        juliet.browser.driver.refresh().await?;
        juliet.in_chat(&other.jid).await?;
        juliet.sees("where are we").await?;
        juliet.leave().await
    });
}
