//! What the page promises whoever serves or embeds it: nobody else is asked for anything, the policy holds, assistive
//! technology finds its way.

use anyhow::ensure;
use plausch_e2e::{Account, Options, Person, Server, Site, axe, hosts};

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

#[test]
fn axe_finds_nothing() {
    plausch_e2e::run(async {
        let server = Server::Prosody;
        let site = Site::of(server).await?;
        for options in [
            Options::default(),
            Options { dark: true, ..Options::default() },
            Options { window: (390, 844), ..Options::default() },
            Options { window: (320, 640), dark: true, ..Options::default() },
        ] {
            let (account, other) = (Account::new(server, "juliet").await?, Account::new(server, "romeo").await?);
            let juliet = Person::open_with(&site, &account, &options).await?;
            juliet.control("button", "Log in").await?;
            axe(&juliet, "the sign-in page", &options).await?;
            juliet.sign_in().await?;
            axe(&juliet, "no chats", &options).await?;
            juliet.start_chat(&other.jid).await?;
            juliet.send("Hello https://example.org/").await?;
            juliet.sees_state("Hello https://example.org/", "sent").await?;
            axe(&juliet, "a conversation", &options).await?;
            if options.window.0 > 720 {
                juliet.go_to("Contacts").await?;
                axe(&juliet, "contacts", &options).await?;
                juliet.go_to("Settings").await?;
                axe(&juliet, "settings", &options).await?;
            }
            juliet.leave().await?;
        }
        Ok(())
    });
}
