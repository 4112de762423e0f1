//! Where the person is in the app: the list shown, the chat opened, the pane or dialog on top.

use plausch_model::{BareJid, OriginId, TimelineItem};

use super::Account;
use crate::reactive::{RwSignal, StoredValue};

/// Which list fills the second column.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub enum Section {
    /// The chats.
    #[default]
    Chats,
    /// The contacts.
    Contacts,
}

/// A chat or room of an account.
#[derive(Clone, PartialEq)]
pub struct OpenChat {
    /// Whose.
    pub account: Account,
    /// Which.
    pub jid: BareJid,
}

/// A page of the settings.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub enum SettingsSection {
    /// Theme and text size.
    #[default]
    Appearance,
    /// Language.
    Language,
    /// What is told outside the page.
    Notifications,
    /// What others learn.
    Privacy,
    /// People who may not write.
    Blocked,
    /// The passphrase before what the device keeps.
    Lock,
    /// What the device keeps.
    Storage,
    /// Name and picture.
    Profile,
    /// What this program is.
    About,
}

/// What lies on top of everything else.
#[derive(Clone, PartialEq)]
pub enum Dialog {
    /// Start a chat; an address may be filled in, from a link that was clicked.
    NewChat {
        /// The address to start with.
        address: String,
    },
    /// Add a contact.
    AddContact {
        /// The address to start with.
        address: String,
    },
    /// Details of a message.
    Message(OpenChat, Box<TimelineItem>),
    /// Change a contact's name and groups.
    EditContact(OpenChat),
    /// Remove a contact?
    RemoveContact(OpenChat),
    /// Block somebody?
    Block(OpenChat),
    /// Remove a chat from the list?
    RemoveChat(OpenChat),
    /// Take a room out of the bookmarks?
    RemoveBookmark(OpenChat),
    /// Delete a chat's messages from this device?
    ClearChat(OpenChat),
    /// Save a chat as a file.
    Export(OpenChat),
    /// Take a message back?
    Retract(OpenChat, OriginId),
    /// Log out?
    LogOut(Account),
    /// Delete everything on this device?
    Wipe,
    /// The settings.
    Settings(SettingsSection),
    /// Details of the connection.
    Connection(Account),
    /// The list of keys.
    Shortcuts,
    /// The quick switcher and search.
    GoTo {
        /// What to begin with.
        query: String,
        /// Which of what that finds is chosen.
        chosen: usize,
    },
}

/// What was found, for somebody who has gone to one of the messages.
#[derive(Clone, PartialEq)]
pub struct Returning {
    /// The chat that was gone to.
    pub chat: OpenChat,
    /// What was typed.
    pub query: String,
    /// Which of the results was chosen.
    pub chosen: usize,
}

/// The place, as signals.
#[derive(Clone, Copy)]
pub struct Place {
    /// The list in the second column.
    pub section: RwSignal<Section>,
    scrolled: StoredValue<[f64; 2]>,
    /// The open chat.
    pub chat: RwSignal<Option<OpenChat>>,
    /// The open room, in a chat's stead.
    pub room: RwSignal<Option<OpenChat>>,
    /// Whether the details pane is open.
    pub details: RwSignal<bool>,
    /// Whether the conversation is looked through.
    pub finding: RwSignal<bool>,
    /// Where to return to after a jump into a chat: to what was found there.
    pub results: RwSignal<Option<Returning>>,
    /// The dialog on top.
    pub dialog: RwSignal<Option<Dialog>>,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            section: RwSignal::new(Section::default()),
            scrolled: StoredValue::new([0.0; 2]),
            chat: RwSignal::new(None),
            room: RwSignal::new(None),
            details: RwSignal::new(false),
            finding: RwSignal::new(false),
            results: RwSignal::new(None),
            dialog: RwSignal::new(None),
        }
    }
}

impl Place {
    /// How far the list of a section is scrolled, in pixels.
    pub fn scrolled(&self, section: Section) -> f64 {
        let [chats, contacts] = self.scrolled.get_value();
        match section {
            Section::Chats => chats,
            Section::Contacts => contacts,
        }
    }

    /// Notes how far the list of a section is scrolled: when it is shown again, it will be.
    pub fn set_scrolled(&self, section: Section, pixels: f64) {
        self.scrolled.update_value(|[chats, contacts]| match section {
            Section::Chats => *chats = pixels,
            Section::Contacts => *contacts = pixels,
        });
    }

    /// Whether a chat or a room is open.
    pub fn is_open(&self) -> bool {
        self.chat.with(Option::is_some) || self.room.with(Option::is_some)
    }

    /// Leaves everything that belongs to an account.
    pub fn leave(&self, account: Account) {
        if self.room.with_untracked(|room| room.as_ref().is_some_and(|room| room.account == account)) {
            self.room.set(None);
        }
        if self.chat.with_untracked(|chat| chat.as_ref().is_some_and(|chat| chat.account == account)) {
            self.chat.set(None);
            self.details.set(false);
        }
        self.finding.set(false);
        self.results.set(None);
        self.dialog.set(None);
    }
}
