//! Keys that work everywhere in the app.

use web_sys::KeyboardEvent;

use super::{Room, Ui, draw::El, kit::menu, lock};
use crate::reactive::*;
use crate::view::{ChatRow, Dialog, Phase, SettingsSection};

/// Listens for the app's keys: in the whole page, or within the app where the page is somebody else's.
pub fn listen(ui: Ui, root: El) -> El {
    let handle = move |event: KeyboardEvent| {
        if ui.state.phase.get_untracked() == Phase::In && !event.default_prevented() && acts(ui, &event) {
            event.prevent_default();
        }
    };
    if !ui.page {
        return root.on(ev::keydown, handle);
    }
    let listener = window_event_listener(ev::keydown, handle);
    on_cleanup(move || listener.remove());
    root
}

/// Does what a key is for; tells whether it is for anything.
fn acts(ui: Ui, event: &KeyboardEvent) -> bool {
    let command = (event.ctrl_key() || event.meta_key()) && !event.alt_key();
    if command && event.shift_key() && matches!(event.key().as_str(), "l" | "L") {
        return lock::lock(ui);
    }
    if ui.menu.with_untracked(Option::is_some) {
        let leaves = event.key() == "Escape";
        if leaves {
            menu::close(ui.menu);
        }
        return leaves;
    }
    let place = ui.state.place;
    let free = place.dialog.with_untracked(Option::is_none);
    let alt = event.alt_key() && !event.ctrl_key() && !event.meta_key();
    let open = move |dialog| {
        place.dialog.set(Some(dialog));
        true
    };
    match event.key().as_str() {
        "k" | "K" if command && free && !event.shift_key() => open(Dialog::GoTo { query: String::new(), chosen: 0 }),
        "f" | "F" if command && free && !event.shift_key() && place.chat.with_untracked(Option::is_some) => find(ui),
        "," if command && free => open(Dialog::Settings(SettingsSection::default())),
        "/" if command && free => open(Dialog::Shortcuts),
        "ArrowDown" if alt && free => walk(ui, 1),
        "ArrowUp" if alt && free => walk(ui, -1),
        "Escape" if free && !event.is_composing() => leave(ui),
        _ => false,
    }
}

/// Looks through the open chat; once more, and the browser does it.
fn find(ui: Ui) -> bool {
    let place = ui.state.place;
    let fresh = !place.finding.get_untracked();
    place.finding.set(true);
    fresh
}

/// Opens the next or previous chat of the list.
fn walk(ui: Ui, step: isize) -> bool {
    let rows = untrack(|| ui.state.chat_rows());
    let here = ui.state.place.chat.with_untracked(|chat| {
        let chat = chat.as_ref()?;
        rows.iter().position(|row| row.account == chat.account && row.entry.jid == chat.jid)
    });
    let next = match here {
        Some(index) => index.checked_add_signed(step),
        None => Some(0),
    };
    if let Some(ChatRow { account, entry }) = next.and_then(|index| rows.get(index)) {
        ui.state.open_chat(*account, entry.jid.clone());
    }
    true
}

/// Leaves editing, closes the details, or on a narrow screen the chat.
fn leave(ui: Ui) -> bool {
    let place = ui.state.place;
    if place.finding.get_untracked() {
        ui.state.stop_finding();
        true
    } else if place.chat.get_untracked().is_some_and(|chat| chat.account.timeline.stop_editing()) {
        true
    } else if place.details.get_untracked() {
        place.details.set(false);
        true
    } else if ui.room.get_untracked() == Room::Narrow && untrack(|| place.is_open()) {
        ui.state.close_chat();
        true
    } else {
        false
    }
}
