//! What was found.

use serde::{Deserialize, Serialize};

use crate::{BareJid, OriginId, TimelineKey, Timestamp, Way};

/// A part of a text: from one byte to before another, both between characters.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct MatchRange {
    /// Its first byte.
    pub start: u32,
    /// The byte behind it.
    pub end: u32,
}

/// A message that was found.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct SearchHit {
    /// In which chat.
    pub chat: BareJid,
    /// The message's id.
    pub id: OriginId,
    /// Its place.
    pub key: TimelineKey,
    /// Who wrote it.
    pub author: BareJid,
    /// In or out.
    pub way: Way,
    /// When it was sent.
    pub at: Timestamp,
    /// Its text around the first match.
    pub excerpt: String,
    /// What matches in the excerpt, in order.
    pub marks: Vec<MatchRange>,
    /// What matches in the whole text, in order.
    pub matches: Vec<MatchRange>,
}
