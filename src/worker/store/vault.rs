//! What may be opened: the accounts' databases, and the lock before them, if a passphrase is set.
//!
//! Without a lock, an account's data key lies in the account's database, wrapped by the browser's key
//! ([`MasterKey`]). With one, it lies in the device's database, wrapped once more by the passphrase's key
//! ([`crate::passphrase`]), and the other copy is gone. Which of the two counts says the lock's record in the device's
//! database, and it changes in one transaction with all the keys that lie beside it. So whenever the program dies:
//!
//! - *Setting*: the transaction writes the lock and the keys, then the copies in the accounts' databases are deleted. Before
//!   it, nothing has changed. After it, what was not deleted yet counts for nothing, and goes when the account is opened.
//! - *Changing*: that transaction is all there is.
//! - *Removing*: the copies are written first, and the transaction deletes the lock and the keys. Until then the lock counts,
//!   and the copies go when the accounts are opened.
//!
//! Data keys stay what they are. Whoever has copied the profile folder before the passphrase was set, or finds there what the
//! browser has deleted but not overwritten yet, does not need it.
//!
//! One thing is done at a time, and in one host: see [`Device::begin`].

use std::cell::RefCell;

use plausch_engine::store::StoreError;
use plausch_model::{AutoLock, BareJid, LockError, SHORTEST_PASSPHRASE, Secret};
use rand_core::Rng;
use zeroize::Zeroizing;

use super::account::{AccountStore, replaced};
use super::data_key;
use super::device::{Device, Standing};
use super::master_key::MasterKey;
use super::wipe::{self, erase_account, leftovers_gone};
use crate::driver::words;
use crate::passphrase::{Costs, Lock, LockKey};
use crate::platform::nfkc;
use crate::random::Random;
use crate::turns::Turns;

/// What a device keeps.
#[derive(PartialEq, Eq, Debug)]
pub enum Kept {
    /// These accounts.
    Open(Vec<BareJid>),
    /// What a passphrase is needed for.
    Locked,
}

/// Opens the accounts of a device, for one host.
pub struct Vault {
    host: String,
    costs: Costs,
    turns: Turns,
    key: RefCell<Option<LockKey>>,
    /// Accounts that nobody has asked for yet, and those of them that are open already.
    wanted: RefCell<Vec<BareJid>>,
    ahead: RefCell<Vec<(BareJid, AccountStore)>>,
}

impl Vault {
    /// For the host of this name.
    pub fn new(host: String) -> Self {
        Self {
            host,
            costs: Costs::PRESENT,
            turns: Turns::default(),
            key: RefCell::new(None),
            wanted: RefCell::default(),
            ahead: RefCell::default(),
        }
    }

    /// One that derives keys in no time.
    #[cfg(test)]
    #[cfg(target_arch = "wasm32")]
    pub(super) fn cheap(host: &str) -> Self {
        Self { costs: Costs::LEAST, ..Self::new(host.into()) }
    }

    /// Takes over the device, and looks what it keeps. A vault that was open is locked again.
    pub async fn look(&self) -> Result<Kept, StoreError> {
        let _turn = self.turns.take().await;
        self.forget();
        let Some((device, accounts)) = leftovers_gone().await? else { return Ok(Kept::Open(vec![])) };
        // A device without any room can be read all the same.
        let _ = device.take_over(&self.host).await;
        match device.lock().await {
            Ok(None) => {
                self.wanted.replace(accounts.clone());
                Ok(Kept::Open(accounts))
            }
            Ok(Some(_)) | Err(StoreError::Damaged(_)) => Ok(Kept::Locked),
            Err(error) => Err(error),
        }
    }

    /// Forgets the key that the passphrase gave, and what was opened ahead: it is locked.
    pub fn forget(&self) {
        self.key.replace(None);
        self.wanted.take();
        self.ahead.take();
    }

    /// Opens what was found without a lock, before it is asked for. What fails is tried again then.
    pub async fn open_ahead(&self) {
        let _turn = self.turns.take().await;
        loop {
            // Opened twice, an account would write nothing any more under its first run's number.
            let Some(account) = self.wanted.borrow_mut().pop() else { break };
            if let Ok(store) = self.open_now(&account).await {
                self.ahead.borrow_mut().push((account, store));
            }
        }
    }

    /// Whether a passphrase is set and has been given.
    #[cfg(test)]
    #[cfg(target_arch = "wasm32")]
    pub fn is_unlocked(&self) -> bool {
        self.key.borrow().is_some()
    }

