//! The vocabulary that the app and the engine share: plain, serialisable values that cross the message port between them.
//!
//! Nothing here knows XML, cryptography, storage or components. The app sends a [`Command`] for what a person does; the
//! engine answers with [`Update`]s that carry values, never "something changed, ask again". Everything is per account.

mod chat;
mod command;
mod contact;
mod emoji;
mod ids;
mod lock;
mod port;
mod search;
mod session;
mod settings;
mod timeline;
mod update;

pub use chat::{Bookmark, ChatKind, ChatState, ChatSummary, Preview};
pub use command::{Anchor, Command, CommandError, CommandId, Direction, ProfileChange, SignIn};
pub use contact::{Availability, Avatar, Contact, ContactRequest, Profile, Subscription};
pub use emoji::Emoji;
pub use ids::{AccountId, AvatarId, BareJid, OriginId, Secret, StanzaId, TimelineKey, Timestamp, ViewId};
pub use lock::{AutoLock, LockError, LockRequest, SHORTEST_PASSPHRASE};
pub use port::{FromEngine, Hosting, ToEngine, WorkerSettings};
pub use search::{MatchRange, SearchHit};
pub use session::{ConnectionDetails, ConnectionState, EndReason, SecurityLayer, SignInError, TransportKind};
pub use settings::{AccountSettings, ArchivePolicy, ArchivePreferences, Storage};
pub use timeline::{
    DeliveryState, EDITABLE_MILLIS, Encryption, FailureReason, MessageBody, Reaction, TimelineItem, Unsent, Way,
};
pub use update::{Gap, GapState, Update, WindowChange};
