//! A device's own pre-keys of one version: the supply of one-time ones, and the signed one with its predecessor.
//!
//! The versions' supplies are kept apart, so that a pre-key used in one cannot break a key exchange of the other.
//!
//! While a message archive is caught up with, used one-time pre-keys are kept, hidden from the bundle: an older key exchange
//! that used the same one may still come (XEP-0384 §6).

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::bundle::Bundle;
use crate::changes::Changes;
use crate::device::Device;
use crate::ids::{PreKeyId, SignedPreKeyId, Timestamp};
use crate::keys::{CurveKey, IdentityKeyPair, KeyPair, OneTimePreKey, SignedPreKey};
use crate::protocol::Version;
use crate::secret::Secret;
use crate::state::{Kind, Reader, StateError, Writer};
use crate::xeddsa::Signature;

/// One-time pre-keys in a bundle (XEP-0384 §4.2: around 100).
pub const PRE_KEYS: usize = 100;
/// How long a signed pre-key is used, in seconds: 14 days (XEP-0384 §4.2: a week to a month).
pub const ROTATION_SECONDS: u64 = 14 * 24 * 60 * 60;
/// Stored pre-keys of one device and version, kept ones included.
const MAX_STORED: usize = 10_000;

/// A signed pre-key of one's own.
#[derive(Clone, Debug)]
pub struct SignedPreKeyPair {
    id: SignedPreKeyId,
    keys: KeyPair<SignedPreKey>,
    signature: Signature,
}

impl SignedPreKeyPair {
    /// A signed pre-key that exists: its id, its secret, and the signature that was published with it.
    pub fn from_parts(id: SignedPreKeyId, secret: &Zeroizing<[u8; 32]>, signature: Signature) -> Self {
        Self { id, keys: KeyPair::from_secret(Secret::new(**secret)), signature }
    }

    fn draw(version: Version, id: SignedPreKeyId, identity: &IdentityKeyPair, rng: &mut dyn CryptoRng) -> Self {
        let keys = KeyPair::<SignedPreKey>::draw(rng);
        let signature = identity.sign(version, &keys.public().encode(version.protocol()), rng);
        Self { id, keys, signature }
    }

    /// Its id.
    pub fn id(&self) -> SignedPreKeyId {
        self.id
    }

    /// Its public key.
    pub fn public(&self) -> SignedPreKey {
        self.keys.public()
    }

    /// The signature of its public key by the identity key.
    pub fn signature(&self) -> Signature {
        self.signature
    }

    pub(crate) fn keys(&self) -> &KeyPair<SignedPreKey> {
        &self.keys
    }

    fn write(&self, writer: &mut Writer) {
        writer.u32(self.id.get());
        writer.secret(self.keys.secret());
        writer.bytes(self.keys.public().as_bytes());
        writer.bytes(self.signature.to_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            id: SignedPreKeyId::new(reader.u32()?).ok_or(StateError::Damaged)?,
            keys: KeyPair::from_stored(reader.secret()?, reader.array()?),
            signature: Signature::from_slice(&reader.array::<64>()?).ok_or(StateError::Damaged)?,
        })
    }
}

/// A one-time pre-key of one's own.
#[derive(Clone, Debug)]
pub struct OneTimePreKeyPair {
    id: PreKeyId,
    keys: KeyPair<OneTimePreKey>,
}

impl OneTimePreKeyPair {
    /// A one-time pre-key that exists: its id and its secret.
    pub fn from_parts(id: PreKeyId, secret: &Zeroizing<[u8; 32]>) -> Self {
        Self { id, keys: KeyPair::from_secret(Secret::new(**secret)) }
    }

    /// Its id.
    pub fn id(&self) -> PreKeyId {
        self.id
    }

    /// Its public key.
    pub fn public(&self) -> OneTimePreKey {
        self.keys.public()
    }

    fn write(&self, writer: &mut Writer) {
        writer.u32(self.id.get());
        writer.secret(self.keys.secret());
        writer.bytes(self.keys.public().as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            id: PreKeyId::new(reader.u32()?).ok_or(StateError::Damaged)?,
            keys: KeyPair::from_stored(reader.secret()?, reader.array()?),
        })
    }
}

/// The pre-keys of one's own device in one version.
#[derive(Clone, Debug)]
pub struct PreKeys {
    version: Version,
    current: SignedPreKeyPair,
    previous: Option<SignedPreKeyPair>,
    rotated: Timestamp,
    next_signed: SignedPreKeyId,
    supply: Vec<OneTimePreKeyPair>,
    next: PreKeyId,
    /// Used ones; only during a catch-up.
    kept: Vec<OneTimePreKeyPair>,
    catching_up: bool,
}

impl PreKeys {
    /// A signed pre-key and a full supply.
    pub fn new(version: Version, device: &Device, now: Timestamp, rng: &mut dyn CryptoRng) -> Self {
        let first = SignedPreKeyPair::draw(version, SignedPreKeyId::FIRST, device.identity(), rng);
        let mut pre_keys = Self::from_parts(version, first, None, Vec::new(), now);
        pre_keys.fill(rng);
        pre_keys
    }

    /// Pre-keys that exist. The current signed one counts as rotated at the given time; new ids continue after the highest.
    pub fn from_parts(
        version: Version,
        current: SignedPreKeyPair,
        previous: Option<SignedPreKeyPair>,
        supply: Vec<OneTimePreKeyPair>,
        rotated: Timestamp,
    ) -> Self {
        let highest_signed = previous.as_ref().map_or(current.id, |previous| previous.id.max(current.id));
        let next = supply.iter().map(OneTimePreKeyPair::id).max().map_or(PreKeyId::FIRST, PreKeyId::next);
        Self {
            version,
            current,
            previous,
            rotated,
            next_signed: highest_signed.next(),
            supply,
            next,
            kept: Vec::new(),
            catching_up: false,
        }
    }

