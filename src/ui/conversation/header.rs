//! Who the conversation is with.

use super::super::{
    Ui,
    kit::{avatar::avatar, button::icon_button, icon::icons},
    wording,
};
use crate::reactive::ev;
use crate::ui::draw::{Draw, Drawn, html, live, memo};
use crate::view::OpenChat;

/// Draws the header.
pub fn header(ui: Ui, chat: OpenChat) -> Drawn {
    let OpenChat { account, jid } = chat;
    let place = ui.state.place;
    let (named, letters, seen, shown) = (jid.clone(), jid.clone(), jid.clone(), jid.clone());
    let contact = memo(move || {
        let entry = account.contacts.watch(&seen)?;
        Some(entry.contact.with(|contact| (contact.availability, contact.status.clone(), contact.avatar.clone())))
    });
    let photo = move || {
        let of_contact = contact.with(|contact| contact.as_ref().and_then(|(_, _, avatar)| avatar.clone()));
        of_contact.or_else(|| account.chats.watch(&shown)?.summary.with(|chat| chat.avatar.clone()))
    };
    let below = live(move || {
        contact.with(|contact| {
            let (availability, status, _) = contact.as_ref()?;
            let word = wording::availability(ui.texts(), *availability);
            let status = status.as_deref().map(str::trim).filter(|status| !status.is_empty());
            Some(status.map_or_else(|| word.to_owned(), |status| [word, " · ", status].concat()))
        })
    });
    let presence = live(move || contact.with(|contact| contact.as_ref().map(|(seen, ..)| wording::presence(*seen))));
    html::header()
        .attr("class", "chat-head")
        .child((
            html::span().attr("class", "only-narrow").child(icon_button(
                icons::ARROW_LEFT,
                ui.t(|t| t.back()),
                move |_| {
                    ui.state.close_chat();
                },
            )),
            html::button()
                .attr("type", "button")
                .attr("class", "chat-who")
                .attr("tabindex", "-1")
                .attr("aria-hidden", "true")
                .on(ev::click, move |_| place.details.update(|open| *open = !*open))
                .child((html::span().attr("class", "row-face").child((
                    avatar(ui, account, jid, move || account.name_of(&letters), photo),
                    html::span().attr("class", "presence-dot").attr("data-presence", presence),
                )),)),
            html::div().attr("class", "chat-names").child((
                html::h1().attr("class", "chat-name").child(html::bdi().child(live(move || account.name_of(&named)))),
                html::p().attr("class", "chat-below").attr("dir", "auto").child(below),
            )),
            icon_button(icons::SEARCH, ui.t(|t| t.find_in_chat()), move |_| {
                if place.finding.get_untracked() {
                    ui.state.stop_finding();
                } else {
                    place.finding.set(true);
                }
            }),
            details_button(ui),
        ))
        .drawn()
}

fn details_button(ui: Ui) -> Drawn {
    let open = ui.state.place.details;
    html::button()
        .attr("type", "button")
        .attr("class", "icon-button")
        .attr("aria-label", ui.t(|t| t.details()))
        .attr("title", ui.t(|t| t.details()))
        .attr("aria-expanded", live(move || if open.get() { "true" } else { "false" }))
        .on(ev::click, move |_| open.update(|open| *open = !*open))
        .child(super::super::kit::icon::icon(icons::INFO))
        .drawn()
}
