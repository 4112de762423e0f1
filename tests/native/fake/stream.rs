//! One connection to the fake server, step by step.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::{SinkExt, StreamExt};
use plausch_xmpp::xml::{Element, Limits, parse};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::host::Host;
use super::scram::Scram;
use super::session::FakeSession;
use super::{FakeError, PATIENCE};

const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";

/// A connection whose frames the test handles itself.
pub struct FakeStream {
    socket: WebSocketStream<TcpStream>,
}

impl FakeStream {
    pub(super) fn new(socket: WebSocketStream<TcpStream>) -> Self {
        Self { socket }
    }

    /// The next frame.
    pub async fn receive(&mut self) -> Result<Element, FakeError> {
        let next = tokio::time::timeout(PATIENCE, self.next());
        next.await.map_err(|_| FakeError::TimedOut("anything".to_owned(), Vec::new()))?
    }

    /// The next frame, which has to have this name.
    pub async fn expect(&mut self, name: &str) -> Result<Element, FakeError> {
        let element = self.receive().await?;
        if element.name() == name {
            return Ok(element);
        }
        Err(FakeError::Unexpected(name.to_owned(), element.to_xml()))
    }

    /// Sends a frame as it is, well-formed or not.
    pub async fn send(&mut self, frame: impl Into<String>) -> Result<(), FakeError> {
        self.socket.send(Message::text(frame.into())).await.map_err(|_| FakeError::Closed)
    }

    /// Answers `<open/>` with these features.
    pub async fn open(&mut self, host: &Host, features: String) -> Result<Element, FakeError> {
        let open = self.expect("open").await?;
        self.send(host.open()).await?;
        self.send(features).await?;
        Ok(open)
    }

    /// Goes through SASL, up to and including `<success/>`. Returns `<auth/>`.
    pub async fn authenticate(&mut self, host: &Host) -> Result<Element, FakeError> {
        let auth = self.expect("auth").await?;
        match auth.attr("mechanism") {
            Some("SCRAM-SHA-256") => self.scram(&auth, host).await?,
            _ => self.send(format!("<success xmlns='{SASL}'/>")).await?,
        }
        Ok(auth)
    }

    async fn scram(&mut self, auth: &Element, host: &Host) -> Result<(), FakeError> {
        let mut scram = Scram::new(&host.password, host.tampering);
        let first = scram.first(&decode(auth)?).map_err(|error| unexpected(error, auth))?;
        self.send(format!("<challenge xmlns='{SASL}'>{}</challenge>", BASE64.encode(first))).await?;
        let response = self.expect("response").await?;
        let last = scram.last(&decode(&response)?).map_err(|error| unexpected(error, &response))?;
        self.send(format!("<success xmlns='{SASL}'>{}</success>", BASE64.encode(last))).await
    }

    /// Goes through everything up to authentication.
    pub async fn open_and_authenticate(&mut self, host: &Host) -> Result<(), FakeError> {
        self.open(host, host.features_before()).await?;
        self.authenticate(host).await?;
        self.open(host, host.features_after()).await?;
        Ok(())
    }

    /// Binds the resource.
    pub async fn bind(&mut self, host: &Host) -> Result<(), FakeError> {
        let iq = self.expect("iq").await?;
        let jid = host.full_jid();
        let bound = format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{jid}</jid></bind>");
        self.send(super::host::result(&iq, &bound)).await
    }

    /// An ordinary login with classic SASL, and then an ordinary session.
    pub async fn log_in(mut self, host: &Host) -> Result<FakeSession, FakeError> {
        self.open_and_authenticate(host).await?;
        self.bind(host).await?;
        Ok(self.serve(host))
    }

    /// From now on answers like an ordinary server in a new session.
    pub fn serve(self, host: &Host) -> FakeSession {
        FakeSession::new(self, host.clone(), None)
    }

    /// From now on answers like an ordinary server in a resumed session, of which it has received so many stanzas already
    /// (XEP-0198).
    pub fn serve_resumed(self, host: &Host, handled: u32) -> FakeSession {
        FakeSession::new(self, host.clone(), Some(handled))
    }

    pub(super) async fn next(&mut self) -> Result<Element, FakeError> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(frame))) => return read(frame.as_str()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(FakeError::Closed),
                Some(Ok(_)) => {}
            }
        }
    }
}

fn read(frame: &str) -> Result<Element, FakeError> {
    let limits = Limits::default();
    parse(frame, &limits).map_err(|error| FakeError::Unreadable(error.to_string(), frame.to_owned()))
}

fn decode(element: &Element) -> Result<String, FakeError> {
    let text = element.text();
    let decoded = BASE64.decode(text.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.ok_or_else(|| unexpected("base64 of UTF-8", element))
}

fn unexpected(wanted: &str, element: &Element) -> FakeError {
    FakeError::Unexpected(wanted.to_owned(), element.to_xml())
}
