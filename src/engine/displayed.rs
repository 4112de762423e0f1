//! How far the person has read: told to their other devices (XEP-0490) and, if they like, to who wrote (XEP-0333), and
//! learned from their other devices.
//!
//! What has to be told is on disk until the server has it. What another device has read up to may not be here yet; then it
//! waits for that message. The state of a chat only moves forward.

use plausch_model::{BareJid, StanzaId, TimelineKey, Timestamp, Way};
use plausch_xmpp::list::IntoList;
use plausch_xmpp::{
    iq_tracker::Outcome,
    jid::BareJid as BareWire,
    ns,
    payload::Payload,
    stanza::{Message, MessageType},
    xep::{
        chat_markers,
        displayed::DisplayedUpTo,
        hints::Hint,
        pubsub::{Item, Items, ItemsQuery, MaxItems, NodeConfig, Publish},
        stanza_id,
    },
};

use crate::{
    Account,
    account::Then,
    jids,
    map::{Map, Set},
    records::{
        DISPLAYED, DisplayedRecord, MessageRecord, by_stanza_id, chat_end, chat_prefix, decode_row, encode, message_key,
    },
    requests::Purpose,
    step::Step,
    store::{Loaded, Order, Query, Table},
};

/// What was read is told this long after, so that a burst is told once.
const PAUSE_MILLIS: i64 = 1_000;
/// So many messages are looked at for one whose id the server knows.
const LOOKED_AT: u32 = 50;
/// Of so many chats may be known that they were read further than what is here.
const MAX_WAITING: usize = 1_000;
/// Unread messages are counted up to this many.
const MAX_UNREAD: u32 = 1_000;

/// What is to be told, and what is to come.
#[derive(Debug, Default)]
pub(crate) struct Displayed {
    offered: bool,
    /// Chats that were read further than the server knows; on disk.
    due: Set<BareJid>,
    /// Those of which it is being told.
    asked: Set<BareJid>,
    tell_at: Option<Timestamp>,
    /// Where other devices are ahead of what is here.
    ahead: Map<BareJid, StanzaId>,
    unsaved: bool,
}

impl Displayed {
    /// Takes over what was stored.
    pub fn load(&mut self, record: DisplayedRecord) {
        self.offered = record.offered;
        self.due.extend(record.due);
    }

    /// When something is to be told.
    pub fn tell_at(&self) -> Option<Timestamp> {
        self.tell_at
    }

    /// The server has to hear of this chat.
    fn read(&mut self, chat: &BareJid, now: Timestamp) {
        self.unsaved |= self.due.insert(chat.clone());
        self.asked.remove(chat);
        self.tell_at.get_or_insert(now.plus_millis(PAUSE_MILLIS));
    }

    /// The server need not hear of this chat, or has.
    fn told(&mut self, chat: &BareJid) {
        self.asked.remove(chat);
        self.unsaved |= self.due.remove(chat);
    }

    /// The server gave no answer: it is told again with the next session.
    pub fn untold(&mut self, chat: &BareJid) {
        self.asked.remove(chat);
    }

    /// Whether this message is the one that another device has read up to.
    fn arrived(&mut self, chat: &BareJid, id: Option<&StanzaId>) -> bool {
        let awaited = id.is_some() && self.ahead.get(chat) == id;
        if awaited {
            self.ahead.remove(chat);
        }
        awaited
    }
}

impl Account {
    /// The person has seen a chat up to here.
    pub(crate) fn mark_read(&mut self, step: &mut Step<'_>, chat: &BareJid, up_to: TimelineKey) {
        if self.read_up_to(step, chat, up_to) {
            self.displayed.read(chat, step.now);
        }
    }

