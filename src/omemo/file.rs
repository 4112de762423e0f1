//! Encrypted files: AES-256-GCM, the tag after the ciphertext. So they lie on the server for `aesgcm:` addresses (XEP-0454 §3),
//! and for XEP-0448 with the cipher `urn:xmpp:ciphers:aes-256-gcm-nopadding:0`.
//!
//! Files are encrypted in pieces of any size. Decrypting takes two passes: [`FileVerifier`] reads all of the ciphertext and
//! gives a [`FileDecryptor`] only if the tag fits, so no plaintext exists before. The second pass checks again that it was given
//! what was verified. [`decrypt`] does both for what is in memory.
//!
//! ```
//! use plausch_omemo::file::{FileEncryptor, FileKey, FileVerifier};
//! use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = FileKey::draw(&mut ChaCha20Rng::seed_from_u64(7)); // in earnest: the system's randomness
//! let mut encryptor = FileEncryptor::new(&key);
//! let mut stored = b"a picture".to_vec();
//! encryptor.encrypt(&mut stored)?; // or piece by piece
//! stored.extend(encryptor.finish());
//!
//! let mut verifier = FileVerifier::new(&key);
//! stored.chunks(4).try_for_each(|piece| verifier.read(piece))?;
//! let mut decryptor = verifier.finish()?; // an error here: there never is any plaintext
//! let mut plaintext = Vec::new();
//! for piece in stored.chunks(4) {
//!     let mut piece = piece.to_vec();
//!     decryptor.decrypt(&mut piece)?;
//!     plaintext.extend(piece);
//! }
//! decryptor.finish()?; // an error here: it was not what was verified
//! assert_eq!(plaintext, b"a picture");
//! # Ok(())
//! # }
//! ```

use std::fmt;

use rand_core::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::gcm::{Gcm, TAG_BYTES, TooLong};
use crate::secret::Secret;

/// How much longer a file is on the server than its plaintext: ask for an upload slot of this size more.
pub const FILE_OVERHEAD_BYTES: u64 = TAG_BYTES as u64;

/// Why a file was refused. Nothing of it may be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum FileError {
    /// The key is not of 32 bytes, or the initialisation vector neither of 12 nor of 16.
    #[error("the key or the initialisation vector has the wrong length")]
    Key,
    /// The tag does not fit: the file was altered or is incomplete.
    #[error("the tag does not fit")]
    Tag,
    /// The second pass was given something else than the first.
    #[error("the file is another one than was verified")]
    Changed,
    /// The file has more than 2³⁶ − 32 bytes.
    #[error("the file is too long")]
    TooLong,
}

impl From<TooLong> for FileError {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// Key and initialisation vector of one file. Each file gets new ones.
#[derive(Clone)]
pub struct FileKey {
    key: Secret,
    iv: FileIv,
}

/// Initialisation vectors of 16 bytes are read, never drawn (XEP-0454 §3).
#[derive(Clone, Copy, PartialEq, Eq)]
enum FileIv {
    Short([u8; 12]),
    Long([u8; 16]),
}

impl FileKey {
    /// For a file to send. Draws 32 bytes for the key, then 12 for the initialisation vector.
    pub fn draw(rng: &mut dyn CryptoRng) -> Self {
        let key = Secret::draw(rng);
        let mut iv = [0; 12];
        rng.fill_bytes(&mut iv);
        Self { key, iv: FileIv::Short(iv) }
    }

    /// For a file that was received: what `key` and `iv` hold (XEP-0448 §3.1).
    ///
    /// # Errors
    /// [`FileError::Key`] if a length is wrong.
    pub fn from_parts(key: &[u8], iv: &[u8]) -> Result<Self, FileError> {
        let key = <[u8; 32]>::try_from(key).map(Secret::new).map_err(|_| FileError::Key)?;
        let short = <[u8; 12]>::try_from(iv).map(FileIv::Short);
        let iv = short.or_else(|_| <[u8; 16]>::try_from(iv).map(FileIv::Long)).map_err(|_| FileError::Key)?;
        Ok(Self { key, iv })
    }

    /// The 32 bytes of the key: a secret.
    pub fn key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// The bytes of the initialisation vector.
    pub fn iv(&self) -> &[u8] {
        match &self.iv {
            FileIv::Short(iv) => iv,
            FileIv::Long(iv) => iv,
        }
    }

