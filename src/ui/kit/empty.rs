//! What stands where there is nothing yet: says so, and what to do about it.

use leptos::{html, prelude::*};

use super::icon::{Icon, icon};

/// An empty state, with a button or nothing below it.
pub fn empty(
    which: Icon,
    title: impl Fn() -> &'static str + Send + 'static,
    hint: impl Fn() -> &'static str + Send + 'static,
    action: Option<AnyView>,
) -> AnyView {
    html::div()
        .attr("class", "empty")
        .child((
            html::span().attr("class", "empty-mark").child(icon(which)),
            html::p().attr("class", "empty-title").child(title),
            html::p().attr("class", "empty-hint").child(hint),
            action,
        ))
        .into_any()
}

/// Grey shapes where rows will be, while it is not known yet which.
pub fn skeleton_rows(count: usize) -> AnyView {
    let rows: Vec<AnyView> = (0..count)
        .map(|_| {
            html::div()
                .attr("class", "skeleton-row")
                .child((html::span().attr("class", "skeleton-disc"), html::span().attr("class", "skeleton-line")))
                .into_any()
        })
        .collect();
    html::div().attr("class", "skeleton-rows").attr("aria-hidden", "true").child(rows).into_any()
}
