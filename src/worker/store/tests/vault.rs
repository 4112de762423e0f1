//! The lock: what opens with it, what does not without, and what an interruption leaves.

use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use plausch_model::{AutoLock, LockError, Secret};

use super::*;
use crate::passphrase::Lock;
use crate::store::data_key;

const FIRST: &str = "correct horse";
const SECOND: &str = "battery staple";

fn secret(passphrase: &str) -> Secret {
    Secret::new(passphrase)
}

/// Signs somebody in to stay, with a record.
async fn settle_in(vault: &Vault, account: &BareJid) {
    let mut store = vault.create(account).await.unwrap();
    put(&mut store, "note", account.as_str().as_bytes()).await.unwrap();
    vault.remember(account).await.unwrap();
}

async fn protect(vault: &Vault, old: Option<&str>, new: Option<&str>) -> Result<Option<AutoLock>, LockError> {
    vault.protect(old.map(secret).as_ref(), new.map(secret).as_ref()).await
}

async fn reads(vault: &Vault, account: &BareJid) -> bool {
    let Ok(mut store) = vault.open(account).await else { return false };
    get(&mut store, "note").await == Ok(Some(account.as_str().into()))
}

/// A device without anything, for one host.
async fn new_vault() -> Vault {
    clean_device().await;
    let vault = Vault::cheap("host");
    assert_eq!(vault.look().await, Ok(Kept::Open(vec![])));
    vault
}

/// The same device after the program has died, for another host.
async fn reborn() -> (Vault, Kept) {
    let vault = Vault::cheap("another host");
    let kept = vault.look().await.unwrap();
    (vault, kept)
}

#[wasm_bindgen_test]
async fn without_the_passphrase_nothing_opens_even_with_the_browsers_key() {
    let (romeo, juliet) = (somebody(), somebody());
    let vault = new_vault().await;
    settle_in(&vault, &romeo).await;
    assert_eq!(protect(&vault, None, Some(FIRST)).await, Ok(Some(AutoLock::QuarterHour)));
    // Who signs in later is locked from the start.
    settle_in(&vault, &juliet).await;
    assert!(reads(&vault, &romeo).await && reads(&vault, &juliet).await);

    let (vault, kept) = reborn().await;
    assert_eq!(kept, Kept::Locked);
    let device = Device::open_existing().await.unwrap().unwrap();
    for account in [&romeo, &juliet] {
        assert!(matches!(vault.open(account).await, Err(StoreError::Closed(_))));
        let key = device.keys(account).await.unwrap().0.unwrap();
        assert!(
            matches!(AccountStore::open(account, &key, None).await, Err(StoreError::Damaged(_))),
            "no copy is left"
        );
        let wrapped = device.wrapped_key(account).await.unwrap().unwrap();
        assert_eq!(wrapped[0], 2, "the format of what is wrapped twice");
        assert!(matches!(key.unwrap(account, &wrapped).await, Err(StoreError::Damaged(_))));
        assert!(matches!(key.unwrap(account, &[&[1], &wrapped[1..]].concat()).await, Err(StoreError::Damaged(_))));
    }
    assert!(matches!(vault.create(&somebody()).await, Err(StoreError::Closed(_))), "nobody signs in while locked");
    assert_eq!(vault.unlock(&secret(SECOND)).await, Err(LockError::WrongPassphrase));
    assert!(!vault.is_unlocked());
    let (accounts, auto_lock) = vault.unlock(&secret(FIRST)).await.unwrap();
    assert!(accounts.len() == 2 && auto_lock == AutoLock::QuarterHour);
    assert!(reads(&vault, &romeo).await && reads(&vault, &juliet).await);
    vault.forget();
    assert!(!reads(&vault, &romeo).await);
}

