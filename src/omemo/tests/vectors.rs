//! The foreign vectors of `tests/vectors/` (its README says what they are), all of them, natively and in the browser.
//!
//! `PLAUSCH_OMEMO_VECTORS=DIR cargo test -p plausch-omemo --test vectors` runs the files of another folder of the same format.
//! What the runner does not know, be it a file, a field or a kind of step, is a failure: nothing is passed over.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::string_slice)]

mod runner;

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn every_file() {
    use std::io::Write;

    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors");
    let folder = std::env::var("PLAUSCH_OMEMO_VECTORS").unwrap_or_else(|_| own.to_owned());
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(!files.is_empty(), "{folder} holds no vectors");
    // Not by `println!`, which is shown only when a test fails.
    let mut out = std::io::stdout();
    writeln!(out, "\nvectors of {folder}").unwrap();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let tally = runner::run(name, &std::fs::read_to_string(&file).unwrap());
        assert!(tally.ran_any(), "{name} holds no cases");
        writeln!(out, "  {name:<24} {tally}").unwrap();
    }
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

    use super::runner;

    wasm_bindgen_test_configure!(run_in_browser);

    macro_rules! files {
        ($($test:ident $name:literal)*) => {$(
            #[wasm_bindgen_test]
            fn $test() {
                let tally = runner::run($name, include_str!(concat!("vectors/", $name)));
                assert!(tally.ran_any());
                console_log!("  {:<24} {tally}", $name);
            }
        )*};
    }

    files! {
        aesgcm "aesgcm.json"
        bundle_legacy "bundle-legacy.json"
        bundle_v2 "bundle-v2.json"
        kdf "kdf.json"
        negative_legacy "negative-legacy.json"
        negative_v2 "negative-v2.json"
        payload_legacy "payload-legacy.json"
        payload_v2 "payload-v2.json"
        sessions_legacy "sessions-legacy.json"
        sessions_v2 "sessions-v2.json"
        stanza "stanza.json"
        tolerance_legacy "tolerance-legacy.json"
        tolerance_v2 "tolerance-v2.json"
        trust "trust.json"
        xeddsa "xeddsa.json"
    }
}
