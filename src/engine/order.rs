//! The order of the archive, which messages that are here already are put in.

use plausch_model::{BareJid, TimelineKey, Way};

use crate::{
    account::Account,
    archive,
    envelope::{Incoming, Provenance},
    ingest::{self, Known},
    records::MessageRecord,
    step::{RESERVED, Step},
};

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
        // What was read before, of the same second, is in the archive's order already; what came by itself stands behind all
        // that are read back.
        let in_order = match incoming.provenance {
            Provenance::History => archive::is_history(key),
            _ => key.sequence / RESERVED == sequence / RESERVED,
        };
        if key.at == place.at && in_order || incoming.floor.is_some_and(|floor| key.at <= floor) {
            return;
        }
        let moved = self.move_message(step, &message, place, incoming.at);
        known.put(&moved);
    }
}
