//! The key that wraps an account's data key: made by the browser, kept by the browser, never handed out.
//!
//! A script that runs in this origin can use it, but not carry it away; a copy of the database without the browser's own
//! key storage opens nothing.

use js_sys::{Object, Promise, Uint8Array};
use plausch_engine::store::StoreError;
use plausch_model::BareJid;
use rand_core::CryptoRng;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use zeroize::Zeroizing;

use crate::platform::object;
use crate::sealing::DataKey;

/// The present format of a wrapped data key: `version ‖ nonce ‖ AES-256-GCM(data key)`.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;
const PURPOSE: &str = "plausch data key";

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = generateKey, catch)]
    fn generate_key(algorithm: &Object, extractable: bool, usages: Vec<String>) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = encrypt, catch)]
    fn encrypt(algorithm: &Object, key: &JsValue, data: &Uint8Array) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = decrypt, catch)]
    fn decrypt(algorithm: &Object, key: &JsValue, data: &Uint8Array) -> Result<Promise, JsValue>;
}

/// A non-extractable AES-256-GCM `CryptoKey`.
#[derive(Clone)]
pub struct MasterKey(JsValue);

impl MasterKey {
    /// Has the browser make one.
    pub async fn generate() -> Result<Self, StoreError> {
        let algorithm = object(&[("name", "AES-GCM".into()), ("length", 256.into())]);
        let usages = vec!["encrypt".into(), "decrypt".into()];
        let key = finish(generate_key(&algorithm, false, usages)).await;
        key.map(Self).ok_or_else(|| StoreError::Other("this browser makes no keys on an insecure page".into()))
    }

    /// Takes one from where it was stored.
    pub fn from_js(key: JsValue) -> Option<Self> {
        key.is_object().then_some(Self(key))
    }

    /// The key as it can be stored.
    pub fn as_js(&self) -> &JsValue {
        &self.0
    }

    /// Wraps a data key for this account.
    pub async fn wrap(
        &self,
        account: &BareJid,
        data_key: &DataKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let plain = Uint8Array::from(data_key.as_slice());
        let wrapped = finish(encrypt(&algorithm(account, &nonce), &self.0, &plain)).await;
        plain.fill(0, 0, plain.length());
        let wrapped = wrapped.ok_or_else(|| StoreError::Other("the browser could not wrap the key".into()))?;
        Ok([&[VERSION], nonce.as_slice(), &Uint8Array::new(&wrapped).to_vec()].concat())
    }

    /// Unwraps what was wrapped for this account.
    pub async fn unwrap(&self, account: &BareJid, wrapped: &[u8]) -> Result<DataKey, StoreError> {
        let damaged = || StoreError::Damaged("its key cannot be opened".into());
        let Some(([VERSION], rest)) = wrapped.split_first_chunk::<1>() else { return Err(damaged()) };
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or_else(damaged)?;
        let opened = finish(decrypt(&algorithm(account, nonce), &self.0, &Uint8Array::from(sealed))).await;
        let plain = Uint8Array::new(&opened.ok_or_else(damaged)?);
        let mut data_key = Zeroizing::new([0; 32]);
        let fits = plain.length() == 32;
        if fits {
            plain.copy_to(data_key.as_mut_slice());
        }
        plain.fill(0, 0, plain.length());
        if fits { Ok(data_key) } else { Err(damaged()) }
    }
}

/// Binds what is wrapped to the account, the purpose and the format. An address contains no zero byte.
fn algorithm(account: &BareJid, nonce: &[u8]) -> Object {
    let aad = [account.as_str().as_bytes(), &[0], PURPOSE.as_bytes(), &[0, VERSION]].concat();
    object(&[
        ("name", "AES-GCM".into()),
        ("iv", Uint8Array::from(nonce).into()),
        ("additionalData", Uint8Array::from(aad.as_slice()).into()),
    ])
}

async fn finish(promise: Result<Promise, JsValue>) -> Option<JsValue> {
    JsFuture::from(promise.ok()?).await.ok()
}
