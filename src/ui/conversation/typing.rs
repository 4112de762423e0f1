//! The line that says that the other side is typing. Its place is always there, so that nothing moves.

use plausch_model::ChatState;

use super::super::Ui;
use crate::ui::draw::{Draw, Drawn, html, live, memo};
use crate::view::OpenChat;

/// Draws the line.
pub fn typing(ui: Ui, chat: OpenChat) -> Drawn {
    let OpenChat { account, jid } = chat;
    let watched = jid.clone();
    let typing =
        memo(move || account.chats.watch(&watched).is_some_and(|entry| entry.typing.get() == ChatState::Composing));
    let words = live(move || {
        typing.get().then(|| {
            let (before, after) = ui.texts().typing().around();
            (
                html::span().attr("class", "typing-dots").attr("aria-hidden", "true").child((
                    html::span(),
                    html::span(),
                    html::span(),
                )),
                html::span().child((before, html::bdi().child(account.name_of(&jid)), after)),
            )
        })
    });
    html::p().attr("class", "typing").attr("role", "status").child(words).drawn()
}
