//! The key derivations of X3DH (§2.2) and the Double Ratchet (§5.2, §7.2).

use hkdf::Hkdf;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::protocol::Protocol;
use crate::secret::Secret;

/// HMAC-SHA-256.
type HmacSha256 = Hmac<Sha256>;

/// HMAC-SHA-256 by a key of 32 bytes.
pub(crate) fn hmac(key: &[u8; 32]) -> HmacSha256 {
    // A key of the hash's block size is taken as it is, and shorter ones are filled up with zeros (RFC 2104 §2): this way
    // there is no length that could be wrong.
    let mut block = Zeroizing::new([0; 64]);
    let (start, _) = block.split_at_mut(32);
    start.copy_from_slice(key);
    HmacSha256::new(&(*block).into())
}

/// HKDF-SHA-256 (RFC 5869).
pub(crate) fn hkdf<const N: usize>(salt: &[u8; 32], input: &[u8], info: &[u8]) -> Zeroizing<[u8; N]> {
    const { assert!(N <= 255 * 32, "HKDF gives at most 255 blocks") };
    let mut output = Zeroizing::new([0; N]);
    // Only more than 255 blocks are an error, which the line above excludes.
    let _ = Hkdf::<Sha256>::new(Some(salt), input).expand(info, output.as_mut_slice());
    output
}

/// No salt.
pub(crate) const ZERO_SALT: [u8; 32] = [0; 32];

/// The shared secret of X3DH: 32 bytes of 0xff stand before the four results, so that they are no encoding of a scalar (§2.2).
pub(crate) fn shared_secret(protocol: &Protocol, results: &[Secret; 4]) -> Secret {
    let mut input = Zeroizing::new([0xff; 160]);
    let (_, places) = input.split_at_mut(32);
    for (place, result) in places.chunks_exact_mut(32).zip(results) {
        place.copy_from_slice(result.as_bytes());
    }
    Secret::new(*hkdf(&ZERO_SALT, input.as_slice(), protocol.exchange_info))
}

/// `KDF_RK`: the next root key and the key of a new chain.
pub(crate) fn root_step(protocol: &Protocol, root: &Secret, shared: &Secret) -> (Secret, Secret) {
    let output: Zeroizing<[u8; 64]> = hkdf(root.as_bytes(), shared.as_bytes(), protocol.root_info);
    let (mut next_root, mut chain) = (Secret::new([0; 32]), Secret::new([0; 32]));
    let (first, second) = output.split_at(32);
    next_root.as_mut_bytes().copy_from_slice(first);
    chain.as_mut_bytes().copy_from_slice(second);
    (next_root, chain)
}

/// `KDF_CK`: the next chain key and a message key.
pub(crate) fn chain_step(chain: &Secret) -> (Secret, Secret) {
    let keyed = hmac(chain.as_bytes());
    let derive = |constant: u8| Secret::new(keyed.clone().chain_update([constant]).finalize().into_bytes().into());
    (derive(0x02), derive(0x01))
}
