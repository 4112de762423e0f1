//! Settings of an account that the engine acts on. What only the page cares for (theme, language) is the app's.

use serde::{Deserialize, Serialize};

use crate::BareJid;

/// Privacy and behaviour of one account.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct AccountSettings {
    /// Tell contacts when the person is typing (XEP-0085).
    pub send_typing: bool,
    /// Tell contacts that their messages have arrived (XEP-0184).
    pub send_receipts: bool,
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self { send_typing: true, send_receipts: true }
    }
}

/// Whose messages the server keeps, exceptions aside (XEP-0441 §2.1).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum ArchivePolicy {
    /// Everybody's.
    Everybody,
    /// Those of contacts.
    Contacts,
    /// Nobody's.
    Nobody,
}

/// What the server is to keep of our messages (XEP-0441).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct ArchivePreferences {
    /// Whose messages it keeps.
    pub policy: ArchivePolicy,
    /// Whose it keeps in any case.
    pub always: Vec<BareJid>,
    /// Whose it keeps in no case.
    pub never: Vec<BareJid>,
}

/// What the device stores for this origin.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct Storage {
    /// Whether the browser promised not to evict it.
    pub persistent: bool,
    /// Bytes in use, as the browser estimates.
    pub used_bytes: u64,
    /// Bytes that may be used, as the browser estimates.
    pub quota_bytes: u64,
}
