//! The only way out for what a person sends: on disk before it is on the wire, in order, exactly once.
//!
//! An entry is `waiting` until it is sent, then `sent_as` the n-th stanza of a stream-management session until the server
//! acknowledges it (XEP-0198). If the session can't be resumed, what was sent and not acknowledged is `uncertain`: the
//! server may have it. Such entries hold back everything behind them until the archive has been read; what turns up there
//! is done, what does not is sent again under the same id.
//!
//! A message that makes the server end the stream would do so for ever. What was on its way when that happened goes one
//! by one from then on, and what it happens to once more has failed.
//!
//! On a server without stream management, a ping behind the messages takes the acknowledgement's place: its answer
//! proves that the server has read everything before it.

use plausch_model::{DeliveryState, OriginId, Timestamp};

use plausch_xmpp::list::IntoList;

use crate::{
    map::Map,
    records::{MessageRecord, OutboxRecord, encode, outbox_key, outbox_sequence},
    step::Step,
    store::{Row, Table},
};

/// So many streams may end at a message before it has failed.
const MAX_REFUSALS: u8 = 2;

/// What waits to be sent or acknowledged, in order.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    entries: Map<u64, OutboxRecord>,
    next: u64,
}

impl Outbox {
    /// Takes over what was stored.
    pub fn load(&mut self, rows: &[Row]) {
        for row in rows {
            let entry = outbox_sequence(&row.key).zip(crate::records::decode_row(row));
            self.entries.extend(entry);
        }
        self.next = self.entries.keys().next_back().map_or(0, |sequence| sequence.saturating_add(1));
    }

    /// Adds a message at the end.
    pub fn push(&mut self, step: &mut Step<'_>, message: MessageRecord) {
        let sequence = self.next;
        self.next = self.next.saturating_add(1);
        self.entries.insert(sequence, OutboxRecord { message, sent_as: None, uncertain: false, refusals: 0 });
        self.save(step, sequence);
    }

    /// The first message that may be sent now. While something is uncertain, nothing may; nor while something suspicious
    /// is on its way, or anything before it.
    pub fn next_to_send(&self) -> Option<(u64, &MessageRecord)> {
        let suspicious = self.entries.values().any(|entry| entry.refusals > 0);
        if self.has_uncertain() || suspicious && self.has_unacknowledged() {
            return None;
        }
        let entry = self.entries.iter().find(|(_, entry)| entry.sent_as.is_none());
        entry.map(|(sequence, entry)| (*sequence, &entry.message))
    }

    /// A message is being sent as the `sent_as`-th stanza.
    pub fn sent(&mut self, step: &mut Step<'_>, sequence: u64, sent_as: u64) {
        self.update(step, sequence, &|entry| {
            entry.sent_as = Some(sent_as);
            entry.uncertain = false;
        });
    }

    /// The server has what was sent as one of these stanzas: those messages, with their new state, are done.
    pub fn acknowledged(&mut self, step: &mut Step<'_>, covers: &dyn Fn(u64) -> bool) -> Vec<MessageRecord> {
        let done = self.entries.iter().filter(|(_, entry)| entry.sent_as.is_some_and(covers));
        let done: Vec<u64> = done.map(|(sequence, _)| *sequence).into_list();
        done.into_iter().filter_map(|sequence| self.finish(step, sequence)).into_list()
    }

    /// A copy of the message came back from the server (archive, carbon): it is done.
    pub fn seen(&mut self, step: &mut Step<'_>, id: &OriginId) -> Option<MessageRecord> {
        let sequence = self.find(id)?;
        self.finish(step, sequence)
    }

    /// A message has another place now. It is stored when it is sent.
    pub fn moved(&mut self, sequence: u64, message: MessageRecord) {
        if let Some(entry) = self.entries.get_mut(&sequence) {
            entry.message = message;
        }
    }

    /// The messages sent in the session that is resumed but not acknowledged are to be sent again, in order.
    pub fn resend(&mut self, step: &mut Step<'_>) {
        self.update_all(step, &|entry| {
            if entry.sent_as.take().is_some() {
                entry.uncertain = false;
            }
        });
    }

