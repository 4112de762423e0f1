//! What is in the tables: one type per kind of record, each with a version of its own.
//!
//! A value is a version byte and postcard. A reader accepts every version that was ever written; a record that can't be
//! read is treated as missing, never as a reason to stop. Keys are built here and nowhere else.

use std::fmt;

use plausch_model::{
    Availability, AvatarId, BareJid, ChatKind, ContactRequest, DeliveryState, Encryption, FailureReason, MessageBody,
    OriginId, Preview, Secret, StanzaId, Subscription, TimelineItem, TimelineKey, Timestamp, Way,
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error, Visitor},
};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    store::{Key, Row},
    story::{Event, Story},
};

/// A kind of record.
pub trait Record: Serialize + DeserializeOwned {
    /// The version that is written.
    const VERSION: u8 = 1;

    /// Reads what an earlier version wrote, if it can still be of use.
    fn from_earlier(_version: u8, _body: &[u8]) -> Option<Self> {
        None
    }
}

/// The value to store for a record.
pub fn encode<R: Record>(record: &R) -> Vec<u8> {
    // Serialising plain data into memory has no way to fail; an empty value reads as "missing".
    postcard::to_extend(record, vec![R::VERSION]).unwrap_or_default()
}

/// The record in a stored value; `None` if it is damaged or from a version that this program does not know.
pub fn decode<R: Record>(value: &[u8]) -> Option<R> {
    let (version, body) = value.split_first()?;
    if *version == R::VERSION { postcard::from_bytes(body).ok() } else { R::from_earlier(*version, body) }
}

/// The record in a row, if it can be read.
pub fn decode_row<R: Record>(row: &Row) -> Option<R> {
    decode(&row.value)
}

/// What survives of a connection (Meta, [`SESSION`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct SessionRecord {
    /// Names this device to the server (XEP-0388 `user-agent`), a UUID.
    pub user_agent: String,
    /// The strongest SASL mechanism that has signed us in: nothing weaker is accepted.
    pub pinned_mechanism: Option<String>,
    /// The session to resume (XEP-0198).
    pub resumption: Option<ResumptionRecord>,
    /// What that session began with and is not answered yet.
    pub setup: Setup,
    /// Its server wants to know whether anybody is looking (XEP-0352).
    pub client_state: bool,
    /// When it began.
    pub began_at: Timestamp,
    /// By how many milliseconds the server's clock is ahead of ours.
    pub clock_offset: i64,
    /// Our server announces that it vouches for the ids of its archive (XEP-0359 §6).
    pub stanza_ids: bool,
    /// Our account has an archive (XEP-0313).
    pub archive: bool,
}
impl Record for SessionRecord {
    const VERSION: u8 = 2;
}

/// What a session begins with, as far as it has not been answered: a lost link must not leave a part of it undone.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct Setup(u8);

impl Setup {
    /// The roster, and after it the first presence (RFC 6121 §2.2).
    pub const ROSTER: Self = Self(1);
    /// Copies of what our other devices send (XEP-0280).
    pub const CARBONS: Self = Self(2);
    /// What our account offers (XEP-0030).
    pub const ACCOUNT: Self = Self(4);
    /// The blocked addresses (XEP-0191).
    pub const BLOCKED: Self = Self(8);
    /// Our presence, until the server has it.
    pub const PRESENCE: Self = Self(16);
    /// The bookmarked rooms (XEP-0402).
    pub const BOOKMARKS: Self = Self(32);

    /// Whether this part is to be done.
    pub fn has(self, part: Self) -> bool {
        self.0 & part.0 != 0
    }

    /// Adds a part.
    pub fn add(&mut self, part: Self) {
        self.0 |= part.0;
    }

    /// A part is done.
    pub fn done(&mut self, part: Self) {
        self.0 &= !part.0;
    }
}

/// Key of the [`SessionRecord`].
pub const SESSION: &[u8] = b"session";

