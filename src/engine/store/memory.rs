//! A store that forgets: for sessions that must leave nothing on the device, and for tests.

use plausch_xmpp::list::IntoList;

use crate::map::Map;

use super::{Batch, Key, Loaded, Op, Order, Query, Row, Store, StoreError, Table};

/// Keeps everything in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    tables: Map<Table, Map<Key, Vec<u8>>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Put(table, row) => self.tables.change(&table, |rows| rows.insert(row.key, row.value)),
            Op::Delete(table, key) => self.tables.change(&table, |rows| drop(rows.remove(&key))),
            Op::DeletePrefix(table, prefix) => {
                self.tables.change(&table, |rows| rows.retain(|key, _| !key.starts_with(&prefix)));
            }
        }
    }

    fn get(&self, table: Table, key: &Key) -> Option<Row> {
        let value = self.tables.get(&table)?.get(key)?;
        Some(Row { key: key.clone(), value: value.clone() })
    }

    fn between(&self, table: Table, from: &Key, to: &Key) -> impl DoubleEndedIterator<Item = Row> {
        self.tables.get(&table).into_iter().flat_map(|rows| rows.range(from, to)).map(row)
    }

    fn answer(&self, query: Query) -> Loaded {
        match query {
            Query::All(table) => Loaded::Rows(self.all(table)),
            Query::Get(table, keys) => Loaded::Found(keys.iter().map(|key| self.get(table, key)).into_list()),
            Query::Range { table, from, to, order, limit } => {
                let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                let rows = self.between(table, &from, &to);
                Loaded::Rows(match order {
                    Order::Ascending => rows.take(limit).into_list(),
                    Order::Descending => rows.rev().take(limit).into_list(),
                })
            }
            Query::Size { table, from, to, limit } => {
                let mut last = None;
                let (mut bytes, mut left) = (0_u64, limit);
                for row in self.between(table, &from, &to).take(usize::try_from(limit).unwrap_or(usize::MAX)) {
                    bytes = bytes.saturating_add(size(row.key.len(), row.value.len()));
                    left = left.saturating_sub(1);
                    last = Some(row.key);
                }
                Loaded::Size { bytes, last: last.filter(|_| left == 0) }
            }
            Query::Resolve { index, keys, target } => {
                let resolve = |key| self.get(index, key).and_then(|row| self.get(target, &row.value));
                Loaded::Found(keys.iter().map(resolve).into_list())
            }
        }
    }

    fn all(&self, table: Table) -> Vec<Row> {
        self.tables.get(&table).into_iter().flat_map(Map::iter).map(row).into_list()
    }
}

/// What a row takes.
fn size(key: usize, value: usize) -> u64 {
    u64::try_from(key.saturating_add(value)).unwrap_or(u64::MAX)
}

fn row((key, value): (&Key, &Vec<u8>)) -> Row {
    Row { key: key.clone(), value: value.clone() }
}

impl Store for MemoryStore {
    async fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        batch.into_ops().into_iter().for_each(|op| self.apply(op));
        Ok(())
    }

    async fn load(&mut self, queries: Vec<Query>) -> Result<Vec<Loaded>, StoreError> {
        Ok(queries.into_iter().map(|query| self.answer(query)).into_list())
    }

    async fn wipe(self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract;

    #[test]
    fn passes_the_contract() {
        let count = pollster::block_on(contract::run(|| async { MemoryStore::new() }));
        assert_eq!(count, contract::CASES);
    }
}
