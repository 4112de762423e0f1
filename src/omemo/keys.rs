//! Keys, each kind a type of its own: an ephemeral key cannot stand where a ratchet key belongs.
//!
//! A device has one identity key for both versions: a Curve25519 scalar whose Edwards point has sign bit 0. So its Edwards
//! form is a function of its u-coordinate, strict XEdDSA and the signature that legacy clients make are the same bytes, and
//! clients that assume the sign bit to be 0 can reach the device. Scalars of others are not ours to choose: identity keys
//! with sign bit 1 are understood everywhere.

use std::fmt;

use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::clamp_integer;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use thiserror::Error;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::base_point::curve25519_public;
use crate::protocol::{IdentityForm, Protocol, Version};
use crate::secret::Secret;
use crate::trust::Fingerprint;
use crate::xeddsa::{self, Signature};

/// The result of X25519 was zero: the other side's key is of low order, so the secret would be known to everybody
/// (RFC 7748 §6.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("a public key of low order")]
pub struct LowOrderKey;

/// X25519 (RFC 7748).
fn diffie_hellman(secret: &Secret, public: &[u8; 32]) -> Result<Secret, LowOrderKey> {
    let shared = StaticSecret::from(*secret.as_bytes()).diffie_hellman(&PublicKey::from(*public));
    if shared.was_contributory() { Ok(Secret::new(shared.to_bytes())) } else { Err(LowOrderKey) }
}

/// A public key of Curve25519 with a purpose.
pub(crate) trait CurveKey: Copy {
    /// The key of this u-coordinate.
    fn from_bytes(bytes: [u8; 32]) -> Self;
    /// The u-coordinate.
    fn as_bytes(&self) -> &[u8; 32];

    /// As the version writes public keys.
    fn encode(&self, protocol: &Protocol) -> Vec<u8> {
        [protocol.key_prefix, self.as_bytes()].concat()
    }

    /// A public key as the version writes it.
    fn decode(protocol: &Protocol, bytes: &[u8]) -> Option<Self> {
        let key = bytes.strip_prefix(protocol.key_prefix)?;
        key.try_into().ok().map(Self::from_bytes)
    }
}

macro_rules! public_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name([u8; 32]);

        impl CurveKey for $name {
            fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl $name {
            /// The u-coordinate, little-endian (RFC 7748 §5).
            pub fn to_bytes(self) -> [u8; 32] {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), crate::hex::encode(&self.0))
            }
        }
    };
}

public_key!(
    /// A pre-key signed by its device's identity key, used in many key exchanges until it is rotated (X3DH §2.4).
    SignedPreKey
);
public_key!(
    /// A pre-key for one key exchange (X3DH §2.4).
    OneTimePreKey
);
public_key!(
    /// The initiator's key for one key exchange (X3DH §3.3).
    EphemeralKey
);
public_key!(
    /// The key that turns the Diffie-Hellman ratchet (Double Ratchet §2.3).
    RatchetKey
);

impl RatchetKey {
    /// The responder's signed pre-key is its first ratchet key (Double Ratchet §7.1).
    pub(crate) fn of_responder(key: SignedPreKey) -> Self {
        Self(key.0)
    }
}

/// A secret key and the public key that belongs to it.
#[derive(Clone)]
pub(crate) struct KeyPair<P> {
    secret: Secret,
    public: P,
}

impl<P: CurveKey> KeyPair<P> {
    pub fn draw(rng: &mut dyn CryptoRng) -> Self {
        let mut secret = Secret::draw(rng);
        *secret.as_mut_bytes() = clamp_integer(*secret.as_bytes());
        Self::from_secret(secret)
    }

    pub fn from_secret(secret: Secret) -> Self {
        Self { public: P::from_bytes(curve25519_public(secret.as_bytes())), secret }
    }

    /// A pair that was stored: deriving the public key anew would cost as much as drawing it.
    pub fn from_stored(secret: Secret, public: [u8; 32]) -> Self {
        Self { secret, public: P::from_bytes(public) }
    }

    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    pub fn public(&self) -> P {
        self.public
    }

    pub fn diffie_hellman(&self, public: &impl CurveKey) -> Result<Secret, LowOrderKey> {
        diffie_hellman(&self.secret, public.as_bytes())
    }

    pub fn diffie_hellman_identity(&self, public: &IdentityKey) -> Result<Secret, LowOrderKey> {
        diffie_hellman(&self.secret, public.curve25519())
    }
}

impl KeyPair<SignedPreKey> {
    /// See [`RatchetKey::of_responder`].
    pub fn as_ratchet(&self) -> KeyPair<RatchetKey> {
        KeyPair { secret: self.secret.clone(), public: RatchetKey::of_responder(self.public) }
    }
}

impl<P: fmt::Debug> fmt::Debug for KeyPair<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyPair").field(&self.public).finish()
    }
}

/// The public identity key of a device, in the form in which it was received.
///
/// What a person compares is its [`Fingerprint`], which is the same in both versions. Two of these are equal only if they came
/// in the same form with the same bytes: version 2 authenticates those, sign bit included.
#[derive(Clone, Copy)]
pub struct IdentityKey {
    curve25519: [u8; 32],
    ed25519: Option<[u8; 32]>,
}

impl IdentityKey {
    /// The key in Curve25519 form.
    pub fn from_curve25519(bytes: [u8; 32]) -> Self {
        Self { curve25519: bytes, ed25519: None }
    }

