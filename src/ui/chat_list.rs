//! The list of chats.

use std::sync::Arc;

use plausch_model::{ChatState, ChatSummary, ConnectionState, Way};
use web_sys::MouseEvent;

use super::{
    Ui,
    kit::{
        avatar::avatar,
        button::{self, Look, icon_button},
        empty::{empty, skeleton_rows},
        field::search,
        hold::on_hold,
        icon::icons,
        menu::{self, Item},
        virtual_list::{Rows, virtual_list},
    },
    requests, wording,
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, El, choose, html, live, memo, when};
use crate::{
    text::{fold, format},
    view::{ChatRow, Dialog, OpenChat, Section},
};

/// Draws the list with its head; `heading` is the id that the heading gets.
pub fn chat_list(ui: Ui, heading: String) -> Drawn {
    let words = RwSignal::new(String::new());
    let all = memo(move || Found(Arc::new(ui.state.chat_rows())));
    let shown = memo(move || {
        let words = words.with(|words| fold::lower(words.trim()));
        let Found(all) = all.get();
        if words.is_empty() { Found(all) } else { Found(Arc::new(matching(&all, &words))) }
    });
    let new_chat = move || ui.state.place.dialog.set(Some(Dialog::NewChat { address: String::new() }));
    // While the first look into the archive lasts, an empty list means nothing.
    let known = move || {
        ui.state.account().is_some_and(|account| {
            let looking = matches!(account.connection.get(), ConnectionState::Connecting | ConnectionState::Online);
            account.chats.known.get() && (account.synced.get() > 0 || !looking)
        })
    };
    let none = choose(
        move || (known(), all.with(|Found(all)| all.is_empty()), shown.with(|Found(shown)| shown.is_empty())),
        move |(known, none, none_shown)| match (known, none, none_shown) {
            (false, true, _) => skeleton_rows(8),
            (true, true, _) => empty(
                icons::MESSAGES_SQUARE,
                ui.t(|t| t.no_chats()),
                ui.t(|t| t.no_chats_hint()),
                Some(button::button(Look::Primary, ui.t(|t| t.first_chat()), move |_| new_chat())),
            ),
            (_, false, true) => {
                empty(icons::SEARCH, ui.t(|t| t.nothing_found()), ui.t(|t| t.nothing_found_hint()), None)
            }
            (_, false, false) => Drawn::nothing(),
        },
    );
    (
        html::div().attr("class", "list-head").child((
            html::h1().attr("id", heading).child(ui.t(|t| t.chats())),
            icon_button(icons::SQUARE_PEN, ui.t(|t| t.new_chat()), move |_| new_chat()),
        )),
        search(ui, words, ui.t(|t| t.search_chats())),
        when(
            move || words.with(|words| !words.trim().is_empty()),
            move || {
                let query = move || words.get_untracked().trim().to_owned();
                html::div()
                    .attr("class", "search-on")
                    .child(button::button(Look::Quiet, ui.t(|t| t.search_messages()), move |_| {
                        ui.state.place.dialog.set(Some(Dialog::GoTo { query: query(), chosen: 0 }));
                    }))
                    .drawn()
            },
        ),
        requests::requests(ui),
        virtual_list(ui, rows(ui, shown), none),
    )
        .drawn()
}

/// Rows that a memo can compare.
#[derive(Clone)]
struct Found(Arc<Vec<ChatRow>>);

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

fn matching(all: &[ChatRow], words: &str) -> Vec<ChatRow> {
    let fits = |row: &&ChatRow| {
        row.entry.summary.with_untracked(|chat| {
            fold::lower(&chat.name).contains(words) || fold::lower(&chat.address).contains(words)
        })
    };
    all.iter().filter(fits).cloned().collect()
}

fn rows(ui: Ui, shown: Memo<Found>) -> Rows<ChatRow> {
    Rows {
        section: Section::Chats,
        name: live(move || ui.texts().chats()),
        all: memo(move || shown.get().0),
        key: |row| row.entry.jid.to_string(),
        draw: draw_row,
        count: live(move || ui.state.chat_rows().len().to_string()),
        unread: Some(live(move || ui.state.unread().to_string())),
    }
}

fn draw_row(ui: Ui, row: &ChatRow) -> El {
    let account = row.account;
    let jid = row.entry.jid.clone();
    let chat = row.entry.summary.clone();
    let open = OpenChat { account, jid: jid.clone() };
    let here = open.clone();
    let current = memo(move || ui.state.place.chat.with(|chat| chat.as_ref() == Some(&here)));
    let (named, counted, counted_again, photo, name, labelled) =
        (chat.clone(), chat.clone(), chat.clone(), chat.clone(), chat.clone(), chat.clone());
    let contact = jid.clone();
    let click: Box<dyn FnMut(MouseEvent)> = {
        let jid = jid.clone();
        Box::new(move |_| ui.state.open_chat(account, jid.clone()))
    };
    let held = open.clone();
    on_hold(html::li(), move |event| context_menu(ui, &held, event))
        .attr("class", "row")
        .attr("data-jid", jid.to_string())
        .attr("data-kind", "direct")
        .attr("data-unread", live(move || counted.with(|chat| chat.unread.to_string())))
        .attr("aria-label", live(move || labelled.with(|chat| label(ui, chat))))
        .on(ev::contextmenu, move |event| context_menu(ui, &open, &event))
        .child(
            html::button()
                .attr("type", "button")
                .attr("class", "row-button")
                .attr("tabindex", "-1")
                .attr("aria-current", live(move || current.get().then_some("true")))
                .on(ev::click, click)
                .child((
                    html::span().attr("class", "row-face").child((
                        avatar(
                            ui,
                            account,
                            jid.clone(),
                            move || name.with(|chat| chat.name.clone()),
                            move || photo.with(|chat| chat.avatar.clone()),
                        ),
                        presence_dot(account, contact),
                    )),
                    html::span().attr("class", "row-words").child((first_line(ui, named), second_line(ui, row))),
                    unseen(ui, account, counted_again),
                )),
        )
}

