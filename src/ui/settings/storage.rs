//! What the device keeps, and whether the browser may throw it away.

use plausch_model::{Storage, ToEngine};
use wasm_bindgen_futures::JsFuture;

use crate::page::spawn;

use super::{
    super::{
        Ui,
        kit::{
            button::{self, Look},
            icon::{icon, icons},
        },
    },
    page,
};
use crate::reactive::*;
use crate::text::format;
use crate::ui::draw::{Draw, Drawn, choose, html, live};

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
    page(ui.t(|t| t.storage()), body)
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

/// Asks the browser to keep what is stored; only a page may ask, not a worker.
async fn persist() -> bool {
    let Ok(asked) = window().navigator().storage().persist() else { return false };
    JsFuture::from(asked).await.ok().and_then(|answer| answer.as_bool()).unwrap_or(false)
}
