//! What the person does with messages: clicks, menus and keys.

use std::sync::Arc;

use plausch_model::{Command, OriginId};
use web_sys::{HtmlElement, KeyboardEvent, MouseEvent, PointerEvent};

use super::Log;
use crate::reactive::*;
use crate::ui::{
    conversation::{message, reactions},
    kit::dom::{self, Step},
};
use crate::view::Entry;

impl Log {
    pub(super) fn clicked(&self, event: &MouseEvent) {
        let Some((entry, article)) = self.entry_at(event) else { return };
        if dom::nearest(event, ".message-more").is_some() {
            self.open_menu(&entry, &article, None);
        } else if let Some(act) = dom::nearest(event, "[data-act]").and_then(|button| button.get_attribute("data-act"))
        {
            let id = entry.id.clone();
            let emoji = dom::nearest(event, "[data-emoji]").and_then(|chip| chip.get_attribute("data-emoji"));
            let command = match act.as_str() {
                "react" => entry.item.with_untracked(|item| reactions::toggle(item, &emoji.unwrap_or_default())),
                "retry" => Some(Command::Retry(id)),
                _ => Some(Command::Discard(id)),
            };
            // The button goes.
            dom::focus_quietly(&article);
            if let Some(command) = command {
                self.ui.act(self.chat.account, command);
            }
        }
    }

    /// The browser's own menu stays for links and for selected text.
    pub(super) fn context_menu(&self, event: &MouseEvent) {
        let selected = window().get_selection().ok().flatten().is_some_and(|selection| !selection.is_collapsed());
        if selected || dom::nearest(event, "a").is_some() || dom::nearest(event, ".bubble").is_none() {
            return;
        }
        if let Some((entry, article)) = self.entry_at(event) {
            event.prevent_default();
            self.open_menu(&entry, &article, Some((f64::from(event.client_x()), f64::from(event.client_y()))));
        }
    }

    /// A long press on a message opens its menu, as a right click does.
    pub(super) fn held(&self, event: &PointerEvent) {
        if self.ui.menu.with_untracked(Option::is_none) {
            self.context_menu(event);
        }
    }

    /// Arrow keys walk through the messages, Enter opens a message's menu.
    pub(super) fn key(&self, event: &KeyboardEvent) {
        let within = dom::nearest(event, "[data-id]");
        if event.key() == "Enter" && dom::nearest(event, "a, button").is_none() {
            if let Some((entry, article)) = self.entry_at(event) {
                event.prevent_default();
                self.open_menu(&entry, &article, None);
            }
            return;
        }
        let Some(Step::By(step @ (-1 | 1))) = Step::of(event) else { return };
        event.prevent_default();
        let articles = dom::find_all(&self.content, "[data-id]");
        let here = within.and_then(|article| articles.iter().position(|other| *other == article));
        let next = match here {
            Some(_) => Step::By(step).from(here, articles.len()),
            None => articles.len().saturating_sub(1),
        };
        if let Some(article) = articles.get(next) {
            dom::focus_quietly(article);
            dom::reveal(article);
        }
    }

    fn open_menu(&self, entry: &Entry, article: &HtmlElement, point: Option<(f64, f64)>) {
        let Some(anchor) = dom::find(article, ".message-more") else { return };
        self.ui.menu.set(Some(message::menu(self.ui, &self.chat, entry, anchor, point)));
    }

    fn entry_at(&self, event: &web_sys::Event) -> Option<(Arc<Entry>, HtmlElement)> {
        let article = dom::nearest(event, "[data-id]")?;
        let id = OriginId::new(article.get_attribute("data-id")?);
        let entry = self.window(|window| window.find(&id).cloned())?;
        Some((entry, article))
    }
}
