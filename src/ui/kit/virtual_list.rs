//! Long lists with rows of one height: only the rows near the visible part are in the document.
//!
//! The list itself takes the focus by Tab and hands it to a row; arrow keys walk from there.

use std::sync::Arc;

use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{HtmlElement, KeyboardEvent, ResizeObserver};

use super::dom::{self, Step};
use crate::reactive::*;
use crate::ui::Ui;
use crate::ui::draw::{Draw, Drawn, El, Live, NodeRef, each, effect, html, live, memo};
use crate::view::Section;

/// Rows drawn beyond each edge of the visible part.
const BEYOND: usize = 6;

/// What a list shows.
pub struct Rows<T: Send + Sync + 'static> {
    /// The section whose list it is: it is scrolled as far as it was when that was last shown.
    pub section: Section,
    /// The list's accessible name.
    pub name: Live<&'static str>,
    /// All rows in order.
    pub all: Memo<Arc<Vec<T>>>,
    /// What tells rows apart; it is each row's `data-jid`. Empty for one that is no place to go to.
    pub key: fn(&T) -> String,
    /// Draws the inside of a row.
    pub draw: fn(Ui, &T) -> El,
    /// `data-count`.
    pub count: Live<String>,
    /// `data-unread`, where the list has it.
    pub unread: Option<Live<String>>,
}

/// Which rows are near the visible part.
fn near(top: f64, height: f64, row: f64, count: usize) -> (usize, usize) {
    if row <= 0.0 {
        return (0, count.min(BEYOND));
    }
    let first = (top / row).floor().max(0.0) as usize;
    let visible = (height / row).ceil() as usize;
    let from = first.saturating_sub(BEYOND).min(count);
    let to = first.saturating_add(visible).saturating_add(BEYOND).min(count);
    (from, to.max(from))
}

/// Draws a list; `none` stands below it and says what there is to say where it has no rows.
pub fn virtual_list<T>(ui: Ui, rows: Rows<T>, none: Drawn) -> Drawn
where
    T: Clone + Send + Sync + 'static,
{
    let Rows { section, name, all, key, draw, count, unread } = rows;
    let place = ui.state.place;
    let before = place.scrolled(section);
    let top = RwSignal::new(before);
    let height = RwSignal::new(initial_height());
    let row = RwSignal::new(0.0_f64);
    let inside = RwSignal::new(false);
    let scroller = NodeRef::<HtmlElement>::new();
    let ruler = NodeRef::<HtmlElement>::new();
    scroller.on_load(move |scroller| measure(&scroller, ruler, height, row));
    let range = memo(move || near(top.get(), height.get(), row.get(), all.with(|all| all.len())));
    let shown = move || {
        let (from, to) = range.get();
        all.with(|all| all.get(from..to).unwrap_or_default().to_vec())
    };
    let itself = NodeRef::<HtmlElement>::new();
    // A row that had the focus may be gone, without a word from the browser: then Tab has to find the list again.
    effect(move || {
        let _ = (range.get(), all.track());
        request_animation_frame(move || {
            let lost = itself.get_untracked().is_some_and(|list| {
                inside.try_get_untracked() == Some(true)
                    && !dom::focused(&list).is_some_and(|focused| list.contains(Some(&focused)))
            });
            if lost {
                inside.set(false);
            }
        });
    });
    let list = html::ul()
        .attr("class", "virtual-list")
        .node_ref(itself)
        .attr("role", "list")
        .attr("aria-label", name)
        .attr("data-count", count)
        .attr("data-unread", unread)
        .attr("tabindex", live(move || if inside.get() || all.with(|all| all.is_empty()) { "-1" } else { "0" }))
        .style("block-size", live(move || dom::pixels(row.get() * all.with(|all| all.len()) as f64)))
        .style("padding-block-start", live(move || dom::pixels(row.get() * range.get().0 as f64)))
        .on(ev::focusin, move |event| enter(&event, inside))
        .on(ev::focusout, move |_| inside.set(false))
        .on(ev::keydown, move |event| {
            let keys: Vec<String> = all.with_untracked(|all| all.iter().map(key).collect());
            walk(&event, &keys, scroller, row.get_untracked());
        })
        .child(each(shown, key, move |item| draw(ui, &item)));
    // Once the list is as long as it was.
    let mut returned = before == 0.0;
    effect(move || {
        let long = row.get() * all.with(|all| all.len()) as f64;
        if !returned && long > 0.0 {
            returned = true;
            if let Some(scroller) = scroller.get_untracked() {
                scroller.set_scroll_top(before as i32);
                // A list that has become shorter is not scrolled as far.
                top.set(f64::from(scroller.scroll_top()));
            }
        }
    });
    html::div()
        .attr("class", "list-scroller")
        .node_ref(scroller)
        .on(ev::scroll, move |event| {
            if let Some(scroller) = dom::current::<HtmlElement>(&event) {
                let pixels = f64::from(scroller.scroll_top());
                top.set(pixels);
                place.set_scrolled(section, pixels);
            }
        })
        .child((html::span().attr("class", "row-ruler").attr("aria-hidden", "true").node_ref(ruler), list, none))
        .drawn()
}

