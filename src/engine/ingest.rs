//! The one way in: live, carbon, archived and delayed messages all pass the same stages, in this order.
//!
//! 1. **identify**: which ids may name this message, and which stored messages does it speak of;
//! 2. **de-duplicate**: is it a copy of something known;
//! 3. **classify** into a closed enum of what it does;
//! 4. **apply** to the stored messages. What refers to a message that is not known yet waits for it.
//!
//! What has to be looked up for all messages that arrived together is asked of the store in one question; then they are
//! applied in order, each seeing what those before it did.

use plausch_model::{
    BareJid, ChatState, DeliveryState, Encryption, FailureReason, MessageBody, OriginId, TimelineItem, TimelineKey,
    Timestamp, Way,
};
use plausch_xmpp::list::IntoList;
use plausch_xmpp::{
    stanza::{Condition, Message, MessageType, StanzaError},
    xep::{
        chat_markers::{Displayed, Markable},
        chat_states,
        encryption::ExplicitEncryption,
        receipts::{Receipt, ReceiptRequest},
        stanza_id::OriginId as OriginIdPayload,
    },
};

use crate::{
    envelope::{Incoming, Provenance},
    events::{event_of, own_words},
    map::Map,
    page::Read,
    records::{Change, MessageRecord, by_stanza_id, by_wire_id, decode_row},
    step::Step,
    store::{Key, Loaded},
    story::{Story, What},
};

/// What waits to be taken in.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// A message.
    Message(Box<Incoming>),
    /// Everything of a page of the archive has been queued before this.
    ArchivePage(Read),
    /// The server has this edit, retraction or reaction of ours.
    Own(Box<Change>),
}

/// Messages that a step looks at, and which keys of ids lead to them. Loaded at first, then kept up with what the step does.
#[derive(Debug, Default)]
pub(crate) struct Known {
    messages: Map<OriginId, MessageRecord>,
    ids: Map<Key, OriginId>,
}

impl Known {
    /// What the store found for these keys.
    pub fn new(keys: Vec<Key>, found: Option<Loaded>) -> Self {
        let Some(Loaded::Found(rows)) = found else { return Self::default() };
        let messages = keys.into_iter().zip(rows);
        let messages = messages.filter_map(|(key, row)| Some((key, decode_row::<MessageRecord>(&row?)?)));
        let mut known = Self::default();
        for (key, message) in messages {
            known.ids.insert(key, message.item.id.clone());
            known.messages.insert(message.item.id.clone(), message);
        }
        known
    }

    /// The message with this id.
    pub fn get(&self, key: &Key) -> Option<&MessageRecord> {
        self.messages.get(self.ids.get(key)?)
    }

    /// Notes a message as it is now under all its ids.
    pub fn put(&mut self, message: &MessageRecord) {
        for key in id_keys(message) {
            self.ids.insert(key, message.item.id.clone());
        }
        self.messages.insert(message.item.id.clone(), message.clone());
    }
}

/// The index keys under which a message is found.
pub(crate) fn id_keys(message: &MessageRecord) -> Vec<Key> {
    let by_archive = message.stanza_id.as_ref().map(|id| by_stanza_id(&message.chat, id));
    let by_author = message.wire_id.as_ref().map(|id| by_wire_id(&message.chat, &message.item.author, id));
    let own = crate::records::by_origin_id(&message.item.id);
    let others = message.other_ids().map(|id| by_wire_id(&message.chat, &message.item.author, id));
    let events = message.own_events().into_iter().map(|(author, id, _)| by_wire_id(&message.chat, author, id));
    by_archive.into_iter().chain(by_author).chain([own]).chain(others).chain(events).into_list()
}

/// Stage 1: every key that has to be looked up for a message.
pub(crate) fn lookups(incoming: &Incoming, me: &BareJid) -> Vec<Key> {
    let Incoming { chat, author, .. } = incoming;
    let by_archive = incoming.stanza_id.as_ref().map(|id| by_stanza_id(chat, id));
    let by_author = wire_ids(&incoming.message).map(|id| by_wire_id(chat, author, &id));
    let target = reference(incoming).map(|(id, _)| by_wire_id(chat, me, &id));
    let displayed = own_marker(incoming).map(|id| by_wire_id(chat, chat, &id));
    let changed = crate::events::lookups(incoming, me);
    by_archive.into_iter().chain(by_author).chain(target).chain(displayed).chain(changed).into_list()
}

