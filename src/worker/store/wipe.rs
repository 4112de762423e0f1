//! Deleting an account from the device, and saying so if a part stays behind (attack case S-07).

use js_sys::{Array, Promise};
use plausch_engine::store::StoreError;
use plausch_model::BareJid;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::account::AccountStore;
use super::connection;
use super::device::{Device, Standing};

/// What the page shows at its next start before anything else (public/last.js). It may show any account's chats.
const LAST_VIEW: &str = "plausch-view";
/// Caches of this program; others of the same origin are none of our business.
const CACHE_PREFIX: &str = "plausch";

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = caches, js_name = keys, catch)]
    fn cache_names() -> Result<Promise<Array>, JsValue>;

    #[wasm_bindgen(js_namespace = caches, js_name = delete, catch)]
    fn delete_cache(name: &str) -> Result<Promise, JsValue>;
}

/// Deletes the account's key, its entry, its database, and with the last account all the rest. The key goes first: what
/// stays behind without it is unreadable. Answers what could not be deleted, in words.
pub async fn erase(account: &BareJid) -> Result<(), String> {
    let mut left = vec![];
    left.extend(erase_account(account).await.err());
    erase_rest(&mut left).await;
    said(&left)
}

/// Deletes the account's key, its entry and its database. Answers what could not be deleted, in words.
pub async fn erase_account(account: &BareJid) -> Result<(), String> {
    let mut left = vec![];
    if let Err(error) = forget(account).await {
        left.push(format!("the account's key: {error}"));
    }
    erase_messages(account, &mut left).await;
    said(&left)
}

/// Deletes all accounts and all the rest: all keys first. Answers what could not be deleted, in words.
pub async fn wipe() -> Result<(), String> {
    let mut left = vec![];
    match forget_everybody().await {
        Ok(accounts) => {
            for account in &accounts {
                erase_messages(account, &mut left).await;
            }
        }
        Err(error) => left.push(format!("the keys: {error}")),
    }
    erase_rest(&mut left).await;
    said(&left)
}

async fn erase_messages(account: &BareJid, left: &mut Vec<String>) {
    if let Err(error) = connection::delete(LAST_VIEW).await {
        left.push(format!("the last view: {error}"));
    }
    if let Err(error) = AccountStore::delete(account).await {
        left.push(format!("the messages: {error}"));
    }
}

/// Deletes what is left when there is no account any more.
async fn erase_rest(left: &mut Vec<String>) {
    match forget_device().await {
        Ok(false) => {}
        Ok(true) => delete_caches().await.unwrap_or_else(|()| left.push("the cached files".into())),
        Err(error) => left.push(format!("the list of accounts: {error}")),
    }
}

fn said(left: &[String]) -> Result<(), String> {
    if left.is_empty() { Ok(()) } else { Err(left.join("; ")) }
}

/// Deletes what sign-ins that never succeeded have left. Answers with the device's database, if there is one, and which
/// accounts are signed in.
pub async fn leftovers_gone() -> Result<Option<(Device, Vec<BareJid>)>, StoreError> {
    let Some(mut device) = Device::open_existing().await? else { return Ok(None) };
    let (signed_in, unfinished): (Vec<_>, Vec<_>) =
        device.accounts().await?.into_iter().partition(|(_, standing)| *standing == Standing::SignedIn);
    if !unfinished.is_empty() {
        drop(device);
        for (account, _) in unfinished {
            // Tried again at the next start.
            let _ = erase(&account).await;
        }
        let Some(left) = Device::open_existing().await? else { return Ok(None) };
        device = left;
    }
    Ok(Some((device, signed_in.into_iter().map(|(account, _)| account).collect())))
}

async fn forget(account: &BareJid) -> Result<(), StoreError> {
    match Device::open_existing().await? {
        Some(device) => device.forget(account).await,
        None => Ok(()),
    }
}

/// Forgets all accounts with their keys, and answers which there were.
async fn forget_everybody() -> Result<Vec<BareJid>, StoreError> {
    let Some(device) = Device::open_existing().await? else { return Ok(vec![]) };
    let accounts = device.accounts().await?;
    device.clear().await?;
    Ok(accounts.into_iter().map(|(account, _)| account).collect())
}

/// Whether nothing of any account is left.
async fn forget_device() -> Result<bool, StoreError> {
    match Device::open_existing().await? {
        Some(device) => device.delete_if_empty().await,
        None => Ok(true),
    }
}

async fn delete_caches() -> Result<(), ()> {
    // A browser without Cache Storage has nothing cached.
    let Ok(names) = cache_names() else { return Ok(()) };
    let names = JsFuture::from(names).await.map_err(drop)?;
    for name in Array::from(&names).iter().filter_map(|name| name.as_string()) {
        if name.starts_with(CACHE_PREFIX) {
            JsFuture::from(delete_cache(&name).map_err(drop)?).await.map_err(drop)?;
        }
    }
    Ok(())
}
