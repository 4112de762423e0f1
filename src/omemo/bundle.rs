//! Bundles: what a device publishes so that others can start sessions with it (XEP-0384 §5.3.2).
//!
//! A [`Bundle`] exists only if the identity key really signed its signed pre-key. Bundles come and go as [`BundleParts`], the
//! decoded contents of the XML elements.

use rand_core::CryptoRng;
use thiserror::Error;

use crate::ids::{PreKeyId, SignedPreKeyId};
use crate::keys::{CurveKey, IdentityKey, IdentityKeyPair, OneTimePreKey, SignedPreKey};
use crate::pre_keys::SignedPreKeyPair;
use crate::protocol::Version;
use crate::xeddsa::Signature;

/// One-time pre-keys that a bundle may have; others publish about 100.
pub const MAX_BUNDLE_PRE_KEYS: usize = 1000;

/// The contents of a bundle's elements, Base64 removed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BundleParts {
    /// `ik`, or `identityKey` in the legacy version.
    pub identity: Vec<u8>,
    /// The `id` of `spk`, or `signedPreKeyId`.
    pub signed_pre_key_id: u32,
    /// `spk`, or `signedPreKeyPublic`.
    pub signed_pre_key: Vec<u8>,
    /// `spks`, or `signedPreKeySignature`.
    pub signature: Vec<u8>,
    /// Each `pk` with its `id`, or `preKeyPublic` with its `preKeyId`.
    pub pre_keys: Vec<(u32, Vec<u8>)>,
}

/// Why parts are no bundle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum BundleError {
    /// The identity key has the wrong length or type byte, or is no point of the curve.
    #[error("the identity key is invalid")]
    Identity,
    /// The signed pre-key or its id is invalid.
    #[error("the signed pre-key is invalid")]
    SignedPreKey,
    /// The identity key did not sign the signed pre-key.
    #[error("the signature does not fit")]
    Signature,
    /// Two one-time pre-keys have the same id.
    #[error("two pre-keys have the same id")]
    DuplicatePreKey,
    /// There is no usable one-time pre-key, or there are more than [`MAX_BUNDLE_PRE_KEYS`].
    #[error("no usable number of pre-keys")]
    PreKeys,
}

/// A device's bundle, its signature verified.
#[derive(Clone, Debug)]
pub struct Bundle {
    version: Version,
    identity: IdentityKey,
    signed_pre_key_id: SignedPreKeyId,
    signed_pre_key: SignedPreKey,
    signature: Signature,
    pre_keys: Vec<(PreKeyId, OneTimePreKey)>,
}

impl Bundle {
    pub(crate) fn own(
        version: Version,
        identity: &IdentityKeyPair,
        signed: &SignedPreKeyPair,
        pre_keys: Vec<(PreKeyId, OneTimePreKey)>,
    ) -> Self {
        Self {
            version,
            identity: identity.public(version),
            signed_pre_key_id: signed.id(),
            signed_pre_key: signed.public(),
            signature: signed.signature(),
            pre_keys,
        }
    }

    /// Checks a bundle that was received. One-time pre-keys that cannot be used are left out, as long as others remain; two
    /// under one id make it worthless, since the device cannot tell which one is meant.
    ///
    /// # Errors
    /// [`BundleError`] says what is wrong with it.
    pub fn from_parts(version: Version, parts: &BundleParts) -> Result<Self, BundleError> {
        let protocol = version.protocol();
        let identity = IdentityKey::decode(version, &parts.identity).ok_or(BundleError::Identity)?;
        let signed_pre_key_id = SignedPreKeyId::new(parts.signed_pre_key_id).ok_or(BundleError::SignedPreKey)?;
        let signed_pre_key = SignedPreKey::decode(protocol, &parts.signed_pre_key).ok_or(BundleError::SignedPreKey)?;
        let signature = Signature::from_slice(&parts.signature).ok_or(BundleError::Signature)?;
        if !identity.verify(&signed_pre_key.encode(protocol), &signature) {
            return Err(BundleError::Signature);
        }
        let pre_keys = usable_pre_keys(version, &parts.pre_keys)?;
        Ok(Self { version, identity, signed_pre_key_id, signed_pre_key, signature, pre_keys })
    }

