//! The passphrase before what is kept on this device.

use plausch_model::{AutoLock, LockRequest, SHORTEST_PASSPHRASE};

use super::{
    super::{
        Ui, Word,
        kit::{
            button::{self, Look},
            field::{Field, choice, field},
        },
        lock::{PASSPHRASE, complain, given},
    },
    page,
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, choose, effect, html, live};
use crate::view::NoticeKind;

#[derive(Clone, Copy)]
struct Form {
    /// The passphrase that is set.
    old: Field,
    new: Field,
    again: Field,
}

/// Draws the page.
pub fn lock(ui: Ui) -> Drawn {
    let state = ui.state.lock;
    state.error.set(None);
    let form = Form { old: Field::default(), new: Field::default(), again: Field::default() };
    complain(ui, form.old);
    let before = state.done.get_untracked();
    effect(move || {
        if state.done.get() != before {
            [form.old, form.new, form.again].iter().for_each(Field::clear);
            ui.state.notices.show(NoticeKind::Done, ui.words().saved().to_owned());
        }
    });
    let body = (
        html::p().child(ui.t(|t| t.lock_text())),
        html::p().attr("class", "page-hint").child(ui.t(|t| t.lock_warning())),
        choose(
            move || state.passphrase.with(Option::is_some),
            move |is_set| if is_set { change(ui, form) } else { set(ui, form) },
        ),
    );
    page(ui.t(|t| t.app_lock()), body.drawn())
}

fn set(ui: Ui, form: Form) -> Drawn {
    passphrases(ui, form, false, ui.t(|t| t.passphrase_set()), Drawn::nothing())
}

fn change(ui: Ui, form: Form) -> Drawn {
    let remove = button::button(Look::Danger, ui.t(|t| t.passphrase_remove()), move |_| {
        if let Some(old) = given(ui, form.old) {
            ui.state.ask_lock(LockRequest::Protect { old: Some(old), new: None });
        }
    });
    (auto_lock(ui), passphrases(ui, form, true, ui.t(|t| t.passphrase_change()), remove)).drawn()
}

fn passphrases(ui: Ui, form: Form, is_set: bool, act: Word, besides: Drawn) -> Drawn {
    let Form { old, new, again } = form;
    let submit = move || {
        let old = if is_set { Some(given(ui, old)?) } else { None };
        if new.value.with_untracked(|new| new.chars().count() < SHORTEST_PASSPHRASE) {
            new.refuse(ui.words().passphrase_short());
        } else if new.value.get_untracked() != again.value.get_untracked() {
            again.refuse(ui.words().passphrase_differs());
        } else {
            ui.state.ask_lock(LockRequest::Protect { old, new: given(ui, new) });
        }
        Some(())
    };
    let plain = |typed, label| field(ui, typed, PASSPHRASE, label, None, None);
    html::form()
        .attr("class", "one-field")
        .attr("novalidate", true)
        .on(ev::submit, move |event| {
            event.prevent_default();
            submit();
        })
        .child((
            is_set.then(|| plain(old, ui.t(|t| t.passphrase_present()))),
            plain(new, ui.t(|t| t.passphrase_new())),
            plain(again, ui.t(|t| t.passphrase_again())),
            html::div()
                .attr("class", "page-actions")
                .child((button::submit(act, live(move || ui.state.lock.busy.get())), besides)),
        ))
        .drawn()
}

fn auto_lock(ui: Ui) -> Drawn {
    let group = ui.unique("auto-lock");
    let choices: Vec<Drawn> = AutoLock::ALL
        .into_iter()
        .map(|auto_lock| {
            let name = ui.t(match auto_lock {
                AutoLock::Never => |t| t.lock_never(),
                AutoLock::FiveMinutes => |t| t.lock_five_minutes(),
                AutoLock::QuarterHour => |t| t.lock_quarter_hour(),
                AutoLock::Hour => |t| t.lock_hour(),
            });
            let passphrase = ui.state.lock.passphrase;
            let chosen = move || passphrase.with(|present| *present == Some(auto_lock));
            choice(group.clone(), name, None, chosen, move || {
                ui.state.ask_lock(LockRequest::SetAutoLock(auto_lock));
            })
        })
        .collect();
    html::fieldset()
        .attr("class", "choices")
        .child((html::legend().child(ui.t(|t| t.lock_by_itself())), choices))
        .drawn()
}