    /// A chat has been read up to here, be it elsewhere. False if that was known.
    pub(crate) fn read_up_to(&mut self, step: &mut Step<'_>, chat: &BareJid, up_to: TimelineKey) -> bool {
        let Some(record) = self.chats.get(chat).map(|chat| &chat.record) else { return false };
        if record.unread == 0 && record.read_up_to >= Some(up_to) {
            return false;
        }
        if record.newest.is_none_or(|newest| newest <= up_to) {
            self.chats.all_read(chat, up_to);
        } else if record.read_up_to < Some(up_to) {
            self.chats.change(chat, |record| record.read_up_to = Some(up_to));
            let mut from = message_key(chat, up_to);
            from.push(0);
            let to = chat_end(chat);
            let rest = Query::Range { table: Table::Messages, from, to, order: Order::Ascending, limit: MAX_UNREAD };
            self.loads.ask(step, vec![rest], Then::CountUnread(chat.clone()));
        } else {
            return false;
        }
        true
    }

    /// What is unread behind a mark has been loaded.
    pub(crate) fn unread_counted(&mut self, chat: &BareJid, found: Option<Loaded>) {
        let Some(Loaded::Rows(rows)) = found else { return };
        let messages = rows.iter().filter_map(decode_row::<MessageRecord>);
        let unread = messages.filter(|message| message.item.way == Way::In).count();
        self.chats.change(chat, |record| record.unread = u32::try_from(unread).unwrap_or(u32::MAX));
    }

    // ---- telling ---------------------------------------------------------------------------------------------------

    /// What our account offers is known: asks what our other devices have read. Before that nothing is told, lest an older
    /// state replaces theirs.
    pub(crate) fn displayed_offered(&mut self, step: &mut Step<'_>, offered: bool) {
        self.displayed.unsaved |= self.displayed.offered != offered;
        self.displayed.offered = offered;
        if offered {
            let query = ItemsQuery { node: ns::DISPLAYED.to_owned(), ..ItemsQuery::default() };
            self.request_get(step, None, &query, Purpose::Displayed);
        } else {
            self.tell_displayed_soon(step);
        }
    }

    /// Tells what could not be told earlier.
    pub(crate) fn tell_displayed_soon(&mut self, step: &Step<'_>) {
        if !self.displayed.due.is_empty() {
            self.displayed.tell_at.get_or_insert(step.now.plus_millis(PAUSE_MILLIS));
        }
    }

    /// Looks for what to tell, if it is time to.
    pub(crate) fn tell_displayed(&mut self, step: &mut Step<'_>) {
        if self.displayed.tell_at.is_none_or(|at| at > step.now) {
            return;
        }
        self.displayed.tell_at = None;
        if !self.session.is_online() {
            return;
        }
        let due = self.displayed.due.iter().filter(|chat| !self.displayed.asked.contains(chat)).cloned();
        for chat in due.into_list() {
            let Some(read) = self.chats.get(&chat).and_then(|chat| chat.record.read_up_to) else {
                self.displayed.told(&chat);
                continue;
            };
            let mut to = message_key(&chat, read);
            to.push(0);
            let from = chat_prefix(&chat);
            let query = Query::Range { table: Table::Messages, from, to, order: Order::Descending, limit: LOOKED_AT };
            self.loads.ask(step, vec![query], Then::TellDisplayed(chat));
        }
    }

    /// The newest messages that were read are here: tells of them.
    pub(crate) fn displayed_loaded(&mut self, step: &mut Step<'_>, chat: BareJid, found: Option<Loaded>) {
        let Some(Loaded::Rows(rows)) = found else { return };
        if !self.session.is_online() {
            return;
        }
        let messages: Vec<MessageRecord> = rows.iter().filter_map(decode_row).into_list();
        if self.settings.send_receipts && self.contacts.may_see_us(&chat) {
            let newest = messages.iter().find(|message| message.item.way == Way::In);
            if let Some((id, to)) = newest.and_then(|message| message.markable.clone()).zip(jids::recipient(&chat)) {
                let mut marker = Message::new(MessageType::Chat, to);
                marker.id = Some(step.random_id());
                let marker = marker.with_payload(&chat_markers::Displayed { id }).with_payload(&Hint::Store);
                self.send(step, &marker.to_element());
            }
        }
        let newest = messages.iter().find_map(|message| message.stanza_id.clone());
        let (Some(message), true) = (newest, self.displayed.offered) else { return self.displayed.told(&chat) };
        let message = stanza_id::StanzaId { by: self.jid.clone().into(), id: message.as_str().to_owned() };
        let publish = Publish {
            node: ns::DISPLAYED.to_owned(),
            item: Item::new(chat.as_str(), &DisplayedUpTo { message }),
            options: Some(NodeConfig::private(MaxItems::Max)),
        };
        self.displayed.asked.insert(chat.clone());
        self.request_set(step, None, &publish, Purpose::DisplayedTold(chat));
    }

