//! What stands above everything else: that the engine has stopped, or that the device can't store.

use super::{
    Ui,
    draw::{Draw, Drawn, El, choose, html},
    kit::{
        button::{self, Look},
        icon::{icon, icons},
    },
};
use crate::reactive::*;
use crate::view::Phase;

/// Draws it. The sign-in page says by itself why the engine has stopped.
pub fn banner(ui: Ui) -> Drawn {
    let state = ui.state;
    let fatal = move || {
        let words = state.fatal.get().filter(|_| state.phase.get() != Phase::Out)?;
        Some(ui.texts().fatal().fill(&words))
    };
    let trouble = move || state.account()?.trouble.get().map(|words| ui.texts().storage_trouble().fill(&words));
    html::div()
        .attr("class", "banner")
        .child((
            choose(fatal, move |words| words.map(|words| strip(words).child(reload(ui))).drawn()),
            choose(trouble, |words| words.map(strip).drawn()),
        ))
        .drawn()
}

fn strip(words: String) -> El {
    html::div()
        .attr("class", "banner-strip")
        .attr("role", "alert")
        .child((icon(icons::CIRCLE_ALERT), html::p().attr("dir", "auto").child(words)))
}

fn reload(ui: Ui) -> Drawn {
    button::button(Look::Plain, ui.t(|t| t.reload_page()), |_| {
        // A page that can't be reloaded is about to go anyway.
        let _ = window().location().reload();
    })
}
