//! A signed-in account on a fake server.

use std::error::Error;

use plausch_model::{BareJid, Command, MessageBody};
use plausch_native::{FakeServer, FakeSession, Host, Session, SessionOptions, State};
use plausch_xmpp::xml::Element;

/// What a test returns; the text of an error says what was waited for.
pub type Outcome = Result<(), Box<dyn Error>>;

pub const ROMEO: &str = "romeo@mont.example";
pub const EVE: &str = "eve@evil.example";
pub const ME: &str = "juliet@cap.example";

/// The server has forgotten the session (XEP-0198 §5).
pub const FAILED: &str =
    "<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>";

/// A server, a session on it, and the account that has it.
pub struct Stage {
    pub server: FakeServer,
    pub host: Host,
    pub fake: FakeSession,
    pub session: Session,
}

impl Stage {
    /// Signs in at an ordinary server and waits until nothing is under way any more.
    pub async fn new() -> Result<Self, Box<dyn Error>> {
        Self::at(Host::default()).await
    }

    /// Signs in at a server with these manners.
    pub async fn at(host: Host) -> Result<Self, Box<dyn Error>> {
        let server = FakeServer::start().await?;
        let options = options(&server, &host);
        let (session, fake) = tokio::join!(Session::sign_in(options), server.log_in(&host));
        let (mut session, mut fake) = (session?, fake?);
        session.until_synced().await?;
        fake.settle().await?;
        session.catch_up();
        Ok(Self { server, host, fake, session })
    }

    /// Sends a stanza and waits until it is digested.
    pub async fn deliver(&mut self, stanza: &str) -> Outcome {
        self.fake.send(stanza);
        self.fake.settle().await?;
        self.session.catch_up();
        Ok(())
    }

    /// Sends something that must leave no trace: no change in what a view knows, no word to the attacker.
    pub async fn is_dropped(&mut self, stanza: &str) -> Outcome {
        self.fake.settle().await?;
        let before = self.session.catch_up().clone();
        let heard = self.fake.received().len();
        self.deliver(stanza).await?;
        assert_same(&before, self.session.state(), stanza);
        // What follows from it would go to somebody, or to our own server as a question.
        let is_said = |element: &&Element| {
            let to_us = element.attr("to").is_none_or(|to| to == ME || to == "cap.example");
            element.ns() == "jabber:client" && !(to_us && element.attr("type") == Some("result"))
        };
        let received = self.fake.received();
        let said: Vec<_> = received.iter().skip(heard).filter(is_said).map(Element::to_xml).collect();
        assert!(said.is_empty(), "said {said:?} to {stanza}");
        Ok(())
    }

    /// Opens a chat in the view.
    pub async fn open(&mut self, jid: &str) -> Outcome {
        let chat = BareJid::new(jid);
        self.session.run(Command::OpenChat { chat: chat.clone(), anchor: plausch_model::Anchor::End }).await?;
        let is_open = |state: &State| state.window.as_ref().is_some_and(|window| window.chat == chat);
        Ok(self.session.until("the chat to be open", is_open).await?)
    }

    /// What the list of chats shows of a chat's last message.
    pub fn preview(&self, jid: &str) -> Option<String> {
        self.session.state().chats.get(&BareJid::new(jid))?.preview.as_ref().and_then(|preview| match &preview.body {
            MessageBody::Text(text) => Some(text.clone()),
            MessageBody::Unreadable | MessageBody::Retracted => None,
        })
    }

    /// The stanzas that went to an address.
    pub fn sent_to(&self, jid: &str) -> Vec<String> {
        let is_to = |stanza: &&Element| stanza.attr("to").is_some_and(|to| to.starts_with(jid));
        self.fake.received().iter().filter(is_to).map(Element::to_xml).collect()
    }
}

/// A sign-in at this server.
pub fn options(server: &FakeServer, host: &Host) -> SessionOptions {
    SessionOptions::new(&host.account, &host.password).websocket(server.url())
}

/// A chat message.
pub fn chat(from: &str, id: &str, text: &str) -> String {
    message(from, id, &format!("<body>{text}</body>"))
}

/// A message of type `chat` with any content.
pub fn message(from: &str, id: &str, content: &str) -> String {
    format!("<message xmlns='jabber:client' from='{from}' to='{ME}' id='{id}' type='chat'>{content}</message>")
}

/// Something forwarded (XEP-0297).
pub fn forwarded(inner: &str) -> String {
    format!("<forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded>")
}

fn assert_same(before: &State, after: &State, stanza: &str) {
    assert!(before == after, "left a trace: {stanza}\nbefore: {before:#?}\nafter: {after:#?}");
}
