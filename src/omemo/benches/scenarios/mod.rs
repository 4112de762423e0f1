//! What is measured, for both the native bench and the browser: each scenario prepares so many runs, and then does them.

use std::hint::black_box;

use plausch_omemo::file::{FileEncryptor, FileKey, FileVerifier};
use plausch_omemo::{Device, DeviceId, KeyMaterial, PreKeyBundle, PreKeys, Sessions, Timestamp, Version, payload};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use x25519_dalek::{PublicKey, StaticSecret};

const NOW: Timestamp = Timestamp(1_800_000_000);
const GROUP_DEVICES: usize = 200;
const FILE_BYTES: usize = 1 << 20;
const PIECE_BYTES: usize = 64 << 10;
/// A chain may not be read further than this without a turn; nobody sends more.
const CHAIN: usize = 1000;

/// The runs that were prepared.
pub type Runs = Box<dyn FnOnce()>;

/// A scenario, by its name.
pub struct Scenario {
    /// For the table.
    pub name: &'static str,
    /// How many runs make a sample in the browser, whose clock is coarse.
    #[allow(dead_code)] // the native bench decides by itself
    pub sample: usize,
    /// Makes all that is not measured.
    pub prepare: fn(usize) -> Runs,
}

/// All of them. The first is the floor: X25519 alone.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "x25519", sample: 300, prepare: x25519 },
    Scenario { name: "set-up/initiator", sample: 50, prepare: set_up_initiator },
    Scenario { name: "set-up/responder", sample: 50, prepare: set_up_responder },
    Scenario { name: "message/encrypt", sample: 1000, prepare: message_encrypt },
    Scenario { name: "message/decrypt", sample: 1000, prepare: message_decrypt },
    Scenario { name: "message/decrypt-with-turn", sample: 100, prepare: message_turn },
    Scenario { name: "pre-keys/100", sample: 5, prepare: pre_keys },
    Scenario { name: "group/200-devices", sample: 10, prepare: group },
    Scenario { name: "file/encrypt-1MiB", sample: 5, prepare: file_encrypt },
    Scenario { name: "file/decrypt-1MiB", sample: 5, prepare: file_decrypt },
];

struct Party {
    device: Device,
    pre_keys: PreKeys,
    sessions: Sessions,
}

impl Party {
    fn new(rng: &mut ChaCha20Rng) -> Self {
        let device = Device::new(DeviceId::draw(rng), rng);
        let pre_keys = PreKeys::new(Version::Omemo2, &device, NOW, rng);
        Self { device, pre_keys, sessions: Sessions::new(Version::Omemo2) }
    }

    fn offer(&self, rng: &mut ChaCha20Rng) -> PreKeyBundle {
        self.pre_keys.bundle(&self.device).choose(rng).unwrap()
    }

    fn encrypt(&mut self, material: &KeyMaterial) -> Vec<u8> {
        self.sessions.encrypt(&self.device, material).unwrap().bytes
    }

