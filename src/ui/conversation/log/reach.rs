//! What the log asks of the engine as the person scrolls, and what it tells of what they have seen.

use plausch_model::{Command, Direction, Way};

use super::Log;
use crate::ui::conversation::{
    gap,
    layout::{self, View},
};
use crate::view::Window;

/// Older messages are fetched when this many visible parts are left above.
const FETCH_AHEAD: f64 = 2.0;
/// So many messages beyond what is to be seen are kept, and twice as many before any are let go.
const KEPT_BEYOND: usize = 500;

impl Log {
    /// Asks for more messages where the window is about to end.
    pub(super) fn fetch(&self, window: &Window, view: View) {
        let entries = window.entries();
        let Some((first, last)) = entries.first().zip(entries.last()) else { return };
        let (asked_older, asked_newer) = self.asked.get();
        let grow = |direction| {
            let chat = self.chat.jid.clone();
            self.ui.state.command(self.chat.account, Command::GrowWindow { chat, direction });
        };
        let ahead = view.height * FETCH_AHEAD;
        if !window.at_start() && view.top - view.lead < ahead && asked_older != Some(first.key) {
            self.asked.set((Some(first.key), asked_newer));
            grow(Direction::Older);
        }
        let below = layout::total(entries, view) - view.top - view.height;
        if !window.at_end() && below < ahead && asked_newer != Some(last.key) {
            self.asked.set((self.asked.get().0, Some(last.key)));
            grow(Direction::Newer);
        }
    }

    /// Lets go of messages that are far from what is to be seen, so that memory does not grow with how far one scrolls.
    pub(super) fn let_go(&self, window: &Window, view: View) {
        let entries = window.entries();
        if entries.len() <= KEPT_BEYOND.saturating_mul(3) || self.cut.replace(entries.len()) == entries.len() {
            return;
        }
        let Some(seen) = layout::newest_visible(entries, view).map(|key| window.index_of(key)) else { return };
        let cut = |direction, index: usize| {
            if let Some(end) = entries.get(index).map(|entry| entry.key) {
                let chat = self.chat.jid.clone();
                self.ui.state.command(self.chat.account, Command::CutWindow { chat, direction, end });
            }
        };
        let (older, newer) = (seen.saturating_sub(KEPT_BEYOND), seen.saturating_add(KEPT_BEYOND));
        if older > KEPT_BEYOND {
            cut(Direction::Older, older);
        }
        if entries.len().saturating_sub(newer) > KEPT_BEYOND {
            cut(Direction::Newer, newer);
        }
    }

    /// Asks for a page of the gap that is in view, once for what the window is now.
    pub(super) fn fill(&self, window: &Window, view: View) {
        let Some((place, direction)) = gap::looked_at(window, view) else { return };
        let asked = Some((place, window.entries().len()));
        if self.filled.replace(asked) != asked {
            self.ui.state.command(self.chat.account, gap::fill(&self.chat, place, direction));
        }
    }

    /// Tells what the person has seen.
    pub(super) fn mark(&self) {
        if self.window(|window| window.chat() != Some(&self.chat.jid)) {
            return;
        }
        let looking = self.ui.state.looking.get_untracked();
        self.chat.account.chats.follow(&self.chat.jid, looking && self.signals.at_end.get_untracked());
        if !looking {
            return;
        }
        let marked = self.marked.get();
        let seen = self.window(|window| {
            let seen = layout::newest_visible(window.entries(), self.view.get())?;
            let until_seen = window.entries().iter().rev().skip_while(|entry| entry.key > seen);
            let mut news = until_seen.take_while(|entry| marked.is_none_or(|marked| entry.key > marked));
            news.any(|entry| entry.way == Way::In).then_some(seen)
        });
        if let Some(seen) = seen {
            self.marked.set(Some(seen));
            self.ui.state.mark_read(&self.chat, seen);
        }
    }
}
