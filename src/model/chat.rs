//! The list of chats.

use serde::{Deserialize, Serialize};

use crate::{AvatarId, BareJid, MessageBody, Timestamp, Way};

/// What kind of conversation it is (`data-kind`).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub enum ChatKind {
    /// With one person.
    #[default]
    Direct,
}

/// A room that the person has bookmarked (XEP-0402).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Bookmark {
    /// The room's address.
    pub jid: BareJid,
    /// The address as people should see it.
    pub address: String,
    /// The name that the person gave it, else the address.
    pub name: String,
    /// Whether programs that join rooms are to be in it whenever they are online.
    pub autojoin: bool,
}

/// What the other side is doing (XEP-0085).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub enum ChatState {
    /// Nothing known, or simply there.
    #[default]
    Idle,
    /// Writing.
    Composing,
    /// Stopped writing with something unsent.
    Paused,
}

/// The last message of a chat, for the list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Preview {
    /// Whose it is.
    pub way: Way,
    /// What it says; a text is clipped to some 200 characters.
    pub body: MessageBody,
    /// When it was sent.
    pub at: Timestamp,
}

/// One row of the list of chats.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct ChatSummary {
    /// The chat's address.
    pub jid: BareJid,
    /// The address as people should see it.
    pub address: String,
    /// Direct or group.
    pub kind: ChatKind,
    /// The name to show.
    pub name: String,
    /// The avatar, if known.
    pub avatar: Option<AvatarId>,
    /// Number of unread messages.
    pub unread: u32,
    /// The last message, if any is known.
    pub preview: Option<Preview>,
    /// When something last happened: the list is sorted by it, newest first.
    pub active_at: Timestamp,
    /// What the person has typed but not sent.
    pub draft: Option<String>,
    /// Whether the other side is typing.
    pub state: ChatState,
    /// Whether they are in the roster: strangers get a hint and learn nothing of us.
    pub stranger: bool,
    /// Whether we blocked them.
    pub blocked: bool,
}
