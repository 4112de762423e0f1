//! One message: its separators, its bubble, how far it has come.

use std::sync::Arc;

use plausch_model::{Command, DeliveryState, Encryption, FailureReason, MessageBody, TimelineItem, Unsent, Way};
use web_sys::HtmlElement;

use super::{
    super::{
        Ui,
        kit::{
            dom,
            icon::{Icon, icon, icons},
            menu::{Item, Menu},
        },
        wording,
    },
    editing, gap, reactions, text,
};
use crate::ui::draw::{Draw, Drawn, El, choose, html, live, memo, when};
use crate::{
    text::{Texts, format},
    view::{Dialog, Entry, NoticeKind, OpenChat, Shape},
};

/// Draws a message with what stands above it.
pub fn message(ui: Ui, chat: &OpenChat, entry: &Arc<Entry>) -> El {
    let at = entry.at;
    let shape = entry.shape.clone();
    let outline = entry.shape.clone();
    html::div()
        .attr("class", "message-row")
        .attr("data-way", entry.way.name())
        .attr("data-shape", live(move || outline.with(shape_name)))
        .child((gap::row(ui, chat, entry), live(move || separators(ui, at, shape.get())), article(ui, chat, entry)))
}

const fn shape_name(shape: &Shape) -> &'static str {
    match (shape.opens_group, shape.closes_group) {
        (true, true) => "single",
        (true, false) => "first",
        (false, true) => "last",
        (false, false) => "middle",
    }
}

fn separators(ui: Ui, at: plausch_model::Timestamp, shape: Shape) -> Drawn {
    let day = shape.opens_day.then(|| {
        let day = move || live(move || ui.day(at));
        html::div()
            .attr("class", "day")
            .attr("role", "separator")
            .attr("aria-label", day())
            .child(html::span().child(day()))
    });
    let unread = shape.opens_unread.then(|| {
        html::div()
            .attr("class", "unread-line")
            .attr("role", "separator")
            .attr("aria-label", ui.t(|t| t.new_messages()))
            .child(html::span().child(ui.t(|t| t.new_messages())))
    });
    (day, unread).drawn()
}

fn article(ui: Ui, chat: &OpenChat, entry: &Arc<Entry>) -> Drawn {
    let (account, peer, way, at) = (chat.account, chat.jid.clone(), entry.way, entry.at);
    let (state, body, spoken) = (entry.item.clone(), entry.item.clone(), entry.item.clone());
    let state = memo(move || state.with(shown_state));
    let (edited, gone, chips) = (entry.item.clone(), entry.item.clone(), entry.item.clone());
    let edited = memo(move || edited.with(|item| item.edited.is_some()));
    let unsent = entry.item.clone();
    let unsent = move || unsent.with_untracked(|item| item.unsent.is_some());
    let gone = move || gone.with(|item| item.body == MessageBody::Retracted);
    let name = move || match way {
        Way::Out => ui.texts().from_you().to_owned(),
        Way::In => account.name_of(&peer),
    };
    let label = live(move || {
        let words = spoken.with(|item| wording::spoken(ui.texts(), &item.body));
        [name().as_str(), ": ", &words, ", ", &format::time(ui.locale(), at)].concat()
    });
    html::article()
        .attr("class", "message")
        .attr("tabindex", "-1")
        .attr("data-id", entry.id.to_string())
        .attr("data-author", entry.author.to_string())
        .attr("data-direction", way.name())
        .attr("data-state", live(move || state.with(|state| state.as_ref().map(DeliveryState::name))))
        .attr("data-edited", live(move || edited.get().then_some("true")))
        .attr("data-retracted", live(move || gone().then_some("true")))
        .attr("data-encryption", encryption(entry.item.with_untracked(|item| item.encryption)))
        .attr("aria-label", label)
        .child((
            html::div().attr("class", "bubble").child(
                html::div().attr("class", "message-inside").attr("dir", "auto").child((
                    choose(move || body.with(|item| item.body.clone()), move |body| draw_body(ui, body)),
                    html::span().attr("class", "message-meta").child((
                        when(
                            move || edited.get(),
                            move || html::span().attr("class", "edited").child(ui.t(|t| t.edited())).drawn(),
                        ),
                        html::time()
                            .attr("datetime", format::iso(at))
                            .child(live(move || format::time(ui.locale(), at))),
                        live(move || state.with(|state| state.as_ref().map(|state| state_mark(ui.texts(), state)))),
                    )),
                )),
            ),
            html::button()
                .attr("type", "button")
                .attr("class", "icon-button message-more")
                .attr("tabindex", "-1")
                .attr("aria-haspopup", "menu")
                .attr("aria-label", ui.t(|t| t.message_actions()))
                .child(icon(icons::ELLIPSIS)),
            choose(
                move || chips.with(|item| (item.reactions.clone(), item.reacting)),
                move |(reactions, waits)| reactions::chips(ui, account, &reactions, waits),
            ),
            choose(
                move || state.with(|state| failure_of(state.as_ref())),
                move |failure| failure.map(|failure| failed(ui, &failure, unsent())).drawn(),
            ),
        ))
        .drawn()
}

