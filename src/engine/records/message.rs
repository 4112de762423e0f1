//! Chats and their messages.

use plausch_model::{
    BareJid, ChatKind, DeliveryState, Encryption, MessageBody, OriginId, Preview, StanzaId, TimelineItem, TimelineKey,
    Timestamp, Way,
};
use serde::{Deserialize, Serialize};

use super::{Record, keys::message_key};
use crate::{store::Key, story::Story};

/// A chat (Chats, by bare JID).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct ChatRecord {
    /// Direct or group.
    pub kind: ChatKind,
    /// The newest message that was seen.
    pub read_up_to: Option<TimelineKey>,
    /// Unread messages.
    pub unread: u32,
    /// Messages on this device.
    pub total: u64,
    /// The place of the newest message.
    pub newest: Option<TimelineKey>,
    /// The newest message.
    pub preview: Option<Preview>,
    /// When something last happened.
    pub active_at: Timestamp,
    /// Typed but not sent.
    pub draft: Option<String>,
    /// The place of the last edit, reaction or retraction.
    pub events_up_to: Option<TimelineKey>,
}
impl Record for ChatRecord {
    const VERSION: u8 = 2;

    fn from_earlier(version: u8, body: &[u8]) -> Option<Self> {
        (version == 1).then(|| postcard::from_bytes::<ChatRecordV1>(body).ok()).flatten().map(Self::from)
    }
}

/// Previews were texts, and messages did not change.
#[derive(Deserialize)]
struct ChatRecordV1 {
    kind: ChatKind,
    read_up_to: Option<TimelineKey>,
    unread: u32,
    total: u64,
    newest: Option<TimelineKey>,
    preview: Option<(Way, String, Timestamp)>,
    active_at: Timestamp,
    draft: Option<String>,
}

impl From<ChatRecordV1> for ChatRecord {
    fn from(earlier: ChatRecordV1) -> Self {
        let ChatRecordV1 { kind, read_up_to, unread, total, newest, preview, active_at, draft } = earlier;
        let preview = preview.map(|(way, text, at)| Preview { way, body: MessageBody::Text(text), at });
        Self { kind, read_up_to, unread, total, newest, preview, active_at, draft, events_up_to: None }
    }
}

/// A message (Messages, by chat and place).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct MessageRecord {
    /// The chat it belongs to.
    pub chat: BareJid,
    /// What is shown.
    pub item: TimelineItem,
    /// The archive's id for it.
    pub stanza_id: Option<StanzaId>,
    /// The `id` its author gave it.
    pub wire_id: Option<String>,
    /// By which id its author wants to hear that it was displayed (XEP-0333 §3), if they do.
    pub markable: Option<String>,
    /// What became of it since, if anything did.
    pub story: Option<Box<Story>>,
}
impl Record for MessageRecord {
    const VERSION: u8 = 3;

    fn from_earlier(version: u8, body: &[u8]) -> Option<Self> {
        let first = |body| postcard::from_bytes::<MessageRecordV1>(body).ok().map(Self::from);
        let second = |body| postcard::from_bytes::<MessageRecordV2>(body).ok().map(Self::from);
        match version {
            1 => first(body),
            2 => second(body),
            _ => None,
        }
    }
}

/// Nobody wanted to hear yet that a message was displayed.
#[derive(Deserialize)]
pub(super) struct MessageRecordV1 {
    chat: BareJid,
    item: ItemV2,
    stanza_id: Option<StanzaId>,
    wire_id: Option<String>,
}

impl From<MessageRecordV1> for MessageRecord {
    fn from(MessageRecordV1 { chat, item, stanza_id, wire_id }: MessageRecordV1) -> Self {
        Self { chat, item: item.into(), stanza_id, wire_id, markable: None, story: None }
    }
}

/// Messages did not change yet.
#[derive(Deserialize)]
pub(super) struct MessageRecordV2 {
    chat: BareJid,
    item: ItemV2,
    stanza_id: Option<StanzaId>,
    wire_id: Option<String>,
    markable: Option<String>,
}

impl From<MessageRecordV2> for MessageRecord {
    fn from(MessageRecordV2 { chat, item, stanza_id, wire_id, markable }: MessageRecordV2) -> Self {
        Self { chat, item: item.into(), stanza_id, wire_id, markable, story: None }
    }
}