    /// The server has an answer to what it was told. One that refuses is told nothing more in this session.
    pub(crate) fn displayed_told(&mut self, chat: &BareJid, outcome: Outcome<'_>) {
        self.displayed.offered &= outcome.is_ok();
        // If more was read meanwhile, that is still to be told.
        if self.displayed.asked.contains(chat) {
            self.displayed.told(chat);
        }
    }

    // ---- learning --------------------------------------------------------------------------------------------------

    /// What our other devices have read.
    pub(crate) fn displayed_answered(&mut self, step: &mut Step<'_>, outcome: Outcome<'_>) {
        let items = outcome.ok().flatten().and_then(|element| Items::from_element(element).ok());
        if let Some(items) = items {
            self.displayed_elsewhere(step, &items.items);
        }
        self.tell_displayed_soon(step);
    }

    /// Other devices have read these chats: each item is one. Only ids of our own archive count (attack case A-11).
    pub(crate) fn displayed_elsewhere(&mut self, step: &mut Step<'_>, items: &[Item]) {
        let read = |item: &Item| {
            let chat = jids::bare(&BareWire::parse(item.id.as_deref()?).ok()?);
            let displayed = item.payload::<DisplayedUpTo>()?.ok()?;
            displayed.message.is_by(&self.jid).then(|| (chat, StanzaId::new(displayed.message.id)))
        };
        let read: Vec<(BareJid, StanzaId)> = items.iter().filter_map(read).into_list();
        if read.is_empty() {
            return;
        }
        let keys = read.iter().map(|(chat, id)| by_stanza_id(chat, id)).into_list();
        let query = Query::Resolve { index: Table::MessageIds, keys, target: Table::Messages };
        self.loads.ask(step, vec![query], Then::Displayed(read));
    }

    /// What other devices have read up to is here, or not yet.
    pub(crate) fn displayed_found(
        &mut self,
        step: &mut Step<'_>,
        read: Vec<(BareJid, StanzaId)>,
        found: Option<Loaded>,
    ) {
        let Some(Loaded::Found(rows)) = found else { return };
        for ((chat, id), row) in read.into_iter().zip(rows) {
            match row.as_ref().and_then(decode_row::<MessageRecord>) {
                Some(message) => self.learn_displayed(step, &chat, message.item.key),
                None if self.displayed.ahead.len() < MAX_WAITING => self.displayed.ahead.insert(chat, id),
                None => {}
            }
        }
    }

    /// Another device has read a chat up to here.
    pub(crate) fn learn_displayed(&mut self, step: &mut Step<'_>, chat: &BareJid, up_to: TimelineKey) {
        let read = self.chats.get(chat).and_then(|chat| chat.record.read_up_to);
        if read <= Some(up_to) {
            self.displayed.told(chat);
        }
        self.read_up_to(step, chat, up_to);
    }

    /// A message is here that may be the one which another device has read up to.
    pub(crate) fn check_displayed(&mut self, step: &mut Step<'_>, message: &MessageRecord) {
        if self.displayed.arrived(&message.chat, message.stanza_id.as_ref()) {
            self.learn_displayed(step, &message.chat, message.item.key);
        }
    }

    /// Stores what is to be told.
    pub(crate) fn save_displayed(&mut self, step: &mut Step<'_>) {
        if std::mem::take(&mut self.displayed.unsaved) {
            let record = DisplayedRecord {
                offered: self.displayed.offered,
                due: self.displayed.due.iter().cloned().into_list(),
            };
            step.fx.batch.put(Table::Meta, DISPLAYED, encode(&record));
        }
    }
}