    /// The version that they are for.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The one-time pre-keys that are in the bundle.
    pub fn supply(&self) -> &[OneTimePreKeyPair] {
        &self.supply
    }

    /// The signed pre-key that is in the bundle.
    pub fn current(&self) -> &SignedPreKeyPair {
        &self.current
    }

    /// What to publish.
    pub fn bundle(&self, device: &Device) -> Bundle {
        let pre_keys = self.supply.iter().map(|pre_key| (pre_key.id, pre_key.public())).collect();
        Bundle::own(self.version, device.identity(), &self.current, pre_keys)
    }

    /// Draws one-time pre-keys until there are [`PRE_KEYS`] of them again.
    pub fn refill(&mut self, rng: &mut dyn CryptoRng) -> Changes {
        let filled = self.fill(rng);
        Changes { pre_keys: filled, bundle: filled, ..Changes::default() }
    }

    /// Whether any was missing.
    fn fill(&mut self, rng: &mut dyn CryptoRng) -> bool {
        let missing = PRE_KEYS.saturating_sub(self.supply.len());
        for _ in 0..missing {
            self.supply.push(OneTimePreKeyPair { id: self.next, keys: KeyPair::draw(rng) });
            self.next = self.next.next();
        }
        missing > 0
    }

    /// When [`rotate_if_due`](Self::rotate_if_due) is to be called.
    pub fn rotation_due(&self) -> Timestamp {
        Timestamp(self.rotated.0.saturating_add(ROTATION_SECONDS))
    }

    /// Replaces the signed pre-key if it has been used for [`ROTATION_SECONDS`]. The replaced one is kept until it is replaced
    /// itself, for key exchanges on their way. Early calls change nothing.
    pub fn rotate_if_due(&mut self, device: &Device, now: Timestamp, rng: &mut dyn CryptoRng) -> Changes {
        if now < self.rotation_due() {
            return Changes::default();
        }
        let next = SignedPreKeyPair::draw(self.version, self.next_signed, device.identity(), rng);
        self.next_signed = self.next_signed.next();
        self.previous = Some(std::mem::replace(&mut self.current, next));
        self.rotated = now;
        Changes { pre_keys: true, bundle: true, ..Changes::default() }
    }

    /// A catch-up with an archive begins: from now on used pre-keys are kept.
    pub fn begin_catch_up(&mut self) -> Changes {
        let changed = !std::mem::replace(&mut self.catching_up, true);
        Changes { pre_keys: changed, ..Changes::default() }
    }

    /// The catch-up is over: used pre-keys are given up. Each session that it began is now owed an empty message.
    pub fn end_catch_up(&mut self) -> Changes {
        let changed = std::mem::replace(&mut self.catching_up, false);
        self.kept.clear();
        Changes { pre_keys: changed, ..Changes::default() }
    }

    pub(crate) fn signed(&self, id: SignedPreKeyId) -> Option<&SignedPreKeyPair> {
        std::iter::once(&self.current).chain(&self.previous).find(|signed| signed.id == id)
    }

    pub(crate) fn one_time(&self, id: PreKeyId) -> Option<&KeyPair<OneTimePreKey>> {
        self.supply.iter().chain(&self.kept).find(|pre_key| pre_key.id == id).map(|pre_key| &pre_key.keys)
    }

    /// The pre-key was used; whether it was in the bundle until now.
    pub(crate) fn consume(&mut self, id: PreKeyId) -> bool {
        let Some(at) = self.supply.iter().position(|pre_key| pre_key.id == id) else { return false };
        let used = self.supply.remove(at);
        if self.catching_up && self.kept.len() < MAX_STORED {
            self.kept.push(used);
        }
        true
    }

    /// The state to store.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new(Kind::PreKeys);
        writer.byte(self.version.code());
        self.current.write(&mut writer);
        writer.option(self.previous.as_ref(), |writer, previous| previous.write(writer));
        writer.u64(self.rotated.0);
        writer.u32(self.next_signed.get());
        writer.list(&self.supply, |writer, pre_key| pre_key.write(writer));
        writer.u32(self.next.get());
        writer.list(&self.kept, |writer, pre_key| pre_key.write(writer));
        writer.flag(self.catching_up);
        writer.finish()
    }

    /// The state that was stored.
    ///
    /// # Errors
    /// [`StateError`] if it is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let mut reader = Reader::new(Kind::PreKeys, bytes)?;
        let pre_keys = Self {
            version: Version::from_code(reader.byte()?).ok_or(StateError::Damaged)?,
            current: SignedPreKeyPair::read(&mut reader)?,
            previous: reader.option(SignedPreKeyPair::read)?,
            rotated: Timestamp(reader.u64()?),
            next_signed: SignedPreKeyId::new(reader.u32()?).ok_or(StateError::Damaged)?,
            supply: reader.list(MAX_STORED, OneTimePreKeyPair::read)?,
            next: PreKeyId::new(reader.u32()?).ok_or(StateError::Damaged)?,
            kept: reader.list(MAX_STORED, OneTimePreKeyPair::read)?,
            catching_up: reader.flag()?,
        };
        reader.finish()?;
        Ok(pre_keys)
    }
}