#[wasm_bindgen_test]
async fn the_passphrase_is_changed_and_removed_with_the_old_one_only() {
    let romeo = somebody();
    let vault = new_vault().await;
    assert_eq!(protect(&vault, None, Some(FIRST)).await, Err(LockError::NothingKept));
    settle_in(&vault, &romeo).await;
    assert_eq!(protect(&vault, None, Some("1234567")).await, Err(LockError::TooShort));
    protect(&vault, None, Some(FIRST)).await.unwrap();
    assert_eq!(vault.set_auto_lock(AutoLock::Hour).await, Ok(Some(AutoLock::Hour)));
    for old in [None, Some(SECOND)] {
        assert_eq!(protect(&vault, old, Some(SECOND)).await, Err(LockError::WrongPassphrase));
        assert_eq!(protect(&vault, old, None).await, Err(LockError::WrongPassphrase));
    }
    assert_eq!(protect(&vault, Some(FIRST), Some(SECOND)).await, Ok(Some(AutoLock::Hour)));
    assert!(reads(&vault, &romeo).await);

    let (vault, _) = reborn().await;
    assert_eq!(vault.unlock(&secret(FIRST)).await, Err(LockError::WrongPassphrase));
    assert_eq!(vault.unlock(&secret(SECOND)).await.map(|(_, auto_lock)| auto_lock), Ok(AutoLock::Hour));
    assert_eq!(protect(&vault, Some(SECOND), None).await, Ok(None));
    let (vault, kept) = reborn().await;
    assert_eq!(kept, Kept::Open(vec![romeo.clone()]));
    assert!(reads(&vault, &romeo).await);
    let device = Device::open_existing().await.unwrap().unwrap();
    assert!(device.wrapped_key(&romeo).await.unwrap().is_none(), "as it was before");
}

/// Opened twice, an account could write under the later number only.
#[wasm_bindgen_test]
async fn an_account_that_is_opened_ahead_is_opened_once() {
    let (romeo, juliet) = (somebody(), somebody());
    let vault = new_vault().await;
    settle_in(&vault, &romeo).await;
    settle_in(&vault, &juliet).await;
    for early in [true, false] {
        let (vault, _) = reborn().await;
        let ahead = async {
            vault.open_ahead().await;
            None
        };
        let asked = async { Some(vault.open(&romeo).await.unwrap()) };
        let store = if early { both(asked, ahead).await } else { both(ahead, asked).await };
        let mut store = store.unwrap();
        put(&mut store, "note", b"again").await.unwrap();
        put(&mut vault.open(&juliet).await.unwrap(), "note", b"too").await.unwrap();
        vault.open_ahead().await;
        put(&mut store, "note", romeo.as_str().as_bytes()).await.unwrap();
    }
    // What was deleted meanwhile is not handed out, nor what was opened before the lock.
    let (vault, _) = reborn().await;
    vault.open_ahead().await;
    vault.erase(&romeo).await.0.unwrap();
    assert!(matches!(vault.open(&romeo).await, Err(StoreError::Damaged(_))));
    AccountStore::delete(&juliet).await.unwrap();
    assert!(matches!(vault.open(&juliet).await, Err(StoreError::Damaged(_))));
    let (vault, _) = reborn().await;
    settle_in(&vault, &romeo).await;
    protect(&vault, None, Some(FIRST)).await.unwrap();
    vault.forget();
    vault.open_ahead().await;
    assert!(!reads(&vault, &romeo).await);
}

/// Runs both at the same time; the first begins.
async fn both<T>(first: impl Future<Output = Option<T>>, second: impl Future<Output = Option<T>>) -> Option<T> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut left, mut found) = ([true, true], None);
    std::future::poll_fn(|context| {
        for (place, future) in [(0, first.as_mut() as Pin<&mut dyn Future<Output = Option<T>>>), (1, second.as_mut())] {
            if left[place]
                && let Poll::Ready(output) = future.poll(context)
            {
                left[place] = false;
                found = found.take().or(output);
            }
        }
        if left == [false, false] { Poll::Ready(found.take()) } else { Poll::Pending }
    })
    .await
}

/// The same characters, composed and in pieces.
#[wasm_bindgen_test]
async fn a_passphrase_may_be_typed_in_another_way() {
    let vault = new_vault().await;
    settle_in(&vault, &somebody()).await;
    protect(&vault, None, Some("Ber\u{fc}hrung \u{fb01}")).await.unwrap();
    assert!(vault.unlock(&secret("Beru\u{308}hrung fi")).await.is_ok());
}

