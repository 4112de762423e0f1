//! A bookmarked room: its row among the contacts, and what is shown in a conversation's stead, since rooms can't be joined.

use std::rc::Rc;

use web_sys::{HtmlElement, MouseEvent};

use super::{
    Room, Ui, conversation,
    kit::{
        avatar::of_room,
        button::{self, Look, icon_button},
        dom,
        empty::empty,
        icon::icons,
        menu::{self, Item},
        row::Row,
    },
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, El, Live, NodeRef, html, live, memo};
use crate::view::{Dialog, OpenChat};

/// The name to show: that of the bookmark, else the address.
pub fn name_of(room: &OpenChat) -> String {
    room.account.bookmarks.watch(&room.jid).map_or_else(|| room.jid.to_string(), |known| known.name)
}

/// What stands below the name: the address, unless that has to stand in for the name already.
fn below(ui: Ui, room: &OpenChat) -> String {
    let known = room.account.bookmarks.watch(&room.jid).filter(|known| known.name != known.address);
    known.map_or_else(|| ui.texts().room().to_owned(), |known| known.address)
}

fn words(ui: Ui, room: &OpenChat, words: fn(Ui, &OpenChat) -> String) -> El {
    let room = room.clone();
    html::bdi().child(live(move || words(ui, &room)))
}

/// Name and kind, for those who do not see the picture.
fn label(ui: Ui, room: &OpenChat) -> Live<String> {
    let room = room.clone();
    live(move || [&name_of(&room), ", ", ui.texts().room()].concat())
}

/// What tells a room's row apart from all others: an address as in a link that leads to a room (XEP-0045 §17.2.1), since a
/// contact may have the same one.
pub fn key(room: &OpenChat) -> String {
    [room.jid.as_str(), "?join"].concat()
}

/// Draws the row.
pub fn row(ui: Ui, room: &OpenChat) -> El {
    let (here, open, named, told, pointed) = (room.clone(), room.clone(), room.clone(), room.clone(), room.clone());
    let current = memo(move || ui.state.place.room.with(|room| room.as_ref() == Some(&here)));
    Row {
        key: key(room),
        label: label(ui, room),
        current: Box::new(move || current.get()),
        face: of_room(&room.jid),
        name: live(move || name_of(&named)),
        behind: Drawn::nothing(),
        below: live(move || below(ui, &told)).drawn(),
        badge: Drawn::nothing(),
        unseen: Drawn::nothing(),
        open: Box::new(move || ui.state.open_room(open.clone())),
        menu: Rc::new(move |event| context_menu(ui, &pointed, event)),
    }
    .draw()
    .attr("data-kind", "group")
}

fn context_menu(ui: Ui, room: &OpenChat, event: &MouseEvent) {
    let t = ui.words();
    let (copied, removed) = (room.clone(), room.clone());
    let items = vec![
        Item::new(icons::COPY, t.copy_address(), move || copy_address(ui, &copied)),
        Item::danger(icons::TRASH_2, t.remove_bookmark(), move || ask_to_remove(ui, &removed)),
    ];
    menu::open_at_row(ui, event, untrack(|| name_of(room)), items);
}

fn copy_address(ui: Ui, room: &OpenChat) {
    // As programs read it, which is not always how people should see it.
    conversation::copy(ui, room.jid.to_string());
}

fn ask_to_remove(ui: Ui, room: &OpenChat) {
    ui.state.place.dialog.set(Some(Dialog::RemoveBookmark(room.clone())));
}

/// Draws what an open room shows: which it is, and why there are no messages.
pub fn pane(ui: Ui, room: OpenChat) -> Drawn {
    let (copied, removed) = (room.clone(), room.clone());
    let section = NodeRef::<HtmlElement>::new();
    section.on_load(|section| {
        // What was chosen elsewhere goes on here, as in a conversation's field.
        if let Some(first) = dom::find(&section, ".empty .button") {
            dom::focus_quietly(&first);
        }
    });
    let buttons = html::div().attr("class", "empty-actions").child((
        button::button(Look::Plain, ui.t(|t| t.copy_address()), move |_| copy_address(ui, &copied)),
        button::button(Look::Danger, ui.t(|t| t.remove_bookmark()), move |_| ask_to_remove(ui, &removed)),
    ));
    html::section()
        .attr("class", "conversation")
        .attr("role", live(move || if ui.room.get() == Room::Narrow { "main" } else { "region" }))
        .attr("aria-label", label(ui, &room))
        .attr("data-jid", room.jid.to_string())
        .attr("data-kind", "group")
        .node_ref(section)
        .child((
            html::header().attr("class", "chat-head").child((
                html::span().attr("class", "only-narrow").child(icon_button(
                    icons::ARROW_LEFT,
                    ui.t(|t| t.back()),
                    move |_| ui.state.close_chat(),
                )),
                html::span().attr("class", "chat-who").child(of_room(&room.jid)),
                html::div().attr("class", "chat-names").child((
                    html::h1().attr("class", "chat-name").child(words(ui, &room, |_, room| name_of(room))),
                    html::p().attr("class", "chat-below").child(words(ui, &room, below)),
                )),
            )),
            empty(
                icons::USERS_ROUND,
                ui.t(|t| t.room_unsupported()),
                ui.t(|t| t.room_unsupported_hint()),
                Some(buttons.drawn()),
            ),
        ))
        .drawn()
}
