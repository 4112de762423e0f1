//! C-16 to C-18: bombs, oddities and XML that is none.

use std::time::{Duration, Instant};

use plausch_model::ConnectionState;
use plausch_native::FakeError;

use crate::stage::{ME, Outcome, ROMEO, Stage, chat, message};

#[tokio::test]
async fn c_16_long_texts_are_taken_quickly() -> Outcome {
    let mut stage = Stage::new().await?;
    stage.open(ROMEO).await?;
    let bombs = [
        "x".repeat(1_000_000),
        "\n".repeat(100_000) + ".",
        "&gt;".repeat(5_000),
        "*_~".repeat(30_000),
        "😀".repeat(10_000),
        format!("a{}", "\u{301}".repeat(10_000)),
    ];
    let begun = Instant::now();
    for (number, bomb) in bombs.iter().enumerate() {
        stage.deliver(&chat("romeo@mont.example/a", &format!("b{number}"), bomb)).await?;
    }
    assert_eq!(stage.session.state().items().count(), bombs.len());
    assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
    let preview = stage.preview(ROMEO).unwrap_or_default();
    assert!(preview.chars().count() <= 1_000, "the list shows {} characters", preview.chars().count());
    Ok(())
}

#[tokio::test]
async fn c_17_a_bad_message_costs_itself_only() -> Outcome {
    let mut stage = Stage::new().await?;
    stage.open(ROMEO).await?;
    let oddities = [
        "<body xmlns='urn:example:other'>not a body</body>",
        "<received xmlns='urn:xmpp:receipts'/>",
        "<replace xmlns='urn:xmpp:message-correct:0' id='self'/><body>correcting itself</body>",
        "<stanza-id xmlns='urn:xmpp:sid:0'/><origin-id xmlns='urn:xmpp:sid:0'/><body>ids without ids</body>",
        "<body>one</body><body>two</body><body xml:lang='de'>drei</body>",
        "<delay xmlns='urn:xmpp:delay'/><body>when</body>",
        "<sent xmlns='urn:xmpp:carbons:2'/>",
        "<result xmlns='urn:xmpp:mam:2'/>",
        "<event xmlns='http://jabber.org/protocol/pubsub#event'><items/></event>",
        "<composing xmlns='http://jabber.org/protocol/chatstates'/><paused xmlns='http://jabber.org/protocol/chatstates'/>",
        "<encrypted xmlns='eu.siacs.conversations.axolotl'/>",
    ];
    for oddity in oddities {
        stage.deliver(&message("romeo@mont.example/a", "self", oddity)).await?;
    }
    for stanza in [
        "<message xmlns='jabber:client'/>",
        "<message xmlns='jabber:client' type='nonsense' from='romeo@mont.example'><body/></message>",
        "<presence xmlns='jabber:client' type='nonsense' from='romeo@mont.example'/>",
        "<presence xmlns='jabber:client' from='romeo@mont.example/a'><priority>1000000</priority><show>bored</show></presence>",
        "<iq xmlns='jabber:client' type='get' from='romeo@mont.example/a' id='empty'/>",
        "<iq xmlns='jabber:client' type='result' from='romeo@mont.example/a' id='nobody-asked'/>",
        "<unheard-of xmlns='urn:example:other'/>",
    ] {
        stage.deliver(stanza).await?;
    }
    stage.deliver(&chat("romeo@mont.example/a", "good", "still here")).await?;
    assert_eq!(stage.session.state().texts().last(), Some(&"still here"));
    assert!(stage.session.state().is_online());
    Ok(())
}

/// A frame that must end the stream, and the condition that the client has to name.
async fn ends_the_stream(frame: &str, conditions: &[&str]) -> Outcome {
    let mut stage = Stage::new().await?;
    stage.fake.send(frame);
    let farewell = stage.fake.expect("a stream error", |element| element.name() == "error").await;
    let named = match farewell {
        Ok(error) => error.children().next().map(|condition| condition.name().to_owned()).unwrap_or_default(),
        Err(FakeError::Closed) => return Err(format!("closed without a word after {frame:.100}").into()),
        Err(error) => return Err(error.into()),
    };
    assert!(conditions.contains(&named.as_str()), "{named} after {frame:.100}");
    stage.fake.closed().await?;
    // It tries again: one bad frame is not the account's end.
    stage.session.until("another try", |state| !state.is_online() && state.connection.is_some()).await?;
    assert!(stage.session.state().chats.is_empty(), "shown: {:?}", stage.session.state().chats);
    assert!(stage.session.state().ended.is_none());
    Ok(())
}

