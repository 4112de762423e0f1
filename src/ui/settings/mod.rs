//! The settings: one dialog, its pages as tabs. What is changed applies at once.

mod about;
mod appearance;
mod blocked;
mod language;
mod lock;
mod notifications;
mod picture;
mod privacy;
mod profile;
mod storage;

use web_sys::{HtmlElement, KeyboardEvent};

use super::{
    Ui,
    kit::{
        dialog::{Size, dialog},
        dom::{self, Step},
        icon::{Icon, icon, icons},
    },
};
use crate::reactive::{RwSignal, ev, request_animation_frame};
use crate::ui::Word;
use crate::ui::draw::{Draw, Drawn, NodeRef, choose, effect, html, live};
use crate::{
    text::Texts,
    view::{Dialog, SettingsSection},
};

type Page = (SettingsSection, Icon, fn(&'static Texts) -> &'static str);

const PAGES: [Page; 9] = [
    (SettingsSection::Appearance, icons::PALETTE, |t| t.appearance()),
    (SettingsSection::Language, icons::LANGUAGES, |t| t.language()),
    (SettingsSection::Notifications, icons::BELL, |t| t.notify()),
    (SettingsSection::Profile, icons::USER_ROUND, |t| t.profile()),
    (SettingsSection::Privacy, icons::SHIELD, |t| t.privacy()),
    (SettingsSection::Blocked, icons::BAN, |t| t.blocked_people()),
    (SettingsSection::Lock, icons::LOCK, |t| t.app_lock()),
    (SettingsSection::Storage, icons::HARD_DRIVE, |t| t.storage()),
    (SettingsSection::About, icons::INFO, |t| t.about()),
];

/// Draws the settings, open at a page.
pub fn settings(ui: Ui, first: SettingsSection) -> Drawn {
    let page = RwSignal::new(first);
    let panel = ui.unique("panel");
    let tab_ids: Vec<String> = PAGES.iter().map(|_| ui.unique("tab")).collect();
    let tabs: Vec<Drawn> =
        PAGES.into_iter().zip(&tab_ids).map(|(which, id)| tab(ui, which, id.clone(), panel.clone(), page)).collect();
    let labelled = live(move || {
        let index = PAGES.iter().position(|(section, ..)| *section == page.get());
        index.and_then(|index| tab_ids.get(index).cloned())
    });
    let body = html::div().attr("class", "settings").child((
        html::div()
            .attr("class", "tabs")
            .attr("role", "tablist")
            .attr("aria-label", ui.t(|t| t.settings()))
            .on(ev::keydown, |event| walk(&event))
            .child(tabs),
        html::div()
            .attr("class", "settings-page")
            .attr("role", "tabpanel")
            .attr("id", panel)
            .attr("tabindex", "0")
            .attr("aria-labelledby", labelled)
            .child(choose(move || page.get(), move |section| draw(ui, section))),
    ));
    // Closing leaves whatever page was shown.
    let close = move || {
        if ui.state.place.dialog.with_untracked(|open| matches!(open, Some(Dialog::Settings(_)))) {
            ui.state.place.dialog.set(None);
        }
    };
    dialog(ui, Size::Large, ui.t(|t| t.settings()), close, body.drawn())
}

fn draw(ui: Ui, section: SettingsSection) -> Drawn {
    match section {
        SettingsSection::Appearance => appearance::appearance(ui),
        SettingsSection::Language => language::language(ui),
        SettingsSection::Notifications => notifications::notifications(ui),
        SettingsSection::Privacy => privacy::privacy(ui),
        SettingsSection::Blocked => blocked::blocked(ui),
        SettingsSection::Lock => lock::lock(ui),
        SettingsSection::Storage => storage::storage(ui),
        SettingsSection::Profile => profile::profile(ui),
        SettingsSection::About => about::about(ui),
    }
}

fn tab(ui: Ui, (section, mark, name): Page, id: String, panel: String, page: RwSignal<SettingsSection>) -> Drawn {
    let chosen = move || page.get() == section;
    let button = NodeRef::<HtmlElement>::new();
    // On narrow screens the bar does not show all of them.
    effect(move || {
        if let Some(button) = button.get().filter(|_| chosen()) {
            request_animation_frame(move || dom::reveal(&button));
        }
    });
    html::button()
        .node_ref(button)
        .attr("type", "button")
        .attr("class", "tab")
        .attr("role", "tab")
        .attr("id", id)
        .attr("aria-controls", panel)
        .attr("aria-selected", live(move || if chosen() { "true" } else { "false" }))
        .attr("tabindex", live(move || if chosen() { "0" } else { "-1" }))
        .on(ev::click, move |_| page.set(section))
        .child((icon(mark), html::span().child(ui.t(name))))
        .drawn()
}

/// Arrow keys walk through the tabs and open them; the bar lies on its side on narrow screens.
fn walk(event: &KeyboardEvent) {
    let Some(bar) = dom::current::<HtmlElement>(event) else { return };
    let step = match event.key().as_str() {
        "ArrowRight" => Step::By(1),
        "ArrowLeft" => Step::By(-1),
        _ => match Step::of(event) {
            Some(step) => step,
            None => return,
        },
    };
    event.prevent_default();
    let tabs = dom::find_all(&bar, "[role=tab]");
    let here = dom::focused(&bar).and_then(|focused| tabs.iter().position(|tab| *tab == focused));
    if let Some(tab) = tabs.get(step.from(here, tabs.len())) {
        dom::focus(tab);
        tab.click();
    }
}

/// A page's heading and what stands below it.
fn page(title: Word, body: Drawn) -> Drawn {
    html::section().attr("class", "page").child((html::h3().child(title), body)).drawn()
}
