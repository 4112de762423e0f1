//! The tables: what they say about a character, and how they are read.
//!
//! Each file in `tables/` is a sequence of numbers in LEB128, most of them lengths of runs, and is unpacked when the
//! first character beyond ASCII is looked at. `generate.rs` says what each number means by writing them.

use std::sync::OnceLock;

use crate::list::IntoList;

use super::runs::{self, Runs, next_number};

/// What may be done with a code point in the string classes of PRECIS (RFC 8264 §4), and how the identifiers among them
/// behave in the Bidi rule (RFC 5893).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Class {
    /// Unassigned, a control, ignorable, or otherwise forbidden everywhere.
    Disallowed = 0,
    /// Allowed in the FreeformClass only.
    Free = 1,
    /// A space other than U+0020, in the FreeformClass only.
    FreeSpace = 2,
    /// Allowed in identifiers, left to right.
    Left = 3,
    /// The same, but a mark (general category M), with which no label begins.
    LeftMark = 4,
    /// Allowed in identifiers, right to left.
    Right = 5,
    /// The same, Arabic.
    Arabic = 6,
    /// A mark that takes its direction from what it is on.
    Mark = 7,
    /// An Arabic digit.
    ArabicNumber = 8,
    /// A digit that behaves as European ones do.
    EuropeanNumber = 9,
    /// Allowed in identifiers, without a direction.
    Neutral = 10,
}

/// Joining types that RFC 5892 appendix A.1 asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Joining {
    /// `L`.
    Left = 1,
    /// `R`.
    Right = 2,
    /// `D`.
    Dual = 3,
}

/// A canonical decomposition.
#[cfg(feature = "composition")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Decomposition {
    /// What is decomposed.
    pub(super) whole: u32,
    /// The first, or only, character.
    pub(super) first: u32,
    /// The second character; 0 if there is none.
    pub(super) second: u32,
    /// Whether the two compose again.
    pub(super) composes: bool,
}

pub(super) const CLASSES: &[u8] = include_bytes!("tables/classes.bin");
pub(super) const IDNA_DIFFERENCES: &[u8] = include_bytes!("tables/idna.bin");
pub(super) const SCRIPTS: &[u8] = include_bytes!("tables/scripts.bin");
#[cfg(feature = "composition")]
pub(super) const COMBINING: &[u8] = include_bytes!("tables/combining.bin");
pub(super) const VIRAMAS: &[u8] = include_bytes!("tables/viramas.bin");
pub(super) const JOINING: &[u8] = include_bytes!("tables/joining.bin");
pub(super) const LOWERCASE: &[u8] = include_bytes!("tables/lowercase.bin");
#[cfg(feature = "composition")]
pub(super) const DECOMPOSITIONS: &[u8] = include_bytes!("tables/decompositions.bin");

impl Class {
    const ALL: [Class; 11] = [
        Self::Disallowed,
        Self::Free,
        Self::FreeSpace,
        Self::Left,
        Self::LeftMark,
        Self::Right,
        Self::Arabic,
        Self::Mark,
        Self::ArabicNumber,
        Self::EuropeanNumber,
        Self::Neutral,
    ];

    /// Whether the IdentifierClass has it, context aside.
    pub(super) fn is_identifier(self) -> bool {
        !matches!(self, Self::Disallowed | Self::Free | Self::FreeSpace)
    }

    /// Whether the FreeformClass has it, context aside.
    pub(super) fn is_freeform(self) -> bool {
        self != Self::Disallowed
    }

    /// Whether it combines with the character before (general category M).
    pub(super) fn is_mark(self) -> bool {
        matches!(self, Self::Mark | Self::LeftMark)
    }
}

/// The tables that the worker has, unpacked.
struct Tables {
    classes: Runs,
    idna_differences: Runs,
    scripts: Runs,
    viramas: Runs,
    joining: Runs,
    lowercase: Vec<(u32, u32)>,
}

/// Unpacked together: they are small, and each would bring a lock and its code along.
fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| Tables {
        classes: runs::unpack(CLASSES, 4),
        idna_differences: runs::unpack(IDNA_DIFFERENCES, 1),
        scripts: runs::unpack(SCRIPTS, 8),
        viramas: runs::unpack(VIRAMAS, 1),
        joining: runs::unpack(JOINING, 2),
        lowercase: unpack_pairs(LOWERCASE),
    })
}

/// The class of a character.
pub(super) fn class(c: char) -> Class {
    match c {
        'a'..='z' | 'A'..='Z' => Class::Left,
        '0'..='9' => Class::EuropeanNumber,
        ' ' => Class::Free,
        '!'..='~' => Class::Neutral,
        _ => {
            let value = runs::lookup(&tables().classes, c);
            usize::try_from(value).ok().and_then(|index| Class::ALL.get(index)).copied().unwrap_or(Class::Disallowed)
        }
    }
}