/// A guess at the visible height, so that the first draw is the right one.
fn initial_height() -> f64 {
    window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(800.0)
}

/// Watches the heights of the visible part and of a row (which follows the text size).
fn measure(scroller: &HtmlElement, ruler: NodeRef<HtmlElement>, height: RwSignal<f64>, row: RwSignal<f64>) {
    let Some(ruler) = ruler.get_untracked() else { return };
    let (scroller, ruler) = (scroller.clone(), ruler);
    let (watched, rule) = (scroller.clone(), ruler.clone());
    let read = move || {
        let high = f64::from(watched.client_height());
        if high > 0.0 {
            height.set(high);
        }
        let one = rule.get_bounding_client_rect().height();
        if one > 0.0 && row.get_untracked() != one {
            row.set(one);
        }
    };
    read();
    let callback = Closure::<dyn FnMut()>::new(read);
    if let Ok(observer) = ResizeObserver::new(callback.as_ref().unchecked_ref()) {
        observer.observe(&scroller);
        observer.observe(&ruler);
        let kept = SendWrapper::new((observer, callback));
        on_cleanup(move || kept.take().0.disconnect());
    }
}

/// The list got the focus itself: it hands it to its first visible row.
fn enter(event: &web_sys::FocusEvent, inside: RwSignal<bool>) {
    inside.set(true);
    let Some(list) = dom::current::<HtmlElement>(event) else { return };
    let itself = event.target().is_some_and(|target| target.loose_eq(&list));
    if itself {
        let row =
            dom::find(&list, "[data-jid] [aria-current=true]").or_else(|| dom::find(&list, "[data-jid] > button"));
        if let Some(row) = row {
            dom::focus(&row);
        }
    }
}

fn walk(event: &KeyboardEvent, keys: &[String], scroller: NodeRef<HtmlElement>, row: f64) {
    let (Some(step), Some(scroller)) = (Step::of(event), scroller.get_untracked()) else { return };
    let Some(here) = dom::nearest(event, "[data-jid]").and_then(|item| item.get_attribute("data-jid")) else { return };
    event.prevent_default();
    let from = keys.iter().position(|key| *key == here);
    let mut index = step.from(from, keys.len());
    if keys.get(index).is_some_and(String::is_empty) {
        // Past it, or back to where there is nothing beyond.
        let on = index.checked_add_signed(if Some(index) < from { -1 } else { 1 });
        index = on.unwrap_or_else(|| index.saturating_add(1));
    }
    let Some(key) = keys.get(index).cloned() else { return };
    reveal(&scroller, index as f64 * row, row);
    // The row may have to be drawn first.
    request_animation_frame(move || {
        let items = dom::find_all(&scroller, "[data-jid]");
        let item = items.into_iter().find(|item| item.get_attribute("data-jid").as_deref() == Some(&key));
        if let Some(target) = item.and_then(|item| dom::find(&item, "button")) {
            dom::focus_quietly(&target);
        }
    });
}

/// Scrolls as little as needed to show a row.
fn reveal(scroller: &HtmlElement, at: f64, row: f64) {
    let (top, high) = (f64::from(scroller.scroll_top()), f64::from(scroller.client_height()));
    let target = if at < top { at } else { (at + row - high).max(top) };
    if target != top {
        scroller.set_scroll_top(target as i32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_near_the_visible_part_are_drawn() {
        assert_eq!(near(0.0, 700.0, 70.0, 2000), (0, 16));
        assert_eq!(near(70_000.0, 700.0, 70.0, 2000), (994, 1016));
        assert_eq!(near(1e9, 700.0, 70.0, 2000), (2000, 2000));
        assert_eq!(near(0.0, 700.0, 70.0, 3), (0, 3));
        assert_eq!(near(0.0, 700.0, 0.0, 2000), (0, 6));
        assert_eq!(near(-50.0, 700.0, 70.0, 0), (0, 0));
    }
}
