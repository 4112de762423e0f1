//! Menus: one popover for the whole app, opened at a button or at the pointer.
//!
//! Arrow keys walk, Enter chooses, Esc and Tab close; the focus returns to where the menu was opened from before the
//! choice is carried out, so that a dialog opened by it returns there, too.

use std::rc::Rc;

use web_sys::{HtmlElement, KeyboardEvent, MouseEvent};

use super::{
    dom::{self, Step},
    icon::{Icon, icon},
};
use crate::reactive::*;
use crate::ui::Ui;
use crate::ui::draw::{Draw, Drawn, NodeRef, html, live};

/// One thing to do.
#[derive(Clone)]
pub struct Item {
    /// Its icon.
    pub mark: Icon,
    /// Its name.
    pub name: &'static str,
    /// Whether it destroys something.
    pub danger: bool,
    /// What it does.
    pub act: Rc<dyn Fn()>,
}

impl Item {
    /// Something to do.
    pub fn new(mark: Icon, name: &'static str, act: impl Fn() + 'static) -> Self {
        Self { mark, name, danger: false, act: Rc::new(act) }
    }

    /// Something to do that destroys something.
    pub fn danger(mark: Icon, name: &'static str, act: impl Fn() + 'static) -> Self {
        Self { danger: true, ..Self::new(mark, name, act) }
    }
}

/// An open menu.
#[derive(Clone)]
pub struct Menu {
    /// What it is about.
    pub name: String,
    /// What stands above the items, if anything.
    pub head: Option<(String, String)>,
    /// The things to do.
    pub items: Vec<Item>,
    /// What is there instead, if it is no menu but something else to choose from.
    pub panel: Option<Rc<dyn Fn() -> Drawn>>,
    /// The element it belongs to, which gets the focus back.
    pub anchor: HtmlElement,
    /// Where the pointer was, if it was opened by one.
    pub point: Option<(f64, f64)>,
}

/// The signal of the open menu.
pub type OpenMenu = RwSignal<Option<Menu>>;

/// Opens a menu at a row of a list, where the pointer is.
pub fn open_at_row(ui: Ui, event: &MouseEvent, name: String, items: Vec<Item>) {
    let Some(anchor) = dom::current::<HtmlElement>(event).and_then(|row| dom::find(&row, "button")) else { return };
    event.prevent_default();
    let point = Some((f64::from(event.client_x()), f64::from(event.client_y())));
    ui.menu.set(Some(Menu { name, head: None, items, panel: None, anchor, point }));
}

/// Draws the open menu, if there is one.
pub fn menu(ui: Ui) -> Drawn {
    let open = ui.menu;
    // The view machinery wants what it runs to be `Send`; the signal is bound to this thread anyway.
    live(move || open.get().map(|menu| popover(open, menu))).drawn()
}

fn popover(open: OpenMenu, menu: Menu) -> Drawn {
    let node = NodeRef::<HtmlElement>::new();
    let anchor = menu.anchor.clone();
    let point = menu.point;
    set_expanded(&anchor, true);
    node.on_load(move |popover| {
        show(&popover, &anchor, point);
        dismiss_outside(open, popover);
    });
    let items: Vec<Drawn> = menu.items.iter().map(|item| entry(open, item.clone())).collect();
    let head = menu.head.map(|(name, address)| {
        html::div().attr("class", "menu-head").attr("role", "presentation").child((
            html::span().attr("class", "menu-name").child(html::bdi().child(name)),
            html::span().attr("class", "menu-address").child(html::bdi().child(address)),
        ))
    });
    html::div()
        .attr("class", "menu")
        .attr("popover", "manual")
        .node_ref(node)
        .child((
            head,
            match menu.panel {
                Some(panel) => html::div().attr("role", "dialog").attr("aria-label", menu.name).child(panel()),
                None => html::div()
                    .attr("role", "menu")
                    .attr("aria-label", menu.name)
                    .on(ev::keydown, move |event| on_key(open, &event))
                    .child(items),
            },
        ))
        .drawn()
}

