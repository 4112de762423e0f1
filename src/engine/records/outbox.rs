//! What is to be sent, and what waits for its message.

use plausch_model::{BareJid, FailureReason, OriginId};
use serde::{Deserialize, Serialize};

use super::{
    Record,
    message::{MessageRecord, MessageRecordV1, MessageRecordV2},
};
use crate::story::Event;

/// What waits to be sent or acknowledged (Outbox, by order).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct OutboxRecord {
    /// What it is.
    pub content: Outgoing,
    /// As the how-manieth stanza of the present session it was sent (XEP-0198); `None` if it was not.
    pub sent_as: Option<u64>,
    /// It was sent in a session that was lost: the server may or may not have it.
    pub uncertain: bool,
    /// How many streams the server ended in anger when this was on its way.
    pub refusals: u8,
}
impl Record for OutboxRecord {
    const VERSION: u8 = 4;

    fn from_earlier(version: u8, body: &[u8]) -> Option<Self> {
        let second = |body| postcard::from_bytes::<OutboxRecordOf<MessageRecordV1>>(body).ok().map(Self::from);
        let third = |body| postcard::from_bytes::<OutboxRecordOf<MessageRecordV2>>(body).ok().map(Self::from);
        match version {
            2 => second(body),
            3 => third(body),
            _ => None,
        }
    }
}

/// Earlier ones held a message.
#[derive(Deserialize)]
struct OutboxRecordOf<M> {
    message: M,
    sent_as: Option<u64>,
    uncertain: bool,
    refusals: u8,
}

impl<M: Into<MessageRecord>> From<OutboxRecordOf<M>> for OutboxRecord {
    fn from(OutboxRecordOf { message, sent_as, uncertain, refusals }: OutboxRecordOf<M>) -> Self {
        Self { content: Outgoing::Message(message.into()), sent_as, uncertain, refusals }
    }
}

/// What a person sends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Outgoing {
    /// A message as it is in Messages.
    Message(MessageRecord),
    /// What becomes of a message.
    Event(Change),
}

/// An edit, a retraction or the reactions of ours to a message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Change {
    /// The chat.
    pub chat: BareJid,
    /// Our id of the message.
    pub message: OriginId,
    /// The `id` that the message's author gave it.
    pub target: String,
    /// The event. Its place is where it was written, then where it was sent.
    pub event: Event,
    /// How far it is.
    pub stage: Stage,
}

/// How far a [`Change`] is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Stage {
    /// It has to be sent, or acknowledged.
    Queued,
    /// The server has it. Kept until the message has been changed, which has to be loaded for that.
    Taken,
    /// It was not taken, and waits for the person to say what to do.
    Failed(FailureReason),
}

/// Something that refers to a message which is not here (Waiting, by order of arrival).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct WaitingRecord {
    /// The chat.
    pub chat: BareJid,
    /// The id that the message's author gave it.
    pub target: String,
    /// What is to become of it.
    pub event: Event,
}
impl Record for WaitingRecord {}
