//! One end of a message channel: postcard bytes, transferred, never JavaScript objects.

use js_sys::{Array, Uint8Array};
use plausch_model::{FromEngine, ToEngine};
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, MessagePort};

/// A view's port. Closes when dropped.
pub struct Port {
    port: MessagePort,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Port {
    /// Starts to listen. What is no message is dropped.
    pub fn open(port: MessagePort, mut heard: impl FnMut(ToEngine) + 'static) -> Self {
        let on_message = Closure::new(move |event: MessageEvent| {
            if let Some(message) = decode(&event.data()) {
                heard(message);
            }
        });
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Self { port, _on_message: on_message }
    }

    /// Sends one encoded message. A view that is gone hears nothing; its end is noticed elsewhere.
    pub fn post_bytes(&self, bytes: &[u8]) {
        let bytes = Uint8Array::from(bytes);
        let _ = self.port.post_message_with_transferable(&bytes, &Array::of1(&bytes.buffer()));
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.port.set_onmessage(None);
        self.port.close();
    }
}

/// The message as it travels. Plain values always encode.
pub fn encode(message: &FromEngine) -> Vec<u8> {
    postcard::to_allocvec(message).unwrap_or_default()
}

fn decode(data: &JsValue) -> Option<ToEngine> {
    let bytes = data.dyn_ref::<Uint8Array>()?.to_vec();
    postcard::from_bytes(&bytes).ok()
}
