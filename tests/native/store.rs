//! A store that outlives the driver: a test may drop the driver at any moment and start another over what was committed.
//! It can also be told to fail, or to keep the driver waiting for ever right after a commit, as a crash would.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use plausch_engine::store::{Batch, Loaded, MemoryStore, Op, Query, Store, StoreError, Table};

/// A handle to a store in memory. Clones are handles to the same store.
#[derive(Clone, Debug, Default)]
pub struct SharedStore {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    store: MemoryStore,
    commits: u64,
    wiped: bool,
    failure: Option<(StoreError, u32)>,
    hang: Hang,
}

/// Whether commits return.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Hang {
    #[default]
    Never,
    On(Table),
    Now,
}

impl SharedStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many batches were committed.
    pub fn commits(&self) -> u64 {
        self.lock().commits
    }

    /// Whether the store was wiped.
    pub fn is_wiped(&self) -> bool {
        self.lock().wiped
    }

    /// A store of its own with the same content, as a thief of the device would have it.
    #[must_use]
    pub fn copy(&self) -> Self {
        let store = self.lock().store.clone();
        Self { inner: Arc::new(Mutex::new(Inner { store, ..Inner::default() })) }
    }

    /// Whether these bytes are anywhere in a key or value.
    pub fn contains(&self, bytes: &[u8]) -> bool {
        let found_in = |haystack: &[u8]| haystack.windows(bytes.len()).any(|window| window == bytes);
        let loaded = at_once(self.lock().store.load(Table::ALL.map(Query::All).to_vec())).unwrap_or_default();
        loaded.iter().any(|table| match table {
            Loaded::Rows(rows) => rows.iter().any(|row| found_in(&row.key) || found_in(&row.value)),
            Loaded::Found(_) | Loaded::Size { .. } => false,
        })
    }

    /// Lets the next `count` commits fail.
    pub fn fail(&self, error: StoreError, count: u32) {
        self.lock().failure = Some((error, count));
    }

    /// Lets the next commit that writes to `table`, and every later one, never return, though it is carried out: what a crash
    /// between a commit and the network looks like. Lasts until [`SharedStore::revive`].
    pub fn hang_on(&self, table: Table) {
        self.lock().hang = Hang::On(table);
    }

    /// Ends what [`SharedStore::hang_on`] began.
    pub fn revive(&self) {
        self.lock().hang = Hang::Never;
    }

    /// Whether a commit hangs.
    pub fn hangs(&self) -> bool {
        self.lock().hang == Hang::Now
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn take_failure(&mut self) -> Option<StoreError> {
        let (error, left) = self.failure.take()?;
        let left = left.checked_sub(1)?;
        self.failure = Some((error.clone(), left));
        Some(error)
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        if let Some(error) = self.take_failure() {
            return Err(error);
        }
        let writes = |table| batch.ops().iter().any(|op| matches!(op, Op::Put(to, _) if *to == table));
        let hangs = matches!(self.hang, Hang::On(table) if writes(table));
        at_once(self.store.commit(batch))?;
        if hangs {
            self.hang = Hang::Now;
        }
        self.commits = self.commits.saturating_add(1);
        self.wiped = false;
        Ok(())
    }
}

impl Store for SharedStore {
    async fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        let outcome = self.lock().commit(batch);
        if self.hangs() {
            std::future::pending::<()>().await;
        }
        // A driver may be dropped here, between a commit and its consequences.
        tokio::task::yield_now().await;
        outcome
    }

    async fn load(&mut self, queries: Vec<Query>) -> Result<Vec<Loaded>, StoreError> {
        at_once(self.lock().store.load(queries))
    }

    async fn wipe(self) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.store = MemoryStore::new();
        inner.wiped = true;
        Ok(())
    }
}

/// The in-memory store never waits.
fn at_once<T>(future: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    future.now_or_never().unwrap_or_else(|| Err(StoreError::Other("the in-memory store waited".to_owned())))
}

#[cfg(test)]
mod tests {
    use plausch_engine::store::contract;

    use super::*;

    fn put() -> Batch {
        let mut batch = Batch::default();
        batch.put(Table::Meta, *b"key", b"value".to_vec());
        batch
    }

    #[tokio::test]
    async fn passes_the_contract() {
        assert_eq!(contract::run(|| async { SharedStore::new() }).await, contract::CASES);
    }

    #[tokio::test]
    async fn survives_its_handles_until_wiped() {
        let store = SharedStore::new();
        store.clone().commit(put()).await.unwrap();
        let rows = |loaded| if let Loaded::Rows(rows) = loaded { rows.len() } else { 0 };
        let count = async || rows(store.clone().load(vec![Query::All(Table::Meta)]).await.unwrap().remove(0));
        assert_eq!((count().await, store.commits(), store.is_wiped()), (1, 1, false));
        let copy = store.copy();
        store.clone().wipe().await.unwrap();
        assert_eq!((count().await, store.is_wiped()), (0, true));
        assert!(copy.contains(b"alu") && copy.contains(b"key") && !copy.contains(b"other") && !store.contains(b"alu"));
    }

    #[tokio::test]
    async fn fails_and_hangs_as_told() {
        let mut store = SharedStore::new();
        store.fail(StoreError::QuotaExceeded, 1);
        assert_eq!(store.commit(put()).await, Err(StoreError::QuotaExceeded));
        assert_eq!(store.commit(put()).await, Ok(()));
        store.hang_on(Table::Outbox);
        assert_eq!(store.commit(put()).await, Ok(()), "it writes elsewhere");
        store.hang_on(Table::Meta);
        let mut handle = store.clone();
        let hanging = tokio::time::timeout(std::time::Duration::from_millis(20), handle.commit(put()));
        assert!(hanging.await.is_err() && store.hangs());
        assert_eq!(store.commits(), 3, "it hangs after committing");
        store.revive();
        assert_eq!(store.commit(put()).await, Ok(()));
    }
}
