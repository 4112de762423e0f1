//! Which chat or room is open, where in it, and what is looked for.

use plausch_model::{Anchor, BareJid, ChatState, Command, TimelineKey, ToEngine};

use super::State;
use crate::view::{Account, OpenChat, Search, Target, clock, search::Found};

impl State {
    /// Opens a chat, at its first unread message.
    pub fn open_chat(&self, account: Account, jid: BareJid) {
        let chat = OpenChat { account, jid: jid.clone() };
        if self.place.chat.with_untracked(|open| open.as_ref() == Some(&chat)) {
            return;
        }
        self.enter(&chat);
        self.command(account, Command::OpenChat { chat: jid, anchor: Anchor::FirstUnread });
    }

    /// From now on this chat is shown: what belonged to another one goes.
    fn enter(&self, chat: &OpenChat) {
        self.leave_timeline(chat.account);
        chat.account.timeline.expect(chat.jid.clone());
        self.leave_results(chat);
        self.place.room.set(None);
        self.place.chat.set(Some(chat.clone()));
    }

    /// Opens a bookmarked room. One that is not bookmarked any more can't be opened.
    pub fn open_room(&self, room: OpenChat) {
        self.close_chat();
        if !room.account.bookmarks.lack(&room.jid) {
            self.place.room.set(Some(room));
        }
    }

    /// A room that is open may not be bookmarked any more.
    pub(super) fn leave_lost_room(&self) {
        let room = self.place.room.get_untracked();
        if room.is_some_and(|room| room.account.bookmarks.lack(&room.jid)) {
            self.place.room.set(None);
        }
    }

    /// Goes to a place in a chat.
    pub fn show_in_chat(&self, chat: &OpenChat, target: Target) {
        let timeline = chat.account.timeline;
        if self.place.chat.with_untracked(|open| open.as_ref() != Some(chat)) {
            self.enter(chat);
        } else if timeline.has(target.key) {
            return timeline.go_to(target);
        }
        timeline.go_to(target);
        self.command(chat.account, Command::OpenChat { chat: chat.jid.clone(), anchor: Anchor::At(target.key) });
    }

    /// Goes to a message that was found.
    pub fn show_found(&self, found: &Found) {
        self.show_in_chat(&found.chat(), Target::message(found.hit.key));
    }

    /// Looks for messages, in all chats or in one.
    pub fn look_for(&self, search: &Search, query: String, chat: Option<&OpenChat>) {
        if query.trim().is_empty() {
            return self.end_search(search);
        }
        let accounts = chat.map_or_else(|| self.accounts.get_untracked(), |chat| vec![chat.account]);
        let asked: Vec<_> = accounts.into_iter().map(|account| (account, self.number())).collect();
        // The engine looks for one thing at a time in each view.
        [&self.search, &self.find].into_iter().for_each(Search::stop_here);
        search.begin(query.clone(), asked.iter().copied());
        for (account, id) in asked {
            let (query, chat) = (query.clone(), chat.map(|chat| chat.jid.clone()));
            let command = Command::Search { query, chat, utc_offset_minutes: clock::utc_offset_minutes() };
            self.tell(&ToEngine::Command { account: account.id(), id, command });
        }
    }

    /// Looks for more of the same.
    pub fn look_on(&self, search: &Search) {
        for account in search.next() {
            self.command(account, Command::SearchOn);
        }
    }

    /// Nothing is looked for in the open chat any more.
    pub fn stop_finding(&self) {
        self.place.finding.set(false);
        self.end_search(&self.find);
    }

    /// Looks for nothing any more. The engine looks for one thing at a time: it hears of it once nothing is left.
    fn end_search(&self, search: &Search) {
        let asked = search.clear();
        let others =
            [&self.search, &self.find].into_iter().any(|search| !search.query.with_untracked(String::is_empty));
        for account in asked.into_iter().filter(|_| !others) {
            self.command(account, Command::EndSearch);
        }
    }

    /// What belonged to another chat than this one goes.
    fn leave_results(&self, next: &OpenChat) {
        self.stop_finding();
        if self.place.results.with_untracked(|results| results.as_ref().is_some_and(|results| results.chat != *next)) {
            self.place.results.set(None);
        }
    }

    /// Opens a chat where it was left: nowhere means at its end.
    pub fn open_chat_at(&self, chat: &OpenChat, position: Option<Target>) {
        self.enter(chat);
        self.reopen(chat, position);
    }

    pub(super) fn reopen(&self, chat: &OpenChat, position: Option<Target>) {
        let anchor = position.map_or(Anchor::End, |position| Anchor::At(position.key));
        position.into_iter().for_each(|position| chat.account.timeline.go_to(position));
        self.command(chat.account, Command::OpenChat { chat: chat.jid.clone(), anchor });
    }

    /// Opens a chat with somebody who may not be in the list yet.
    pub fn open_chat_with(&self, account: Account, jid: BareJid) {
        let known = account.chats.find(&jid).is_some();
        if !known {
            self.command(account, Command::StartChat { address: jid.to_string() });
        }
        self.open_chat(account, jid);
    }

    /// Leaves the open chat or room.
    pub fn close_chat(&self) {
        self.place.room.set(None);
        if let Some(open) = self.place.chat.get_untracked() {
            self.place.chat.set(None);
            self.place.details.set(false);
            self.place.results.set(None);
            self.stop_finding();
            open.account.timeline.close();
            self.command(open.account, Command::CloseChat);
        }
    }

    fn leave_timeline(&self, next: Account) {
        let Some(open) = self.place.chat.get_untracked() else { return };
        open.account.timeline.close();
        if open.account != next {
            self.command(open.account, Command::CloseChat);
        }
    }

    /// Shows the newest messages of the open chat.
    pub fn jump_to_end(&self, chat: &OpenChat) {
        self.command(chat.account, Command::OpenChat { chat: chat.jid.clone(), anchor: Anchor::End });
    }

    /// The person has seen the chat up to a message.
    pub fn mark_read(&self, chat: &OpenChat, up_to: TimelineKey) {
        self.command(chat.account, Command::MarkRead { chat: chat.jid.clone(), up_to });
    }

    /// The person is typing, stopped or emptied the composer.
    pub fn set_typing(&self, chat: &OpenChat, state: ChatState) {
        // Whoever switches it off in the middle of a text has stopped typing, as far as others are concerned.
        if state == ChatState::Idle || chat.account.settings.with_untracked(|settings| settings.send_typing) {
            self.command(chat.account, Command::SetTyping { chat: chat.jid.clone(), state });
        }
    }
}
