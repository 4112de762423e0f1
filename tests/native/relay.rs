//! Someone in the middle of a WebSocket to a real server, who can read, change, drop, add and hold back frames: for
//! downgrades, forgeries and losses at exact places.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::accept::accept;
use crate::frames::dial;
use crate::proxy::Toward;

/// What becomes of one frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It passes as it is.
    Pass,
    /// These frames go on instead; none drops it.
    Replace(Vec<String>),
    /// The connection ends before this frame is passed on.
    Cut,
}

type Filter = Arc<Mutex<dyn FnMut(Toward, &str) -> Verdict + Send>>;
type Injection = (Toward, String);

/// A relay on a port of its own. Dropping it ends its connections.
pub struct FrameRelay {
    url: String,
    injections: broadcast::Sender<Injection>,
    epoch: watch::Sender<u64>,
    _task: JoinSet<()>,
}

impl FrameRelay {
    /// Starts a relay to a `ws:` endpoint that shows each frame to the filter.
    pub async fn start(
        target: impl Into<String>,
        filter: impl FnMut(Toward, &str) -> Verdict + Send + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("ws://localhost:{}/xmpp-websocket", listener.local_addr()?.port());
        let (injections, epoch) = (broadcast::Sender::new(64), watch::Sender::new(0));
        let line = Line {
            target: Arc::from(target.into()),
            filter: Arc::new(Mutex::new(filter)),
            injections: injections.clone(),
            epoch: epoch.subscribe(),
        };
        let mut task = JoinSet::new();
        task.spawn(serve(listener, line));
        Ok(Self { url, injections, epoch, _task: task })
    }

    /// The address that leads through the relay.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends a frame as if the other side had.
    pub fn inject(&self, toward: Toward, frame: impl Into<String>) {
        let _nobody_is_connected = self.injections.send((toward, frame.into()));
    }

    /// Ends all present connections at once.
    pub fn cut(&self) {
        self.epoch.send_modify(|epoch| *epoch = epoch.wrapping_add(1));
    }
}

#[derive(Clone)]
struct Line {
    target: Arc<str>,
    filter: Filter,
    injections: broadcast::Sender<Injection>,
    epoch: watch::Receiver<u64>,
}

async fn serve(listener: TcpListener, line: Line) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let line = line.clone();
        connections.spawn(async move {
            let _ended = connect(client, line).await;
        });
    }
}

async fn connect(client: TcpStream, mut line: Line) -> Result<(), Error> {
    line.epoch.mark_unchanged();
    let (to_client, from_client) = accept(client).await?.split();
    let (to_server, from_server) = dial(&line.target).await?.split();
    let up = pump(from_client, to_server, Toward::Server, line.clone());
    let down = pump(from_server, to_client, Toward::Client, line.clone());
    tokio::select! {
        ended = up => ended,
        ended = down => ended,
        _ = line.epoch.changed() => Ok(()),
    }
}

/// Carries frames one way until either end closes or the filter cuts.
async fn pump(
    mut from: SplitStream<WebSocketStream<TcpStream>>,
    mut to: SplitSink<WebSocketStream<TcpStream>, Message>,
    toward: Toward,
    line: Line,
) -> Result<(), Error> {
    let mut injections = line.injections.subscribe();
    loop {
        let frames = tokio::select! {
            injected = injections.recv() => match injected {
                Ok((direction, frame)) if direction == toward => vec![frame],
                _ => vec![],
            },
            message = from.next() => match message.transpose()? {
                Some(Message::Text(frame)) => match judge(&line.filter, toward, frame.as_str()) {
                    Verdict::Pass => vec![frame.as_str().to_owned()],
                    Verdict::Replace(frames) => frames,
                    Verdict::Cut => return Ok(()),
                },
                Some(Message::Close(_)) | None => return to.close().await,
                Some(_) => vec![],
            },
        };
        for frame in frames {
            to.send(Message::text(frame)).await?;
        }
    }
}

fn judge(filter: &Filter, toward: Toward, frame: &str) -> Verdict {
    let mut filter = filter.lock().unwrap_or_else(PoisonError::into_inner);
    filter(toward, frame)
}
