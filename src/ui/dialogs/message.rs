//! Details of a message.

use leptos::prelude::*;
use plausch_model::TimelineItem;

use super::{
    super::{
        Ui,
        conversation::describe,
        details::facts,
        kit::{
            dialog::{Size, dialog},
            live::live,
        },
    },
    close,
};
use crate::view::OpenChat;

/// Draws the dialog.
pub fn message(ui: Ui, chat: OpenChat, item: TimelineItem) -> AnyView {
    let body = live(move || facts(describe(ui, &chat, &item))).into_any();
    dialog(ui, Size::Small, ui.t(|t| t.details), move || close(ui), body)
}
