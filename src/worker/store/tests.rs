//! In Chromium: the contract, sealing, the fence, the wipe and the vault.
#![allow(clippy::arithmetic_side_effects)]

mod vault;

use std::cell::Cell;
use std::future::Future;
use std::task::Poll;

use js_sys::{Array, Promise};
use plausch_engine::store::{Batch, Loaded, Query, Row, SCHEMA_VERSION, Store, StoreError, Table, contract};
use plausch_model::BareJid;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use super::connection::{Connection, Shape};
use super::wipe::{erase, leftovers_gone};
use super::*;
use crate::platform::property;
use crate::random::Random;
use crate::sealing::DataKey;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = indexedDB, js_name = databases)]
    fn databases() -> Promise;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = exportKey)]
    fn export_key(format: &str, key: &JsValue) -> Promise;

    #[wasm_bindgen(js_namespace = caches, js_name = open)]
    fn open_cache(name: &str) -> Promise;

    #[wasm_bindgen(js_namespace = caches, js_name = has)]
    fn has_cache(name: &str) -> Promise;

    #[wasm_bindgen(js_namespace = caches, js_name = delete)]
    fn delete_cache(name: &str) -> Promise;

    #[wasm_bindgen(js_namespace = indexedDB, js_name = open)]
    fn open_stubbornly(name: &str, version: u32) -> JsValue;
}

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

/// An address that no other test uses.
fn somebody() -> BareJid {
    COUNT.set(COUNT.get() + 1);
    BareJid::new(format!("romeo{}@store.test", COUNT.get()))
}

/// The names of the databases that there are, as far as they contain this.
pub async fn databases_with(part: &str) -> Vec<String> {
    let list = Array::from(&JsFuture::from(databases()).await.unwrap());
    let names = list.iter().filter_map(|database| property(&database, "name").as_string());
    names.filter(|name| name.contains(part)).collect()
}

/// Forgets what earlier tests have left.
pub async fn clean_device() {
    for name in databases_with("plausch").await {
        super::connection::delete(&name).await.unwrap();
    }
}

