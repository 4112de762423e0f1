//! `performance.mark` entries: how long a person waited for what.

use std::time::Duration;

use plausch_model::ConnectionState;

use super::Ui;
use crate::reactive::*;
use crate::ui::draw::effect;

/// Sets a mark unless it is there already.
pub fn once(name: &str) {
    if let Some(performance) = window().performance()
        && performance.get_entries_by_name(name).length() == 0
    {
        let _ = performance.mark(name);
    }
}

/// Sets a mark after the next frame is painted.
pub fn painted(name: &'static str) {
    request_animation_frame(move || set_timeout(move || once(name), Duration::ZERO));
}

/// Sets the marks of the app as its state moves on.
pub fn watch(ui: Ui) {
    let state = ui.state;
    effect(move || {
        let Some(account) = state.account() else { return };
        if account.connection.get() == ConnectionState::Online {
            once("plausch:online");
        }
        if account.chats.known.get() {
            painted("plausch:cached");
        }
        if account.contacts.known.get() {
            painted("plausch:roster");
        }
    });
    effect(move || {
        let Some(account) = state.account() else { return };
        // Again after every reconnect.
        if account.synced.get() > 0
            && let Some(performance) = window().performance()
        {
            let _ = performance.mark("plausch:synced");
        }
    });
}
