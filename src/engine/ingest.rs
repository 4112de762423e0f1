//! The one way in: live, carbon, archived and delayed messages all pass the same stages, in this order.
//!
//! 1. **identify**: which ids may name this message, and which stored messages does it speak of;
//! 2. **de-duplicate**: is it a copy of something known;
//! 3. **classify** into a closed enum of what it does;
//! 4. **apply** to the stored messages.
//!
//! What has to be looked up for all messages that arrived together is asked of the store in one question; then they are
//! applied in order, each seeing what those before it did.

use plausch_model::{
    BareJid, ChatState, DeliveryState, Encryption, FailureReason, MessageBody, OriginId, TimelineItem, TimelineKey, Way,
};
use plausch_xmpp::list::IntoList;
use plausch_xmpp::{
    stanza::{Condition, Message, MessageType, StanzaError},
    xep::{
        chat_markers::Displayed,
        chat_states,
        encryption::ExplicitEncryption,
        receipts::{Receipt, ReceiptRequest},
        stanza_id::OriginId as OriginIdPayload,
    },
};

use crate::{
    archive::Read,
    envelope::{Incoming, Provenance},
    map::Map,
    records::{MessageRecord, by_stanza_id, by_wire_id, decode_row},
    step::Step,
    store::{Key, Loaded},
};

/// What waits to be taken in.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// A message.
    Message(Box<Incoming>),
    /// Everything of a page of the archive has been queued before this.
    ArchivePage(Read),
}

/// Messages that a step looks at, by the keys of their ids. Loaded at first, then kept up with what the step does.
#[derive(Debug, Default)]
pub(crate) struct Known {
    messages: Map<Key, MessageRecord>,
}

impl Known {
    /// What the store found for these keys.
    pub fn new(keys: Vec<Key>, found: Option<Loaded>) -> Self {
        let Some(Loaded::Found(rows)) = found else { return Self::default() };
        let messages = keys.into_iter().zip(rows);
        let messages = messages.filter_map(|(key, row)| Some((key, decode_row(&row?)?)));
        let mut known = Self::default();
        known.messages.extend(messages);
        known
    }

    fn get(&self, key: &Key) -> Option<&MessageRecord> {
        self.messages.get(key)
    }

    /// Notes a message as it is now under all its ids.
    fn put(&mut self, message: &MessageRecord) {
        for key in id_keys(message) {
            self.messages.insert(key, message.clone());
        }
    }
}

/// The index keys under which a message is found.
pub(crate) fn id_keys(message: &MessageRecord) -> Vec<Key> {
    let by_archive = message.stanza_id.as_ref().map(|id| by_stanza_id(&message.chat, id));
    let by_author = message.wire_id.as_ref().map(|id| by_wire_id(&message.chat, &message.item.author, id));
    let own = crate::records::by_origin_id(&message.item.id);
    by_archive.into_iter().chain(by_author).chain([own]).into_list()
}

/// Stage 1: every key that has to be looked up for a message.
pub(crate) fn lookups(incoming: &Incoming, me: &BareJid) -> Vec<Key> {
    let Incoming { chat, author, .. } = incoming;
    let by_archive = incoming.stanza_id.as_ref().map(|id| by_stanza_id(chat, id));
    let by_author = wire_ids(&incoming.message).map(|id| by_wire_id(chat, author, &id));
    let target = match classify(incoming) {
        Kind::Received(id) | Kind::Displayed(id) | Kind::Bounce(id, _) => Some(by_wire_id(chat, me, &id)),
        Kind::Body { .. } | Kind::State | Kind::Nothing => None,
    };
    by_archive.into_iter().chain(by_author).chain(target).into_list()
}

/// The ids that a message's author gave it: `origin-id` (XEP-0359) before the stanza's own.
fn wire_ids(message: &Message) -> impl Iterator<Item = String> {
    let origin = message.payload::<OriginIdPayload>().and_then(Result::ok).map(|origin| origin.id);
    origin.into_iter().chain(message.id.clone().filter(|id| !id.is_empty()))
}

