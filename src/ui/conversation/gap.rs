//! Where messages are missing: a row that says so, above the first message behind the gap.

use std::sync::Arc;

use plausch_model::{Command, Direction, GapState, TimelineKey};

use super::{
    super::Ui,
    layout::{self, View},
};
use crate::reactive::*;
use crate::ui::draw::{Draw, Drawn, choose, html};
use crate::view::{Entry, OpenChat, Window};

/// The row above a message, while there is a gap.
pub fn row(ui: Ui, chat: &OpenChat, entry: &Arc<Entry>) -> Drawn {
    let (shape, key, chat) = (entry.shape.clone(), entry.key, chat.clone());
    choose(move || shape.with(|shape| shape.gap), move |gap| gap.map(|state| draw(ui, &chat, key, state)).drawn())
}

fn draw(ui: Ui, chat: &OpenChat, behind: TimelineKey, state: GapState) -> Drawn {
    let words = move || match state {
        GapState::Loading => ui.t(|t| t.gap_loading()),
        GapState::Missing => ui.t(|t| t.gap_missing()),
        GapState::Gone => ui.t(|t| t.gap_gone()),
    };
    let chat = chat.clone();
    let load = (state == GapState::Missing).then(|| {
        html::button()
            .attr("type", "button")
            .attr("class", "button")
            .attr("data-look", "quiet")
            .on(ev::click, move |_| {
                if let Some(place) = chat.account.timeline.peek(|window| window.gap_before(behind)) {
                    ui.act(chat.account, fill(&chat, place, Direction::Older));
                }
            })
            .child(ui.t(|t| t.load()))
    });
    html::div()
        .attr("class", "gap")
        .attr("data-gap", name(state))
        .child((
            html::div()
                .attr("class", "gap-line")
                .attr("role", "separator")
                .attr("aria-label", words())
                .child(html::span().child(words())),
            load,
        ))
        .drawn()
}

const fn name(state: GapState) -> &'static str {
    match state {
        GapState::Loading => "loading",
        GapState::Missing => "missing",
        GapState::Gone => "gone",
    }
}

/// What to say to fill a gap.
pub fn fill(chat: &OpenChat, place: TimelineKey, direction: Direction) -> Command {
    Command::FillGap { chat: chat.jid.clone(), place, direction }
}

/// The gap that is visible and can be filled, and from where: who has more of what is older in view reads on from there.
pub fn looked_at(window: &Window, view: View) -> Option<(TimelineKey, Direction)> {
    let entries = window.entries();
    let visible = layout::visible(entries, view);
    let is_filled = |entry: &Entry| entry.shape.with_untracked(|shape| shape.gap == Some(GapState::Loading));
    let index = visible.into_iter().find(|index| entries.get(*index).is_some_and(|entry| is_filled(entry)))?;
    let behind = entries.get(index)?.key;
    let (above, _) = layout::spaces(entries, view, index..entries.len());
    let direction = if view.lead + above > view.top + view.height / 2.0 { Direction::Newer } else { Direction::Older };
    Some((window.gap_before(behind)?, direction))
}
