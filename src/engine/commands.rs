//! What people do, one function per kind of command.

use plausch_model::{
    Anchor, BareJid, ChatState, Command, CommandError, CommandId, DeliveryState, OriginId, TimelineKey, Update, ViewId,
};
use plausch_xmpp::list::IntoList;
use plausch_xmpp::{
    stanza::{Message, MessageType, Presence, PresenceType},
    xep::{blocking::Blocking, chat_states, roster::Roster},
};

use crate::{
    Account,
    account::Then,
    changes::Wanted,
    contacts::address,
    jids,
    messages::text_of,
    records::{MessageRecord, Outgoing, by_origin_id, chat_end, chat_prefix, decode_row},
    requests::Purpose,
    step::Step,
    storage::Forgetting,
    store::{Loaded, Order, Query, Table},
    views::Views,
};

/// The longest text that is sent as one message, in bytes: servers refuse stanzas of some 256 KiB.
pub(crate) const MAX_TEXT_BYTES: usize = 64 * 1024;

impl Account {
    pub(crate) fn command(&mut self, step: &mut Step<'_>, view: ViewId, id: CommandId, command: Command) {
        if !self.booted {
            return self.done(step, view, id, Err(CommandError::Storage("not loaded yet".to_owned())));
        }
        self.chats.show_at_once();
        let stores_nothing = matches!(
            command,
            Command::SetVisible(_)
                | Command::OpenChat { .. }
                | Command::GrowWindow { .. }
                | Command::CutWindow { .. }
                | Command::CloseChat
                | Command::Search { .. }
                | Command::SearchOn
                | Command::EndSearch
                | Command::MeasureChats
                | Command::ExportChat(_)
                | Command::SignOut
        );
        if self.is_reloading() && !stores_nothing {
            return self.done(step, view, id, Err(CommandError::Storage("storing failed a moment ago".to_owned())));
        }
        // Some commands are answered later: by an IQ's answer, or by what is loaded.
        if let Some(result) = self.carry_out(step, view, id, command) {
            self.done(step, view, id, result);
        }
    }

    fn carry_out(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        command: Command,
    ) -> Option<Result<(), CommandError>> {
        match command {
            Command::Reconnect => self.reconnect_now(step),
            Command::SignOut => self.sign_out(step),
            Command::SetVisible(visible) => self.set_visible(step, view, visible),
            Command::AddContact { address, name, groups } => {
                return self.add_contact(step, view, id, &address, name, groups);
            }
            Command::RemoveContact(contact) => return self.remove_contact(step, view, id, &contact),
            Command::EditContact { contact, name, groups } => {
                return self.set_item(step, view, id, &contact, name, groups);
            }
            Command::AcceptRequest(jid) => return Some(self.accept_request(step, &jid)),
            Command::DeclineRequest(jid) => return Some(self.decline_request(step, &jid)),
            Command::Block(jid) => return self.block(step, view, id, &jid),
            Command::Unblock(jid) => return self.unblock(step, view, id, &jid),
            Command::RemoveBookmark(room) => return Some(self.remove_bookmark(step, &room)),
            Command::LoadProfile(jid) => return self.load_profile(step, view, id, &jid),
            Command::ChangeProfile(change) => return self.change_profile(step, view, id, change),
            Command::LoadAvatar(avatar) => self.load_avatar(step, avatar),
            Command::StartChat { address } => return Some(self.start_chat(step, view, id, &address)),
            Command::OpenChat { chat, anchor } => self.open_chat(step, view, chat, anchor),
            Command::GrowWindow { chat, direction } => {
                if let Some((queries, growing)) = self.views.grow(view, chat, direction) {
                    self.loads.ask(step, queries, Then::Grow(growing));
                }
            }
            Command::CutWindow { chat, direction, end } => self.views.cut(step, view, chat, direction, end),
            Command::FillGap { chat, place, direction } => self.fill_gap(step, &chat, place, direction),
            Command::CloseChat => self.views.close_chat(view),
            Command::MarkRead { chat, up_to } => self.mark_read(step, &chat, up_to),
            Command::SaveDraft { chat, text } => self.save_draft(&chat, text),
            Command::SetTyping { chat, state } => self.tell_typing(step, &chat, state),
            Command::SendText { chat, text } => return Some(self.send_text(step, &chat, text)),
            Command::Edit { message, text } => return self.change(step, view, id, &message, Wanted::Text(text)),
            Command::Retract(message) => return self.change(step, view, id, &message, Wanted::Nothing),
            Command::React { message, emoji, on } => {
                return self.change(step, view, id, &message, Wanted::Reaction(emoji, on));
            }
            Command::Retry(message) => return self.find_own(step, &message, Then::Retry(view, id)),
            Command::Discard(message) => return self.find_own(step, &message, Then::Discard(view, id)),
            Command::RemoveChat(chat) => return self.forget_chat(step, Forgetting::remove(view, id, chat)),
            Command::ClearChat(chat) => return self.forget_chat(step, Forgetting::clear(view, id, chat)),
            Command::MeasureChats => self.measure_chats(step, view),
            Command::ExportChat(chat) => return self.export_chat(step, view, id, chat),
            Command::SetSettings(settings) => self.set_settings(step, settings),
            Command::LoadArchivePreferences => return self.ask_archive_preferences(step, view, id, None),
            Command::SetArchivePreferences(wanted) => {
                return self.ask_archive_preferences(step, view, id, Some(wanted));
            }
            Command::Search { .. } => self.search(step, view, id, command),
            Command::SearchOn => return Some(self.search_on(step, view)),
            Command::EndSearch => self.finder.end(view),
        }
        Some(Ok(()))
    }

