//! Buttons.

use leptos::{ev, html, prelude::*};
use web_sys::MouseEvent;

use super::{
    icon::{Icon, icon},
    live::Live,
};

/// What happens on a click.
pub type OnClick = Box<dyn FnMut(MouseEvent)>;

/// How much a button wants to be clicked (`data-look`).
#[derive(Clone, Copy)]
pub enum Look {
    /// The one thing to do here.
    Primary,
    /// Another thing.
    Plain,
    /// Something that cannot be undone.
    Danger,
    /// Hardly a button.
    Quiet,
}

impl Look {
    const fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Plain => "plain",
            Self::Danger => "danger",
            Self::Quiet => "quiet",
        }
    }
}

/// A button with a word on it.
pub fn button(look: Look, word: impl IntoView + 'static, click: impl FnMut(MouseEvent) + 'static) -> AnyView {
    let click: OnClick = Box::new(click);
    html::button()
        .attr("type", "button")
        .attr("class", "button")
        .attr("data-look", look.name())
        .on(ev::click, click)
        .child(word.into_any())
        .into_any()
}

/// The button that submits its form; it can't be pressed twice while the form is busy.
pub fn submit(word: impl IntoView + 'static, busy: Live<bool>) -> AnyView {
    html::button()
        .attr("type", "submit")
        .attr("class", "button")
        .attr("data-look", Look::Primary.name())
        .attr("aria-disabled", super::live::live(move || busy_word(&busy)))
        .child(word.into_any())
        .into_any()
}

fn busy_word(busy: &Live<bool>) -> Option<&'static str> {
    let mut busy = busy.lock().ok()?;
    busy().then_some("true")
}

/// A button that is an icon, with its name as label and tooltip.
pub fn icon_button(
    which: Icon,
    name: impl Fn() -> &'static str + Copy + Send + 'static,
    click: impl FnMut(MouseEvent) + 'static,
) -> AnyView {
    let click: OnClick = Box::new(click);
    html::button()
        .attr("type", "button")
        .attr("class", "icon-button")
        .attr("aria-label", name)
        .attr("title", name)
        .on(ev::click, click)
        .child(icon(which))
        .into_any()
}
