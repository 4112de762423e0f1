//! What an account does on the network: one WebSocket at a time, and HTTP requests.
//!
//! Refuses every endpoint that is neither encrypted nor on this machine, whatever the engine asks for.

mod endpoint;
mod http;
mod socket;

use std::cell::RefCell;
use std::rc::Rc;

use plausch_engine::io::{HttpId, HttpRequest, Input, SocketId, Wire};
use plausch_engine::map::Map;

use crate::inbox::Inbox;
use crate::platform::spawn;
use http::Exchange;
use socket::Socket;

/// The network of one account. Dropping it closes the socket and gives up all requests.
pub struct Network {
    inbox: Rc<Inbox>,
    socket: Option<Socket>,
    exchanges: Rc<RefCell<Map<HttpId, Rc<Exchange>>>>,
}

impl Network {
    /// Events go into this inbox.
    pub fn new(inbox: Rc<Inbox>) -> Self {
        Self { inbox, socket: None, exchanges: Rc::default() }
    }

    /// Carries out one effect.
    pub fn wire(&mut self, wire: Wire) {
        match wire {
            Wire::Open { socket, url } => self.open(socket, &url),
            Wire::Send { socket, frame } => {
                if let Some(open) = self.socket.as_ref().filter(|open| open.id() == socket) {
                    open.send(&frame);
                }
            }
            Wire::Close(socket) => {
                // Dropping it lets go of its events before it closes.
                self.socket.take_if(|open| open.id() == socket);
                self.inbox.forget(socket);
            }
            Wire::Http(request) => self.request(request),
        }
    }

    fn open(&mut self, id: SocketId, url: &str) {
        self.socket = Socket::open(id, url, &self.inbox);
        if self.socket.is_none() {
            self.inbox.push(Input::SocketClosed(id));
        }
    }

    fn request(&self, request: HttpRequest) {
        if request.farewell {
            // Not among those that end with this.
            return spawn(async move {
                let _nobody_waits = Exchange::new().run(&request).await;
            });
        }
        let id = request.id;
        let exchange = Rc::new(Exchange::new());
        self.exchanges.borrow_mut().insert(id, exchange.clone());
        let (inbox, exchanges) = (self.inbox.clone(), self.exchanges.clone());
        spawn(async move {
            let outcome = exchange.run(&request).await;
            if exchanges.borrow_mut().remove(&id).is_some() {
                inbox.push(Input::HttpDone { id, outcome });
            }
        });
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for exchange in std::mem::take(&mut *self.exchanges.borrow_mut()).values() {
            exchange.abort();
        }
    }
}
