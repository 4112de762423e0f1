//! Payloads: the content of a message, encrypted once for all devices; each device gets the keys by its session.
//!
//! - Legacy (XEP-0384 version 0.3.0 §4.5): AES-128-GCM over the text of the body; the tag travels with the key. Only the body is
//!   protected.
//! - OMEMO 2 (XEP-0384 §4.4): AES-256-CBC with HMAC-SHA-256 over an envelope (XEP-0420).
//!
//! A message without a payload shows nothing: it only turns the ratchet.

use std::fmt;

use aes::Aes128;
use aes_gcm::aead::array::typenum::{U12, U16};
use aes_gcm::aead::{Aead, AeadInOut, KeyInit};
use aes_gcm::{AesGcm, Nonce};
use rand_core::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::cipher::{CipherKeys, OpenError};
use crate::protocol::Version;

/// Bytes of the initialisation vector of a legacy payload.
pub const LEGACY_IV_BYTES: usize = 12;
const LEGACY_KEY_BYTES: usize = 16;
const GCM_TAG_BYTES: usize = 16;
const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
pub(crate) const PAYLOAD_INFO: &[u8] = b"OMEMO Payload";

/// What a session transports: the key of a payload, and its tag. Overwritten when dropped.
#[derive(Clone)]
pub struct KeyMaterial(Zeroizing<Vec<u8>>);

impl KeyMaterial {
    /// Key material that was stored with a message whose payload was not shown yet.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    pub(crate) fn from_plaintext(plaintext: Zeroizing<Vec<u8>>) -> Self {
        Self(plaintext)
    }

    /// For an empty message: there is no payload. OMEMO 2 transports 32 zero bytes (XEP-0384 §5.5.3), the legacy version a key
    /// that encrypts nothing.
    pub fn empty(version: Version, rng: &mut dyn CryptoRng) -> Self {
        match version {
            Version::Legacy => Self(draw(LEGACY_KEY_BYTES, rng)),
            Version::Omemo2 => Self::from_bytes(&[0; KEY_BYTES]),
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyMaterial([secret], {} bytes)", self.0.len())
    }
}

/// A payload, encrypted.
#[derive(Clone, Debug)]
pub struct EncryptedPayload {
    /// To be encrypted for each device by its session.
    pub key_material: KeyMaterial,
    /// The content of `iv`, before Base64: in the legacy version only.
    pub iv: Option<[u8; LEGACY_IV_BYTES]>,
    /// The content of `payload`, before Base64.
    pub ciphertext: Vec<u8>,
}

/// Why a payload was refused. Nothing of it may be shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum PayloadError {
    /// The key material has another length than the version's.
    #[error("the key material has the wrong length")]
    KeyMaterial,
    /// The initialisation vector is neither of 12 nor of 16 bytes (legacy only).
    #[error("the initialisation vector has the wrong length")]
    Iv,
    /// The tag does not fit.
    #[error("the tag does not fit")]
    Tag,
    /// The tag fits, but the padding does not: the sender's software is broken (OMEMO 2 only).
    #[error("the padding is wrong")]
    Padding,
}

impl From<OpenError> for PayloadError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Tag => Self::Tag,
            OpenError::Padding => Self::Padding,
        }
    }
}

/// Encrypts the content of a message: in the legacy version the body's text, in OMEMO 2 the envelope.
///
/// Draws 16 bytes for the key and 12 for the initialisation vector, or 32 for the key.
///
/// # Errors
/// [`PayloadError`] if the content is longer than AES-GCM allows, 64 GiB.
pub fn encrypt(version: Version, content: &[u8], rng: &mut dyn CryptoRng) -> Result<EncryptedPayload, PayloadError> {
    match version {
        Version::Legacy => encrypt_legacy(content, rng),
        Version::Omemo2 => Ok(encrypt_omemo2(content, rng)),
    }
}

