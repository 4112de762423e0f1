//! The open conversation: header, messages, composer.

mod composer;
mod editing;
mod find;
mod gap;
mod header;
mod highlight;
mod layout;
mod links;
mod log;
mod message;
mod reactions;
mod text;
mod typing;

pub use message::{copy, describe};

use plausch_model::Command;

use super::{
    Room, Ui, bookmark,
    kit::{
        button::{self, Look},
        empty::empty,
        icon::{icon, icons, logo},
    },
};
use crate::ui::draw::{Draw, Drawn, choose, html, live, memo, when};
use crate::view::{Dialog, OpenChat};

/// Draws the pane: a conversation, a room, or an invitation to choose one.
pub fn chat_pane(ui: Ui) -> Drawn {
    let place = ui.state.place;
    html::div()
        .attr("class", "chat-pane")
        .child(choose(
            move || (place.chat.get(), place.room.get()),
            move |open| match open {
                (Some(chat), _) => conversation(ui, chat),
                (None, Some(room)) => bookmark::pane(ui, room),
                (None, None) => nothing_open(ui),
            },
        ))
        .drawn()
}

fn nothing_open(ui: Ui) -> Drawn {
    html::div()
        .attr("class", "splash")
        .child((logo(), empty(icons::MESSAGE_CIRCLE, ui.t(|t| t.choose_chat()), ui.t(|t| t.choose_chat_hint()), None)))
        .drawn()
}

fn conversation(ui: Ui, chat: OpenChat) -> Drawn {
    let role = live(move || if ui.room.get() == Room::Narrow { "main" } else { "region" });
    let named = chat.clone();
    let name = live(move || ui.texts().conversation_with().fill(&named.account.name_of(&named.jid)));
    html::section()
        .attr("class", "conversation")
        .attr("role", role)
        .attr("aria-label", name)
        .attr("data-jid", chat.jid.to_string())
        .attr("data-encryption", "none")
        .child((
            header::header(ui, chat.clone()),
            find::find(ui, chat.clone()),
            banner(ui, chat.clone()),
            log::log(ui, chat.clone()),
            html::footer()
                .attr("class", "chat-foot")
                .child((typing::typing(ui, chat.clone()), composer::composer(ui, chat))),
        ))
        .drawn()
}

/// A word about people who are strangers or blocked, and what to do about it.
fn banner(ui: Ui, chat: OpenChat) -> Drawn {
    let account = chat.account;
    let jid = chat.jid.clone();
    let known = memo(move || {
        let Some(entry) = account.chats.watch(&jid) else { return (false, false) };
        entry.summary.with(|chat| (chat.stranger, chat.blocked))
    });
    let blocked = chat.clone();
    let stranger = chat;
    (
        when(
            move || known.get().1,
            move || {
                let whom = blocked.clone();
                let unblock = button::button(Look::Plain, ui.t(|t| t.unblock()), move |_| {
                    ui.act(whom.account, Command::Unblock(whom.jid.clone()));
                });
                strip(icons::BAN, ui.t(|t| t.blocked_hint()).drawn(), unblock)
            },
        ),
        when(
            move || known.get() == (true, false),
            move || {
                let (add, block) = (stranger.clone(), stranger.clone());
                let buttons = (
                    button::button(Look::Plain, ui.t(|t| t.add_contact()), move |_| {
                        let address = add.jid.to_string();
                        ui.state.place.dialog.set(Some(Dialog::AddContact { address }));
                    }),
                    button::button(Look::Quiet, ui.t(|t| t.block()), move |_| {
                        ui.state.place.dialog.set(Some(Dialog::Block(block.clone())));
                    }),
                );
                strip(icons::SHIELD, ui.t(|t| t.stranger_hint()).drawn(), buttons.drawn())
            },
        ),
    )
        .drawn()
}

fn strip(mark: super::kit::icon::Icon, words: Drawn, buttons: Drawn) -> Drawn {
    html::div()
        .attr("class", "strip")
        .child((icon(mark), html::p().child(words), html::div().attr("class", "strip-actions").child(buttons)))
        .drawn()
}
