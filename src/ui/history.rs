//! The browser's Back and Forward, and the open chat across a reload, where the app fills the page.
//!
//! The place is kept in the history entry's state, not in the address bar: addresses of people stay out of it.

use plausch_model::BareJid;
use wasm_bindgen::JsValue;

use super::Ui;
use crate::reactive::*;
use crate::ui::draw::{effect, memo};
use crate::view::{OpenChat, Phase, Section};

/// What a history entry says: the open chat with its account, or nothing for the list.
fn current() -> Option<String> {
    window().history().ok()?.state().ok()?.as_string()
}

fn entry_of(chat: &OpenChat) -> String {
    [chat.account.jid().as_str(), "\n", chat.jid.as_str()].concat()
}

/// The chat that a history entry speaks of, if its account is signed in.
fn chat_of(ui: Ui, entry: &str) -> Option<OpenChat> {
    let (owner, jid) = entry.split_once('\n')?;
    let account =
        ui.state.accounts.with(|accounts| accounts.iter().find(|account| account.jid().as_str() == owner).copied())?;
    Some(OpenChat { account, jid: BareJid::new(jid) })
}

/// Keeps history and place in step, and the title.
pub fn keep(ui: Ui) {
    let state = ui.state;
    // The place that the page was reloaded in, until it has been gone to.
    let pending = StoredValue::new(current());
    effect(move || {
        if state.phase.get() == Phase::In
            && let Some(entry) = pending.try_update_value(Option::take).flatten()
            && let Some(chat) = chat_of(ui, &entry)
        {
            // The list may still be on its way from the disk; the engine knows the chat.
            state.open_chat(chat.account, chat.jid);
        }
    });
    effect(move || {
        let open = state.place.chat.with(|chat| chat.as_ref().map(entry_of));
        // Nothing of the account stays behind when nobody is signed in any more.
        let settled = match state.phase.get() {
            Phase::In => pending.with_value(Option::is_none),
            Phase::Out => true,
            Phase::Starting | Phase::Elsewhere => false,
        };
        if !settled || open == current() {
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
    match current().and_then(|entry| untrack(|| chat_of(ui, &entry))) {
        Some(chat) => state.open_chat(chat.account, chat.jid),
        None => state.close_chat(),
    }
}

/// The number of unread messages stands in the title, which is dear to set.
fn title(ui: Ui) {
    let title = memo(move || {
        let unread = ui.state.unread();
        let section = match ui.state.place.section.get() {
            Section::Chats => ui.texts().chats(),
            Section::Contacts => ui.texts().contacts(),
        };
        match (ui.state.phase.get(), unread) {
            (Phase::In, 0) => ["Plausch – ", section].concat(),
            (Phase::In, unread) => ["(", &unread.to_string(), ") Plausch – ", section].concat(),
            _ => "Plausch".to_owned(),
        }
    });
    effect(move || title.with(|title| document().set_title(title)));
}
