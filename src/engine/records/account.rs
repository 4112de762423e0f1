//! The account as the server keeps it: bookmarks, settings, what was read.

use plausch_model::BareJid;
use serde::{Deserialize, Serialize};

use super::Record;

/// What the server has to be told of what was read (Meta, [`DISPLAYED`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct DisplayedRecord {
    /// Our account keeps it for our other devices (XEP-0490).
    pub offered: bool,
    /// The chats that were read further than the server knows.
    pub due: Vec<BareJid>,
}
impl Record for DisplayedRecord {}

/// Key of the [`DisplayedRecord`].
pub const DISPLAYED: &[u8] = b"displayed";

/// The bookmarked rooms (Meta, [`BOOKMARKS`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct BookmarksRecord {
    /// The rooms, without those that were taken away.
    pub rooms: Vec<BookmarkRecord>,
    /// The ids of the items that the server has to take away.
    pub removed: Vec<String>,
}
impl Record for BookmarksRecord {}

/// A bookmarked room (XEP-0402 §2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct BookmarkRecord {
    /// The room.
    pub jid: BareJid,
    /// The item's id as the server has it: the room's address, be it normalised or not.
    pub item: String,
    /// The name that the person gave it.
    pub name: Option<String>,
    /// Whether to be in it whenever online.
    pub autojoin: bool,
}

/// Key of the [`BookmarksRecord`].
pub const BOOKMARKS: &[u8] = b"bookmarks";

/// The account's settings (Meta, [`SETTINGS`]).
pub const SETTINGS: &[u8] = b"settings";
impl Record for plausch_model::AccountSettings {}

/// Key of the blocked addresses (Meta).
pub const BLOCKED: &[u8] = b"blocked";

/// The blocked addresses (XEP-0191).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct BlockedRecord(pub Vec<BareJid>);
impl Record for BlockedRecord {}