/// A stream management session (XEP-0198 §5). Counters do not wrap.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct ResumptionRecord {
    /// The server's id for it.
    pub id: String,
    /// Our full JID in it.
    pub jid: String,
    /// How many of the server's stanzas are handled, hence on disk.
    pub inbound: u64,
    /// How many stanzas we have sent.
    pub outbound: u64,
    /// How many of those the server has acknowledged.
    pub acked: u64,
}

/// What signs us in without a password (Credentials, [`SCRAM`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct ScramRecord {
    /// The mechanism the keys were derived for.
    pub mechanism: String,
    /// The server's salt.
    pub salt: Vec<u8>,
    /// The iteration count.
    pub iterations: u32,
    /// RFC 5802 `ClientKey`.
    pub client_key: Vec<u8>,
    /// RFC 5802 `ServerKey`.
    pub server_key: Vec<u8>,
}
impl Record for ScramRecord {}

impl fmt::Debug for ScramRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramRecord").field("mechanism", &self.mechanism).finish_non_exhaustive()
    }
}

/// Key of the [`ScramRecord`].
pub const SCRAM: &[u8] = b"scram";

/// A FAST token (XEP-0484; Credentials, [`FAST`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct FastRecord {
    /// The token.
    pub token: Secret,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// How often it was used.
    pub count: u32,
}
impl Record for FastRecord {}

/// Key of the [`FastRecord`].
pub const FAST: &[u8] = b"fast";

/// The version of the stored roster (Meta, [`ROSTER_VERSION`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct RosterVersionRecord(pub String);
impl Record for RosterVersionRecord {}

/// Key of the [`RosterVersionRecord`].
pub const ROSTER_VERSION: &[u8] = b"roster-version";

/// How far the archive has been read (Meta, [`ARCHIVE`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct ArchiveRecord {
    /// Everything up to this message is on disk ...
    pub read_up_to: Option<StanzaId>,
    /// ... from this message on ...
    pub read_from: Option<StanzaId>,
    /// ... which is as old as this.
    pub read_since: Option<Timestamp>,
    /// There is nothing before that in the archive.
    pub reached_start: bool,
    /// How many messages have been read back.
    pub read_back: u32,
    /// No message up to the mark stands at a later time than this.
    pub up_to_at: Option<Timestamp>,
    /// What has not been read in between, oldest first.
    pub gaps: Vec<GapRecord>,
    /// Of what is here nevertheless, by where it begins.
    pub blocks: Vec<BlockRecord>,
    /// Behind the mark nothing is missing, and all is in order, up to this place of something of ours.
    pub own_until: Option<TimelineKey>,
}
impl Record for ArchiveRecord {
    const VERSION: u8 = 5;

    fn from_earlier(version: u8, body: &[u8]) -> Option<Self> {
        match version {
            3 => postcard::from_bytes::<ArchiveRecordV3>(body).ok().map(Self::from),
            4 => postcard::from_bytes::<ArchiveRecordV4>(body).ok().map(Self::from),
            _ => None,
        }
    }
}

/// Did not know of what we sent behind the mark.
#[derive(Deserialize)]
struct ArchiveRecordV4 {
    read_up_to: Option<StanzaId>,
    read_from: Option<StanzaId>,
    read_since: Option<Timestamp>,
    reached_start: bool,
    read_back: u32,
    up_to_at: Option<Timestamp>,
    gaps: Vec<GapRecord>,
    blocks: Vec<BlockRecord>,
}

impl From<ArchiveRecordV4> for ArchiveRecord {
    fn from(earlier: ArchiveRecordV4) -> Self {
        let ArchiveRecordV4 { read_up_to, read_from, read_since, reached_start, read_back, .. } = earlier;
        let ArchiveRecordV4 { up_to_at, gaps, blocks, .. } = earlier;
        Self { read_up_to, read_from, read_since, reached_start, read_back, up_to_at, gaps, blocks, own_until: None }
    }
}

