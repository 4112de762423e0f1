//! What chats take on the device: telling it, handing their messages out, and taking them away. All of it goes part by part,
//! since there may be many.

use plausch_model::{BareJid, CommandError, CommandId, TimelineItem, Update, ViewId};
use plausch_xmpp::list::IntoList;

use crate::{
    Account,
    account::Then,
    records::{MessageRecord, chat_end, chat_prefix, decode_row, jid_key},
    step::Step,
    store::{self, Key, Loaded, Query, Row, Table},
    views::newer_from,
};

/// Messages of a chat that are deleted in one batch.
const REMOVED_AT_ONCE: u32 = 500;
/// Messages that are measured at once.
const MEASURED_AT_ONCE: u32 = 2_000;
/// Messages that are handed out at once.
const EXPORTED_AT_ONCE: u32 = 500;

/// A chat whose messages are being deleted.
#[derive(Debug)]
pub(crate) struct Forgetting {
    view: ViewId,
    id: CommandId,
    chat: BareJid,
    /// The chat stays in the list.
    stays: bool,
}

impl Forgetting {
    /// The chat goes as well.
    pub fn remove(view: ViewId, id: CommandId, chat: BareJid) -> Self {
        Self { view, id, chat, stays: false }
    }

    /// The chat stays.
    pub fn clear(view: ViewId, id: CommandId, chat: BareJid) -> Self {
        Self { view, id, chat, stays: true }
    }

    /// The command that waits for it.
    pub fn command(&self) -> (ViewId, CommandId) {
        (self.view, self.id)
    }
}

impl Account {
    /// Deletes a chat's messages, and with the last part of them perhaps the chat.
    pub(crate) fn forget_chat(
        &mut self,
        step: &mut Step<'_>,
        forgetting: Forgetting,
    ) -> Option<Result<(), CommandError>> {
        let chat = &forgetting.chat;
        if self.chats.get(chat).is_none() {
            return Some(Err(CommandError::NotFound));
        }
        let part = newer_from(chat, chat_prefix(chat), REMOVED_AT_ONCE);
        self.loads.ask(step, vec![part], Then::Forget(forgetting));
        None
    }

    /// Deletes a part of the messages of a chat.
    pub(crate) fn forget_messages(&mut self, step: &mut Step<'_>, forgetting: Forgetting, found: Option<Loaded>) {
        let rows = store::rows(found);
        let messages: Vec<MessageRecord> = rows.iter().filter_map(decode_row).collect();
        // What was not sent yet would be sent without anybody seeing it.
        let kept = |message: &&MessageRecord| !forgetting.stays || !self.outbox.holds(&message.item.id);
        let messages = messages.iter().filter(kept).cloned().into_list();
        for message in &messages {
            self.delete_message(step, message);
            self.finder.unlist(&mut step.fx.batch, message);
        }
        let Forgetting { view, id, chat, stays } = &forgetting;
        let (view, id) = (*view, *id);
        if is_full(&rows, REMOVED_AT_ONCE) && !messages.is_empty() {
            if let Some(result) = self.forget_chat(step, forgetting) {
                self.done(step, view, id, result);
            }
            return;
        }
        self.finder.forget_chat(step, chat);
        if *stays {
            self.look_for_newest(step, chat.clone());
            self.chats.change(chat, |record| record.unread = 0);
        } else {
            self.chats.remove(chat);
            self.outbox.discard_chat(step, chat);
            self.waiting.forget_chat(step, chat);
            step.fx.batch.delete(Table::Chats, jid_key(chat));
            // What could not be read goes, too.
            step.fx.batch.delete_prefix(Table::Messages, chat_prefix(chat));
            step.fx.tell(Update::ChatRemoved(chat.clone()));
        }
        self.done(step, view, id, Ok(()));
    }

    /// Tells what each chat takes.
    pub(crate) fn measure_chats(&mut self, step: &mut Step<'_>, view: ViewId) {
        let chats = self.chats.iter().map(|(chat, _)| chat.clone()).into_list();
        self.measure_next(step, view, chats, 0, None);
    }

    fn measure_next(&mut self, step: &mut Step<'_>, view: ViewId, chats: Vec<BareJid>, bytes: u64, after: Option<Key>) {
        let Some(chat) = chats.last() else { return };
        let from = after.map_or_else(|| chat_prefix(chat), behind);
        let query = Query::Size { table: Table::Messages, from, to: chat_end(chat), limit: MEASURED_AT_ONCE };
        self.loads.ask(step, vec![query], Then::Measure(view, chats, bytes));
    }

    /// A part of a chat has been measured.
    pub(crate) fn measured(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        mut chats: Vec<BareJid>,
        bytes: u64,
        found: Option<Loaded>,
    ) {
        let Some(Loaded::Size { bytes: more, last }) = found else { return };
        let bytes = bytes.saturating_add(more);
        if last.is_some() {
            return self.measure_next(step, view, chats, bytes, last);
        }
        let Some(chat) = chats.pop() else { return };
        if let Some(messages) = self.chats.get(&chat).map(|chat| chat.record.total) {
            step.fx.tell_view(view, Update::ChatSize { chat, messages, bytes });
        }
        self.measure_next(step, view, chats, 0, None);
    }

    /// Hands a chat's messages out.
    pub(crate) fn export_chat(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        chat: BareJid,
    ) -> Option<Result<(), CommandError>> {
        if self.chats.get(&chat).is_none() {
            return Some(Err(CommandError::NotFound));
        }
        let first = newer_from(&chat, chat_prefix(&chat), EXPORTED_AT_ONCE);
        self.loads.ask(step, vec![first], Then::Export(view, id, chat));
        None
    }

    /// A page of a chat that is handed out has been read.
    pub(crate) fn exported(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        chat: BareJid,
        found: Option<Loaded>,
    ) {
        let mut rows = store::rows(found);
        let mut items: Vec<TimelineItem> =
            rows.iter().filter_map(decode_row::<MessageRecord>).map(|message| message.item).collect();
        items.iter_mut().for_each(|item| self.outbox.overlay(&self.me, item));
        let next = rows.pop().filter(|_| is_full(&rows, EXPORTED_AT_ONCE.saturating_sub(1)));
        step.fx.tell_view(view, Update::Exported { command: id, items, last: next.is_none() });
        match next {
            Some(last) => {
                let page = newer_from(&chat, behind(last.key), EXPORTED_AT_ONCE);
                self.loads.ask(step, vec![page], Then::Export(view, id, chat));
            }
            None => self.done(step, view, id, Ok(())),
        }
    }
}

/// The first key behind another.
fn behind(mut key: Key) -> Key {
    key.push(0);
    key
}

fn is_full(rows: &[Row], limit: u32) -> bool {
    u32::try_from(rows.len()).is_ok_and(|count| count >= limit)
}
