//! An account's database: the engine's [`Store`] on IndexedDB.
//!
//! Beside the engine's tables there is one of the host's own with two entries: the wrapped data key, unless a lock keeps it
//! elsewhere ([`super::vault`]), and the number of the run that may write. Whoever opens the database takes the next number, and every batch checks it in its own transaction:
//! so a host that was replaced while it was not looking can write nothing any more (attack case S-05).

use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use plausch_engine::map::Set;
use plausch_engine::store::{
    Batch, Key, Loaded, Op, Order, Query, Row, SCHEMA_VERSION, Store, StoreError, Table, tables_added_since,
};
use plausch_model::BareJid;
use wasm_bindgen::prelude::*;

use super::connection::{Connection, Shape, delete};
use super::data_key;
use super::idb::{self, Database, Transaction};
use super::master_key::MasterKey;
use crate::random::Random;
use crate::sealing::{DataKey, Place, Run, Sealer};

/// The table of the host's own.
pub const HOST: &str = "host";
const RUN: &str = "run";
const SHAPE: Shape = Shape { version: SCHEMA_VERSION, upgrade };

/// An account's open database.
pub struct AccountStore {
    name: String,
    connection: Rc<Connection>,
    run: Run,
    sealer: Option<Sealer>,
    damage: Option<StoreError>,
}

impl AccountStore {
    /// Makes a new database. What an earlier one of the same name held must have been deleted. `wrapped` is the data key as
    /// it is to be kept here; `None` if it is kept elsewhere.
    pub async fn create(account: &BareJid, data_key: DataKey, wrapped: Option<&[u8]>) -> Result<Self, StoreError> {
        let mut store = Self::connect(account, Connection::open(&name(account), SHAPE).await?).await?;
        if let Some(wrapped) = wrapped {
            data_key::keep_in(&store.connection, wrapped).await?;
        }
        store.sealer = Some(Sealer::new(&store.name, data_key, store.run));
        Ok(store)
    }

    /// Opens a database that must be there. `wrapped` is the data key if it is kept elsewhere.
    pub async fn open(account: &BareJid, master_key: &MasterKey, wrapped: Option<&[u8]>) -> Result<Self, StoreError> {
        let connection = existing(account).await?.ok_or_else(gone)?;
        let mut store = Self::connect(account, connection).await?;
        let own = if wrapped.is_none() { data_key::read_from(&store.connection).await? } else { None };
        let data_key = master_key.unwrap(account, wrapped.or(own.as_deref()).ok_or_else(gone)?).await?;
        if wrapped.is_some() {
            // What was interrupted has left a copy that needs no passphrase.
            data_key::delete_from(&store.connection).await?;
        }
        store.sealer = Some(Sealer::new(&store.name, data_key, store.run));
        Ok(store)
    }

    /// Whether nobody had it closed meanwhile, to delete it.
    pub fn is_open(&self) -> bool {
        self.connection.is_open()
    }

    /// Deletes an account's database.
    pub async fn delete(account: &BareJid) -> Result<(), StoreError> {
        delete(&name(account)).await
    }

    /// Takes the next run's number: from now on earlier runs write nothing.
    async fn connect(account: &BareJid, connection: Connection) -> Result<Self, StoreError> {
        let connection = Rc::new(connection);
        let mut store = Self { name: name(account), connection, run: Run(0), sealer: None, damage: None };
        store.run = store.take_run(None).await?;
        Ok(store)
    }

    /// Takes the next run's number; if there must be a present one, only from that. Read and written in one transaction, so
    /// that no two hosts take the same. A power cut may undo it before anything is written: then a number is taken twice, and
    /// [`Sealer`] leaves room for that.
    async fn take_run(&self, present: Option<Run>) -> Result<Run, StoreError> {
        let transaction = self.connection.jot(&[HOST])?;
        let store = transaction.store(HOST)?;
        let stored = read_run(&store.get(&RUN.into())?.wait().await?).unwrap_or(Run(0));
        if present.is_some_and(|present| present != stored) {
            // Dropped without having been completed, the transaction is aborted.
            return Err(replaced());
        }
        let next = Run(stored.0.wrapping_add(1));
        store.put(&RUN.into(), &next.0.into())?;
        transaction.complete().await?;
        Ok(next)
    }