/// Did not know of gaps.
#[derive(Deserialize)]
struct ArchiveRecordV3 {
    read_up_to: Option<StanzaId>,
    read_from: Option<StanzaId>,
    read_since: Option<Timestamp>,
    reached_start: bool,
    read_back: u32,
}

impl From<ArchiveRecordV3> for ArchiveRecord {
    fn from(earlier: ArchiveRecordV3) -> Self {
        let ArchiveRecordV3 { read_up_to, read_from, read_since, reached_start, read_back } = earlier;
        Self { read_up_to, read_from, read_since, reached_start, read_back, ..Self::default() }
    }
}

/// A part of the archive that has not been read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct GapRecord {
    /// What is as old as this is here.
    pub after: Timestamp,
    /// So is what is as new as this ...
    pub before: Timestamp,
    /// ... from this message on, if the archive knows it.
    pub before_id: Option<StanzaId>,
    /// The archive does not go back so far any more.
    pub gone: bool,
    /// Where in the order of arrival its messages belong.
    pub places: Places,
}

/// A part of the archive of which nothing is missing, in one chat or in all.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct BlockRecord {
    /// In which chat.
    pub chat: Option<BareJid>,
    /// It begins at this time ...
    pub from: Timestamp,
    /// ... with this message, if there is one that has an id.
    pub from_id: Option<StanzaId>,
    /// It ends at this time ...
    pub to: Timestamp,
    /// ... with this message.
    pub to_id: Option<StanzaId>,
}

/// Places in the order of arrival that are free.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct Places {
    /// The first.
    pub start: u64,
    /// The first behind them.
    pub end: u64,
}

/// Key of the [`ArchiveRecord`].
pub const ARCHIVE: &[u8] = b"archive";

/// What the server has to be told of what was read (Meta, [`DISPLAYED`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct DisplayedRecord {
    /// Our account keeps it for our other devices (XEP-0490).
    pub offered: bool,
    /// The chats that were read further than the server knows.
    pub due: Vec<BareJid>,
}
impl Record for DisplayedRecord {}

/// Key of the [`DisplayedRecord`].
pub const DISPLAYED: &[u8] = b"displayed";

/// The bookmarked rooms (Meta, [`BOOKMARKS`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct BookmarksRecord {
    /// The rooms, without those that were taken away.
    pub rooms: Vec<BookmarkRecord>,
    /// The ids of the items that the server has to take away.
    pub removed: Vec<String>,
}
impl Record for BookmarksRecord {}

/// A bookmarked room (XEP-0402 §2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct BookmarkRecord {
    /// The room.
    pub jid: BareJid,
    /// The item's id as the server has it: the room's address, be it normalised or not.
    pub item: String,
    /// The name that the person gave it.
    pub name: Option<String>,
    /// Whether to be in it whenever online.
    pub autojoin: bool,
}

/// Key of the [`BookmarksRecord`].
pub const BOOKMARKS: &[u8] = b"bookmarks";

/// The account's settings (Meta, [`SETTINGS`]).
pub const SETTINGS: &[u8] = b"settings";
impl Record for plausch_model::AccountSettings {}

/// Key of the blocked addresses (Meta).
pub const BLOCKED: &[u8] = b"blocked";

/// The blocked addresses (XEP-0191).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct BlockedRecord(pub Vec<BareJid>);
impl Record for BlockedRecord {}

/// A roster item (RFC 6121 §2.1.2; Roster, by bare JID).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct RosterRecord {
    /// The name given to them.
    pub name: Option<String>,
    /// Their groups, sorted.
    pub groups: Vec<String>,
    /// Who sees whose presence.
    pub subscription: Subscription,
    /// We wait for their approval.
    pub asked: bool,
}
impl Record for RosterRecord {}

impl Record for ContactRequest {}

/// What somebody looks like and calls themselves (People, by bare JID).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct PersonRecord {
    /// Their own nickname (XEP-0172).
    pub nickname: Option<String>,
    /// Their avatar.
    pub avatar: Option<AvatarId>,
    /// It was published by PEP, which counts for more than what presence announces.
    pub avatar_from_pep: bool,
}
impl Record for PersonRecord {}