/// Runs all at once.
async fn futures_join<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(|future| (Some(Box::pin(future)), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in &mut futures {
            if let Some(running) = future
                && let Poll::Ready(done) = running.as_mut().poll(context)
            {
                (*future, *output) = (None, Some(done));
            }
        }
        if futures.iter().all(|(future, _)| future.is_none()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    futures.into_iter().filter_map(|(_, output)| output).collect()
}

/// Has a newer version of the program use the account's database.
pub async fn raise_version(account: &BareJid) {
    let newer = Shape { version: SCHEMA_VERSION + 1, upgrade: |_, _| Some(()) };
    drop(Connection::open(&format!("plausch:account:{account}"), newer).await.unwrap());
}

async fn new_store(account: &BareJid) -> (AccountStore, MasterKey) {
    let key = MasterKey::generate().await.unwrap();
    let secret = DataKey::new([9; 32]);
    let wrapped = key.wrap(account, &secret, &mut Random::default()).await.unwrap();
    (AccountStore::create(account, secret, Some(&wrapped)).await.unwrap(), key)
}

async fn put(store: &mut AccountStore, key: &str, value: &[u8]) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    batch.put(Table::Meta, key.as_bytes(), value.to_vec());
    store.commit(batch).await
}

async fn get(store: &mut AccountStore, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let query = Query::Get(Table::Meta, vec![key.as_bytes().to_vec()]);
    let Loaded::Found(mut found) = store.load(vec![query]).await?.remove(0) else { panic!("found") };
    Ok(found.remove(0).map(|row| row.value))
}

async fn rows(store: &mut AccountStore) -> Vec<Row> {
    let Loaded::Rows(rows) = store.load(vec![Query::All(Table::Meta)]).await.unwrap().remove(0) else { panic!("rows") };
    rows
}

#[wasm_bindgen_test]
async fn passes_the_contract_sealed() {
    assert_eq!(contract::run(|| async { new_store(&somebody()).await.0 }).await, contract::CASES);
}

#[wasm_bindgen_test]
async fn passes_the_contract_without_the_sealing() {
    let count = contract::run(|| async { AccountStore::create_unsealed(&somebody()).await }).await;
    assert_eq!(count, contract::CASES);
}

#[wasm_bindgen_test]
async fn what_is_stored_is_there_when_opened_again_and_nowhere_readable() {
    let account = somebody();
    let (mut store, key) = new_store(&account).await;
    put(&mut store, "note", b"the balcony at midnight").await.unwrap();
    drop(store);
    let mut again = AccountStore::open(&account, &key, None).await.unwrap();
    assert_eq!(get(&mut again, "note").await, Ok(Some(b"the balcony at midnight".to_vec())));
    let mut raw = AccountStore::open_unsealed(&account).await;
    let sealed = get(&mut raw, "note").await.unwrap().unwrap();
    assert!(!sealed.windows(7).any(|part| part == b"balcony"));
}

#[wasm_bindgen_test]
async fn swapped_and_edited_records_are_damaged_and_the_others_still_open() {
    let account = somebody();
    let (mut store, key) = new_store(&account).await;
    for name in ["trusted", "blocked", "edited", "untouched"] {
        put(&mut store, name, name.as_bytes()).await.unwrap();
    }
    let mut raw = AccountStore::open_unsealed(&account).await;
    let (trusted, blocked) = (get(&mut raw, "trusted").await.unwrap(), get(&mut raw, "blocked").await.unwrap());
    let mut edited = get(&mut raw, "edited").await.unwrap().unwrap();
    *edited.last_mut().unwrap() ^= 1;
    put(&mut raw, "trusted", &blocked.unwrap()).await.unwrap();
    put(&mut raw, "blocked", &trusted.unwrap()).await.unwrap();
    put(&mut raw, "edited", &edited).await.unwrap();
    put(&mut raw, "forged", b"no record at all").await.unwrap();

    let mut store = AccountStore::open(&account, &key, None).await.unwrap();
    for name in ["trusted", "blocked", "edited", "forged"] {
        assert_eq!(get(&mut store, name).await, Ok(None), "{name}");
        assert!(matches!(store.take_damage(), Some(StoreError::Damaged(_))), "{name}");
    }
    assert_eq!(rows(&mut store).await.len(), 1, "the good one");
    assert!(matches!(store.take_damage(), Some(StoreError::Damaged(_))));
    assert_eq!(get(&mut store, "untouched").await, Ok(Some(b"untouched".to_vec())));
    assert_eq!(store.take_damage(), None);
}

#[wasm_bindgen_test]
async fn a_value_that_is_no_record_is_damaged() {
    let account = somebody();
    let (_, key) = new_store(&account).await;
    let mut store = AccountStore::open(&account, &key, None).await.unwrap();
    store.put_foreign_value(Table::Meta, b"number", JsValue::from(5)).await;
    assert_eq!(get(&mut store, "number").await, Ok(None));
    assert!(matches!(store.take_damage(), Some(StoreError::Damaged(_))));
}

#[wasm_bindgen_test]
async fn only_the_newest_opening_may_write() {
    let account = somebody();
    let (mut first, key) = new_store(&account).await;
    put(&mut first, "a", b"1").await.unwrap();
    let mut second = AccountStore::open(&account, &key, None).await.unwrap();
    assert!(matches!(put(&mut first, "a", b"2").await, Err(StoreError::Closed(_))));
    assert_eq!(get(&mut second, "a").await, Ok(Some(b"1".to_vec())), "nothing of the refused batch was written");
    put(&mut second, "a", b"3").await.unwrap();
    assert_eq!(get(&mut second, "a").await, Ok(Some(b"3".to_vec())));
}

/// Whoever opens at the same time gets a number of their own, so that one of them only may write.
#[wasm_bindgen_test]
async fn openings_at_the_same_time_have_one_winner() {
    let account = somebody();
    let (first, key) = new_store(&account).await;
    drop(first);
    let openings = (0..8).map(|_| AccountStore::open(&account, &key, None));
    let mut winners = 0;
    for opened in futures_join(openings).await {
        winners += u32::from(put(&mut opened.unwrap(), "a", b"1").await.is_ok());
    }
    assert_eq!(winners, 1);
}

#[wasm_bindgen_test]
async fn batches_of_two_openings_never_mix() {
    let account = somebody();
    let (mut first, key) = new_store(&account).await;
    let mut second = AccountStore::open(&account, &key, None).await.unwrap();
    let mut batch = Batch::default();
    (0..100_u8).for_each(|n| batch.put(Table::Meta, [n], vec![n]));
    assert!(first.commit(batch).await.is_err());
    assert_eq!(rows(&mut second).await, vec![]);
}

#[wasm_bindgen_test]
async fn the_master_key_wraps_for_one_account_and_cannot_be_exported() {
    let account = somebody();
    let key = MasterKey::generate().await.unwrap();
    assert!(JsFuture::from(export_key("raw", key.as_js())).await.is_err());
    assert!(JsFuture::from(export_key("jwk", key.as_js())).await.is_err());
    let secret = DataKey::new([9; 32]);
    let wrapped = key.wrap(&account, &secret, &mut Random::default()).await.unwrap();
    assert_eq!(*key.unwrap(&account, &wrapped).await.unwrap(), *secret);
    let refused = |result: Result<DataKey, StoreError>| matches!(result, Err(StoreError::Damaged(_)));
    assert!(refused(key.unwrap(&somebody(), &wrapped).await));
    assert!(refused(MasterKey::generate().await.unwrap().unwrap(&account, &wrapped).await));
    assert!(refused(key.unwrap(&account, &wrapped[..20]).await));
    assert!(refused(key.unwrap(&account, &[]).await));
}

#[wasm_bindgen_test]
async fn a_database_that_was_deleted_is_missed_and_not_made_anew() {
    let account = somebody();
    let (store, key) = new_store(&account).await;
    store.wipe().await.unwrap();
    assert!(matches!(AccountStore::open(&account, &key, None).await, Err(StoreError::Damaged(_))));
    assert_eq!(databases_with(account.as_str()).await, Vec::<String>::new());
}

#[wasm_bindgen_test]
async fn a_store_lets_go_when_somebody_deletes_it() {
    let account = somebody();
    let (mut store, _) = new_store(&account).await;
    AccountStore::delete(&account).await.unwrap();
    assert!(matches!(put(&mut store, "a", b"1").await, Err(StoreError::Closed(_))));
    assert!(matches!(get(&mut store, "a").await, Err(StoreError::Closed(_))));
}

#[wasm_bindgen_test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let account = somebody();
    let (store, key) = new_store(&account).await;
    drop(store);
    raise_version(&account).await;
    assert!(matches!(AccountStore::open(&account, &key, None).await, Err(StoreError::Closed(_))));
}