fn draw_body(ui: Ui, body: MessageBody) -> Drawn {
    match body {
        MessageBody::Text(words) => text::text(ui, words),
        MessageBody::Unreadable => html::div()
            .attr("class", "message-body")
            .attr("data-unreadable", "true")
            .child(ui.t(|t| t.unreadable()))
            .drawn(),
        MessageBody::Retracted => {
            html::div().attr("class", "message-body").attr("data-gone", "true").child(ui.t(|t| t.retracted())).drawn()
        }
    }
}

/// `data-encryption`.
const fn encryption(encryption: Encryption) -> &'static str {
    match encryption {
        Encryption::None => "none",
    }
}

/// How far it has come as it is shown: an edit or retraction that is not sent yet is what the person waits for.
fn shown_state(item: &TimelineItem) -> Option<DeliveryState> {
    match &item.unsent {
        Some(Unsent::Waiting) => Some(DeliveryState::Waiting),
        Some(Unsent::Failed(why)) => Some(DeliveryState::Failed(why.clone())),
        None if item.body == MessageBody::Retracted => None,
        None => item.state.clone(),
    }
}

const fn state_icon(state: &DeliveryState) -> Icon {
    match state {
        DeliveryState::Waiting => icons::CLOCK,
        DeliveryState::Sent => icons::CHECK,
        DeliveryState::Delivered | DeliveryState::Read => icons::CHECK_CHECK,
        DeliveryState::Failed(_) => icons::CIRCLE_ALERT,
    }
}

const fn state_word(t: &Texts, state: &DeliveryState) -> &'static str {
    match state {
        DeliveryState::Waiting => t.waiting(),
        DeliveryState::Sent => t.sent(),
        DeliveryState::Delivered => t.delivered(),
        DeliveryState::Read => t.read(),
        DeliveryState::Failed(_) => t.failed(),
    }
}

fn state_mark(t: &'static Texts, state: &DeliveryState) -> Drawn {
    html::span()
        .attr("class", "state")
        .attr("data-delivery", state.name())
        .attr("title", state_word(t, state))
        .child((icon(state_icon(state)), html::span().attr("class", "unseen").child(state_word(t, state))))
        .drawn()
}

fn failure_of(state: Option<&DeliveryState>) -> Option<FailureReason> {
    match state {
        Some(DeliveryState::Failed(reason)) => Some(reason.clone()),
        _ => None,
    }
}

/// Why it failed, with the two ways out. The log listens for the clicks (`data-act`).
fn failed(ui: Ui, reason: &FailureReason, change: bool) -> Drawn {
    let reason = reason.clone();
    let act = |name: &'static str, word: Drawn| {
        html::button()
            .attr("type", "button")
            .attr("class", "button")
            .attr("data-look", "quiet")
            .attr("data-act", name)
            .child(word)
    };
    html::div()
        .attr("class", "message-failed")
        .child((
            html::span().attr("dir", "auto").child(live(move || wording::failure(ui.texts(), &reason))),
            act("retry", ui.t(|t| t.retry()).drawn()),
            act("discard", if change { ui.t(|t| t.drop_change()).drawn() } else { ui.t(|t| t.delete()).drawn() }),
        ))
        .drawn()
}

