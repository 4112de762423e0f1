//! `aesgcm:` addresses (XEP-0454 §3): where an encrypted file lies, and its key.
//!
//! The address is a secret: it is never made a link, opened or logged.

use std::fmt;

use thiserror::Error;

use crate::file::FileKey;
use crate::hex;

const SCHEME: &str = "aesgcm://";
/// What such a file is fetched over.
const HTTPS: &str = "https://";
/// Addresses longer than this are none.
const MAX_BYTES: usize = 8192;

/// Why a text is no address of an encrypted file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum AesGcmUrlError {
    /// It has another scheme, no host, or characters that no address has.
    #[error("not an aesgcm address")]
    Address,
    /// The fragment is not the initialisation vector and the key in hexadecimal digits.
    #[error("the address has no valid key")]
    Key,
}

/// An encrypted file: where it lies, and its key.
#[derive(Clone)]
pub struct AesGcmUrl {
    /// After the scheme, without the fragment.
    place: String,
    key: FileKey,
}

impl AesGcmUrl {
    /// For a file that was uploaded to this `https:` address. `None` for other addresses.
    pub fn new(https: &str, key: FileKey) -> Option<Self> {
        let place = https.strip_prefix(HTTPS).filter(|place| is_place(place))?;
        Some(Self { place: place.to_owned(), key })
    }

    /// Reads an address, which must be all of the text.
    ///
    /// # Errors
    /// [`AesGcmUrlError`] says why it is none.
    pub fn parse(text: &str) -> Result<Self, AesGcmUrlError> {
        let scheme = text.get(..SCHEME.len()).filter(|scheme| scheme.eq_ignore_ascii_case(SCHEME));
        let rest = scheme.and_then(|_| text.get(SCHEME.len()..)).ok_or(AesGcmUrlError::Address)?;
        let (place, fragment) = rest.split_once('#').ok_or(AesGcmUrlError::Key)?;
        if !is_place(place) {
            return Err(AesGcmUrlError::Address);
        }
        let key = parse_fragment(fragment).ok_or(AesGcmUrlError::Key)?;
        Ok(Self { place: place.to_owned(), key })
    }

    /// Reads a message's body that is nothing but an address, after which some clients put a preview on a line of its own, a
    /// `data:` address.
    ///
    /// # Errors
    /// [`AesGcmUrlError`] says why it is none.
    pub fn parse_body(body: &str) -> Result<Self, AesGcmUrlError> {
        let (address, preview) = body.split_once('\n').unwrap_or((body, "data:"));
        if preview.contains('\n') || !preview.starts_with("data:") {
            return Err(AesGcmUrlError::Address);
        }
        Self::parse(address)
    }

    /// Where to fetch the file.
    pub fn https(&self) -> String {
        [HTTPS, &self.place].concat()
    }

    /// The file's key.
    pub fn key(&self) -> &FileKey {
        &self.key
    }

    /// The address as text: a secret.
    pub fn to_secret_text(&self) -> String {
        [SCHEME, &self.place, "#", &hex::encode(self.key.iv()), &hex::encode(self.key.key())].concat()
    }
}

impl fmt::Debug for AesGcmUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AesGcmUrl").field("place", &self.place).field("key", &self.key).finish()
    }
}

/// A host, and what follows: printable ASCII, as addresses are.
fn is_place(place: &str) -> bool {
    let host = place.split(['/', '?']).next().unwrap_or_default();
    let printable = place.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\\\"<>^`{|}".contains(&byte));
    let within = SCHEME.len().saturating_add(place.len()) <= MAX_BYTES;
    !host.is_empty() && !host.starts_with(':') && !host.contains('@') && printable && within
}

/// 12 or 16 bytes of initialisation vector, then 32 of key.
fn parse_fragment(fragment: &str) -> Option<FileKey> {
    let iv_digits = fragment.len().checked_sub(64)?;
    let (iv, key) = fragment.split_at_checked(iv_digits)?;
    let key = hex::decode::<32>(key)?;
    match iv_digits {
        24 => FileKey::from_parts(&key, &hex::decode::<12>(iv)?).ok(),
        32 => FileKey::from_parts(&key, &hex::decode::<16>(iv)?).ok(),
        _ => None,
    }
}