/// The resources of a contact that are available, in the order of their names (Presence, by bare JID).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct PresenceRecord(pub Vec<(String, ResourceRecord)>);
impl Record for PresenceRecord {}

/// One resource's presence.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct ResourceRecord {
    /// Which resource gets what is sent to the bare address: the highest.
    pub priority: i8,
    /// How available.
    pub availability: Availability,
    /// In whose words.
    pub status: Option<String>,
}

/// What programs with these capabilities can do (Caps, by hash).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct CapsRecord {
    /// The features (XEP-0030).
    pub features: Vec<String>,
}
impl Record for CapsRecord {}

/// The key of verified capabilities: the function and the hash.
pub fn caps_key(ver: &str) -> Key {
    join(&[b"sha-1", ver.as_bytes()])
}

/// An avatar's image (Avatars, by hash).
impl Record for plausch_model::Avatar {}

/// A chat (Chats, by bare JID).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct ChatRecord {
    /// Direct or group.
    pub kind: ChatKind,
    /// The newest message that was seen.
    pub read_up_to: Option<TimelineKey>,
    /// Unread messages.
    pub unread: u32,
    /// Messages on this device.
    pub total: u64,
    /// The place of the newest message.
    pub newest: Option<TimelineKey>,
    /// The newest message.
    pub preview: Option<Preview>,
    /// When something last happened.
    pub active_at: Timestamp,
    /// Typed but not sent.
    pub draft: Option<String>,
    /// The place of the last edit, reaction or retraction.
    pub events_up_to: Option<TimelineKey>,
}
impl Record for ChatRecord {
    const VERSION: u8 = 2;

    fn from_earlier(version: u8, body: &[u8]) -> Option<Self> {
        (version == 1).then(|| postcard::from_bytes::<ChatRecordV1>(body).ok()).flatten().map(Self::from)
    }
}

/// Previews were texts, and messages did not change.
#[derive(Deserialize)]
struct ChatRecordV1 {
    kind: ChatKind,
    read_up_to: Option<TimelineKey>,
    unread: u32,
    total: u64,
    newest: Option<TimelineKey>,
    preview: Option<(Way, String, Timestamp)>,
    active_at: Timestamp,
    draft: Option<String>,
}

impl From<ChatRecordV1> for ChatRecord {
    fn from(earlier: ChatRecordV1) -> Self {
        let ChatRecordV1 { kind, read_up_to, unread, total, newest, preview, active_at, draft } = earlier;
        let preview = preview.map(|(way, text, at)| Preview { way, body: MessageBody::Text(text), at });
        Self { kind, read_up_to, unread, total, newest, preview, active_at, draft, events_up_to: None }
    }
}

/// A message (Messages, by chat and place).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct MessageRecord {
    /// The chat it belongs to.
    pub chat: BareJid,
    /// What is shown.
    pub item: TimelineItem,
    /// The archive's id for it.
    pub stanza_id: Option<StanzaId>,
    /// The `id` its author gave it.
    pub wire_id: Option<String>,
    /// By which id its author wants to hear that it was displayed (XEP-0333 §3), if they do.
    pub markable: Option<String>,
    /// What became of it since, if anything did.
    pub story: Option<Box<Story>>,
}
impl Record for MessageRecord {
    const VERSION: u8 = 3;

    fn from_earlier(version: u8, body: &[u8]) -> Option<Self> {
        let first = |body| postcard::from_bytes::<MessageRecordV1>(body).ok().map(Self::from);
        let second = |body| postcard::from_bytes::<MessageRecordV2>(body).ok().map(Self::from);
        match version {
            1 => first(body),
            2 => second(body),
            _ => None,
        }
    }
}

/// Nobody wanted to hear yet that a message was displayed.
#[derive(Deserialize)]
struct MessageRecordV1 {
    chat: BareJid,
    item: ItemV2,
    stanza_id: Option<StanzaId>,
    wire_id: Option<String>,
}

