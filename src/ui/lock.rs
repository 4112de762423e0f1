//! The lock screen, and what leads to it.

use std::{cell::Cell, rc::Rc, time::Duration};

use plausch_model::{LockError, LockRequest, Secret, ToEngine};

use super::{
    Ui,
    kit::{
        button::{self, Look},
        dom,
        field::{Field, Kind, field},
        icon::logo,
    },
};
use crate::reactive::*;
use crate::text::Texts;
use crate::ui::draw::{Draw, Drawn, effect, html, live};
use crate::view::{Dialog, NoticeKind};

/// Use is told no more often than this.
const USE_MILLIS: f64 = 30_000.0;

/// A passphrase: no password manager of this device is to keep it.
pub const PASSPHRASE: Kind =
    Kind { input: Some("password"), autocomplete: Some("off"), mode: None, name: None, first: false };

/// Draws the screen.
pub fn lock_screen(ui: Ui) -> Drawn {
    // It stands above everything, and may name somebody.
    ui.menu.set(None);
    let typed = Field::default();
    typed.input.on_load(|input| dom::focus(&input));
    complain(ui, typed);
    let busy = ui.state.lock.busy;
    html::main()
        .attr("class", "sign-in")
        .child(
            html::div().attr("class", "sign-in-card").child((
                html::div().attr("class", "sign-in-brand").child((logo(), html::span().child("Plausch"))),
                html::h1().child(ui.t(|t| t.locked())),
                html::form()
                    .attr("novalidate", true)
                    .attr("aria-busy", live(move || busy.get().then_some("true")))
                    .on(ev::submit, move |event| {
                        event.prevent_default();
                        if let Some(passphrase) = given(ui, typed) {
                            ui.state.ask_lock(LockRequest::Unlock(passphrase));
                        }
                    })
                    .child((
                        field(ui, typed, PASSPHRASE, ui.t(|t| t.passphrase()), None, None),
                        button::submit(ui.t(|t| t.unlock()), live(move || busy.get())),
                    )),
                button::button(Look::Quiet, ui.t(|t| t.lock_forgotten()), move |_| {
                    ui.state.place.dialog.set(Some(Dialog::Wipe));
                }),
            )),
        )
        .drawn()
}

/// What is typed, unless that is nothing.
pub fn given(ui: Ui, typed: Field) -> Option<Secret> {
    let passphrase = typed.value.get_untracked();
    if passphrase.is_empty() {
        typed.refuse(ui.words().passphrase_wrong());
        return None;
    }
    Some(Secret::new(passphrase))
}

/// Says why a request was not carried out: at the field, if it is about what was typed there.
pub fn complain(ui: Ui, typed: Field) {
    effect(move || match ui.state.lock.error.get() {
        None => {}
        Some(LockError::WrongPassphrase) => {
            typed.refuse(ui.words().passphrase_wrong());
            if let Some(input) = typed.input.get_untracked() {
                input.select();
            }
        }
        Some(error) => ui.state.notices.show(NoticeKind::Problem, reason(ui.words(), &error)),
    });
}

fn reason(t: &Texts, error: &LockError) -> String {
    match error {
        LockError::WrongPassphrase => t.passphrase_wrong().to_owned(),
        LockError::TooShort => t.passphrase_short().to_owned(),
        LockError::NothingKept => t.lock_nothing_kept().to_owned(),
        LockError::NotNow => t.retry().to_owned(),
        LockError::Storage(words) => t.failed_storage().fill(words),
    }
}

/// Locks, if there is a passphrase; tells whether there is. What has been typed is told before the engine hears of it.
pub fn lock(ui: Ui) -> bool {
    let locks = is_set(ui);
    if locks {
        ui.state.lock_up();
        set_timeout(move || ui.state.tell(&ToEngine::LockNow), Duration::ZERO);
    }
    locks
}

/// Whether there is a passphrase.
pub fn is_set(ui: Ui) -> bool {
    ui.state.lock.passphrase.with_untracked(Option::is_some)
}

/// Tells the engine now and then that somebody uses the app, which may lock by itself.
pub fn watch_use(ui: Ui) {
    let told_at = Rc::new(Cell::new(0.0));
    let used = move || {
        let now = js_sys::Date::now();
        if is_set(ui) && (now - told_at.get()).abs() >= USE_MILLIS {
            told_at.set(now);
            ui.state.tell(&ToEngine::Used);
        }
    };
    for kind in ["keydown", "pointerdown", "pointermove", "wheel"] {
        let used = used.clone();
        let listener = window_event_listener_untyped(kind, move |_| used());
        on_cleanup(move || listener.remove());
    }
}