    /// Unlocks it, and answers which accounts there are and when it locks by itself.
    pub async fn unlock(&self, passphrase: &Secret) -> Result<(Vec<BareJid>, AutoLock), LockError> {
        let _turn = self.turns.take().await;
        let device = Device::open_existing().await.map_err(trouble)?.ok_or(LockError::NothingKept)?;
        let lock = device.lock().await.map_err(trouble)?.ok_or(LockError::NothingKept)?;
        let (key, auto_lock) = opened(&lock, passphrase)?;
        drop(device);
        let (_, accounts) = leftovers_gone().await.map_err(trouble)?.ok_or(LockError::NothingKept)?;
        self.key.replace(Some(key));
        Ok((accounts, auto_lock))
    }

    /// Sets, changes or removes the passphrase. Answers whether there is one now, and when it locks by itself.
    pub async fn protect(&self, old: Option<&Secret>, new: Option<&Secret>) -> Result<Option<AutoLock>, LockError> {
        let _turn = self.turns.take().await;
        let new = new.map(normalised);
        if new.as_ref().is_some_and(|new| new.chars().count() < SHORTEST_PASSPHRASE) {
            return Err(LockError::TooShort);
        }
        let device = Device::open_existing().await.map_err(trouble)?.ok_or(LockError::NothingKept)?;
        let present = match device.lock().await.map_err(trouble)? {
            Some(lock) => Some(opened(&lock, old.unwrap_or(&Secret::default()))?),
            None => None,
        };
        self.relock(&device, present, new.as_deref().map(String::as_str)).await
    }

    async fn relock(
        &self,
        device: &Device,
        present: Option<(LockKey, AutoLock)>,
        new: Option<&str>,
    ) -> Result<Option<AutoLock>, LockError> {
        let (present, auto_lock) = present.unzip();
        let keys = keys(device, present.as_ref()).await.map_err(trouble)?;
        if keys.is_empty() && present.is_none() {
            return Err(LockError::NothingKept);
        }
        let Some(new) = new else {
            for (account, key) in &keys {
                data_key::keep(account, key).await.map_err(trouble)?;
            }
            device.relock(&self.host, None, &[]).await.map_err(trouble)?;
            self.forget();
            return Ok(None);
        };
        let auto_lock = auto_lock.unwrap_or_default();
        let mut random = Random::default();
        let (lock, lock_key) = Lock::new(new, self.costs, auto_lock, &mut random).map_err(trouble)?;
        let mut wrapped = vec![];
        for (account, key) in keys {
            let key = lock_key.wrap(&account, &key, &mut random).map_err(trouble)?;
            wrapped.push((account, key));
        }
        device.relock(&self.host, Some(&lock), &wrapped).await.map_err(trouble)?;
        self.key.replace(Some(lock_key));
        for (account, _) in &wrapped {
            // What cannot be deleted now is when the account is opened.
            let _ = data_key::delete(account).await;
        }
        Ok(Some(auto_lock))
    }

    /// Chooses when it locks by itself.
    pub async fn set_auto_lock(&self, auto_lock: AutoLock) -> Result<Option<AutoLock>, LockError> {
        let _turn = self.turns.take().await;
        self.keep_auto_lock(auto_lock).await.map_err(trouble)
    }

    async fn keep_auto_lock(&self, auto_lock: AutoLock) -> Result<Option<AutoLock>, StoreError> {
        let Some(device) = Device::open_existing().await? else { return Ok(None) };
        let Some(lock) = device.lock().await? else { return Ok(None) };
        let lock = self.with_key(&lock.clone(), |key| lock.with_auto_lock(key, auto_lock, &mut Random::default()))?;
        device.keep_lock(&self.host, &lock).await?;
        Ok(Some(auto_lock))
    }

    /// Deletes everything. Answers what could not be deleted, in words.
    pub async fn wipe(&self) -> Result<(), String> {
        let _turn = self.turns.take().await;
        self.forget();
        wipe::wipe().await
    }

    /// Opens an account that the device remembers.
    pub async fn open(&self, account: &BareJid) -> Result<AccountStore, StoreError> {
        let _turn = self.turns.take().await;
        match self.take_ahead(account).filter(AccountStore::is_open) {
            Some(store) => Ok(store),
            None => self.open_now(account).await,
        }
    }

