//! A running session on the fake server: it answers by itself, and the test adds what it wants.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plausch_xmpp::xml::Element;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::host::Host;
use super::stream::FakeStream;
use super::{FakeError, PATIENCE};

/// How often [`FakeSession::expect`] looks whether the connection has ended.
const GLANCE: Duration = Duration::from_millis(50);

const SM: &str = "urn:xmpp:sm:3";

type Responder = Box<dyn FnMut(&Element) -> Option<Vec<String>> + Send>;

/// A session that answers by itself. Dropping it ends the connection without a word.
pub struct FakeSession {
    orders: UnboundedSender<Order>,
    shared: Arc<Shared>,
    pings: u32,
    task: JoinHandle<()>,
}

enum Order {
    Send(String),
    RespondWith(Responder),
}

#[derive(Default)]
struct Shared {
    /// What was received and not yet taken by [`FakeSession::expect`].
    inbox: Mutex<VecDeque<Element>>,
    /// How much was received in all; marked ended when the sender is gone.
    count: watch::Sender<u64>,
    /// What was acknowledged last.
    acknowledged: AtomicU32,
}

impl Shared {
    fn inbox(&self) -> MutexGuard<'_, VecDeque<Element>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FakeSession {
    pub(super) fn new(stream: FakeStream, host: Host, handled: Option<u32>) -> Self {
        let (orders, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::default());
        let service = Service { stream, host, handled, responder: None, shared: Arc::clone(&shared) };
        Self { orders, shared, pings: 0, task: tokio::spawn(service.run(receiver)) }
    }

    /// Sends a frame as it is.
    pub fn send(&self, frame: impl Into<String>) {
        let _the_client_has_closed = self.orders.send(Order::Send(frame.into()));
    }

    /// Answers stanzas this way first; what it has no answer to is answered as usual.
    pub fn respond(&self, responder: impl FnMut(&Element) -> Option<Vec<String>> + Send + 'static) {
        let _the_client_has_closed = self.orders.send(Order::RespondWith(Box::new(responder)));
    }

    /// Takes the first received frame that is like this, waiting for it if need be.
    pub async fn expect(&self, what: &str, is_like: impl Fn(&Element) -> bool) -> Result<Element, FakeError> {
        let mut count = self.shared.count.subscribe();
        let searching = async {
            loop {
                let ended = self.task.is_finished();
                if let Some(found) = self.take(&is_like) {
                    return Ok(found);
                }
                if ended {
                    return Err(FakeError::Closed);
                }
                let _looks_again_in_any_case = tokio::time::timeout(GLANCE, count.changed()).await;
            }
        };
        let in_vain = |_| FakeError::TimedOut(what.to_owned(), self.received().iter().map(Element::to_xml).collect());
        tokio::time::timeout(PATIENCE, searching).await.map_err(in_vain)?
    }

    fn take(&self, is_like: impl Fn(&Element) -> bool) -> Option<Element> {
        let mut inbox = self.shared.inbox();
        let place = inbox.iter().position(is_like)?;
        inbox.remove(place)
    }

    /// What was received and not yet taken.
    pub fn received(&self) -> Vec<Element> {
        self.shared.inbox().iter().cloned().collect()
    }

    /// How many stanzas of the session have been acknowledged (XEP-0198): a resumption that says less is impossible.
    pub fn acknowledged(&self) -> u32 {
        self.shared.acknowledged.load(Ordering::SeqCst)
    }

    /// Waits until the client has taken in everything sent before, and has told its views: it answers two pings in turn, and
    /// takes no input before it is done with the last one.
    pub async fn settle(&mut self) -> Result<(), FakeError> {
        for _ in 0..2 {
            self.pings = self.pings.saturating_add(1);
            let id = format!("settle-{}", self.pings);
            self.send(format!("<iq xmlns='jabber:client' type='get' id='{id}'><ping xmlns='urn:xmpp:ping'/></iq>"));
            self.expect("the answer to a ping", |stanza| stanza.name() == "iq" && stanza.attr("id") == Some(&id))
                .await?;
        }
        Ok(())
    }

    /// Waits until the client has closed the connection.
    pub async fn closed(&mut self) -> Result<(), FakeError> {
        let in_vain = |_| FakeError::TimedOut("the end of the connection".to_owned(), Vec::new());
        let ended = tokio::time::timeout(PATIENCE, &mut self.task).await;
        ended.map(|_| ()).map_err(in_vain)
    }

    /// Ends the connection without a word.
    pub fn cut(self) {}
}

impl Drop for FakeSession {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Service {
    stream: FakeStream,
    host: Host,
    /// Stanzas received since stream management was enabled, if it is.
    handled: Option<u32>,
    responder: Option<Responder>,
    shared: Arc<Shared>,
}

impl Service {
    async fn run(mut self, mut orders: UnboundedReceiver<Order>) {
        loop {
            let outcome = tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Send(frame)) => self.stream.send(frame).await,
                    Some(Order::RespondWith(responder)) => {
                        self.responder = Some(responder);
                        Ok(())
                    }
                    None => return,
                },
                received = self.stream.next() => match received {
                    Ok(element) => self.take(element).await,
                    Err(error) => Err(error),
                },
            };
            if outcome.is_err() {
                return;
            }
        }
    }

    async fn take(&mut self, element: Element) -> Result<(), FakeError> {
        let answers = self.answers(&element);
        self.shared.inbox().push_back(element);
        self.shared.count.send_modify(|count| *count = count.wrapping_add(1));
        for answer in answers {
            self.stream.send(answer).await?;
        }
        Ok(())
    }

    fn answers(&mut self, element: &Element) -> Vec<String> {
        if matches!(element.name(), "iq" | "message" | "presence") {
            self.handled = self.handled.map(|handled| handled.wrapping_add(1));
        }
        if let Some(answers) = self.responder.as_mut().and_then(|responder| responder(element)) {
            return answers;
        }
        match (element.name(), element.ns()) {
            ("enable", SM) => {
                self.handled = Some(0);
                vec![format!("<enabled xmlns='{SM}' id='fake-sm' resume='true' max='600'/>")]
            }
            ("r", SM) => {
                let handled = self.handled.unwrap_or(0);
                self.shared.acknowledged.store(handled, Ordering::SeqCst);
                vec![format!("<a xmlns='{SM}' h='{handled}'/>")]
            }
            ("close", _) => vec!["<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>".to_owned()],
            _ => self.host.answer(element),
        }
    }
}
