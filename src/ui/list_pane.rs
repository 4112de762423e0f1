//! The second column: chats or contacts, with what belongs above and below them.

use std::time::Duration;

use plausch_model::{Command, ConnectionState};

use super::{
    Room, Ui, chat_list, contact_list,
    kit::{
        button::{self, Look},
        icon::{icon, icons},
    },
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, choose, effect, html, live, memo};
use crate::view::Section;

/// Draws the column.
pub fn list_pane(ui: Ui) -> Drawn {
    let id = ui.unique("list");
    let heading = id.clone();
    let place = ui.state.place;
    let narrow = move || ui.room.get() == Room::Narrow;
    // On a narrow screen an open chat covers the list.
    let covered = live(move || narrow() && place.is_open());
    let role = live(move || if narrow() { "main" } else { "region" });
    html::div()
        .attr("class", "list-pane")
        .attr("role", role)
        .attr("aria-labelledby", id)
        .prop_live("inert", covered)
        .child((
            choose(
                move || place.section.get(),
                move |section| match section {
                    Section::Chats => chat_list::chat_list(ui, heading.clone()),
                    Section::Contacts => contact_list::contact_list(ui, heading.clone()),
                },
            ),
            connection_note(ui),
        ))
        .drawn()
}

/// How long a connection may take before it is worth a word.
const PATIENCE: Duration = Duration::from_millis(1500);

/// A word about a connection that is not there. It floats over the list, so that nothing moves.
fn connection_note(ui: Ui) -> Drawn {
    let state = memo(move || ui.state.account().map(|account| account.connection.get()));
    let late = RwSignal::new(false);
    effect(move || {
        if state.get().is_none_or(|state| state == ConnectionState::Online) {
            late.set(false);
        } else {
            // The pane may be gone by then.
            let look = move || {
                if let Some(now) = state.try_get_untracked() {
                    late.set(now.is_some_and(|now| now != ConnectionState::Online));
                }
            };
            set_timeout(look, PATIENCE);
        }
    });
    let note = move |state: ConnectionState| {
        let words = match state {
            ConnectionState::Online => return None,
            ConnectionState::Offline => ui.texts().state_offline(),
            ConnectionState::Connecting => ui.texts().state_connecting(),
            ConnectionState::Disconnected { .. } => ui.texts().state_disconnected(),
        };
        let retry = matches!(state, ConnectionState::Disconnected { .. }).then(|| {
            button::button(Look::Quiet, ui.t(|t| t.reconnect_now()), move |_| {
                if let Some(account) = ui.state.account() {
                    ui.act(account, Command::Reconnect);
                }
            })
        });
        let mark = if state == ConnectionState::Connecting { icons::REFRESH_CW } else { icons::WIFI_OFF };
        Some(html::div().attr("class", "connection-note").child((icon(mark), html::span().child(words), retry)))
    };
    html::div()
        .attr("class", "connection-notes")
        .attr("role", "status")
        .child(live(move || state.get().filter(|_| late.get()).and_then(note)))
        .drawn()
}
