//! One WebSocket with the subprotocol `xmpp` (RFC 7395), as a task: frames out of a queue, events into the driver.

use std::io;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::dial::{ByteStream, Dialer, Target};

/// How long a closing socket may take to say good-bye.
pub(crate) const CLOSING_TIME: Duration = Duration::from_secs(3);

/// What no frame may exceed. Browsers have no such bound, so it is far above the engine's own, which is what answers.
const MAX_BYTES: usize = 64 * 1024 * 1024;

type WebSocket = WebSocketStream<Box<dyn ByteStream>>;

/// What the driver wants of a socket.
pub(crate) enum Order {
    /// Send a text frame.
    Send(String),
    /// Close after what has been sent.
    Close,
}

/// What happened to a socket.
#[derive(Debug)]
pub(crate) enum SocketEvent {
    /// It is open.
    Opened,
    /// A text frame arrived.
    Frame(String),
    /// It is closed or could not be opened.
    Closed,
}

/// Opens the socket and serves it until it is closed from either side. Ends with [`SocketEvent::Closed`].
pub(crate) async fn run(
    dialer: Dialer,
    url: String,
    mut orders: UnboundedReceiver<Order>,
    report: impl Fn(SocketEvent),
) {
    let opened = tokio::select! {
        opened = open(&dialer, &url) => opened,
        () = no_longer_wanted(&mut orders) => return,
    };
    if let Ok(socket) = opened {
        report(SocketEvent::Opened);
        let (sink, stream) = socket.split();
        tokio::select! {
            () = read(stream, &report) => {}
            () = write(sink, orders) => {}
        }
    }
    report(SocketEvent::Closed);
}

async fn open(dialer: &Dialer, url: &str) -> Result<WebSocket, Error> {
    let target = Target::parse(url)?;
    let mut request = url.into_client_request()?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("xmpp"));
    let stream = dialer.dial(&target).await?;
    let config = WebSocketConfig::default().max_message_size(Some(MAX_BYTES)).max_frame_size(Some(MAX_BYTES));
    let (socket, response) = client_async_with_config(request, stream, Some(config)).await?;
    match response.headers().get(SEC_WEBSOCKET_PROTOCOL) {
        Some(agreed) if agreed == "xmpp" => Ok(socket),
        _ => Err(io::Error::other("the server did not agree on the subprotocol xmpp").into()),
    }
}

/// Frames for a socket that is not open yet go nowhere, so only the wish to close matters.
async fn no_longer_wanted(orders: &mut UnboundedReceiver<Order>) {
    while let Some(Order::Send(_)) = orders.recv().await {}
}

/// Reads until the end. A binary frame is a violation (RFC 7395 §3.2) and ends it, too.
async fn read(mut stream: SplitStream<WebSocket>, report: &impl Fn(SocketEvent)) {
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Text(text) => report(SocketEvent::Frame(text.as_str().to_owned())),
            Message::Binary(_) => return,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {}
        }
    }
}

/// Writes until told to close, then leaves the reader some time to see the other side's close frame.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut orders: UnboundedReceiver<Order>) {
    while let Some(Order::Send(frame)) = orders.recv().await {
        if sink.send(Message::text(frame)).await.is_err() {
            return;
        }
    }
    if sink.close().await.is_ok() {
        tokio::time::sleep(CLOSING_TIME).await;
    }
}

/// The sending end of a socket's task.
pub(crate) type Orders = UnboundedSender<Order>;
