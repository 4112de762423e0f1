//! As much of IndexedDB as the stores need, as the browser has it: requests are answered through promises.
//!
//! Why not a crate: `indexed_db_futures` brings along tokio's channels, a conversion for each kind of value and words for
//! each kind of error: 41 KB (15 KB compressed) of the worker, and 8 KB of what JavaScript hands it.

use js_sys::{Array, Function, Object, Promise};
use plausch_engine::store::StoreError;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::platform::{object, property};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = indexedDB, js_name = open, catch)]
    fn open_database(name: &str, version: u32) -> Result<Request, JsValue>;

    #[wasm_bindgen(js_namespace = indexedDB, js_name = deleteDatabase, catch)]
    fn delete_database(name: &str) -> Result<Request, JsValue>;

    #[wasm_bindgen(js_namespace = IDBKeyRange, js_name = bound)]
    fn bound(lower: &JsValue, upper: &JsValue, lower_open: bool, upper_open: bool) -> JsValue;

    #[wasm_bindgen(js_namespace = IDBKeyRange, js_name = lowerBound)]
    fn lower_bound(lower: &JsValue) -> JsValue;

    /// `IDBDatabase`.
    #[derive(Clone)]
    pub type Database;

    #[wasm_bindgen(method, js_name = createObjectStore, catch)]
    fn create_object_store(this: &Database, name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, js_name = transaction, catch)]
    fn begin(this: &Database, stores: &Array, mode: &str, options: &Object) -> Result<RawTransaction, JsValue>;

    /// Closes it after the transactions that run.
    #[wasm_bindgen(method)]
    pub fn close(this: &Database);

    /// Called when somebody wants to delete or upgrade it.
    #[wasm_bindgen(method, setter)]
    pub fn set_onversionchange(this: &Database, handler: Option<&Function>);

    /// Called when the browser has closed it.
    #[wasm_bindgen(method, setter)]
    pub fn set_onclose(this: &Database, handler: Option<&Function>);

    type RawTransaction;

    #[wasm_bindgen(method, js_name = objectStore, catch)]
    fn object_store(this: &RawTransaction, name: &str) -> Result<ObjectStore, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn commit(this: &RawTransaction) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn abort(this: &RawTransaction) -> Result<(), JsValue>;

    #[wasm_bindgen(method, getter)]
    fn error(this: &RawTransaction) -> JsValue;

    #[wasm_bindgen(method, setter)]
    fn set_oncomplete(this: &RawTransaction, handler: &Function);

    #[wasm_bindgen(method, setter)]
    fn set_onabort(this: &RawTransaction, handler: &Function);

    /// `IDBObjectStore`, in a transaction.
    pub type ObjectStore;

    #[wasm_bindgen(method, js_name = get, catch)]
    fn request_get(this: &ObjectStore, key: &JsValue) -> Result<Request, JsValue>;

    #[wasm_bindgen(method, js_name = getAll, catch)]
    fn request_all(this: &ObjectStore, range: &JsValue, limit: u32) -> Result<Request, JsValue>;

    #[wasm_bindgen(method, js_name = getAllKeys, catch)]
    fn request_keys(this: &ObjectStore, range: &JsValue, limit: u32) -> Result<Request, JsValue>;

    #[wasm_bindgen(method, js_name = openKeyCursor, catch)]
    fn request_cursor(this: &ObjectStore, range: &JsValue, direction: &str) -> Result<Request, JsValue>;

    #[wasm_bindgen(method, js_name = put, catch)]
    fn request_put(this: &ObjectStore, value: &JsValue, key: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, js_name = delete, catch)]
    fn request_delete(this: &ObjectStore, range: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, js_name = clear, catch)]
    fn request_clear(this: &ObjectStore) -> Result<JsValue, JsValue>;

    #[derive(Clone)]
    type Request;

    #[wasm_bindgen(method, getter)]
    fn result(this: &Request) -> JsValue;

    #[wasm_bindgen(method, getter, js_name = error)]
    fn request_error(this: &Request) -> JsValue;

    #[wasm_bindgen(method, getter, js_name = transaction)]
    fn upgrading(this: &Request) -> Option<RawTransaction>;

    #[wasm_bindgen(method, setter)]
    fn set_onsuccess(this: &Request, handler: &Function);

    #[wasm_bindgen(method, setter)]
    fn set_onerror(this: &Request, handler: &Function);

    #[wasm_bindgen(method, setter)]
    fn set_onupgradeneeded(this: &Request, handler: &Function);

    type Cursor;

    #[wasm_bindgen(method, catch)]
    fn advance(this: &Cursor, count: u32) -> Result<(), JsValue>;

    #[wasm_bindgen(method, getter, js_name = primaryKey)]
    fn primary_key(this: &Cursor) -> JsValue;
}

