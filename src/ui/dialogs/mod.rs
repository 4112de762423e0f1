//! The dialog on top, if there is one.

mod confirm;
mod connection;
mod contact;
mod export;
mod go_to;
mod message;
mod new_chat;
mod shortcuts;

pub use go_to::way_back;

use super::{Ui, settings, wording};
use crate::ui::draw::{Drawn, choose};
use crate::view::{Dialog, NoticeKind, Reply};

/// Draws it.
pub fn dialogs(ui: Ui) -> Drawn {
    let open = ui.state.place.dialog;
    choose(
        move || open.get(),
        move |dialog| match dialog {
            None => Drawn::nothing(),
            Some(Dialog::NewChat { address }) => new_chat::new_chat(ui, address),
            Some(Dialog::AddContact { address }) => contact::add(ui, address),
            Some(Dialog::EditContact(whom)) => contact::edit(ui, whom),
            Some(Dialog::RemoveContact(whom)) => confirm::remove_contact(ui, whom),
            Some(Dialog::Block(whom)) => confirm::block(ui, whom),
            Some(Dialog::RemoveChat(chat)) => confirm::remove_chat(ui, chat),
            Some(Dialog::RemoveBookmark(room)) => confirm::remove_bookmark(ui, &room),
            Some(Dialog::ClearChat(chat)) => confirm::clear_chat(ui, chat),
            Some(Dialog::Export(chat)) => export::export(ui, chat),
            Some(Dialog::Retract(chat, message)) => confirm::retract(ui, &chat, message),
            Some(Dialog::LogOut(account)) => confirm::log_out(ui, account),
            Some(Dialog::Wipe) => confirm::wipe(ui),
            Some(Dialog::Settings(section)) => settings::settings(ui, section),
            Some(Dialog::Connection(account)) => connection::connection(ui, account),
            Some(Dialog::Message(chat, item)) => message::message(ui, chat, *item),
            Some(Dialog::Shortcuts) => shortcuts::shortcuts(ui),
            Some(Dialog::GoTo { query, chosen }) => go_to::go_to(ui, query, chosen),
        },
    )
}

/// Closes the dialog on top.
pub fn close(ui: Ui) {
    ui.state.place.dialog.set(None);
}

/// Says what went wrong with a command, at the edge of the screen.
pub fn complain(ui: Ui) -> impl FnOnce(Reply) + 'static {
    move |reply| {
        if let Reply::Done(Err(error)) = reply {
            ui.state.notices.show(NoticeKind::Problem, wording::command_error(ui.words(), &error));
        }
    }
}
