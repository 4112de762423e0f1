//! A TCP proxy between an account and a server that a test can cut, stall or make lossy, in each direction on its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// How long the server may take to close a connection that we have ended.
const CLOSING: Duration = Duration::from_secs(10);

/// A direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Toward {
    /// From the account to the server.
    Server,
    /// From the server to the account.
    Client,
}

/// What happens to bytes in one direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Flow {
    /// They pass.
    #[default]
    Pass,
    /// They wait.
    Stall,
    /// They are thrown away, while their sender believes them sent.
    Lose,
    /// The direction is closed in good order; the other one goes on.
    ShutDown,
}

#[derive(Clone, Copy, Debug, Default)]
struct Control {
    to_server: Flow,
    to_client: Flow,
    refusing: bool,
    /// Connections of earlier epochs are cut.
    epoch: u64,
    /// Those that are cut now are reset.
    resetting: bool,
}

impl Control {
    fn flow(&self, toward: Toward) -> Flow {
        match toward {
            Toward::Server => self.to_server,
            Toward::Client => self.to_client,
        }
    }
}

/// A proxy on a port of its own. Dropping it cuts everything.
pub struct CutProxy {
    address: SocketAddr,
    control: watch::Sender<Control>,
    accepted: watch::Receiver<u64>,
    ended: watch::Receiver<u64>,
    _task: JoinSet<()>,
}

impl CutProxy {
    /// Starts a proxy to a host and port, such as `localhost:5280`.
    pub async fn start(target: impl Into<String>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (control, controlled) = watch::channel(Control::default());
        let ((accept, accepted), (end, ended)) = (watch::channel(0), watch::channel(0));
        let mut task = JoinSet::new();
        task.spawn(serve(listener, Arc::from(target.into()), controlled, accept, end));
        Ok(Self { address, control, accepted, ended, _task: task })
    }

    /// Starts a proxy to where this address points, and gives the address that leads there through it.
    pub async fn in_front_of(url: &str) -> io::Result<(Self, String)> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| io::Error::other("not an absolute address"))?;
        let (target, path) = rest.split_once('/').unwrap_or((rest, ""));
        let proxy = Self::start(target).await?;
        let url = format!("{scheme}://localhost:{}/{path}", proxy.address.port());
        Ok((proxy, url))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has accepted so far.
    pub fn accepted(&self) -> u64 {
        *self.accepted.borrow()
    }

    /// Waits until both sides know of the end of all connections so far.
    ///
    /// What is sent to an account between the end of its connection and the moment when the server learns of it makes
    /// an ejabberd (24.12) wait 15 seconds for each stanza, which is not what most tests of lost connections are about.
    pub async fn until_ended(&self) -> Result<(), Elapsed> {
        let (accepted, mut ended) = (self.accepted(), self.ended.clone());
        timeout(CLOSING, ended.wait_for(|ended| *ended >= accepted)).await.map(drop)
    }

    /// Ends all present connections at once.
    pub fn cut(&self) {
        self.next_epoch(false);
    }

    /// Ends all present connections with a reset (RST): both ends get an error instead of an end.
    pub fn reset(&self) {
        self.next_epoch(true);
    }

    fn next_epoch(&self, resetting: bool) {
        self.control.send_modify(|control| {
            *control = Control { epoch: control.epoch.wrapping_add(1), resetting, ..*control };
        });
    }

    /// Sets what happens to bytes in one direction, of present and future connections.
    pub fn set(&self, toward: Toward, flow: Flow) {
        self.control.send_modify(|control| match toward {
            Toward::Server => control.to_server = flow,
            Toward::Client => control.to_client = flow,
        });
    }

    /// Lets everything pass again.
    pub fn heal(&self) {
        self.control.send_modify(|control| *control = Control { epoch: control.epoch, ..Control::default() });
    }

    /// Closes new connections as soon as they come, or stops doing so.
    pub fn refuse(&self, refusing: bool) {
        self.control.send_modify(|control| control.refusing = refusing);
    }
}

async fn serve(
    listener: TcpListener,
    target: Arc<str>,
    control: watch::Receiver<Control>,
    accepted: watch::Sender<u64>,
    ended: watch::Sender<u64>,
) {
    let count_one = |count: &watch::Sender<u64>| count.send_modify(|count| *count = count.wrapping_add(1));
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        count_one(&accepted);
        if control.borrow().refusing {
            count_one(&ended);
            continue;
        }
        let (target, control, ended) = (Arc::clone(&target), control.clone(), ended.clone());
        connections.spawn(async move {
            connect(client, target, control).await;
            count_one(&ended);
        });
    }
}

