//! Keys of messages that have not arrived yet, and the rules for giving them up.
//!
//! At most [`MAX_SKIPPED`] are kept in a session; the oldest go first. A chain's keys go when five newer chains have begun and
//! a thousand more messages have come: by then what is missing is lost. The rule counts events and not time, as XEP-0384
//! §4.3 recommends.

use subtle::ConstantTimeEq;

use crate::keys::{CurveKey, RatchetKey};
use crate::secret::Secret;
use crate::state::{Reader, StateError, Writer};

/// Skipped message keys kept in a session.
pub const MAX_SKIPPED: usize = 2000;
/// A chain is old when so many newer ones have begun.
const OLD_AFTER_CHAINS: u32 = 5;
/// An old chain's keys are dropped when so many messages have come since it was closed.
const DROPPED_AFTER_MESSAGES: u32 = 1000;

/// The key of one message.
#[derive(Clone, Debug)]
pub(crate) struct MessageKey {
    pub number: u32,
    pub key: Secret,
}

/// The keys that are missing in one chain, in ascending order of their numbers.
#[derive(Clone, Debug)]
struct SkippedChain {
    ratchet_key: RatchetKey,
    keys: Vec<MessageKey>,
    /// The number of a message that there may not be: see [`SkippedKeys::close`].
    doubtful: Option<u32>,
    newer_chains: u32,
    messages_since: u32,
}

impl SkippedChain {
    fn new(ratchet_key: RatchetKey) -> Self {
        Self { ratchet_key, keys: Vec::new(), doubtful: None, newer_chains: 0, messages_since: 0 }
    }

    fn is_old(&self) -> bool {
        self.newer_chains >= OLD_AFTER_CHAINS
    }
}

/// The skipped keys of a session, oldest chain first.
#[derive(Clone, Default, Debug)]
pub(crate) struct SkippedKeys {
    chains: Vec<SkippedChain>,
}

impl SkippedKeys {
    /// The key of a message, if it was skipped and is still kept.
    pub fn get(&self, ratchet_key: &RatchetKey, number: u32) -> Option<&MessageKey> {
        let chain = self.chains.iter().find(|chain| same(&chain.ratchet_key, ratchet_key))?;
        let at = chain.keys.binary_search_by_key(&number, |key| key.number).ok()?;
        chain.keys.get(at)
    }

    /// Gives up a key that was used.
    pub fn remove(&mut self, ratchet_key: &RatchetKey, number: u32) {
        for chain in self.chains.iter_mut().filter(|chain| same(&chain.ratchet_key, ratchet_key)) {
            chain.keys.retain(|key| key.number != number);
        }
        self.tidy();
    }

    /// Adds keys of the newest chain, whose numbers are above all it has.
    pub fn add(&mut self, ratchet_key: &RatchetKey, keys: Vec<MessageKey>) {
        if keys.is_empty() {
            return;
        }
        match self.chains.last_mut().filter(|chain| same(&chain.ratchet_key, ratchet_key)) {
            Some(chain) => chain.keys.extend(keys),
            None => {
                let mut chain = SkippedChain::new(*ratchet_key);
                chain.keys = keys;
                self.chains.push(chain);
            }
        }
        self.tidy();
    }

    /// A newer chain begins after this one. The last of its missing keys is doubtful: peers count the messages of a closed chain
    /// in two ways, so it may be that of a message that was never sent. It is kept for as long as the chain is not old.
    pub fn close(&mut self, ratchet_key: &RatchetKey, doubtful: Option<u32>) {
        if let Some(chain) = self.chains.last_mut().filter(|chain| same(&chain.ratchet_key, ratchet_key)) {
            chain.doubtful = doubtful;
        }
        for chain in &mut self.chains {
            chain.newer_chains = chain.newer_chains.saturating_add(1);
        }
        self.tidy();
    }

    /// A message was decrypted.
    pub fn count_message(&mut self) {
        for chain in self.chains.iter_mut().filter(|chain| chain.newer_chains > 0) {
            chain.messages_since = chain.messages_since.saturating_add(1);
        }
        self.tidy();
    }

    fn len(&self) -> usize {
        self.chains.iter().map(|chain| chain.keys.len()).sum()
    }

    fn tidy(&mut self) {
        for chain in self.chains.iter_mut().filter(|chain| chain.is_old()) {
            if let Some(number) = chain.doubtful.take() {
                chain.keys.retain(|key| key.number != number);
            }
        }
        let mut surplus = self.len().saturating_sub(MAX_SKIPPED);
        for chain in &mut self.chains {
            let dropped = surplus.min(chain.keys.len());
            chain.keys.drain(..dropped);
            surplus = surplus.saturating_sub(dropped);
        }
        self.chains.retain(|chain| {
            let lost = chain.is_old() && chain.messages_since >= DROPPED_AFTER_MESSAGES;
            !lost && !chain.keys.is_empty()
        });
    }

    pub fn write(&self, writer: &mut Writer) {
        writer.list(&self.chains, |writer, chain| {
            writer.bytes(chain.ratchet_key.as_bytes());
            writer.option(chain.doubtful.as_ref(), |writer, number| writer.u32(*number));
            writer.u32(chain.newer_chains);
            writer.u32(chain.messages_since);
            writer.list(&chain.keys, |writer, key| {
                writer.u32(key.number);
                writer.secret(&key.key);
            });
        });
    }

