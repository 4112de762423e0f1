//! S-04, L-04: resumption that is none, and servers that send us elsewhere.

use plausch_model::{BareJid, Command, DeliveryState};
use plausch_native::{FakeServer, FakeSession, FakeStream};
use plausch_xmpp::xml::Element;

use crate::stage::{FAILED, Outcome, ROMEO, Stage, chat};

/// Cuts the connection and goes on to where the client asks to resume.
async fn until_resume(stage: Stage) -> Result<(Parts, FakeStream, Element), Box<dyn std::error::Error>> {
    let Stage { server, host, fake, session } = stage;
    fake.cut();
    let mut stream = server.accept().await?;
    stream.open_and_authenticate(&host).await?;
    let resume = stream.expect("resume").await?;
    assert_eq!(resume.attr("previd"), Some("fake-sm"));
    Ok((Parts { server, host, session }, stream, resume))
}

struct Parts {
    server: FakeServer,
    host: plausch_native::Host,
    session: plausch_native::Session,
}

impl Parts {
    /// The stage goes on with this session.
    fn with(self, fake: FakeSession) -> Stage {
        Stage { fake, server: self.server, host: self.host, session: self.session }
    }
}

fn is_text(text: &'static str) -> impl Fn(&Element) -> bool {
    move |stanza| stanza.child_text("body", "jabber:client").as_deref() == Some(text)
}

/// A stage where a message was sent that the server never acknowledged.
async fn with_unacknowledged() -> Result<Stage, Box<dyn std::error::Error>> {
    let mut stage = Stage::new().await?;
    stage.open(ROMEO).await?;
    stage.fake.respond(|element| (element.name() == "r").then(Vec::new));
    stage.session.run(Command::SendText { chat: BareJid::new(ROMEO), text: "hold on".to_owned() }).await?;
    stage.fake.expect("the message", is_text("hold on")).await?;
    Ok(stage)
}

#[tokio::test]
async fn s_04_a_resumption_that_claims_too_much_is_refused() -> Outcome {
    let (parts, mut stream, _) = until_resume(Stage::new().await?).await?;
    stream.send("<resumed xmlns='urn:xmpp:sm:3' previd='fake-sm' h='4000000000'/>").await?;
    assert_eq!(
        stream.expect("error").await?.children().next().map(|error| error.name().to_owned()).as_deref(),
        Some("undefined-condition")
    );
    gives_up(parts, stream).await
}

/// The client leaves, and comes back for a new session.
async fn gives_up(parts: Parts, mut stream: FakeStream) -> Outcome {
    loop {
        match stream.receive().await {
            Ok(element) if element.name() == "close" => {}
            Err(plausch_native::FakeError::Closed) => break,
            other => return Err(format!("it goes on with {other:?}").into()),
        }
    }
    let Parts { server, host, mut session } = parts;
    session.command(Command::Reconnect);
    let mut stream = server.accept().await?;
    stream.open_and_authenticate(&host).await?;
    stream.bind(&host).await?;
    Ok(())
}

#[tokio::test]
async fn s_04_a_resumption_of_another_session_is_refused() -> Outcome {
    let (parts, mut stream, _) = until_resume(Stage::new().await?).await?;
    stream.send("<resumed xmlns='urn:xmpp:sm:3' previd='somebody-elses' h='0'/>").await?;
    gives_up(parts, stream).await
}

#[tokio::test]
async fn s_04_what_the_server_lacks_is_sent_again_once() -> Outcome {
    let stage = with_unacknowledged().await?;
    let before = stage.fake.received().len();
    assert!(before > 0);
    let acknowledged = stage.fake.acknowledged();
    let (parts, mut stream, resume) = until_resume(stage).await?;
    assert!(resume.attr("h").is_some());
    // The server has seen nothing since: everything unacknowledged comes again, in order.
    stream.send(format!("<resumed xmlns='urn:xmpp:sm:3' previd='fake-sm' h='{acknowledged}'/>")).await?;
    let fake = stream.serve_resumed(&parts.host, acknowledged);
    let mut stage = parts.with(fake);
    stage.fake.expect("the message again", is_text("hold on")).await?;
    stage.fake.settle().await?;
    assert!(!stage.fake.received().iter().any(is_text("hold on")), "and only once");
    stage.session.until("it to be sent", |state| state.delivery_of("hold on") == Some(&DeliveryState::Sent)).await?;
    assert_eq!(stage.session.state().count("hold on"), 1);
    Ok(())
}

#[tokio::test]
async fn s_04_after_a_failed_resumption_the_message_goes_out_once() -> Outcome {
    let (parts, mut stream, _) = until_resume(with_unacknowledged().await?).await?;
    stream.send(FAILED).await?;
    stream.bind(&parts.host).await?;
    let fake = stream.serve(&parts.host);
    let mut stage = parts.with(fake);
    let sent = stage.fake.expect("the message again", is_text("hold on")).await?;
    assert!(sent.attr("id").is_some_and(|id| !id.is_empty()));
    stage.fake.settle().await?;
    assert!(!stage.fake.received().iter().any(is_text("hold on")), "and only once");
    stage.session.until("it to be sent", |state| state.delivery_of("hold on") == Some(&DeliveryState::Sent)).await?;
    Ok(())
}

#[tokio::test]
async fn s_04_what_was_shown_is_not_shown_again() -> Outcome {
    let mut stage = Stage::new().await?;
    stage.open(ROMEO).await?;
    let hello = chat("romeo@mont.example/a", "m1", "hello");
    stage.deliver(&hello).await?;
    let acknowledged = stage.fake.acknowledged();
    let (parts, mut stream, resume) = until_resume(stage).await?;
    assert_ne!(resume.attr("h"), Some("0"), "it says what it has");
    stream.send(format!("<resumed xmlns='urn:xmpp:sm:3' previd='fake-sm' h='{acknowledged}'/>")).await?;
    let fake = stream.serve_resumed(&parts.host, acknowledged);
    let mut stage = parts.with(fake);
    stage.session.until("to be online again", plausch_native::State::is_online).await?;
    stage.deliver(&hello).await?;
    assert_eq!(stage.session.state().texts(), ["hello"], "though the server replayed it");
    assert!(stage.session.state().details.as_ref().is_some_and(|details| details.resumed));
    Ok(())
}

#[tokio::test]
async fn l_04_see_other_host_is_not_followed_elsewhere() -> Outcome {
    let elsewhere = FakeServer::start().await?;
    let mut stage = Stage::new().await?;
    let url = elsewhere.url().replace("localhost", "evil.example");
    stage.fake.send(format!(
        "<stream:error xmlns:stream='http://etherx.jabber.org/streams'>\
         <see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{url}</see-other-host>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>&lt;img src=x onerror=alert(1)&gt;</text></stream:error>"
    ));
    stage.session.until("the connection to end", |state| !state.is_online()).await?;
    stage.session.run(Command::Reconnect).await?;
    stage.server.accept().await?;
    Ok(())
}