#[wasm_bindgen_test]
async fn the_device_knows_its_accounts_and_their_keys() {
    let (romeo, juliet) = (somebody(), somebody());
    let device = Device::open().await.unwrap();
    device.begin("host", &romeo, &MasterKey::generate().await.unwrap(), None).await.unwrap();
    device.set_standing(&juliet, Standing::SignedIn).await.unwrap();
    drop(device);
    let device = Device::open_existing().await.unwrap().unwrap();
    assert_eq!(device.standing(&romeo).await, Ok(Some(Standing::SigningIn)));
    assert!(device.accounts().await.unwrap().contains(&(juliet.clone(), Standing::SignedIn)));
    assert!(device.keys(&romeo).await.unwrap().0.is_some());
    assert!(device.keys(&juliet).await.unwrap().0.is_none());
    device.forget(&romeo).await.unwrap();
    assert_eq!(device.standing(&romeo).await, Ok(None));
    assert!(device.keys(&romeo).await.unwrap().0.is_none());
    drop(device);
    erase(&juliet).await.unwrap();
}

/// Signs somebody in as far as the store is concerned.
async fn settle(account: &BareJid, standing: Standing) {
    let device = Device::open().await.unwrap();
    let (mut store, key) = new_store(account).await;
    device.begin("host", account, &key, None).await.unwrap();
    device.set_standing(account, standing).await.unwrap();
    put(&mut store, "a", b"1").await.unwrap();
}

#[wasm_bindgen_test]
async fn erasing_the_last_account_leaves_nothing() {
    clean_device().await;
    let (romeo, juliet) = (somebody(), somebody());
    settle(&romeo, Standing::SignedIn).await;
    settle(&juliet, Standing::SignedIn).await;
    for cache in ["plausch-shell", "somebody-elses"] {
        JsFuture::from(open_cache(cache)).await.unwrap();
    }
    erase(&romeo).await.unwrap();
    assert_eq!(databases_with("plausch").await.len(), 2, "juliet's and the device's");
    assert!(JsFuture::from(has_cache("plausch-shell")).await.unwrap().is_truthy());
    erase(&juliet).await.unwrap();
    assert_eq!(databases_with("plausch").await, Vec::<String>::new());
    assert!(JsFuture::from(has_cache("plausch-shell")).await.unwrap().is_falsy());
    assert!(JsFuture::from(has_cache("somebody-elses")).await.unwrap().is_truthy());
    JsFuture::from(delete_cache("somebody-elses")).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_database_that_cannot_be_deleted_is_reported_and_its_key_is_gone() {
    clean_device().await;
    let account = somebody();
    settle(&account, Standing::SignedIn).await;
    let request = open_stubbornly(&format!("plausch:account:{account}"), SCHEMA_VERSION);
    crate::platform::sleep(200).await;
    let left = erase(&account).await.unwrap_err();
    assert!(left.contains("the messages") && left.contains("another tab still uses it"), "{left}");
    assert_eq!(databases_with("plausch").await.len(), 1, "only the database that is in use");
    property(&request, "result").unchecked_into::<web_sys::IdbDatabase>().close();
    erase(&account).await.unwrap();
    assert_eq!(databases_with("plausch").await, Vec::<String>::new());
}

async fn signed_in() -> Vec<BareJid> {
    leftovers_gone().await.unwrap().map(|(_, accounts)| accounts).unwrap_or_default()
}

#[wasm_bindgen_test]
async fn sign_ins_that_never_succeeded_are_cleared_away() {
    clean_device().await;
    let (romeo, juliet) = (somebody(), somebody());
    settle(&romeo, Standing::SigningIn).await;
    settle(&juliet, Standing::SignedIn).await;
    assert_eq!(signed_in().await, std::slice::from_ref(&juliet));
    assert_eq!(databases_with(romeo.as_str()).await, Vec::<String>::new());
    assert_eq!(databases_with(juliet.as_str()).await.len(), 1);
    erase(&juliet).await.unwrap();
}

#[wasm_bindgen_test]
async fn asking_an_empty_device_makes_nothing() {
    clean_device().await;
    assert_eq!(signed_in().await, []);
    assert_eq!(databases_with("plausch").await, Vec::<String>::new());
}