impl From<MessageRecordV1> for MessageRecord {
    fn from(MessageRecordV1 { chat, item, stanza_id, wire_id }: MessageRecordV1) -> Self {
        Self { chat, item: item.into(), stanza_id, wire_id, markable: None, story: None }
    }
}

/// Messages did not change yet.
#[derive(Deserialize)]
struct MessageRecordV2 {
    chat: BareJid,
    item: ItemV2,
    stanza_id: Option<StanzaId>,
    wire_id: Option<String>,
    markable: Option<String>,
}

impl From<MessageRecordV2> for MessageRecord {
    fn from(MessageRecordV2 { chat, item, stanza_id, wire_id, markable }: MessageRecordV2) -> Self {
        Self { chat, item: item.into(), stanza_id, wire_id, markable, story: None }
    }
}

/// A [`TimelineItem`] as it was in both.
#[derive(Deserialize)]
struct ItemV2 {
    id: OriginId,
    key: TimelineKey,
    author: BareJid,
    way: Way,
    at: Timestamp,
    body: MessageBody,
    encryption: Encryption,
    state: Option<DeliveryState>,
}

impl From<ItemV2> for TimelineItem {
    fn from(ItemV2 { id, key, author, way, at, body, encryption, state }: ItemV2) -> Self {
        let (edited, reactions, unsent, reacting) = (None, Vec::new(), None, false);
        Self { id, key, author, way, at, body, encryption, state, edited, reactions, unsent, reacting }
    }
}

impl MessageRecord {
    /// Its key in Messages.
    pub fn store_key(&self) -> Key {
        message_key(&self.chat, self.item.key)
    }

    /// A new outgoing text that waits to be sent.
    pub fn outgoing(me: &BareJid, chat: &BareJid, id: OriginId, key: TimelineKey, text: String) -> Self {
        let item = TimelineItem {
            id: id.clone(),
            key,
            author: me.clone(),
            way: Way::Out,
            at: key.at,
            body: MessageBody::Text(text),
            encryption: Encryption::None,
            state: Some(DeliveryState::Waiting),
            edited: None,
            reactions: Vec::new(),
            unsent: None,
            reacting: false,
        };
        let wire_id = Some(id.as_str().to_owned());
        Self { chat: chat.clone(), item, stanza_id: None, wire_id, markable: None, story: None }
    }
}

/// What waits to be sent or acknowledged (Outbox, by order).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct OutboxRecord {
    /// What it is.
    pub content: Outgoing,
    /// As the how-manieth stanza of the present session it was sent (XEP-0198); `None` if it was not.
    pub sent_as: Option<u64>,
    /// It was sent in a session that was lost: the server may or may not have it.
    pub uncertain: bool,
    /// How many streams the server ended in anger when this was on its way.
    pub refusals: u8,
}
impl Record for OutboxRecord {
    const VERSION: u8 = 4;

    fn from_earlier(version: u8, body: &[u8]) -> Option<Self> {
        let second = |body| postcard::from_bytes::<OutboxRecordOf<MessageRecordV1>>(body).ok().map(Self::from);
        let third = |body| postcard::from_bytes::<OutboxRecordOf<MessageRecordV2>>(body).ok().map(Self::from);
        match version {
            2 => second(body),
            3 => third(body),
            _ => None,
        }
    }
}

/// Earlier ones held a message.
#[derive(Deserialize)]
struct OutboxRecordOf<M> {
    message: M,
    sent_as: Option<u64>,
    uncertain: bool,
    refusals: u8,
}

impl<M: Into<MessageRecord>> From<OutboxRecordOf<M>> for OutboxRecord {
    fn from(OutboxRecordOf { message, sent_as, uncertain, refusals }: OutboxRecordOf<M>) -> Self {
        Self { content: Outgoing::Message(message.into()), sent_as, uncertain, refusals }
    }
}

