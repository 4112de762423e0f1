//! What stands where there is nothing yet: says so, and what to do about it.

use super::icon::{Icon, icon};
use crate::ui::Word;
use crate::ui::draw::{Draw, Drawn, html};

/// An empty state, with a button or nothing below it.
pub fn empty(which: Icon, title: Word, hint: Word, action: Option<Drawn>) -> Drawn {
    html::div()
        .attr("class", "empty")
        .child((
            html::span().attr("class", "empty-mark").child(icon(which)),
            html::p().attr("class", "empty-title").child(title),
            html::p().attr("class", "empty-hint").child(hint),
            action,
        ))
        .drawn()
}

/// Grey shapes where rows will be, while it is not known yet which.
pub fn skeleton_rows(count: usize) -> Drawn {
    let rows: Vec<Drawn> = (0..count)
        .map(|_| {
            html::div()
                .attr("class", "skeleton-row")
                .child((html::span().attr("class", "skeleton-disc"), html::span().attr("class", "skeleton-line")))
                .drawn()
        })
        .collect();
    html::div().attr("class", "skeleton-rows").attr("aria-hidden", "true").child(rows).drawn()
}