    fn seal(&mut self, table: Table, key: &[u8], value: Vec<u8>) -> Result<Uint8Array, StoreError> {
        let Some(sealer) = &mut self.sealer else { return Ok(Uint8Array::from(value.as_slice())) };
        let place = Place { table: table.name(), key };
        Ok(Uint8Array::from(sealer.seal(place, &value, &mut Random::default())?.as_slice()))
    }

    /// A row that cannot be opened is none, and is reported.
    fn unseal(&mut self, table: Table, key: Key, value: &JsValue) -> Option<Row> {
        match self.try_unseal(table, key, value) {
            Ok(row) => Some(row),
            Err(error) => {
                self.damage = Some(error);
                None
            }
        }
    }

    fn try_unseal(&mut self, table: Table, key: Key, value: &JsValue) -> Result<Row, StoreError> {
        let damaged = || StoreError::Damaged(format!("a record of another kind in {}", table.name()));
        let record = value.dyn_ref::<Uint8Array>().ok_or_else(damaged)?.to_vec();
        let Some(sealer) = &mut self.sealer else { return Ok(Row { key, value: record }) };
        let value = sealer.open(Place { table: table.name(), key: &key }, &record)?;
        Ok(Row { key, value })
    }

    /// Sealing comes before the transaction, which ends as soon as anything else is waited for.
    fn prepare(&mut self, batch: Batch) -> Result<Vec<Change>, StoreError> {
        let changes = batch.into_ops().into_iter().map(|op| match op {
            Op::Put(table, row) => Ok(Change::Put(table, to_js(&row.key), self.seal(table, &row.key, row.value)?)),
            Op::Delete(table, key) => Ok(Change::Delete(table, Some(to_js(&key)))),
            Op::DeletePrefix(table, prefix) => Ok(Change::Delete(table, range_of_prefix(&prefix))),
        });
        changes.collect()
    }

    /// A run that has sealed enough makes room for another, unless another host did already.
    async fn renew_run(&mut self) -> Result<(), StoreError> {
        if !self.sealer.as_ref().is_some_and(Sealer::is_exhausted) {
            return Ok(());
        }
        self.run = self.take_run(Some(self.run)).await?;
        if let Some(sealer) = &mut self.sealer {
            sealer.begin_run(self.run);
        }
        Ok(())
    }

    async fn answer(&mut self, transaction: &Transaction, query: Query) -> Result<Loaded, StoreError> {
        match query {
            Query::All(table) => Ok(Loaded::Rows(self.rows(transaction, table, JsValue::UNDEFINED, u32::MAX).await?)),
            Query::Get(table, keys) => Ok(Loaded::Found(self.find(transaction, table, keys).await?)),
            Query::Range { table, from, to, order, limit } => {
                let Some(bounds) = bounds(&from, &to).filter(|_| limit > 0) else { return Ok(Loaded::Rows(vec![])) };
                match order {
                    Order::Ascending => self.rows(transaction, table, bounds, limit).await.map(Loaded::Rows),
                    Order::Descending => self.last_rows(transaction, table, bounds, &to, limit).await.map(Loaded::Rows),
                }
            }
            Query::Size { table, from, to, limit } => {
                let Some(bounds) = bounds(&from, &to).filter(|_| limit > 0) else {
                    return Ok(Loaded::Size { bytes: 0, last: None });
                };
                size(transaction, table, bounds, limit).await
            }
            Query::Resolve { index, keys, target } => {
                let found = self.find(transaction, index, keys).await?;
                let (places, keys): (Vec<_>, Vec<_>) =
                    found.into_iter().enumerate().filter_map(|(place, row)| Some((place, row?.value))).unzip();
                let mut rows = self.find(transaction, target, keys).await?.into_iter();
                // Answers stand where their questions stood.
                let mut answers = vec![];
                for place in places {
                    answers.resize(place, None);
                    answers.push(rows.next().flatten());
                }
                Ok(Loaded::Found(answers))
            }
        }
    }