/// The menu of a message.
pub fn menu(ui: Ui, chat: &OpenChat, entry: &Entry, anchor: HtmlElement, point: Option<(f64, f64)>) -> Menu {
    let t = ui.words();
    let item = entry.item.get_untracked();
    let account = chat.account;
    let mut items = Vec::new();
    if reactions::may_react(&item) {
        let (chat, item, anchor) = (chat.clone(), item.clone(), anchor.clone());
        items.push(Item::new(icons::SMILE, t.react(), move || {
            reactions::open(ui, &chat, &item, anchor.clone(), point);
        }));
    }
    if let Some(words) = editing::editable(&item) {
        let (chat, id, words) = (chat.clone(), item.id.clone(), words.to_owned());
        items.push(Item::new(icons::PENCIL, t.edit(), move || editing::begin(&chat, id.clone(), words.clone())));
    }
    if let MessageBody::Text(words) = &item.body {
        let words = words.clone();
        items.push(Item::new(icons::COPY, t.copy(), move || copy(ui, words.clone())));
    }
    let details = Dialog::Message(chat.clone(), Box::new(item.clone()));
    items.push(Item::new(icons::INFO, t.details(), move || ui.state.place.dialog.set(Some(details.clone()))));
    let id = item.id.clone();
    let state = shown_state(&item);
    if matches!(state, Some(DeliveryState::Failed(_))) {
        let id = id.clone();
        items.push(Item::new(icons::REFRESH_CW, t.retry(), move || ui.act(account, Command::Retry(id.clone()))));
    }
    if item.unsent.is_some() {
        let id = id.clone();
        items.push(Item::new(icons::X, t.drop_change(), move || ui.act(account, Command::Discard(id.clone()))));
    }
    if item.way == Way::Out && item.body != MessageBody::Retracted {
        let chat = chat.clone();
        // Where nobody else has it yet, there is nothing to think about.
        let at_once = matches!(item.state, Some(DeliveryState::Failed(_) | DeliveryState::Waiting));
        items.push(Item::danger(icons::TRASH_2, t.delete(), move || match at_once {
            true => ui.act(account, Command::Retract(id.clone())),
            false => ui.state.place.dialog.set(Some(Dialog::Retract(chat.clone(), id.clone()))),
        }));
    }
    Menu { name: t.message_actions().to_owned(), head: None, items, panel: None, anchor, point }
}

/// Copies a text and says so.
pub fn copy(ui: Ui, words: String) {
    crate::page::spawn(async move {
        if dom::copy(words).await {
            ui.state.notices.show(NoticeKind::Done, ui.words().copied().to_owned());
        }
    });
}

/// The rows of the details dialog.
pub fn describe(ui: Ui, chat: &OpenChat, item: &TimelineItem) -> Vec<(&'static str, String)> {
    let t = ui.texts();
    let from = match item.way {
        Way::Out => chat.account.own_name(),
        Way::In => chat.account.name_of(&item.author),
    };
    let shown = shown_state(item);
    let state = shown.as_ref().map_or(t.detail_received(), |state| state_word(t, state));
    let mut rows = vec![
        (t.detail_from(), from),
        (t.address(), item.author.to_string()),
        (t.detail_time(), format::moment(ui.locale(), item.at)),
        (t.detail_state(), state.to_owned()),
        (t.detail_encryption(), t.not_encrypted().to_owned()),
    ];
    if let Some(at) = item.edited {
        rows.push((t.edited(), format::moment(ui.locale(), at)));
    }
    if let Some(reason) = failure_of(shown.as_ref()) {
        rows.push((t.failed(), wording::failure(t, &reason)));
    }
    rows.push((t.detail_id(), item.id.to_string()));
    rows
}
