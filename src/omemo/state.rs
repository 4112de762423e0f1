//! How states are stored: a byte for the kind of record, a byte for its format, then the fields one after the other.
//!
//! A record's format changes only by a new number, and what an older version of this crate wrote still loads: the tests keep
//! such records. Reading checks everything that the code relies on, though records are the caller's own: a store can be
//! damaged.

use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use crate::secret::Secret;

/// Why stored bytes are no state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum StateError {
    /// They are another kind of record.
    #[error("the bytes are another kind of record")]
    Kind,
    /// A later version of this crate wrote them.
    #[error("the record was written by a later version")]
    Format,
    /// They are damaged.
    #[error("the record is damaged")]
    Damaged,
}

/// The kinds of records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Device = 1,
    PreKeys = 2,
    Sessions = 3,
}

/// The present format of every kind.
const FORMAT: u8 = 1;

/// Writes a record. What it outgrows is overwritten, as records hold secrets.
pub(crate) struct Writer {
    bytes: Zeroizing<Vec<u8>>,
}

impl Writer {
    pub fn new(kind: Kind) -> Self {
        let mut writer = Self { bytes: Zeroizing::new(Vec::with_capacity(1024)) };
        writer.bytes([kind as u8, FORMAT]);
        writer
    }

    pub fn finish(self) -> Zeroizing<Vec<u8>> {
        self.bytes
    }

    pub fn bytes(&mut self, bytes: impl AsRef<[u8]>) {
        self.append(bytes.as_ref());
    }

    fn append(&mut self, bytes: &[u8]) {
        let needed = self.bytes.len().saturating_add(bytes.len());
        if needed > self.bytes.capacity() {
            let mut larger = Vec::with_capacity(needed.saturating_mul(2));
            larger.extend_from_slice(&self.bytes);
            self.bytes.zeroize();
            *self.bytes = larger;
        }
        self.bytes.extend_from_slice(bytes);
    }

    pub fn byte(&mut self, byte: u8) {
        self.append(&[byte]);
    }

    pub fn flag(&mut self, flag: bool) {
        self.byte(flag.into());
    }

    pub fn u32(&mut self, number: u32) {
        self.append(&number.to_le_bytes());
    }

    pub fn u64(&mut self, number: u64) {
        self.append(&number.to_le_bytes());
    }

    pub fn secret(&mut self, secret: &Secret) {
        self.append(secret.as_bytes());
    }

    /// How many there are, and each of them. All lists are limited far below 2³².
    pub fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.u32(items.len().try_into().unwrap_or(u32::MAX));
        items.iter().for_each(|item| write(self, item));
    }

    /// Whether it is there, and if so, what it is.
    pub fn option<T>(&mut self, item: Option<&T>, write: impl FnOnce(&mut Self, &T)) {
        self.flag(item.is_some());
        if let Some(item) = item {
            write(self, item);
        }
    }
}

/// Reads a record.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(kind: Kind, bytes: &'a [u8]) -> Result<Self, StateError> {
        let mut reader = Self { rest: bytes };
        if reader.byte()? != kind as u8 {
            return Err(StateError::Kind);
        }
        match reader.byte()? {
            FORMAT => Ok(reader),
            0 => Err(StateError::Damaged),
            _ => Err(StateError::Format),
        }
    }

    /// The record has no more than what was read.
    pub fn finish(self) -> Result<(), StateError> {
        if self.rest.is_empty() { Ok(()) } else { Err(StateError::Damaged) }
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], StateError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(StateError::Damaged)?;
        self.rest = rest;
        Ok(*array)
    }

    pub fn byte(&mut self) -> Result<u8, StateError> {
        self.array().map(|[byte]| byte)
    }

    pub fn flag(&mut self) -> Result<bool, StateError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(StateError::Damaged),
        }
    }

    pub fn u32(&mut self) -> Result<u32, StateError> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, StateError> {
        self.array().map(u64::from_le_bytes)
    }

    pub fn secret(&mut self) -> Result<Secret, StateError> {
        self.array().map(Secret::new)
    }

    /// A list of at most so many items.
    pub fn list<T>(
        &mut self,
        most: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, StateError>,
    ) -> Result<Vec<T>, StateError> {
        let count = usize::try_from(self.u32()?).map_err(|_| StateError::Damaged)?;
        if count > most {
            return Err(StateError::Damaged);
        }
        (0..count).map(|_| read(self)).collect()
    }

    pub fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, StateError>,
    ) -> Result<Option<T>, StateError> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }
}