    /// All requests are made before the first answer is waited for.
    async fn find(
        &mut self,
        transaction: &Transaction,
        table: Table,
        keys: Vec<Key>,
    ) -> Result<Vec<Option<Row>>, StoreError> {
        let store = transaction.store(table.name())?;
        let ask = |key: Key| Ok((store.get(&to_js(&key))?, key));
        let asked = keys.into_iter().map(ask).collect::<Result<Vec<_>, StoreError>>()?;
        let mut found = Vec::with_capacity(asked.len());
        for (answer, key) in asked {
            let value = answer.wait().await?;
            found.push(if value.is_undefined() { None } else { self.unseal(table, key, &value) });
        }
        Ok(found)
    }

    /// The last rows of a range, which ends before `to`, the last one first.
    async fn last_rows(
        &mut self,
        transaction: &Transaction,
        table: Table,
        bounds: JsValue,
        to: &[u8],
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        let first = transaction.store(table.name())?.key_from_end(&bounds, limit).await?;
        let last = first.map_or(bounds, |first| idb::between(&first, &to_js(to)));
        let mut rows = self.rows(transaction, table, last, limit).await?;
        rows.reverse();
        Ok(rows)
    }

    /// The first rows of a range, or of everything if that is `undefined`.
    async fn rows(
        &mut self,
        transaction: &Transaction,
        table: Table,
        range: JsValue,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        let store = transaction.store(table.name())?;
        let (keys, values) = (store.get_all_keys(&range, limit)?, store.get_all(&range, limit)?);
        let keys = Array::from(&keys.wait().await?);
        let values = Array::from(&values.wait().await?);
        let rows = keys.iter().zip(values.iter()).filter_map(|(key, value)| self.unseal(table, from_js(&key), &value));
        Ok(rows.collect())
    }
}

impl Store for AccountStore {
    async fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        self.renew_run().await?;
        let changes = self.prepare(batch)?;
        let transaction = self.connection.write(&stores_of(changes.iter().map(Change::table)))?;
        let run = transaction.store(HOST)?.get(&RUN.into())?;
        for change in changes {
            change.make(&transaction)?;
        }
        if read_run(&run.wait().await?) != Some(self.run) {
            // Dropped without having been completed, the transaction is aborted.
            return Err(replaced());
        }
        transaction.complete().await
    }

    async fn load(&mut self, queries: Vec<Query>) -> Result<Vec<Loaded>, StoreError> {
        if queries.is_empty() {
            return Ok(vec![]);
        }
        let connection = Rc::clone(&self.connection);
        let transaction = connection.read(&stores_of(queries.iter().flat_map(tables_of)))?;
        let mut answers = Vec::with_capacity(queries.len());
        for query in queries {
            answers.push(self.answer(&transaction, query).await?);
        }
        Ok(answers)
    }

    fn take_damage(&mut self) -> Option<StoreError> {
        self.damage.take()
    }

    async fn wipe(self) -> Result<(), StoreError> {
        let name = self.name.clone();
        drop(self);
        delete(&name).await
    }
}

/// What rows take as they are stored: sealed, with their keys.
async fn size(transaction: &Transaction, table: Table, range: JsValue, limit: u32) -> Result<Loaded, StoreError> {
    let store = transaction.store(table.name())?;
    let (keys, values) = (store.get_all_keys(&range, limit)?, store.get_all(&range, limit)?);
    let keys = Array::from(&keys.wait().await?);
    let values = Array::from(&values.wait().await?);
    let long = |bytes: &JsValue| u64::from(Uint8Array::new(bytes).length());
    let value = |value: JsValue| value.dyn_ref::<Uint8Array>().map_or(0, |value| u64::from(value.length()));
    let bytes = keys.iter().map(|key| long(&key)).chain(values.iter().map(value)).fold(0, u64::saturating_add);
    let last = keys.length().checked_sub(1).filter(|_| keys.length() == limit).map(|last| from_js(&keys.get(last)));
    Ok(Loaded::Size { bytes, last })
}

/// One request of a batch.
enum Change {
    Put(Table, JsValue, Uint8Array),
    /// A key or a range; everything if there is none.
    Delete(Table, Option<JsValue>),
}

impl Change {
    fn table(&self) -> Table {
        match self {
            Self::Put(table, ..) | Self::Delete(table, _) => *table,
        }
    }

    fn make(self, transaction: &Transaction) -> Result<(), StoreError> {
        let store = transaction.store(self.table().name())?;
        match self {
            Self::Put(_, key, value) => store.put(&key, &value),
            Self::Delete(_, Some(range)) => store.delete(&range),
            Self::Delete(_, None) => store.clear(),
        }
    }
}

