//! Opening, closing and deleting databases.

use std::cell::Cell;
use std::rc::Rc;

use plausch_engine::store::StoreError;
use wasm_bindgen::prelude::*;

use super::idb::{self, Database, Transaction, closed};
use crate::platform::within;

/// How long another tab may hold up opening or deleting a database.
const PATIENCE_MILLIS: i32 = 5_000;

/// The shape of a database: its present version and the steps that lead to it.
#[derive(Clone, Copy)]
pub struct Shape {
    /// The present version.
    pub version: u32,
    /// Brings a database of an earlier version (0: a new one) up to date; `None` if that fails.
    pub upgrade: fn(&Database, u32) -> Option<()>,
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
        Self::open_with(name, shape.version, shape.upgrade).await
    }

    /// Opens a database that is there already; leaves nothing behind where there is none.
    pub async fn open_existing(name: &str, shape: Shape) -> Result<Option<Self>, StoreError> {
        let missing = Rc::new(Cell::new(false));
        let found_missing = missing.clone();
        let existing_only = move |database: &Database, old_version| {
            found_missing.set(old_version == 0);
            if old_version == 0 { None } else { (shape.upgrade)(database, old_version) }
        };
        match Self::open_with(name, shape.version, existing_only).await {
            Err(_) if missing.get() => Ok(None),
            opened => opened.map(Some),
        }
    }

    async fn open_with(
        name: &str,
        version: u32,
        upgrade: impl Fn(&Database, u32) -> Option<()> + 'static,
    ) -> Result<Self, StoreError> {
        within(PATIENCE_MILLIS, idb::open(name, version, Box::new(upgrade))).await.ok_or_else(in_use)?.map(Self::new)
    }

    fn new(database: Database) -> Self {
        let closed = Rc::new(Cell::new(false));
        let (on_change, on_close) = (closed.clone(), closed.clone());
        let handle = database.clone();
        let on_version_change = Closure::new(move || {
            on_change.set(true);
            handle.close();
        });
        let on_close = Closure::new(move || on_close.set(true));
        database.set_onversionchange(Some(on_version_change.as_ref().unchecked_ref()));
        database.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Self { database, closed, _on_close: [on_version_change, on_close] }
    }

    /// Begins a transaction that only reads.
    pub fn read(&self, stores: &[&str]) -> Result<Transaction, StoreError> {
        self.check_open()?;
        self.database.read(stores)
    }

    /// Begins a transaction that is on the disk when it has completed.
    pub fn write(&self, stores: &[&str]) -> Result<Transaction, StoreError> {
        self.check_open()?;
        self.database.write(stores)
    }

    /// Begins a transaction that a power cut may undo, unless one of the other kind follows it.
    pub fn jot(&self, stores: &[&str]) -> Result<Transaction, StoreError> {
        self.check_open()?;
        self.database.jot(stores)
    }

    /// Whether nobody had it closed.
    pub fn is_open(&self) -> bool {
        !self.closed.get()
    }

    fn check_open(&self) -> Result<(), StoreError> {
        if self.is_open() { Ok(()) } else { Err(closed()) }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.database.set_onversionchange(None);
        self.database.set_onclose(None);
        self.database.close();
    }
}

/// Deletes a database; one that is not there counts as deleted.
pub async fn delete(name: &str) -> Result<(), StoreError> {
    within(PATIENCE_MILLIS, idb::delete(name)).await.ok_or_else(in_use)?
}

fn in_use() -> StoreError {
    StoreError::Closed("another tab still uses it".into())
}
