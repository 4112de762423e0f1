//! The passphrase that locks what is kept on the device.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// When the app locks by itself.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub enum AutoLock {
    /// Never.
    Never,
    /// After five minutes without use.
    FiveMinutes,
    /// After a quarter of an hour.
    #[default]
    QuarterHour,
    /// After an hour.
    Hour,
}

impl AutoLock {
    /// All of them, in the order of the settings.
    pub const ALL: [Self; 4] = [Self::Never, Self::FiveMinutes, Self::QuarterHour, Self::Hour];

    /// How long the app may be out of use; `None` for ever.
    pub const fn millis(self) -> Option<i64> {
        match self {
            Self::Never => None,
            Self::FiveMinutes => Some(300_000),
            Self::QuarterHour => Some(900_000),
            Self::Hour => Some(3_600_000),
        }
    }
}

/// The fewest characters that a passphrase may have.
pub const SHORTEST_PASSPHRASE: usize = 8;

/// What a person wants of the lock.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum LockRequest {
    /// Unlock what is kept here.
    Unlock(Secret),
    /// Set the passphrase, change it, or take it away.
    Protect {
        /// The present one, if there is one.
        old: Option<Secret>,
        /// The one to be; `None`: no lock any more.
        new: Option<Secret>,
    },
    /// Choose when the app locks by itself.
    SetAutoLock(AutoLock),
    /// Delete everything that is kept here: the passphrase is forgotten.
    Wipe,
}

/// Why a request was not carried out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum LockError {
    /// It is another passphrase.
    WrongPassphrase,
    /// It has fewer than [`SHORTEST_PASSPHRASE`] characters.
    TooShort,
    /// Nothing is kept on this device that could be locked.
    NothingKept,
    /// That is for a locked app only, or for one that is not.
    NotNow,
    /// The device's storage or memory did not allow it; says what to do about it.
    Storage(String),
}