    fn decrypt(&mut self, message: &[u8], rng: &mut ChaCha20Rng) {
        let Self { device, pre_keys, sessions } = self;
        black_box(sessions.decrypt(device, pre_keys, message, NOW, rng).unwrap());
    }
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

fn material() -> KeyMaterial {
    KeyMaterial::from_bytes(&[7; 48])
}

/// Two devices with a session that both know.
fn pair(rng: &mut ChaCha20Rng) -> (Party, Party) {
    let (mut alice, mut bob) = (Party::new(rng), Party::new(rng));
    let offer = bob.offer(rng);
    let _ = alice.sessions.start(&alice.device, &offer, NOW, rng).unwrap();
    let first = alice.encrypt(&material());
    bob.decrypt(&first, rng);
    let answer = bob.encrypt(&material());
    alice.decrypt(&answer, rng);
    (alice, bob)
}

fn x25519(runs: usize) -> Runs {
    let secret = StaticSecret::from([0x77; 32]);
    let public = PublicKey::from(&StaticSecret::from([0x55; 32]));
    Box::new(move || (0..runs).for_each(|_| drop(black_box(secret.diffie_hellman(black_box(&public))))))
}

/// A session by a bundle, and its first message.
fn set_up_initiator(runs: usize) -> Runs {
    let mut rng = rng();
    let (alice, bob) = (Party::new(&mut rng), Party::new(&mut rng));
    let offer = bob.offer(&mut rng);
    Box::new(move || {
        for _ in 0..runs {
            let mut sessions = Sessions::new(Version::Omemo2);
            let _ = black_box(sessions.start(&alice.device, &offer, NOW, &mut rng).unwrap());
            black_box(sessions.encrypt(&alice.device, &material()).unwrap());
        }
    })
}

/// A session by its first message.
fn set_up_responder(runs: usize) -> Runs {
    let mut rng = rng();
    let (mut alice, bob) = (Party::new(&mut rng), Party::new(&mut rng));
    let offer = bob.offer(&mut rng);
    let _ = alice.sessions.start(&alice.device, &offer, NOW, &mut rng).unwrap();
    let first = alice.encrypt(&material());
    let mut copies: Vec<_> = (0..runs).map(|_| (bob.pre_keys.clone(), Sessions::new(Version::Omemo2))).collect();
    Box::new(move || {
        for (pre_keys, sessions) in &mut copies {
            black_box(sessions.decrypt(&bob.device, pre_keys, &first, NOW, &mut rng).unwrap());
        }
    })
}

fn message_encrypt(runs: usize) -> Runs {
    let (mut alice, _) = pair(&mut rng());
    Box::new(move || (0..runs).for_each(|_| drop(black_box(alice.encrypt(&material())))))
}

fn message_decrypt(runs: usize) -> Runs {
    let mut rng = rng();
    let mut chains = Vec::new();
    let mut left = runs;
    while left > 0 {
        let (mut alice, mut bob) = pair(&mut rng);
        let first = alice.encrypt(&material());
        bob.decrypt(&first, &mut rng);
        let count = left.min(CHAIN);
        chains.push((bob, (0..count).map(|_| alice.encrypt(&material())).collect::<Vec<_>>()));
        left -= count;
    }
    Box::new(move || {
        for (bob, messages) in &mut chains {
            messages.iter().for_each(|message| bob.decrypt(message, &mut rng));
        }
    })
}

/// Each message comes with a new ratchet key: two agreements and a key to draw.
fn message_turn(runs: usize) -> Runs {
    let mut rng = rng();
    let (mut alice, mut bob) = pair(&mut rng);
    // Copies of the receiver before each turn, and what makes it turn.
    let mut turns = Vec::new();
    for _ in 0..runs {
        let message = alice.encrypt(&material());
        let before =
            Party { device: bob.device.clone(), pre_keys: bob.pre_keys.clone(), sessions: bob.sessions.clone() };
        turns.push((before, message.clone()));
        bob.decrypt(&message, &mut rng);
        let answer = bob.encrypt(&material());
        alice.decrypt(&answer, &mut rng);
    }
    Box::new(move || turns.iter_mut().for_each(|(bob, message)| bob.decrypt(message, &mut rng)))
}

fn pre_keys(runs: usize) -> Runs {
    let mut rng = rng();
    let device = Device::new(DeviceId::draw(&mut rng), &mut rng);
    Box::new(move || {
        (0..runs).for_each(|_| drop(black_box(PreKeys::new(Version::Omemo2, &device, NOW, &mut rng))));
    })
}

/// One payload, and its key for each device.
fn group(runs: usize) -> Runs {
    let mut rng = rng();
    let (alice, _) = pair(&mut rng);
    let mut devices: Vec<Sessions> = (0..GROUP_DEVICES).map(|_| alice.sessions.clone()).collect();
    let body = "a message of some length to everybody".repeat(8);
    Box::new(move || {
        for _ in 0..runs {
            let encrypted = payload::encrypt(Version::Omemo2, body.as_bytes(), &mut rng).unwrap();
            for sessions in &mut devices {
                black_box(sessions.encrypt(&alice.device, &encrypted.key_material).unwrap());
            }
        }
    })
}

fn file_encrypt(runs: usize) -> Runs {
    let key = FileKey::draw(&mut rng());
    let mut file = vec![7; FILE_BYTES];
    Box::new(move || {
        for _ in 0..runs {
            let mut encryptor = FileEncryptor::new(&key);
            file.chunks_mut(PIECE_BYTES).for_each(|piece| encryptor.encrypt(piece).unwrap());
            black_box(encryptor.finish());
        }
    })
}

/// Both passes.
fn file_decrypt(runs: usize) -> Runs {
    let key = FileKey::draw(&mut rng());
    let mut file = vec![7; FILE_BYTES];
    let mut encryptor = FileEncryptor::new(&key);
    encryptor.encrypt(&mut file).unwrap();
    file.extend(encryptor.finish());
    Box::new(move || {
        for _ in 0..runs {
            let mut verifier = FileVerifier::new(&key);
            file.chunks(PIECE_BYTES).for_each(|piece| verifier.read(piece).unwrap());
            let mut decryptor = verifier.finish().unwrap();
            for piece in file.chunks(PIECE_BYTES) {
                let mut piece = piece.to_vec();
                decryptor.decrypt(&mut piece).unwrap();
                black_box(piece);
            }
            decryptor.finish().unwrap();
        }
    })
}