    // ---- contacts --------------------------------------------------------------------------------------------------

    fn typed(&self, address: &str) -> Result<BareJid, CommandError> {
        let jid = jids::parse_typed(address, self.hoster.default_domain.as_deref()).ok_or(CommandError::BadAddress)?;
        if jid == self.me { Err(CommandError::OwnAddress) } else { Ok(jid) }
    }

    fn add_contact(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        address: &str,
        name: Option<String>,
        groups: Vec<String>,
    ) -> Option<Result<(), CommandError>> {
        let jid = match self.typed(address) {
            Ok(jid) => jid,
            Err(error) => return Some(Err(error)),
        };
        let answer = self.set_item(step, view, id, &jid, name, groups);
        if answer.is_none() {
            if self.contacts.requests().iter().any(|request| request.jid == jid) {
                self.subscription(step, &jid, PresenceType::Subscribed);
                self.contacts.forget_request(step, &jid);
            }
            self.subscription(step, &jid, PresenceType::Subscribe);
        }
        answer
    }

    /// Sets name and groups of a roster item (RFC 6121 §2.3); answered when the server has it.
    fn set_item(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        jid: &BareJid,
        name: Option<String>,
        groups: Vec<String>,
    ) -> Option<Result<(), CommandError>> {
        let Some(contact) = jids::wire(jid) else { return Some(Err(CommandError::BadAddress)) };
        let trimmed = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let groups = groups.into_iter().filter_map(trimmed).into_list();
        self.ask_for(step, view, id, &Roster::change(contact, name.and_then(trimmed), groups))
    }

    fn remove_contact(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        jid: &BareJid,
    ) -> Option<Result<(), CommandError>> {
        let Some(contact) = jids::wire(jid) else { return Some(Err(CommandError::BadAddress)) };
        self.ask_for(step, view, id, &Roster::removal(contact))
    }

    fn accept_request(&mut self, step: &mut Step<'_>, jid: &BareJid) -> Result<(), CommandError> {
        self.connected()?;
        self.subscription(step, jid, PresenceType::Subscribed);
        if !self.contacts.we_see(jid) {
            self.subscription(step, jid, PresenceType::Subscribe);
        }
        self.contacts.forget_request(step, jid);
        Ok(())
    }

    fn decline_request(&mut self, step: &mut Step<'_>, jid: &BareJid) -> Result<(), CommandError> {
        self.connected()?;
        self.subscription(step, jid, PresenceType::Unsubscribed);
        self.contacts.forget_request(step, jid);
        Ok(())
    }

    /// Sends a presence stanza of a subscription (RFC 6121 §3).
    pub(crate) fn subscription(&mut self, step: &mut Step<'_>, jid: &BareJid, kind: PresenceType) {
        if let Some(to) = jids::recipient(jid) {
            self.send(step, &Presence::directed(kind, to).to_element());
        }
    }

    fn block(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        jid: &BareJid,
    ) -> Option<Result<(), CommandError>> {
        let Some(to) = jids::recipient(jid) else { return Some(Err(CommandError::BadAddress)) };
        if self.contacts.requests().iter().any(|request| request.jid == *jid) {
            self.subscription(step, jid, PresenceType::Unsubscribed);
            self.contacts.forget_request(step, jid);
        }
        self.ask_for(step, view, id, &Blocking::block(to))
    }

