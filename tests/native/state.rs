//! What a view knows after the updates it was given: an independent second reading of what updates mean, beside the app's.

use std::collections::{BTreeMap, BTreeSet};

use plausch_model::{
    AccountSettings, Avatar, AvatarId, BareJid, Bookmark, ChatState, ChatSummary, ConnectionDetails, ConnectionState,
    Contact, ContactRequest, DeliveryState, Direction, EndReason, Gap, MessageBody, Profile, TimelineItem, TimelineKey,
    Update, WindowChange,
};

/// All that a view would show.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct State {
    /// The connection, once told.
    pub connection: Option<ConnectionState>,
    /// Its details.
    pub details: Option<ConnectionDetails>,
    /// Our own address as shown, nickname and avatar.
    pub own: Option<(String, Option<String>, Option<AvatarId>)>,
    /// The account's settings, once told.
    pub settings: Option<AccountSettings>,
    /// The roster.
    pub contacts: BTreeMap<BareJid, Contact>,
    /// Pending requests.
    pub requests: Vec<ContactRequest>,
    /// Blocked addresses.
    pub blocked: BTreeSet<BareJid>,
    /// Bookmarked rooms.
    pub bookmarks: BTreeMap<BareJid, Bookmark>,
    /// The list of chats.
    pub chats: BTreeMap<BareJid, ChatSummary>,
    /// What others are doing.
    pub typing: BTreeMap<BareJid, ChatState>,
    /// The chat that is open.
    pub window: Option<Window>,
    /// Avatars that were asked for.
    pub avatars: BTreeMap<AvatarId, Avatar>,
    /// Profiles that were asked for.
    pub profiles: BTreeMap<BareJid, Option<Profile>>,
    /// How often history was caught up.
    pub synced: u32,
    /// The last trouble with storing.
    pub storage_trouble: Option<String>,
    /// How the account ended.
    pub ended: Option<EndReason>,
}

/// The part of a chat that a view shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Window {
    /// Which chat.
    pub chat: BareJid,
    /// Its messages.
    pub items: BTreeMap<TimelineKey, TimelineItem>,
    /// Nothing older is known.
    pub at_start: bool,
    /// Nothing newer is known.
    pub at_end: bool,
    /// Where the unread divider stands.
    pub read_up_to: Option<TimelineKey>,
    /// How many messages the chat holds.
    pub total: u64,
    /// Where messages are missing.
    pub gaps: Vec<Gap>,
}

impl State {
    /// Whether the stream is bound or resumed.
    pub fn is_online(&self) -> bool {
        self.connection == Some(ConnectionState::Online)
    }

    /// The texts in the open window, in order.
    pub fn texts(&self) -> Vec<&str> {
        self.items().filter_map(text_of).collect()
    }

    /// The messages in the open window, in order.
    pub fn items(&self) -> impl Iterator<Item = &TimelineItem> {
        self.window.iter().flat_map(|window| window.items.values())
    }

    /// How often a text is in the open window.
    pub fn count(&self, text: &str) -> usize {
        self.items().filter(|item| text_of(item) == Some(text)).count()
    }

    /// How far the message with this text in the open window has come.
    pub fn delivery_of(&self, text: &str) -> Option<&DeliveryState> {
        self.items().find(|item| text_of(item) == Some(text))?.state.as_ref()
    }

    /// Brings the state up to date.
    pub fn apply(&mut self, update: &Update) {
        match update.clone() {
            Update::Connection(state) => self.connection = Some(state),
            Update::ConnectionDetails(details) => self.details = details,
            Update::Own { address, nickname, avatar } => self.own = Some((address, nickname, avatar)),
            Update::Settings(settings) => self.settings = Some(settings),
            Update::Contacts(contacts) => self.contacts = by_jid(contacts),
            Update::ContactsChanged(contacts) => self.contacts.extend(by_jid(contacts)),
            Update::ContactsRemoved(gone) => self.contacts.retain(|jid, _| !gone.contains(jid)),
            Update::Requests(requests) => self.requests = requests,
            Update::Blocked(blocked) => self.blocked = blocked.into_iter().collect(),
            Update::Bookmarks(rooms) => {
                self.bookmarks = rooms.into_iter().map(|room| (room.jid.clone(), room)).collect();
            }
            Update::Chats(chats) => self.chats = chats_by_jid(chats),
            Update::ChatsChanged(chats) => self.chats.extend(chats_by_jid(chats)),
            Update::ChatRemoved(chat) => self.remove_chat(&chat),
            Update::Typing { chat, state } => _ = self.typing.insert(chat, state),
            Update::Avatar(avatar) => _ = self.avatars.insert(avatar.id.clone(), avatar),
            Update::Profile { jid, profile } => _ = self.profiles.insert(jid, profile),
            Update::Synced => self.synced = self.synced.saturating_add(1),
            Update::StorageTrouble(trouble) => self.storage_trouble = Some(trouble),
            Update::Ended(reason) => self.ended = Some(reason),
            Update::ChatReady { .. }
            | Update::Done { .. }
            | Update::Found { .. }
            | Update::ArchivePreferences(_)
            | Update::ChatSize { .. }
            | Update::Exported { .. } => {}
            window @ (Update::Window { .. }
            | Update::WindowGrown { .. }
            | Update::WindowCut { .. }
            | Update::WindowChanged { .. }
            | Update::WindowGaps { .. }) => {
                self.apply_to_window(window);
            }
        }
    }

