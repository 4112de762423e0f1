//! What is kept of the connection and of signing in.

use std::fmt;

use plausch_model::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Record;

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
