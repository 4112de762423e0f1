//! The subtree of one account.

use std::{collections::HashMap, ops::Deref};

use plausch_model::{
    AccountId, AccountSettings, ArchivePreferences, AvatarId, BareJid, ConnectionDetails, ConnectionState,
    ContactRequest, Profile, Update,
};

use super::{Avatars, Bookmarks, ChatList, ContactList, Timeline, timeline::Opened};
use crate::reactive::RwSignal;

/// Our own name and picture.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Own {
    /// The address as people should see it.
    pub address: String,
    /// The nickname, if one is set.
    pub nickname: Option<String>,
    /// The avatar, if one is set.
    pub avatar: Option<AvatarId>,
}

/// What a chat takes on this device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ChatSize {
    /// How many messages it holds.
    pub messages: u64,
    /// What they take.
    pub bytes: u64,
}

/// One account, to be handed around: what it leads to stays for as long as the page does, since any timer or late answer
/// may still hold it. [`Account::forget`] empties it.
#[derive(Clone, Copy)]
pub struct Account(&'static AccountState);

/// Everything the components show of one account.
pub struct AccountState {
    id: AccountId,
    /// The connection's state.
    pub connection: RwSignal<ConnectionState>,
    /// Details of the connection, while there is one.
    pub details: RwSignal<Option<ConnectionDetails>>,
    /// Our own name and picture.
    pub own: RwSignal<Own>,
    /// The account's settings.
    pub settings: RwSignal<AccountSettings>,
    /// The contacts.
    pub contacts: ContactList,
    /// Who asks to see our presence.
    pub requests: RwSignal<Vec<ContactRequest>>,
    /// Who may not write.
    pub blocked: RwSignal<Vec<BareJid>>,
    /// The bookmarked rooms.
    pub bookmarks: Bookmarks,
    /// The chats.
    pub chats: ChatList,
    /// The window into the open chat.
    pub timeline: Timeline,
    /// The avatars seen.
    pub avatars: Avatars,
    /// The profiles asked for; `None` where somebody says nothing.
    pub profiles: RwSignal<HashMap<BareJid, Option<Profile>>>,
    /// How often history was caught up.
    pub synced: RwSignal<u32>,
    /// What the server keeps of our messages, if it lets us say so and has been asked.
    pub archive: RwSignal<Option<ArchivePreferences>>,
    /// What the chats take on this device, as far as that has been measured.
    pub sizes: RwSignal<HashMap<BareJid, ChatSize>>,
    /// What could not be stored, and what to do about it.
    pub trouble: RwSignal<Option<String>>,
}

impl PartialEq for Account {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Deref for Account {
    type Target = AccountState;

    fn deref(&self) -> &AccountState {
        self.0
    }
}

impl Account {
    /// An account of which nothing is known yet.
    pub fn new(id: AccountId) -> Self {
        let own = Own { address: id.0.to_string(), ..Own::default() };
        Self(Box::leak(Box::new(AccountState {
            id,
            connection: RwSignal::new(ConnectionState::default()),
            details: RwSignal::new(None),
            own: RwSignal::new(own),
            settings: RwSignal::new(AccountSettings::default()),
            contacts: ContactList::default(),
            requests: RwSignal::new(Vec::new()),
            blocked: RwSignal::new(Vec::new()),
            bookmarks: Bookmarks::default(),
            chats: ChatList::default(),
            timeline: Timeline::default(),
            avatars: Avatars::default(),
            profiles: RwSignal::new(HashMap::new()),
            synced: RwSignal::new(0),
            archive: RwSignal::new(None),
            sizes: RwSignal::new(HashMap::new()),
            trouble: RwSignal::new(None),
        })))
    }

    /// Nobody is signed in to it any more: nothing of what was shown stays in memory.
    pub fn forget(self) {
        self.details.set(None);
        self.own.set(Own::default());
        self.contacts.replace(Vec::new());
        self.requests.set(Vec::new());
        self.blocked.set(Vec::new());
        self.bookmarks.forget();
        self.chats.replace(Vec::new());
        self.timeline.close();
        self.profiles.set(HashMap::new());
        self.sizes.set(HashMap::new());
        self.archive.set(None);
        self.chats.settle();
        self.contacts.settle();
    }

    /// Which account it is.
    pub fn id(&self) -> AccountId {
        self.id.clone()
    }

    /// Our own address.
    pub fn jid(&self) -> BareJid {
        self.id.0.clone()
    }

    /// The name to call ourselves: the nickname, else the address.
    pub fn own_name(&self) -> String {
        self.own.with(|own| own.nickname.clone().unwrap_or_else(|| own.address.clone()))
    }

    /// The name to show for somebody: the contact's, else the chat's, else the address.
    pub fn name_of(&self, jid: &BareJid) -> String {
        let contact = self.contacts.watch(jid).map(|entry| entry.contact.with(|contact| contact.name.clone()));
        let chat = || self.chats.watch(jid).map(|entry| entry.summary.with(|summary| summary.name.clone()));
        contact.or_else(chat).unwrap_or_else(|| jid.to_string())
    }

    /// Takes over one change. `looking` tells whether the person can see the page. Updates that answer a command or
    /// that the page has to act on are handed back.
    pub fn apply(&self, update: Update, looking: bool) -> Option<Update> {
        match update {
            Update::Connection(state) => self.connection.set(state),
            Update::ConnectionDetails(details) => self.details.set(details),
            Update::Own { address, nickname, avatar } => self.own.set(Own { address, nickname, avatar }),
            Update::Settings(settings) => self.settings.set(settings),
            Update::Contacts(contacts) => self.contacts.replace(contacts),
            Update::ContactsChanged(contacts) => self.contacts.put(contacts),
            Update::ContactsRemoved(jids) => self.contacts.remove(&jids),
            Update::Requests(requests) => self.requests.set(requests),
            Update::Blocked(blocked) => self.blocked.set(blocked),
            Update::Bookmarks(rooms) => self.bookmarks.replace(rooms),
            Update::Chats(chats) => self.chats.replace(chats),
            Update::ChatsChanged(chats) => self.chats.put(chats),
            Update::ChatRemoved(jid) => self.chats.remove(&jid),
            Update::Typing { chat, state } => self.chats.set_typing(&chat, state),
            Update::Window { chat, items, at_start, at_end, read_up_to, total } => {
                self.timeline.open(Opened { chat, items, at_start, at_end, read_up_to, total });
            }
            Update::WindowGrown { chat, items, at_start, at_end } => {
                self.timeline.grow(&chat, items, at_start, at_end);
            }
            Update::WindowCut { chat, direction, end } => self.timeline.cut(&chat, direction, end),
            Update::WindowChanged { chat, changes, total } => self.timeline.change(&chat, changes, total, looking),
            Update::WindowGaps { chat, gaps } => self.timeline.set_gaps(&chat, gaps),
            Update::Profile { jid, profile } => self.profiles.update(|profiles| {
                profiles.insert(jid, profile);
            }),
            Update::Synced => self.synced.update(|times| *times = times.wrapping_add(1)),
            Update::ArchivePreferences(preferences) => self.archive.set(Some(preferences)),
            Update::ChatSize { chat, messages, bytes } => self.sizes.update(|sizes| {
                sizes.insert(chat, ChatSize { messages, bytes });
            }),
            Update::StorageTrouble(what) => self.trouble.set(Some(what)),
            Update::Avatar(_)
            | Update::ChatReady { .. }
            | Update::Done { .. }
            | Update::Found { .. }
            | Update::Exported { .. }
            | Update::Ended(_) => {
                return Some(update);
            }
        }
        None
    }
}
