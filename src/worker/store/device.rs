//! The device's own database: which accounts it remembers, and their master keys.

use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use js_sys::JsString;
use plausch_engine::store::StoreError;
use plausch_model::BareJid;
use wasm_bindgen::prelude::*;

use super::connection::{Connection, Shape, complete, delete, failed};
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
        let store = transaction.object_store(ACCOUNTS).map_err(failed)?;
        let names = store.get_all_keys::<JsValue>().primitive().map_err(failed)?;
        let standings = store.get_all::<JsValue>().primitive().map_err(failed)?;
        let names = names.await.map_err(failed)?;
        let standings = standings.await.map_err(failed)?;
        let accounts = names.flatten().zip(standings.flatten());
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
            let store = transaction.object_store(store).map_err(failed)?;
            drop(store.delete(key(account)).primitive().map_err(failed)?);
        }
        complete(transaction).await
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
        let store = transaction.object_store(store).map_err(failed)?;
        let request = store.get::<JsValue, _, _>(key(account)).primitive().map_err(failed)?;
        request.await.map_err(failed)
    }

    async fn put(&self, store: &str, account: &BareJid, value: JsValue) -> Result<(), StoreError> {
        let transaction = self.connection.write(&[store])?;
        let object_store = transaction.object_store(store).map_err(failed)?;
        drop(object_store.put(value).with_key(key(account)).without_key_type().primitive().map_err(failed)?);
        drop(object_store);
        complete(transaction).await
    }
}

fn key(account: &BareJid) -> JsValue {
    JsString::from(account.as_str()).into()
}

fn read(standing: &JsValue) -> Standing {
    if standing.is_truthy() { Standing::SignedIn } else { Standing::SigningIn }
}

fn upgrade(database: &Database, old_version: u32) -> indexed_db_futures::Result<()> {
    if old_version < 1 {
        database.create_object_store(ACCOUNTS).build()?;
        database.create_object_store(KEYS).build()?;
    }
    Ok(())
}