/// Brings a database of an earlier version (0: a new one) up to date. `None` leaves it as it was, unmade if it was new.
pub type Upgrade = Box<dyn Fn(&Database, u32) -> Option<()>>;

/// Opens a database, after bringing it up to date.
pub async fn open(name: &str, version: u32, upgrade: Upgrade) -> Result<Database, StoreError> {
    let request = open_database(name, version).map_err(unavailable)?;
    let upgrading = request.clone();
    let on_upgrade = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        let old_version = to_version(property(&event, "oldVersion").as_f64().unwrap_or_default());
        if upgrade(upgrading.result().unchecked_ref(), old_version).is_none() {
            // Then opening it fails.
            let _ = upgrading.upgrading().map(|transaction| transaction.abort());
        }
    });
    request.set_onupgradeneeded(on_upgrade.as_ref().unchecked_ref());
    let mut opening = Opening(Some(request.clone()));
    let database = Answer::to(request).wait().await;
    opening.0 = None;
    Ok(database?.unchecked_into())
}

/// A database that comes when nobody waits for it any more is closed: it would keep others from being deleted.
struct Opening(Option<Request>);

impl Drop for Opening {
    fn drop(&mut self) {
        let Some(request) = self.0.take() else { return };
        let late = request.clone();
        let close = move || {
            let database = late.result();
            if database.is_object() {
                database.unchecked_ref::<Database>().close();
            }
        };
        if property(&request, "readyState").as_string().as_deref() == Some("done") {
            close();
        } else {
            request.set_onsuccess(Closure::once_into_js(close).unchecked_ref());
        }
    }
}

/// Deletes a database.
pub async fn delete(name: &str) -> Result<(), StoreError> {
    Answer::to(delete_database(name).map_err(unavailable)?).wait().await.map(drop)
}

impl Database {
    /// Makes an object store, while upgrading.
    pub fn create(&self, name: &str) -> Option<()> {
        self.create_object_store(name).ok().map(drop)
    }

    /// Begins a transaction that only reads.
    pub fn read(&self, stores: &[&str]) -> Result<Transaction, StoreError> {
        self.transaction(stores, "readonly", "default")
    }

    /// Begins a transaction that is on the disk when it has completed.
    ///
    /// `strict` durability costs a flush per transaction, but anything less may lose in a power cut what the server was
    /// told had arrived. Frames that arrive together share one transaction.
    pub fn write(&self, stores: &[&str]) -> Result<Transaction, StoreError> {
        self.transaction(stores, "readwrite", "strict")
    }

    /// Begins a transaction that a power cut may undo, unless one of the other kind follows it.
    pub fn jot(&self, stores: &[&str]) -> Result<Transaction, StoreError> {
        self.transaction(stores, "readwrite", "relaxed")
    }

    fn transaction(&self, stores: &[&str], mode: &str, durability: &str) -> Result<Transaction, StoreError> {
        let stores: Array = stores.iter().map(|name| JsValue::from_str(name)).collect();
        let raw = self.begin(&stores, mode, &object(&[("durability", durability.into())])).map_err(failed)?;
        let ended = Promise::new(&mut |resolve, _| {
            raw.set_oncomplete(&resolve);
            raw.set_onabort(&resolve);
        });
        Ok(Transaction { raw, ended })
    }
}

/// A transaction. What it has written is undone if it is dropped before it has completed.
pub struct Transaction {
    raw: RawTransaction,
    ended: Promise,
}

impl Transaction {
    /// One of its stores.
    pub fn store(&self, name: &str) -> Result<ObjectStore, StoreError> {
        self.raw.object_store(name).map_err(failed)
    }

    /// Completes it.
    pub async fn complete(self) -> Result<(), StoreError> {
        let committed = self.raw.commit();
        let event = JsFuture::from(self.ended.clone()).await.map_err(failed)?;
        if property(&event, "type").as_string().as_deref() == Some("complete") {
            return Ok(());
        }
        // What made the browser abort it (no room, above all) is to be had from the transaction.
        let cause = self.raw.error();
        committed.map_err(failed)?;
        Err(if cause.is_object() { failed(cause) } else { StoreError::Other("AbortError".into()) })
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // There is nothing to undo where it has ended.
        let _ = self.raw.abort();
    }
}

