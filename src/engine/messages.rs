//! Changes to messages: in the store, in the index of the search, in the list and in the views.

use plausch_model::{DeliveryState, MessageBody, TimelineKey, Timestamp, Way};

use crate::{
    account::{Account, Then},
    ingest,
    records::{MessageRecord, encode},
    step::Step,
    store::Table,
};

impl Account {
    /// Puts a new message of ours into its chat.
    pub(crate) fn add_message(&mut self, step: &mut Step<'_>, message: &MessageRecord) {
        self.save_message(step, message);
        self.finder.list(step, message);
        self.chats.message_added(message, false);
        self.views.added(message);
    }

    /// A message is now like this.
    pub(crate) fn change_message(&mut self, step: &mut Step<'_>, message: &MessageRecord) {
        if message.item.way == Way::Out && message.item.state != Some(DeliveryState::Waiting) {
            self.outbox.seen(step, &message.item.id);
            self.chats.settle(message);
        }
        self.save_message(step, message);
        self.show_changed(message);
    }

    /// A message says something else now.
    pub(crate) fn text_changed(&mut self, step: &mut Step<'_>, before: &MessageRecord, message: &MessageRecord) {
        if before.item.body != message.item.body {
            self.finder.forget(&mut step.fx.batch, before);
            self.finder.list(step, message);
        }
    }

    /// A message is to be shown as it is now.
    pub(crate) fn show_changed(&mut self, message: &MessageRecord) {
        let mut shown = message.clone();
        self.outbox.overlay(&self.me, &mut shown.item);
        self.chats.message_changed(&shown);
        self.views.changed(message);
    }

    /// Gives a message another place.
    pub(crate) fn move_message(
        &mut self,
        step: &mut Step<'_>,
        message: &MessageRecord,
        place: TimelineKey,
        at: Timestamp,
    ) -> MessageRecord {
        step.fx.batch.delete(Table::Messages, message.store_key());
        let left = self.views.moved(message, place);
        let mut moved = message.clone();
        (moved.item.key, moved.item.at) = (place, at);
        self.save_message(step, &moved);
        self.finder.forget(&mut step.fx.batch, message);
        self.finder.list(step, &moved);
        let newest = self.chats.get(&moved.chat).and_then(|chat| chat.record.newest);
        if newest == Some(message.item.key) && place < message.item.key {
            self.look_for_newest(step, moved.chat.clone());
        }
        self.chats.message_moved(&moved);
        self.chats.settle(&moved);
        self.views.added(&moved);
        for (queries, growing) in left {
            self.loads.ask(step, queries, Then::Grow(growing));
        }
        moved
    }

    /// Takes a message out of its chat.
    pub(crate) fn delete_message(&mut self, step: &mut Step<'_>, message: &MessageRecord) {
        step.fx.batch.delete(Table::Messages, message.store_key());
        for id in ingest::id_keys(message) {
            step.fx.batch.delete(Table::MessageIds, id);
        }
        self.chats.change(&message.chat, |chat| chat.total = chat.total.saturating_sub(1));
        self.views.removed(message);
    }

    /// Stores a message, and by which ids it is found.
    pub(crate) fn save_message(&self, step: &mut Step<'_>, message: &MessageRecord) {
        let key = message.store_key();
        step.fx.batch.put(Table::Messages, key.clone(), encode(message));
        for id in ingest::id_keys(message) {
            step.fx.batch.put(Table::MessageIds, id, key.clone());
        }
    }
}

/// The text of a message, if it has one.
pub(crate) fn text_of(message: &MessageRecord) -> Option<&str> {
    match &message.item.body {
        MessageBody::Text(text) => Some(text),
        MessageBody::Unreadable | MessageBody::Retracted => None,
    }
}
