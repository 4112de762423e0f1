//! XEdDSA: Ed25519 signatures by a Curve25519 key.
//!
//! Three ways to treat the sign bit of the signer's Edwards point are in use, which agree for all keys whose sign bit is 0, as
//! ours is:
//! - [`sign`]: the XEdDSA document negates the scalar if the bit is 1, so that verifiers may assume 0;
//! - [`sign_with_sign_bit`]: legacy clients do not, and put the bit into the highest bit of the signature;
//! - [`sign_ed25519`]: OMEMO 2 sends the Edwards form of the key, so nothing needs to be told (XEP-0384 §4.2).
//!
//! Verifying is strict Ed25519: no scalar beyond the group order, no key of low order, no other encoding of R.

use std::fmt;

use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::VerifyingKey;
use rand_core::CryptoRng;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::base_point;

/// A signature: R and s.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// The signature of these bytes, if they are 64.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes.
    pub fn to_bytes(self) -> [u8; 64] {
        self.0
    }

    /// The highest bit of s, which a reduced scalar does not need.
    fn spare_bit(&mut self) -> &mut u8 {
        let [.., last] = &mut self.0;
        last
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", crate::hex::encode(&self.0))
    }
}

const SIGN_BIT: u8 = 0x80;
/// The domain separation of the nonce: 2²⁵⁶ − 1 − 1, little-endian (XEdDSA §2.2, §2.5).
const NONCE_PREFIX: [u8; 32] = {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xfe;
    bytes
};

/// The random bytes of a signature.
pub type Random = Zeroizing<[u8; 64]>;

/// Draws the random bytes of a signature.
pub fn draw_random(rng: &mut dyn CryptoRng) -> Random {
    let mut random = Zeroizing::new([0; 64]);
    rng.fill_bytes(random.as_mut_slice());
    random
}

/// Whether the sign bit of a key in Edwards form is 1.
pub fn sign_bit(key: &[u8; 32]) -> bool {
    let [.., last] = key;
    last & SIGN_BIT != 0
}

/// The Edwards form of the public key that belongs to the scalar, sign bit included.
pub fn ed25519_public(secret: &[u8; 32]) -> [u8; 32] {
    let scalar = Zeroizing::new(Scalar::from_bytes_mod_order(*secret));
    base_point::multiply(&scalar).compress().to_bytes()
}

/// The Edwards form of a Curve25519 key with this sign bit; `None` if there is no such point (XEdDSA §2.3 `convert_mont`).
pub fn ed25519_from_curve25519(key: &[u8; 32], sign_bit: bool) -> Option<[u8; 32]> {
    MontgomeryPoint(*key).to_edwards(u8::from(sign_bit)).map(|point| point.compress().to_bytes())
}

/// XEdDSA's `xeddsa_sign`: for verifiers that take the sign bit for 0.
pub fn sign(secret: &[u8; 32], message: &[u8], random: &Random) -> Signature {
    let mut public = ed25519_public(secret);
    if !sign_bit(&public) {
        return sign_as(secret, &public, message, random);
    }
    #[allow(clippy::arithmetic_side_effects)] // modulo the group order
    let negated = Zeroizing::new(-Scalar::from_bytes_mod_order(*secret));
    let [.., last] = &mut public;
    *last &= !SIGN_BIT;
    sign_as(&Zeroizing::new(negated.to_bytes()), &public, message, random)
}

/// For verifiers that know the Edwards form.
pub fn sign_ed25519(secret: &[u8; 32], message: &[u8], random: &Random) -> Signature {
    sign_as(secret, &ed25519_public(secret), message, random)
}

/// For verifiers that take the sign bit from the signature's last byte.
pub fn sign_with_sign_bit(secret: &[u8; 32], message: &[u8], random: &Random) -> Signature {
    let public = ed25519_public(secret);
    let mut signature = sign_as(secret, &public, message, random);
    let [.., last] = public;
    *signature.spare_bit() |= last & SIGN_BIT;
    signature
}

/// The Ed25519 signature by a scalar and its public key; the nonce is a hash of both secrets and the message.
fn sign_as(secret: &[u8; 32], public: &[u8; 32], message: &[u8], random: &Random) -> Signature {
    let nonce = Zeroizing::new(hash_to_scalar(&[&NONCE_PREFIX, secret, message, random.as_slice()]));
    let commitment = base_point::multiply(&nonce).compress().to_bytes();
    let challenge = hash_to_scalar(&[&commitment, public, message]);
    let scalar = Zeroizing::new(Scalar::from_bytes_mod_order(*secret));
    #[allow(clippy::arithmetic_side_effects)] // modulo the group order
    let response = (*nonce + challenge * *scalar).to_bytes();
    let mut bytes = [0; 64];
    let (first, second) = bytes.split_at_mut(32);
    first.copy_from_slice(&commitment);
    second.copy_from_slice(&response);
    Signature(bytes)
}

fn hash_to_scalar(parts: &[&[u8]]) -> Scalar {
    let mut hash = Sha512::new();
    parts.iter().for_each(|part| hash.update(part));
    let digest: Zeroizing<[u8; 64]> = Zeroizing::new(hash.finalize().into());
    Scalar::from_bytes_mod_order_wide(&digest)
}

/// Whether a key in Edwards form made the signature.
pub fn verify_ed25519(key: &[u8; 32], message: &[u8], signature: &Signature) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(key) else { return false };
    key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(&signature.0)).is_ok()
}

/// Whether a key in Curve25519 form made the signature, whose last byte tells the sign bit.
pub fn verify_curve25519(key: &[u8; 32], message: &[u8], signature: &Signature) -> bool {
    let mut signature = *signature;
    let negative = *signature.spare_bit() & SIGN_BIT != 0;
    *signature.spare_bit() &= !SIGN_BIT;
    ed25519_from_curve25519(key, negative).is_some_and(|key| verify_ed25519(&key, message, &signature))
}
