//! Whatever the network does to the messages of two or three devices: what arrives for the first time is read, what arrives
//! again or altered is refused and changes nothing, and in the end all sides have the same sessions.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod support;

use plausch_omemo::{MessageKind, ROTATION_SECONDS, Version};
use proptest::prelude::*;
use support::{NOW, Party};

/// Session starts in one run: as many as are kept, so that no session is lost.
const MAX_STARTS: usize = 8;

#[derive(Clone, Debug)]
enum Event {
    /// A device sends to another.
    Send { from: usize, to: usize },
    /// A device starts a new session with another, and sends.
    Start { from: usize, to: usize },
    /// One of the messages on their way arrives; or arrives and stays on its way, to come again.
    Deliver { which: usize, again: bool },
    /// A message arrives altered, and stays on its way.
    Alter { which: usize, bit: usize },
    /// A message is lost.
    Lose { which: usize },
    /// A device's state is read from the store.
    Reload { who: usize },
    /// A device's signed pre-key is replaced.
    Rotate { who: usize },
}

#[derive(Clone)]
struct Message {
    from: usize,
    to: usize,
    bytes: Vec<u8>,
    plaintext: Vec<u8>,
    read: bool,
}

struct World {
    parties: Vec<Party>,
    on_their_way: Vec<Message>,
    sent: u32,
    starts: usize,
    rotated: bool,
}

impl World {
    fn new(version: Version, parties: usize, seed: u64) -> Self {
        let parties = (0..parties as u64).map(|number| Party::new(version, seed.wrapping_add(number))).collect();
        Self { parties, on_their_way: Vec::new(), sent: 0, starts: 0, rotated: false }
    }

    fn happen(&mut self, event: &Event) {
        let count = self.parties.len();
        match *event {
            Event::Send { from, to } => self.send(from % count, to % count),
            Event::Start { from, to } => self.start(from % count, to % count),
            Event::Deliver { which, again } => {
                if let Some(place) = self.place(which) {
                    self.deliver(place);
                    if !again {
                        self.on_their_way.swap_remove(place);
                    }
                }
            }
            Event::Alter { which, bit } => self.alter(which, bit),
            Event::Lose { which } => {
                self.place(which).map(|place| self.on_their_way.swap_remove(place));
            }
            Event::Reload { who } => self.parties[who % count].reload(),
            Event::Rotate { who } => self.rotate(who % count),
        }
    }

    fn place(&self, which: usize) -> Option<usize> {
        which.checked_rem(self.on_their_way.len())
    }

    fn start(&mut self, from: usize, to: usize) {
        if from == to || self.starts >= MAX_STARTS {
            return;
        }
        self.starts += 1;
        let offer = self.parties[to].offer();
        self.parties[from].start(to, &offer);
        self.send(from, to);
    }

    fn send(&mut self, from: usize, to: usize) {
        if from == to {
            return;
        }
        if !self.parties[from].with(to).has_session() {
            return self.start(from, to);
        }
        self.sent += 1;
        let plaintext = self.sent.to_be_bytes().repeat(12);
        let bytes = self.parties[from].encrypt(to, &plaintext).bytes;
        self.on_their_way.push(Message { from, to, bytes, plaintext, read: false });
    }

    fn deliver(&mut self, place: usize) {
        let message = &mut self.on_their_way[place];
        let party = &mut self.parties[message.to];
        if message.read {
            assert!(party.refuses(message.from, &message.bytes).is_duplicate());
            return;
        }
        party.reads(message.from, &message.bytes, &message.plaintext);
        let mut rng = party.rng.clone();
        let changes = party.pre_keys.refill(&mut rng);
        assert_eq!(changes.pre_keys, changes.bundle);
        party.rng = rng;
        message.read = true;
    }