    /// The contents of the elements to publish.
    pub fn to_parts(&self) -> BundleParts {
        let protocol = self.version.protocol();
        let encode = |(id, key): &(PreKeyId, OneTimePreKey)| (id.get(), key.encode(protocol));
        BundleParts {
            identity: self.identity.encode_received(self.version),
            signed_pre_key_id: self.signed_pre_key_id.get(),
            signed_pre_key: self.signed_pre_key.encode(protocol),
            signature: self.signature.to_bytes().to_vec(),
            pre_keys: self.pre_keys.iter().map(encode).collect(),
        }
    }

    /// The version that it is for.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The device's identity key.
    pub fn identity(&self) -> &IdentityKey {
        &self.identity
    }

    /// The id of the signed pre-key, and the key.
    pub fn signed_pre_key(&self) -> (SignedPreKeyId, SignedPreKey) {
        (self.signed_pre_key_id, self.signed_pre_key)
    }

    /// The one-time pre-keys with their ids.
    pub fn pre_keys(&self) -> &[(PreKeyId, OneTimePreKey)] {
        &self.pre_keys
    }

    /// What to start a session with: a one-time pre-key is chosen at random, so that two devices that start sessions at the same
    /// time seldom choose the same (XEP-0384 §5.4).
    pub fn choose(&self, rng: &mut dyn CryptoRng) -> Option<PreKeyBundle> {
        let count = u64::try_from(self.pre_keys.len()).ok()?;
        // The remainder of 64 random bits by at most 1000 is even enough.
        let at = usize::try_from(rng.next_u64().checked_rem(count)?).ok()?;
        self.pre_keys.get(at).map(|chosen| self.with(chosen))
    }

    /// What to start a session with: the one-time pre-key of this id, if there is one.
    pub fn choose_id(&self, id: PreKeyId) -> Option<PreKeyBundle> {
        self.pre_keys.iter().find(|(other, _)| *other == id).map(|chosen| self.with(chosen))
    }

    fn with(&self, (pre_key_id, pre_key): &(PreKeyId, OneTimePreKey)) -> PreKeyBundle {
        PreKeyBundle {
            version: self.version,
            identity: self.identity,
            signed_pre_key_id: self.signed_pre_key_id,
            signed_pre_key: self.signed_pre_key,
            pre_key_id: *pre_key_id,
            pre_key: *pre_key,
        }
    }
}

/// A bundle with one of its one-time pre-keys: all that a key exchange needs (X3DH §3.2).
#[derive(Clone, Debug)]
pub struct PreKeyBundle {
    pub(crate) version: Version,
    pub(crate) identity: IdentityKey,
    pub(crate) signed_pre_key_id: SignedPreKeyId,
    pub(crate) signed_pre_key: SignedPreKey,
    pub(crate) pre_key_id: PreKeyId,
    pub(crate) pre_key: OneTimePreKey,
}

fn usable_pre_keys(version: Version, parts: &[(u32, Vec<u8>)]) -> Result<Vec<(PreKeyId, OneTimePreKey)>, BundleError> {
    if parts.len() > MAX_BUNDLE_PRE_KEYS {
        return Err(BundleError::PreKeys);
    }
    let mut ids: Vec<u32> = parts.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    if !ids.is_sorted_by(|one, next| one < next) {
        return Err(BundleError::DuplicatePreKey);
    }
    let decode =
        |(id, key): &(u32, Vec<u8>)| Some((PreKeyId::new(*id)?, OneTimePreKey::decode(version.protocol(), key)?));
    let usable: Vec<_> = parts.iter().filter_map(decode).collect();
    if usable.is_empty() { Err(BundleError::PreKeys) } else { Ok(usable) }
}
