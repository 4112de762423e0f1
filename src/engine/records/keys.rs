//! The keys of the tables.

use plausch_model::{BareJid, OriginId, StanzaId, TimelineKey};

use crate::store::Key;

/// Separates the parts of a key; occurs in no JID and in no id we accept.
const SEPARATOR: u8 = 0;

/// A JID as a key.
pub fn jid_key(jid: &BareJid) -> Key {
    jid.as_str().as_bytes().to_vec()
}

/// The JID in a key made by [`jid_key`].
pub fn jid_of_key(key: &[u8]) -> Option<BareJid> {
    std::str::from_utf8(key).ok().map(BareJid::new)
}

/// All messages of a chat lie in `chat_prefix(chat) .. chat_end(chat)`.
pub fn chat_prefix(chat: &BareJid) -> Key {
    join(&[chat.as_str().as_bytes(), b""])
}

/// The first key behind the messages of a chat.
pub fn chat_end(chat: &BareJid) -> Key {
    let mut key = jid_key(chat);
    key.push(SEPARATOR.saturating_add(1));
    key
}

/// The key of a message in Messages: ordered within the chat as the timeline is.
pub fn message_key(chat: &BareJid, key: TimelineKey) -> Key {
    let mut bytes = chat_prefix(chat);
    put_place(&mut bytes, key);
    bytes
}

/// Appends a place, so that keys are ordered as places are.
pub(super) fn put_place(bytes: &mut Key, key: TimelineKey) {
    bytes.extend(sortable(key.at.0).to_be_bytes());
    bytes.extend(key.sequence.to_be_bytes());
}

/// Maps signed to unsigned numbers, keeping the order.
fn sortable(number: i64) -> u64 {
    number.cast_unsigned() ^ (1 << 63)
}

/// Finds a message by the id that an archive gave it.
pub fn by_stanza_id(chat: &BareJid, id: &StanzaId) -> Key {
    join(&[b"s", chat.as_str().as_bytes(), id.as_str().as_bytes()])
}

/// Finds a message by the id that its author gave it. The author is part of the key: nobody's id hides another's message.
pub fn by_wire_id(chat: &BareJid, author: &BareJid, id: &str) -> Key {
    join(&[b"w", chat.as_str().as_bytes(), author.as_str().as_bytes(), id.as_bytes()])
}

/// Finds a message by our own id.
pub fn by_origin_id(id: &OriginId) -> Key {
    join(&[b"o", id.as_str().as_bytes()])
}

/// The key of an outbox entry.
pub fn outbox_key(sequence: u64) -> Key {
    sequence.to_be_bytes().to_vec()
}

/// The place in the outbox that a key made by [`outbox_key`] names.
pub fn outbox_sequence(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}

/// A key of parts.
pub(super) fn join(parts: &[&[u8]]) -> Key {
    parts.join(&SEPARATOR)
}

#[cfg(test)]
mod tests {
    use plausch_model::Timestamp;

    use super::*;

    fn key(at: i64, sequence: u64) -> TimelineKey {
        TimelineKey { at: Timestamp(at), sequence }
    }

    #[test]
    fn messages_are_keyed_in_timeline_order_within_their_chat() {
        let chat = BareJid::new("a@b");
        let keys = [key(i64::MIN, 0), key(-1, 5), key(0, 0), key(0, 1), key(1, 0), key(i64::MAX, u64::MAX)];
        let bytes: Vec<Key> = keys.iter().map(|key| message_key(&chat, *key)).collect();
        assert!(bytes.is_sorted());
        assert!(bytes.iter().all(|key| *key >= chat_prefix(&chat) && *key < chat_end(&chat)));
        let other = message_key(&BareJid::new("a@bc"), key(0, 0));
        assert!(other >= chat_end(&chat) || other < chat_prefix(&chat));
    }

    #[test]
    fn ids_of_different_authors_do_not_meet() {
        let chat = BareJid::new("a@b");
        let keys = [
            by_wire_id(&chat, &BareJid::new("a@b"), "1"),
            by_wire_id(&chat, &BareJid::new("me@b"), "1"),
            by_stanza_id(&chat, &StanzaId::new("1")),
            by_origin_id(&OriginId::new("1")),
        ];
        for (n, one) in keys.iter().enumerate() {
            assert!(keys.iter().skip(n + 1).all(|other| one != other));
        }
    }
}