/// What the program was doing when it died: at each point at which it waits.
#[wasm_bindgen_test]
async fn whenever_the_program_dies_everything_can_be_opened_with_one_of_the_two() {
    let changes = [(None, Some(FIRST)), (Some(FIRST), Some(SECOND)), (Some(FIRST), None)];
    for (old, new) in changes {
        let mut steps = 0;
        while !dies_after(steps, old, new).await {
            steps += 1;
        }
        assert!(steps > 2, "{old:?} {new:?}: {steps}");
    }
}

/// Whether it had finished before.
async fn dies_after(steps: u32, old: Option<&str>, new: Option<&str>) -> bool {
    let accounts = [somebody(), somebody()];
    let vault = new_vault().await;
    for account in &accounts {
        settle_in(&vault, account).await;
    }
    if old.is_some() {
        protect(&vault, None, old).await.unwrap();
    }
    let finished = polled(steps, protect(&vault, old, new)).await;
    drop(vault);

    let (vault, kept) = reborn().await;
    let passphrases: Vec<&str> = [old, new].into_iter().flatten().collect();
    match kept {
        Kept::Open(_) => assert!(old.is_none() || new.is_none(), "step {steps}"),
        Kept::Locked => {
            let mut opened = 0;
            for passphrase in &passphrases {
                opened += u32::from(vault.unlock(&secret(passphrase)).await.is_ok());
            }
            assert_eq!(opened, 1, "step {steps}: one of them is the passphrase");
        }
    }
    let locked = vault.is_unlocked();
    for account in &accounts {
        assert!(reads(&vault, account).await, "step {steps}");
        let copy = data_key::read(account).await.unwrap();
        assert_eq!(copy.is_none(), locked, "step {steps}: a copy is left exactly where there is no lock");
    }
    assert!(!finished || locked == new.is_some());
    finished
}

