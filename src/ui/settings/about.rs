//! What this program is.

use leptos::{html, prelude::*};

use super::{
    super::{
        Ui,
        kit::{icon::logo, live::live},
    },
    page,
};

/// Draws the page.
pub fn about(ui: Ui) -> AnyView {
    let version = live(move || ui.texts().version.fill(env!("CARGO_PKG_VERSION")));
    let body = html::div().attr("class", "about").child((
        logo(),
        html::p().attr("class", "about-name").child("Plausch"),
        html::p().child(version),
        html::p().child(ui.t(|t| t.about_text)),
        html::p().attr("class", "page-hint").child(ui.t(|t| t.licence)),
    ));
    page(ui.t(|t| t.about), body.into_any())
}
