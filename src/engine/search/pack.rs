//! How segments are laid out in bytes: small numbers in few of them, neighbours told by their difference.
//!
//! Everything here is read back from disk, where it may be damaged or from another version: a reader ends or says `None`,
//! and whatever numbers it gives are checked by who uses them.

use std::cmp::min;

use plausch_model::{TimelineKey, Timestamp};

use super::fold::Term;

/// A chunk of terms is closed when it has so many bytes.
const TERMS_CHUNK: usize = if cfg!(test) { 64 } else { 8 * 1024 };
/// What fits into half of a byte; the greatest says that the rest follows.
const HALF: usize = 15;

/// A document as it is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PackedDocument {
    /// Its place in its chat.
    pub key: TimelineKey,
    /// The number of its chat.
    pub chat: u32,
}

/// Puts documents into a chunk.
pub fn pack_documents(documents: &[PackedDocument]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut last = TimelineKey::default();
    for document in documents {
        let TimelineKey { at, sequence } = document.key;
        put_number(&mut bytes, zigzag(last.at.0.wrapping_sub(at.0)));
        put_number(&mut bytes, zigzag(last.sequence.wrapping_sub(sequence).cast_signed()));
        put_number(&mut bytes, document.chat.into());
        last = document.key;
    }
    bytes
}

/// The documents of a chunk.
pub fn unpack_documents(bytes: &[u8]) -> Option<Vec<PackedDocument>> {
    let mut reader = Reader(bytes);
    let mut documents = Vec::new();
    let mut last = TimelineKey::default();
    while !reader.0.is_empty() {
        let at = last.at.0.wrapping_sub(unzigzag(reader.number()?));
        let sequence = last.sequence.wrapping_sub(unzigzag(reader.number()?).cast_unsigned());
        let chat = u32::try_from(reader.number()?).ok()?;
        last = TimelineKey { at: Timestamp(at), sequence };
        documents.push(PackedDocument { key: last, chat });
    }
    Some(documents)
}

/// Puts terms, sorted, with the documents that have them, ascending, into chunks: each with its first term.
pub fn pack_terms(postings: &[(Term, Vec<u32>)]) -> Vec<(Term, Vec<u8>)> {
    let mut chunks: Vec<(Term, Vec<u8>)> = Vec::new();
    let mut last: &[u8] = &[];
    for (term, documents) in postings {
        if chunks.last().is_none_or(|(_, bytes)| bytes.len() >= TERMS_CHUNK) {
            chunks.push((term.clone(), Vec::new()));
            last = &[];
        }
        if let Some((_, bytes)) = chunks.last_mut() {
            put_term(bytes, last, term);
            put_postings(bytes, documents);
        }
        last = term;
    }
    chunks
}

/// A term after another: a byte with how many of its bytes are the same and how many are not, then those.
fn put_term(bytes: &mut Vec<u8>, last: &[u8], term: &[u8]) {
    let same = last.iter().zip(term).take_while(|(one, other)| one == other).count();
    let rest = term.get(same..).unwrap_or_default();
    let halves = min(same, HALF) << 4 | min(rest.len(), HALF);
    bytes.push(u8::try_from(halves).unwrap_or_default());
    for length in [same, rest.len()] {
        if let Some(more) = length.checked_sub(HALF) {
            put_number(bytes, to_u64(more));
        }
    }
    bytes.extend(rest);
}

/// Documents: a single one, as most terms have, as an odd number; else their even count, then the first and the steps.
fn put_postings(bytes: &mut Vec<u8>, documents: &[u32]) {
    if let [document] = documents {
        return put_number(bytes, u64::from(*document) << 1 | 1);
    }
    put_number(bytes, to_u64(documents.len()) << 1);
    let mut last = 0;
    for document in documents {
        put_number(bytes, document.wrapping_sub(last).into());
        last = *document;
    }
}

/// The terms of a chunk, in order.
pub struct Terms<'a> {
    reader: Reader<'a>,
    term: Term,
}

impl<'a> Terms<'a> {
    /// Reads a chunk.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { reader: Reader(bytes), term: Term::new() }
    }

    /// Goes to the next term: the term, and its documents. `None` at the end, or where the chunk is damaged.
    pub fn next(&mut self) -> Option<(&Term, Postings<'a>)> {
        let halves = usize::from(self.reader.byte()?);
        let same = self.reader.length(halves >> 4)?;
        let rest = self.reader.length(halves & HALF)?;
        if same > self.term.len() {
            return None;
        }
        self.term.truncate(same);
        self.term.extend(self.reader.bytes(rest)?);
        let number = self.reader.number()?;
        let postings = match number & 1 == 1 {
            true => Postings { single: Some(number >> 1), steps: Reader(&[]) },
            false => Postings { single: None, steps: Reader(self.reader.numbers(number >> 1)?) },
        };
        Some((&self.term, postings))
    }

    /// Whether everything has been read, with nothing left that could not be.
    pub fn is_at_end(&self) -> bool {
        self.reader.0.is_empty()
    }
}

