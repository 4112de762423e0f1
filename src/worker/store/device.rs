//! The device's own database: which accounts it remembers, and their master keys.

use js_sys::Array;
use plausch_engine::store::StoreError;
use plausch_model::BareJid;
use wasm_bindgen::prelude::*;

use super::connection::{Connection, Shape, delete};
use super::idb::Database;
use super::master_key::MasterKey;

const NAME: &str = "plausch";
const ACCOUNTS: &str = "accounts";
const KEYS: &str = "keys";
const SHAPE: Shape = Shape { version: 1, upgrade };

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

    /// The account's master key.
    pub async fn master_key(&self, account: &BareJid) -> Result<Option<MasterKey>, StoreError> {
        Ok(self.get(KEYS, account).await?.and_then(MasterKey::from_js))
    }

    /// Keeps the account's master key.
    pub async fn keep_master_key(&self, account: &BareJid, key: &MasterKey) -> Result<(), StoreError> {
        self.put(KEYS, account, key.as_js().clone()).await
    }

    /// Forgets the account and its master key, without which nothing of it can be read.
    pub async fn forget(&self, account: &BareJid) -> Result<(), StoreError> {
        let transaction = self.connection.write(&[ACCOUNTS, KEYS])?;
        for store in [ACCOUNTS, KEYS] {
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

fn read(standing: &JsValue) -> Standing {
    if standing.is_truthy() { Standing::SignedIn } else { Standing::SigningIn }
}

fn upgrade(database: &Database, old_version: u32) -> Option<()> {
    if old_version < 1 {
        database.create(ACCOUNTS)?;
        database.create(KEYS)?;
    }
    Some(())
}
