//! Seals records at rest, so that a copy of the profile folder is of little use and no record can be edited, or moved to
//! where another belongs, unnoticed.
//!
//! A record is `version ‖ run ‖ nonce ‖ AES-256-GCM(value)`; database, table, key, version and run are authenticated with
//! it. Each run of the host (each opening of the database) seals under a key of its own, derived from the database's data
//! key (HKDF-Expand, RFC 5869 §2.3): with random 96-bit nonces one key must not seal more than 2³² records (NIST SP
//! 800-38D §8.3), and so no count has to be kept over runs. It does not hide keys, sizes or the number of records, and does
//! not notice that the whole database was put back to an earlier state.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use plausch_engine::map::Map;
use plausch_engine::store::StoreError;
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The present format of a record.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;
/// What the derived keys are for.
const PURPOSE: &[u8] = b"plausch record v1";
/// Records that one run may seal: far below the 2³² at which random nonces become unsafe, also if a power cut has a number
/// taken twice.
const RECORDS_PER_RUN: u32 = 1 << 30;
/// Derived keys kept for reading; a database may hold records of thousands of runs.
const CIPHERS_KEPT: usize = 64;

/// Which opening of a database wrote a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Run(pub u32);

/// Where a record belongs.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The table's name.
    pub table: &'a str,
    /// The record's key.
    pub key: &'a [u8],
}

/// The secret of one database.
pub type DataKey = Zeroizing<[u8; 32]>;

/// Seals and opens the records of one database. All key material is overwritten when dropped.
pub struct Sealer {
    database: String,
    data_key: DataKey,
    run: Run,
    sealed: u32,
    ciphers: Map<Run, Aes256Gcm>,
}

impl Sealer {
    /// For a database and its present run.
    pub fn new(database: &str, data_key: DataKey, run: Run) -> Self {
        Self { database: database.into(), data_key, run, sealed: 0, ciphers: Map::new() }
    }

    /// Whether this run has sealed so much that another one must begin.
    pub fn is_exhausted(&self) -> bool {
        self.sealed >= RECORDS_PER_RUN
    }

    /// Goes on with another run's key.
    pub fn begin_run(&mut self, run: Run) {
        (self.run, self.sealed) = (run, 0);
    }

    /// Seals a value for its place.
    pub fn seal(&mut self, place: Place<'_>, value: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let header = header(self.run);
        let aad = self.associated_data(&header, place);
        let payload = Payload { msg: value, aad: &aad };
        let sealed = self.cipher(self.run)?.encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| StoreError::Other("the record is too large".into()))?;
        self.sealed = self.sealed.saturating_add(1);
        Ok([header.as_slice(), &nonce, &sealed].concat())
    }

    /// Opens what was sealed for this place.
    pub fn open(&mut self, place: Place<'_>, record: &[u8]) -> Result<Vec<u8>, StoreError> {
        let damaged = |what: &str| StoreError::Damaged(format!("{what} in {}", place.table));
        let Some((header, rest)) = record.split_first_chunk::<5>() else { return Err(damaged("a truncated record")) };
        let Some((nonce, sealed)) = rest.split_first_chunk::<NONCE_BYTES>() else {
            return Err(damaged("a truncated record"));
        };
        let [version, run @ ..] = *header;
        if version != VERSION {
            return Err(damaged("a record of an unknown version"));
        }
        let aad = self.associated_data(header, place);
        let payload = Payload { msg: sealed, aad: &aad };
        let value = self.cipher(Run(u32::from_be_bytes(run)))?.decrypt(&Nonce::from(*nonce), payload);
        value.map_err(|_| damaged("an altered or misplaced record"))
    }

    fn cipher(&mut self, run: Run) -> Result<&Aes256Gcm, StoreError> {
        if self.ciphers.len() >= CIPHERS_KEPT {
            self.ciphers.retain(|kept, _| [run, self.run].contains(kept));
        }
        let no_key = || StoreError::Other("no key could be derived".into());
        if !self.ciphers.contains(&run) {
            self.ciphers.insert(run, derive(&self.data_key, run).ok_or_else(no_key)?);
        }
        self.ciphers.get(&run).ok_or_else(no_key)
    }

    /// Every part with its length before it, so that no two places have the same.
    fn associated_data(&self, header: &[u8; 5], place: Place<'_>) -> Vec<u8> {
        let mut data = header.to_vec();
        for part in [self.database.as_bytes(), place.table.as_bytes(), place.key] {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            data.extend_from_slice(&length.to_be_bytes());
            data.extend_from_slice(part);
        }
        data
    }
}

