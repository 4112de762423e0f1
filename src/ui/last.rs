//! When the page's script may keep the view for the next start, where it is painted before the app is there
//! (public/last.js): while somebody is signed in, stays so, and no passphrase is to stand before what the device keeps.

use wasm_bindgen::closure::Closure;
use web_sys::HtmlElement;

use super::{Ui, history, prefs};
use crate::page::call;
use crate::reactive::*;
use crate::ui::draw::{NodeRef, effect};
use crate::view::{Expected, Phase};

/// Lets the view below the app's root be kept, or forgotten.
pub fn keep(ui: Ui, root: NodeRef<HtmlElement>) {
    effect(move || {
        let open = ui.state.lock.passphrase.with(Option::is_none);
        let stays = || ui.state.stays.get_value().unwrap_or_else(|| prefs::expected() == Expected::Stayed);
        match ui.state.phase.get() {
            Phase::In if open && stays() => {
                if let Some(root) = root.get() {
                    let left = Closure::<dyn Fn() -> String>::new(move || untrack(|| history::left(ui)));
                    // It is asked for as long as the page lives.
                    let _ = call("last", "keep", &[root.into(), left.into_js_value()]);
                }
            }
            Phase::In | Phase::Out | Phase::Locked => {
                let _ = call("last", "forget", &[]);
            }
            Phase::Starting | Phase::Elsewhere => {}
        }
    });
}