    /// The key in Ed25519 form; `None` unless the bytes are the one encoding of a point of the curve.
    pub fn from_ed25519(bytes: [u8; 32]) -> Option<Self> {
        let point = CompressedEdwardsY(bytes).decompress()?;
        let canonical = bool::from(point.compress().as_bytes().ct_eq(&bytes));
        canonical.then(|| Self { curve25519: point.to_montgomery().to_bytes(), ed25519: Some(bytes) })
    }

    /// The u-coordinate of the key: by both versions the same.
    pub fn curve25519(&self) -> &[u8; 32] {
        &self.curve25519
    }

    /// What people compare, and what trust is kept for.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::from_bytes(self.curve25519)
    }

    /// As it stands in bundles, key exchanges and associated data of the version in which it was received.
    pub(crate) fn encode_received(&self, version: Version) -> Vec<u8> {
        [version.protocol().key_prefix, self.raw(version)].concat()
    }

    /// The 32 bytes of the form in which the version sends it. Keys are received in the form that their version sends.
    pub(crate) fn raw(&self, version: Version) -> &[u8; 32] {
        match version.protocol().identity_form {
            IdentityForm::Curve25519 => &self.curve25519,
            IdentityForm::Ed25519 => self.ed25519.as_ref().unwrap_or(&self.curve25519),
        }
    }

    /// The key of the 32 bytes of the form in which the version sends it.
    pub(crate) fn from_raw(version: Version, bytes: [u8; 32]) -> Option<Self> {
        match version.protocol().identity_form {
            IdentityForm::Curve25519 => Some(Self::from_curve25519(bytes)),
            IdentityForm::Ed25519 => Self::from_ed25519(bytes),
        }
    }

    /// A key as it stands in bundles and key exchanges of the version.
    pub fn decode(version: Version, bytes: &[u8]) -> Option<Self> {
        let protocol = version.protocol();
        Self::from_raw(version, bytes.strip_prefix(protocol.key_prefix)?.try_into().ok()?)
    }

    /// Whether the key made this signature of the message, by the rule of the form that the key came in: strict Ed25519, where
    /// the Curve25519 form leaves the sign bit to the signature.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        match self.ed25519 {
            Some(key) => xeddsa::verify_ed25519(&key, message, signature),
            None => xeddsa::verify_curve25519(&self.curve25519, message, signature),
        }
    }
}

impl PartialEq for IdentityKey {
    fn eq(&self, other: &Self) -> bool {
        let same_form = match (&self.ed25519, &other.ed25519) {
            (Some(one), Some(other)) => bool::from(one.ct_eq(other)),
            (None, None) => true,
            _ => false,
        };
        bool::from(self.curve25519.ct_eq(&other.curve25519)) && same_form
    }
}

impl Eq for IdentityKey {}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = if self.ed25519.is_some() { "Ed25519" } else { "Curve25519" };
        write!(f, "IdentityKey({form}, {})", crate::hex::encode(&self.curve25519))
    }
}

/// A device's own identity key.
#[derive(Clone)]
pub struct IdentityKeyPair {
    secret: Secret,
    curve25519: [u8; 32],
    ed25519: [u8; 32],
}

impl IdentityKeyPair {
    /// Draws scalars until the Edwards point of one has sign bit 0.
    pub fn draw(rng: &mut dyn CryptoRng) -> Self {
        loop {
            let pair = Self::from_secret(KeyPair::<EphemeralKey>::draw(rng).secret);
            if !xeddsa::sign_bit(&pair.ed25519) {
                return pair;
            }
        }
    }

    /// A key that exists: the 32 bytes of the scalar, clamped. Sign bit 1 is accepted; see the module's text for what it costs.
    pub fn from_secret_bytes(bytes: &Zeroizing<[u8; 32]>) -> Self {
        Self::from_secret(Secret::new(clamp_integer(**bytes)))
    }

    pub(crate) fn from_secret(secret: Secret) -> Self {
        let ed25519 = xeddsa::ed25519_public(secret.as_bytes());
        let curve25519 = curve25519_public(secret.as_bytes());
        Self { secret, curve25519, ed25519 }
    }

    /// The public key in the form of the version.
    pub fn public(&self, version: Version) -> IdentityKey {
        let ed25519 = match version.protocol().identity_form {
            IdentityForm::Curve25519 => None,
            IdentityForm::Ed25519 => Some(self.ed25519),
        };
        IdentityKey { curve25519: self.curve25519, ed25519 }
    }

    /// What people compare.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::from_bytes(self.curve25519)
    }

    /// As it stands in bundles, key exchanges and associated data of the version.
    pub(crate) fn encode(&self, version: Version) -> Vec<u8> {
        let protocol = version.protocol();
        match protocol.identity_form {
            IdentityForm::Curve25519 => [protocol.key_prefix, &self.curve25519].concat(),
            IdentityForm::Ed25519 => self.ed25519.to_vec(),
        }
    }

    /// Signs as the version's peers verify it.
    pub fn sign(&self, version: Version, message: &[u8], rng: &mut dyn CryptoRng) -> Signature {
        let random = xeddsa::draw_random(rng);
        match version.protocol().identity_form {
            IdentityForm::Curve25519 => xeddsa::sign_with_sign_bit(self.secret.as_bytes(), message, &random),
            IdentityForm::Ed25519 => xeddsa::sign_ed25519(self.secret.as_bytes(), message, &random),
        }
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    pub(crate) fn diffie_hellman(&self, public: &impl CurveKey) -> Result<Secret, LowOrderKey> {
        diffie_hellman(&self.secret, public.as_bytes())
    }
}

impl fmt::Debug for IdentityKeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IdentityKeyPair").field(&self.fingerprint()).finish()
    }
}