fn header(run: Run) -> [u8; 5] {
    let [a, b, c, d] = run.0.to_be_bytes();
    [VERSION, a, b, c, d]
}

fn derive(data_key: &DataKey, run: Run) -> Option<Aes256Gcm> {
    let mut key = Zeroizing::new([0; 32]);
    let secret = Hkdf::<Sha256>::from_prk(data_key.as_slice()).ok()?;
    secret.expand_multi_info(&[PURPOSE, &run.0.to_be_bytes()], key.as_mut_slice()).ok()?;
    Aes256Gcm::new_from_slice(key.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use getrandom::SysRng;
    use rand_core::UnwrapErr;

    use super::*;

    const HERE: Place<'_> = Place { table: "chats", key: b"romeo" };

    fn sealer(database: &str, run: u32) -> Sealer {
        Sealer::new(database, Zeroizing::new([7; 32]), Run(run))
    }

    fn seal(sealer: &mut Sealer, place: Place<'_>, value: &[u8]) -> Vec<u8> {
        sealer.seal(place, value, &mut UnwrapErr(SysRng)).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_in_this_and_in_later_runs() {
        let record = seal(&mut sealer("db", 1), HERE, b"secret");
        assert!(!record.windows(6).any(|part| part == b"secret"));
        assert_eq!(sealer("db", 1).open(HERE, &record).unwrap(), b"secret");
        assert_eq!(sealer("db", 2).open(HERE, &record).unwrap(), b"secret");
        let empty = seal(&mut sealer("db", 1), HERE, b"");
        assert_eq!(sealer("db", 1).open(HERE, &empty).unwrap(), b"");
    }

    #[test]
    fn the_same_value_never_looks_the_same() {
        let mut sealer = sealer("db", 1);
        assert_ne!(seal(&mut sealer, HERE, b"x"), seal(&mut sealer, HERE, b"x"));
    }

    #[test]
    fn a_record_opens_nowhere_else() {
        let record = seal(&mut sealer("db", 1), HERE, b"secret");
        let elsewhere = [
            ("db", Place { table: "chats", key: b"juliet" }),
            ("db", Place { table: "roster", key: b"romeo" }),
            ("db", Place { table: "chatsr", key: b"omeo" }),
            ("other", HERE),
        ];
        for (database, place) in elsewhere {
            assert!(matches!(sealer(database, 1).open(place, &record), Err(StoreError::Damaged(_))));
        }
        let mut other_key = Sealer::new("db", Zeroizing::new([8; 32]), Run(1));
        assert!(matches!(other_key.open(HERE, &record), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let mut sealer = sealer("db", 1);
        let record = seal(&mut sealer, HERE, b"secret");
        for position in 0..record.len() {
            let mut altered = record.clone();
            altered[position] ^= 1;
            assert!(matches!(sealer.open(HERE, &altered), Err(StoreError::Damaged(_))), "byte {position}");
            assert!(matches!(sealer.open(HERE, &record[..position]), Err(StoreError::Damaged(_))), "cut at {position}");
        }
    }

    #[test]
    fn runs_have_keys_of_their_own() {
        let mut record = seal(&mut sealer("db", 1), HERE, b"secret");
        record[4] = 2;
        assert!(matches!(sealer("db", 1).open(HERE, &record), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn a_run_that_sealed_enough_gives_way_to_another() {
        let mut sealer = sealer("db", 1);
        sealer.sealed = RECORDS_PER_RUN - 1;
        assert!(!sealer.is_exhausted());
        let last = seal(&mut sealer, HERE, b"last");
        assert!(sealer.is_exhausted());
        sealer.begin_run(Run(2));
        assert!(!sealer.is_exhausted());
        let first = seal(&mut sealer, HERE, b"first");
        assert_eq!((last[4], first[4]), (1, 2));
        assert_eq!(sealer.open(HERE, &last).unwrap(), b"last");
    }
}
