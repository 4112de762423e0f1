//! Web Locks: how hosts and views learn of each other's end, and how only one host at a time runs the engine.
//!
//! The browser frees a lock when whoever holds it is gone, however it went. Where there are no Web Locks, nothing is held
//! and nothing watched; the fence in the store then keeps a second host from doing harm.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::platform::object;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request, catch)]
    fn request(name: &str, options: &Object, callback: &Function) -> Result<Promise, JsValue>;
}

thread_local! {
    /// Frees each lock that this program holds.
    static HELD: RefCell<Vec<Function>> = const { RefCell::new(vec![]) };
}

/// How a lock is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Waits until it is free.
    Wait,
    /// Takes it from whoever has it.
    Steal,
}

/// How asking for a lock ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// There are no Web Locks here.
    Unsupported,
    /// It was stolen from us.
    Lost,
    /// We let it go.
    Released,
}

/// Takes a lock, says so, and holds it until it is stolen or [`release_all`] is called.
pub async fn hold(name: &str, mode: Mode, taken: impl FnOnce() + 'static) -> Fate {
    let was_taken = Rc::new(Cell::new(false));
    let now_taken = was_taken.clone();
    let callback = Closure::once_into_js(move || {
        now_taken.set(true);
        taken();
        Promise::new(&mut |resolve, _| HELD.with_borrow_mut(|held| held.push(resolve)))
    });
    let options = object(&[("steal", (mode == Mode::Steal).into())]);
    match request(name, &options, callback.unchecked_ref()) {
        Err(_) => Fate::Unsupported,
        Ok(done) => match JsFuture::from(done).await {
            Ok(_) => Fate::Released,
            Err(_) if was_taken.get() => Fate::Lost,
            Err(_) => Fate::Unsupported,
        },
    }
}

/// Returns when nobody holds the lock exclusively; never, where there are no Web Locks.
pub async fn wait_until_free(name: &str) {
    // A closure, not code from a text, which the page's policy forbids.
    let callback = Closure::once_into_js(|| {});
    let options = object(&[("mode", "shared".into())]);
    match request(name, &options, callback.unchecked_ref()) {
        Ok(done) => drop(JsFuture::from(done).await),
        Err(_) => std::future::pending().await,
    }
}

/// Frees all that is held: the last act of a host that cannot go on.
pub fn release_all() {
    let held = HELD.try_with(|held| held.try_borrow_mut().map(|mut held| std::mem::take(&mut *held)));
    for release in held.into_iter().flatten().flatten() {
        // There is nobody left to tell.
        let _ = release.call0(&JsValue::UNDEFINED);
    }
}
