//! Sets of documents of a segment: a bit for each.

use std::cmp::min;

/// So many documents make a chunk.
pub const DOCUMENTS_CHUNK: u32 = WORD_BITS.saturating_mul(CHUNK_WORDS);
const WORD_BITS: u32 = u64::BITS;
/// Words of bits for a chunk. Tests meet the borders of chunks with few messages.
const CHUNK_WORDS: u32 = if cfg!(test) { 1 } else { 4 };

/// A set of documents, by number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Docs {
    words: Vec<u64>,
}

impl Docs {
    /// None of so many documents.
    pub fn none(documents: u32) -> Self {
        Self { words: vec![0; to_usize(documents.div_ceil(WORD_BITS))] }
    }

    /// All of so many documents.
    pub fn all(documents: u32) -> Self {
        let mut docs = Self::none(documents);
        (0..documents).for_each(|document| docs.insert(document));
        docs
    }

    /// Adds a document. One that the segment does not have is left out.
    pub fn insert(&mut self, document: u32) {
        if let Some(word) = self.words.get_mut(to_usize(document / WORD_BITS)) {
            *word |= bit(document);
        }
    }

    /// Keeps what is in the other set, too.
    pub fn intersect(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    /// The chunk of the newest document.
    pub fn first_chunk(&self) -> Option<u32> {
        let word = self.words.iter().position(|word| *word != 0)?;
        u32::try_from(word).ok().map(|word| word / CHUNK_WORDS)
    }

    /// Takes out the documents of a chunk: their places in it, ascending.
    pub fn take_chunk(&mut self, chunk: u32) -> Vec<usize> {
        let from = to_usize(chunk.saturating_mul(CHUNK_WORDS));
        let to = min(from.saturating_add(to_usize(CHUNK_WORDS)), self.words.len());
        let mut places = Vec::new();
        let mut first = 0_u32;
        for word in self.words.get_mut(from..to).unwrap_or_default() {
            let taken = std::mem::take(word);
            let set = (0..WORD_BITS).filter(|place| taken & bit(*place) != 0);
            places.extend(set.map(|place| to_usize(first.saturating_add(place))));
            first = first.saturating_add(WORD_BITS);
        }
        places
    }
}

fn bit(document: u32) -> u64 {
    1_u64.wrapping_shl(document % WORD_BITS)
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)]

    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn members(mut docs: Docs) -> BTreeSet<u32> {
        let mut members = BTreeSet::new();
        while let Some(chunk) = docs.first_chunk() {
            let first = chunk * DOCUMENTS_CHUNK;
            members.extend(docs.take_chunk(chunk).into_iter().map(|place| first + u32::try_from(place).unwrap()));
        }
        members
    }

    fn docs(of: u32, members: &BTreeSet<u32>) -> Docs {
        let mut docs = Docs::none(of);
        members.iter().for_each(|document| docs.insert(*document));
        docs
    }

    proptest! {
        #[test]
        fn a_set_is_a_set(one in proptest::collection::btree_set(0..500_u32, 0..40), other in proptest::collection::btree_set(0..500_u32, 0..400)) {
            let mut both = docs(500, &one);
            both.intersect(&docs(500, &other));
            prop_assert_eq!(members(both), one.intersection(&other).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(members(docs(500, &one)), one);
        }
    }

    #[test]
    fn what_a_segment_does_not_have_is_in_no_set() {
        assert_eq!(members(Docs::all(130)), (0..130).collect());
        assert_eq!(members(docs(64, &[3, 64, u32::MAX].into())), [3].into());
        assert_eq!(Docs::none(0).first_chunk(), None);
        assert!(Docs::all(10).take_chunk(u32::MAX).is_empty());
    }
}
