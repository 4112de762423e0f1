//! Takes in what has arrived, one after the other, once what it speaks of is loaded.

use plausch_model::{BareJid, DeliveryState, TimelineKey, Way};
use plausch_xmpp::list::IntoList;
use plausch_xmpp::{
    stanza::{Message, MessageType},
    xep::{hints::Hint, receipts::Receipt},
};

use crate::{
    account::{Account, Then},
    envelope::{Incoming, Provenance},
    ingest::{self, Applied, Arrival, Known},
    page::Read,
    records::{Change, MessageRecord, by_origin_id, by_wire_id},
    step::Step,
    store::{Key, Query, Table},
};

impl Account {
    /// A page of the archive has arrived completely.
    pub(crate) fn archive_page(&mut self, results: Vec<Incoming>, read: Read) {
        self.arrivals.extend(results.into_iter().map(|incoming| Arrival::Message(Box::new(incoming))));
        self.arrivals.push(Arrival::ArchivePage(read));
    }

    /// The server has an edit, retraction or reaction of ours.
    pub(crate) fn change_taken(&mut self, change: Change) {
        self.arrivals.push(Arrival::Own(Box::new(change)));
    }

    /// Whether everything that has arrived is taken in, so that it may be acknowledged with the next commit.
    pub(crate) fn all_ingested(&self) -> bool {
        self.arrivals.is_empty() && !self.ingesting
    }

    /// Asks for what the arrivals speak of.
    pub(crate) fn look_up_arrivals(&mut self, step: &mut Step<'_>) {
        if self.ingesting || self.arrivals.is_empty() {
            return;
        }
        let keys = self.arrivals.iter().flat_map(|arrival| match arrival {
            Arrival::Message(incoming) => ingest::lookups(incoming, &self.me),
            Arrival::ArchivePage(_) => Vec::new(),
            Arrival::Own(change) => {
                vec![by_origin_id(&change.message), by_wire_id(&change.chat, &self.me, &change.event.id)]
            }
        });
        let keys: Vec<Key> = keys.into_list();
        let query = Query::Resolve { index: Table::MessageIds, keys: keys.clone(), target: Table::Messages };
        self.ingesting = true;
        self.loads.ask(step, vec![query], Then::Ingest(keys));
    }

    /// What the arrivals speak of is here.
    pub(crate) fn ingest(&mut self, step: &mut Step<'_>, mut known: Known) {
        self.ingesting = false;
        for arrival in std::mem::take(&mut self.arrivals) {
            match arrival {
                Arrival::Message(incoming) => self.take_in(step, &incoming, &mut known),
                Arrival::Own(change) => self.take_own_event(step, &change, &mut known),
                Arrival::ArchivePage(read) => {
                    let covered = self.page_ends.values().map(|end| end.at).max();
                    if !read.goes_on {
                        let ends = std::mem::take(&mut self.page_ends);
                        ends.iter().for_each(|(chat, end)| self.chats.mark_up_to(chat, *end));
                    }
                    self.archive_page_applied(step, read, covered);
                }
            }
        }
    }