/// Has a future go on so many times, and drops it. Answers whether it had finished.
async fn polled<T>(steps: u32, future: impl Future<Output = T>) -> bool {
    let mut future = pin!(future);
    let mut step = 0;
    std::future::poll_fn(|context| {
        if step > steps {
            return Poll::Ready(false);
        }
        step += 1;
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}

#[wasm_bindgen_test]
async fn a_host_that_was_replaced_changes_nothing() {
    let romeo = somebody();
    let replaced = new_vault().await;
    settle_in(&replaced, &romeo).await;
    let (vault, _) = reborn().await;
    assert!(matches!(protect(&replaced, None, Some(FIRST)).await, Err(LockError::Storage(_))));
    assert_eq!(reborn().await.1, Kept::Open(vec![romeo.clone()]));
    assert!(matches!(replaced.create(&somebody()).await, Err(StoreError::Closed(_))));

    vault.look().await.unwrap();
    protect(&vault, None, Some(FIRST)).await.unwrap();
    let (newest, _) = reborn().await;
    newest.unlock(&secret(FIRST)).await.unwrap();
    protect(&newest, Some(FIRST), Some(SECOND)).await.unwrap();
    assert!(matches!(vault.open(&romeo).await, Err(StoreError::Closed(_))), "its key is of the past");
    assert!(reads(&newest, &romeo).await);
}

#[wasm_bindgen_test]
async fn wiping_leaves_nothing_and_erasing_the_last_account_takes_the_lock_with_it() {
    for wiped in [true, false] {
        let (romeo, juliet) = (somebody(), somebody());
        let vault = new_vault().await;
        settle_in(&vault, &romeo).await;
        settle_in(&vault, &juliet).await;
        protect(&vault, None, Some(FIRST)).await.unwrap();
        if wiped {
            vault.forget();
            vault.wipe().await.unwrap();
        } else {
            assert_eq!(vault.erase(&romeo).await, (Ok(()), false));
            assert!(vault.is_unlocked() && reads(&vault, &juliet).await);
            assert_eq!(vault.erase(&juliet).await, (Ok(()), true));
        }
        assert!(!vault.is_unlocked());
        assert_eq!(databases_with("plausch").await, Vec::<String>::new());
        assert_eq!(vault.look().await, Ok(Kept::Open(vec![])));
    }
}

#[wasm_bindgen_test]
async fn a_damaged_lock_opens_nothing_and_can_be_wiped() {
    let romeo = somebody();
    let vault = new_vault().await;
    settle_in(&vault, &romeo).await;
    protect(&vault, None, Some(FIRST)).await.unwrap();
    let device = Device::open_existing().await.unwrap().unwrap();
    let mut bytes = device.lock().await.unwrap().unwrap().to_bytes();
    // Sixteen times as much memory as there is.
    bytes[1] = 1;
    assert!(matches!(Lock::read(&bytes), Err(StoreError::Damaged(_))));
    bytes[1] = 0;
    *bytes.last_mut().unwrap() ^= 1;
    device.keep_lock("another host", &Lock::read(&bytes).unwrap()).await.unwrap_err();
    device.keep_lock("host", &Lock::read(&bytes).unwrap()).await.unwrap();
    drop(device);
    let (vault, kept) = reborn().await;
    assert_eq!(kept, Kept::Locked);
    assert_eq!(vault.unlock(&secret(FIRST)).await, Err(LockError::WrongPassphrase));
    vault.wipe().await.unwrap();
    assert_eq!(databases_with("plausch").await, Vec::<String>::new());
}

/// What an earlier version of the program has made.
#[wasm_bindgen_test]
async fn a_device_from_before_there_were_locks_gets_one() {
    clean_device().await;
    let romeo = somebody();
    let old = Shape {
        version: 1,
        upgrade: |database, _| {
            database.create("accounts")?;
            database.create("keys")
        },
    };
    let connection = Connection::open("plausch", old).await.unwrap();
    let (mut store, key) = new_store(&romeo).await;
    put(&mut store, "note", romeo.as_str().as_bytes()).await.unwrap();
    let transaction = connection.write(&["accounts", "keys"]).unwrap();
    transaction.store("accounts").unwrap().put(&romeo.as_str().into(), &JsValue::TRUE).unwrap();
    transaction.store("keys").unwrap().put(&romeo.as_str().into(), key.as_js()).unwrap();
    transaction.complete().await.unwrap();
    drop((connection, store));

    let (vault, kept) = reborn().await;
    assert_eq!(kept, Kept::Open(vec![romeo.clone()]));
    assert!(reads(&vault, &romeo).await);
    protect(&vault, None, Some(FIRST)).await.unwrap();
    assert!(reads(&vault, &romeo).await);
}

/// Not with the costs of tests.
#[wasm_bindgen_test]
async fn a_passphrase_costs_what_it_is_to_cost() {
    clean_device().await;
    let vault = Vault::new("host".into());
    vault.look().await.unwrap();
    settle_in(&vault, &somebody()).await;
    protect(&vault, None, Some(FIRST)).await.unwrap();
    let bytes = Device::open_existing().await.unwrap().unwrap().lock().await.unwrap().unwrap().to_bytes();
    assert_eq!(bytes[1..13], [0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1]);
    // The memory is given back: as often as one likes.
    for _ in 0..3 {
        assert_eq!(vault.unlock(&secret(SECOND)).await, Err(LockError::WrongPassphrase));
    }
    let megabytes = wasm_bindgen::memory().unchecked_into::<js_sys::WebAssembly::Memory>().buffer();
    let megabytes = js_sys::ArrayBuffer::from(megabytes).byte_length() >> 20;
    assert!(megabytes < 200, "{megabytes} MiB");
    let mut context = Context::from_waker(Waker::noop());
    assert!(pin!(vault.unlock(&secret(FIRST))).poll(&mut context).is_pending());
    assert!(vault.unlock(&secret(FIRST)).await.is_ok(), "a turn that was given up is free");
    clean_device().await;
}
