//! What this origin stores, as the browser estimates it.

use js_sys::Promise;
use plausch_model::Storage;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::platform::property;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["navigator", "storage"], catch)]
    fn estimate() -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["navigator", "storage"], catch)]
    fn persisted() -> Result<Promise, JsValue>;
}

/// Asks the browser; zeros where it does not say.
pub async fn measure() -> Storage {
    let estimate = finish(estimate()).await;
    let persistent = finish(persisted()).await.is_truthy();
    let bytes = |name| to_bytes(property(&estimate, name).as_f64().unwrap_or_default());
    Storage { persistent, used_bytes: bytes("usage"), quota_bytes: bytes("quota") }
}

async fn finish(promise: Result<Promise, JsValue>) -> JsValue {
    match promise {
        Ok(promise) => JsFuture::from(promise).await.unwrap_or(JsValue::UNDEFINED),
        Err(_) => JsValue::UNDEFINED,
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturating is what is wanted")]
fn to_bytes(number: f64) -> u64 {
    number as u64
}
