//! What the device keeps, and whether the browser may throw it away.

use plausch_model::{Command, Storage, ToEngine};
use wasm_bindgen_futures::JsFuture;

use crate::page::spawn;

use super::{
    super::{
        Ui,
        kit::{
            button::{self, Look, icon_button},
            icon::{icon, icons},
        },
    },
    page,
};
use crate::reactive::*;
use crate::text::format;
use crate::ui::draw::{Draw, Drawn, El, choose, each, html, live, memo};
use crate::view::{ChatSize, Dialog, OpenChat, sort_by};

/// Draws the page.
pub fn storage(ui: Ui) -> Drawn {
    ui.state.tell(&ToEngine::QueryStorage);
    let refused = RwSignal::new(false);
    let body = choose(
        move || ui.state.storage.get(),
        move |storage| match storage {
            Some(storage) => known(ui, storage, refused),
            None => html::div().attr("class", "skeleton-line").drawn(),
        },
    );
    page(ui.t(|t| t.storage()), (body, chats(ui)).drawn())
}

fn known(ui: Ui, storage: Storage, refused: RwSignal<bool>) -> Drawn {
    let locale = move || ui.locale();
    let used = live(move || ui.texts().storage_used().fill(&format::bytes(locale(), storage.used_bytes)));
    let quota = live(move || ui.texts().storage_quota().fill(&format::bytes(locale(), storage.quota_bytes)));
    let kept = if storage.persistent {
        html::p()
            .attr("class", "page-note")
            .child((icon(icons::CIRCLE_CHECK), html::span().child(ui.t(|t| t.storage_kept()))))
            .drawn()
    } else {
        evictable(ui, refused)
    };
    (
        html::p().child(used),
        html::meter()
            .attr("class", "meter")
            .attr("aria-label", ui.t(|t| t.storage()))
            .attr("min", "0")
            .attr("max", storage.quota_bytes.max(1).to_string())
            .attr("value", storage.used_bytes.to_string()),
        html::p().attr("class", "page-hint").child(quota),
        kept,
    )
        .drawn()
}

fn evictable(ui: Ui, refused: RwSignal<bool>) -> Drawn {
    let ask = move |_| {
        spawn(async move {
            refused.set(!persist().await);
            ui.state.tell(&ToEngine::QueryStorage);
        });
    };
    (
        html::p().attr("class", "page-note").child((
            icon(icons::CIRCLE_ALERT),
            html::span().child(live(move || {
                if refused.get() { ui.texts().storage_refused() } else { ui.texts().storage_evictable() }
            })),
        )),
        button::button(Look::Primary, ui.t(|t| t.storage_ask()), ask),
    )
        .drawn()
}

/// What each chat takes, the largest first, and what can be done about it.
fn chats(ui: Ui) -> Drawn {
    for account in ui.state.accounts.get_untracked() {
        account.sizes.set(std::collections::HashMap::new());
        ui.state.command(account, Command::MeasureChats);
    }
    let rows = memo(move || {
        let mut rows: Vec<(OpenChat, ChatSize)> = Vec::new();
        for account in ui.state.accounts.get() {
            account.sizes.with(|sizes| {
                let sizes = sizes.iter().filter(|(_, size)| size.messages > 0);
                rows.extend(sizes.map(|(jid, size)| (OpenChat { account, jid: jid.clone() }, *size)));
            });
        }
        sort_by(&mut rows, |(_, a), (_, b)| b.bytes.cmp(&a.bytes));
        rows
    });
    choose(
        move || rows.with(|rows| !rows.is_empty()),
        move |any| {
            any.then(|| {
                html::ul().attr("class", "sizes").attr("aria-label", ui.t(|t| t.storage_chats())).child(each(
                    move || rows.get(),
                    |(chat, size)| [chat.jid.as_str(), " ", &size.bytes.to_string()].concat(),
                    move |(chat, size)| chat_row(ui, chat, size),
                ))
            })
            .drawn()
        },
    )
}

fn chat_row(ui: Ui, chat: OpenChat, size: ChatSize) -> El {
    let open = |dialog: fn(OpenChat) -> Dialog| {
        let chat = chat.clone();
        move |_| ui.state.place.dialog.set(Some(dialog(chat.clone())))
    };
    let (save, clear) = (open(Dialog::Export), open(Dialog::ClearChat));
    let amount = live(move || {
        let messages = ui.plural(|t| t.storage_messages(), size.messages as f64);
        [messages.as_str(), " · ", &format::bytes(ui.locale(), size.bytes)].concat()
    });
    html::li().attr("class", "size-row").child((
        html::span().attr("class", "row-words").child((
            html::bdi().attr("class", "row-name").child(live(move || chat.account.name_of(&chat.jid))),
            html::span().attr("class", "row-preview").child(amount),
        )),
        icon_button(icons::DOWNLOAD, ui.t(|t| t.export_chat()), save),
        icon_button(icons::TRASH_2, ui.t(|t| t.clear_chat()), clear),
    ))
}

/// Asks the browser to keep what is stored; only a page may ask, not a worker.
async fn persist() -> bool {
    let Ok(asked) = window().navigator().storage().persist() else { return false };
    JsFuture::from(asked).await.ok().and_then(|answer| answer.as_bool()).unwrap_or(false)
}
