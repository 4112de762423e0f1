//! Adds a contact, or changes one's name and groups.

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
    new_chat::said,
};
use crate::reactive::{RwSignal, ev};
use crate::ui::draw::{Draw, Drawn, html, live};
use crate::view::{Account, OpenChat, Reply};

/// The dialog's state while a command is under way.
#[derive(Clone, Copy)]
struct Progress {
    ui: Ui,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<String>>,
}

impl Progress {
    fn new(ui: Ui) -> Self {
        Self { ui, busy: RwSignal::new(false), problem: RwSignal::new(None) }
    }

    /// Sends a command; closes the dialog when it worked, else says why not.
    fn send(self, account: Account, command: Command) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.problem.set(None);
        self.ui.state.ask(account, command, move |reply| match reply {
            // The dialog was closed meanwhile.
            _ if self.busy.is_disposed() => {}
            Reply::Done(Err(error)) => {
                self.busy.set(false);
                self.problem.set(Some(wording::command_error(self.ui.words(), &error)));
            }
            Reply::Done(Ok(())) | Reply::Chat(_) => close(self.ui),
        });
    }
}

/// Draws the dialog for a new contact.
pub fn add(ui: Ui, address: String) -> Drawn {
    let (address, name, groups) = (Field::new(address), Field::default(), Field::default());
    let progress = Progress::new(ui);
    let submit = move || {
        let typed = address.trimmed();
        if typed.is_empty() {
            address.refuse(ui.words().address_missing());
        } else if let Some(account) = ui.state.account() {
            let command =
                Command::AddContact { address: typed, name: some(name.trimmed()), groups: split(&groups.trimmed()) };
            progress.send(account, command);
        }
    };
    let hint = ui.t(|t| t.add_contact_hint()).drawn();
    let fields = (
        field(ui, address, Kind::ADDRESS, ui.t(|t| t.xmpp_address()), Some(hint), None),
        field(ui, name, Kind::WORDS, ui.t(|t| t.name_optional()), None, None),
        field(ui, groups, Kind::WORDS, ui.t(|t| t.groups_optional()), None, None),
    );
    form(ui, ui.t(|t| t.add_contact()).drawn(), fields.drawn(), progress, ui.t(|t| t.add()).drawn(), submit)
}

/// Draws the dialog for a contact that is there.
pub fn edit(ui: Ui, whom: OpenChat) -> Drawn {
    let before = whom.account.contacts.find(&whom.jid).map(|entry| entry.contact.get_untracked());
    let (name, groups) =
        before.map(|contact| (contact.roster_name.unwrap_or_default(), contact.groups)).unwrap_or_default();
    let (name, groups) = (Field::new(name), Field::new(groups.join(", ")));
    let progress = Progress::new(ui);
    let submit = move || {
        let command = Command::EditContact {
            contact: whom.jid.clone(),
            name: some(name.trimmed()),
            groups: split(&groups.trimmed()),
        };
        progress.send(whom.account, command);
    };
    let fields = (
        field(ui, name, Kind { first: true, ..Kind::WORDS }, ui.t(|t| t.name_optional()), None, None),
        field(ui, groups, Kind::WORDS, ui.t(|t| t.groups_optional()), None, None),
    );
    form(ui, ui.t(|t| t.edit_contact()).drawn(), fields.drawn(), progress, ui.t(|t| t.save()).drawn(), submit)
}

fn form(ui: Ui, title: Drawn, fields: Drawn, progress: Progress, act: Drawn, submit: impl Fn() + 'static) -> Drawn {
    let body = html::form()
        .attr("novalidate", true)
        .on(ev::submit, move |event| {
            event.prevent_default();
            submit();
        })
        .child((
            fields,
            said(progress.problem),
            actions((
                button::button(Look::Plain, ui.t(|t| t.cancel()), move |_| close(ui)),
                button::submit(act, live(move || progress.busy.get())),
            )),
        ));
    dialog(ui, Size::Small, title, move || close(ui), body.drawn())
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// Group names separated by commas, each once.
fn split(text: &str) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for group in text.split(',').map(str::trim).filter(|group| !group.is_empty()) {
        if !groups.iter().any(|known| known == group) {
            groups.push(group.to_owned());
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_trimmed_and_unique() {
        assert_eq!(split(" Work, Friends ,, Work "), ["Work", "Friends"]);
        assert_eq!(split(""), Vec::<String>::new());
    }
}
