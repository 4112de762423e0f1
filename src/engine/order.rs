//! The order of the archive, which messages that are here already are put in.

use plausch_model::{BareJid, TimelineKey, Way};

use crate::{
    account::Account,
    archive::is_history,
    envelope::Incoming,
    ingest::{self, Known},
    records::MessageRecord,
    step::{RESERVED, Step},
};

/// Whether two places are of the same second and the same part of the archive, which was read twice: then the first is as good as
/// the second.
pub(crate) fn are_of_one_part(known: TimelineKey, new: TimelineKey) -> bool {
    let missed = !is_history(known) && !is_history(new);
    missed && known.at == new.at && known.sequence / RESERVED == new.sequence / RESERVED
}

impl Account {
    /// Behind what the next message of the archive belongs.
    pub(crate) fn archive_floor(&self, chat: &BareJid) -> Option<TimelineKey> {
        let marked = || self.chats.get(chat).filter(|_| self.archive.has_mark())?.marked;
        self.page_ends.get(chat).copied().or_else(marked)
    }

    /// A message of the archive that is here already may stand in another place: what we sent at the same time as others
    /// did, and what was written long before it could be sent.
    pub(crate) fn put_in_the_archives_order(
        &mut self,
        step: &mut Step<'_>,
        incoming: &Incoming,
        known: &mut Known,
        floor: Option<TimelineKey>,
    ) {
        let Some(mut message) = Self::copied(incoming, known) else { return };
        let key = message.item.key;
        // Without anything before it in the archive there is only the server's clock to go by, before which it cannot stand;
        // behind it, it may: after what the archive does not have any more. And what we sent came there later than we thought.
        let early = message.item.way == Way::Out && key.at < incoming.at && !self.archive.is_in_order(key);
        // What will be read of the same second comes before it, if the page begins behind a gap.
        let in_the_way = incoming.renumbered && key.at == incoming.at && self.archive.keeps_free(key);
        let misplaced = early || in_the_way || floor.map_or(key.at < incoming.at, |floor| key <= floor);
        if misplaced && incoming.floor.is_none_or(|floor| floor < key.at) {
            let place = ingest::place_of(step, incoming, floor);
            message = self.move_message(step, &message, place, incoming.at);
            known.put(&message);
        }
        self.chats.settle(&message);
        self.page_ends.insert(incoming.chat.clone(), message.item.key);
    }

    /// The message that a result of the archive is a copy of. What waits to be sent again has its place yet to come.
    fn copied(incoming: &Incoming, known: &Known) -> Option<MessageRecord> {
        let message = ingest::duplicate_of(incoming, known)?;
        ingest::is_of_present_try(incoming, message).then(|| message.clone())
    }

    /// A message that was here before the archive was first read may turn out to be an old one.
    pub(crate) fn put_in_the_archives_past(&mut self, step: &mut Step<'_>, incoming: &Incoming, known: &mut Known) {
        let (Some(sequence), Some(message)) = (incoming.sequence, Self::copied(incoming, known)) else { return };
        let place = TimelineKey { at: incoming.earliest(), sequence };
        let key = message.item.key;
        // What came by itself stands behind all that are read back of the same second.
        let of_history = is_history(key) && is_history(place);
        if key.at == place.at && of_history
            || are_of_one_part(key, place)
            || incoming.floor.is_some_and(|floor| key.at <= floor)
        {
            return;
        }
        let moved = self.move_message(step, &message, place, incoming.at);
        known.put(&moved);
    }
}

#[cfg(test)]
mod tests {
    use plausch_model::{OriginId, Timestamp};

    use super::*;
    use crate::story::{Event, Placing, What};

    fn place(at: i64, sequence: u64) -> TimelineKey {
        TimelineKey { at: Timestamp(at), sequence }
    }

    /// A place in the so-manieth part that was kept free.
    fn kept_free(part: u64, number: u64) -> u64 {
        (1_u64 << 60).saturating_add(part.saturating_mul(RESERVED)).saturating_add(number)
    }

    #[test]
    fn a_second_reading_of_the_same_part_and_second_changes_nothing() {
        let first = place(4_000, kept_free(9, 7));
        for (new, same) in [
            (place(4_000, kept_free(9, 0)), true),
            (place(4_000, kept_free(10, 0)), false),
            (place(5_000, kept_free(9, 0)), false),
            (place(4_000, 7), false),
        ] {
            assert_eq!(are_of_one_part(first, new), same, "{new:?}");
        }
    }

    /// As for messages; what stands for a message that is not here would come before those that it came after.
    #[test]
    fn nor_does_it_for_corrections() {
        let (me, chat) = (BareJid::new("me@x"), BareJid::new("a@x"));
        let first = place(4_000, kept_free(9, 7));
        let mut message = MessageRecord::outgoing(&me, &chat, OriginId::new("id"), first, "edited".into());
        message.stand_for("original");
        let read = |sequence| Event {
            id: "c".into(),
            author: me.clone(),
            place: place(4_000, sequence),
            what: What::Correct("edited".into()),
        };
        message.tell(&read(first.sequence), Placing::Missed(Timestamp(0)));
        message.tell(&read(first.sequence - 5), Placing::Missed(Timestamp(0)));
        assert_eq!(message.stands_at(), Some(first));
        message.tell(&read(kept_free(8, 0)), Placing::Missed(Timestamp(0)));
        assert_eq!(message.stands_at(), Some(place(4_000, kept_free(8, 0))));
    }
}
