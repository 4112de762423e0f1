//! The index of the search.

use std::fmt;

use plausch_model::{BareJid, TimelineKey, Timestamp};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

use super::{Record, keys::put_place};
use crate::store::Key;

/// How far the index of the search is, and what it has yet to forget (Meta, [`SEARCH`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct SearchRecord {
    /// Every message is in the index or listed for it ...
    pub walked: bool,
    /// ... or not yet those from this key on, which were here before the index.
    pub walk_from: Packed,
    /// Chats whose words have to go.
    pub chats: Vec<BareJid>,
    /// Places whose words have to go.
    pub places: Vec<(BareJid, TimelineKey)>,
}
impl Record for SearchRecord {}

/// Key of the [`SearchRecord`].
pub const SEARCH: &[u8] = b"search";

/// A segment of the index: what has to be known before anything is looked up in it (Search, [`SearchPart::Head`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct SearchHeadRecord {
    /// How many documents it has, numbered from the newest.
    pub documents: u32,
    /// When the newest document of each chunk was sent.
    pub newest: Vec<Timestamp>,
    /// When the oldest document was sent.
    pub oldest: Timestamp,
    /// The first term of each chunk.
    pub terms: Vec<Packed>,
    /// The chats, which the documents name by number.
    pub chats: Vec<BareJid>,
}
impl Record for SearchHeadRecord {}

/// Terms and which documents have them (Search, [`SearchPart::Terms`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct SearchTermsRecord(pub Packed);
impl Record for SearchTermsRecord {}

/// Documents (Search, [`SearchPart::Documents`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct SearchDocumentsRecord(pub Packed);
impl Record for SearchDocumentsRecord {}

/// Bytes that are stored as they are, not one by one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Packed(pub Vec<u8>);

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Packed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Packed, E> {
                Ok(Packed(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// The parts of a segment in Search. Each number stands in the keys of all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SearchPart {
    /// A [`SearchHeadRecord`]. First, so that all heads are read at once.
    Head = 0,
    /// [`SearchTermsRecord`]s.
    Terms = 1,
    /// [`SearchDocumentsRecord`]s.
    Documents = 2,
}

/// The key of a chunk in Search. Says nothing but numbers: what is searched for in messages must not stand in the clear.
pub fn search_key(part: SearchPart, segment: u32, chunk: u32) -> Key {
    let mut key = search_prefix(part, segment);
    key.extend(chunk.to_be_bytes());
    key
}

/// How the keys of all chunks of a segment begin.
pub fn search_prefix(part: SearchPart, segment: u32) -> Key {
    let mut key = vec![part as u8];
    key.extend(segment.to_be_bytes());
    key
}

/// The segment whose part a key made by [`search_key`] names.
pub fn search_segment(key: &[u8]) -> Option<u32> {
    key.get(1..5)?.try_into().ok().map(u32::from_be_bytes)
}

/// The key of a message in Unindexed: its place, which no other message has, in whatever chat.
pub fn unindexed_key(key: TimelineKey) -> Key {
    let mut bytes = Key::new();
    put_place(&mut bytes, key);
    bytes
}