/// The row in words: the name first.
fn label(ui: Ui, chat: &ChatSummary) -> String {
    let mut label = chat.name.clone();
    if chat.unread > 0 {
        label.push_str(", ");
        label.push_str(&ui.plural(|t| t.unread(), f64::from(chat.unread)));
    }
    label
}

fn presence_dot(account: crate::view::Account, jid: plausch_model::BareJid) -> Drawn {
    let presence = move || {
        let entry = account.contacts.watch(&jid)?;
        Some(wording::presence(entry.contact.with(|contact| contact.availability)))
    };
    html::span().attr("class", "presence-dot").attr("data-presence", live(presence)).drawn()
}

/// What colours and badges say, for those who do not see them.
fn unseen(ui: Ui, account: crate::view::Account, chat: ArcRwSignal<ChatSummary>) -> Drawn {
    let words = move || {
        let (jid, unread) = chat.with(|chat| (chat.jid.clone(), chat.unread));
        let seen = account.contacts.watch(&jid).map(|entry| entry.contact.with(|contact| contact.availability));
        let presence = seen.map(|seen| wording::availability(ui.texts(), seen).to_owned());
        let unread = (unread > 0).then(|| ui.plural(|t| t.unread(), f64::from(unread)));
        presence.into_iter().chain(unread).fold(String::new(), |words, more| words + ", " + &more)
    };
    html::span().attr("class", "unseen").child(live(words)).drawn()
}

fn first_line(ui: Ui, chat: ArcRwSignal<ChatSummary>) -> Drawn {
    let (name, time) = (chat.clone(), chat);
    html::span()
        .attr("class", "row-line")
        .child((
            html::bdi().attr("class", "row-name").child(live(move || name.with(|chat| chat.name.clone()))),
            html::span().attr("class", "row-time").child(live(move || {
                let at = time.with(|chat| chat.preview.as_ref().map(|preview| preview.at));
                at.map(|at| ui.recent(at))
            })),
        ))
        .drawn()
}

/// Typing, draft or the last message; and the number of unread ones.
fn second_line(ui: Ui, row: &ChatRow) -> Drawn {
    let chat = row.entry.summary.clone();
    let typing = row.entry.typing.clone();
    let unread = chat.clone();
    let words = live(move || {
        if typing.get() == ChatState::Composing {
            return html::span().attr("class", "row-typing").child(ui.texts().typing_short()).drawn();
        }
        chat.with(|chat| preview(ui, chat))
    });
    let badge = live(move || {
        let unread = unread.with(|chat| chat.unread);
        (unread > 0).then(|| {
            html::span()
                .attr("class", "badge")
                .attr("aria-hidden", "true")
                .child(format::number(ui.locale(), f64::from(unread)))
        })
    });
    html::span()
        .attr("class", "row-line")
        .child((html::span().attr("class", "row-preview").attr("dir", "auto").child(words), badge))
        .drawn()
}

fn preview(ui: Ui, chat: &ChatSummary) -> Drawn {
    let lead = |class: &'static str, word: &'static str| html::span().attr("class", class).child((word, " "));
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match (&chat.draft, &chat.preview) {
        (Some(draft), _) if !draft.trim().is_empty() => {
            (lead("row-draft", ui.texts().draft()), one_line(draft)).drawn()
        }
        (_, Some(preview)) => {
            let own = (preview.way == Way::Out).then(|| lead("row-own", ui.texts().you()));
            (own, one_line(&wording::spoken(ui.texts(), &preview.body))).drawn()
        }
        _ => Drawn::nothing(),
    }
}

fn context_menu(ui: Ui, chat: &OpenChat, event: &MouseEvent) {
    let t = ui.words();
    let (details, remove) = (chat.clone(), chat.clone());
    let items = vec![
        Item::new(icons::INFO, t.details(), move || {
            ui.state.open_chat(details.account, details.jid.clone());
            ui.state.place.details.set(true);
        }),
        Item::danger(icons::TRASH_2, t.remove_chat(), move || {
            ui.state.place.dialog.set(Some(Dialog::RemoveChat(remove.clone())));
        }),
    ];
    menu::open_at_row(ui, event, untrack(|| chat.account.name_of(&chat.jid)), items);
}
