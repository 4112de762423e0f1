//! One WebSocket (RFC 7395): text frames only, subprotocol `xmpp`.

use std::cell::Cell;
use std::rc::Rc;

use plausch_engine::io::{Input, SocketId};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, MessageEvent, WebSocket};

use super::endpoint::allows_socket;
use crate::inbox::Inbox;

const SUBPROTOCOL: &str = "xmpp";
/// A frame longer than this (in UTF-16 units) is no stanza; it is not even copied.
const LONGEST_FRAME: u32 = 16 << 20;

/// An open or opening socket. When dropped it closes, after what has been sent, and says nothing any more.
pub struct Socket {
    id: SocketId,
    socket: WebSocket,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut()>,
}

/// What the handlers share.
#[derive(Clone)]
struct Line {
    id: SocketId,
    socket: WebSocket,
    inbox: Rc<Inbox>,
    closed: Rc<Cell<bool>>,
}

impl Socket {
    /// Begins to open a socket; `None` where that is not allowed or not possible.
    pub fn open(id: SocketId, url: &str, inbox: &Rc<Inbox>) -> Option<Self> {
        if !allows_socket(url) {
            return None;
        }
        let socket = WebSocket::new_with_str(url, SUBPROTOCOL).ok()?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let line = Line { id, socket: socket.clone(), inbox: inbox.clone(), closed: Rc::default() };
        let (opened, message, closed) = (line.clone(), line.clone(), line);
        let on_open = Closure::new(move || opened.opened());
        let on_message = Closure::new(move |event| message.message(&event));
        let on_close = Closure::new(move || closed.close());
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        // An error is always followed by a close.
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some(Self { id, socket, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }

    /// The socket's number.
    pub fn id(&self) -> SocketId {
        self.id
    }

    /// Sends a frame. On a socket that is closed nothing happens: its close is reported anyway.
    pub fn send(&self, frame: &str) {
        let _ = self.socket.send_with_str(frame);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}

impl Line {
    fn opened(&self) {
        if self.socket.protocol() == SUBPROTOCOL {
            self.inbox.push(Input::SocketOpened(self.id));
        } else {
            self.close();
        }
    }

    /// RFC 7395 §3.2: text frames. Whoever sends others speaks something else.
    fn message(&self, event: &MessageEvent) {
        if self.closed.get() {
            return;
        }
        match event.data().dyn_into::<js_sys::JsString>() {
            Ok(frame) if frame.length() <= LONGEST_FRAME => self.inbox.push_frame(self.id, frame.into()),
            _ => self.close(),
        }
    }

    fn close(&self) {
        if !self.closed.replace(true) {
            let _ = self.socket.close();
            self.inbox.push(Input::SocketClosed(self.id));
        }
    }
}
