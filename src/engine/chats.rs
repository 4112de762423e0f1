//! The list of chats: one record per conversation, its counts and its preview.

use plausch_model::{BareJid, ChatState, DeliveryState, MessageBody, Preview, TimelineKey, Timestamp, Way};

use plausch_xmpp::list::IntoList;

use crate::{
    map::{Map, Set},
    records::{ChatRecord, MessageRecord},
};

/// How much of a message the list shows.
const PREVIEW_CHARS: usize = 200;

/// For how long a "typing" counts when nothing follows (XEP-0085 §5.4 leaves it open).
const TYPING_MILLIS: i64 = 30_000;
/// While history is caught up with, the list is shown this often: with each page, it would have to be drawn many times a
/// second.
const CATCHING_UP_MILLIS: i64 = 1_000;

/// A chat with what is known of it for the moment.
#[derive(Debug, Default)]
pub(crate) struct Chat {
    /// What is on disk.
    pub record: ChatRecord,
    /// The state we last told them.
    pub told: ChatState,
    /// The last place that the server has given: what it takes later comes after that.
    pub settled: Option<TimelineKey>,
    /// The last place among what the archive's mark covers.
    pub marked: Option<TimelineKey>,
}

/// All chats, and which of them changed in this step.
#[derive(Debug, Default)]
pub(crate) struct Chats {
    chats: Map<BareJid, Chat>,
    /// Where the other side is typing, or was a moment ago; and until when that counts.
    typing: Map<BareJid, (ChatState, Timestamp)>,
    typing_changed: Set<BareJid>,
    changed: Set<BareJid>,
    /// When what had changed was last shown.
    shown_at: Timestamp,
    /// The person did something: what comes of it is shown at once.
    urgent: bool,
    unsaved: Set<BareJid>,
}

impl Chats {
    /// Takes over what was stored.
    pub fn load(&mut self, rows: impl Iterator<Item = (BareJid, ChatRecord)>) {
        self.chats.extend(rows.map(|(jid, record)| {
            let settled = record.newest.max(record.events_up_to);
            let marked = settled;
            (jid, Chat { record, settled, marked, ..Chat::default() })
        }));
    }

    /// The last place in the order of arrival at which anything stands in a chat.
    pub fn last_sequence(&self) -> u64 {
        self.chats.values().filter_map(|chat| chat.settled).map(|last| last.sequence).max().unwrap_or_default()
    }

    /// The archive's mark covers nothing that stands at a later time than this: what came live before something earlier had
    /// been read.
    pub fn covered_until(&mut self, at: Timestamp) {
        let end = TimelineKey { at, sequence: u64::MAX };
        self.chats.values_mut().for_each(|chat| chat.marked = chat.marked.map(|marked| marked.min(end)));
    }

    /// One chat.
    pub fn get(&self, jid: &BareJid) -> Option<&Chat> {
        self.chats.get(jid)
    }

    /// One chat, for what need not be stored or shown.
    pub fn get_mut(&mut self, jid: &BareJid) -> Option<&mut Chat> {
        self.chats.get_mut(jid)
    }

    /// All chats.
    pub fn iter(&self) -> impl Iterator<Item = (&BareJid, &Chat)> {
        self.chats.iter()
    }

    /// Changes a chat, making it if it is not there; it will be stored and shown.
    pub fn change(&mut self, jid: &BareJid, change: impl FnOnce(&mut ChatRecord)) {
        self.unsaved.insert(jid.clone());
        self.changed.insert(jid.clone());
        self.chats.change(jid, |chat| change(&mut chat.record));
    }

    /// The chat has to be shown again, because a name or avatar changed.
    pub fn touch(&mut self, jid: &BareJid) {
        if self.chats.contains(jid) {
            self.changed.insert(jid.clone());
        }
    }

    /// Forgets a chat. True if it was there.
    pub fn remove(&mut self, jid: &BareJid) -> bool {
        self.changed.remove(jid);
        self.unsaved.remove(jid);
        self.typing.remove(jid);
        self.typing_changed.remove(jid);
        self.chats.remove(jid).is_some()
    }

