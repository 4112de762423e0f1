//! What an account keeps on disk: ordered tables of opaque values, changed by atomic batches.
//!
//! A [`Store`] knows nothing of what it stores. The engine asks with a [`Query`] and persists with a [`Batch`]; a batch is
//! pure puts and deletes, so that an IndexedDB transaction never waits for anything else. Keys order bytewise. Every
//! implementation passes the suite in [`contract`].

#[cfg(any(test, feature = "test-support"))]
pub mod contract;
mod memory;
mod schema;

use std::future::Future;

pub use memory::MemoryStore;
pub use schema::{SCHEMA_VERSION, tables_added_since};

/// The tables of an account's database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Table {
    /// Single values: settings, own profile, stream management, cursors.
    Meta,
    /// What signs us in again without a password.
    Credentials,
    /// Roster items by bare JID.
    Roster,
    /// Presence subscription requests by bare JID.
    Requests,
    /// Chats by bare JID.
    Chats,
    /// Messages by chat and place in the timeline.
    Messages,
    /// Ids of messages (ours, stanza-ids, ids given by their authors) → key in [`Table::Messages`].
    MessageIds,
    /// What waits to be sent or acknowledged, by order of sending.
    Outbox,
    /// Avatar images by hash.
    Avatars,
    /// Which avatar and nickname somebody has, by bare JID.
    People,
    /// Verified capabilities (XEP-0115) by hash.
    Caps,
    /// Who was available when, by bare JID: true again if the session is resumed.
    Presence,
    /// The index of the search, in segments. Its keys are numbers.
    Search,
    /// Messages that are not in the index yet, by place. Its keys are numbers.
    Unindexed,
    /// Reactions and retractions of messages that are not here, by order of arrival.
    Waiting,
}

impl Table {
    /// All tables, in the order of their introduction.
    pub const ALL: [Self; 15] = [
        Self::Meta,
        Self::Credentials,
        Self::Roster,
        Self::Requests,
        Self::Chats,
        Self::Messages,
        Self::MessageIds,
        Self::Outbox,
        Self::Avatars,
        Self::People,
        Self::Caps,
        Self::Presence,
        Self::Search,
        Self::Unindexed,
        Self::Waiting,
    ];

    /// The name under which a database keeps it. Never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Credentials => "credentials",
            Self::Roster => "roster",
            Self::Requests => "requests",
            Self::Chats => "chats",
            Self::Messages => "messages",
            Self::MessageIds => "message-ids",
            Self::Outbox => "outbox",
            Self::Avatars => "avatars",
            Self::People => "people",
            Self::Caps => "caps",
            Self::Presence => "presence",
            Self::Search => "search",
            Self::Unindexed => "unindexed",
            Self::Waiting => "waiting",
        }
    }
}

/// A key: bytes, ordered as such.
pub type Key = Vec<u8>;

/// One stored record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Its key.
    pub key: Key,
    /// Its content, opaque to the store.
    pub value: Vec<u8>,
}

/// One change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Op {
    /// Insert or replace.
    Put(Table, Row),
    /// Delete if there.
    Delete(Table, Key),
    /// Delete every key that begins with this prefix (all, if it is empty).
    DeletePrefix(Table, Key),
}

/// Changes that are committed together, applied in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Batch {
    ops: Vec<Op>,
}

impl Batch {
    /// Inserts or replaces.
    pub fn put(&mut self, table: Table, key: impl Into<Key>, value: Vec<u8>) {
        self.ops.push(Op::Put(table, Row { key: key.into(), value }));
    }

    /// Deletes if there.
    pub fn delete(&mut self, table: Table, key: impl Into<Key>) {
        self.ops.push(Op::Delete(table, key.into()));
    }

    /// Deletes every key that begins with `prefix`.
    pub fn delete_prefix(&mut self, table: Table, prefix: impl Into<Key>) {
        self.ops.push(Op::DeletePrefix(table, prefix.into()));
    }

    /// The changes in order.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The changes in order, taken out.
    pub fn into_ops(self) -> Vec<Op> {
        self.ops
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Adds another batch behind this one.
    pub fn append(&mut self, mut other: Self) {
        self.ops.append(&mut other.ops);
    }
}

/// Which end of a range comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Smallest key first.
    Ascending,
    /// Greatest key first.
    Descending,
}

/// A question to the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Query {
    /// Every row of a table, ascending.
    All(Table),
    /// The rows with these keys. Answered in the order of the keys, `None` where there is no row.
    Get(Table, Vec<Key>),
    /// Rows with `from <= key < to`.
    Range {
        /// Of which table.
        table: Table,
        /// The first key that counts.
        from: Key,
        /// The first key behind those that count.
        to: Key,
        /// From which end.
        order: Order,
        /// At most so many.
        limit: u32,
    },
    /// For each key of the index table: the row of the target table whose key is the value found there. Answered in the
    /// order of the keys, `None` where either is missing.
    Resolve {
        /// Whose values are keys of `target`.
        index: Table,
        /// Keys of `index`.
        keys: Vec<Key>,
        /// Where the rows are.
        target: Table,
    },
    /// How many bytes rows with `from <= key < to` take, keys included, as they are stored.
    Size {
        /// Of which table.
        table: Table,
        /// The first key that counts.
        from: Key,
        /// The first key behind those that count.
        to: Key,
        /// At most so many rows.
        limit: u32,
    },
}

/// The answer to a [`Query`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Loaded {
    /// To `All` and `Range`.
    Rows(Vec<Row>),
    /// To `Get` and `Resolve`.
    Found(Vec<Option<Row>>),
    /// To `Size`.
    Size {
        /// The bytes.
        bytes: u64,
        /// The key of the last row, if there were as many as were asked for at most.
        last: Option<Key>,
    },
}

/// The rows of an answer to `All` or `Range`; of none and of any other there are none.
pub(crate) fn rows(loaded: Option<Loaded>) -> Vec<Row> {
    match loaded {
        Some(Loaded::Rows(rows)) => rows,
        _ => Vec::new(),
    }
}

/// Why the store could not do it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// The device has no room left (`QuotaExceededError`).
    #[error("no room left on the device")]
    QuotaExceeded,
    /// Stored data is missing, failed its integrity check, or belongs to another record.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// The database is gone or closed under us.
    #[error("the database is closed: {0}")]
    Closed(String),
    /// Anything else, in the platform's words.
    #[error("{0}")]
    Other(String),
}

/// An account's database. Used by one driver at a time.
pub trait Store {
    /// Applies all changes or none. Durable when it returns.
    fn commit(&mut self, batch: Batch) -> impl Future<Output = Result<(), StoreError>>;

    /// Answers questions, each against the same committed state, in order.
    fn load(&mut self, queries: Vec<Query>) -> impl Future<Output = Result<Vec<Loaded>, StoreError>>;

    /// What was found damaged since last asked. A damaged row is answered as if it were not there: it must not take all the
    /// others with it.
    fn take_damage(&mut self) -> Option<StoreError> {
        None
    }

    /// Deletes the database with everything in it.
    fn wipe(self) -> impl Future<Output = Result<(), StoreError>>;
}