impl ObjectStore {
    /// The value of a key; `undefined` if there is none.
    pub fn get(&self, key: &JsValue) -> Result<Answer, StoreError> {
        ask(self.request_get(key))
    }

    /// The values of a range's first keys.
    pub fn get_all(&self, range: &JsValue, limit: u32) -> Result<Answer, StoreError> {
        ask(self.request_all(range, limit))
    }

    /// A range's first keys.
    pub fn get_all_keys(&self, range: &JsValue, limit: u32) -> Result<Answer, StoreError> {
        ask(self.request_keys(range, limit))
    }

    /// Sets the value of a key.
    pub fn put(&self, key: &JsValue, value: &JsValue) -> Result<(), StoreError> {
        self.request_put(value, key).map(drop).map_err(failed)
    }

    /// Deletes a key, or those of a range.
    pub fn delete(&self, range: &JsValue) -> Result<(), StoreError> {
        self.request_delete(range).map(drop).map_err(failed)
    }

    /// Deletes all keys.
    pub fn clear(&self) -> Result<(), StoreError> {
        self.request_clear().map(drop).map_err(failed)
    }

    /// The `place`-th key from the end of a range (1: the last one), if there are so many. A cursor jumps there, without
    /// visiting what lies between.
    pub async fn key_from_end(&self, range: &JsValue, place: u32) -> Result<Option<JsValue>, StoreError> {
        let request = self.request_cursor(range, "prev").map_err(failed)?;
        let mut cursor: Cursor = Answer::to(request.clone()).wait().await?.unchecked_into();
        if let (true, Some(steps @ 1..)) = (cursor.is_object(), place.checked_sub(1)) {
            cursor.advance(steps).map_err(failed)?;
            cursor = Answer::to(request).wait().await?.unchecked_into();
        }
        Ok(cursor.is_object().then(|| cursor.primary_key()))
    }
}

/// `from <= key < to`. Fails in the browser if that is empty.
pub fn between(from: &JsValue, to: &JsValue) -> JsValue {
    bound(from, to, false, true)
}

/// `from <= key`.
pub fn from(from: &JsValue) -> JsValue {
    lower_bound(from)
}

/// A request that is being answered.
pub struct Answer {
    request: Request,
    done: Promise,
}

impl Answer {
    /// Listens from now on: what happens before anybody waits is not missed.
    fn to(request: Request) -> Self {
        let done = Promise::new(&mut |resolve, _| {
            request.set_onsuccess(&resolve);
            request.set_onerror(&resolve);
        });
        Self { request, done }
    }

    /// What the request brought.
    pub async fn wait(self) -> Result<JsValue, StoreError> {
        JsFuture::from(self.done).await.map_err(failed)?;
        let error = self.request.request_error();
        if error.is_object() { Err(failed(error)) } else { Ok(self.request.result()) }
    }
}

fn ask(request: Result<Request, JsValue>) -> Result<Answer, StoreError> {
    request.map(Answer::to).map_err(failed)
}

/// Says what an error of the database means to us.
fn failed(error: JsValue) -> StoreError {
    let text = |name| property(&error, name).as_string().unwrap_or_default();
    classify(&text("name"), text("message"))
}

fn unavailable(_: JsValue) -> StoreError {
    StoreError::Other("IndexedDB is not available".into())
}

fn classify(name: &str, message: String) -> StoreError {
    match name {
        "QuotaExceededError" => StoreError::QuotaExceeded,
        "VersionError" => StoreError::Closed("a newer version of this program uses it".into()),
        "InvalidStateError" | "NotFoundError" => closed(),
        _ => StoreError::Other(if message.is_empty() { name.into() } else { message }),
    }
}

/// The database is not open any more.
pub fn closed() -> StoreError {
    StoreError::Closed("by the browser or another tab".into())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "versions are small whole numbers")]
fn to_version(version: f64) -> u32 {
    version as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart_by_their_names() {
        let is = |name: &str| classify(name, "words".into());
        assert_eq!(is("QuotaExceededError"), StoreError::QuotaExceeded);
        assert!(matches!(is("VersionError"), StoreError::Closed(_)), "which is no reason to delete anything");
        assert!(matches!(is("InvalidStateError"), StoreError::Closed(_)));
        assert_eq!(is("UnknownError"), StoreError::Other("words".into()));
        assert_eq!(classify("AbortError", String::new()), StoreError::Other("AbortError".into()));
    }
}
