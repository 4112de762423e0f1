//! The language.

use leptos::{html, prelude::*};

use super::{
    super::{Ui, kit::field::choice},
    page,
};
use crate::text::Locale;

/// Draws the page.
pub fn language(ui: Ui) -> AnyView {
    let group = ui.unique("language");
    let prefs = ui.prefs;
    let cards: Vec<AnyView> = Locale::ALL
        .into_iter()
        .map(|locale| {
            let name = move || locale.own_name();
            choice(group.clone(), name, None, move || prefs.locale.get() == locale, move || prefs.set_locale(locale))
        })
        .collect();
    let body = html::fieldset()
        .attr("class", "choices")
        .child((html::legend().attr("class", "unseen").child(ui.t(|t| t.language)), cards));
    page(ui.t(|t| t.language), body.into_any())
}