    fn unblock(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        jid: &BareJid,
    ) -> Option<Result<(), CommandError>> {
        let Some(to) = jids::recipient(jid) else { return Some(Err(CommandError::BadAddress)) };
        self.ask_for(step, view, id, &Blocking::unblock(to))
    }

    // ---- chats -----------------------------------------------------------------------------------------------------

    fn start_chat(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        address: &str,
    ) -> Result<(), CommandError> {
        let jid = self.typed(address)?;
        let now = self.session.by_server(step.now);
        self.chats.change(&jid, |chat| {
            if chat.total == 0 {
                chat.active_at = now;
            }
        });
        step.fx.tell_view(view, Update::ChatReady { command: id, chat: jid });
        Ok(())
    }

    fn open_chat(&mut self, step: &mut Step<'_>, view: ViewId, chat: BareJid, anchor: Anchor) {
        let record = self.chats.get(&chat).map(|chat| &chat.record);
        let (read_up_to, unread) = record.map_or((None, 0), |record| (record.read_up_to, record.unread));
        let (queries, opening) = Views::open(view, chat, anchor, read_up_to, unread > 0);
        self.loads.ask(step, queries, Then::Open(opening));
    }

    fn save_draft(&mut self, chat: &BareJid, text: Option<String>) {
        let draft = text.filter(|text| !text.is_empty());
        let changed = self.chats.get(chat).is_some_and(|chat| chat.record.draft != draft);
        if changed {
            self.chats.change(chat, |record| record.draft = draft);
        }
    }

    /// Tells the other side what the person is doing, if they may know (attack case A-21).
    fn tell_typing(&mut self, step: &mut Step<'_>, chat: &BareJid, state: ChatState) {
        let allowed = self.settings.send_typing && self.contacts.may_see_us(chat) && self.session.is_online();
        let Some(open) = self.chats.get_mut(chat).filter(|open| allowed && open.told != state) else { return };
        open.told = state;
        let state = match state {
            ChatState::Idle => chat_states::ChatState::Active,
            ChatState::Composing => chat_states::ChatState::Composing,
            ChatState::Paused => chat_states::ChatState::Paused,
        };
        let Some(to) = jids::recipient(chat) else { return };
        let mut message = Message::new(MessageType::Chat, to).with_payload(&state);
        message.id = Some(step.random_id());
        let message = message.with_payload(&plausch_xmpp::xep::hints::Hint::NoStore);
        self.send(step, &message.to_element());
    }

    fn send_text(&mut self, step: &mut Step<'_>, chat: &BareJid, text: String) -> Result<(), CommandError> {
        let text = text.trim_end().to_owned();
        if text.trim().is_empty() || text.len() > MAX_TEXT_BYTES {
            return Err(CommandError::BadText);
        }
        jids::recipient(chat).ok_or(CommandError::BadAddress)?;
        let id = step.message_id();
        let key = TimelineKey { at: self.after_newest(chat, step), sequence: step.sequence() };
        let message = MessageRecord::outgoing(&self.me, chat, id, key, text);
        self.chats.change(chat, |record| record.draft = None);
        self.add_message(step, &message);
        self.outbox.push(step, Outgoing::Message(message));
        if let Some(open) = self.chats.get_mut(chat) {
            open.told = ChatState::Idle;
        }
        Ok(())
    }

    /// Now, but not before the chat's newest message: one's own clock may be slow, and what one writes comes last.
    fn after_newest(&self, chat: &BareJid, step: &Step<'_>) -> plausch_model::Timestamp {
        let newest = self.chats.get(chat).and_then(|chat| chat.record.newest);
        let now = self.session.by_server(step.now);
        newest.map_or(now, |newest| newest.at.max(now))
    }

    pub(crate) fn find_own(
        &mut self,
        step: &mut Step<'_>,
        message: &OriginId,
        then: Then,
    ) -> Option<Result<(), CommandError>> {
        let (index, target) = (Table::MessageIds, Table::Messages);
        let query = Query::Resolve { index, keys: vec![by_origin_id(message)], target };
        self.loads.ask(step, vec![query], then);
        None
    }

    pub(crate) fn retry_loaded(&mut self, step: &mut Step<'_>, view: ViewId, id: CommandId, found: Option<Loaded>) {
        let result = one(found).is_some_and(|message| {
            let failed = matches!(message.item.state, Some(DeliveryState::Failed(_)));
            if failed { self.send_again(step, message) } else { self.settle_failed_change(step, &message, true) }
        });
        self.done(step, view, id, if result { Ok(()) } else { Err(CommandError::NotFound) });
    }

