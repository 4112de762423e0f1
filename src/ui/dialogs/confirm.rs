//! Questions before what cannot be undone.

use plausch_model::{Command, LockRequest, OriginId};

use super::{
    super::{
        Ui, bookmark,
        kit::{
            button::{self, Look},
            dialog::{Size, actions, dialog},
        },
    },
    close, complain,
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, html, live};
use crate::{
    text::{Fill, Texts},
    view::{Account, OpenChat},
};

/// Remove a contact?
pub fn remove_contact(ui: Ui, whom: OpenChat) -> Drawn {
    let command = Command::RemoveContact(whom.jid.clone());
    about(ui, whom, |t| t.remove_contact_question(), |t| t.remove_contact_hint(), |t| t.remove(), command)
}

/// Block somebody?
pub fn block(ui: Ui, whom: OpenChat) -> Drawn {
    let command = Command::Block(whom.jid.clone());
    about(ui, whom, |t| t.block_question(), |t| t.block_hint(), |t| t.block(), command)
}

/// Remove a chat from the list?
pub fn remove_chat(ui: Ui, chat: OpenChat) -> Drawn {
    let command = Command::RemoveChat(chat.jid.clone());
    let jid = chat.jid.clone();
    let title = title_about(ui, &chat, |t| t.remove_chat_question());
    question(
        ui,
        title,
        |t| t.remove_chat_hint(),
        |t| t.remove(),
        move || {
            let open = ui.state.place.chat.with_untracked(|open| open.as_ref().is_some_and(|open| open.jid == jid));
            if open {
                ui.state.close_chat();
            }
            ui.state.ask(chat.account, command.clone(), complain(ui));
        },
    )
}

/// Take a room out of the bookmarks?
pub fn remove_bookmark(ui: Ui, room: &OpenChat) -> Drawn {
    let (account, command) = (room.account, Command::RemoveBookmark(room.jid.clone()));
    let title = title_of(ui, untrack(|| bookmark::name_of(room)), |t| t.remove_bookmark_question());
    let yes = move || ui.act(account, command.clone());
    question(ui, title, |t| t.remove_bookmark_hint(), |t| t.remove(), yes)
}

/// Delete a chat's messages from this device?
pub fn clear_chat(ui: Ui, chat: OpenChat) -> Drawn {
    let command = Command::ClearChat(chat.jid.clone());
    about(ui, chat, |t| t.clear_chat_question(), |t| t.clear_chat_hint(), |t| t.delete(), command)
}

/// Take a message back?
pub fn retract(ui: Ui, chat: &OpenChat, message: OriginId) -> Drawn {
    let (title, account) = (ui.t(|t| t.retract_question()).drawn(), chat.account);
    let yes = move || ui.act(account, Command::Retract(message.clone()));
    question(ui, title, |t| t.retract_hint(), |t| t.delete(), yes)
}

/// Log out?
pub fn log_out(ui: Ui, account: Account) -> Drawn {
    let title = ui.t(|t| t.log_out_question()).drawn();
    question(ui, title, |t| t.log_out_hint(), |t| t.log_out(), move || ui.act(account, Command::SignOut))
}

/// Delete everything, because the passphrase is forgotten?
pub fn wipe(ui: Ui) -> Drawn {
    let title = ui.t(|t| t.lock_forgotten()).drawn();
    question(ui, title, |t| t.log_out_hint(), |t| t.delete(), move || ui.state.ask_lock(LockRequest::Wipe))
}

fn about(
    ui: Ui,
    whom: OpenChat,
    question_of: fn(&'static Texts) -> Fill,
    hint: fn(&'static Texts) -> &'static str,
    act: fn(&'static Texts) -> &'static str,
    command: Command,
) -> Drawn {
    let title = title_about(ui, &whom, question_of);
    question(ui, title, hint, act, move || ui.state.ask(whom.account, command.clone(), complain(ui)))
}

fn title_about(ui: Ui, whom: &OpenChat, question_of: fn(&'static Texts) -> Fill) -> Drawn {
    title_of(ui, untrack(|| whom.account.name_of(&whom.jid)), question_of)
}

fn title_of(ui: Ui, name: String, question_of: fn(&'static Texts) -> Fill) -> Drawn {
    live(move || {
        let (before, after) = question_of(ui.texts()).around();
        (before, html::bdi().child(name.clone()), after)
    })
    .drawn()
}

fn question(
    ui: Ui,
    title: Drawn,
    hint: fn(&'static Texts) -> &'static str,
    act: fn(&'static Texts) -> &'static str,
    yes: impl Fn() + 'static,
) -> Drawn {
    question_with(ui, title, hint, act, Box::new(yes))
}

fn question_with(
    ui: Ui,
    title: Drawn,
    hint: fn(&'static Texts) -> &'static str,
    act: fn(&'static Texts) -> &'static str,
    yes: Box<dyn Fn()>,
) -> Drawn {
    let body = (
        html::p().attr("class", "dialog-hint").child(ui.t(hint)),
        actions((
            button::button(Look::Plain, ui.t(|t| t.cancel()), move |_| close(ui)),
            button::button(Look::Danger, ui.t(act), move |_| {
                close(ui);
                yes();
            }),
        )),
    );
    dialog(ui, Size::Small, title, move || close(ui), body.drawn())
}
