//! Normalization form C by our own tables, which are made from ICU4X's data and compared with it.

use std::sync::OnceLock;

use crate::list::IntoList;
use crate::sorted::sorted;

use super::super::table::{Decomposition, combining_class, decompositions};

const FIRST_SYLLABLE: u32 = 0xac00;
const FIRST_LEADING: u32 = 0x1100;
const FIRST_VOWEL: u32 = 0x1161;
/// One before the first trailing consonant: the number 0 is none.
const BEFORE_TRAILING: u32 = 0x11a7;
const LEADINGS: u32 = 19;
const VOWELS: u32 = 21;
const TRAILINGS: u32 = 28;

/// `text` in normalization form C.
pub(super) fn nfc(text: &str) -> String {
    let mut parts = Vec::with_capacity(text.len());
    text.chars().for_each(|c| decompose(c, &mut parts));
    sort_marks(&mut parts);
    compose(parts)
}

/// A character with its canonical combining class.
type Classed = (char, u32);

fn decompose(c: char, parts: &mut Vec<Classed>) {
    if let Some(syllable) = decompose_hangul(c) {
        parts.extend(syllable.into_iter().flatten().map(|jamo| (jamo, 0)));
        return;
    }
    let table = decompositions();
    match table.binary_search_by_key(&u32::from(c), |entry| entry.whole).ok().and_then(|index| table.get(index)) {
        Some(Decomposition { first, second, .. }) if c >= '\u{c0}' => {
            // Each character is made of others that need fewer steps, four at most.
            char::from_u32(*first).into_iter().for_each(|first| decompose(first, parts));
            char::from_u32(*second).filter(|c| *c != '\0').into_iter().for_each(|second| decompose(second, parts));
        }
        _ => parts.push((c, combining_class(c))),
    }
}

fn decompose_hangul(c: char) -> Option<[Option<char>; 3]> {
    let index = u32::from(c).checked_sub(FIRST_SYLLABLE).filter(|index| *index < LEADINGS * VOWELS * TRAILINGS)?;
    let trailing = index % TRAILINGS;
    let vowel = index / TRAILINGS % VOWELS;
    let leading = index / TRAILINGS / VOWELS;
    let jamo = |first: u32, number: u32| char::from_u32(first.wrapping_add(number));
    Some([
        jamo(FIRST_LEADING, leading),
        jamo(FIRST_VOWEL, vowel),
        jamo(BEFORE_TRAILING, trailing).filter(|_| trailing != 0),
    ])
}

/// Canonical order: marks after a base by class, otherwise as they stood.
fn sort_marks(parts: &mut [Classed]) {
    for marks in parts.split_mut(|(_, class)| *class == 0).filter(|marks| marks.len() > 1) {
        let numbered = (0_u32..).zip(marks.iter()).map(|(number, (c, class))| (*class, number, u32::from(*c)));
        let ordered = sorted(numbered.into_list());
        for (mark, (class, _, c)) in marks.iter_mut().zip(ordered) {
            *mark = (char::from_u32(c).unwrap_or_default(), class);
        }
    }
}

fn compose(parts: Vec<Classed>) -> String {
    let mut composed: Vec<char> = Vec::with_capacity(parts.len());
    let mut base: Option<usize> = None;
    let mut last_class = 0;
    for (c, class) in parts {
        let base_char = base.and_then(|index| composed.get_mut(index));
        // Something between that was not composed blocks what has no higher class (UAX #15 D115).
        let blocked = last_class != 0 && last_class >= class;
        match base_char.and_then(|base| Some((compose_pair(*base, c).filter(|_| !blocked)?, base))) {
            Some((whole, base)) => *base = whole,
            None => {
                if class == 0 {
                    base = Some(composed.len());
                }
                last_class = class;
                composed.push(c);
            }
        }
    }
    composed.into_iter().collect()
}

fn compose_pair(first: char, second: char) -> Option<char> {
    let (first, second) = (u32::from(first), u32::from(second));
    if let Some(syllable) = compose_hangul(first, second) {
        return char::from_u32(syllable);
    }
    let pairs = compositions();
    let index = pairs.binary_search_by_key(&(first, second), |(first, second, _)| (*first, *second)).ok()?;
    pairs.get(index).and_then(|(.., whole)| char::from_u32(*whole))
}

fn compose_hangul(first: u32, second: u32) -> Option<u32> {
    let leading = first.checked_sub(FIRST_LEADING).filter(|leading| *leading < LEADINGS);
    let vowel = second.checked_sub(FIRST_VOWEL).filter(|vowel| *vowel < VOWELS);
    if let (Some(leading), Some(vowel)) = (leading, vowel) {
        let number = leading.wrapping_mul(VOWELS).wrapping_add(vowel).wrapping_mul(TRAILINGS);
        return Some(FIRST_SYLLABLE.wrapping_add(number));
    }
    let syllable = first.checked_sub(FIRST_SYLLABLE).filter(|index| *index < LEADINGS * VOWELS * TRAILINGS)?;
    let trailing = second.checked_sub(BEFORE_TRAILING).filter(|trailing| (1..TRAILINGS).contains(trailing))?;
    (syllable % TRAILINGS == 0).then(|| first.wrapping_add(trailing))
}

/// The pairs that compose, and what they compose to, in the order of the pairs.
fn compositions() -> &'static [(u32, u32, u32)] {
    static TABLE: OnceLock<Vec<(u32, u32, u32)>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let pairs = decompositions().iter().filter(|entry| entry.composes);
        sorted(pairs.map(|entry| (entry.first, entry.second, entry.whole)).into_list())
    })
}