/// What a person sends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Outgoing {
    /// A message as it is in Messages.
    Message(MessageRecord),
    /// What becomes of a message.
    Event(Change),
}

/// An edit, a retraction or the reactions of ours to a message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Change {
    /// The chat.
    pub chat: BareJid,
    /// Our id of the message.
    pub message: OriginId,
    /// The `id` that the message's author gave it.
    pub target: String,
    /// The event. Its place is where it was written, then where it was sent.
    pub event: Event,
    /// How far it is.
    pub stage: Stage,
}

/// How far a [`Change`] is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Stage {
    /// It has to be sent, or acknowledged.
    Queued,
    /// The server has it. Kept until the message has been changed, which has to be loaded for that.
    Taken,
    /// It was not taken, and waits for the person to say what to do.
    Failed(FailureReason),
}

/// Something that refers to a message which is not here (Waiting, by order of arrival).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct WaitingRecord {
    /// The chat.
    pub chat: BareJid,
    /// The id that the message's author gave it.
    pub target: String,
    /// What is to become of it.
    pub event: Event,
}
impl Record for WaitingRecord {}

/// How far the index of the search is, and what it has yet to forget (Meta, [`SEARCH`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct SearchRecord {
    /// Every message is in the index or listed for it ...
    pub walked: bool,
    /// ... or not yet those from this key on, which were here before the index.
    pub walk_from: Packed,
    /// Chats whose words have to go.
    pub chats: Vec<BareJid>,
    /// Places whose words have to go.
    pub places: Vec<(BareJid, TimelineKey)>,
}
impl Record for SearchRecord {}

/// Key of the [`SearchRecord`].
pub const SEARCH: &[u8] = b"search";

/// A segment of the index: what has to be known before anything is looked up in it (Search, [`SearchPart::Head`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct SearchHeadRecord {
    /// How many documents it has, numbered from the newest.
    pub documents: u32,
    /// When the newest document of each chunk was sent.
    pub newest: Vec<Timestamp>,
    /// When the oldest document was sent.
    pub oldest: Timestamp,
    /// The first term of each chunk.
    pub terms: Vec<Packed>,
    /// The chats, which the documents name by number.
    pub chats: Vec<BareJid>,
}
impl Record for SearchHeadRecord {}

/// Terms and which documents have them (Search, [`SearchPart::Terms`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct SearchTermsRecord(pub Packed);
impl Record for SearchTermsRecord {}

/// Documents (Search, [`SearchPart::Documents`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct SearchDocumentsRecord(pub Packed);
impl Record for SearchDocumentsRecord {}

