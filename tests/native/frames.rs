//! A WebSocket to a server, frame by frame: for tests that write the XML themselves.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::dial::Target;

/// An open WebSocket. Dropping it ends the connection without a word.
pub struct Frames {
    socket: WebSocketStream<TcpStream>,
}

impl Frames {
    /// Connects to a `ws:` endpoint.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Ok(Self { socket: dial(url).await? })
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: impl Into<String>) -> Result<(), Error> {
        self.socket.send(Message::text(frame.into())).await
    }

    /// The next frame; `None` once the connection has ended.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(frame)) => return Some(frame.as_str().to_owned()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}

/// Opens a WebSocket with the subprotocol of XMPP (RFC 7395 §3.1).
pub(crate) async fn dial(url: &str) -> Result<WebSocketStream<TcpStream>, Error> {
    let target = Target::parse(url)?;
    let mut request = url.into_client_request()?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("xmpp"));
    let stream = TcpStream::connect((target.host.as_str(), target.port)).await?;
    Ok(client_async(request, stream).await?.0)
}