    fn alter(&mut self, which: usize, bit: usize) {
        let Some(place) = self.place(which) else { return };
        let message = &self.on_their_way[place];
        let mut altered = message.bytes.clone();
        let bit = bit % (altered.len() * 8);
        altered[bit / 8] ^= 1 << (bit % 8);
        let party = &mut self.parties[message.to];
        let mut attempt = party.clone();
        attempt.with(message.from);
        let before = attempt.stored();
        match attempt.decrypt(message.from, &altered) {
            Err(_) => assert_eq!(attempt.stored(), before),
            // The device id of the initiator, in legacy key exchanges, and fields that nobody knows are not protected.
            Ok(decrypted) => assert_eq!(decrypted.key_material.as_bytes(), message.plaintext),
        }
    }

    /// At most one, so that the signed pre-key of a key exchange on its way is still kept.
    fn rotate(&mut self, who: usize) {
        if std::mem::replace(&mut self.rotated, true) {
            return;
        }
        let party = &mut self.parties[who];
        let (device, mut rng) = (party.device.clone(), party.rng.clone());
        party.now.0 += ROTATION_SECONDS;
        let changes = party.pre_keys.rotate_if_due(&device, party.now, &mut rng);
        assert!(changes.pre_keys && changes.bundle);
        party.now = NOW;
        party.rng = rng;
    }

    /// All arrives; then each pair that has talked exchanges messages until both know that the other reads.
    fn settle(&mut self) {
        while !self.on_their_way.is_empty() {
            self.deliver(0);
            self.on_their_way.remove(0);
        }
        for one in 0..self.parties.len() {
            for other in 0..one {
                if self.parties[one].with(other).has_session() || self.parties[other].with(one).has_session() {
                    self.converse(one, other);
                }
            }
        }
    }

    fn converse(&mut self, one: usize, other: usize) {
        for _ in 0..2 {
            for (from, to) in [(one, other), (other, one)] {
                self.send(from, to);
                while !self.on_their_way.is_empty() {
                    self.deliver(0);
                    self.on_their_way.remove(0);
                }
            }
        }
        for (from, to) in [(one, other), (other, one)] {
            let sent = self.parties[from].encrypt(to, b"settled");
            assert_eq!(sent.kind, MessageKind::Ratchet);
            self.parties[to].reads(from, &sent.bytes, b"settled");
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    let party = 0..6_usize;
    prop_oneof![
        8 => (party.clone(), party.clone()).prop_map(|(from, to)| Event::Send { from, to }),
        1 => (party.clone(), party.clone()).prop_map(|(from, to)| Event::Start { from, to }),
        8 => (any::<usize>(), any::<bool>()).prop_map(|(which, again)| Event::Deliver { which, again }),
        2 => (any::<usize>(), any::<usize>()).prop_map(|(which, bit)| Event::Alter { which, bit }),
        1 => any::<usize>().prop_map(|which| Event::Lose { which }),
        1 => party.clone().prop_map(|who| Event::Reload { who }),
        1 => party.prop_map(|who| Event::Rotate { who }),
    ]
}

fn version() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::Legacy), Just(Version::Omemo2)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn two_parties(version in version(), seed: u64, events in prop::collection::vec(event(), 1..120)) {
        let mut world = World::new(version, 2, seed);
        events.iter().for_each(|event| world.happen(event));
        world.settle();
    }

    #[test]
    fn three_parties(version in version(), seed: u64, events in prop::collection::vec(event(), 1..160)) {
        let mut world = World::new(version, 3, seed);
        events.iter().for_each(|event| world.happen(event));
        world.settle();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    /// One chain, in any order, up to the longest gap.
    #[test]
    fn disorder_up_to_the_limit(version in version(), gap in 1990_usize..=2000, order: u64) {
        let (mut alice, mut bob) = support::pair(version);
        let mut messages: Vec<_> = (0..=gap).map(|_| alice.encrypt(1, b"lost and found").bytes).collect();
        bob.reads(0, &messages.pop().unwrap(), b"lost and found");
        let mut place = order;
        while !messages.is_empty() {
            place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let message = messages.swap_remove((place >> 33) as usize % messages.len());
            bob.reads(0, &message, b"lost and found");
        }
    }
}
