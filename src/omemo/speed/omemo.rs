//! How fast encryption is in the browser: `cargo xtask bench --only omemo-wasm`. A test only in form: it prints the median of
//! nine samples of each scenario.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

#[path = "../benches/scenarios/mod.rs"]
mod scenarios;

use scenarios::SCENARIOS;
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn speed() {
    for scenario in SCENARIOS {
        let mut microseconds = [0.0; 9];
        microseconds.fill_with(|| {
            let run = (scenario.prepare)(scenario.sample);
            let begun = js_sys::Date::now();
            run();
            (js_sys::Date::now() - begun) * 1000.0 / scenario.sample as f64
        });
        microseconds.sort_by(f64::total_cmp);
        console_log!("    {:<28} {:>10.1} µs", scenario.name, microseconds[microseconds.len() / 2]);
    }
}
