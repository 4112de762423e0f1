//! What refers to a message and changes it: corrections (XEP-0308), reactions (XEP-0444), retractions (XEP-0424), as they
//! come in, whichever way.
//!
//! Each goes to the message it names, if its sender may say so (attack cases, C-21): the message is looked up
//! among those of that author in that chat. A correction of what is not here is shown in its stead, and becomes that message
//! when it comes. Reactions and retractions of what is not here wait on disk, up to a bound.

use plausch_model::{BareJid, DeliveryState, Emoji, FailureReason, MessageBody, TimelineKey, Way};
use plausch_xmpp::list::IntoList;
use plausch_xmpp::{
    ns,
    stanza::{Message, MessageType},
    xep::{correct::Replace, fallback::Fallback, reactions::Reactions, retract::RetractMessage},
};

use crate::{
    Account,
    envelope::{Incoming, Provenance},
    ingest::{self, Known},
    map::Map,
    records::{
        Change, MessageRecord, Stage, WaitingRecord, by_origin_id, by_wire_id, decode_row, encode, outbox_key,
        outbox_sequence,
    },
    step::Step,
    store::{Key, Row, Table},
    story::{Event, Placing, What},
};

/// So many reactions of one person to one message count (attack case C-21).
pub(crate) const MAX_REACTIONS: usize = 20;
/// So many events wait in a chat; then the oldest make room.
const MAX_WAITING_IN_CHAT: usize = 100;
/// So many wait in all.
const MAX_WAITING: usize = 1_000;
/// A longer id names nothing.
const MAX_ID_BYTES: usize = 1_024;

/// What a message does to another one, whose id it names. What comes back does nothing.
pub(crate) fn event_of(message: &Message) -> Option<(String, What)> {
    let event = retraction(message).or_else(|| correction(message)).or_else(|| reactions(message));
    event.filter(|(target, _)| message.kind != MessageType::Error && target.len() <= MAX_ID_BYTES)
}

fn retraction(message: &Message) -> Option<(String, What)> {
    let RetractMessage { id } = message.payload()?.ok()?;
    Some((id, What::Retract))
}

/// What names itself corrects nothing.
fn correction(message: &Message) -> Option<(String, What)> {
    let Replace { id } = message.payload()?.ok()?;
    let text = message.body().filter(|text| !text.is_empty() && ingest::wire_ids(message).all(|own| own != id))?;
    Some((id, What::Correct(text.to_owned())))
}

fn reactions(message: &Message) -> Option<(String, What)> {
    let Reactions { id, emojis } = message.payload()?.ok()?;
    let mut known: Vec<Emoji> = Vec::new();
    for emoji in emojis.iter().filter_map(|emoji| Emoji::parse(emoji)) {
        if !known.contains(&emoji) && known.len() < MAX_REACTIONS {
            known.push(emoji);
        }
    }
    Some((id, What::React(known)))
}

/// What a message says beside what it does to another one: nothing, or what is not there for clients that don't know
/// reactions (XEP-0428, attack case C-19).
pub(crate) fn own_words(message: &Message) -> Option<String> {
    let body = message.body()?;
    match event_of(message) {
        None => Some(body.to_owned()),
        Some((_, What::Correct(_) | What::Retract)) => None,
        Some((_, What::React(_))) => {
            let fallbacks = message.payloads_of::<Fallback>().filter_map(Result::ok);
            let mut ours = fallbacks.filter(|fallback| fallback.feature.as_deref() == Some(ns::REACTIONS));
            let rest = ours.next().and_then(|fallback| fallback.cut_from_body(body));
            Some(rest.map_or_else(|| body.to_owned(), |rest| rest.trim().to_owned()))
        }
    }
}

/// The index keys of the message that an event is for: its author's own, or with a reaction anyone's, theirs first.
pub(crate) fn target_keys(chat: &BareJid, me: &BareJid, author: &BareJid, target: &str, what: &What) -> Vec<Key> {
    let other = if author == me { chat } else { me };
    let of_other = matches!(what, What::React(_)).then(|| by_wire_id(chat, other, target));
    of_other.into_iter().chain([by_wire_id(chat, author, target)]).into_list()
}

/// Everything that has to be looked up for a message that is an event.
pub(crate) fn lookups(incoming: &Incoming, me: &BareJid) -> Vec<Key> {
    let Some((target, what)) = event_of(&incoming.message) else { return Vec::new() };
    target_keys(&incoming.chat, me, &incoming.author, &target, &what)
}

/// Events whose messages are not here.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    events: Map<u64, WaitingRecord>,
}

impl Waiting {
    /// Takes over what was stored.
    pub fn load(&mut self, rows: &[Row]) {
        self.events.extend(rows.iter().filter_map(|row| outbox_sequence(&row.key).zip(decode_row(row))));
    }

