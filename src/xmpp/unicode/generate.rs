//! Makes the tables from ICU4X's data, and checks that they are what that data says.
//!
//! To take over a newer Unicode: update the `icu_*` crates, then
//! `UPDATE_TABLES=1 cargo test -p plausch-xmpp unicode::generate`.

#![allow(clippy::arithmetic_side_effects)]

use std::path::Path;
use std::sync::OnceLock;

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_normalizer::properties::{
    CanonicalCombiningClassMapBorrowed, CanonicalCompositionBorrowed, CanonicalDecompositionBorrowed, Decomposed,
};
use icu_properties::props::{
    BidiClass, ChangesWhenNfkcCasefolded, DefaultIgnorableCodePoint, GeneralCategory, HangulSyllableType, JoiningType,
    Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::script;
use super::table::{self, Class, Joining};

/// RFC 5892 §2.6 and RFC 8264 §9.6.
const ALWAYS_VALID: [u32; 6] = [0xdf, 0x3c2, 0x6fd, 0x6fe, 0xf0b, 0x3007];
const ALWAYS_DISALLOWED: [u32; 10] = [0x640, 0x7fa, 0x302e, 0x302f, 0x3031, 0x3032, 0x3033, 0x3034, 0x3035, 0x303b];
/// CONTEXTO: in the table as valid; `context.rs` knows them.
const CONTEXTUAL: [u32; 5] = [0xb7, 0x375, 0x5f3, 0x5f4, 0x30fb];

/// What the data says of the code points that may have anything to say: the planes 4 to 13 are unassigned, and of plane 14
/// only the first 4096 are not.
struct Data {
    classes: Vec<Class>,
    idna_valid: Vec<bool>,
    scripts: Vec<u32>,
}

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| {
        let classes: Vec<Class> = (0..0x4_0000).map(class_by_properties).collect();
        let valid = |code: u32| classes[code as usize].is_identifier() && is_idna_valid_by_properties(code);
        let idna_valid: Vec<bool> = (0..0x4_0000).map(valid).collect();
        let scripts = number_scripts(&classes);
        Data { classes, idna_valid, scripts }
    })
}

fn class(code: u32) -> Class {
    data().classes.get(code as usize).copied().unwrap_or(Class::Disallowed)
}

fn is_idna_valid(code: u32) -> bool {
    data().idna_valid.get(code as usize).copied().unwrap_or(false)
}

/// RFC 8264 §8, for code points beyond ASCII.
fn class_by_properties(code: u32) -> Class {
    let Some(c) = char::from_u32(code) else { return Class::Disallowed };
    if ALWAYS_VALID.contains(&code) || is_contextual(code) {
        return identifier_class(code);
    }
    let disallowed = ALWAYS_DISALLOWED.contains(&code) || is_old_hangul(code) || is_ignorable(code);
    match general_category(code) {
        _ if disallowed => Class::Disallowed,
        GeneralCategory::Unassigned | GeneralCategory::Control => Class::Disallowed,
        GeneralCategory::SpaceSeparator => Class::FreeSpace,
        _ if has_compatibility_form(c) => Class::Free,
        category if is_letter_digit(category) => identifier_class(code),
        GeneralCategory::Format
        | GeneralCategory::Surrogate
        | GeneralCategory::PrivateUse
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => Class::Disallowed,
        _ => Class::Free,
    }
}

fn is_contextual(code: u32) -> bool {
    CONTEXTUAL.contains(&code) || (0x660..=0x669).contains(&code) || (0x6f0..=0x6f9).contains(&code)
}

fn general_category(code: u32) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get32(code)
}

/// RFC 8264 §9.9 (OldHangulJamo).
fn is_old_hangul(code: u32) -> bool {
    let syllable = CodePointMapData::<HangulSyllableType>::new().get32(code);
    [HangulSyllableType::LeadingJamo, HangulSyllableType::VowelJamo, HangulSyllableType::TrailingJamo]
        .contains(&syllable)
}

