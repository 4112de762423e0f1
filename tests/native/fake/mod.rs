//! A scripted XMPP server that speaks RFC 7395: it says what a test wants said, however hostile.
//!
//! A test takes a [`FakeStream`] through its steps frame by frame, or lets [`FakeStream::log_in`] do the ordinary things.
//! After that a [`FakeSession`] answers what a client asks at the beginning of a session, while the test sends whatever it
//! likes in between. [`FakeSession::settle`] tells when the client has digested all of it.

mod host;
mod scram;
mod session;
mod stream;

use std::io;
use std::time::Duration;

use tokio::net::TcpListener;

pub use host::{Host, error, refusal, result};
pub use scram::{Scram, Tampering};
pub use session::FakeSession;
pub use stream::FakeStream;

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What went wrong on the fake server's side of a test.
#[derive(Debug, thiserror::Error)]
pub enum FakeError {
    /// The client did not do what was expected of it in time.
    #[error("the client did not send {0}; it sent: {1:#?}")]
    TimedOut(String, Vec<String>),
    /// The client closed the connection.
    #[error("the client closed the connection")]
    Closed,
    /// The client sent something that is not XML.
    #[error("the client sent something that cannot be read: {0}: {1}")]
    Unreadable(String, String),
    /// The client sent something else.
    #[error("expected {0}, but the client sent {1}")]
    Unexpected(String, String),
    /// The network failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A server on a port of its own.
pub struct FakeServer {
    listener: TcpListener,
    url: String,
}

impl FakeServer {
    /// Starts it.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("ws://localhost:{}/ws", listener.local_addr()?.port());
        Ok(Self { listener, url })
    }

    /// The address of its WebSocket.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits for the next connection and opens the WebSocket.
    pub async fn accept(&self) -> Result<FakeStream, FakeError> {
        let accepting = async {
            let (stream, _) = self.listener.accept().await?;
            Ok(FakeStream::new(crate::accept::accept(stream).await?))
        };
        let in_vain = |_| FakeError::TimedOut("a connection".to_owned(), Vec::new());
        tokio::time::timeout(PATIENCE, accepting).await.map_err(in_vain)?
    }

    /// Waits for the next connection and goes through an ordinary login.
    pub async fn log_in(&self, host: &Host) -> Result<FakeSession, FakeError> {
        self.accept().await?.log_in(host).await
    }
}
