//! What the engine tells the views.

use serde::{Deserialize, Serialize};

use crate::{
    AccountSettings, ArchivePreferences, Avatar, AvatarId, BareJid, Bookmark, ChatState, ChatSummary, CommandError,
    CommandId, ConnectionDetails, ConnectionState, Contact, ContactRequest, Direction, EndReason, OriginId, Profile,
    SearchHit, TimelineItem, TimelineKey,
};

/// A change within an open window.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum WindowChange {
    /// A message that is new in the window, or changed. Its place is its key.
    Put(TimelineItem),
    /// A message that is gone.
    Remove(OriginId),
}

/// Messages of a chat are missing here, with others on both sides.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Gap {
    /// Where: before the first message with a later key. If there is none, or none before it, there is nothing to show.
    pub place: TimelineKey,
    /// What comes of it.
    pub state: GapState,
}

/// What comes of a gap.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum GapState {
    /// It is being filled, or will be soon.
    Loading,
    /// It will be filled when there is a connection or an archive that answers.
    Missing,
    /// The archive does not have them any more: there may have been some.
    Gone,
}

/// One thing that changed, with its new value. Applying an update twice does no harm.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Update {
    /// The connection's state.
    Connection(ConnectionState),
    /// Details of the connection; `None` while offline.
    ConnectionDetails(Option<ConnectionDetails>),
    /// The account's own name and avatar.
    Own {
        /// The address as people should see it.
        address: String,
        /// The nickname, if one is set.
        nickname: Option<String>,
        /// The avatar, if one is set.
        avatar: Option<AvatarId>,
    },
    /// The account's settings.
    Settings(AccountSettings),
    /// The whole roster, replacing what was known.
    Contacts(Vec<Contact>),
    /// Contacts that are new or changed.
    ContactsChanged(Vec<Contact>),
    /// Contacts that are gone.
    ContactsRemoved(Vec<BareJid>),
    /// All pending requests.
    Requests(Vec<ContactRequest>),
    /// All blocked addresses.
    Blocked(Vec<BareJid>),
    /// All bookmarked rooms, replacing what was known.
    Bookmarks(Vec<Bookmark>),
    /// The whole list of chats, replacing what was known.
    Chats(Vec<ChatSummary>),
    /// Chats that are new or changed.
    ChatsChanged(Vec<ChatSummary>),
    /// A chat that is gone.
    ChatRemoved(BareJid),
    /// What the other side of a chat is doing.
    Typing {
        /// Which chat.
        chat: BareJid,
        /// The new state.
        state: ChatState,
    },
    /// A window of a chat, replacing what the view showed. For the view that asked.
    Window {
        /// Which chat.
        chat: BareJid,
        /// The messages in order.
        items: Vec<TimelineItem>,
        /// There is nothing older: not on this device, nor in the archive as far as that can be asked now.
        at_start: bool,
        /// Nothing newer is known on this device.
        at_end: bool,
        /// The chat was read up to here when the window was opened: the unread divider stands after it.
        read_up_to: Option<TimelineKey>,
        /// How many messages the chat holds on this device in all.
        total: u64,
    },
    /// More of a chat, to be added to one end of the window, which is at these ends now. For the view that asked. May bring
    /// nothing: then nothing can be had now.
    WindowGrown {
        /// Which chat.
        chat: BareJid,
        /// The messages in order.
        items: Vec<TimelineItem>,
        /// There is nothing older: not on this device, nor in the archive as far as that can be asked now.
        at_start: bool,
        /// Nothing newer is known on this device.
        at_end: bool,
    },
    /// The window ends at a message, as was wished. For the view that wished it.
    WindowCut {
        /// Which chat.
        chat: BareJid,
        /// Which end.
        direction: Direction,
        /// The last message that it holds at that end.
        end: TimelineKey,
    },
    /// Changes of a chat, for every view that has it open. What lies beyond an end of the window that is no end of the chat
    /// is counted, not sent; it comes when the window grows.
    WindowChanged {
        /// Which chat.
        chat: BareJid,
        /// The changes, to be applied in order.
        changes: Vec<WindowChange>,
        /// How many messages the chat holds on this device in all.
        total: u64,
    },
    /// Where messages of a chat are missing, oldest first, replacing what was told before; a new window has no gaps until told.
    /// For every view that has it open.
    WindowGaps {
        /// Which chat.
        chat: BareJid,
        /// The gaps.
        gaps: Vec<Gap>,
    },
    /// An avatar's bytes.
    Avatar(Avatar),
    /// What somebody says of themselves; `None` if they say nothing.
    Profile {
        /// Who.
        jid: BareJid,
        /// The profile.
        profile: Option<Profile>,
    },
    /// The chat asked for by `Command::StartChat` is in the list. For the view that asked.
    ChatReady {
        /// The command it answers.
        command: CommandId,
        /// The chat.
        chat: BareJid,
    },
    /// A command has been carried out or has failed. For the view that asked.
    Done {
        /// The command it answers.
        command: CommandId,
        /// The outcome.
        result: Result<(), CommandError>,
    },
    /// What the server keeps of our messages. For the view that asked.
    ArchivePreferences(ArchivePreferences),
    /// What a chat takes on this device. For the view that asked.
    ChatSize {
        /// Which chat.
        chat: BareJid,
        /// How many messages it holds.
        messages: u64,
        /// What they take, as they are stored.
        bytes: u64,
    },
    /// Some of a chat's messages, from the oldest to the newest. For the view that asked.
    Exported {
        /// The command it answers.
        command: CommandId,
        /// The messages in order.
        items: Vec<TimelineItem>,
        /// These are the last ones.
        last: bool,
    },
    /// A page of what a view looks for, newest first. For the view that asked.
    Found {
        /// The command that began the search.
        command: CommandId,
        /// The page.
        hits: Vec<SearchHit>,
        /// There may be more.
        more: bool,
        /// Everything on this device is searched by now: messages from before there was a search may still be missing.
        complete: bool,
    },
    /// History is caught up with the server.
    Synced,
    /// The device could not store something; nothing was confirmed to the server. Says what to do about it.
    StorageTrouble(String),
    /// The account is not signed in any more; nothing follows.
    Ended(EndReason),
}