    /// A message was added to its chat. History that is read back is known to the person already.
    pub fn message_added(&mut self, message: &MessageRecord, is_history: bool) {
        let item = &message.item;
        self.change(&message.chat, |chat| {
            chat.total = chat.total.saturating_add(1);
            chat.active_at = chat.active_at.max(item.at);
            if chat.newest.is_none_or(|newest| newest <= item.key) {
                chat.newest = Some(item.key);
                chat.preview = Some(preview(message));
            }
            match item.way {
                _ if is_history && chat.newest != Some(item.key) => {
                    chat.read_up_to = chat.read_up_to.max(Some(item.key));
                }
                Way::In if is_history => mark_all_read(chat, item.key),
                Way::In if chat.read_up_to.is_none_or(|read| read < item.key) => {
                    chat.unread = chat.unread.saturating_add(1);
                }
                // Who answers has read what was there.
                Way::Out if chat.newest == Some(item.key) => mark_all_read(chat, item.key),
                _ => {}
            }
        });
        if item.way == Way::In {
            self.set_typing(&message.chat, ChatState::Idle, item.at);
        }
    }

    /// A message was taken by the server, or came from it.
    pub fn settle(&mut self, message: &MessageRecord) {
        if let Some(chat) = self.chats.get_mut(&message.chat) {
            chat.settled = chat.settled.max(Some(message.item.key));
        }
    }

    /// An edit, reaction or retraction was taken by the server, or came from it.
    pub fn settle_event(&mut self, jid: &BareJid, place: TimelineKey) {
        if let Some(chat) = self.chats.get_mut(jid) {
            chat.settled = chat.settled.max(Some(place));
            chat.record.events_up_to = chat.record.events_up_to.max(Some(place));
            self.unsaved.insert(jid.clone());
        }
    }

    /// A message is gone, since it stood for another one.
    pub fn message_absorbed(&mut self, message: &MessageRecord) {
        self.change(&message.chat, |chat| {
            if message.item.way == Way::In && chat.read_up_to < Some(message.item.key) {
                chat.unread = chat.unread.saturating_sub(1);
            }
        });
    }

    /// The latest time at which anything stands that the server has.
    pub fn settled_until(&self) -> Option<Timestamp> {
        self.chats.values().filter_map(|chat| chat.settled).max().map(|latest| latest.at)
    }

    /// The archive's mark covers everything that has come.
    pub fn mark_all(&mut self) {
        self.chats.values_mut().for_each(|chat| chat.marked = chat.settled);
    }

    /// The archive's mark covers what stands up to here in this chat.
    pub fn mark_up_to(&mut self, jid: &BareJid, end: TimelineKey) {
        if let Some(chat) = self.chats.get_mut(jid) {
            chat.marked = chat.marked.max(Some(end));
        }
    }

    /// A message has moved towards the end of its chat.
    pub fn message_moved(&mut self, message: &MessageRecord) {
        let key = message.item.key;
        self.change(&message.chat, |chat| {
            if chat.newest.is_none_or(|newest| newest <= key) {
                chat.newest = Some(key);
                chat.preview = Some(preview(message));
            }
            if chat.unread == 0 {
                chat.read_up_to = chat.read_up_to.max(Some(key));
            }
        });
    }

    /// A message of the chat changed: its preview may have to.
    pub fn message_changed(&mut self, message: &MessageRecord) {
        let is_newest = self.get(&message.chat).is_some_and(|chat| chat.record.newest == Some(message.item.key));
        if is_newest {
            self.change(&message.chat, |chat| chat.preview = Some(preview(message)));
        }
    }

    /// The person has seen everything up to the newest message.
    pub fn all_read(&mut self, jid: &BareJid, up_to: TimelineKey) {
        self.change(jid, |chat| mark_all_read(chat, up_to));
    }

    /// What the other side is doing.
    pub fn typing(&self, jid: &BareJid) -> ChatState {
        self.typing.get(jid).map_or(ChatState::Idle, |(state, _)| *state)
    }

    /// The other side is doing something else now.
    pub fn set_typing(&mut self, jid: &BareJid, state: ChatState, now: Timestamp) {
        if !self.chats.contains(jid) {
            return;
        }
        if self.typing(jid) != state {
            self.typing_changed.insert(jid.clone());
        }
        if state == ChatState::Idle {
            self.typing.remove(jid);
        } else {
            self.typing.insert(jid.clone(), (state, now.plus_millis(TYPING_MILLIS)));
        }
    }

