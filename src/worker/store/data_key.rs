//! The wrapped data key in an account's own database, where it lies unless there is a lock. The database may be in use.

use js_sys::Uint8Array;
use plausch_engine::store::StoreError;
use plausch_model::BareJid;
use wasm_bindgen::prelude::*;

use super::account::{HOST, existing};
use super::connection::Connection;

const DATA_KEY: &str = "data-key";

/// The account's; `None` if there is none, or no database.
pub async fn read(account: &BareJid) -> Result<Option<Vec<u8>>, StoreError> {
    match existing(account).await? {
        Some(connection) => read_from(&connection).await,
        None => Ok(None),
    }
}

/// Keeps the account's, unless its database is gone.
pub async fn keep(account: &BareJid, wrapped: &[u8]) -> Result<(), StoreError> {
    match existing(account).await? {
        Some(connection) => keep_in(&connection, wrapped).await,
        None => Ok(()),
    }
}

/// Deletes the account's, if there is one.
pub async fn delete(account: &BareJid) -> Result<(), StoreError> {
    match existing(account).await? {
        Some(connection) => delete_from(&connection).await,
        None => Ok(()),
    }
}

/// That of an open database.
pub async fn read_from(connection: &Connection) -> Result<Option<Vec<u8>>, StoreError> {
    let transaction = connection.read(&[HOST])?;
    let found = transaction.store(HOST)?.get(&DATA_KEY.into())?.wait().await?;
    Ok(found.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec))
}

/// Deletes that of an open database, if there is one.
pub async fn delete_from(connection: &Connection) -> Result<(), StoreError> {
    if read_from(connection).await?.is_none() {
        return Ok(());
    }
    let transaction = connection.write(&[HOST])?;
    transaction.store(HOST)?.delete(&DATA_KEY.into())?;
    transaction.complete().await
}

/// Keeps it in an open database.
pub async fn keep_in(connection: &Connection, wrapped: &[u8]) -> Result<(), StoreError> {
    let transaction = connection.write(&[HOST])?;
    transaction.store(HOST)?.put(&DATA_KEY.into(), &Uint8Array::from(wrapped).into())?;
    transaction.complete().await
}