    /// Keeps an event. What a later one replaces is kept as well, or it would pass for new when it is read again.
    fn add(&mut self, step: &mut Step<'_>, record: WaitingRecord) {
        let is_it = |known: &WaitingRecord| {
            let Event { id, author, what, .. } = &known.event;
            let same = (id, author, what) == (&record.event.id, &record.event.author, &record.event.what);
            same && known.chat == record.chat && known.target == record.target
        };
        let same = self.events.iter().find(|(_, known)| is_it(known)).map(|(sequence, _)| *sequence);
        if let Some(sequence) = same {
            self.remove(step, sequence);
        }
        let in_chat = self.events.iter().filter(|(_, known)| known.chat == record.chat);
        let (count, oldest) = (in_chat.clone().count(), in_chat.map(|(sequence, _)| *sequence).next());
        let first = self.events.keys().next().copied();
        let too_many = match (count >= MAX_WAITING_IN_CHAT, self.events.len() >= MAX_WAITING) {
            (true, _) => oldest,
            (false, true) => first,
            (false, false) => None,
        };
        if let Some(sequence) = too_many {
            self.remove(step, sequence);
        }
        // Clocks go backwards.
        let last = self.events.keys().next_back().copied().unwrap_or_default();
        let sequence = step.sequence().max(last.saturating_add(1));
        step.fx.batch.put(Table::Waiting, outbox_key(sequence), encode(&record));
        self.events.insert(sequence, record);
    }

    fn remove(&mut self, step: &mut Step<'_>, sequence: u64) -> Option<WaitingRecord> {
        step.fx.batch.delete(Table::Waiting, outbox_key(sequence));
        self.events.remove(&sequence)
    }

    /// A message is here, or known by another id: tells it what has waited for it. True if something had.
    pub fn tell(&mut self, step: &mut Step<'_>, message: &mut MessageRecord) -> bool {
        let ids: Vec<&String> = message.wire_id.iter().chain(message.other_ids()).into_list();
        let is_for_it = |waiting: &WaitingRecord| {
            let may = matches!(waiting.event.what, What::React(_)) || waiting.event.author == message.item.author;
            may && waiting.chat == message.chat && ids.contains(&&waiting.target)
        };
        let due = self.events.iter().filter(|(_, waiting)| is_for_it(waiting)).map(|(sequence, _)| *sequence);
        let mut told = false;
        for sequence in due.into_list() {
            if let Some(waiting) = self.remove(step, sequence) {
                told |= message.tell(&waiting.event, Placing::Arrival);
            }
        }
        told
    }

    /// A chat is gone.
    pub fn forget_chat(&mut self, step: &mut Step<'_>, chat: &BareJid) {
        let gone = self.events.iter().filter(|(_, waiting)| waiting.chat == *chat).map(|(sequence, _)| *sequence);
        for sequence in gone.into_list() {
            self.remove(step, sequence);
        }
    }
}

impl Account {
    /// Takes in what a message does to another one.
    pub(crate) fn take_event(
        &mut self,
        step: &mut Step<'_>,
        incoming: &Incoming,
        known: &mut Known,
        floor: Option<TimelineKey>,
    ) {
        let Some((target, what)) = event_of(&incoming.message) else { return };
        let Incoming { chat, author, provenance, .. } = incoming;
        let place = ingest::place_of(step, incoming, floor);
        self.chats.settle_event(chat, place);
        let id = ingest::wire_ids(&incoming.message).next().unwrap_or_default();
        if incoming.way == Way::Out {
            self.outbox.event_taken(step, &id);
        }
        if *provenance == Provenance::Archive {
            self.page_ends.insert(chat.clone(), place);
        }
        let event = Event { id, author: author.clone(), place, what };
        let keys = target_keys(chat, &self.me, author, &target, &event.what);
        let found = keys.iter().find_map(|key| known.get(key)).cloned();
        let is_correction = matches!(event.what, What::Correct(_));
        match found {
            // Nobody may put words in the clear in place of what was encrypted (attack case E-08): they stand for themselves.
            Some(message) if is_correction && message.item.body == MessageBody::Unreadable => {
                let known_already = known.get(&by_wire_id(chat, author, &event.id)).is_some();
                if let What::Correct(text) = event.what
                    && !known_already
                {
                    let message = ingest::new_message(step, incoming, MessageBody::Text(text), Some(place));
                    self.message_arrived(step, incoming, message, known);
                }
            }
            Some(message) => {
                let floor = incoming.floor.unwrap_or_default();
                let placing = match provenance {
                    Provenance::Archive | Provenance::History => Placing::Archive(floor),
                    Provenance::Missed => Placing::Missed(floor),
                    Provenance::Live | Provenance::Delayed | Provenance::Carbon => Placing::Arrival,
                };
                self.tell_event(step, message, &event, placing, known);
                if is_correction {
                    self.answer_receipt_request(step, incoming);
                }
            }
            None if is_correction => self.stand_in(step, incoming, &target, &event, known),
            None => self.waiting.add(step, WaitingRecord { chat: chat.clone(), target, event }),
        }
    }

