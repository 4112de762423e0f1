//! The engine's host in the browser. It knows no XMPP and no components.

pub mod clock;
pub mod driver;
pub mod hub;
pub mod inbox;
pub mod machine;
pub mod platform;
pub mod random;
pub mod sealing;
pub mod store;

#[cfg(test)]
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
