//! The passphrase that locks a device.
//!
//! A key is derived from it (Argon2id, RFC 9106, RustCrypto's `argon2`), which wraps what is wrapped already: an account's
//! data key as the browser's key has wrapped it. So nobody who has only the passphrase, or only the profile folder with the
//! browser's key in it, opens anything.
//!
//! What is stored of it ([`Lock`]) is `version ‖ memory ‖ passes ‖ lanes ‖ salt ‖ nonce ‖ AES-256-GCM(auto-lock)`, with
//! everything before the nonce authenticated. Whether that opens tells whether the passphrase is the right one, and neither
//! costs nor settings can be changed without it.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use plausch_engine::store::StoreError;
use plausch_model::{AutoLock, BareJid};
use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

/// The present format of a lock.
const LOCK_VERSION: u8 = 1;
/// The format of a data key that is wrapped twice: `version ‖ nonce ‖ AES-256-GCM(what the browser's key has wrapped)`.
const WRAPPED_VERSION: u8 = 2;
const NONCE_BYTES: usize = 12;
const SALT_BYTES: usize = 16;
const PURPOSE: &str = "plausch data key under a passphrase";

/// What deriving a key costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Costs {
    /// Memory in KiB.
    memory: u32,
    /// How often the memory is gone through.
    passes: u32,
    /// What could be done at the same time.
    lanes: u32,
}

impl Costs {
    /// For new passphrases: the second choice of RFC 9106 §4 (64 MiB, three passes), in the one lane that a worker has.
    pub const PRESENT: Self = Self { memory: 64 << 10, passes: 3, lanes: 1 };

    /// For tests that derive many keys: the least that is accepted.
    #[cfg(test)]
    pub const LEAST: Self = Self { memory: 8 << 10, passes: 1, lanes: 1 };

    /// Costs as they are stored. Less protects nobody; more than this no phone has, and no program of ours has written.
    fn within_bounds(self) -> Option<Self> {
        let Self { memory, passes, lanes } = self;
        let fits = (8 << 10..=256 << 10).contains(&memory) && (1..=16).contains(&passes) && (1..=4).contains(&lanes);
        fits.then_some(self)
    }
}

/// The key that a passphrase gives. Overwritten when dropped.
pub struct LockKey(Zeroizing<[u8; 32]>);

/// A lock as the device keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lock {
    costs: Costs,
    salt: [u8; SALT_BYTES],
    sealed: Vec<u8>,
}

impl Lock {
    /// A lock for a passphrase (UTF-8, in normalization form KC).
    pub fn new(
        passphrase: &str,
        costs: Costs,
        auto_lock: AutoLock,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Self, LockKey), StoreError> {
        let mut salt = [0; SALT_BYTES];
        rng.fill_bytes(&mut salt);
        let key = derive(passphrase, costs, &salt)?;
        let lock = Self { costs, salt, sealed: vec![] }.with_auto_lock(&key, auto_lock, rng)?;
        Ok((lock, key))
    }

    /// The key and the setting, if it is the right passphrase.
    pub fn open(&self, passphrase: &str) -> Result<Option<(LockKey, AutoLock)>, StoreError> {
        let key = derive(passphrase, self.costs, &self.salt)?;
        Ok(self.auto_lock(&key).map(|auto_lock| (key, auto_lock)))
    }

    /// Whether this is the key of its passphrase.
    pub fn fits(&self, key: &LockKey) -> bool {
        self.auto_lock(key).is_some()
    }