/// The ids that a message's author gave it: `origin-id` (XEP-0359) before the stanza's own.
pub(crate) fn wire_ids(message: &Message) -> impl Iterator<Item = String> {
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

/// Of two messages with the same text that an author called the same, one that is so much later is another one, whatever
/// their archive calls them.
const SAME_MILLIS: i64 = 300_000;

fn is_same(incoming: &Incoming, stored: &MessageRecord) -> bool {
    let near = incoming.at.millis_since(stored.item.at).saturating_abs() < SAME_MILLIS;
    let archived_apart = matches!((&incoming.stanza_id, &stored.stanza_id), (Some(new), Some(old)) if new != old);
    let archived_apart = archived_apart && !(incoming.renumbered && near);
    let Some(new) = body_of(&incoming.message) else { return false };
    let same_body = match (&new, stored.first_text()) {
        // What it said is gone, or not here yet: its id has to do.
        _ if stored.is_missing() || stored.item.body == MessageBody::Retracted => true,
        (MessageBody::Text(new), Some(old)) => printable(new).eq(printable(&old)),
        (new, _) => *new == stored.item.body,
    };
    !archived_apart && same_body
}

/// A text without what the way over the wire may drop or change.
fn printable(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'))
}

/// What a message does, beside what it refers to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// It says something.
    Body {
        /// What.
        body: MessageBody,
        /// Its author wants to know when it has arrived (XEP-0184).
        receipt_requested: bool,
    },
    /// Nothing that we keep.
    Nothing,
}

/// Stage 3.
pub(crate) fn classify(incoming: &Incoming) -> Kind {
    let message = &incoming.message;
    match body_of(message).filter(|_| message.kind != MessageType::Error) {
        Some(body) => {
            Kind::Body { body, receipt_requested: message.payload::<ReceiptRequest>().is_some_and(|r| r.is_ok()) }
        }
        None => Kind::Nothing,
    }
}

/// The id of a message of ours, and how far it has come.
pub(crate) type Reference = (String, DeliveryState);

/// What a message says of one of ours: that it has arrived (XEP-0184), was seen (XEP-0333), or comes back. It may have a
/// body of its own beside that.
pub(crate) fn reference(incoming: &Incoming) -> Option<Reference> {
    let message = &incoming.message;
    if incoming.way == Way::Out {
        return None;
    }
    if let Some(error) = message.error() {
        return Some((message.id.clone()?, DeliveryState::Failed(failure(&error))));
    }
    if let Some(Ok(displayed)) = message.payload::<Displayed>() {
        return Some((displayed.id, DeliveryState::Read));
    }
    let receipt = message.payload::<Receipt>()?.ok()?;
    Some((receipt.id, DeliveryState::Delivered))
}

/// The message up to which another device of ours says that it has displayed the chat (XEP-0333).
fn own_marker(incoming: &Incoming) -> Option<String> {
    let displayed = incoming.message.payload::<Displayed>().filter(|_| incoming.way == Way::Out)?.ok()?;
    Some(displayed.id)
}

/// The place up to which another device of ours says that it has displayed the chat, if that message is here.
pub(crate) fn displayed_elsewhere(incoming: &Incoming, known: &Known) -> Option<TimelineKey> {
    let id = own_marker(incoming)?;
    known.get(&by_wire_id(&incoming.chat, &incoming.chat, &id)).map(|message| message.item.key)
}

/// What refers to messages that are not known yet: what another device of ours sent may come after the receipt for it.
#[derive(Debug, Default)]
pub(crate) struct References {
    waiting: Vec<(BareJid, Reference)>,
}

/// So many references wait; then the oldest make room.
const MAX_WAITING: usize = 500;

impl References {
    /// Keeps a reference for a message of ours in this chat.
    pub fn wait(&mut self, chat: &BareJid, reference: Reference) {
        if self.waiting.len() >= MAX_WAITING {
            self.waiting.remove(0);
        }
        self.waiting.push((chat.clone(), reference));
    }

    /// A message of ours is new: applies to it what has waited for it.
    pub fn apply(&mut self, message: &mut MessageRecord, known: &mut Known) {
        let Some(id) = message.wire_id.clone().filter(|_| message.item.way == Way::Out) else { return };
        self.waiting.retain(|(chat, (target, state))| {
            let is_for_it = *chat == message.chat && *target == id;
            if is_for_it && crate::chats::advances(message.item.state.as_ref(), state) {
                message.item.state = Some(state.clone());
            }
            !is_for_it
        });
        known.put(message);
    }
}

