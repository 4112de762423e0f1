//! What is in the tables: one type per kind of record, each with a version of its own.
//!
//! A value is a version byte and postcard. A reader accepts every version that was ever written; a record that can't be
//! read is treated as missing, never as a reason to stop. Keys are built here and nowhere else.

mod account;
mod archive;
mod keys;
mod message;
mod outbox;
mod people;
mod search;
mod session;

use serde::{Serialize, de::DeserializeOwned};

pub use self::{account::*, archive::*, keys::*, message::*, outbox::*, people::*, search::*, session::*};
use crate::store::Row;

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