    fn take_ahead(&self, account: &BareJid) -> Option<AccountStore> {
        self.wanted.borrow_mut().retain(|other| other != account);
        let mut ahead = self.ahead.borrow_mut();
        let place = ahead.iter().position(|(other, _)| other == account)?;
        Some(ahead.swap_remove(place).1)
    }

    async fn open_now(&self, account: &BareJid) -> Result<AccountStore, StoreError> {
        let gone = || StoreError::Damaged("the browser deleted its key".into());
        let device = Device::open_existing().await?.ok_or_else(gone)?;
        let (master_key, lock) = device.keys(account).await?;
        let master_key = master_key.ok_or_else(gone)?;
        let Some(lock) = lock else { return AccountStore::open(account, &master_key, None).await };
        let wrapped = device.wrapped_key(account).await?.ok_or_else(gone)?;
        let key = self.with_key(&lock, |key| key.unwrap(account, &wrapped))?;
        AccountStore::open(account, &master_key, Some(&key)).await
    }

    /// Makes room for an account that signs in, and keeps its key under the lock, if there is one.
    pub async fn create(&self, account: &BareJid) -> Result<AccountStore, StoreError> {
        let _turn = self.turns.take().await;
        drop(self.take_ahead(account));
        erase_account(account).await.map_err(StoreError::Other)?;
        let mut random = Random::default();
        let mut data_key = Zeroizing::new([0; 32]);
        random.fill_bytes(data_key.as_mut_slice());
        let master_key = MasterKey::generate().await?;
        let key = master_key.wrap(account, &data_key, &mut random).await?;
        let device = Device::open().await?;
        let wrapped = match device.lock().await? {
            Some(lock) => Some(self.with_key(&lock, |lock_key| lock_key.wrap(account, &key, &mut random))?),
            None => None,
        };
        device.begin(&self.host, account, &master_key, wrapped.as_deref()).await?;
        AccountStore::create(account, data_key, wrapped.is_none().then_some(&key)).await
    }

    /// The account has signed in, and is to stay: if it has not been deleted meanwhile.
    pub async fn remember(&self, account: &BareJid) -> Result<(), StoreError> {
        let _turn = self.turns.take().await;
        let Some(device) = Device::open_existing().await? else { return Ok(()) };
        match device.standing(account).await? {
            Some(_) => device.set_standing(account, Standing::SignedIn).await,
            None => Ok(()),
        }
    }

    /// Deletes an account. Answers what could not be deleted, in words, and whether it was the last one: then the lock is
    /// gone as well.
    pub async fn erase(&self, account: &BareJid) -> (Result<(), String>, bool) {
        let _turn = self.turns.take().await;
        drop(self.take_ahead(account));
        let erased = wipe::erase(account).await;
        let nothing_kept = matches!(Device::open_existing().await, Ok(None));
        if nothing_kept {
            self.forget();
        }
        (erased, nothing_kept)
    }

    /// The key, if it is the one of this lock: another host may have changed that.
    fn with_key<T>(&self, lock: &Lock, act: impl FnOnce(&LockKey) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match self.key.borrow().as_ref() {
            Some(key) if lock.fits(key) => act(key),
            Some(_) => Err(replaced()),
            None => Err(StoreError::Closed("Plausch is locked".into())),
        }
    }
}

/// All accounts' data keys as the browser's keys have wrapped them. A key that is gone or damaged opens nothing any more,
/// with or without a lock.
async fn keys(device: &Device, present: Option<&LockKey>) -> Result<Vec<(BareJid, Vec<u8>)>, StoreError> {
    let mut keys = vec![];
    for (account, _) in device.accounts().await? {
        let key = match present {
            Some(present) => match device.wrapped_key(&account).await? {
                Some(wrapped) => present.unwrap(&account, &wrapped).map(Some),
                None => Ok(None),
            },
            None => data_key::read(&account).await,
        };
        match key {
            Ok(Some(key)) => keys.push((account, key)),
            Ok(None) | Err(StoreError::Damaged(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(keys)
}

fn opened(lock: &Lock, passphrase: &Secret) -> Result<(LockKey, AutoLock), LockError> {
    lock.open(&normalised(passphrase)).map_err(trouble)?.ok_or(LockError::WrongPassphrase)
}

/// The same characters may be typed in several ways.
fn normalised(passphrase: &Secret) -> Zeroizing<String> {
    Zeroizing::new(nfkc(passphrase.expose()))
}

fn trouble(error: StoreError) -> LockError {
    LockError::Storage(words(&error))
}
