//! Messages as they are shown.

use serde::{Deserialize, Serialize};

use crate::{BareJid, Emoji, OriginId, TimelineKey, Timestamp};

/// Direction of a message (`data-direction`).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Way {
    /// From the other side.
    In,
    /// From us, on whichever device.
    Out,
}

impl Way {
    /// The value of `data-direction`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// For so long after it was sent a message may be edited, in milliseconds. XEP-0308 speaks of the last message only; other
/// clients take more.
pub const EDITABLE_MILLIS: i64 = 86_400_000;

/// How far an outgoing message has come (`data-state`). Only ever moves forward, `Failed` and retry aside.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum DeliveryState {
    /// On disk, not yet taken by the server.
    Waiting,
    /// The server has it.
    Sent,
    /// A device of the other side has it (XEP-0184).
    Delivered,
    /// The other side has seen it (XEP-0333).
    Read,
    /// It will not arrive.
    Failed(FailureReason),
}

impl DeliveryState {
    /// The value of `data-state`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed(_) => "failed",
        }
    }
}

/// Why a message failed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum FailureReason {
    /// No such person, or they can't be reached at all.
    NotFound,
    /// They, or a server, refuse messages from us.
    Refused,
    /// We blocked them ourselves.
    Blocked,
    /// Their server can't be reached.
    ServerUnreachable,
    /// The server's own words or condition.
    Other(String),
    /// It is longer than the server takes.
    TooLong,
}

/// How a message was encrypted (`data-encryption`).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub enum Encryption {
    /// Not at all.
    #[default]
    None,
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum MessageBody {
    /// Plain text: from the network, so shown as text and nothing else.
    Text(String),
    /// Something that could not be shown; the raw view has the details.
    Unreadable,
    /// Nothing any more: its author has taken it back (XEP-0424).
    Retracted,
}

/// An emoji with which people have reacted to a message (XEP-0444).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Reaction {
    /// The emoji.
    pub emoji: Emoji,
    /// Who has, each once.
    pub by: Vec<BareJid>,
    /// We are among them.
    pub own: bool,
}

/// How far an edit or retraction of ours is that the server has not taken. A field of its own beside the message's state:
/// what the other side got before, they have got and maybe read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Unsent {
    /// On disk, on its way.
    Waiting,
    /// The server or the other side did not take it.
    Failed(FailureReason),
}

/// One message in a conversation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct TimelineItem {
    /// The client's own id of it (`data-id`).
    pub id: OriginId,
    /// Its place.
    pub key: TimelineKey,
    /// Who wrote it (`data-author`).
    pub author: BareJid,
    /// In or out.
    pub way: Way,
    /// When it was sent.
    pub at: Timestamp,
    /// What it says.
    pub body: MessageBody,
    /// How it was encrypted.
    pub encryption: Encryption,
    /// How far it has come; `None` for incoming ones.
    pub state: Option<DeliveryState>,
    /// When it was last edited (`data-edited`), if it was (XEP-0308).
    pub edited: Option<Timestamp>,
    /// The reactions to it.
    pub reactions: Vec<Reaction>,
    /// It is shown as we edited it or took it back, which the server does not know yet.
    pub unsent: Option<Unsent>,
    /// Our own reactions are shown as we want them, which the server does not know yet.
    pub reacting: bool,
}