async fn connect(mut client: TcpStream, target: Arc<str>, control: watch::Receiver<Control>) {
    let epoch = control.borrow().epoch;
    let Ok(mut server) = TcpStream::connect(&*target).await else { return };
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let up = pump(from_client, to_server, Toward::Server, epoch, control.clone());
    let down = pump(from_server, to_client, Toward::Client, epoch, control.clone());
    tokio::select! {
        () = up => {}
        () = down => {}
    }
    let last = *control.borrow();
    if last.epoch != epoch && last.resetting {
        // Without it, they are closed in good order.
        let _ = client.set_zero_linger();
        let _ = server.set_zero_linger();
        return;
    }
    drop(client);
    let _it_never_does = timeout(CLOSING, until_it_closes(server)).await;
}

/// Ends our direction and waits for the other's end. What still comes is lost.
async fn until_it_closes(mut server: TcpStream) -> io::Result<()> {
    server.shutdown().await?;
    tokio::io::copy(&mut server, &mut tokio::io::sink()).await.map(drop)
}

/// Carries bytes one way until either end closes or the connection is cut.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    toward: Toward,
    epoch: u64,
    mut control: watch::Receiver<Control>,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let present = *control.borrow_and_update();
        if present.epoch != epoch {
            return;
        }
        let flow = present.flow(toward);
        let reading = matches!(flow, Flow::Pass | Flow::Lose);
        if flow == Flow::ShutDown && to.shutdown().await.is_err() {
            return;
        }
        tokio::select! {
            biased;
            changed = control.changed() => if changed.is_err() { return },
            length = from.read(&mut buffer), if reading => match length {
                Ok(length @ 1..) if flow == Flow::Pass => {
                    if to.write_all(buffer.get(..length).unwrap_or_default()).await.is_err() {
                        return;
                    }
                }
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A proxy to a server that sends back what it gets, and a connection through it.
    async fn echo() -> (CutProxy, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        let proxy = CutProxy::start(target).await.unwrap();
        let stream = TcpStream::connect(proxy.address()).await.unwrap();
        (proxy, stream)
    }

    async fn round_trip(stream: &mut TcpStream, text: &[u8]) -> bool {
        stream.write_all(text).await.unwrap();
        let mut answer = vec![0; text.len()];
        let read = tokio::time::timeout(Duration::from_millis(200), stream.read_exact(&mut answer));
        read.await.is_ok_and(|read| read.is_ok()) && answer == text
    }

    #[tokio::test]
    async fn passes_loses_and_heals() {
        let (proxy, mut stream) = echo().await;
        assert!(round_trip(&mut stream, b"one").await);
        proxy.set(Toward::Server, Flow::Lose);
        assert!(!round_trip(&mut stream, b"two").await);
        proxy.heal();
        assert!(round_trip(&mut stream, b"three").await, "and two is gone");
    }

    #[tokio::test]
    async fn what_stalls_arrives_later() {
        let (proxy, mut stream) = echo().await;
        proxy.set(Toward::Client, Flow::Stall);
        assert!(!round_trip(&mut stream, b"late").await);
        proxy.heal();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"late");
    }

    #[tokio::test]
    async fn cuts_and_refuses() {
        let (proxy, mut stream) = echo().await;
        assert!(round_trip(&mut stream, b"one").await);
        proxy.cut();
        assert!(!matches!(stream.read(&mut [0]).await, Ok(1)), "the end or an error");
        proxy.refuse(true);
        let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(!matches!(refused.read(&mut [0]).await, Ok(1)));
        proxy.refuse(false);
        proxy.until_ended().await.unwrap();
        let mut again = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(round_trip(&mut again, b"two").await);
        assert_eq!((proxy.accepted(), *proxy.ended.borrow()), (3, 2));
    }

    #[tokio::test]
    async fn resets() {
        let (proxy, mut stream) = echo().await;
        assert!(round_trip(&mut stream, b"one").await);
        proxy.reset();
        let error = stream.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        let mut again = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(round_trip(&mut again, b"two").await);
    }

    #[tokio::test]
    async fn closes_one_direction() {
        let (proxy, mut stream) = echo().await;
        assert!(round_trip(&mut stream, b"one").await);
        proxy.set(Toward::Client, Flow::ShutDown);
        assert!(matches!(stream.read(&mut [0]).await, Ok(0)));
    }

    #[tokio::test]
    async fn rewrites_addresses() {
        let (proxy, url) = CutProxy::in_front_of("ws://localhost:5280/xmpp-websocket").await.unwrap();
        assert_eq!(url, format!("ws://localhost:{}/xmpp-websocket", proxy.address().port()));
    }
}