/// An account's database, if it is there.
pub async fn existing(account: &BareJid) -> Result<Option<Connection>, StoreError> {
    Connection::open_existing(&name(account), SHAPE).await
}

fn gone() -> StoreError {
    StoreError::Damaged("the browser deleted it".into())
}

fn name(account: &BareJid) -> String {
    format!("plausch:account:{account}")
}

fn upgrade(database: &Database, old_version: u32) -> Option<()> {
    if old_version == 0 {
        database.create(HOST)?;
    }
    for table in tables_added_since(old_version) {
        database.create(table.name())?;
    }
    Some(())
}

/// Another host has taken over.
pub fn replaced() -> StoreError {
    StoreError::Closed("Plausch now runs in another tab".into())
}

fn read_run(stored: &JsValue) -> Option<Run> {
    stored.as_f64().filter(|run| (0.0..=f64::from(u32::MAX)).contains(run)).map(to_run)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range has been checked")]
fn to_run(stored: f64) -> Run {
    Run(stored as u32)
}

/// The host's own store is part of every transaction: a batch checks the run in it.
fn stores_of(tables: impl Iterator<Item = Table>) -> Vec<&'static str> {
    tables.map(Table::name).chain([HOST]).collect::<Set<_>>().into_vec()
}

fn tables_of(query: &Query) -> impl Iterator<Item = Table> + use<> {
    let (first, second) = match query {
        Query::All(table) | Query::Get(table, _) | Query::Range { table, .. } | Query::Size { table, .. } => {
            (*table, None)
        }
        Query::Resolve { index, target, .. } => (*index, Some(*target)),
    };
    [first].into_iter().chain(second)
}

/// `from <= key < to`; `None` if that is empty, which IndexedDB takes for an error.
fn bounds(from: &[u8], to: &[u8]) -> Option<JsValue> {
    (from < to).then(|| idb::between(&to_js(from), &to_js(to)))
}

/// `None` stands for every key.
fn range_of_prefix(prefix: &[u8]) -> Option<JsValue> {
    if prefix.is_empty() {
        return None;
    }
    Some(match end_of_prefix(prefix) {
        Some(end) => idb::between(&to_js(prefix), &to_js(&end)),
        None => idb::from(&to_js(prefix)),
    })
}

/// The first key after all that begin with the prefix; `None` if there is none.
fn end_of_prefix(prefix: &[u8]) -> Option<Key> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix.get(..=last)?.to_vec();
    let byte = end.last_mut()?;
    *byte = byte.saturating_add(1);
    Some(end)
}

fn to_js(key: &[u8]) -> JsValue {
    Uint8Array::from(key).into()
}

/// IndexedDB hands binary keys out as `ArrayBuffer`s.
fn from_js(key: &JsValue) -> Key {
    Uint8Array::new(key).to_vec()
}

/// Ways around the sealing, to show what it is good for.
#[cfg(test)]
#[cfg(target_arch = "wasm32")]
impl AccountStore {
    pub(super) async fn create_unsealed(account: &BareJid) -> Self {
        Self::connect(account, Connection::open(&name(account), SHAPE).await.unwrap()).await.unwrap()
    }

    pub(super) async fn open_unsealed(account: &BareJid) -> Self {
        let connection = Connection::open_existing(&name(account), SHAPE).await.unwrap().unwrap();
        Self::connect(account, connection).await.unwrap()
    }

    pub(super) async fn put_foreign_value(&self, table: Table, key: &[u8], value: JsValue) {
        let transaction = self.connection.write(&[table.name()]).unwrap();
        transaction.store(table.name()).unwrap().put(&to_js(key), &value).unwrap();
        transaction.complete().await.unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next_one() {
        assert_eq!(end_of_prefix(b"a"), Some(b"b".to_vec()));
        assert_eq!(end_of_prefix(&[1, 0xff, 0xff]), Some(vec![2]));
        assert_eq!(end_of_prefix(&[0xff, 0xff]), None);
        assert_eq!(end_of_prefix(&[]), None);
    }

    #[test]
    fn the_hosts_own_table_is_none_of_the_engines() {
        assert!(Table::ALL.iter().all(|table| table.name() != HOST));
    }
}