    pub fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        let chains = reader.list(MAX_SKIPPED, |reader| {
            let mut chain = SkippedChain::new(RatchetKey::from_bytes(reader.array()?));
            chain.doubtful = reader.option(Reader::u32)?;
            chain.newer_chains = reader.u32()?;
            chain.messages_since = reader.u32()?;
            chain.keys =
                reader.list(MAX_SKIPPED, |reader| Ok(MessageKey { number: reader.u32()?, key: reader.secret()? }))?;
            Ok(chain)
        })?;
        let skipped = Self { chains };
        let ascending =
            skipped.chains.iter().all(|chain| chain.keys.is_sorted_by(|one, next| one.number < next.number));
        if ascending && skipped.len() <= MAX_SKIPPED { Ok(skipped) } else { Err(StateError::Damaged) }
    }
}

/// Whether two ratchet keys are the same.
pub(crate) fn same(one: &RatchetKey, other: &RatchetKey) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Kind;

    fn ratchet_key(number: u8) -> RatchetKey {
        RatchetKey::from_bytes([number; 32])
    }

    fn keys(numbers: std::ops::Range<u32>) -> Vec<MessageKey> {
        numbers.map(|number| MessageKey { number, key: Secret::new([7; 32]) }).collect()
    }

    #[test]
    fn the_oldest_keys_make_room() {
        let mut skipped = SkippedKeys::default();
        skipped.add(&ratchet_key(1), keys(0..1500));
        skipped.close(&ratchet_key(1), None);
        skipped.add(&ratchet_key(2), keys(0..500));
        assert_eq!(skipped.len(), MAX_SKIPPED);
        assert!(skipped.get(&ratchet_key(1), 0).is_some());
        skipped.add(&ratchet_key(2), keys(500..501));
        assert!(skipped.get(&ratchet_key(1), 0).is_none());
        assert!(skipped.get(&ratchet_key(1), 1).is_some());
        skipped.add(&ratchet_key(2), keys(501..2501));
        assert_eq!(skipped.len(), MAX_SKIPPED);
        assert!(skipped.get(&ratchet_key(1), 1499).is_none());
        assert!(skipped.get(&ratchet_key(2), 500).is_none());
        assert!(skipped.get(&ratchet_key(2), 501).is_some());
    }

    #[test]
    fn a_chain_is_lost_after_five_newer_ones_and_a_thousand_messages() {
        let mut skipped = SkippedKeys::default();
        skipped.add(&ratchet_key(1), keys(0..2));
        for chain in 1..=4 {
            skipped.close(&ratchet_key(chain), None);
        }
        (0..2000).for_each(|_| skipped.count_message());
        assert!(skipped.get(&ratchet_key(1), 0).is_some(), "four newer chains only");
        skipped.close(&ratchet_key(5), None);
        assert!(skipped.get(&ratchet_key(1), 0).is_none());

        skipped.add(&ratchet_key(6), keys(0..2));
        for chain in 6..=10 {
            skipped.close(&ratchet_key(chain), None);
        }
        (0..999).for_each(|_| skipped.count_message());
        assert!(skipped.get(&ratchet_key(6), 1).is_some(), "999 messages only");
        skipped.count_message();
        assert!(skipped.get(&ratchet_key(6), 1).is_none());
    }

    #[test]
    fn a_doubtful_key_is_kept_for_five_chains() {
        let mut skipped = SkippedKeys::default();
        skipped.add(&ratchet_key(1), keys(3..6));
        skipped.close(&ratchet_key(1), Some(5));
        for chain in 2..=4 {
            skipped.close(&ratchet_key(chain), Some(5));
        }
        assert!(skipped.get(&ratchet_key(1), 5).is_some());
        skipped.close(&ratchet_key(5), None);
        assert!(skipped.get(&ratchet_key(1), 5).is_none());
        assert!(skipped.get(&ratchet_key(1), 4).is_some());
    }

    #[test]
    fn only_the_key_that_was_used_is_given_up() {
        let mut skipped = SkippedKeys::default();
        skipped.add(&ratchet_key(1), keys(0..3));
        skipped.close(&ratchet_key(1), None);
        skipped.add(&ratchet_key(2), keys(1..2));
        skipped.remove(&ratchet_key(1), 1);
        assert!(skipped.get(&ratchet_key(1), 1).is_none());
        assert!(skipped.get(&ratchet_key(1), 0).is_some());
        assert!(skipped.get(&ratchet_key(2), 1).is_some());
    }

    #[test]
    fn damaged_records_are_refused() {
        let read = |chains: &[&[u32]]| {
            let mut writer = Writer::new(Kind::Sessions);
            let chain = |numbers: &&[u32]| {
                let mut chain = SkippedChain::new(ratchet_key(1));
                chain.keys = numbers.iter().flat_map(|number| keys(*number..number + 1)).collect();
                chain
            };
            SkippedKeys { chains: chains.iter().map(chain).collect() }.write(&mut writer);
            let bytes = writer.finish();
            SkippedKeys::read(&mut Reader::new(Kind::Sessions, &bytes).unwrap()).map(|skipped| skipped.len())
        };
        let (most, one_more): (Vec<u32>, Vec<u32>) = ((0..1999).collect(), (0..2000).collect());
        assert_eq!(read(&[&[1, 2], &[1]]), Ok(3));
        assert_eq!(read(&[&most, &[1]]), Ok(2000));
        assert_eq!(read(&[&one_more, &[1]]), Err(StateError::Damaged));
        assert_eq!(read(&[&[1, 1]]), Err(StateError::Damaged));
        assert_eq!(read(&[&[2, 1]]), Err(StateError::Damaged));
    }
}
