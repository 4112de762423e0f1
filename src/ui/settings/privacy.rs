//! What others learn.

use plausch_model::{AccountSettings, ArchivePolicy, ArchivePreferences, Command};

use super::{
    super::{
        Ui,
        dialogs::complain,
        kit::field::{choice, switch},
    },
    page,
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, html, memo, when};
use crate::view::Account;

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
        archive(ui, account),
    );
    page(ui.t(|t| t.privacy()), body.drawn())
}

/// What the server keeps; nothing where it does not let us say so, or cannot be asked now.
fn archive(ui: Ui, account: Account) -> Drawn {
    ui.state.command(account, Command::LoadArchivePreferences);
    let known = memo(move || account.archive.with(Option::is_some));
    when(
        move || known.get(),
        move || {
            let group = ui.unique("archive");
            let policies = [ArchivePolicy::Everybody, ArchivePolicy::Contacts, ArchivePolicy::Nobody];
            let choices: Vec<Drawn> = policies.into_iter().map(|policy| keep(ui, account, &group, policy)).collect();
            (
                html::fieldset()
                    .attr("class", "choices")
                    .child((html::legend().child(ui.t(|t| t.archive_keeps())), choices)),
                html::p().attr("class", "page-hint").child(ui.t(|t| t.archive_hint())),
            )
                .drawn()
        },
    )
}

fn keep(ui: Ui, account: Account, group: &str, policy: ArchivePolicy) -> Drawn {
    let name = ui.t(match policy {
        ArchivePolicy::Everybody => |t| t.archive_everybody(),
        ArchivePolicy::Contacts => |t| t.archive_contacts(),
        ArchivePolicy::Nobody => |t| t.archive_nobody(),
    });
    let archive = account.archive;
    let choose = move || {
        // Exceptions that another program has made stay.
        let Some(known) = archive.get_untracked() else { return };
        let wanted = ArchivePreferences { policy, ..known };
        archive.set(Some(wanted.clone()));
        ui.state.ask(account, Command::SetArchivePreferences(wanted), complain(ui));
    };
    let chosen = move || archive.with(|known| known.as_ref().is_some_and(|known| known.policy == policy));
    choice(group.to_owned(), name, None, chosen, choose)
}