    fn gcm(&self) -> Gcm {
        Gcm::new(self.key.as_bytes(), self.iv())
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey([secret])")
    }
}

/// Encrypts a file piece by piece.
pub struct FileEncryptor {
    gcm: Gcm,
}

impl FileEncryptor {
    /// By a key that has encrypted nothing yet.
    pub fn new(key: &FileKey) -> Self {
        Self { gcm: key.gcm() }
    }

    /// Encrypts the next piece in place.
    ///
    /// # Errors
    /// [`FileError::TooLong`].
    pub fn encrypt(&mut self, piece: &mut [u8]) -> Result<(), FileError> {
        self.gcm.apply(piece)?;
        Ok(self.gcm.authenticate(piece)?)
    }

    /// What is written after the last piece.
    pub fn finish(self) -> [u8; TAG_BYTES] {
        self.gcm.tag()
    }
}

/// Checks a file piece by piece: the first pass.
pub struct FileVerifier {
    key: FileKey,
    gcm: Gcm,
    /// The last bytes so far: at the end, they are the tag.
    last: Vec<u8>,
    ciphertext_bytes: u64,
}

impl FileVerifier {
    /// Nothing was read yet.
    pub fn new(key: &FileKey) -> Self {
        Self { key: key.clone(), gcm: key.gcm(), last: Vec::new(), ciphertext_bytes: 0 }
    }

    /// Reads the next piece of what lies on the server.
    ///
    /// # Errors
    /// [`FileError::TooLong`].
    pub fn read(&mut self, piece: &[u8]) -> Result<(), FileError> {
        // All but the last 16 bytes are ciphertext for certain.
        let certain = self.last.len().saturating_add(piece.len()).saturating_sub(TAG_BYTES);
        let from_last = certain.min(self.last.len());
        let (ciphertext, rest) = piece.split_at_checked(certain.saturating_sub(from_last)).unwrap_or((piece, &[]));
        self.gcm.authenticate(self.last.get(..from_last).unwrap_or_default())?;
        self.gcm.authenticate(ciphertext)?;
        self.last.drain(..from_last);
        self.last.extend_from_slice(rest);
        self.ciphertext_bytes = self.ciphertext_bytes.saturating_add(certain as u64);
        Ok(())
    }

    /// All was read.
    ///
    /// # Errors
    /// [`FileError::Tag`] if it is not what was encrypted.
    pub fn finish(self) -> Result<FileDecryptor, FileError> {
        let tag = <[u8; TAG_BYTES]>::try_from(self.last.as_slice()).map_err(|_| FileError::Tag)?;
        if !self.gcm.verify(&tag) {
            return Err(FileError::Tag);
        }
        Ok(FileDecryptor { gcm: self.key.gcm(), tag, remaining: self.ciphertext_bytes })
    }
}

/// Decrypts a file that was verified, piece by piece: the second pass.
pub struct FileDecryptor {
    gcm: Gcm,
    tag: [u8; TAG_BYTES],
    remaining: u64,
}

impl FileDecryptor {
    /// How many bytes of plaintext are still to come.
    pub fn remaining(&self) -> u64 {
        self.remaining
    }

    /// Decrypts the next piece of what lies on the server in place. What is the tag is cut off.
    ///
    /// # Errors
    /// [`FileError::TooLong`], which cannot be after the first pass.
    pub fn decrypt(&mut self, piece: &mut Vec<u8>) -> Result<(), FileError> {
        piece.truncate(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        self.remaining = self.remaining.saturating_sub(piece.len() as u64);
        self.gcm.authenticate(piece)?;
        Ok(self.gcm.apply(piece)?)
    }

    /// All was decrypted.
    ///
    /// # Errors
    /// [`FileError::Changed`] if it was not what the first pass read: then what was decrypted must be thrown away.
    pub fn finish(self) -> Result<(), FileError> {
        if self.remaining == 0 && self.gcm.verify(&self.tag) { Ok(()) } else { Err(FileError::Changed) }
    }
}

/// Decrypts a whole file in memory.
///
/// # Errors
/// [`FileError`]; there is no plaintext then.
pub fn decrypt(key: &FileKey, mut file: Vec<u8>) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let ciphertext_bytes = file.len().checked_sub(TAG_BYTES).ok_or(FileError::Tag)?;
    let tag = file.split_off(ciphertext_bytes);
    let mut gcm = key.gcm();
    gcm.authenticate(&file)?;
    if !gcm.verify(&tag) {
        return Err(FileError::Tag);
    }
    key.gcm().apply(&mut file)?;
    Ok(Zeroizing::new(file))
}
