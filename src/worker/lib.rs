//! The engine's host in the browser: ports to the views, one driver per account, sockets, timers, IndexedDB.
//!
//! The host runs in a `SharedWorker`, in a dedicated `Worker` or in the page; it finds out which. The page hands it one
//! message port per view through [`serve_port`]. It knows no XMPP and no components: it carries out what an
//! `Account` wants, in the order that the engine's contract asks for, and tells the views what the account says.

pub mod clock;
pub mod driver;
pub mod host;
pub mod hub;
pub mod inbox;
pub mod locks;
pub mod machine;
pub mod network;
pub mod passphrase;
pub mod platform;
pub mod random;
pub mod sealing;
pub mod store;
pub mod turns;

use std::cell::OnceCell;
use std::rc::Rc;

use plausch_engine::Account;
use wasm_bindgen::prelude::*;
use web_sys::MessagePort;

use host::Host;

thread_local! {
    static HOST: OnceCell<Rc<Host<Account>>> = const { OnceCell::new() };
}

/// Serves one view. The first call starts the host of this global scope.
#[wasm_bindgen]
pub fn serve_port(port: MessagePort) {
    HOST.with(|host| host.get_or_init(start).serve(port));
}

fn start() -> Rc<Host<Account>> {
    std::panic::set_hook(Box::new(|panic| {
        if cfg!(debug_assertions) {
            web_sys::console::error_1(&panic.to_string().into());
        }
        give_up();
    }));
    plausch_engine::compose_with(platform::nfc);
    Host::start(platform::hosting(), platform::random_name("plausch-host-"))
}

/// After a panic nothing can be relied on: the host goes, its locks come free, and the views start another.
fn give_up() {
    locks::release_all();
    platform::close_worker();
}

#[cfg(test)]
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