    fn take_in(&mut self, step: &mut Step<'_>, incoming: &Incoming, known: &mut Known) {
        // What bounces says nothing of what they are doing.
        let live = incoming.provenance == Provenance::Live && incoming.message.kind != MessageType::Error;
        if let Some(state) = ingest::chat_state(&incoming.message).filter(|_| live && incoming.way == Way::In) {
            self.chats.set_typing(&incoming.chat, state, step.now);
        }
        let reference = ingest::reference(incoming);
        let bounced = reference.as_ref().and_then(|(id, state)| match state {
            DeliveryState::Failed(why) => Some(self.event_bounced(step, &incoming.chat, id, why, known)),
            _ => None,
        });
        if let Some(reference) = reference.filter(|_| bounced != Some(true)) {
            match ingest::refer(incoming, &reference, &self.me, known) {
                Some(Applied::Changed(message)) => self.change_message(step, &message),
                Some(_) => {}
                None => self.references.wait(&incoming.chat, reference),
            }
        }
        let floor = match incoming.provenance {
            Provenance::Archive => self.archive_floor(&incoming.chat),
            _ => self.settled(&incoming.chat).filter(|_| incoming.is_in_turn(self.session.began_at())),
        };
        self.take_event(step, incoming, known, floor);
        if !self.take_original(step, incoming, known, floor) {
            match ingest::apply(step, incoming, known, floor) {
                Applied::Added(message) => self.message_arrived(step, incoming, *message, known),
                Applied::Changed(message) => {
                    self.change_message(step, &message);
                    self.check_displayed(step, &message);
                }
                Applied::Nothing => {}
            }
        }
        if let Some(up_to) = ingest::displayed_elsewhere(incoming, known) {
            self.learn_displayed(step, &incoming.chat, up_to);
        }
        match incoming.provenance {
            Provenance::Archive => self.put_in_the_archives_order(step, incoming, known, floor),
            Provenance::History | Provenance::Missed => {
                self.put_in_the_archives_past(step, incoming, known);
                // A gap comes before the mark, once there is nothing behind it.
                let missed = incoming.provenance == Provenance::Missed && self.archive.is_synced();
                if let Some(message) = ingest::duplicate_of(incoming, known).filter(|_| missed) {
                    self.chats.mark_up_to(&incoming.chat, message.item.key);
                }
            }
            Provenance::Live | Provenance::Delayed | Provenance::Carbon => {
                // It covers what came before in other chats, too.
                let latest = self.chats.settled_until().unwrap_or(incoming.at);
                if self.archive.live(step, incoming.stanza_id.as_ref(), latest) {
                    self.chats.mark_all();
                }
            }
        }
    }

    /// A message is new.
    pub(crate) fn message_arrived(
        &mut self,
        step: &mut Step<'_>,
        incoming: &Incoming,
        mut message: MessageRecord,
        known: &mut Known,
    ) {
        self.waiting.tell(step, &mut message);
        self.references.apply(&mut message, known);
        known.put(&message);
        self.save_message(step, &message);
        self.finder.list(step, &message);
        let is_history = incoming.provenance == Provenance::History;
        self.chats.message_added(&message, is_history);
        self.chats.settle(&message);
        if !is_history {
            self.answered_elsewhere(step, &message);
            self.handed_out(step, incoming, &message);
            if message.item.way == Way::In {
                self.await_reading(step);
            }
        }
        self.views.added(&message);
        self.check_displayed(step, &message);
        self.answer_receipt_request(step, incoming);
    }

    /// Who answers has read what was there: also where more has come since.
    fn answered_elsewhere(&mut self, step: &mut Step<'_>, message: &MessageRecord) {
        let read = self.chats.get(&message.chat).and_then(|chat| chat.record.read_up_to);
        if message.item.way == Way::Out && read < Some(message.item.key) {
            self.read_up_to(step, &message.chat, message.item.key);
        }
    }

    /// What comes live before the archive has been caught up with stands behind a gap.
    fn handed_out(&mut self, step: &mut Step<'_>, incoming: &Incoming, message: &MessageRecord) {
        let live = matches!(incoming.provenance, Provenance::Live | Provenance::Carbon);
        if live && !incoming.stamped && self.session.has_archive() {
            let began = self.session.began_at();
            self.archive.early(step, began, message.item.key.at);
        }
    }

    /// Tells the author that a message has arrived, if they may know and the person wants them to (attack case A-21).
    pub(crate) fn answer_receipt_request(&mut self, step: &mut Step<'_>, incoming: &Incoming) {
        let Some(id) = ingest::wants_receipt(incoming) else { return };
        if !self.settings.send_receipts || !self.contacts.may_see_us(&incoming.chat) {
            return;
        }
        let Some(to) = incoming.message.from.clone() else { return };
        let mut receipt = Message::new(MessageType::Chat, to).with_payload(&Receipt { id: id.to_owned() });
        receipt.id = Some(step.random_id());
        self.send(step, &receipt.with_payload(&Hint::Store).to_element());
    }

    /// The last place that the server has given in a chat.
    pub(crate) fn settled(&self, chat: &BareJid) -> Option<TimelineKey> {
        self.chats.get(chat)?.settled
    }
}
