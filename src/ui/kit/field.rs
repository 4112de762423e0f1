//! Form fields: label, input, hint and error, tied together for screen readers.

use web_sys::HtmlInputElement;

use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, NodeRef, html, live, when};
use crate::ui::{Ui, Word};

/// A text field with its signals.
#[derive(Clone, Copy)]
pub struct Field {
    /// What is typed.
    pub value: RwSignal<String>,
    /// What is wrong with it.
    pub error: RwSignal<Option<&'static str>>,
    /// The input itself.
    pub input: NodeRef<HtmlInputElement>,
}

impl Default for Field {
    fn default() -> Self {
        Self::new(String::new())
    }
}

impl Field {
    /// A field that starts with a text.
    pub fn new(value: String) -> Self {
        Self { value: RwSignal::new(value), error: RwSignal::new(None), input: NodeRef::new() }
    }

    /// What is typed, without the space around it.
    pub fn trimmed(&self) -> String {
        self.value.with_untracked(|value| value.trim().to_owned())
    }

    /// Nothing is typed any more.
    pub fn clear(&self) {
        self.value.set(String::new());
        if let Some(input) = self.input.get_untracked() {
            HtmlInputElement::set_value(&input, "");
        }
    }

    /// Focuses the input.
    pub fn focus(&self) {
        if let Some(input) = self.input.get_untracked() {
            super::dom::focus(&input);
        }
    }

    /// Says what is wrong and focuses the input.
    pub fn refuse(&self, error: &'static str) {
        self.error.set(Some(error));
        self.focus();
    }
}

/// What kind of input a field is.
#[derive(Clone, Copy, Default)]
pub struct Kind {
    /// `type`.
    pub input: Option<&'static str>,
    /// `autocomplete`.
    pub autocomplete: Option<&'static str>,
    /// `inputmode`.
    pub mode: Option<&'static str>,
    /// `name`, for password managers.
    pub name: Option<&'static str>,
    /// The field that a dialog starts with.
    pub first: bool,
}

impl Kind {
    /// An XMPP address.
    pub const ADDRESS: Self =
        Self { input: None, autocomplete: Some("off"), mode: Some("email"), name: None, first: true };
    /// Some words.
    pub const WORDS: Self = Self { input: None, autocomplete: Some("off"), mode: None, name: None, first: false };
}

/// Draws a field; `aside` stands at its end, within the frame.
pub fn field(ui: Ui, field: Field, kind: Kind, label: Word, hint: Option<Drawn>, aside: Option<Drawn>) -> Drawn {
    let id = ui.unique("field");
    let note = format!("{id}-note");
    let described = (hint.is_some(), note.clone());
    html::div()
        .attr("class", "field")
        .child((
            html::label().attr("for", id.clone()).child(label),
            html::div().attr("class", "field-frame").child((
                html::input()
                    .attr("id", id)
                    .attr("type", kind.input.unwrap_or("text"))
                    .attr("name", kind.name)
                    .attr("autocomplete", kind.autocomplete)
                    .attr("inputmode", kind.mode)
                    .attr("autocapitalize", "none")
                    .attr("autocorrect", "off")
                    .attr("spellcheck", "false")
                    .attr("dir", "auto")
                    .attr("autofocus", kind.first)
                    .attr("aria-invalid", live(move || field.error.get().map(|_| "true")))
                    .attr(
                        "aria-describedby",
                        live(move || (described.0 || field.error.get().is_some()).then(|| described.1.clone())),
                    )
                    .prop("value", field.value.get_untracked())
                    .node_ref(field.input)
                    .on(ev::input, move |event| {
                        field.value.set(event_target_value(&event));
                        field.error.set(None);
                    }),
                aside,
            )),
            html::div().attr("class", "field-note").attr("id", note).child((
                live(move || {
                    field
                        .error
                        .get()
                        .map(|error| html::span().attr("class", "field-error").attr("role", "alert").child(error))
                }),
                hint,
            )),
        ))
        .drawn()
}

/// A switch with a label and a hint.
pub fn switch(
    ui: Ui,
    label: Word,
    hint: Word,
    on: impl Fn() -> bool + Send + 'static,
    set: impl Fn(bool) + 'static,
) -> Drawn {
    let id = ui.unique("switch");
    let (named, described) = (format!("{id}-label"), format!("{id}-hint"));
    html::div()
        .attr("class", "switch")
        .child((
            html::label().attr("class", "switch-words").attr("for", id.clone()).child((
                html::span().attr("class", "switch-label").attr("id", named.clone()).child(label),
                html::span().attr("class", "switch-hint").attr("id", described.clone()).child(hint),
            )),
            html::input()
                .attr("id", id)
                .attr("type", "checkbox")
                .attr("role", "switch")
                .attr("aria-labelledby", named)
                .attr("aria-describedby", described)
                .prop_live("checked", live(on))
                .on(ev::change, move |event| set(event_target_checked(&event))),
        ))
        .drawn()
}

/// One of several choices, drawn as a card; native radio buttons bring the keys.
pub fn choice(
    group: String,
    label: impl Draw,
    mark: Option<Drawn>,
    chosen: impl Fn() -> bool + Send + 'static,
    choose: impl Fn() + 'static,
) -> Drawn {
    choice_with(group, label.drawn(), mark, Box::new(chosen), Box::new(choose))
}

fn choice_with(
    group: String,
    label: Drawn,
    mark: Option<Drawn>,
    chosen: Box<dyn Fn() -> bool + Send>,
    choose: Box<dyn Fn()>,
) -> Drawn {
    html::label()
        .attr("class", "choice")
        .child((
            html::input()
                .attr("type", "radio")
                .attr("name", group)
                .prop_live("checked", live(chosen))
                .on(ev::change, move |_| choose()),
            mark,
            html::span().attr("class", "choice-label").child(label),
        ))
        .drawn()
}

/// A search field that filters a list as one types.
pub fn search(ui: Ui, words: RwSignal<String>, label: Word) -> Drawn {
    let input = NodeRef::<HtmlInputElement>::new();
    let clear = move || {
        words.set(String::new());
        if let Some(input) = input.get_untracked() {
            HtmlInputElement::set_value(&input, "");
            super::dom::focus(&input);
        }
    };
    html::div()
        .attr("class", "search")
        .child((
            super::icon::icon(super::icon::icons::SEARCH),
            html::input()
                .attr("type", "search")
                .attr("aria-label", label)
                .attr("placeholder", label)
                .attr("autocomplete", "off")
                .attr("dir", "auto")
                .node_ref(input)
                .on(ev::input, move |event| words.set(event_target_value(&event)))
                .on(ev::keydown, move |event: web_sys::KeyboardEvent| {
                    if event.key() == "Escape" && !words.with_untracked(String::is_empty) {
                        event.stop_propagation();
                        event.prevent_default();
                        clear();
                    }
                }),
            when(
                move || !words.with(String::is_empty),
                move || super::button::icon_button(super::icon::icons::X, ui.t(|t| t.clear_search()), move |_| clear()),
            ),
        ))
        .drawn()
}
