//! The language.

use super::{
    super::{Ui, kit::field::choice, prefs},
    page,
};
use crate::text::Locale;
use crate::ui::draw::{Draw, Drawn, html};

/// Draws the page.
pub fn language(ui: Ui) -> Drawn {
    let group = ui.unique("language");
    let cards: Vec<Drawn> = Locale::ALL
        .into_iter()
        .map(|locale| {
            choice(
                group.clone(),
                locale.own_name(),
                None,
                move || ui.locale() == locale,
                move || ui.speak(locale, prefs::keep_locale),
            )
        })
        .collect();
    let body = html::fieldset()
        .attr("class", "choices")
        .child((html::legend().attr("class", "unseen").child(ui.t(|t| t.language())), cards));
    page(ui.t(|t| t.language()), body.drawn())
}