    /// Puts a failed message back into the outbox.
    fn send_again(&mut self, step: &mut Step<'_>, mut message: MessageRecord) -> bool {
        if text_of(&message).is_none() {
            return false;
        }
        message.item.state = Some(DeliveryState::Waiting);
        // A copy of the first try must not pass for this one, nor does the archive's id of it belong to this one.
        message.wire_id = Some(step.random_id());
        message.stanza_id = None;
        // It says at once what it was to say in the end.
        let mut shown = message.clone();
        self.outbox.overlay(&self.me, &mut shown.item);
        if text_of(&shown).is_some() {
            message.item.body = shown.item.body;
        }
        self.outbox.drop_changes(step, &message.item.id, &|_| true);
        self.change_message(step, &message);
        self.outbox.push(step, Outgoing::Message(message));
        true
    }

    pub(crate) fn discard_loaded(&mut self, step: &mut Step<'_>, view: ViewId, id: CommandId, found: Option<Loaded>) {
        let removable =
            |state: &Option<DeliveryState>| matches!(state, Some(DeliveryState::Waiting | DeliveryState::Failed(_)));
        let result = one(found).is_some_and(|message| {
            if removable(&message.item.state) {
                self.remove_message(step, message);
                return true;
            }
            self.settle_failed_change(step, &message, false)
        });
        self.done(step, view, id, if result { Ok(()) } else { Err(CommandError::NotFound) });
    }

    /// Deletes a message here, with what was to become of it.
    pub(crate) fn remove_message(&mut self, step: &mut Step<'_>, message: MessageRecord) {
        self.outbox.discard(step, &message.item.id);
        self.outbox.drop_changes(step, &message.item.id, &|_| true);
        self.delete_message(step, &message);
        self.finder.forget(&mut step.fx.batch, &message);
        self.look_for_newest(step, message.chat);
    }

    /// The chat's newest message is gone from its place.
    pub(crate) fn look_for_newest(&mut self, step: &mut Step<'_>, chat: BareJid) {
        let (from, to) = (chat_prefix(&chat), chat_end(&chat));
        let newest = Query::Range { table: Table::Messages, from, to, order: Order::Descending, limit: 1 };
        self.loads.ask(step, vec![newest], Then::NewestOf(chat));
    }

    pub(crate) fn newest_loaded(&mut self, chat: &BareJid, found: Option<Loaded>) {
        let Some(Loaded::Rows(rows)) = found else { return };
        let newest = rows.first().and_then(decode_row::<MessageRecord>);
        self.chats.change(chat, |record| {
            record.newest = newest.as_ref().map(|message| message.item.key);
            record.preview = None;
        });
        if let Some(mut message) = newest {
            self.outbox.overlay(&self.me, &mut message.item);
            self.chats.message_changed(&message);
        }
    }

    /// A chat as the list shows it.
    pub(crate) fn summary(&self, jid: &BareJid) -> Option<plausch_model::ChatSummary> {
        let chat = self.chats.get(jid)?;
        let record = &chat.record;
        Some(plausch_model::ChatSummary {
            jid: jid.clone(),
            address: address(jid),
            kind: record.kind,
            name: self.contacts.name(jid),
            avatar: self.contacts.avatar(jid),
            unread: record.unread,
            preview: record.preview.clone(),
            active_at: record.active_at,
            draft: record.draft.clone(),
            state: self.chats.typing(jid),
            stranger: !self.contacts.is_contact(jid) && *jid != self.me,
            blocked: self.contacts.is_blocked(jid),
        })
    }

    /// Fails unless there is a connection.
    pub(crate) fn connected(&self) -> Result<(), CommandError> {
        if self.session.is_online() { Ok(()) } else { Err(CommandError::NotConnected) }
    }

    /// Sends a request to our server whose answer answers the command.
    pub(crate) fn ask_for(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        id: CommandId,
        payload: &impl plausch_xmpp::payload::Payload,
    ) -> Option<Result<(), CommandError>> {
        if let Err(error) = self.connected() {
            return Some(Err(error));
        }
        self.request_set(step, None, payload, Purpose::Command(view, id));
        None
    }
}

/// The one message that was asked for.
pub(crate) fn one(found: Option<Loaded>) -> Option<MessageRecord> {
    match found? {
        Loaded::Found(rows) => decode_row(rows.first()?.as_ref()?),
        Loaded::Rows(_) | Loaded::Size { .. } => None,
    }
}
