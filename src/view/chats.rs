//! The list of chats of one account.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use plausch_model::{BareJid, ChatState, ChatSummary, Timestamp};

use super::{Account, news::Standing, sort::sort_by};
use crate::reactive::{ArcRwSignal, RwSignal, StoredValue};

/// One chat: what the list shows of it, and what the other side is doing.
pub struct ChatEntry {
    /// Which chat.
    pub jid: BareJid,
    /// The row's content.
    pub summary: ArcRwSignal<ChatSummary>,
    /// Whether the other side is typing.
    pub typing: ArcRwSignal<ChatState>,
    /// How it stood when somebody last looked for news.
    pub(super) standing: Standing,
}

impl ChatEntry {
    fn new(summary: ChatSummary) -> Self {
        Self {
            jid: summary.jid.clone(),
            typing: ArcRwSignal::new(summary.state),
            standing: Standing::default(),
            summary: ArcRwSignal::new(summary),
        }
    }

    fn rank(&self) -> (Reverse<Timestamp>, BareJid) {
        (Reverse(self.summary.with_untracked(|summary| summary.active_at)), self.jid.clone())
    }
}

/// A chat in the merged list of all accounts.
#[derive(Clone)]
pub struct ChatRow {
    /// Whose chat.
    pub account: Account,
    /// The chat.
    pub entry: Arc<ChatEntry>,
}

impl PartialEq for ChatRow {
    fn eq(&self, other: &Self) -> bool {
        self.account == other.account && Arc::ptr_eq(&self.entry, &other.entry)
    }
}

/// What has to be worked out anew.
#[derive(Clone, Copy, Default)]
struct Unsettled {
    order: bool,
    unread: bool,
}

/// The chats of an account, newest activity first.
#[derive(Clone, Copy)]
pub struct ChatList {
    order: RwSignal<Vec<Arc<ChatEntry>>>,
    by_jid: StoredValue<HashMap<BareJid, Arc<ChatEntry>>>,
    unread: RwSignal<u64>,
    unsettled: StoredValue<Unsettled>,
    followed: StoredValue<Option<BareJid>>,
    /// Whether the engine has told what chats there are.
    pub known: RwSignal<bool>,
}

impl Default for ChatList {
    fn default() -> Self {
        Self {
            order: RwSignal::new(Vec::new()),
            by_jid: StoredValue::new(HashMap::new()),
            unread: RwSignal::new(0),
            unsettled: StoredValue::new(Unsettled::default()),
            followed: StoredValue::new(None),
            known: RwSignal::new(false),
        }
    }
}

impl ChatList {
    /// All chats in order; changes when one comes, goes or moves.
    pub fn order(&self) -> Vec<Arc<ChatEntry>> {
        self.order.get()
    }

    /// The sum of unread messages.
    pub fn unread(&self) -> u64 {
        self.unread.get()
    }

    /// One chat, without watching for it.
    pub fn find(&self, jid: &BareJid) -> Option<Arc<ChatEntry>> {
        self.by_jid.with_value(|map| map.get(jid).cloned())
    }

    /// One chat; asked again when chats come or go.
    pub fn watch(&self, jid: &BareJid) -> Option<Arc<ChatEntry>> {
        self.order.track();
        self.find(jid)
    }

    /// Replaces everything.
    pub fn replace(&self, chats: Vec<ChatSummary>) {
        let gone: Vec<BareJid> = {
            let kept: HashSet<&BareJid> = chats.iter().map(|chat| &chat.jid).collect();
            self.by_jid.with_value(|map| map.keys().filter(|jid| !kept.contains(jid)).cloned().collect())
        };
        for jid in &gone {
            self.remove(jid);
        }
        self.put(chats);
        if !self.known.get_untracked() {
            self.known.set(true);
        }
    }

    /// Adds or changes chats. What follows from that for the whole list is worked out by [`Self::settle`].
    pub fn put(&self, chats: Vec<ChatSummary>) {
        let mut moved = false;
        let followed = self.followed.get_value();
        for mut chat in chats {
            if followed.as_ref() == Some(&chat.jid) {
                chat.unread = 0;
            }
            match self.find(&chat.jid) {
                Some(entry) => moved |= change(&entry, chat),
                None => {
                    let entry = Arc::new(ChatEntry::new(chat));
                    self.by_jid.update_value(|map| {
                        map.insert(entry.jid.clone(), entry);
                    });
                    moved = true;
                }
            }
        }
        self.unsettle(moved);
    }

    /// Whether the person is looking at the end of a chat: what comes in there is seen at once, and counts as unread for
    /// nobody, not even until the engine has heard of it.
    pub fn follow(&self, jid: &BareJid, following: bool) {
        let before = self.followed.get_value();
        if following {
            self.followed.set_value(Some(jid.clone()));
        } else if before.as_ref() == Some(jid) {
            self.followed.set_value(None);
        }
    }

    /// Takes a chat away.
    pub fn remove(&self, jid: &BareJid) {
        self.by_jid.update_value(|map| {
            map.remove(jid);
        });
        self.unsettle(true);
    }

    fn unsettle(&self, order: bool) {
        self.unsettled.update_value(|unsettled| {
            unsettled.order |= order;
            unsettled.unread = true;
        });
    }

