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

/// Normalization form KC, as [`plausch_engine::io::Password::new`] asks for.
pub fn nfkc(text: &str) -> String {
    JsString::from(text).normalize("NFKC").into()
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
