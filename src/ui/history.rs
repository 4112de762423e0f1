//! The browser's Back and Forward, and the place across a reload, where the app fills the page.
//!
//! The open chat is kept in the history entry's state, not in the address bar: addresses of people stay out of it. Which list
//! is shown, and how far the chat is scrolled, belong to the tab and go into its `sessionStorage` when the page is left.

use std::cell::Cell;

use plausch_model::{BareJid, TimelineKey, Timestamp};
use wasm_bindgen::JsValue;

use super::{Ui, prefs};
use crate::reactive::*;
use crate::ui::draw::{effect, memo};
use crate::view::{Expected, OpenChat, Phase, Place, Section, Target};

/// What a history entry says: the open chat or room with its account, or nothing for the list.
fn current() -> Option<String> {
    window().history().ok()?.state().ok()?.as_string()
}

fn entry_of(chat: &OpenChat) -> String {
    [chat.account.jid().as_str(), "\n", chat.jid.as_str()].concat()
}

/// The entry of a room ends so; no address does.
const OF_ROOM: &str = "\nroom";

/// The entry of what is open.
fn entry(place: &Place) -> Option<String> {
    let room = || place.room.with(|room| Some(entry_of(room.as_ref()?) + OF_ROOM));
    place.chat.with(|chat| chat.as_ref().map(entry_of)).or_else(room)
}

/// What a history entry speaks of, if its account is signed in; and whether it is a room.
fn entry_in(ui: Ui, entry: &str) -> Option<(OpenChat, bool)> {
    let (owner, jid) = entry.split_once('\n')?;
    let account =
        ui.state.accounts.with(|accounts| accounts.iter().find(|account| account.jid().as_str() == owner).copied())?;
    let room = jid.strip_suffix(OF_ROOM);
    Some((OpenChat { account, jid: BareJid::new(room.unwrap_or(jid)) }, room.is_some()))
}

/// Keeps history and place in step, and the title.
pub fn keep(ui: Ui) {
    let state = ui.state;
    let Left { section, position } = Left::take();
    if prefs::expected() != Expected::Nobody {
        state.place.section.set(section);
    }
    let leaving = window_event_listener_untyped("pagehide", move |_| Left::of(ui).keep());
    on_cleanup(move || leaving.remove());
    // The place that the page was reloaded in, until it has been gone to.
    let pending = StoredValue::new(current());
    let position = Cell::new(position);
    effect(move || {
        let phase = state.phase.get();
        if phase == Phase::Locked {
            // What is unlocked is where it was.
            pending.set_value(current());
        }
        if phase == Phase::In
            && let Some(entry) = pending.try_update_value(Option::take).flatten()
            && let Some((open, room)) = entry_in(ui, &entry)
        {
            // The list may still be on its way from the disk; the engine knows the chat.
            match position.take() {
                _ if room => state.open_room(open),
                Some(position) => state.open_chat_at(&open, Some(position)),
                None => state.open_chat(open.account, open.jid),
            }
        }
    });
    effect(move || {
        let open = entry(&state.place);
        // Nothing of the account stays behind when nobody is signed in any more.
        let settled = match state.phase.get() {
            Phase::In => pending.with_value(Option::is_none),
            Phase::Out => true,
            Phase::Starting | Phase::Elsewhere | Phase::Locked => false,
        };
        if !settled || open == current() {
            return;
        }
        let entry = open.as_deref().map_or(JsValue::NULL, JsValue::from_str);
        if let Ok(history) = window().history() {
            // From chat to chat the entry is replaced, so that Back leads to the list.
            let _ = match (open.is_some(), current().is_some()) {
                (true, false) => history.push_state(&entry, ""),
                _ => history.replace_state(&entry, ""),
            };
        }
    });
    let listener = window_event_listener(ev::popstate, move |_| go(ui));
    on_cleanup(move || listener.remove());
    title(ui);
}

/// What a tab keeps of its place while its page is away.
#[derive(Default)]
struct Left {
    section: Section,
    /// Where the open chat is scrolled to, unless it is at its end.
    position: Option<Target>,
}

const LEFT: &str = "plausch.left";

impl Left {
    fn of(ui: Ui) -> Self {
        let place = ui.state.place;
        let position = place.chat.with_untracked(|chat| chat.as_ref()?.account.timeline.position());
        Self { section: place.section.get_untracked(), position }
    }

    fn keep(&self) {
        if let Ok(Some(storage)) = window().session_storage() {
            // Where nothing can be kept, the page begins anew.
            let _ = storage.set_item(LEFT, &self.written());
        }
    }

    /// What was kept, once.
    fn take() -> Self {
        let Ok(Some(storage)) = window().session_storage() else { return Self::default() };
        let kept = storage.get_item(LEFT).ok().flatten();
        let _ = storage.remove_item(LEFT);
        kept.map(|kept| Self::read(&kept)).unwrap_or_default()
    }

    fn written(&self) -> String {
        let section = match self.section {
            Section::Chats => "chats",
            Section::Contacts => "contacts",
        };
        let position = self.position.map(|Target { key, below_top, .. }| {
            let below_top = below_top.unwrap_or_default() as i32;
            [key.at.0.to_string(), key.sequence.to_string(), below_top.to_string()].join(" ")
        });
        [section, " ", &position.unwrap_or_default()].concat()
    }

    fn read(kept: &str) -> Self {
        let mut parts = kept.split(' ');
        let section = if parts.next() == Some("contacts") { Section::Contacts } else { Section::Chats };
        let mut position = || {
            let at = Timestamp(parts.next()?.parse().ok()?);
            let key = TimelineKey { at, sequence: parts.next()?.parse().ok()? };
            let below_top: i32 = parts.next()?.parse().ok()?;
            Some(Target { key, below_top: Some(below_top.into()), flash: false })
        };
        let position = position();
        Self { section, position }
    }
}

fn go(ui: Ui) {
    let state = ui.state;
    match current().and_then(|entry| untrack(|| entry_in(ui, &entry))) {
        Some((room, true)) => state.open_room(room),
        Some((chat, false)) => state.open_chat(chat.account, chat.jid),
        None => state.close_chat(),
    }
}

/// The number of unread messages stands in the title, which is dear to set.
fn title(ui: Ui) {
    let title = memo(move || {
        let unread = ui.state.unread();
        let section = match ui.state.place.section.get() {
            Section::Chats => ui.texts().chats(),
            Section::Contacts => ui.texts().contacts(),
        };
        match (ui.state.phase.get(), unread) {
            (Phase::In, 0) => ["Plausch – ", section].concat(),
            (Phase::In, unread) => ["(", &unread.to_string(), ") Plausch – ", section].concat(),
            _ => "Plausch".to_owned(),
        }
    });
    effect(move || title.with(|title| document().set_title(title)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let key = TimelineKey { at: Timestamp(1_700_000_000_123), sequence: 77 };
        let position = Some(Target { key, below_top: Some(-31.0), flash: false });
        for place in [Left { section: Section::Contacts, position }, Left { section: Section::Chats, position: None }] {
            let read = Left::read(&place.written());
            assert!(read.section == place.section && read.position == place.position);
        }
    }

    #[test]
    fn nonsense_is_no_place() {
        for nonsense in ["", "x", "contacts 1", "contacts a b c", "chats 1 2 3.5", "chats 99999999999999999999 1 1"] {
            assert!(Left::read(nonsense).position.is_none(), "{nonsense}");
        }
    }
}