fn entry(open: OpenMenu, item: Item) -> Drawn {
    let act = Rc::clone(&item.act);
    html::button()
        .attr("type", "button")
        .attr("role", "menuitem")
        .attr("tabindex", "-1")
        .attr("class", "menu-item")
        .attr("data-danger", item.danger.then_some("true"))
        .on(ev::click, move |_| {
            close(open);
            act();
        })
        .child((icon(item.mark), item.name))
        .drawn()
}

fn show(popover: &HtmlElement, anchor: &HtmlElement, point: Option<(f64, f64)>) {
    // It is connected and closed; nothing else is asked for.
    let _ = popover.show_popover();
    place(popover, anchor, point);
    if let Some(first) = dom::find(popover, "button") {
        dom::focus_quietly(&first);
    }
}

/// Puts the menu below its anchor, or where it fits, within the window.
fn place(popover: &HtmlElement, anchor: &HtmlElement, point: Option<(f64, f64)>) {
    const MARGIN: f64 = 8.0;
    const GAP: f64 = 4.0;
    let size = |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|value| value.as_f64()).unwrap_or(0.0);
    let (wide, high) = (size(window().inner_width()), size(window().inner_height()));
    let own = popover.get_bounding_client_rect();
    let at = anchor.get_bounding_client_rect();
    let (x, above, below) = match point {
        Some((x, y)) => (x, y, y),
        None if at.left() + own.width() + MARGIN > wide => {
            (at.right() - own.width(), at.top() - GAP, at.bottom() + GAP)
        }
        None => (at.left(), at.top() - GAP, at.bottom() + GAP),
    };
    let y = if below + own.height() + MARGIN <= high { below } else { above - own.height() };
    let clamp = |value: f64, most: f64| value.min(most - MARGIN).max(MARGIN);
    dom::set_style(popover, "left", &dom::pixels(clamp(x, wide - own.width())));
    dom::set_style(popover, "top", &dom::pixels(clamp(y, high - own.height())));
}

fn on_key(open: OpenMenu, event: &KeyboardEvent) {
    let Some(list) = dom::current::<HtmlElement>(event) else { return };
    if event.key() == "Tab" {
        event.prevent_default();
        close(open);
        return;
    }
    let Some(step) = Step::of(event) else { return };
    event.prevent_default();
    let items = dom::find_all(&list, "[role=menuitem]");
    let here = dom::focused(&list).and_then(|focused| items.iter().position(|item| *item == focused));
    if let Some(item) = items.get(step.from(here, items.len())) {
        dom::focus_quietly(item);
    }
}

/// Takes the menu away; the focus goes back to what it belongs to.
pub fn close(open: OpenMenu) {
    if let Some(anchor) = dismiss(open) {
        dom::focus_quietly(&anchor);
    }
}

fn dismiss(open: OpenMenu) -> Option<HtmlElement> {
    let menu = open.get_untracked()?;
    open.set(None);
    set_expanded(&menu.anchor, false);
    Some(menu.anchor)
}

/// A press anywhere else takes the menu away, and the focus goes where that press puts it. Browsers' own light dismissal
/// takes a menu that a press of the right button opened away again when the button is let go.
fn dismiss_outside(open: OpenMenu, popover: HtmlElement) {
    let pressed = window_event_listener(ev::pointerdown, move |event| {
        if !event.composed_path().includes(&popover, 0) {
            dismiss(open);
        }
    });
    let resized = window_event_listener(ev::resize, move |_| drop(dismiss(open)));
    on_cleanup(move || {
        pressed.remove();
        resized.remove();
    });
}

fn set_expanded(anchor: &HtmlElement, expanded: bool) {
    if anchor.has_attribute("aria-haspopup") {
        let _ = anchor.set_attribute("aria-expanded", if expanded { "true" } else { "false" });
    }
}
