//! The server's side of a WebSocket with the subprotocol `xmpp`.

use std::io;

use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// Agrees on `xmpp`, and refuses who does not ask for it (RFC 7395 §3.1).
pub(crate) async fn accept(stream: TcpStream) -> io::Result<WebSocketStream<TcpStream>> {
    stream.set_nodelay(true)?;
    accept_hdr_async(stream, agree).await.map_err(|error| match error {
        Error::Io(error) => error,
        other => io::Error::other(other),
    })
}

#[expect(clippy::result_large_err, reason = "the library's signature")]
fn agree(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let asked = request.headers().get(SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if asked.split(',').any(|protocol| protocol.trim() == "xmpp") {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("xmpp"));
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(Some("this endpoint speaks xmpp".to_owned()));
    *refusal.status_mut() = StatusCode::BAD_REQUEST;
    Err(refusal)
}
