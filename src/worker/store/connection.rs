//! Opening, closing and deleting databases, and what can go wrong with them.

use std::cell::Cell;
use std::rc::Rc;

use indexed_db_futures::database::{Database, VersionChangeEvent};
use indexed_db_futures::error::{Error, OpenDbError};
use indexed_db_futures::internals::SystemRepr;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::{Transaction, TransactionDurability, TransactionMode, TransactionOptions};
use plausch_engine::store::StoreError;
use wasm_bindgen::prelude::*;

use crate::platform::{property, within};

/// How long another tab may hold up opening or deleting a database.
const PATIENCE_MILLIS: i32 = 5_000;

/// The shape of a database: its present version and the steps that lead to it.
#[derive(Clone, Copy)]
pub struct Shape {
    /// The present version.
    pub version: u32,
    /// Brings a database of an earlier version (0: a new one) up to date.
    pub upgrade: fn(&Database, u32) -> indexed_db_futures::Result<()>,
}

/// An open database. Closes itself when dropped, and at once when somebody wants to delete or upgrade it.
pub struct Connection {
    database: Database,
    closed: Rc<Cell<bool>>,
    _on_close: [Closure<dyn FnMut()>; 2],
}

impl Connection {
    /// Opens a database, making or upgrading it as needed.
    pub async fn open(name: &str, shape: Shape) -> Result<Self, StoreError> {
        let upgrade = move |event: VersionChangeEvent, database: Database| {
            (shape.upgrade)(&database, version_number(event.old_version()))
        };
        let request = Database::open(name).with_version(shape.version).with_on_upgrade_needed(upgrade).build();
        let opening = request.map_err(open_failed)?;
        let opened = within(PATIENCE_MILLIS, opening).await.ok_or_else(in_use)?;
        Ok(Self::new(opened.map_err(open_failed)?))
    }

    /// Opens a database that is there already; leaves nothing behind where there is none.
    pub async fn open_existing(name: &str, shape: Shape) -> Result<Option<Self>, StoreError> {
        let missing = Rc::new(Cell::new(false));
        let found_missing = missing.clone();
        let existing_only = move |event: VersionChangeEvent, database: Database| {
            let old_version = version_number(event.old_version());
            found_missing.set(old_version == 0);
            if old_version == 0 { abort_creation(&database) } else { (shape.upgrade)(&database, old_version) }
        };
        let request = Database::open(name).with_version(shape.version).with_on_upgrade_needed(existing_only).build();
        let opening = request.map_err(open_failed)?;
        match within(PATIENCE_MILLIS, opening).await.ok_or_else(in_use)? {
            Ok(database) => Ok(Some(Self::new(database))),
            Err(_) if missing.get() => Ok(None),
            Err(error) => Err(open_failed(error)),
        }
    }

    fn new(database: Database) -> Self {
        let closed = Rc::new(Cell::new(false));
        let (on_change, on_close) = (closed.clone(), closed.clone());
        let handle = database.as_sys().clone();
        let on_version_change = Closure::new(move || {
            on_change.set(true);
            handle.close();
        });
        let on_close = Closure::new(move || on_close.set(true));
        database.as_sys().set_onversionchange(Some(on_version_change.as_ref().unchecked_ref()));
        database.as_sys().set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Self { database, closed, _on_close: [on_version_change, on_close] }
    }

    /// Begins a transaction that only reads.
    pub fn read(&self, stores: &[&str]) -> Result<Transaction<'_>, StoreError> {
        self.check_open()?;
        self.database.transaction(stores).build().map_err(failed)
    }

    /// Begins a transaction that is on the disk when it has completed.
    ///
    /// `strict` durability costs a flush per transaction, but anything less may lose in a power cut what the server was
    /// told had arrived. Frames that arrive together share one transaction.
    pub fn write(&self, stores: &[&str]) -> Result<Transaction<'_>, StoreError> {
        self.check_open()?;
        let options = TransactionOptions::new().with_durability(TransactionDurability::Strict);
        let transaction = self.database.transaction(stores).with_mode(TransactionMode::Readwrite);
        transaction.with_options(options).build().map_err(failed)
    }

    fn check_open(&self) -> Result<(), StoreError> {
        if self.closed.get() { Err(closed()) } else { Ok(()) }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.database.as_sys().set_onversionchange(None);
        self.database.as_sys().set_onclose(None);
        self.database.as_sys().close();
    }
}

/// Completes a transaction. What made the browser abort it (no room, above all) is only to be had from the transaction.
pub async fn complete(transaction: Transaction<'_>) -> Result<(), StoreError> {
    let handle = transaction.as_sys().clone();
    match transaction.commit().await {
        Ok(()) => Ok(()),
        Err(error) => {
            Err(handle.error().map_or_else(|| failed(error), |cause| classify(&cause.name(), cause.message())))
        }
    }
}

/// Deletes a database; one that is not there counts as deleted.
pub async fn delete(name: &str) -> Result<(), StoreError> {
    let deleting = Database::delete_by_name(name).map_err(open_failed)?;
    within(PATIENCE_MILLIS, deleting).await.ok_or_else(in_use)?.map_err(failed)
}

/// Says what an error of the database means to us.
pub fn failed(error: Error) -> StoreError {
    match error {
        Error::DomException(exception) => {
            let name = property(exception.as_ref(), "name").as_string().unwrap_or_default();
            classify(&name, exception.message())
        }
        _ => StoreError::Other("the browser's answer made no sense".into()),
    }
}

fn open_failed(error: OpenDbError) -> StoreError {
    match error {
        OpenDbError::Base(error) => failed(error),
        _ => StoreError::Other("IndexedDB is not available".into()),
    }
}

fn classify(name: &str, message: String) -> StoreError {
    match name {
        "QuotaExceededError" => StoreError::QuotaExceeded,
        "VersionError" => StoreError::Damaged("written by a newer version of this program".into()),
        "InvalidStateError" | "NotFoundError" => closed(),
        _ => StoreError::Other(if message.is_empty() { name.into() } else { message }),
    }
}

fn closed() -> StoreError {
    StoreError::Closed("by the browser or another tab".into())
}

fn in_use() -> StoreError {
    StoreError::Closed("another tab still uses it".into())
}

/// A database that is only being made can be left unmade by aborting the transaction that makes it; the transaction is to
/// be had from one of its stores.
fn abort_creation(database: &Database) -> indexed_db_futures::Result<()> {
    let store = database.create_object_store("none").build()?;
    Ok(store.transaction().as_sys().abort()?)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "versions are small whole numbers")]
fn version_number(version: f64) -> u32 {
    version as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart_by_their_names() {
        let is = |name: &str| classify(name, "words".into());
        assert_eq!(is("QuotaExceededError"), StoreError::QuotaExceeded);
        assert!(matches!(is("VersionError"), StoreError::Damaged(_)));
        assert!(matches!(is("InvalidStateError"), StoreError::Closed(_)));
        assert_eq!(is("UnknownError"), StoreError::Other("words".into()));
        assert_eq!(classify("AbortError", String::new()), StoreError::Other("AbortError".into()));
    }
}