/// Stage 2: the stored message that this one is a copy of. An archive's id decides alone; an author's id only together
/// with the same text, since many clients count from 1 again.
pub(crate) fn duplicate_of<'k>(incoming: &Incoming, known: &'k Known) -> Option<&'k MessageRecord> {
    let by_archive = incoming.stanza_id.as_ref().and_then(|id| known.get(&by_stanza_id(&incoming.chat, id)));
    by_archive.or_else(|| {
        let mut ids = wire_ids(&incoming.message);
        ids.find_map(|id| known.get(&by_wire_id(&incoming.chat, &incoming.author, &id)))
            .filter(|stored| is_same(incoming, stored))
    })
}

fn is_same(incoming: &Incoming, stored: &MessageRecord) -> bool {
    let archived_apart = matches!((&incoming.stanza_id, &stored.stanza_id), (Some(new), Some(old)) if new != old);
    let same_body = body_of(&incoming.message).as_ref() == Some(&stored.item.body);
    !archived_apart && (same_body || incoming.way == Way::Out)
}

/// What a message does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// It says something.
    Body {
        /// What.
        body: MessageBody,
        /// Its author wants to know when it has arrived (XEP-0184).
        receipt_requested: bool,
    },
    /// The other side has a message of ours (XEP-0184).
    Received(String),
    /// The other side has seen a message of ours (XEP-0333).
    Displayed(String),
    /// A message of ours came back.
    Bounce(String, FailureReason),
    /// It only says what the other side is doing (XEP-0085).
    State,
    /// Nothing that we know.
    Nothing,
}

/// Stage 3.
pub(crate) fn classify(incoming: &Incoming) -> Kind {
    let message = &incoming.message;
    if let Some(error) = message.error() {
        let id = message.id.clone().filter(|_| incoming.way == Way::In);
        return id.map_or(Kind::Nothing, |id| Kind::Bounce(id, failure(&error)));
    }
    if let Some(Ok(receipt)) = message.payload::<Receipt>() {
        return if incoming.way == Way::In { Kind::Received(receipt.id) } else { Kind::Nothing };
    }
    if let Some(Ok(displayed)) = message.payload::<Displayed>() {
        return if incoming.way == Way::In { Kind::Displayed(displayed.id) } else { Kind::Nothing };
    }
    match body_of(message) {
        Some(body) => {
            Kind::Body { body, receipt_requested: message.payload::<ReceiptRequest>().is_some_and(|r| r.is_ok()) }
        }
        None if message.payload::<chat_states::ChatState>().is_some() => Kind::State,
        None => Kind::Nothing,
    }
}

/// What a message says; `None` if it says nothing.
fn body_of(message: &Message) -> Option<MessageBody> {
    let text = message.body().filter(|text| !text.is_empty());
    let hidden = || message.payload::<ExplicitEncryption>().map(|_| MessageBody::Unreadable);
    text.map(|text| MessageBody::Text(text.to_owned())).or_else(hidden)
}

/// The chat state that a message carries, with or without a body.
pub(crate) fn chat_state(message: &Message) -> Option<ChatState> {
    use chat_states::ChatState as Wire;
    let state = message.payload::<Wire>()?.ok()?;
    Some(match state {
        Wire::Composing => ChatState::Composing,
        Wire::Paused => ChatState::Paused,
        Wire::Active | Wire::Inactive | Wire::Gone => ChatState::Idle,
    })
}

/// What stage 4 did, for those who keep the chats, the views and the outbox.
#[derive(Debug)]
pub(crate) enum Applied {
    /// A message is new.
    Added(Box<MessageRecord>),
    /// A message that was known is now like this.
    Changed(Box<MessageRecord>),
    /// It changed nothing.
    Nothing,
}

/// Stages 2 to 4 for one message.
pub(crate) fn apply(step: &mut Step<'_>, incoming: &Incoming, me: &BareJid, known: &mut Known) -> Applied {
    if let Some(stored) = duplicate_of(incoming, known) {
        return merge(incoming, stored.clone(), known);
    }
    match classify(incoming) {
        Kind::Body { body, .. } => {
            let message = new_message(step, incoming, body);
            known.put(&message);
            Applied::Added(Box::new(message))
        }
        Kind::Received(id) => advance(incoming, me, &id, DeliveryState::Delivered, known),
        Kind::Displayed(id) => advance(incoming, me, &id, DeliveryState::Read, known),
        Kind::Bounce(id, reason) => advance(incoming, me, &id, DeliveryState::Failed(reason), known),
        Kind::State | Kind::Nothing => Applied::Nothing,
    }
}