/// Decrypts the content of a message. `iv` is empty in OMEMO 2, which has none.
///
/// # Errors
/// [`PayloadError`] says what is wrong with it.
pub fn decrypt(
    version: Version,
    key_material: &KeyMaterial,
    iv: &[u8],
    payload: &[u8],
) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
    match version {
        Version::Legacy => decrypt_legacy(key_material.as_bytes(), iv, payload),
        Version::Omemo2 => decrypt_omemo2(key_material.as_bytes(), payload),
    }
}

fn encrypt_legacy(content: &[u8], rng: &mut dyn CryptoRng) -> Result<EncryptedPayload, PayloadError> {
    let mut key_material = draw(LEGACY_KEY_BYTES, rng);
    let mut iv = [0; LEGACY_IV_BYTES];
    rng.fill_bytes(&mut iv);
    let cipher = AesGcm::<Aes128, U12>::new_from_slice(&key_material).map_err(|_| PayloadError::KeyMaterial)?;
    let mut ciphertext = content.to_vec();
    let tag = cipher.encrypt_inout_detached(&iv.into(), &[], ciphertext.as_mut_slice().into());
    let tag = tag.map_err(|_| PayloadError::Tag)?;
    let mut both = Zeroizing::new(Vec::with_capacity(LEGACY_KEY_BYTES + GCM_TAG_BYTES));
    both.extend_from_slice(&key_material);
    both.extend_from_slice(&tag);
    std::mem::swap(&mut key_material, &mut both);
    Ok(EncryptedPayload { key_material: KeyMaterial(key_material), iv: Some(iv), ciphertext })
}

/// The tag stands after the key, or, from senders before 2016, after the payload.
fn decrypt_legacy(key_material: &[u8], iv: &[u8], payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
    let (key, tag) = key_material.split_at_checked(LEGACY_KEY_BYTES).ok_or(PayloadError::KeyMaterial)?;
    if !tag.is_empty() && tag.len() != GCM_TAG_BYTES {
        return Err(PayloadError::KeyMaterial);
    }
    let sealed = [payload, tag].concat();
    // Older clients draw 16 bytes.
    match iv.len() {
        12 => open_gcm::<U12>(key, iv, &sealed),
        16 => open_gcm::<U16>(key, iv, &sealed),
        _ => Err(PayloadError::Iv),
    }
}

fn open_gcm<N>(key: &[u8], iv: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, PayloadError>
where
    N: aes_gcm::aead::array::ArraySize,
{
    let cipher = AesGcm::<Aes128, N>::new_from_slice(key).map_err(|_| PayloadError::KeyMaterial)?;
    let iv = <&Nonce<N>>::try_from(iv).map_err(|_| PayloadError::Iv)?;
    cipher.decrypt(iv, sealed).map(Zeroizing::new).map_err(|_| PayloadError::Tag)
}

fn encrypt_omemo2(content: &[u8], rng: &mut dyn CryptoRng) -> EncryptedPayload {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    rng.fill_bytes(key.as_mut_slice());
    let keys = CipherKeys::derive(&key, PAYLOAD_INFO);
    let ciphertext = keys.encrypt(content);
    let tag = keys.tag(&[&ciphertext]);
    let mut key_material = Zeroizing::new(Vec::with_capacity(KEY_BYTES + TAG_BYTES));
    key_material.extend_from_slice(key.as_slice());
    key_material.extend(tag.iter().take(TAG_BYTES));
    EncryptedPayload { key_material: KeyMaterial(key_material), iv: None, ciphertext }
}

fn decrypt_omemo2(key_material: &[u8], payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
    let (key, tag) = key_material.split_first_chunk::<KEY_BYTES>().ok_or(PayloadError::KeyMaterial)?;
    if tag.len() != TAG_BYTES {
        return Err(PayloadError::KeyMaterial);
    }
    Ok(CipherKeys::derive(key, PAYLOAD_INFO).open(&[payload], tag, TAG_BYTES, payload)?)
}

fn draw(bytes: usize, rng: &mut dyn CryptoRng) -> Zeroizing<Vec<u8>> {
    let mut drawn = Zeroizing::new(vec![0; bytes]);
    rng.fill_bytes(&mut drawn);
    drawn
}
