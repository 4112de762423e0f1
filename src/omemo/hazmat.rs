//! The derivations on their own, for checking them against published vectors. Nobody needs them for messages, and everybody can
//! do harm with them.

use zeroize::Zeroizing;

use crate::cipher::CipherKeys;
use crate::kdf;
use crate::keys::{CurveKey, EphemeralKey, KeyPair, LowOrderKey};
use crate::payload::PAYLOAD_INFO;
use crate::protocol::Version;
use crate::secret::Secret;

/// Thirty-two secret bytes.
pub type Bytes32 = Zeroizing<[u8; 32]>;

/// X25519 (RFC 7748): the public key of a secret key.
pub fn x25519_public(secret: &Bytes32) -> [u8; 32] {
    *KeyPair::<EphemeralKey>::from_secret(Secret::new(**secret)).public().as_bytes()
}

/// X25519 (RFC 7748): the shared secret of a secret and a public key.
///
/// # Errors
/// [`LowOrderKey`] if it would be zero.
pub fn x25519(secret: &Bytes32, public: [u8; 32]) -> Result<Bytes32, LowOrderKey> {
    let pair = KeyPair::<EphemeralKey>::from_secret(Secret::new(**secret));
    pair.diffie_hellman(&EphemeralKey::from_bytes(public)).map(|shared| open(&shared))
}

/// The shared secret of X3DH, from the results of its four agreements.
pub fn exchange_secret(version: Version, results: [Bytes32; 4]) -> Bytes32 {
    open(&kdf::shared_secret(version.protocol(), &results.map(|result| Secret::new(*result))))
}

/// `KDF_RK`: the next root key and the key of a new chain.
pub fn root_step(version: Version, root: &Bytes32, shared: &Bytes32) -> (Bytes32, Bytes32) {
    let (root, chain) = kdf::root_step(version.protocol(), &Secret::new(**root), &Secret::new(**shared));
    (open(&root), open(&chain))
}

/// `KDF_CK`: the next chain key and a message key.
pub fn chain_step(chain: &Bytes32) -> (Bytes32, Bytes32) {
    let (chain, key) = kdf::chain_step(&Secret::new(**chain));
    (open(&chain), open(&key))
}

/// The AES key, the MAC key and the initialisation vector of a ratchet message.
pub fn message_keys(version: Version, message_key: &Bytes32) -> (Bytes32, Bytes32, [u8; 16]) {
    parts(&CipherKeys::derive(message_key, version.protocol().message_info))
}

/// The AES key, the MAC key and the initialisation vector of a payload of OMEMO 2.
pub fn payload_keys(key: &Bytes32) -> (Bytes32, Bytes32, [u8; 16]) {
    parts(&CipherKeys::derive(key, PAYLOAD_INFO))
}

fn parts(keys: &CipherKeys) -> (Bytes32, Bytes32, [u8; 16]) {
    let (aes_key, mac_key, iv) = keys.parts();
    (Zeroizing::new(*aes_key), Zeroizing::new(*mac_key), *iv)
}

fn open(secret: &Secret) -> Bytes32 {
    Zeroizing::new(*secret.as_bytes())
}