    /// The same lock with another setting.
    pub fn with_auto_lock(
        mut self,
        key: &LockKey,
        auto_lock: AutoLock,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, StoreError> {
        self.sealed = key.seal(&[code(auto_lock)], &self.header(), rng)?;
        Ok(self)
    }

    /// Reads what [`Lock::to_bytes`] has written; nothing that would cost too little or too much.
    pub fn read(bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged("the lock's record".into());
        let ([LOCK_VERSION], rest) = bytes.split_first_chunk().ok_or_else(damaged)? else { return Err(damaged()) };
        let (memory, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let (passes, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let (lanes, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let (salt, sealed) = rest.split_first_chunk().ok_or_else(damaged)?;
        let [memory, passes, lanes] = [memory, passes, lanes].map(|number| u32::from_be_bytes(*number));
        let costs = Costs { memory, passes, lanes }.within_bounds().ok_or_else(damaged)?;
        Ok(Self { costs, salt: *salt, sealed: sealed.to_vec() })
    }

    /// The lock as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.header(), self.sealed.clone()].concat()
    }

    fn header(&self) -> Vec<u8> {
        let Costs { memory, passes, lanes } = self.costs;
        let numbers = [memory, passes, lanes].map(u32::to_be_bytes);
        [&[LOCK_VERSION], numbers.as_flattened(), &self.salt].concat()
    }

    fn auto_lock(&self, key: &LockKey) -> Option<AutoLock> {
        let opened = key.open(&self.sealed, &self.header())?;
        AutoLock::ALL.into_iter().find(|auto_lock| opened == [code(*auto_lock)])
    }
}

impl LockKey {
    /// Wraps an account's wrapped data key once more.
    pub fn wrap(&self, account: &BareJid, wrapped: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, StoreError> {
        let sealed = self.seal(wrapped, &associated_data(account), rng)?;
        Ok([&[WRAPPED_VERSION], sealed.as_slice()].concat())
    }

    /// What [`LockKey::wrap`] has wrapped for this account.
    pub fn unwrap(&self, account: &BareJid, wrapped: &[u8]) -> Result<Vec<u8>, StoreError> {
        let sealed = wrapped.strip_prefix(&[WRAPPED_VERSION]);
        let opened = sealed.and_then(|sealed| self.open(sealed, &associated_data(account)));
        opened.ok_or_else(|| StoreError::Damaged("its key cannot be opened".into()))
    }

    fn seal(&self, value: &[u8], aad: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let sealed = self.cipher().and_then(|cipher| {
            let payload = Payload { msg: value, aad };
            cipher.encrypt(&Nonce::from(nonce), payload).ok()
        });
        let sealed = sealed.ok_or_else(|| StoreError::Other("the key could not be wrapped".into()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, sealed: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        self.cipher()?.decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad }).ok()
    }

    fn cipher(&self) -> Option<Aes256Gcm> {
        Aes256Gcm::new_from_slice(self.0.as_slice()).ok()
    }
}

/// The memory is ours, so that it can be overwritten before it is given back, and so that there being too little of it is
/// an error and not the end.
fn derive(passphrase: &str, costs: Costs, salt: &[u8]) -> Result<LockKey, StoreError> {
    let no_room = || StoreError::Other("there is too little memory to check the passphrase".into());
    let params = Params::new(costs.memory, costs.passes, costs.lanes, Some(32)).map_err(|_| no_room())?;
    let mut memory = Vec::new();
    memory.try_reserve_exact(params.block_count()).map_err(|_| no_room())?;
    memory.resize(params.block_count(), Block::new());
    let mut key = LockKey(Zeroizing::new([0; 32]));
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let derived =
        argon2.hash_password_into_with_memory(passphrase.as_bytes(), salt, key.0.as_mut_slice(), &mut memory[..]);
    memory.iter_mut().for_each(Zeroize::zeroize);
    derived.map_err(|_| no_room())?;
    Ok(key)
}

/// Binds what is wrapped to the account, the purpose and the format. An address contains no zero byte.
fn associated_data(account: &BareJid) -> Vec<u8> {
    [account.as_str().as_bytes(), &[0], PURPOSE.as_bytes(), &[0, WRAPPED_VERSION]].concat()
}

/// How the setting is stored.
fn code(auto_lock: AutoLock) -> u8 {
    match auto_lock {
        AutoLock::Never => 0,
        AutoLock::FiveMinutes => 1,
        AutoLock::QuarterHour => 2,
        AutoLock::Hour => 3,
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;