/// Whether IDNA2008 (RFC 5892 §3) has the character as PVALID: an identifier character that is not changed by lower
/// case, and a few that differ.
pub(super) fn is_idna_valid(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, 'a'..='z' | '0'..='9' | '-');
    }
    let differs = runs::lookup(&tables().idna_differences, c) == 1;
    (class(c).is_identifier() && is_lowercase(c)) != differs
}

/// The lower case of a character (`Lowercase_Mapping` without conditions).
///
/// The standard library has it, too, but as a table of 11 KB; here it is 3 KB, which compress to less than one.
pub(super) fn lowercase(c: char) -> impl Iterator<Item = char> {
    // The only one that becomes two (SpecialCasing.txt).
    let second = (c == '\u{130}').then_some('\u{307}');
    let first = if c.is_ascii() {
        c.to_ascii_lowercase()
    } else {
        let pairs = &tables().lowercase;
        let index = pairs.binary_search_by_key(&u32::from(c), |(upper, _)| *upper);
        let pair = index.ok().and_then(|index| pairs.get(index));
        pair.and_then(|(_, lower)| char::from_u32(*lower)).unwrap_or(c)
    };
    [first].into_iter().chain(second)
}

/// Whether lower case leaves a character as it is.
fn is_lowercase(c: char) -> bool {
    lowercase(c).next() == Some(c)
}

/// The number of the script of a character that the FreeformClass allows; 0 if it has none of its own.
pub(super) fn script(c: char) -> u32 {
    runs::lookup(&tables().scripts, c)
}

/// The canonical combining class.
#[cfg(feature = "composition")]
pub(super) fn combining_class(c: char) -> u32 {
    static RUNS: OnceLock<Runs> = OnceLock::new();
    if c < '\u{300}' { 0 } else { runs::lookup(RUNS.get_or_init(|| runs::unpack(COMBINING, 8)), c) }
}

/// Whether a character joins consonants: its canonical combining class is 9.
pub(super) fn is_virama(c: char) -> bool {
    runs::lookup(&tables().viramas, c) == 1
}

/// The joining type, if it is one of the three.
pub(super) fn joining(c: char) -> Option<Joining> {
    match runs::lookup(&tables().joining, c) {
        1 => Some(Joining::Left),
        2 => Some(Joining::Right),
        3 => Some(Joining::Dual),
        _ => None,
    }
}

/// All canonical decompositions but those of Hangul syllables, by what is decomposed.
#[cfg(feature = "composition")]
pub(super) fn decompositions() -> &'static [Decomposition] {
    static TABLE: OnceLock<Vec<Decomposition>> = OnceLock::new();
    TABLE.get_or_init(|| unpack_decompositions(DECOMPOSITIONS))
}

/// Two columns: steps of the first number, and zigzag steps of the second.
fn unpack_pairs(table: &[u8]) -> Vec<(u32, u32)> {
    let mut bytes = table.iter();
    let count = next_number(&mut bytes).unwrap_or(0);
    let firsts = unpack_column(&mut bytes, count, u32::wrapping_add);
    firsts.into_iter().zip(unpack_column(&mut bytes, count, add_zigzag)).into_list()
}

/// Three columns: steps of `whole`, zigzag steps of `first`, and `second` with the flag in its lowest bit.
#[cfg(feature = "composition")]
fn unpack_decompositions(table: &[u8]) -> Vec<Decomposition> {
    let mut bytes = table.iter();
    let count = next_number(&mut bytes).unwrap_or(0);
    let wholes = unpack_column(&mut bytes, count, u32::wrapping_add);
    let firsts = unpack_column(&mut bytes, count, add_zigzag);
    let seconds = unpack_column(&mut bytes, count, |_, number| number);
    let parts = firsts.into_iter().zip(seconds);
    let entry = |(whole, (first, second)): (u32, (u32, u32))| Decomposition {
        whole,
        first,
        second: second.wrapping_shr(1),
        composes: second & 1 == 1,
    };
    wholes.into_iter().zip(parts).map(entry).into_list()
}

/// So many values, each made of the one before (0 before the first) and a number.
fn unpack_column(bytes: &mut std::slice::Iter<'_, u8>, count: u32, apply: fn(u32, u32) -> u32) -> Vec<u32> {
    let mut value = 0;
    let mut step = || {
        value = apply(value, next_number(bytes)?);
        Some(value)
    };
    (0..count).map_while(|_| step()).into_list()
}

fn add_zigzag(value: u32, step: u32) -> u32 {
    value.wrapping_add(step.wrapping_shr(1) ^ 0_u32.wrapping_sub(step & 1))
}