/// A [`TimelineItem`] as it was in both.
#[derive(Deserialize)]
struct ItemV2 {
    id: OriginId,
    key: TimelineKey,
    author: BareJid,
    way: Way,
    at: Timestamp,
    body: MessageBody,
    encryption: Encryption,
    state: Option<DeliveryState>,
}

impl From<ItemV2> for TimelineItem {
    fn from(ItemV2 { id, key, author, way, at, body, encryption, state }: ItemV2) -> Self {
        let (edited, reactions, unsent, reacting) = (None, Vec::new(), None, false);
        Self { id, key, author, way, at, body, encryption, state, edited, reactions, unsent, reacting }
    }
}

impl MessageRecord {
    /// Its key in Messages.
    pub fn store_key(&self) -> Key {
        message_key(&self.chat, self.item.key)
    }

    /// A new outgoing text that waits to be sent.
    pub fn outgoing(me: &BareJid, chat: &BareJid, id: OriginId, key: TimelineKey, text: String) -> Self {
        let item = TimelineItem {
            id: id.clone(),
            key,
            author: me.clone(),
            way: Way::Out,
            at: key.at,
            body: MessageBody::Text(text),
            encryption: Encryption::None,
            state: Some(DeliveryState::Waiting),
            edited: None,
            reactions: Vec::new(),
            unsent: None,
            reacting: false,
        };
        let wire_id = Some(id.as_str().to_owned());
        Self { chat: chat.clone(), item, stanza_id: None, wire_id, markable: None, story: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{OutboxRecord, Outgoing, decode, encode};

    fn key(at: i64, sequence: u64) -> TimelineKey {
        TimelineKey { at: Timestamp(at), sequence }
    }

    /// Written by the first versions: chat, item as far as its state, ids, then whether to tell that it was displayed.
    #[test]
    fn messages_of_earlier_versions_are_read() {
        let (me, chat) = (BareJid::new("me@b"), BareJid::new("a@b"));
        let now = MessageRecord::outgoing(&me, &chat, OriginId::new("id"), key(5, 6), "text".into());
        let TimelineItem { id, key, author, way, at, body, encryption, state, .. } = now.item.clone();
        let item = (id, key, author, way, at, body, encryption, state);
        let first = postcard::to_extend(&(&now.chat, &item, &now.stanza_id, &now.wire_id), Vec::new()).unwrap();
        // Nobody wanted to hear: one byte more.
        let second = [&*first, &[0]].concat();
        let versioned = |version: u8, body: &[u8], rest: &[u8]| [&[version], body, rest].concat();
        assert_eq!(decode::<MessageRecord>(&versioned(1, &first, &[])).as_ref(), Some(&now));
        assert_eq!(decode::<MessageRecord>(&versioned(2, &second, &[])).as_ref(), Some(&now));
        let entry = OutboxRecord { content: Outgoing::Message(now), sent_as: None, uncertain: true, refusals: 3 };
        for (version, body) in [(2, &first), (3, &second)] {
            assert_eq!(decode::<OutboxRecord>(&versioned(version, body, &[0, 1, 3])).as_ref(), Some(&entry));
        }
        assert_eq!(decode::<OutboxRecord>(&versioned(1, &first, &[])), None);
        assert_eq!(decode::<OutboxRecord>(&encode(&entry)), Some(entry));
    }

    #[test]
    fn chats_of_the_first_version_are_read() {
        let preview = Preview { way: Way::In, body: MessageBody::Text("hi".into()), at: Timestamp(7) };
        let (newest, draft) = (Some(key(7, 8)), Some("draft".to_owned()));
        let chat = ChatRecord { unread: 3, total: 9, newest, preview: Some(preview), draft, ..ChatRecord::default() };
        let preview = Some((Way::In, "hi", 7_i64));
        let body = (chat.kind, chat.read_up_to, 3_u32, 9_u64, newest, preview, 0_i64, &chat.draft);
        let first = postcard::to_extend(&body, vec![1]).unwrap();
        assert_eq!(decode::<ChatRecord>(&first), Some(chat));
    }
}