/// A copy may bring the archive's id, and it proves that the server has what we sent.
fn merge(incoming: &Incoming, mut stored: MessageRecord, known: &mut Known) -> Applied {
    let before = stored.clone();
    stored.stanza_id = stored.stanza_id.or_else(|| incoming.stanza_id.clone());
    let arrived = stored.item.state.as_ref().is_some_and(|state| matches!(state, DeliveryState::Waiting));
    if incoming.way == Way::Out && arrived {
        stored.item.state = Some(DeliveryState::Sent);
    }
    if stored == before {
        return Applied::Nothing;
    }
    known.put(&stored);
    Applied::Changed(Box::new(stored))
}

fn new_message(step: &mut Step<'_>, incoming: &Incoming, body: MessageBody) -> MessageRecord {
    let wire_id = wire_ids(&incoming.message).next();
    let own_id = wire_id.clone().filter(|_| incoming.way == Way::Out).map(OriginId::new);
    let item = TimelineItem {
        id: own_id.unwrap_or_else(|| step.message_id()),
        key: TimelineKey { at: incoming.at, sequence: step.sequence() },
        author: incoming.author.clone(),
        way: incoming.way,
        at: incoming.at,
        body,
        encryption: Encryption::None,
        state: (incoming.way == Way::Out).then_some(DeliveryState::Sent),
    };
    MessageRecord { chat: incoming.chat.clone(), item, stanza_id: incoming.stanza_id.clone(), wire_id }
}

/// Somebody says how far a message of ours has come. Only the one it went to may (attack case A-21): it is looked up in
/// the chat with that sender.
fn advance(incoming: &Incoming, me: &BareJid, id: &str, state: DeliveryState, known: &mut Known) -> Applied {
    let stored = known.get(&by_wire_id(&incoming.chat, me, id));
    let Some(mut stored) = stored.filter(|stored| stored.item.way == Way::Out).cloned() else {
        return Applied::Nothing;
    };
    if !crate::chats::advances(stored.item.state.as_ref(), &state) {
        return Applied::Nothing;
    }
    stored.item.state = Some(state);
    known.put(&stored);
    Applied::Changed(Box::new(stored))
}

/// Whether the author of a message may be told that it has arrived: as far as the message itself goes.
pub(crate) fn wants_receipt(incoming: &Incoming) -> Option<&str> {
    let straight = matches!(incoming.provenance, Provenance::Live | Provenance::Delayed);
    let kind = matches!(incoming.message.kind, MessageType::Chat | MessageType::Normal);
    let asked = matches!(classify(incoming), Kind::Body { receipt_requested: true, .. });
    let id = incoming.message.id.as_deref().filter(|id| !id.is_empty());
    id.filter(|_| straight && kind && asked && incoming.way == Way::In)
}

/// An error in the words of the model.
pub(crate) fn failure(error: &StanzaError) -> FailureReason {
    match error.condition {
        Condition::ItemNotFound | Condition::Gone | Condition::JidMalformed | Condition::RecipientUnavailable => {
            FailureReason::NotFound
        }
        Condition::NotAcceptable if error.has_application_condition("blocked", plausch_xmpp::ns::BLOCKING_ERRORS) => {
            FailureReason::Blocked
        }
        Condition::RemoteServerNotFound | Condition::RemoteServerTimeout => FailureReason::ServerUnreachable,
        Condition::Forbidden
        | Condition::NotAcceptable
        | Condition::NotAllowed
        | Condition::NotAuthorized
        | Condition::PolicyViolation
        | Condition::RegistrationRequired
        | Condition::ServiceUnavailable
        | Condition::SubscriptionRequired => FailureReason::Refused,
        condition => {
            let words = error.text.clone().map(|text| text.chars().take(300).collect());
            FailureReason::Other(words.unwrap_or_else(|| condition.word().to_owned()))
        }
    }
}
