//! Scripts, as far as mixing them matters.

use super::table::script;

// Numbers of some scripts in the table; `generate.rs` gives the others theirs.
pub(super) const BOPOMOFO: u32 = 1;
pub(super) const CYRILLIC: u32 = 2;
pub(super) const GREEK: u32 = 3;
pub(super) const HAN: u32 = 4;
pub(super) const HANGUL: u32 = 5;
pub(super) const HEBREW: u32 = 6;
pub(super) const HIRAGANA: u32 = 7;
pub(super) const KATAKANA: u32 = 8;
pub(super) const LATIN: u32 = 9;

/// The scripts that are written together (UTS #39 §5.2, "highly restrictive").
const TOGETHER: [&[u32]; 3] = [&[LATIN, HAN, HIRAGANA, KATAKANA], &[LATIN, HAN, BOPOMOFO], &[LATIN, HAN, HANGUL]];

/// Letters of these two scripts that look like Latin ones, so that whole words can be made of them.
const LOOKS_LATIN: &str = "асԁеһіјӏорԛѕԝхуъЬҽпгѵѡүҫօοινυκρτγα";

/// Whether a domain label could be taken for another by its looks: it mixes scripts that no language mixes, or is
/// Cyrillic or Greek throughout but made only of letters that look like Latin ones.
pub(crate) fn is_easily_confused(label: &str) -> bool {
    let mut scripts: Vec<u32> = Vec::new();
    for script in label.chars().map(script).filter(|script| *script != 0) {
        if !scripts.contains(&script) {
            scripts.push(script);
        }
    }
    match scripts.as_slice() {
        [] | [LATIN] => false,
        [CYRILLIC | GREEK] => label.chars().all(|c| c.is_ascii() || LOOKS_LATIN.chars().any(|like| like == c)),
        [_] => false,
        several => !TOGETHER.iter().any(|set| several.iter().all(|script| set.contains(script))),
    }
}
