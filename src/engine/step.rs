//! What one step of an account works with: the time, the randomness, and the effects it gathers.

use plausch_model::{OriginId, Timestamp};
use rand_core::CryptoRng;

use plausch_xmpp::list::IntoList;

use crate::{
    io::{Effects, LoadId},
    records::Places,
    store::{Loaded, Query},
};

/// So many places are reserved at once, from a multiple of that on: those of a fraction of a second.
pub(crate) const RESERVED: u64 = 1 << 22;

/// What ids that nobody else sees are made of.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Handed through everything that happens while one input is handled.
pub(crate) struct Step<'a> {
    /// The time of this step.
    pub now: Timestamp,
    /// The source of ids and nonces.
    pub rng: &'a mut dyn CryptoRng,
    /// What the driver has to do afterwards.
    pub fx: Effects,
    /// The last place taken in the order of arrival.
    pub last_sequence: &'a mut u64,
}

impl Step<'_> {
    /// The next place in the order of arrival: grows over restarts, too, since it is made from the time.
    pub fn sequence(&mut self) -> u64 {
        let from_time = u64::try_from(self.now.0).unwrap_or_default().saturating_mul(1 << 16);
        *self.last_sequence = from_time.max(self.last_sequence.saturating_add(1));
        *self.last_sequence
    }

    /// Keeps places in the order of arrival free, for what turns out to have come before whatever comes from now on.
    pub fn reserve(&mut self) -> Places {
        let next = self.sequence();
        let start = next.checked_next_multiple_of(RESERVED).unwrap_or(next);
        *self.last_sequence = start.saturating_add(RESERVED);
        Places { start, end: *self.last_sequence }
    }

    /// A fresh random id of 128 bits.
    pub fn random_id(&mut self) -> String {
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect()
    }

    /// A fresh random UUID (RFC 9562, version 4).
    pub fn uuid(&mut self) -> String {
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        let random = u128::from_be_bytes(bytes);
        let number = random & !(0xf << 76) & !(0x3 << 62) | 4 << 76 | 2 << 62;
        let digits = format!("{number:032x}");
        let part = |from, to| digits.get(from..to).unwrap_or_default();
        [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
    }

    /// A fresh id for a message of ours.
    pub fn message_id(&mut self) -> OriginId {
        OriginId::new(self.random_id())
    }

    /// A fresh id for a message of somebody else, which only this device knows: 96 bits, and short, since each message has it
    /// on disk several times.
    pub fn local_id(&mut self) -> OriginId {
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        let letter = |byte: u8| LETTERS.get(usize::from(byte & 63)).copied().map(char::from);
        OriginId::new(bytes.into_iter().filter_map(letter).collect::<String>())
    }
}

/// Questions to the store whose answers are awaited, with what to do then.
#[derive(Debug)]
pub(crate) struct Loads<C> {
    next: u32,
    waiting: Vec<(Vec<LoadId>, C)>,
}

impl<C> Default for Loads<C> {
    fn default() -> Self {
        Self { next: 0, waiting: Vec::new() }
    }
}

impl<C> Loads<C> {
    /// Asks questions that are answered together.
    pub fn ask(&mut self, step: &mut Step<'_>, queries: Vec<Query>, then: C) {
        let ids = queries.into_iter().map(|query| {
            self.next = self.next.wrapping_add(1);
            step.fx.loads.push((LoadId(self.next), query));
            LoadId(self.next)
        });
        let ids = ids.into_list();
        self.waiting.push((ids, then));
    }

    /// Sorts answers to their questions. Answers that nobody waits for are dropped.
    pub fn answered(&mut self, answers: Vec<(LoadId, Loaded)>) -> Vec<(C, Vec<Loaded>)> {
        let mut answers = answers.into_iter().peekable();
        let mut complete = Vec::new();
        for (ids, then) in std::mem::take(&mut self.waiting) {
            while answers.next_if(|(id, _)| ids.first().is_some_and(|first| id < first)).is_some() {}
            let found = ids.iter().filter_map(|id| answers.next_if(|(answer, _)| answer == id));
            let found = found.map(|(_, loaded)| loaded).into_list();
            if found.len() == ids.len() {
                complete.push((then, found));
            }
        }
        complete
    }

    /// Forgets what was asked: the answers will not come.
    pub fn take_all(&mut self) -> Vec<C> {
        std::mem::take(&mut self.waiting).into_iter().map(|(_, then)| then).collect()
    }
}
