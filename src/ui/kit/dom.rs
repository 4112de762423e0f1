//! The few things that components do to the page by hand: find, focus, measure.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent, Node, ShadowRoot};

use crate::reactive::*;

/// The element that has the focus, also within a shadow root.
pub fn focused(near: &Node) -> Option<HtmlElement> {
    let root = near.get_root_node();
    let focused = match root.dyn_ref::<ShadowRoot>() {
        Some(shadow) => shadow.active_element(),
        None => document().active_element(),
    };
    focused.and_then(|element| element.dyn_into().ok())
}

/// Focuses an element without scrolling.
pub fn focus_quietly(element: &HtmlElement) {
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    // Focusing fails only where there is nothing to focus.
    let _ = element.focus_with_options(&options);
}

/// Focuses an element.
pub fn focus(element: &HtmlElement) {
    let _ = element.focus();
}

/// The first element below another that a selector finds.
pub fn find(below: &Element, selector: &str) -> Option<HtmlElement> {
    below.query_selector(selector).ok().flatten().and_then(|element| element.dyn_into().ok())
}

/// All elements below another that a selector finds.
pub fn find_all(below: &Element, selector: &str) -> Vec<HtmlElement> {
    let Ok(found) = below.query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.item(index)?.dyn_into().ok()).collect()
}

/// The element that listens.
pub fn current<T: JsCast>(event: &Event) -> Option<T> {
    event.current_target()?.dyn_into().ok()
}

/// The element that an event came from, or the nearest one around it that a selector fits.
pub fn nearest(event: &Event, selector: &str) -> Option<HtmlElement> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest(selector).ok().flatten()?.dyn_into().ok()
}

/// Where a key moves to in a list: keys that walk, and nothing else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// By some places.
    By(isize),
    /// To the beginning.
    First,
    /// To the end.
    Last,
}

impl Step {
    /// The step of a vertical list's key.
    pub fn of(event: &KeyboardEvent) -> Option<Self> {
        if event.ctrl_key() || event.alt_key() || event.meta_key() || event.shift_key() {
            return None;
        }
        Some(match event.key().as_str() {
            "ArrowDown" => Self::By(1),
            "ArrowUp" => Self::By(-1),
            "PageDown" => Self::By(8),
            "PageUp" => Self::By(-8),
            "Home" => Self::First,
            "End" => Self::Last,
            _ => return None,
        })
    }

    /// The index it leads to in a list that is not empty.
    pub fn from(self, index: Option<usize>, count: usize) -> usize {
        let last = count.saturating_sub(1);
        match (self, index) {
            (Self::By(places), Some(index)) => index.saturating_add_signed(places).min(last),
            (Self::By(places), None) if places < 0 => last,
            (Self::First | Self::By(_), _) => 0,
            (Self::Last, _) => last,
        }
    }
}

/// Sets a style property by the CSSOM, which the content security policy allows (a `style` attribute it does not).
pub fn set_style(element: &HtmlElement, name: &str, value: &str) {
    // Only an invalid property name fails.
    let _ = element.style().set_property(name, value);
}

/// Plays an animation of the style sheet that belongs to an attribute, from its beginning.
pub fn play(element: &HtmlElement, attribute: &str) {
    // The name is valid.
    let _ = element.remove_attribute(attribute);
    // Asking for the size ends what was played before.
    let _ = element.offset_width();
    let _ = element.set_attribute(attribute, "");
}

/// Scrolls as little as needed to show an element.
pub fn reveal(element: &Element) {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    options.set_inline(web_sys::ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// A length in CSS pixels.
pub fn pixels(length: f64) -> String {
    let hundredths = (length * 100.0).round() as i64;
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, rest) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    format!("{sign}{whole}.{rest:02}px")
}

/// Copies a text; tells whether that worked.
pub async fn copy(text: String) -> bool {
    let Some(clipboard) = clipboard() else { return false };
    wasm_bindgen_futures::JsFuture::from(clipboard.write_text(&text)).await.is_ok()
}

/// The clipboard, which is there in secure contexts only.
fn clipboard() -> Option<web_sys::Clipboard> {
    js_sys::Reflect::get(&window().navigator(), &"clipboard".into()).ok()?.dyn_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_stay_within_the_list() {
        assert_eq!(Step::By(1).from(Some(2), 3), 2);
        assert_eq!(Step::By(-1).from(Some(0), 3), 0);
        assert_eq!(Step::By(1).from(None, 3), 0);
        assert_eq!(Step::By(-1).from(None, 3), 2);
        assert_eq!(Step::Last.from(Some(0), 3), 2);
        assert_eq!(Step::First.from(Some(2), 0), 0);
    }
}
