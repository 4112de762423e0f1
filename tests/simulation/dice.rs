//! All chance of a run, from its seed.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Chance that is the same for the same seed.
pub struct Dice(pub ChaCha20Rng);

impl Dice {
    /// The dice of a seed.
    pub fn of(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    /// A number below `count`; 0 if that is 0.
    pub fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        usize::try_from(self.0.next_u64().checked_rem(count).unwrap_or_default()).unwrap_or_default()
    }

    /// A time up to `most`, short ones being likelier.
    pub fn up_to(&mut self, most: i64) -> i64 {
        let most = usize::try_from(most).unwrap_or_default().saturating_add(1);
        let bound = self.below(most).saturating_add(1);
        i64::try_from(self.below(bound)).unwrap_or_default()
    }

    /// True so many times of 10,000.
    pub fn chance(&mut self, of_ten_thousand: u32) -> bool {
        self.below(10_000) < usize::try_from(of_ten_thousand).unwrap_or(usize::MAX)
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}