/// The documents that have a term.
pub struct Postings<'a> {
    single: Option<u64>,
    steps: Reader<'a>,
}

impl Postings<'_> {
    /// Names each document, ascending.
    pub fn for_each(mut self, visit: &mut dyn FnMut(u32)) {
        let mut document = 0_u64;
        while let Some(step) = self.single.take().or_else(|| self.steps.number()) {
            document = document.saturating_add(step);
            match u32::try_from(document) {
                Ok(document) => visit(document),
                Err(_) => break,
            }
        }
    }
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow (LEB128).
fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        let [low, ..] = number.to_le_bytes();
        bytes.push(low | 0x80);
        number >>= 7;
    }
    let [low, ..] = number.to_le_bytes();
    bytes.push(low);
}

#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// The bytes of so many numbers.
    fn numbers(&mut self, count: u64) -> Option<&'a [u8]> {
        let count = usize::try_from(count).ok()?;
        let end = match count.checked_sub(1) {
            None => 0,
            Some(last) => {
                self.0.iter().enumerate().filter(|(_, byte)| **byte & 0x80 == 0).nth(last)?.0.checked_add(1)?
            }
        };
        self.bytes(end)
    }

    /// A length of which half a byte is known.
    fn length(&mut self, half: usize) -> Option<usize> {
        let more = if half == HALF { usize::try_from(self.number()?).ok()? } else { 0 };
        half.checked_add(more)
    }
}

/// Small numbers of either sign become small.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ (number & 1).cast_signed().wrapping_neg()
}

fn to_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)]

    use proptest::collection::{btree_map, btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    fn unpack(chunks: &[(Term, Vec<u8>)]) -> Vec<(Term, Vec<u32>)> {
        let mut all = Vec::new();
        for (first, bytes) in chunks {
            let mut terms = Terms::new(bytes);
            let before = all.len();
            while let Some((term, postings)) = terms.next() {
                let term = term.clone();
                let mut documents = Vec::new();
                postings.for_each(&mut |document| documents.push(document));
                all.push((term, documents));
            }
            assert!(terms.is_at_end());
            assert_eq!(all.get(before).map(|(term, _)| term), Some(first));
        }
        all
    }

    proptest! {
        #[test]
        fn terms_come_back(postings in btree_map(
            prop_oneof![vec(97..100_u8, 1..5), vec(any::<u8>(), 1..80)],
            prop_oneof![btree_set(0..300_u32, 1..40), btree_set(any::<u32>(), 1..3)],
            0..60,
        )) {
            let postings: Vec<_> = postings.into_iter().map(|(term, documents)| (term, documents.into_iter().collect())).collect();
            prop_assert_eq!(unpack(&pack_terms(&postings)), postings);
        }

        #[test]
        fn documents_come_back(documents in vec((any::<i64>(), any::<u64>(), any::<u32>()), 0..9)) {
            let document = |(at, sequence, chat)| PackedDocument { key: TimelineKey { at: Timestamp(at), sequence }, chat };
            let documents: Vec<_> = documents.into_iter().map(document).collect();
            prop_assert_eq!(unpack_documents(&pack_documents(&documents)), Some(documents));
        }

        #[test]
        fn damage_ends_reading_and_nothing_else(bytes in vec(any::<u8>(), 0..200)) {
            let _ = unpack_documents(&bytes);
            let mut terms = Terms::new(&bytes);
            while let Some((_, postings)) = terms.next() {
                postings.for_each(&mut |_| ());
            }
        }
    }

    #[test]
    fn what_comes_one_by_one_takes_ten_bytes_a_document() {
        let document = |number: u32| {
            let at = 1_767_225_600_000 - i64::from(number) * 700_000;
            let key = TimelineKey { at: Timestamp(at), sequence: at.cast_unsigned() << 16 };
            PackedDocument { key, chat: number % 50 }
        };
        let documents: Vec<_> = (0..256).map(document).collect();
        assert!(pack_documents(&documents).len() <= 256 * 10 + 10);
    }
}
