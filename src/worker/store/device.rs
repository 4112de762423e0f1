//! The device's own database: which accounts it remembers, their master keys, and the lock, if a passphrase is set.
//!
//! While one is, the accounts' wrapped data keys lie here and not in their own databases, so that one transaction changes
//! the lock and all that it locks ([`Device::relock`]). Two hosts may believe for a moment that they run the accounts: who
//! came last is written here, and whoever is not that one changes neither the lock nor the keys.

use js_sys::{Array, Uint8Array};
use plausch_engine::store::StoreError;
use plausch_model::BareJid;
use wasm_bindgen::prelude::*;

use super::account::replaced;
use super::connection::{Connection, Shape, delete};
use super::idb::{Database, Transaction};
use super::master_key::MasterKey;
use crate::passphrase::Lock;

const NAME: &str = "plausch";
const ACCOUNTS: &str = "accounts";
const KEYS: &str = "keys";
/// Data keys that are wrapped twice, by account; only while there is a lock.
const WRAPPED: &str = "wrapped";
/// What there is one of: the lock, and the name of the host.
const OWN: &str = "device";
const LOCK: &str = "lock";
const HOST: &str = "host";
const SHAPE: Shape = Shape { version: 2, upgrade };

/// How far an account has come on this device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// A sign-in has begun. What is stored of it counts for nothing until it succeeds.
    SigningIn,
    /// It has been signed in, and is started with the host.
    SignedIn,
}

/// The open device database.
pub struct Device {
    connection: Connection,
}

impl Device {
    /// Opens it, and makes it if needed.
    pub async fn open() -> Result<Self, StoreError> {
        Ok(Self { connection: Connection::open(NAME, SHAPE).await? })
    }

    /// Opens it if it is there.
    pub async fn open_existing() -> Result<Option<Self>, StoreError> {
        let connection = Connection::open_existing(NAME, SHAPE).await?;
        Ok(connection.map(|connection| Self { connection }))
    }

    /// All accounts with their standing.
    pub async fn accounts(&self) -> Result<Vec<(BareJid, Standing)>, StoreError> {
        let transaction = self.connection.read(&[ACCOUNTS])?;
        let store = transaction.store(ACCOUNTS)?;
        let names = store.get_all_keys(&JsValue::UNDEFINED, u32::MAX)?;
        let standings = store.get_all(&JsValue::UNDEFINED, u32::MAX)?;
        let names = Array::from(&names.wait().await?);
        let standings = Array::from(&standings.wait().await?);
        let accounts = names.iter().zip(standings.iter());
        Ok(accounts.filter_map(|(name, standing)| Some((BareJid::new(name.as_string()?), read(&standing)))).collect())
    }

    /// How far this account has come, if it is known.
    pub async fn standing(&self, account: &BareJid) -> Result<Option<Standing>, StoreError> {
        let standing = self.get(ACCOUNTS, account).await?;
        Ok(standing.as_ref().map(read))
    }

    /// Sets how far this account has come.
    pub async fn set_standing(&self, account: &BareJid, standing: Standing) -> Result<(), StoreError> {
        self.put(ACCOUNTS, account, JsValue::from_bool(standing == Standing::SignedIn)).await
    }

    /// The lock, if there is one.
    pub async fn lock(&self) -> Result<Option<Lock>, StoreError> {
        let transaction = self.connection.read(&[OWN])?;
        read_lock(&transaction.store(OWN)?.get(&LOCK.into())?.wait().await?)
    }

    /// What opens an account: its master key, and the lock, if there is one.
    pub async fn keys(&self, account: &BareJid) -> Result<(Option<MasterKey>, Option<Lock>), StoreError> {
        let transaction = self.connection.read(&[KEYS, OWN])?;
        let master_key = transaction.store(KEYS)?.get(&key(account))?;
        let lock = transaction.store(OWN)?.get(&LOCK.into())?;
        Ok((MasterKey::from_js(master_key.wait().await?), read_lock(&lock.wait().await?)?))
    }

    /// From now on this host is the one that may change the lock and the keys. After a power cut no host is there any more.
    pub async fn take_over(&self, host: &str) -> Result<(), StoreError> {
        let transaction = self.connection.jot(&[OWN])?;
        transaction.store(OWN)?.put(&HOST.into(), &host.into())?;
        transaction.complete().await
    }

