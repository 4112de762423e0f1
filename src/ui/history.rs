//! The browser's Back and Forward, and the open chat across a reload, where the app fills the page.
//!
//! The place is kept in the history entry's state, not in the address bar: addresses of people stay out of it.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsValue;

use super::Ui;
use crate::ui::draw::effect;
use crate::view::{Phase, Section};

/// What a history entry says: the open chat, or nothing for the list.
fn current() -> Option<String> {
    window().history().ok()?.state().ok()?.as_string()
}

/// Keeps history and place in step, and the title.
pub fn keep(ui: Ui) {
    let state = ui.state;
    // The place that the page was reloaded in, until it has been gone to.
    let pending = StoredValue::new(current());
    effect(move || {
        if state.phase.get() == Phase::In
            && let Some(jid) = pending.try_update_value(Option::take).flatten()
            && let Some(account) = state.account()
        {
            // The list may still be on its way from the disk; the engine knows the chat.
            state.open_chat(account, plausch_model::BareJid::new(jid));
        }
    });
    effect(move || {
        let open = state.place.chat.with(|chat| chat.as_ref().map(|chat| chat.jid.to_string()));
        if state.phase.get() != Phase::In || pending.with_value(Option::is_some) || open == current() {
            return;
        }
        let entry = open.as_deref().map_or(JsValue::NULL, JsValue::from_str);
        if let Ok(history) = window().history() {
            // From chat to chat the entry is replaced, so that Back leads to the list.
            let _ = match (open.is_some(), current().is_some()) {
                (true, false) => history.push_state(&entry, ""),
                _ => history.replace_state(&entry, ""),
            };
        }
    });
    let listener = window_event_listener(ev::popstate, move |_| go(ui));
    on_cleanup(move || listener.remove());
    title(ui);
}

fn go(ui: Ui) {
    let state = ui.state;
    match (current(), state.account()) {
        (Some(jid), Some(account)) => {
            let jid = plausch_model::BareJid::new(jid);
            if account.chats.find(&jid).is_some() {
                state.open_chat(account, jid);
            }
        }
        _ => state.close_chat(),
    }
}

/// The number of unread messages stands in the title.
fn title(ui: Ui) {
    effect(move || {
        let unread = ui.state.unread();
        let section = match ui.state.place.section.get() {
            Section::Chats => ui.texts().chats,
            Section::Contacts => ui.texts().contacts,
        };
        let title = match (ui.state.phase.get(), unread) {
            (Phase::In, 0) => ["Plausch – ", section].concat(),
            (Phase::In, unread) => ["(", &unread.to_string(), ") Plausch – ", section].concat(),
            _ => "Plausch".to_owned(),
        };
        document().set_title(&title);
    });
}
