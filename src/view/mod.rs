//! What the components show, as signals.
//!
//! [`State`] is fed by what the engine says ([`State::receive`]) and split so that one message, one presence or one
//! unread count re-renders one node: lists are ordered vectors of entries, and each entry carries a signal of its own.
//! Every account has a subtree of its own; the lists on screen merge them. Nothing in here draws, fetches, parses or
//! stores, so all of it is tested natively under a plain `Owner`.
//!
//! All signals are owned by the `Owner` under which [`State::new`] ran (the mount's root) or are `Arc`-kind; no handle
//! dangles while the app is mounted.

mod account;
mod avatars;
mod bookmarks;
mod chats;
pub mod clock;
mod contacts;
mod lock;
mod news;
mod notices;
mod place;
mod search;
mod sort;
mod state;
mod timeline;
mod window;

pub use account::{Account, ChatSize};
pub use avatars::Avatars;
pub use bookmarks::Bookmarks;
pub use chats::{ChatList, ChatRow};
pub use contacts::{ContactEntry, ContactFilter, ContactList};
pub use lock::Lock;
pub use news::{News, Turn};
pub use notices::{Notice, NoticeKind, Notices};
pub use place::{Dialog, OpenChat, Place, Returning, Section, SettingsSection};
pub use search::{Found, Search};
pub use sort::sort_by;
pub use state::{Expected, Phase, Pictures, Reply, State};
pub use timeline::{Edit, Target, Timeline};
pub use window::{Entry, Shape, Window};

#[cfg(test)]
pub(crate) mod fixtures;
