//! What a person does, as one value.

use serde::{Deserialize, Serialize};

use crate::{
    AccountSettings, ArchivePreferences, Avatar, AvatarId, BareJid, ChatState, Emoji, OriginId, Secret, SignInError,
    TimelineKey,
};

/// Numbers the commands of one view, so that the answer finds the one who asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
pub struct CommandId(pub u32);

/// Where a window into a timeline starts.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Anchor {
    /// The newest message.
    End,
    /// The first unread message, or the end if there is none.
    FirstUnread,
    /// Around this message.
    At(TimelineKey),
}

/// Which way a window grows.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Direction {
    /// Towards the beginning of the chat.
    Older,
    /// Towards the newest message.
    Newer,
}

/// A change of what we say of ourselves.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum ProfileChange {
    /// Set or (with `None`) remove the nickname (XEP-0172).
    Nickname(Option<String>),
    /// Set or remove the avatar (XEP-0084).
    Avatar(Option<Avatar>),
}

/// What a person does in a view, to one account. Addresses typed by people are plain `String`s: the engine parses them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Command {
    /// Try to connect now instead of waiting for the next scheduled try.
    Reconnect,
    /// End the session and delete everything of this account from the device.
    SignOut,
    /// The page became visible or hidden (XEP-0352).
    SetVisible(bool),

    /// Add somebody to the roster and ask to see their presence.
    AddContact {
        /// Their address as typed.
        address: String,
        /// The name to give them.
        name: Option<String>,
        /// Roster groups to put them in.
        groups: Vec<String>,
    },
    /// Remove somebody from the roster, with both subscriptions.
    RemoveContact(BareJid),
    /// Change the roster name (`None` removes it) and groups.
    EditContact {
        /// Who.
        contact: BareJid,
        /// The new name.
        name: Option<String>,
        /// The new groups.
        groups: Vec<String>,
    },
    /// Let them see our presence, and ask for theirs.
    AcceptRequest(BareJid),
    /// Refuse their request.
    DeclineRequest(BareJid),
    /// Block (XEP-0191); declines a pending request, too.
    Block(BareJid),
    /// Unblock.
    Unblock(BareJid),
    /// Take a room out of the bookmarks, on all devices; without a connection as soon as there is one.
    RemoveBookmark(BareJid),
    /// Fetch what somebody says of themselves; answered by `Update::Profile`.
    LoadProfile(BareJid),
    /// Change our own profile.
    ChangeProfile(ProfileChange),
    /// Ask for an avatar's bytes; answered by `Update::Avatar`.
    LoadAvatar(AvatarId),

    /// Make sure that a chat with this typed address is in the list; answered by `Update::ChatReady` for this view.
    StartChat {
        /// The address as typed.
        address: String,
    },
    /// Show a window of a chat in this view; answered by `Update::Window`. A view shows at most one chat at a time.
    OpenChat {
        /// Which chat.
        chat: BareJid,
        /// Where the window starts.
        anchor: Anchor,
    },
    /// Make this view's window larger.
    GrowWindow {
        /// The chat whose window it is.
        chat: BareJid,
        /// Which way.
        direction: Direction,
    },
    /// The window of a chat need not hold what is beyond a message any more: it ends there until it grows again.
    CutWindow {
        /// The chat whose window it is.
        chat: BareJid,
        /// Which end.
        direction: Direction,
        /// The last message that it holds at that end.
        end: TimelineKey,
    },
    /// Somebody looks at a gap of a chat: read the next page of it.
    FillGap {
        /// Which chat.
        chat: BareJid,
        /// The gap's place.
        place: TimelineKey,
        /// Towards where it is read on: `Older` reads from its newer end.
        direction: Direction,
    },
    /// This view shows no chat any more.
    CloseChat,
    /// The person has seen the chat up to this message.
    MarkRead {
        /// Which chat.
        chat: BareJid,
        /// The newest message seen.
        up_to: TimelineKey,
    },
    /// Remember what is typed and not sent; `None` or empty forgets it.
    SaveDraft {
        /// Which chat.
        chat: BareJid,
        /// The text.
        text: Option<String>,
    },
    /// The person is typing, stopped, or emptied the composer.
    SetTyping {
        /// Which chat.
        chat: BareJid,
        /// The new state.
        state: ChatState,
    },
    /// Send a text.
    SendText {
        /// Which chat.
        chat: BareJid,
        /// The text as typed.
        text: String,
    },
    /// Give a message of ours another text (XEP-0308); one that was not sent yet is sent with it.
    Edit {
        /// Which message.
        message: OriginId,
        /// Its new text.
        text: String,
    },
    /// Take a message of ours back (XEP-0424); one that was not sent yet is deleted.
    Retract(OriginId),
    /// Add a reaction to a message or take it away (XEP-0444). One emoji at a time, so that quick clicks, even in two tabs,
    /// add up.
    React {
        /// Which message.
        message: OriginId,
        /// With what.
        emoji: Emoji,
        /// Whether it is to be there.
        on: bool,
    },
    /// Put a failed message, or a failed edit or retraction of it, back into the outbox.
    Retry(OriginId),
    /// Delete a failed or waiting message here, or drop a failed or waiting edit or retraction of it.
    Discard(OriginId),
    /// Remove a chat and its messages from this device's list.
    RemoveChat(BareJid),

    /// Delete a chat's messages from this device; the chat stays in the list.
    ClearChat(BareJid),
    /// Ask what each chat takes on this device; answered by one `Update::ChatSize` after the other.
    MeasureChats,
    /// Ask for all of a chat's messages on this device; answered by one `Update::Exported` after the other.
    ExportChat(BareJid),

    /// Look for messages on this device; answered by `Update::Found`. A view looks for one thing at a time.
    Search {
        /// What was typed: words, `"phrases"`, and `from:`, `in:`, `has:`, `before:`, `after:` and `on:`.
        query: String,
        /// Only in this chat.
        chat: Option<BareJid>,
        /// By how many minutes the person's clock is ahead of UTC: days are theirs.
        utc_offset_minutes: i32,
    },
    /// The next page of what this view looks for.
    SearchOn,
    /// This view looks for nothing any more.
    EndSearch,

    /// Change the account's settings.
    SetSettings(AccountSettings),
    /// Ask what the server is to keep of our messages; answered by `Update::ArchivePreferences`, or refused.
    LoadArchivePreferences,
    /// Tell the server what it is to keep from now on; answered in the same way with what it has made of it.
    SetArchivePreferences(ArchivePreferences),
}

/// Why a command could not be carried out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum CommandError {
    /// The typed address is not valid.
    BadAddress,
    /// The typed address is the account's own.
    OwnAddress,
    /// This needs a connection.
    NotConnected,
    /// The server does not support it.
    Unsupported,
    /// The server refused; its condition or words.
    Refused(String),
    /// The server did not answer in time.
    TimedOut,
    /// The text is empty or longer than can be sent.
    BadText,
    /// There is no such chat, contact or message.
    NotFound,
    /// The message is too old to be edited.
    TooLate,
    /// The device could not store it.
    Storage(String),
    /// Signing in failed.
    SignIn(SignInError),
}

/// The credentials of one sign-in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct SignIn {
    /// The address as typed: `romeo@example.org`, or `romeo` where a default domain is set.
    pub address: String,
    /// The password: used once, never stored.
    pub password: Secret,
    /// Keep the session and history on this device; otherwise everything stays in memory.
    pub stay: bool,
}
