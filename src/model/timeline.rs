//! Messages as they are shown.

use serde::{Deserialize, Serialize};

use crate::{BareJid, OriginId, TimelineKey, Timestamp};

/// Direction of a message (`data-direction`).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Way {
    /// From the other side.
    In,
    /// From us, on whichever device.
    Out,
}

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
}