#[tokio::test]
async fn c_18_forbidden_xml_ends_the_stream() -> Outcome {
    let body = |content: &str| {
        format!(
            "<message xmlns='jabber:client' from='romeo@mont.example/a' type='chat'><body>{content}</body></message>"
        )
    };
    let restricted: &[&str] = &["restricted-xml", "not-well-formed", "bad-format"];
    ends_the_stream(&format!("<!DOCTYPE m [<!ENTITY a 'b'>]>{}", body("&a;")), restricted).await?;
    ends_the_stream(&format!("<!DOCTYPE m>{}", body("x")), restricted).await?;
    ends_the_stream(&body("&nbsp;"), restricted).await?;
    ends_the_stream(&body("<?php x ?>"), restricted).await?;
    ends_the_stream(&body("<!-- x -->"), restricted).await
}

#[tokio::test]
async fn c_18_malformed_xml_ends_the_stream() -> Outcome {
    let message = |content: &str| {
        format!("<message xmlns='jabber:client' from='romeo@mont.example/a' type='chat'>{content}</message>")
    };
    let bad: &[&str] = &["not-well-formed", "bad-format", "bad-namespace-prefix"];
    ends_the_stream(&format!("{0}{0}", message("<body>two roots</body>")), bad).await?;
    ends_the_stream("<message xmlns='jabber:client'><body>unfinished", bad).await?;
    ends_the_stream("<message xmlns='jabber:client'><body>crossed</message></body>", bad).await?;
    ends_the_stream("<message xmlns='jabber:client' id='1' id='2'><body>twice</body></message>", bad).await?;
    ends_the_stream(&message("<x:body>unbound</x:body>"), bad).await?;
    ends_the_stream(&message("<body>&#0;</body>"), bad).await?;
    ends_the_stream("just text", bad).await
}

#[tokio::test]
async fn c_18_oversized_xml_ends_the_stream() -> Outcome {
    let too_much: &[&str] = &["policy-violation"];
    let large = format!("<message xmlns='jabber:client'><body>{}</body></message>", "x".repeat(50_000_000));
    ends_the_stream(&large, too_much).await
}

/// Anybody can have a server deliver these, again and again: each costs itself only.
#[tokio::test]
async fn c_18_overfull_stanzas_are_dropped() -> Outcome {
    let mut stage = Stage::new().await?;
    let attributes: String = (0..100).map(|number| format!(" a{number}='x'")).collect();
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    for content in [deep, format!("<x xmlns='urn:evil'{attributes}/>"), "<a/>".repeat(300_000)] {
        stage.is_dropped(&message("eve@evil.example/x", "e1", &format!("<body>hi</body>{content}"))).await?;
    }
    stage
        .is_dropped(&format!("<message xmlns='jabber:client' from='eve@evil.example/x'{attributes}><body/></message>"))
        .await?;
    stage.deliver(&chat("romeo@mont.example/a", "good", "still here")).await?;
    assert_eq!(stage.preview(ROMEO).as_deref(), Some("still here"));
    assert_eq!(stage.session.state().connection, Some(ConnectionState::Online));
    Ok(())
}

#[tokio::test]
async fn c_18_names_count_with_their_namespaces() -> Outcome {
    let mut stage = Stage::new().await?;
    stage
        .is_dropped(
            "<message xmlns='urn:evil:client' from='romeo@mont.example/a' type='chat'><body>wrong</body></message>",
        )
        .await?;
    stage.is_dropped("<message xmlns='jabber:client' from='romeo@mont.example/a' type='chat'><e:body xmlns:e='urn:evil'>x</e:body></message>").await?;
    // Prefixes and CDATA are legitimate as long as the names are right.
    stage
        .deliver(&format!(
            "<c:message xmlns:c='jabber:client' from='romeo@mont.example/a' to='{ME}' type='chat' id='p1'>\
             <c:body><![CDATA[a < b]]> &amp; &#x63;</c:body></c:message>"
        ))
        .await?;
    assert_eq!(stage.preview(ROMEO).as_deref(), Some("a < b & c"));
    assert_eq!(stage.session.state().connection, Some(ConnectionState::Online));
    Ok(())
}
