//! Theme and text size.

use super::{
    super::{
        Ui,
        kit::{
            field::choice,
            icon::{icon, icons},
        },
        prefs::{TextSize, Theme},
    },
    page,
};
use crate::ui::draw::{Draw, Drawn, html};

/// Draws the page.
pub fn appearance(ui: Ui) -> Drawn {
    let (themes, sizes) = (ui.unique("theme"), ui.unique("size"));
    let theme_cards: Vec<Drawn> = Theme::ALL.into_iter().map(|theme| theme_card(ui, &themes, theme)).collect();
    let size_cards: Vec<Drawn> = TextSize::ALL.into_iter().map(|size| size_card(ui, &sizes, size)).collect();
    let body = (
        html::fieldset().attr("class", "choices").child((html::legend().child(ui.t(|t| t.theme())), theme_cards)),
        html::fieldset().attr("class", "choices").child((html::legend().child(ui.t(|t| t.text_size())), size_cards)),
    );
    page(ui.t(|t| t.appearance()), body.drawn())
}

fn theme_card(ui: Ui, group: &str, theme: Theme) -> Drawn {
    let mark = icon(match theme {
        Theme::System => icons::MONITOR,
        Theme::Light => icons::SUN,
        Theme::Dark => icons::MOON,
        Theme::Contrast => icons::CONTRAST,
    });
    let name = ui.t(match theme {
        Theme::System => |t| t.theme_system(),
        Theme::Light => |t| t.theme_light(),
        Theme::Dark => |t| t.theme_dark(),
        Theme::Contrast => |t| t.theme_contrast(),
    });
    let prefs = ui.prefs;
    choice(group.to_owned(), name, Some(mark), move || prefs.theme.get() == theme, move || prefs.set_theme(theme))
}

fn size_card(ui: Ui, group: &str, size: TextSize) -> Drawn {
    let mark =
        html::span().attr("class", "letter").attr("data-size", size.name()).attr("aria-hidden", "true").child("A");
    let name = ui.t(match size {
        TextSize::Small => |t| t.size_small(),
        TextSize::Normal => |t| t.size_normal(),
        TextSize::Large => |t| t.size_large(),
        TextSize::Larger => |t| t.size_larger(),
    });
    let prefs = ui.prefs;
    choice(
        group.to_owned(),
        name,
        Some(mark.drawn()),
        move || prefs.text_size.get() == size,
        move || {
            prefs.set_text_size(size);
        },
    )
}
