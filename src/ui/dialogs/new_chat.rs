//! Starts a chat with an address.

use plausch_model::Command;

use super::{
    super::{
        Ui,
        kit::{
            button::{self, Look},
            dialog::{Size, actions, dialog},
            field::{Field, Kind, field},
        },
        wording,
    },
    close,
};
use crate::reactive::{RwSignal, ev};
use crate::ui::draw::{Draw, Drawn, html, live};
use crate::view::Reply;

/// Draws the dialog; an address that a link brought along is filled in and said to be one.
pub fn new_chat(ui: Ui, address: String) -> Drawn {
    let by_link = !address.is_empty();
    let typed = Field::new(address);
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<String>);
    let submit = move || {
        let Some(account) = ui.state.account().filter(|_| !busy.get_untracked()) else { return };
        let address = typed.trimmed();
        if address.is_empty() {
            typed.refuse(ui.words().address_missing());
            return;
        }
        busy.set(true);
        problem.set(None);
        ui.state.ask(account, Command::StartChat { address }, move |reply| match reply {
            // The dialog was closed meanwhile.
            _ if busy.is_disposed() => {}
            Reply::Chat(jid) => {
                close(ui);
                ui.state.open_chat(account, jid);
            }
            Reply::Done(Err(error)) => {
                busy.set(false);
                problem.set(Some(wording::command_error(ui.words(), &error)));
                typed.focus();
            }
            Reply::Done(Ok(())) => busy.set(false),
        });
    };
    let hint = if by_link { ui.t(|t| t.link_hint()).drawn() } else { ui.t(|t| t.new_chat_hint()).drawn() };
    let body = html::form()
        .attr("novalidate", true)
        .on(ev::submit, move |event| {
            event.prevent_default();
            submit();
        })
        .child((
            field(ui, typed, Kind::ADDRESS, ui.t(|t| t.xmpp_address()), Some(hint), None),
            said(problem),
            actions((
                button::button(Look::Plain, ui.t(|t| t.cancel()), move |_| close(ui)),
                button::submit(ui.t(|t| t.start_chat()), live(move || busy.get())),
            )),
        ));
    dialog(ui, Size::Small, ui.t(|t| t.new_chat()), move || close(ui), body.drawn())
}

/// What went wrong, within a dialog.
pub fn said(problem: RwSignal<Option<String>>) -> Drawn {
    live(move || {
        problem.get().map(|words| {
            html::p().attr("class", "dialog-problem").attr("role", "alert").attr("dir", "auto").child(words)
        })
    })
    .drawn()
}