    /// Works out the order and the sum of unread messages, once for however many changes.
    pub fn settle(&self) {
        let unsettled = self.unsettled.try_update_value(std::mem::take).unwrap_or_default();
        if unsettled.order {
            self.sort();
        }
        if unsettled.unread {
            self.count_unread();
        }
    }

    /// Sets what the other side of a chat is doing.
    pub fn set_typing(&self, jid: &BareJid, state: ChatState) {
        if let Some(entry) = self.find(jid) {
            set_if_new(&entry.typing, state);
        }
    }

    fn sort(&self) {
        let all: Vec<_> = self.by_jid.with_value(|map| map.values().cloned().collect());
        let mut ranked: Vec<_> = all.into_iter().map(|entry| (entry.rank(), entry)).collect();
        sort_by(&mut ranked, |(a, _), (b, _)| a.cmp(b));
        let all: Vec<_> = ranked.into_iter().map(|(_, entry)| entry).collect();
        self.order.set(all);
    }

    fn count_unread(&self) {
        let sum = self.by_jid.with_value(|map| {
            map.values().map(|entry| u64::from(entry.summary.with_untracked(|summary| summary.unread))).sum()
        });
        if self.unread.get_untracked() != sum {
            self.unread.set(sum);
        }
    }
}

/// Takes over a chat's new content; tells whether the chat has to move in the list.
fn change(entry: &ChatEntry, chat: ChatSummary) -> bool {
    set_if_new(&entry.typing, chat.state);
    let moved = entry.summary.with_untracked(|old| old.active_at != chat.active_at);
    set_if_new(&entry.summary, chat);
    moved
}

/// Sets a signal only to another value, so that nothing is drawn twice.
pub(super) fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: &ArcRwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}

#[cfg(test)]
mod tests {
    use crate::reactive::Owner;

    use super::*;
    use crate::view::fixtures::chat;

    fn jids(list: &ChatList) -> Vec<String> {
        list.order.get_untracked().iter().map(|entry| entry.jid.to_string()).collect()
    }

    #[test]
    fn nothing_is_unread_where_the_person_looks() {
        Owner::new().with(|| {
            let (list, jid) = (ChatList::default(), BareJid::new("a@x"));
            let put = |unread| {
                list.put(vec![chat("a@x", 1, unread), chat("b@x", 2, 1)]);
                list.settle();
                list.unread.get_untracked()
            };
            list.follow(&jid, true);
            list.follow(&BareJid::new("b@x"), false);
            assert_eq!(put(3), 1);
            list.follow(&jid, false);
            assert_eq!(put(3), 4);
        });
    }

    #[test]
    fn newest_activity_comes_first_and_unread_is_summed() {
        Owner::new().with(|| {
            let list = ChatList::default();
            list.replace(vec![chat("a@x", 10, 1), chat("b@x", 30, 0), chat("c@x", 20, 4)]);
            list.settle();
            assert_eq!(jids(&list), ["b@x", "c@x", "a@x"]);
            assert_eq!(list.unread.get_untracked(), 5);
            list.put(vec![chat("a@x", 40, 2)]);
            list.settle();
            assert_eq!(jids(&list), ["a@x", "b@x", "c@x"]);
            assert_eq!(list.unread.get_untracked(), 6);
            list.remove(&BareJid::new("c@x"));
            list.settle();
            assert_eq!(list.unread.get_untracked(), 2);
            assert!(list.find(&BareJid::new("c@x")).is_none());
        });
    }

    #[test]
    fn a_change_keeps_the_entry_and_tells_only_its_own_signal() {
        Owner::new().with(|| {
            let list = ChatList::default();
            list.replace(vec![chat("a@x", 10, 0), chat("b@x", 5, 0)]);
            list.settle();
            let before = list.find(&BareJid::new("a@x")).unwrap();
            let mut changed = chat("a@x", 10, 3);
            changed.draft = Some("later".into());
            list.put(vec![changed]);
            list.settle();
            let after = list.find(&BareJid::new("a@x")).unwrap();
            assert!(Arc::ptr_eq(&before, &after));
            assert_eq!(before.summary.get_untracked().draft.as_deref(), Some("later"));
        });
    }

    #[test]
    fn a_whole_list_replaces_what_was_known() {
        Owner::new().with(|| {
            let list = ChatList::default();
            list.replace(vec![chat("a@x", 10, 1), chat("b@x", 5, 1)]);
            list.settle();
            list.replace(vec![chat("b@x", 5, 1)]);
            list.settle();
            assert_eq!(jids(&list), ["b@x"]);
            assert_eq!(list.unread.get_untracked(), 1);
        });
    }

    #[test]
    fn typing_of_an_unknown_chat_is_nothing() {
        Owner::new().with(|| {
            let list = ChatList::default();
            list.set_typing(&BareJid::new("a@x"), ChatState::Composing);
            list.replace(vec![chat("a@x", 10, 1)]);
            list.settle();
            list.set_typing(&BareJid::new("a@x"), ChatState::Composing);
            assert_eq!(list.find(&BareJid::new("a@x")).unwrap().typing.get_untracked(), ChatState::Composing);
        });
    }
}