    /// Tells a message what became of it.
    fn tell_event(
        &mut self,
        step: &mut Step<'_>,
        mut message: MessageRecord,
        event: &Event,
        placing: Placing,
        known: &mut Known,
    ) {
        let before = message.clone();
        let mut told = message.tell(event, placing);
        // A correction of this correction may have come before it, and stands for it.
        let key = by_wire_id(&message.chat, &event.author, &event.id);
        let stand_in = known.get(&key).filter(|other| other.is_missing() && other.item.id != message.item.id).cloned();
        if let Some(stand_in) = stand_in.filter(|_| matches!(event.what, What::Correct(_))) {
            self.delete_message(step, &stand_in);
            self.finder.forget(&mut step.fx.batch, &stand_in);
            self.chats.message_absorbed(&stand_in);
            self.look_for_newest(step, stand_in.chat.clone());
            message.absorb(stand_in);
        }
        told |= self.waiting.tell(step, &mut message);
        if message.item.state == Some(DeliveryState::Waiting) {
            // Who speaks of it has got it.
            message.item.state = Some(DeliveryState::Sent);
            told = true;
        }
        if told {
            known.put(&message);
            self.text_changed(step, &before, &message);
            self.change_message(step, &message);
        }
        if let Some(place) = message.stands_at().filter(|place| *place != message.item.key) {
            let moved = self.move_message(step, &message, place, place.at);
            known.put(&moved);
        }
    }

    /// What a correction corrects is not here: it is shown in its stead.
    fn stand_in(&mut self, step: &mut Step<'_>, incoming: &Incoming, target: &str, event: &Event, known: &mut Known) {
        // It may itself be what an earlier correction stands for.
        let own = known.get(&by_wire_id(&incoming.chat, &event.author, &event.id)).filter(|other| other.is_missing());
        if let Some(mut message) = own.cloned() {
            message.stand_for(target);
            return self.tell_event(step, message, event, Placing::Arrival, known);
        }
        let What::Correct(text) = &event.what else { return };
        let mut message = ingest::new_message(step, incoming, MessageBody::Text(text.clone()), Some(event.place));
        message.stanza_id = None;
        message.item.key = event.place;
        message.stand_for(target);
        message.tell(event, Placing::Arrival);
        self.message_arrived(step, incoming, message, known);
    }

    /// The message that another one stands for has come. False if none does.
    pub(crate) fn take_original(
        &mut self,
        step: &mut Step<'_>,
        incoming: &Incoming,
        known: &mut Known,
        floor: Option<TimelineKey>,
    ) -> bool {
        let stand_in = ingest::duplicate_of(incoming, known).filter(|stored| stored.is_missing()).cloned();
        let Some((mut message, body)) = stand_in.zip(ingest::body_of(&incoming.message)) else { return false };
        let place = ingest::place_of(step, incoming, floor);
        message.stanza_id.clone_from(&incoming.stanza_id);
        message.found(body);
        self.waiting.tell(step, &mut message);
        let message = self.move_message(step, &message, place, incoming.at);
        known.put(&message);
        self.check_displayed(step, &message);
        true
    }

    /// The server has an event of ours: now it is part of its message.
    pub(crate) fn take_own_event(&mut self, step: &mut Step<'_>, change: &Change, known: &mut Known) {
        self.outbox.event_taken(step, &change.event.id);
        if let Some(message) = known.get(&by_origin_id(&change.message)).cloned() {
            self.tell_event(step, message, &change.event, Placing::Arrival, known);
        }
    }

    /// Something of ours has come back. True if it was an event: a reaction is taken away, anything else waits for the
    /// person to say what to do.
    pub(crate) fn event_bounced(
        &mut self,
        step: &mut Step<'_>,
        chat: &BareJid,
        id: &str,
        why: &FailureReason,
        known: &mut Known,
    ) -> bool {
        if let Some(change) = self.outbox.event_failed(step, chat, id, why) {
            self.show_again(step, change.message);
            return true;
        }
        let Some(mut message) = known.get(&by_wire_id(chat, &self.me, id)).cloned() else { return false };
        let own = message.own_events().into_iter().find(|(_, own, _)| *own == id).map(|(_, _, what)| what);
        match own {
            None => return false,
            Some(What::React(_)) => {
                message.reaction_bounced(id);
                known.put(&message);
                self.change_message(step, &message);
            }
            Some(what) => {
                self.push_change(step, &message, what, Stage::Failed(why.clone()));
                self.show_again(step, message.item.id);
            }
        }
        true
    }
}