    /// The account's data key, wrapped twice; there is one while there is a lock.
    pub async fn wrapped_key(&self, account: &BareJid) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.get(WRAPPED, account).await?;
        Ok(found.and_then(|found| Some(found.dyn_ref::<Uint8Array>()?.to_vec())))
    }

    /// Begins an account: somebody signs in. `wrapped` is its data key, if there is a lock.
    pub async fn begin(
        &self,
        host: &str,
        account: &BareJid,
        master_key: &MasterKey,
        wrapped: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let transaction = self.connection.write(&[ACCOUNTS, KEYS, WRAPPED, OWN])?;
        transaction.store(ACCOUNTS)?.put(&key(account), &JsValue::FALSE)?;
        transaction.store(KEYS)?.put(&key(account), master_key.as_js())?;
        if let Some(wrapped) = wrapped {
            transaction.store(WRAPPED)?.put(&key(account), &Uint8Array::from(wrapped).into())?;
        }
        complete_as(host, transaction).await
    }

    /// Sets, changes or removes the lock, and with it all that it locks: both or neither.
    pub async fn relock(
        &self,
        host: &str,
        lock: Option<&Lock>,
        wrapped: &[(BareJid, Vec<u8>)],
    ) -> Result<(), StoreError> {
        let transaction = self.connection.write(&[WRAPPED, OWN])?;
        let keys = transaction.store(WRAPPED)?;
        keys.clear()?;
        for (account, wrapped) in wrapped {
            keys.put(&key(account), &Uint8Array::from(wrapped.as_slice()).into())?;
        }
        put_lock(&transaction, lock)?;
        complete_as(host, transaction).await
    }

    /// Changes the lock's setting; the passphrase stays.
    pub async fn keep_lock(&self, host: &str, lock: &Lock) -> Result<(), StoreError> {
        let transaction = self.connection.write(&[OWN])?;
        put_lock(&transaction, Some(lock))?;
        complete_as(host, transaction).await
    }

    /// Forgets everybody, and all keys.
    pub async fn clear(&self) -> Result<(), StoreError> {
        let transaction = self.connection.write(&STORES)?;
        for store in STORES {
            transaction.store(store)?.clear()?;
        }
        transaction.complete().await
    }

    /// Forgets the account and its keys, without which nothing of it can be read.
    pub async fn forget(&self, account: &BareJid) -> Result<(), StoreError> {
        let transaction = self.connection.write(&[ACCOUNTS, KEYS, WRAPPED])?;
        for store in [ACCOUNTS, KEYS, WRAPPED] {
            transaction.store(store)?.delete(&key(account))?;
        }
        transaction.complete().await
    }

    /// Deletes the whole database if it knows no account any more, and says whether.
    pub async fn delete_if_empty(self) -> Result<bool, StoreError> {
        if !self.accounts().await?.is_empty() {
            return Ok(false);
        }
        drop(self);
        delete(NAME).await?;
        Ok(true)
    }

    async fn get(&self, store: &str, account: &BareJid) -> Result<Option<JsValue>, StoreError> {
        let transaction = self.connection.read(&[store])?;
        let found = transaction.store(store)?.get(&key(account))?.wait().await?;
        Ok(Some(found).filter(|found| !found.is_undefined()))
    }

    async fn put(&self, store: &str, account: &BareJid, value: JsValue) -> Result<(), StoreError> {
        let transaction = self.connection.write(&[store])?;
        transaction.store(store)?.put(&key(account), &value)?;
        transaction.complete().await
    }
}

fn key(account: &BareJid) -> JsValue {
    account.as_str().into()
}

fn read_lock(found: &JsValue) -> Result<Option<Lock>, StoreError> {
    if found.is_undefined() {
        return Ok(None);
    }
    Lock::read(&found.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default()).map(Some)
}

const STORES: [&str; 4] = [ACCOUNTS, KEYS, WRAPPED, OWN];

fn put_lock(transaction: &Transaction, lock: Option<&Lock>) -> Result<(), StoreError> {
    let own = transaction.store(OWN)?;
    match lock {
        Some(lock) => own.put(&LOCK.into(), &Uint8Array::from(lock.to_bytes().as_slice()).into()),
        None => own.delete(&LOCK.into()),
    }
}

/// Completes a transaction unless another host has taken over meanwhile. Where nobody has, this one does.
async fn complete_as(host: &str, transaction: Transaction) -> Result<(), StoreError> {
    let own = transaction.store(OWN)?;
    let last = own.get(&HOST.into())?;
    own.put(&HOST.into(), &host.into())?;
    if last.wait().await?.as_string().is_some_and(|last| last != host) {
        // Dropped without having been completed, the transaction is aborted.
        return Err(replaced());
    }
    transaction.complete().await
}

fn read(standing: &JsValue) -> Standing {
    if standing.is_truthy() { Standing::SignedIn } else { Standing::SigningIn }
}

fn upgrade(database: &Database, old_version: u32) -> Option<()> {
    if old_version < 1 {
        database.create(ACCOUNTS)?;
        database.create(KEYS)?;
    }
    if old_version < 2 {
        database.create(WRAPPED)?;
        database.create(OWN)?;
    }
    Some(())
}
