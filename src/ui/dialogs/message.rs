//! Details of a message.

use plausch_model::TimelineItem;

use super::{
    super::{
        Ui,
        conversation::describe,
        details::facts,
        kit::dialog::{Size, dialog},
    },
    close,
};
use crate::ui::draw::{Draw, Drawn, live};
use crate::view::OpenChat;

/// Draws the dialog.
pub fn message(ui: Ui, chat: OpenChat, item: TimelineItem) -> Drawn {
    let body = live(move || facts(describe(ui, &chat, &item))).drawn();
    dialog(ui, Size::Small, ui.t(|t| t.details()), move || close(ui), body)
}
