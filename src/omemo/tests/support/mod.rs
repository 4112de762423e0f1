//! Devices of one's own making, for tests.
#![allow(dead_code)] // each test uses a part

use std::collections::BTreeMap;

use plausch_omemo::{
    DecryptError, Decrypted, Device, DeviceId, Encrypted, KeyMaterial, PreKeyBundle, PreKeys, Sessions, Timestamp,
    Version,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

pub const NOW: Timestamp = Timestamp(1_800_000_000);

/// A device with its whole state in one version.
#[derive(Clone)]
pub struct Party {
    pub version: Version,
    pub device: Device,
    pub pre_keys: PreKeys,
    pub sessions: BTreeMap<usize, Sessions>,
    pub now: Timestamp,
    pub rng: ChaCha20Rng,
    /// One-time pre-keys of this party that others were given.
    given: usize,
}

impl Party {
    pub fn new(version: Version, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let device = Device::new(DeviceId::draw(&mut rng), &mut rng);
        let pre_keys = PreKeys::new(version, &device, NOW, &mut rng);
        Self { version, device, pre_keys, sessions: BTreeMap::new(), now: NOW, rng, given: 0 }
    }

    /// What another party starts a session with: each gets a one-time pre-key that no other got.
    pub fn offer(&mut self) -> PreKeyBundle {
        let bundle = self.pre_keys.bundle(&self.device);
        let place = self.given % bundle.pre_keys().len();
        self.given += 1;
        bundle.choose_id(bundle.pre_keys()[place].0).unwrap()
    }

    pub fn with(&mut self, peer: usize) -> &mut Sessions {
        let version = self.version;
        self.sessions.entry(peer).or_insert_with(|| Sessions::new(version))
    }

    pub fn start(&mut self, peer: usize, bundle: &PreKeyBundle) {
        let (device, mut rng, now) = (self.device.clone(), self.rng.clone(), self.now);
        let changes = self.with(peer).start(&device, bundle, now, &mut rng).unwrap();
        assert!(changes.sessions);
        self.rng = rng;
    }

    pub fn encrypt(&mut self, peer: usize, plaintext: &[u8]) -> Encrypted {
        let device = self.device.clone();
        self.with(peer).encrypt(&device, &KeyMaterial::from_bytes(plaintext)).unwrap()
    }

    pub fn decrypt(&mut self, peer: usize, message: &[u8]) -> Result<Decrypted, DecryptError> {
        let (device, mut pre_keys, mut rng, now) =
            (self.device.clone(), self.pre_keys.clone(), self.rng.clone(), self.now);
        let decrypted = self.with(peer).decrypt(&device, &mut pre_keys, message, now, &mut rng);
        self.pre_keys = pre_keys;
        self.rng = rng;
        decrypted
    }

    /// Decrypts what must be decrypted.
    pub fn reads(&mut self, peer: usize, message: &[u8], plaintext: &[u8]) -> Decrypted {
        let decrypted = self.decrypt(peer, message).unwrap();
        assert_eq!(decrypted.key_material.as_bytes(), plaintext);
        decrypted
    }

    /// Refuses, and stays as it was to the byte.
    pub fn refuses(&mut self, peer: usize, message: &[u8]) -> DecryptError {
        self.with(peer);
        let before = self.stored();
        let error = self.decrypt(peer, message).map(drop).unwrap_err();
        assert_eq!(self.stored(), before, "{error}");
        error
    }

    /// All of the state, as it is stored.
    pub fn stored(&self) -> Vec<Vec<u8>> {
        let mut records = vec![self.device.to_bytes().to_vec(), self.pre_keys.to_bytes().to_vec()];
        records.extend(self.sessions.values().map(|sessions| sessions.to_bytes().to_vec()));
        records
    }

    /// Takes the state out of the store.
    pub fn reload(&mut self) {
        let before = self.stored();
        self.device = Device::from_bytes(&self.device.to_bytes()).unwrap();
        self.pre_keys = PreKeys::from_bytes(&self.pre_keys.to_bytes()).unwrap();
        for sessions in self.sessions.values_mut() {
            *sessions = Sessions::from_bytes(&sessions.to_bytes()).unwrap();
        }
        assert_eq!(self.stored(), before);
    }
}

/// Two parties, the first of which has started a session that the second has answered.
pub fn pair(version: Version) -> (Party, Party) {
    let (mut alice, mut bob) = (Party::new(version, 1), Party::new(version, 2));
    alice.start(1, &bob.offer());
    let first = alice.encrypt(1, b"first");
    bob.reads(0, &first.bytes, b"first");
    let answer = bob.encrypt(0, b"answer");
    alice.reads(1, &answer.bytes, b"answer");
    (alice, bob)
}

/// Both versions.
pub const VERSIONS: [Version; 2] = [Version::Legacy, Version::Omemo2];
