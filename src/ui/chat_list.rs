//! The list of chats.

use std::{rc::Rc, sync::Arc};

use plausch_model::{ChatState, ChatSummary, ConnectionState, Way};
use web_sys::MouseEvent;

use super::{
    Ui,
    kit::{
        avatar::avatar,
        button::{self, Look, icon_button},
        empty::{empty, skeleton_rows},
        field::search,
        icon::icons,
        menu::{self, Item},
        row::Row,
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
    let (named, counted, timed, photo, letters, labelled) =
        (chat.clone(), chat.clone(), chat.clone(), chat.clone(), chat.clone(), chat.clone());
    let face = avatar(
        ui,
        account,
        jid.clone(),
        move || letters.with(|chat| chat.name.clone()),
        move || photo.with(|chat| chat.avatar.clone()),
    );
    Row {
        key: jid.to_string(),
        label: live(move || labelled.with(|chat| label(ui, chat))),
        current: Box::new(move || current.get()),
        face: (face, presence_dot(account, jid.clone())).drawn(),
        name: live(move || named.with(|chat| chat.name.clone())),
        behind: time(ui, timed),
        below: words(ui, row),
        badge: badge(ui, chat.clone()),
        unseen: unseen(ui, account, chat),
        open: Box::new(move || ui.state.open_chat(account, jid.clone())),
        menu: Rc::new(move |event| context_menu(ui, &open, event)),
    }
    .draw()
    .attr("data-kind", "direct")
    .attr("data-unread", live(move || counted.with(|chat| chat.unread.to_string())))
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

/// When there was something last.
fn time(ui: Ui, chat: ArcRwSignal<ChatSummary>) -> Drawn {
    let words = live(move || {
        let at = chat.with(|chat| chat.preview.as_ref().map(|preview| preview.at));
        at.map(|at| ui.recent(at)).unwrap_or_default()
    });
    html::span().attr("class", "row-time").child(words).drawn()
}

/// How many messages are unread, if any are.
fn badge(ui: Ui, chat: ArcRwSignal<ChatSummary>) -> Drawn {
    let unread = memo(move || chat.with(|chat| chat.unread));
    let number = move || {
        html::span()
            .attr("class", "badge")
            .attr("aria-hidden", "true")
            .child(live(move || format::number(ui.locale(), f64::from(unread.get()))))
            .drawn()
    };
    when(move || unread.get() > 0, number)
}

/// What leads the words below a name.
#[derive(Clone, Copy, PartialEq)]
enum Lead {
    Typing,
    Draft,
    Own,
    Nothing,
}

/// Typing, draft or the last message. Words are changed where they stand: most of what changes in a list is these.
fn words(ui: Ui, row: &ChatRow) -> Drawn {
    let (typing, chat, typing_too, chat_too) =
        (row.entry.typing.clone(), row.entry.summary.clone(), row.entry.typing.clone(), row.entry.summary.clone());
    let said = move |class: &'static str, word, behind| html::span().attr("class", class).child((word, behind)).drawn();
    let leading = choose(
        move || if typing.get() == ChatState::Composing { Lead::Typing } else { chat.with(lead) },
        move |lead| match lead {
            Lead::Typing => said("row-typing", ui.t(|t| t.typing_short()), ""),
            Lead::Draft => said("row-draft", ui.t(|t| t.draft()), " "),
            Lead::Own => said("row-own", ui.t(|t| t.you()), " "),
            Lead::Nothing => Drawn::nothing(),
        },
    );
    let text = live(move || {
        let hidden = typing_too.get() == ChatState::Composing;
        if hidden { String::new() } else { chat_too.with(|chat| one_line(&preview(ui, chat))) }
    });
    (leading, text).drawn()
}

fn lead(chat: &ChatSummary) -> Lead {
    match (draft(chat), &chat.preview) {
        (Some(_), _) => Lead::Draft,
        (None, Some(preview)) if preview.way == Way::Out => Lead::Own,
        _ => Lead::Nothing,
    }
}

fn draft(chat: &ChatSummary) -> Option<&str> {
    chat.draft.as_deref().filter(|draft| !draft.trim().is_empty())
}

fn preview(ui: Ui, chat: &ChatSummary) -> String {
    match (draft(chat), &chat.preview) {
        (Some(draft), _) => draft.to_owned(),
        (None, Some(preview)) => wording::spoken(ui.texts(), &preview.body),
        (None, None) => String::new(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