    /// The session is lost: the server may or may not have what was sent in it.
    pub fn session_lost(&mut self, step: &mut Step<'_>) {
        self.update_all(step, &|entry| {
            if entry.sent_as.take().is_some() {
                entry.uncertain = true;
            }
        });
    }

    /// The server ended the stream in anger: at what was on its way, perhaps. What that happened to before has failed.
    pub fn refused(&mut self, step: &mut Step<'_>) -> Vec<MessageRecord> {
        self.update_all(step, &|entry| {
            if entry.sent_as.is_some() {
                entry.refusals = entry.refusals.saturating_add(1);
            }
        });
        let culprits = self.entries.iter().filter(|(_, entry)| entry.refusals >= MAX_REFUSALS);
        let culprits: Vec<u64> = culprits.map(|(sequence, _)| *sequence).collect();
        culprits.into_iter().filter_map(|sequence| self.finish(step, sequence)).collect()
    }

    /// The archive has been read, or there is none: what has not turned up is sent again.
    pub fn resolve_uncertain(&mut self, step: &mut Step<'_>) {
        self.update_all(step, &|entry| entry.uncertain = false);
    }

    /// Whether something may or may not have reached the server.
    pub fn has_uncertain(&self) -> bool {
        self.entries.values().any(|entry| entry.uncertain)
    }

    /// When the oldest was written of what may or may not have reached the server.
    pub fn uncertain_since(&self) -> Option<Timestamp> {
        self.entries.values().filter(|entry| entry.uncertain).map(|entry| entry.message.item.at).min()
    }

    /// Whether something was sent and not acknowledged.
    pub fn has_unacknowledged(&self) -> bool {
        self.entries.values().any(|entry| entry.sent_as.is_some())
    }

    /// Whether a message waits here.
    pub fn holds(&self, id: &OriginId) -> bool {
        self.find(id).is_some()
    }

    /// Takes a message out without sending it (again).
    pub fn discard(&mut self, step: &mut Step<'_>, id: &OriginId) -> Option<MessageRecord> {
        let sequence = self.find(id)?;
        step.fx.batch.delete(Table::Outbox, outbox_key(sequence));
        self.entries.remove(&sequence).map(|entry| entry.message)
    }

    /// Takes out everything for a chat.
    pub fn discard_chat(&mut self, step: &mut Step<'_>, chat: &plausch_model::BareJid) {
        let ids = self.entries.values().filter(|entry| entry.message.chat == *chat);
        let ids: Vec<OriginId> = ids.map(|entry| entry.message.item.id.clone()).into_list();
        ids.iter().for_each(|id| {
            self.discard(step, id);
        });
    }

    fn find(&self, id: &OriginId) -> Option<u64> {
        self.entries.iter().find(|(_, entry)| entry.message.item.id == *id).map(|(sequence, _)| *sequence)
    }

    fn finish(&mut self, step: &mut Step<'_>, sequence: u64) -> Option<MessageRecord> {
        step.fx.batch.delete(Table::Outbox, outbox_key(sequence));
        let mut message = self.entries.remove(&sequence)?.message;
        message.item.state = Some(DeliveryState::Sent);
        Some(message)
    }

    fn update_all(&mut self, step: &mut Step<'_>, change: &dyn Fn(&mut OutboxRecord)) {
        let sequences: Vec<u64> = self.entries.keys().copied().into_list();
        sequences.into_iter().for_each(|sequence| self.update(step, sequence, change));
    }

    fn update(&mut self, step: &mut Step<'_>, sequence: u64, change: &dyn Fn(&mut OutboxRecord)) {
        let Some(entry) = self.entries.get_mut(&sequence) else { return };
        let state = |entry: &OutboxRecord| (entry.sent_as, entry.uncertain, entry.refusals);
        let before = state(entry);
        change(entry);
        if before != state(entry) {
            self.save(step, sequence);
        }
    }

    fn save(&self, step: &mut Step<'_>, sequence: u64) {
        if let Some(entry) = self.entries.get(&sequence) {
            step.fx.batch.put(Table::Outbox, outbox_key(sequence), encode(entry));
        }
    }
}