/// Bytes that are stored as they are, not one by one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Packed(pub Vec<u8>);

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Packed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Packed, E> {
                Ok(Packed(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// The parts of a segment in Search. Each number stands in the keys of all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SearchPart {
    /// A [`SearchHeadRecord`]. First, so that all heads are read at once.
    Head = 0,
    /// [`SearchTermsRecord`]s.
    Terms = 1,
    /// [`SearchDocumentsRecord`]s.
    Documents = 2,
}

/// The key of a chunk in Search. Says nothing but numbers: what is searched for in messages must not stand in the clear.
pub fn search_key(part: SearchPart, segment: u32, chunk: u32) -> Key {
    let mut key = search_prefix(part, segment);
    key.extend(chunk.to_be_bytes());
    key
}

/// How the keys of all chunks of a segment begin.
pub fn search_prefix(part: SearchPart, segment: u32) -> Key {
    let mut key = vec![part as u8];
    key.extend(segment.to_be_bytes());
    key
}

/// The segment whose part a key made by [`search_key`] names.
pub fn search_segment(key: &[u8]) -> Option<u32> {
    key.get(1..5)?.try_into().ok().map(u32::from_be_bytes)
}

/// The key of a message in Unindexed: its place, which no other message has, in whatever chat.
pub fn unindexed_key(key: TimelineKey) -> Key {
    let mut bytes = Key::new();
    put_place(&mut bytes, key);
    bytes
}

/// Separates the parts of a key; occurs in no JID and in no id we accept.
const SEPARATOR: u8 = 0;

/// A JID as a key.
pub fn jid_key(jid: &BareJid) -> Key {
    jid.as_str().as_bytes().to_vec()
}

/// The JID in a key made by [`jid_key`].
pub fn jid_of_key(key: &[u8]) -> Option<BareJid> {
    std::str::from_utf8(key).ok().map(BareJid::new)
}

/// All messages of a chat lie in `chat_prefix(chat) .. chat_end(chat)`.
pub fn chat_prefix(chat: &BareJid) -> Key {
    join(&[chat.as_str().as_bytes(), b""])
}

/// The first key behind the messages of a chat.
pub fn chat_end(chat: &BareJid) -> Key {
    let mut key = jid_key(chat);
    key.push(SEPARATOR.saturating_add(1));
    key
}

/// The key of a message in Messages: ordered within the chat as the timeline is.
pub fn message_key(chat: &BareJid, key: TimelineKey) -> Key {
    let mut bytes = chat_prefix(chat);
    put_place(&mut bytes, key);
    bytes
}

/// Appends a place, so that keys are ordered as places are.
fn put_place(bytes: &mut Key, key: TimelineKey) {
    bytes.extend(sortable(key.at.0).to_be_bytes());
    bytes.extend(key.sequence.to_be_bytes());
}

/// Maps signed to unsigned numbers, keeping the order.
fn sortable(number: i64) -> u64 {
    number.cast_unsigned() ^ (1 << 63)
}

/// Finds a message by the id that an archive gave it.
pub fn by_stanza_id(chat: &BareJid, id: &StanzaId) -> Key {
    join(&[b"s", chat.as_str().as_bytes(), id.as_str().as_bytes()])
}

/// Finds a message by the id that its author gave it. The author is part of the key: nobody's id hides another's message.
pub fn by_wire_id(chat: &BareJid, author: &BareJid, id: &str) -> Key {
    join(&[b"w", chat.as_str().as_bytes(), author.as_str().as_bytes(), id.as_bytes()])
}

/// Finds a message by our own id.
pub fn by_origin_id(id: &OriginId) -> Key {
    join(&[b"o", id.as_str().as_bytes()])
}

/// The key of an outbox entry.
pub fn outbox_key(sequence: u64) -> Key {
    sequence.to_be_bytes().to_vec()
}

/// The place in the outbox that a key made by [`outbox_key`] names.
pub fn outbox_sequence(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}

fn join(parts: &[&[u8]]) -> Key {
    parts.join(&SEPARATOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(at: i64, sequence: u64) -> TimelineKey {
        TimelineKey { at: Timestamp(at), sequence }
    }

    #[test]
    fn messages_are_keyed_in_timeline_order_within_their_chat() {
        let chat = BareJid::new("a@b");
        let keys = [key(i64::MIN, 0), key(-1, 5), key(0, 0), key(0, 1), key(1, 0), key(i64::MAX, u64::MAX)];
        let bytes: Vec<Key> = keys.iter().map(|key| message_key(&chat, *key)).collect();
        assert!(bytes.is_sorted());
        assert!(bytes.iter().all(|key| *key >= chat_prefix(&chat) && *key < chat_end(&chat)));
        let other = message_key(&BareJid::new("a@bc"), key(0, 0));
        assert!(other >= chat_end(&chat) || other < chat_prefix(&chat));
    }

    #[test]
    fn a_record_of_an_unknown_version_or_damaged_is_missing() {
        let good = encode(&RosterVersionRecord("7".into()));
        assert_eq!(decode::<RosterVersionRecord>(&good), Some(RosterVersionRecord("7".into())));
        let mut newer = good.clone();
        newer[0] = 200;
        assert_eq!(decode::<RosterVersionRecord>(&newer), None);
        assert_eq!(decode::<RosterVersionRecord>(&good[..1]), None);
        assert_eq!(decode::<RosterVersionRecord>(&[]), None);
    }

    /// Written by the first versions: chat, item as far as its state, ids, then whether to tell that it was displayed.
    #[test]
    fn messages_of_earlier_versions_are_read() {
        let (me, chat) = (BareJid::new("me@b"), BareJid::new("a@b"));
        let now = MessageRecord::outgoing(&me, &chat, OriginId::new("id"), key(5, 6), "text".into());
        let TimelineItem { id, key, author, way, at, body, encryption, state, .. } = now.item.clone();
        let item = (id, key, author, way, at, body, encryption, state);
        let first = postcard::to_extend(&(&now.chat, &item, &now.stanza_id, &now.wire_id), Vec::new()).unwrap();
        // Nobody wanted to hear: one byte more.
        let second = [&*first, &[0]].concat();
        let versioned = |version: u8, body: &[u8], rest: &[u8]| [&[version], body, rest].concat();
        assert_eq!(decode::<MessageRecord>(&versioned(1, &first, &[])).as_ref(), Some(&now));
        assert_eq!(decode::<MessageRecord>(&versioned(2, &second, &[])).as_ref(), Some(&now));
        let entry = OutboxRecord { content: Outgoing::Message(now), sent_as: None, uncertain: true, refusals: 3 };
        for (version, body) in [(2, &first), (3, &second)] {
            assert_eq!(decode::<OutboxRecord>(&versioned(version, body, &[0, 1, 3])).as_ref(), Some(&entry));
        }
        assert_eq!(decode::<OutboxRecord>(&versioned(1, &first, &[])), None);
        assert_eq!(decode::<OutboxRecord>(&encode(&entry)), Some(entry));
    }

    #[test]
    fn chats_of_the_first_version_are_read() {
        let preview = Preview { way: Way::In, body: MessageBody::Text("hi".into()), at: Timestamp(7) };
        let (newest, draft) = (Some(key(7, 8)), Some("draft".to_owned()));
        let chat = ChatRecord { unread: 3, total: 9, newest, preview: Some(preview), draft, ..ChatRecord::default() };
        let preview = Some((Way::In, "hi", 7_i64));
        let body = (chat.kind, chat.read_up_to, 3_u32, 9_u64, newest, preview, 0_i64, &chat.draft);
        let first = postcard::to_extend(&body, vec![1]).unwrap();
        assert_eq!(decode::<ChatRecord>(&first), Some(chat));
    }

    /// Written by the third version: mark, oldest message and its time, no start, 7 messages.
    #[test]
    fn the_mark_of_an_earlier_version_is_kept() {
        let bytes = [3, 1, 1, b'm', 1, 1, b'o', 1, 20, 0, 7];
        let record = decode::<ArchiveRecord>(&bytes).unwrap();
        assert_eq!((record.read_up_to, record.read_from), (Some(StanzaId::new("m")), Some(StanzaId::new("o"))));
        assert_eq!((record.read_since, record.reached_start, record.read_back), (Some(Timestamp(10)), false, 7));
        assert_eq!((record.up_to_at, record.gaps, record.blocks), (None, Vec::new(), Vec::new()));
        // The fourth knew of gaps.
        let fourth = [4, 1, 1, b'm', 1, 1, b'o', 1, 20, 0, 7, 1, 40, 0, 0];
        let record = decode::<ArchiveRecord>(&fourth).unwrap();
        assert_eq!((record.up_to_at, record.read_back, record.own_until), (Some(Timestamp(20)), 7, None));
    }

    #[test]
    fn ids_of_different_authors_do_not_meet() {
        let chat = BareJid::new("a@b");
        let keys = [
            by_wire_id(&chat, &BareJid::new("a@b"), "1"),
            by_wire_id(&chat, &BareJid::new("me@b"), "1"),
            by_stanza_id(&chat, &StanzaId::new("1")),
            by_origin_id(&OriginId::new("1")),
        ];
        for (n, one) in keys.iter().enumerate() {
            assert!(keys.iter().skip(n + 1).all(|other| one != other));
        }
    }
}
