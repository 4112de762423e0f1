//! AES-256-CBC with HMAC-SHA-256, keyed by one derivation of 80 bytes: for ratchet messages of both versions and for the
//! payloads of OMEMO 2 (XEP-0384 §4.3, §4.4).

use aes::Aes256;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::Mac;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::kdf::{ZERO_SALT, hkdf, hmac};

/// The keys for one ciphertext.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct CipherKeys {
    aes_key: [u8; 32],
    mac_key: [u8; 32],
    iv: [u8; 16],
}

/// Why a ciphertext was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OpenError {
    Tag,
    Padding,
}

impl CipherKeys {
    pub fn derive(key: &[u8; 32], info: &[u8]) -> Self {
        let output: Zeroizing<[u8; 80]> = hkdf(&ZERO_SALT, key, info);
        let mut keys = Self { aes_key: [0; 32], mac_key: [0; 32], iv: [0; 16] };
        let (aes_key, rest) = output.split_at(32);
        let (mac_key, iv) = rest.split_at(32);
        keys.aes_key.copy_from_slice(aes_key);
        keys.mac_key.copy_from_slice(mac_key);
        keys.iv.copy_from_slice(iv);
        keys
    }

    /// The AES key, the MAC key and the initialisation vector.
    pub fn parts(&self) -> (&[u8; 32], &[u8; 32], &[u8; 16]) {
        (&self.aes_key, &self.mac_key, &self.iv)
    }

    pub fn encrypt(&self, plaintext: &[u8]) -> Vec<u8> {
        let cipher = cbc::Encryptor::<Aes256>::new(&self.aes_key.into(), &self.iv.into());
        cipher.encrypt_padded_vec::<Pkcs7>(plaintext)
    }

    /// HMAC-SHA-256 over the parts, one after the other. The protocols send its first bytes.
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = hmac(&self.mac_key);
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }

    /// Checks the tag, which must be of exactly this length, in constant time; then decrypts and checks the padding.
    pub fn open(
        &self,
        authenticated: &[&[u8]],
        tag: &[u8],
        tag_bytes: usize,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let computed = self.tag(authenticated);
        let expected = computed.get(..tag_bytes).ok_or(OpenError::Tag)?;
        if !bool::from(expected.ct_eq(tag)) {
            return Err(OpenError::Tag);
        }
        let cipher = cbc::Decryptor::<Aes256>::new(&self.aes_key.into(), &self.iv.into());
        cipher.decrypt_padded_vec::<Pkcs7>(ciphertext).map(Zeroizing::new).map_err(|_| OpenError::Padding)
    }
}
