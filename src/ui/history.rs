//! The browser's Back and Forward, and the place across a reload, where the app fills the page.
//!
//! The open chat is kept in the history entry's state, not in the address bar: addresses of people stay out of it. Which list
//! is shown, and how far list and chat are scrolled, belong to the tab and go into its `sessionStorage` when the page is left.

use std::cell::Cell;

use plausch_model::{BareJid, TimelineKey, Timestamp};
use wasm_bindgen::JsValue;

use super::{Ui, prefs};
use crate::reactive::*;
use crate::ui::draw::{effect, memo};
use crate::view::{Expected, OpenChat, Phase, Place, Section, Target, Window};

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
    let Left { section, scrolled, position, divider } = Left::take();
    if prefs::expected() != Expected::Nobody {
        state.place.section.set(section);
        state.place.set_scrolled(section, scrolled.into());
    }
    let leaving = window_event_listener_untyped("pagehide", move |_| Left::of(ui).keep());
    on_cleanup(move || leaving.remove());
    // The place that the page was reloaded in, until it has been gone to.
    let pending = StoredValue::new(current());
    let (position, divider) = (Cell::new(position), Cell::new(divider));
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
                _ if room => state.open_room(open.clone()),
                Some(position) => state.open_chat_at(&open, Some(position)),
                None => state.open_chat(open.account, open.jid.clone()),
            }
            open.account.timeline.divide_again(divider.take());
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

/// What a tab keeps of its place while its page is away, as it is written.
pub fn left(ui: Ui) -> String {
    Left::of(ui).written()
}

#[derive(Default)]
struct Left {
    section: Section,
    /// How far its list is scrolled.
    scrolled: i32,
    /// Where the open chat is scrolled to, unless it is at its end.
    position: Option<Target>,
    /// Where the line above what was unread stands in it.
    divider: Option<TimelineKey>,
}

const LEFT: &str = "plausch.left";
/// Offsets are written in such parts of a pixel.
const FRACTION: f64 = 64.0;
/// Stands for what there is not.
const NONE: &str = "-";

impl Left {
    fn of(ui: Ui) -> Self {
        let place = ui.state.place;
        let section = place.section.get_untracked();
        let timeline = place.chat.with_untracked(|chat| chat.as_ref().map(|chat| chat.account.timeline));
        Self {
            section,
            scrolled: place.scrolled(section) as i32,
            position: timeline.and_then(|timeline| timeline.position()),
            divider: timeline.and_then(|timeline| timeline.peek(Window::first_unread)),
        }
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
        let written = |parts: Option<Vec<i64>>| {
            parts
                .map_or_else(|| NONE.to_owned(), |parts| parts.iter().map(i64::to_string).collect::<Vec<_>>().join(":"))
        };
        let place = |key: TimelineKey| vec![key.at.0, key.sequence.cast_signed()];
        let position = self.position.map(|Target { key, below_top, .. }| {
            let mut position = place(key);
            position.push((below_top.unwrap_or_default() * FRACTION) as i64);
            position
        });
        let (position, divider) = (written(position), written(self.divider.map(place)));
        [section, &self.scrolled.to_string(), &position, &divider].join(" ")
    }

    fn read(kept: &str) -> Self {
        let mut parts = kept.split(' ');
        let section = if parts.next() == Some("contacts") { Section::Contacts } else { Section::Chats };
        let scrolled = parts.next().and_then(|scrolled| scrolled.parse().ok()).unwrap_or_default();
        let mut numbers = || parts.next().map(|part| part.split(':').map_while(|number| number.parse().ok()).collect());
        let place = |at: i64, sequence: i64| TimelineKey { at: Timestamp(at), sequence: sequence.cast_unsigned() };
        let position = numbers().and_then(|numbers: Vec<i64>| match *numbers {
            [at, sequence, below_top] => {
                Some(Target { key: place(at, sequence), below_top: Some(below_top as f64 / FRACTION), flash: false })
            }
            _ => None,
        });
        let divider = numbers().and_then(|numbers| match *numbers {
            [at, sequence] => Some(place(at, sequence)),
            _ => None,
        });
        Self { section, scrolled, position, divider }
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
        let position = Some(Target { key, below_top: Some(-31.25), flash: false });
        for place in [
            Left { section: Section::Contacts, scrolled: 0, position, divider: None },
            Left { section: Section::Chats, scrolled: 4_711, position: None, divider: Some(key) },
            Left { section: Section::Chats, scrolled: 0, position, divider: Some(key) },
        ] {
            let read = Left::read(&place.written());
            assert!(read.section == place.section && read.scrolled == place.scrolled);
            assert!(read.position == place.position && read.divider == place.divider);
        }
    }

    #[test]
    fn nonsense_is_no_place() {
        for nonsense in [
            "",
            "x",
            "contacts 1",
            "chats a b c",
            "chats 0 1:2:3.5 1",
            "chats 0 99999999999999999999:1:1 1:2:3",
            "- - -",
        ] {
            let read = Left::read(nonsense);
            assert!(read.position.is_none() && read.divider.is_none(), "{nonsense}");
        }
    }
}
