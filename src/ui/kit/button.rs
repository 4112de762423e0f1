//! Buttons.

use web_sys::MouseEvent;

use super::icon::{Icon, icon};
use crate::reactive::ev;
use crate::ui::Word;
use crate::ui::draw::{Draw, Drawn, Handle, Live, html, live};

/// What happens on a click.
type OnClick = Box<dyn Handle<MouseEvent>>;

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
pub fn button(look: Look, word: impl Draw, click: impl FnMut(MouseEvent) + 'static) -> Drawn {
    button_with(look, word.drawn(), Box::new(click))
}

fn button_with(look: Look, word: Drawn, mut click: OnClick) -> Drawn {
    html::button()
        .attr("type", "button")
        .attr("class", "button")
        .attr("data-look", look.name())
        .on(ev::click, move |event| click.handle(event))
        .child(word)
        .drawn()
}

/// The button that submits its form; it can't be pressed twice while the form is busy.
pub fn submit(word: impl Draw, mut busy: Live<bool>) -> Drawn {
    html::button()
        .attr("type", "submit")
        .attr("class", "button")
        .attr("data-look", Look::Primary.name())
        .attr("aria-disabled", live(move || busy.read().then_some("true")))
        .child(word.drawn())
        .drawn()
}

/// A button that is an icon, with its name as label and tooltip.
pub fn icon_button(which: Icon, name: Word, click: impl FnMut(MouseEvent) + 'static) -> Drawn {
    icon_button_with(which, name, Box::new(click))
}

fn icon_button_with(which: Icon, name: Word, mut click: OnClick) -> Drawn {
    html::button()
        .attr("type", "button")
        .attr("class", "icon-button")
        .attr("aria-label", name)
        .attr("title", name)
        .on(ev::click, move |event| click.handle(event))
        .child(icon(which))
        .drawn()
}