/// RFC 8264 §9.13 (PrecisIgnorableProperties).
fn is_ignorable(code: u32) -> bool {
    let noncharacter = (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe;
    noncharacter || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains32(code)
}

/// RFC 8264 §9.17 (HasCompat).
fn has_compatibility_form(c: char) -> bool {
    let mut text = [0; 4];
    let text: &str = c.encode_utf8(&mut text);
    ComposingNormalizerBorrowed::new_nfkc().normalize(text) != text
}

/// RFC 8264 §9.1 (LetterDigits).
fn is_letter_digit(category: GeneralCategory) -> bool {
    use GeneralCategory as G;
    matches!(
        category,
        G::LowercaseLetter
            | G::UppercaseLetter
            | G::OtherLetter
            | G::DecimalNumber
            | G::ModifierLetter
            | G::NonspacingMark
            | G::SpacingMark
    )
}

fn is_mark(category: GeneralCategory) -> bool {
    matches!(category, GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark)
}

fn identifier_class(code: u32) -> Class {
    let category = general_category(code);
    match CodePointMapData::<BidiClass>::new().get32(code) {
        BidiClass::LeftToRight if is_mark(category) => Class::LeftMark,
        BidiClass::LeftToRight => Class::Left,
        BidiClass::RightToLeft => Class::Right,
        BidiClass::ArabicLetter => Class::Arabic,
        BidiClass::NonspacingMark => Class::Mark,
        BidiClass::ArabicNumber => Class::ArabicNumber,
        BidiClass::EuropeanNumber => Class::EuropeanNumber,
        _ => Class::Neutral,
    }
}

/// RFC 5892 §3, for code points beyond ASCII; CONTEXTO counts as valid, as it does in `class`.
fn is_idna_valid_by_properties(code: u32) -> bool {
    if ALWAYS_VALID.contains(&code) || is_contextual(code) {
        return true;
    }
    // §2.4 (IgnorableBlocks).
    let in_ignorable_block =
        (0x20d0..=0x20ff).contains(&code) || (0x1d100..=0x1d1ff).contains(&code) || (0x1d200..=0x1d24f).contains(&code);
    !ALWAYS_DISALLOWED.contains(&code)
        && char::from_u32(code).is_some()
        && !CodePointSetData::new::<ChangesWhenNfkcCasefolded>().contains32(code)
        && !is_ignorable(code)
        && !in_ignorable_block
        && !is_old_hangul(code)
        && is_letter_digit(general_category(code))
}

fn script_of(code: u32) -> Script {
    let script = CodePointMapData::<Script>::new().get32(code);
    if script == Script::Inherited { Script::Common } else { script }
}

/// The scripts' numbers: first those that `script.rs` names, with its numbers, then the others as they come.
fn number_scripts(classes: &[Class]) -> Vec<u32> {
    let mut scripts = vec![Script::Common];
    for (number, script) in [
        (script::BOPOMOFO, Script::Bopomofo),
        (script::CYRILLIC, Script::Cyrillic),
        (script::GREEK, Script::Greek),
        (script::HAN, Script::Han),
        (script::HANGUL, Script::Hangul),
        (script::HEBREW, Script::Hebrew),
        (script::HIRAGANA, Script::Hiragana),
        (script::KATAKANA, Script::Katakana),
        (script::LATIN, Script::Latin),
    ] {
        assert_eq!(number as usize, scripts.len());
        scripts.push(script);
    }
    let mut number_of = |script: Script| {
        scripts.iter().position(|known| *known == script).unwrap_or_else(|| {
            scripts.push(script);
            scripts.len() - 1
        })
    };
    let allowed = |code: &u32| *code < 0x80 || classes[*code as usize].is_freeform();
    (0..0x4_0000).map(|code| if allowed(&code) { number_of(script_of(code)) as u32 } else { 0 }).collect()
}

fn joining_type(code: u32) -> u32 {
    match CodePointMapData::<JoiningType>::new().get32(code) {
        JoiningType::LeftJoining => Joining::Left as u32,
        JoiningType::RightJoining => Joining::Right as u32,
        JoiningType::DualJoining => Joining::Dual as u32,
        _ => 0,
    }
}

fn push_number(table: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        table.push(number as u8 | 0x80);
        number >>= 7;
    }
    table.push(number as u8);
}

/// Packs the value of every code point; `None` is a value that nobody asks for, so any will do.
fn pack_runs(value_bits: u32, value: impl Fn(u32) -> Option<u32>) -> Vec<u8> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for code in 0..=0x10_ffff {
        match (value(code), runs.last_mut()) {
            (None, Some((_, length))) => *length += 1,
            (Some(value), Some((last, length))) if *last == value => *length += 1,
            (value, _) => runs.push((value.unwrap_or(0), 1)),
        }
    }
    let last_with_value = runs.iter().rposition(|(value, _)| *value != 0).map_or(0, |index| index + 1);
    let mut table = Vec::new();
    for (value, length) in &runs[..last_with_value] {
        push_number(&mut table, length << value_bits | value);
    }
    table
}

fn pack_decompositions() -> Vec<u8> {
    let decompose = CanonicalDecompositionBorrowed::new();
    let compose = CanonicalCompositionBorrowed::new();
    let entries: Vec<(u32, u32, u32)> = ('\u{80}'..=char::MAX)
        .filter(|c| !('\u{ac00}'..='\u{d7a3}').contains(c))
        .filter_map(|c| match decompose.decompose(c) {
            Decomposed::Default => None,
            Decomposed::Singleton(first) => Some((c as u32, first as u32, 0)),
            Decomposed::Expansion(first, second) => {
                let composes = compose.compose(first, second) == Some(c);
                Some((c as u32, first as u32, (second as u32) << 1 | u32::from(composes)))
            }
        })
        .collect();
    let mut table = Vec::new();
    push_number(&mut table, entries.len() as u32);
    let mut last = 0;
    for (whole, ..) in &entries {
        push_number(&mut table, whole - last);
        last = *whole;
    }
    let mut last: i32 = 0;
    for (_, first, _) in &entries {
        push_zigzag(&mut table, *first as i32 - last);
        last = *first as i32;
    }
    for (.., second) in &entries {
        push_number(&mut table, *second);
    }
    table
}

