//! What others learn.

use plausch_model::{AccountSettings, Command};

use super::{
    super::{Ui, dialogs::complain, kit::field::switch},
    page,
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, html};

/// Draws the page.
pub fn privacy(ui: Ui) -> Drawn {
    let Some(account) = untrack(|| ui.state.account()) else { return Drawn::nothing() };
    let settings = account.settings;
    // Shown at once; the engine's answer confirms it or puts it back.
    let change = move |change: fn(&mut AccountSettings, bool)| {
        move |on: bool| {
            settings.update(|settings| change(settings, on));
            ui.state.ask(account, Command::SetSettings(settings.get_untracked()), complain(ui));
        }
    };
    let body = (
        switch(
            ui,
            ui.t(|t| t.send_typing()),
            ui.t(|t| t.send_typing_hint()),
            move || settings.with(|settings| settings.send_typing),
            change(|settings, on| settings.send_typing = on),
        ),
        switch(
            ui,
            ui.t(|t| t.send_receipts()),
            ui.t(|t| t.send_receipts_hint()),
            move || settings.with(|settings| settings.send_receipts),
            change(|settings, on| settings.send_receipts = on),
        ),
        html::p().attr("class", "page-hint").child(ui.t(|t| t.strangers_learn_nothing())),
    );
    page(ui.t(|t| t.privacy()), body.drawn())
}
