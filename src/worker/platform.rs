//! The few functions of the browser that the host calls directly. All of them exist in windows and in workers alike.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use js_sys::{Function, JsString, Object, Promise, Reflect};
use plausch_model::Hosting;
use rand_core::Rng;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::random::Random;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, millis: i32) -> f64;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: f64);

    #[wasm_bindgen(js_name = close)]
    fn close();

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Milliseconds of a clock that never turns back.
pub fn monotonic_millis() -> f64 {
    performance_now()
}

/// Milliseconds since 1970 as the system's clock has them.
pub fn wall_millis() -> f64 {
    js_sys::Date::now()
}

/// A name that nobody can guess or choose.
pub fn random_name(prefix: &str) -> String {
    let mut bytes = [0; 16];
    Random::default().fill_bytes(&mut bytes);
    format!("{prefix}{:032x}", u128::from_be_bytes(bytes))
}

/// Ends this worker. In a page nothing happens.
pub fn close_worker() {
    if hosting() != Hosting::Page {
        close();
    }
}

/// Normalization form C, as [`plausch_engine::compose_with`] asks for.
pub fn nfc(text: &str) -> String {
    JsString::from(text).normalize("NFC").into()
}

/// Normalization form KC, as [`plausch_engine::io::Password::new`] asks for.
pub fn nfkc(text: &str) -> String {
    JsString::from(text).normalize("NFKC").into()
}

/// Normalization form KD, as [`plausch_engine::io::AccountConfig`] asks for.
pub fn nfkd(text: &str) -> String {
    JsString::from(text).normalize("NFKD").into()
}

/// Runs a future beside everything else. Boxed, so that what runs futures is compiled once and not for each.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    spawn_boxed(Box::pin(future));
}

fn spawn_boxed(future: Pin<Box<dyn Future<Output = ()>>>) {
    spawn_local(future);
}

/// What kind of global scope this is.
pub fn hosting() -> Hosting {
    let exists = |name: &str| Reflect::has(&js_sys::global(), &name.into()).unwrap_or(false);
    match (exists("SharedWorkerGlobalScope"), exists("DedicatedWorkerGlobalScope")) {
        (true, _) => Hosting::SharedWorker,
        (_, true) => Hosting::Worker,
        _ => Hosting::Page,
    }
}

/// A JavaScript object with these properties.
pub fn object(properties: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in properties {
        // A new ordinary object takes any property.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object
}

/// A property, `undefined` if there is none.
pub fn property(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// A timer that calls once, unless it is dropped before.
pub struct Timer {
    id: f64,
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    /// Calls after this many milliseconds.
    pub fn start(millis: i32, callback: impl FnOnce() + 'static) -> Self {
        let callback = Closure::once(callback);
        let id = set_timeout(callback.as_ref().unchecked_ref(), millis);
        Self { id, _callback: callback }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(self.id);
    }
}

/// Waits.
pub async fn sleep(millis: i32) {
    let elapsed = Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, millis);
    });
    // A timer's promise is never rejected.
    let _ = JsFuture::from(elapsed).await;
}

/// Waits for a future, but not longer than this.
pub async fn within<T>(millis: i32, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut elapsed) = (pin!(future), pin!(sleep(millis)));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => elapsed.as_mut().poll(context).map(|()| None),
    })
    .await
}

#[cfg(test)]
#[cfg(target_arch = "wasm32")]
mod tests {
    use js_sys::RegExp;
    use plausch_engine::{compose_with, parse_address};
    use unicode_normalization::UnicodeNormalization;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    /// Every character, among marks that compose, block and change places, and behind what it may compose with.
    #[wasm_bindgen_test]
    fn javascript_composes_as_the_crate_does() {
        // A browser does not know what was assigned after it was made.
        let unassigned = RegExp::new("\\p{Cn}", "u");
        for c in ('\u{a0}'..'\u{323b0}').chain('\u{e0100}'..'\u{e01f0}') {
            let text = [
                format!("{c}e{c}\u{301}|{c}\u{323}\u{301}|a\u{302}{c}\u{323}"),
                format!("|\u{1100}{c}\u{1161}{c}\u{11a8}|\u{9c7}{c}"),
            ]
            .concat();
            let composed: String = text.nfc().collect();
            if !unassigned.test(&composed) {
                assert_eq!(nfc(&text), composed, "{c:?}");
            }
        }
    }

    #[wasm_bindgen_test]
    fn addresses_and_passwords_are_composed() {
        compose_with(nfc);
        let read = |typed| parse_address(typed, None).map(|address| address.to_string());
        assert_eq!(read("Rene\u{301}@Bu\u{308}cher.example"), Ok("ren\u{e9}@b\u{fc}cher.example".into()));
        // Marks come into their order, and kana compose.
        assert_eq!(read("a\u{302}\u{323}@b.example"), Ok("\u{1ead}@b.example".into()));
        assert_eq!(read("\u{304b}\u{3099}@b.example"), Ok("\u{304c}@b.example".into()));
        // What is excluded from composition comes apart, and is no name then.
        assert!(read("\u{958}@b.example").is_err());
        assert_eq!(nfkc("\u{fb01}"), "fi");
    }
}