/// What a message says; `None` if it says nothing, or only what becomes of another one.
pub(crate) fn body_of(message: &Message) -> Option<MessageBody> {
    let text = own_words(message).filter(|text| !text.is_empty());
    let hidden = || message.payload::<ExplicitEncryption>().filter(|_| message.body().is_none());
    text.map(MessageBody::Text).or_else(|| hidden().map(|_| MessageBody::Unreadable))
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
///
/// A new message comes after `floor`.
pub(crate) fn apply(
    step: &mut Step<'_>,
    incoming: &Incoming,
    known: &mut Known,
    floor: Option<TimelineKey>,
) -> Applied {
    if let Some(stored) = duplicate_of(incoming, known) {
        return merge(incoming, stored.clone(), known);
    }
    match classify(incoming) {
        Kind::Body { body, .. } => {
            let message = new_message(step, incoming, body, floor);
            known.put(&message);
            Applied::Added(Box::new(message))
        }
        Kind::Nothing => Applied::Nothing,
    }
}

/// A copy may bring the archive's id, and it proves that the server has what we sent.
///
/// A copy of an earlier try, which bounced before the message was sent again under another id, proves nothing.
fn merge(incoming: &Incoming, mut stored: MessageRecord, known: &mut Known) -> Applied {
    if !is_of_present_try(incoming, &stored) {
        return Applied::Nothing;
    }
    let before = stored.clone();
    stored.stanza_id = match incoming.renumbered {
        true => incoming.stanza_id.clone().or(stored.stanza_id),
        false => stored.stanza_id.or_else(|| incoming.stanza_id.clone()),
    };
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

/// Whether a copy is one of the present try, and not of one that bounced before the message was sent again.
pub(crate) fn is_of_present_try(incoming: &Incoming, stored: &MessageRecord) -> bool {
    let is_current = |id: &String| wire_ids(&incoming.message).any(|other| other == *id);
    stored.wire_id.as_ref().is_none_or(is_current)
}

/// A message that is new here.
pub(crate) fn new_message(
    step: &mut Step<'_>,
    incoming: &Incoming,
    body: MessageBody,
    floor: Option<TimelineKey>,
) -> MessageRecord {
    let mut ids = wire_ids(&incoming.message);
    let (wire_id, other_id) = (ids.next(), ids.next());
    let other_id = other_id.filter(|other| Some(other) != wire_id.as_ref());
    let story = other_id.map(|id| Box::new(Story::known_as(id)));
    let item = TimelineItem {
        // What another device of ours calls it need not be unique.
        id: step.local_id(),
        key: place_of(step, incoming, floor),
        author: incoming.author.clone(),
        way: incoming.way,
        at: incoming.at,
        body,
        encryption: Encryption::None,
        state: (incoming.way == Way::Out).then_some(DeliveryState::Sent),
        edited: None,
        reactions: Vec::new(),
        unsent: None,
        reacting: false,
    };
    let markable = incoming.message.payload::<Markable>().filter(|_| incoming.way == Way::In);
    let markable = markable.and_then(|_| incoming.message.id.clone().filter(|id| !id.is_empty()));
    MessageRecord { chat: incoming.chat.clone(), item, stanza_id: incoming.stanza_id.clone(), wire_id, markable, story }
}

/// Where something new belongs: where the archive has it, or after what came before.
pub(crate) fn place_of(step: &mut Step<'_>, incoming: &Incoming, floor: Option<TimelineKey>) -> TimelineKey {
    let at = incoming.earliest();
    match incoming.sequence {
        Some(sequence) => TimelineKey { at, sequence },
        None => place_after(step, floor, at),
    }
}

/// A place at this time, but after another one: two clocks never agree, and the order in which a server takes messages
/// counts more.
pub(crate) fn place_after(step: &mut Step<'_>, floor: Option<TimelineKey>, at: Timestamp) -> TimelineKey {
    TimelineKey { at: floor.map_or(at, |floor| floor.at.max(at)), sequence: step.sequence() }
}

/// Somebody says how far a message of ours has come. Only the one it went to may (attack case A-21): it is looked up in
/// the chat with that sender. What bounces late, from a try before the present one, says nothing of this.
///
/// `None` if there is no such message, yet.
pub(crate) fn refer(incoming: &Incoming, (id, state): &Reference, me: &BareJid, known: &mut Known) -> Option<Applied> {
    let mut stored = known.get(&by_wire_id(&incoming.chat, me, id)).cloned()?;
    let is_late_bounce = matches!(state, DeliveryState::Failed(_)) && stored.wire_id.as_ref() != Some(id);
    if is_late_bounce || !crate::chats::advances(stored.item.state.as_ref(), state) {
        return Some(Applied::Nothing);
    }
    stored.item.state = Some(state.clone());
    known.put(&stored);
    Some(Applied::Changed(Box::new(stored)))
}

/// Whether the author of a message may be told that it has arrived: as far as the message itself goes.
pub(crate) fn wants_receipt(incoming: &Incoming) -> Option<&str> {
    let straight = matches!(incoming.provenance, Provenance::Live | Provenance::Delayed);
    let kind = matches!(incoming.message.kind, MessageType::Chat | MessageType::Normal);
    let is_correction = matches!(event_of(&incoming.message), Some((_, What::Correct(_))));
    let asks = || incoming.message.payload::<ReceiptRequest>().is_some_and(|request| request.is_ok());
    let asked = matches!(classify(incoming), Kind::Body { receipt_requested: true, .. }) || is_correction && asks();
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
