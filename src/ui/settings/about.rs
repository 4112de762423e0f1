//! What this program is.

use super::{
    super::{Ui, kit::icon::logo},
    page,
};
use crate::ui::draw::{Draw, Drawn, html, live};

/// Draws the page.
pub fn about(ui: Ui) -> Drawn {
    let version = live(move || ui.texts().version().fill(env!("CARGO_PKG_VERSION")));
    let body = html::div().attr("class", "about").child((
        logo(),
        html::p().attr("class", "about-name").child("Plausch"),
        html::p().child(version),
        html::p().child(ui.t(|t| t.about_text())),
        html::p().attr("class", "page-hint").child(ui.t(|t| t.licence())),
    ));
    page(ui.t(|t| t.about()), body.drawn())
}
