//! Which messages can be edited, and the bar above the composer while one is.

use plausch_model::{DeliveryState, EDITABLE_MILLIS, MessageBody, OriginId, TimelineItem, Way};

use super::super::{
    Ui,
    kit::{
        button::icon_button,
        icon::{icon, icons},
    },
};
use crate::ui::draw::{Draw, Drawn, html, when};
use crate::view::{Edit, OpenChat, clock};

/// The text of a message, if it can be edited.
pub fn editable(item: &TimelineItem) -> Option<&str> {
    let failed = matches!(item.state, Some(DeliveryState::Failed(_)));
    let young = clock::now().millis_since(item.at) < EDITABLE_MILLIS;
    match &item.body {
        MessageBody::Text(text) if item.way == Way::Out && (young || failed) => Some(text),
        _ => None,
    }
}

/// Begins to edit a message.
pub fn begin(chat: &OpenChat, id: OriginId, text: String) {
    chat.account.timeline.edit(Some(Edit { chat: chat.jid.clone(), message: id, text }));
}

/// Begins to edit the last message of one's own that can be. False if there is none.
pub fn begin_last(chat: &OpenChat) -> bool {
    let last = chat.account.timeline.peek(|window| {
        window
            .entries()
            .iter()
            .rev()
            .find_map(|entry| entry.item.with_untracked(|item| Some((item.id.clone(), editable(item)?.to_owned()))))
    });
    let Some((id, text)) = last else { return false };
    begin(chat, id, text);
    true
}

/// Says what the composer is for.
pub fn bar(ui: Ui, chat: &OpenChat) -> Drawn {
    let timeline = chat.account.timeline;
    let jid = chat.jid.clone();
    when(
        move || timeline.editing(&jid).is_some(),
        move || {
            html::div()
                .attr("class", "composer-bar")
                .child((
                    icon(icons::PENCIL),
                    html::span().child(ui.t(|t| t.editing())),
                    icon_button(icons::X, ui.t(|t| t.cancel()), move |_| timeline.edit(None)),
                ))
                .drawn()
        },
    )
}