    fn remove_chat(&mut self, chat: &BareJid) {
        self.chats.remove(chat);
        self.window.take_if(|window| window.chat == *chat);
    }

    fn apply_to_window(&mut self, update: Update) {
        match (update, &mut self.window) {
            (Update::Window { chat, items, at_start, at_end, read_up_to, total }, window) => {
                let gaps = Vec::new();
                *window = Some(Window { chat, items: by_key(items), at_start, at_end, read_up_to, total, gaps });
            }
            (Update::WindowGrown { chat, items, at_start, at_end }, Some(window)) if window.chat == chat => {
                window.items.extend(by_key(items));
                (window.at_start, window.at_end) = (at_start, at_end);
            }
            (Update::WindowCut { chat, direction, end }, Some(window)) if window.chat == chat => match direction {
                Direction::Older => {
                    window.items.retain(|key, _| *key >= end);
                    window.at_start = false;
                }
                Direction::Newer => {
                    window.items.retain(|key, _| *key <= end);
                    window.at_end = false;
                }
            },
            (Update::WindowChanged { chat, changes, total }, Some(window)) if window.chat == chat => {
                changes.into_iter().for_each(|change| window.change(change));
                window.total = total;
            }
            (Update::WindowGaps { chat, gaps }, Some(window)) if window.chat == chat => window.gaps = gaps,
            _ => {}
        }
    }
}

impl Window {
    /// The gaps that have messages on both sides here.
    pub fn shown_gaps(&self) -> impl Iterator<Item = &Gap> {
        let ends = self.items.first_key_value().zip(self.items.last_key_value());
        let between =
            move |gap: &&Gap| ends.is_some_and(|((first, _), (last, _))| *first <= gap.place && gap.place < *last);
        self.gaps.iter().filter(between)
    }

    /// A message beyond a window that is not at the end is not shown.
    fn change(&mut self, change: WindowChange) {
        match change {
            WindowChange::Put(item) => {
                let beyond = self.items.last_key_value().is_some_and(|(last, _)| item.key > *last);
                if self.at_end || !beyond {
                    self.items.insert(item.key, item);
                }
            }
            WindowChange::Remove(id) => self.items.retain(|_, item| item.id != id),
        }
    }
}

/// The text of a message, if it is one.
pub fn text_of(item: &TimelineItem) -> Option<&str> {
    match &item.body {
        MessageBody::Text(text) => Some(text),
        MessageBody::Unreadable | MessageBody::Retracted => None,
    }
}

fn by_jid(contacts: Vec<Contact>) -> BTreeMap<BareJid, Contact> {
    contacts.into_iter().map(|contact| (contact.jid.clone(), contact)).collect()
}

fn chats_by_jid(chats: Vec<ChatSummary>) -> BTreeMap<BareJid, ChatSummary> {
    chats.into_iter().map(|chat| (chat.jid.clone(), chat)).collect()
}

fn by_key(items: Vec<TimelineItem>) -> BTreeMap<TimelineKey, TimelineItem> {
    items.into_iter().map(|item| (item.key, item)).collect()
}

#[cfg(test)]
mod tests {
    use plausch_model::{Encryption, OriginId, Timestamp, Way};

    use super::*;

    fn item(number: u64, text: &str) -> TimelineItem {
        let at = Timestamp(i64::try_from(number).unwrap());
        TimelineItem {
            id: OriginId::new(format!("id{number}")),
            key: TimelineKey { at, sequence: number },
            author: chat(),
            way: Way::In,
            at,
            body: MessageBody::Text(text.to_owned()),
            encryption: Encryption::None,
            state: None,
            edited: None,
            reactions: Vec::new(),
            unsent: None,
            reacting: false,
        }
    }

    fn chat() -> BareJid {
        BareJid::new("romeo@mont.example")
    }

    fn window(at_end: bool) -> State {
        let mut state = State::default();
        let items = vec![item(2, "two"), item(3, "three")];
        state.apply(&Update::Window { chat: chat(), items, at_start: false, at_end, read_up_to: None, total: 3 });
        state
    }

    fn changed(changes: Vec<WindowChange>) -> Update {
        Update::WindowChanged { chat: chat(), changes, total: 4 }
    }

    #[test]
    fn a_window_grows_and_changes() {
        let mut state = window(true);
        state.apply(&Update::WindowGrown { chat: chat(), items: vec![item(1, "one")], at_start: true, at_end: true });
        state.apply(&changed(vec![WindowChange::Put(item(4, "four")), WindowChange::Remove(OriginId::new("id2"))]));
        assert_eq!(state.texts(), ["one", "three", "four"]);
        assert_eq!((state.count("four"), state.window.unwrap().total), (1, 4));
    }

    #[test]
    fn what_is_beyond_the_window_is_not_shown() {
        let mut state = window(false);
        state.apply(&changed(vec![WindowChange::Put(item(4, "four")), WindowChange::Put(item(3, "drei"))]));
        assert_eq!(state.texts(), ["two", "drei"]);
    }

    #[test]
    fn other_chats_leave_the_window_alone() {
        let mut state = window(true);
        let changes = vec![WindowChange::Put(item(4, "four"))];
        state.apply(&Update::WindowChanged { chat: BareJid::new("eve@evil.example"), changes, total: 1 });
        assert_eq!(state.texts(), ["two", "three"]);
    }
}