fn push_zigzag(table: &mut Vec<u8>, step: i32) {
    push_number(table, (step << 1 ^ step >> 31) as u32);
}

fn is_lowercase(c: char) -> bool {
    CaseMapper::new().simple_lowercase(c) == c
}

/// The simple lower case of every character beyond ASCII that has another one.
fn pack_lowercase() -> Vec<u8> {
    let pairs: Vec<(u32, u32)> = ('\u{80}'..=char::MAX)
        .filter(|c| !is_lowercase(*c))
        .map(|c| (c as u32, CaseMapper::new().simple_lowercase(c) as u32))
        .collect();
    let mut table = Vec::new();
    push_number(&mut table, pairs.len() as u32);
    let mut last = 0;
    for (upper, _) in &pairs {
        push_number(&mut table, upper - last);
        last = *upper;
    }
    let mut last = 0;
    for (_, lower) in &pairs {
        push_zigzag(&mut table, *lower as i32 - last);
        last = *lower as i32;
    }
    table
}

fn non_ascii_char(code: u32) -> Option<char> {
    char::from_u32(code).filter(|c| !c.is_ascii())
}

fn tables() -> [(&'static str, Vec<u8>, &'static [u8]); 8] {
    let classes = pack_runs(4, |code| (code >= 0x80).then(|| class(code) as u32));
    let differences = pack_runs(1, |code| {
        let c = non_ascii_char(code)?;
        Some(u32::from((class(code).is_identifier() && is_lowercase(c)) != is_idna_valid(code)))
    });
    let allowed = |code: u32| code < 0x80 || class(code).is_freeform();
    let scripts = pack_runs(8, |code| allowed(code).then(|| data().scripts[code as usize]));
    let combining = pack_runs(8, |code| Some(CanonicalCombiningClassMapBorrowed::new().get32_u8(code).into()));
    let viramas = pack_runs(1, |code| Some((CanonicalCombiningClassMapBorrowed::new().get32_u8(code) == 9).into()));
    let joining = pack_runs(2, |code| is_idna_valid(code).then(|| joining_type(code)));
    [
        ("classes", classes, table::CLASSES),
        ("idna", differences, table::IDNA_DIFFERENCES),
        ("scripts", scripts, table::SCRIPTS),
        ("combining", combining, table::COMBINING),
        ("viramas", viramas, table::VIRAMAS),
        ("joining", joining, table::JOINING),
        ("lowercase", pack_lowercase(), table::LOWERCASE),
        ("decompositions", pack_decompositions(), table::DECOMPOSITIONS),
    ]
}

#[test]
fn tables_are_up_to_date() {
    let update = std::env::var_os("UPDATE_TABLES").is_some();
    for (name, made, kept) in tables() {
        if update {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("unicode/tables");
            std::fs::write(folder.join(format!("{name}.bin")), &made).unwrap();
        } else {
            assert!(made == kept, "tables/{name}.bin is out of date: run this test with UPDATE_TABLES=1");
        }
    }
}

#[test]
fn nothing_is_assigned_where_nobody_looks() {
    use GeneralCategory as G;
    for code in 0x4_0000..=0x10_ffff {
        let category = general_category(code);
        assert!(matches!(category, G::Unassigned | G::PrivateUse) || is_ignorable(code), "{code:x}");
    }
}

#[test]
fn tables_read_as_they_were_written() {
    for c in '\u{80}'..='\u{3ffff}' {
        let code = u32::from(c);
        assert_eq!(table::class(c), class(code), "{c:?}");
        assert_eq!(table::is_idna_valid(c), is_idna_valid(code), "{c:?}");
        assert_eq!(table::is_virama(c), CanonicalCombiningClassMapBorrowed::new().get_u8(c) == 9, "{c:?}");
        assert_eq!(table::combining_class(c), u32::from(CanonicalCombiningClassMapBorrowed::new().get_u8(c)), "{c:?}");
        if is_idna_valid(code) {
            assert_eq!(table::joining(c).map_or(0, |joining| joining as u32), joining_type(code), "{c:?}");
        }
    }
}

#[test]
fn every_character_has_the_lower_case_of_the_standard_library() {
    // If it knows the character: it may be behind ICU4X by a version of Unicode.
    let differing = |c: &char| c.is_alphabetic() && !table::lowercase(*c).eq(c.to_lowercase());
    assert_eq!(('\0'..=char::MAX).filter(differing).collect::<String>(), "");
}

#[test]
fn marks_are_what_joining_calls_transparent() {
    for code in (0x80..0x4_0000).filter(|code| is_idna_valid(*code) && *code != 0x1e94b) {
        let class = class(code);
        assert_eq!(is_mark(general_category(code)), class.is_mark(), "{code:x}");
        match CodePointMapData::<JoiningType>::new().get32(code) {
            JoiningType::Transparent => assert!(class.is_mark(), "{code:x}"),
            _ => assert_ne!(class, Class::Mark, "{code:x}"),
        }
    }
}