    /// "Typing" runs out where nothing followed.
    pub fn expire_typing(&mut self, now: Timestamp) {
        let over = self.typing.iter().filter(|(_, (_, until))| *until <= now).map(|(jid, _)| jid.clone());
        for jid in over.into_list() {
            self.set_typing(&jid, ChatState::Idle, now);
        }
    }

    /// When the next "typing" runs out.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.typing.values().map(|(_, until)| *until).min()
    }

    /// When what has changed and waits is to be shown.
    pub fn show_at(&self) -> Option<Timestamp> {
        (!self.changed.is_empty()).then(|| self.shown_at.plus_millis(CATCHING_UP_MILLIS))
    }

    /// Nobody is known to be typing any more.
    pub fn disconnected(&mut self) {
        self.typing_changed.extend(self.typing.keys().cloned());
        self.typing.clear();
        self.chats.values_mut().for_each(|chat| chat.told = ChatState::Idle);
    }

    /// The chats where the other side does something else than when last asked.
    pub fn take_typing(&mut self) -> Vec<(BareJid, ChatState)> {
        let changed = std::mem::take(&mut self.typing_changed);
        changed.iter().map(|jid| (jid.clone(), self.typing(jid))).collect()
    }

    /// What changes next is shown at once, even while history is caught up with.
    pub fn show_at_once(&mut self) {
        self.urgent = true;
    }

    /// The chats to show again; those that change while history is caught up with wait for a moment.
    pub fn take_changed(&mut self, now: Timestamp, catching_up: bool) -> Set<BareJid> {
        let since = now.0.saturating_sub(self.shown_at.0);
        // A clock may be set back.
        let waits = catching_up && !self.urgent && (0..CATCHING_UP_MILLIS).contains(&since);
        self.urgent = false;
        if waits || self.changed.is_empty() {
            return Set::default();
        }
        self.shown_at = now;
        std::mem::take(&mut self.changed)
    }

    /// The chats to store.
    pub fn take_unsaved(&mut self) -> Set<BareJid> {
        std::mem::take(&mut self.unsaved)
    }
}

fn mark_all_read(chat: &mut ChatRecord, up_to: TimelineKey) {
    chat.read_up_to = chat.read_up_to.max(Some(up_to));
    chat.unread = 0;
}

fn preview(message: &MessageRecord) -> Preview {
    let item = &message.item;
    let body = match &item.body {
        MessageBody::Text(text) => MessageBody::Text(text.chars().take(PREVIEW_CHARS).collect()),
        other => other.clone(),
    };
    Preview { way: item.way, body, at: item.at }
}

/// Whether a delivery state may follow another: it only moves forward.
pub(crate) fn advances(from: Option<&DeliveryState>, to: &DeliveryState) -> bool {
    let rank = |state: &DeliveryState| match state {
        DeliveryState::Waiting => 0,
        DeliveryState::Failed(_) => 1,
        DeliveryState::Sent => 2,
        DeliveryState::Delivered => 3,
        DeliveryState::Read => 4,
    };
    from.is_some_and(|from| match (from, to) {
        (DeliveryState::Sent, DeliveryState::Failed(_)) | (DeliveryState::Failed(_), DeliveryState::Waiting) => true,
        _ => rank(from) < rank(to),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use plausch_model::FailureReason;

    #[test]
    fn delivery_only_moves_forward_but_a_bounce_and_a_retry_count() {
        use DeliveryState::*;
        let failed = || Failed(FailureReason::NotFound);
        assert!(advances(Some(&Waiting), &Sent));
        assert!(advances(Some(&Sent), &Delivered));
        assert!(advances(Some(&Sent), &failed()));
        assert!(advances(Some(&failed()), &Waiting));
        assert!(advances(Some(&failed()), &Delivered));
        assert!(!advances(Some(&Delivered), &Sent));
        assert!(!advances(Some(&Read), &Delivered));
        assert!(!advances(Some(&Delivered), &failed()));
        assert!(!advances(None, &Sent), "an incoming message has no delivery state");
    }
}
