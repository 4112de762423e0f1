//! The engine: accounts, roster, chats, ingest, outbox and sync, without a browser, a clock or randomness of its own.
//!
//! An [`Account`] takes one [`Input`](io::Input) at a time and returns [`Effects`](io::Effects): what to persist, what to
//! send, what to tell the views, when to wake up. A driver does the IO; [`io`] states the contract between the two.
//!
//! Reading order: [`io`] and [`store`] are the borders; `account` is where an input is sorted and a step ends; `session`
//! keeps the connection; `envelope`, `arrivals` and `ingest` are the way in, `outbox` the way out; `messages` writes them down;
//! `story` is what becomes of a message, `events` how that comes in and `changes` how it goes out;
//! `archive`, `page`, `order`, `gaps` and `sync` the way back; `chats`, `views`, `contacts` and
//! `profile` are what people see, `bookmarks` the rooms among it, `displayed` how far they have; `search` finds it again,
//! for which `finder` asks.

mod account;
mod archive;
mod archive_preferences;
mod arrivals;
mod bookmarks;
mod boot;
mod caps;
mod changes;
mod chats;
mod commands;
mod contacts;
mod displayed;
mod envelope;
mod events;
mod finder;
mod gaps;
mod identity;
mod ingest;
pub mod io;
mod jids;
pub mod map;
mod messages;
mod order;
mod outbox;
mod page;
mod presence;
mod profile;
mod records;
mod requests;
pub mod search;
mod session;
mod step;
mod storage;
pub mod store;
mod story;
mod sync;
mod views;

pub use account::Account;
pub use jids::parse_address;
pub use plausch_xmpp::list::take_first;
pub use plausch_xmpp::unicode::compose_with;
