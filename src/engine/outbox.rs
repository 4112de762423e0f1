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
//! An edit, a retraction or a set of reactions goes the same way. What it changes is shown at once but not stored with the
//! message: that is done when the server has it, so what fails leaves no trace, and our own word counts from when it was
//! taken, like that of our other devices.
//!
//! On a server without stream management, a ping behind the messages takes the acknowledgement's place: its answer
//! proves that the server has read everything before it.

use plausch_model::{
    BareJid, DeliveryState, FailureReason, MessageBody, OriginId, TimelineItem, TimelineKey, Timestamp, Unsent,
};

use plausch_xmpp::list::IntoList;

use crate::{
    map::Map,
    records::{Change, MessageRecord, OutboxRecord, Outgoing, Stage, encode, outbox_key, outbox_sequence},
    step::Step,
    store::{Row, Table},
    story::{What, show_own_reactions},
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

    /// Adds something at the end.
    pub fn push(&mut self, step: &mut Step<'_>, content: Outgoing) {
        let sequence = self.next;
        self.next = self.next.saturating_add(1);
        self.entries.insert(sequence, OutboxRecord { content, sent_as: None, uncertain: false, refusals: 0 });
        self.save(step, sequence);
    }

    /// The first thing that may be sent now. While something is uncertain, nothing may; nor while something suspicious
    /// is on its way, or anything before it.
    pub fn next_to_send(&self) -> Option<(u64, &Outgoing)> {
        let suspicious = self.entries.values().any(|entry| entry.refusals > 0);
        if self.has_uncertain() || suspicious && self.has_unacknowledged() {
            return None;
        }
        let entry = self.entries.iter().find(|(_, entry)| entry.sent_as.is_none() && entry.content.is_to_be_sent());
        entry.map(|(sequence, entry)| (*sequence, &entry.content))
    }

    /// It is being sent as the `sent_as`-th stanza.
    pub fn sent(&mut self, step: &mut Step<'_>, sequence: u64, sent_as: u64) {
        self.update(step, sequence, &|entry| {
            entry.sent_as = Some(sent_as);
            entry.uncertain = false;
        });
    }

    /// The server has what was sent as one of these stanzas: messages, with their new state, are done; events have yet to
    /// become part of theirs.
    pub fn acknowledged(&mut self, step: &mut Step<'_>, covers: &dyn Fn(u64) -> bool) -> Vec<Outgoing> {
        let done = self.entries.iter().filter(|(_, entry)| entry.sent_as.is_some_and(covers));
        let done: Vec<u64> = done.map(|(sequence, _)| *sequence).into_list();
        done.into_iter().filter_map(|sequence| self.finish(step, sequence)).into_list()
    }

    /// A copy of the message came back from the server (archive, carbon): it is done.
    pub fn seen(&mut self, step: &mut Step<'_>, id: &OriginId) {
        self.discard(step, id);
    }

    /// A message has another place now. It is stored when it is sent.
    pub fn moved(&mut self, sequence: u64, message: MessageRecord) {
        if let Some(entry) = self.entries.get_mut(&sequence) {
            entry.content = Outgoing::Message(message);
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
    pub fn refused(&mut self, step: &mut Step<'_>) -> Vec<u64> {
        self.update_all(step, &|entry| {
            if entry.sent_as.is_some() {
                entry.refusals = entry.refusals.saturating_add(1);
            }
        });
        let culprits = self.entries.iter().filter(|(_, entry)| entry.refusals >= MAX_REFUSALS);
        culprits.map(|(sequence, _)| *sequence).into_list()
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
        self.entries.values().filter(|entry| entry.uncertain).map(|entry| entry.content.at()).min()
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
        match self.remove(step, self.find(id)?)? {
            Outgoing::Message(message) => Some(message),
            Outgoing::Event(_) => None,
        }
    }

    /// Takes out everything for a chat.
    pub fn discard_chat(&mut self, step: &mut Step<'_>, chat: &BareJid) {
        self.remove_if(step, &|entry| entry.content.chat() == chat);
    }

    /// Takes something out.
    pub fn remove(&mut self, step: &mut Step<'_>, sequence: u64) -> Option<Outgoing> {
        step.fx.batch.delete(Table::Outbox, outbox_key(sequence));
        self.entries.remove(&sequence).map(|entry| entry.content)
    }

    fn remove_if(&mut self, step: &mut Step<'_>, unwanted: &dyn Fn(&OutboxRecord) -> bool) -> usize {
        let unwanted = self.entries.iter().filter(|(_, entry)| unwanted(entry)).map(|(sequence, _)| *sequence);
        let unwanted = unwanted.into_list();
        for sequence in &unwanted {
            self.remove(step, *sequence);
        }
        unwanted.len()
    }

    fn find(&self, id: &OriginId) -> Option<u64> {
        let is_it =
            |entry: &OutboxRecord| matches!(&entry.content, Outgoing::Message(message) if message.item.id == *id);
        self.entries.iter().find(|(_, entry)| is_it(entry)).map(|(sequence, _)| *sequence)
    }

    fn finish(&mut self, step: &mut Step<'_>, sequence: u64) -> Option<Outgoing> {
        if let Some(entry) = self.entries.get_mut(&sequence)
            && let Outgoing::Event(change) = &mut entry.content
        {
            (change.stage, entry.sent_as, entry.uncertain) = (Stage::Taken, None, false);
            let taken = entry.content.clone();
            self.save(step, sequence);
            return Some(taken);
        }
        let mut content = self.remove(step, sequence)?;
        if let Outgoing::Message(message) = &mut content {
            message.item.state = Some(DeliveryState::Sent);
        }
        Some(content)
    }

    // ---- messages that change --------------------------------------------------------------------------------------

    /// A message that was not sent yet is to be sent like this. False if it was sent, or is not here.
    pub fn rewrite(&mut self, step: &mut Step<'_>, message: &MessageRecord) -> bool {
        let Some(sequence) = self.find(&message.item.id).filter(|sequence| self.is_unsent(*sequence)) else {
            return false;
        };
        self.moved(sequence, message.clone());
        self.save(step, sequence);
        true
    }

    fn is_unsent(&self, sequence: u64) -> bool {
        self.entries.get(&sequence).is_some_and(|entry| entry.sent_as.is_none() && !entry.uncertain)
    }

    /// Whether a message was not sent yet.
    pub fn is_message_unsent(&self, id: &OriginId) -> bool {
        self.find(id).is_some_and(|sequence| self.is_unsent(sequence))
    }

    /// What is to become of a message, in order.
    pub fn changes(&self, message: &OriginId) -> impl Iterator<Item = &Change> {
        self.entries.values().filter_map(Outgoing::event_of).filter(move |change| change.message == *message)
    }

    /// Takes out those changes of a message that the server can't have and that are not wanted. Tells how many.
    pub fn drop_changes(&mut self, step: &mut Step<'_>, message: &OriginId, unwanted: &dyn Fn(&What) -> bool) -> usize {
        self.remove_if(step, &|entry| {
            let change = Outgoing::event_of(entry).filter(|change| change.message == *message);
            let change = change.filter(|change| change.stage != Stage::Taken && unwanted(&change.event.what));
            change.is_some() && entry.sent_as.is_none() && !entry.uncertain
        })
    }

    /// A change is sent from this place.
    pub fn placed(&mut self, sequence: u64, place: TimelineKey) {
        if let Some(Outgoing::Event(change)) = self.entries.get_mut(&sequence).map(|entry| &mut entry.content) {
            change.event.place = place;
        }
    }

    /// The changes that the server has, but their messages do not.
    pub fn taken(&self) -> Vec<Change> {
        let changes = self.entries.values().filter_map(Outgoing::event_of);
        changes.filter(|change| change.stage == Stage::Taken).cloned().into_list()
    }

    /// A copy of a change came back from the server, or it is part of its message.
    pub fn event_taken(&mut self, step: &mut Step<'_>, id: &str) {
        self.remove_if(step, &|entry| Outgoing::event_of(entry).is_some_and(|change| change.event.id == id));
    }

    /// A change failed, which is told if it was here. Reactions are gone with that (XEP-0444 §3.4); for others the person
    /// has to say what to do.
    pub fn event_failed(
        &mut self,
        step: &mut Step<'_>,
        chat: &BareJid,
        id: &str,
        why: &FailureReason,
    ) -> Option<Change> {
        let is_it = |change: &Change| change.chat == *chat && change.event.id == id;
        let found = self.entries.iter().find(|(_, entry)| Outgoing::event_of(entry).is_some_and(is_it));
        let sequence = found.map(|(sequence, _)| *sequence)?;
        self.fail(step, sequence, why)
    }

    /// The same, for the change in this place.
    pub fn fail(&mut self, step: &mut Step<'_>, sequence: u64, why: &FailureReason) -> Option<Change> {
        let entry = self.entries.get_mut(&sequence)?;
        let Outgoing::Event(change) = &mut entry.content else { return None };
        (change.stage, entry.sent_as, entry.uncertain) = (Stage::Failed(why.clone()), None, false);
        entry.refusals = 0;
        let failed = change.clone();
        if matches!(failed.event.what, What::React(_)) {
            self.remove(step, sequence);
        } else {
            self.save(step, sequence);
        }
        Some(failed)
    }

    /// Shows an item as what was done to it here makes it.
    pub fn overlay(&self, me: &BareJid, item: &mut TimelineItem) {
        let changes: Vec<&Change> = self.changes(&item.id).into_list();
        for change in changes {
            if item.body == MessageBody::Retracted {
                return;
            }
            let unsent = match &change.stage {
                Stage::Queued | Stage::Taken => Unsent::Waiting,
                Stage::Failed(why) => Unsent::Failed(why.clone()),
            };
            match &change.event.what {
                What::React(emojis) => {
                    show_own_reactions(item, me, emojis);
                    item.reacting = true;
                }
                What::Correct(text) => {
                    item.body = MessageBody::Text(text.clone());
                    item.edited = Some(change.event.place.at);
                    item.unsent = Some(unsent);
                }
                What::Retract => {
                    item.body = MessageBody::Retracted;
                    (item.edited, item.reacting, item.unsent) = (None, false, Some(unsent));
                    item.reactions.clear();
                }
            }
        }
    }

    /// Whether anything is shown otherwise than it is stored.
    pub fn has_changes(&self) -> bool {
        self.entries.values().any(|entry| Outgoing::event_of(entry).is_some())
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

impl Outgoing {
    /// The chat it is for.
    pub fn chat(&self) -> &BareJid {
        match self {
            Self::Message(message) => &message.chat,
            Self::Event(change) => &change.chat,
        }
    }

    /// Where it stands in its chat.
    pub fn place(&self) -> TimelineKey {
        match self {
            Self::Message(message) => message.item.key,
            Self::Event(change) => change.event.place,
        }
    }

    /// When it was written, or sent.
    fn at(&self) -> Timestamp {
        match self {
            Self::Message(message) => message.item.at,
            Self::Event(change) => change.event.place.at,
        }
    }

    fn is_to_be_sent(&self) -> bool {
        match self {
            Self::Message(_) => true,
            Self::Event(change) => change.stage == Stage::Queued,
        }
    }

    fn event_of(entry: &OutboxRecord) -> Option<&Change> {
        match &entry.content {
            Self::Message(_) => None,
            Self::Event(change) => Some(change),
        }
    }
}
