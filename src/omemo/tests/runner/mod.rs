//! Plays vector files. Whatever is wrong panics with the name of the case.

mod bundles;
mod files;
mod json;
mod payloads;
mod primitives;
mod random;
mod sessions;
mod stanzas;
mod tally;
mod trust;

use json::Object;
pub use tally::Tally;

/// Runs a file of vectors.
pub fn run(name: &str, text: &str) -> Tally {
    let value: serde_json::Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let file = Object::new(name, &value);
    assert_eq!(file.number("format"), 1, "{name}: unknown format");
    assert_eq!(file.text("file"), name, "another file's name");
    file.ignore(&["set", "generated_with", "description"]);
    let mut tally = Tally::default();
    match name {
        "kdf.json" => primitives::kdf(&file, &mut tally),
        "xeddsa.json" => primitives::xeddsa(&file, &mut tally),
        "payload-legacy.json" => payloads::legacy(&file, &mut tally),
        "payload-v2.json" => payloads::omemo2(&file, &mut tally),
        "bundle-legacy.json" | "bundle-v2.json" => bundles::run(&file, &mut tally),
        "aesgcm.json" => files::run(&file, &mut tally),
        "trust.json" => trust::run(&file, &mut tally),
        "stanza.json" => stanzas::run(&file, &mut tally),
        "sessions-legacy.json"
        | "sessions-v2.json"
        | "negative-legacy.json"
        | "negative-v2.json"
        | "tolerance-legacy.json"
        | "tolerance-v2.json" => sessions::run(&file, &mut tally),
        _ => panic!("{name}: no such file is known"),
    }
    file.done();
    tally
}
