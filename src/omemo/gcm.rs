//! AES-256-GCM in pieces (NIST SP 800-38D §7): the counter mode and the hash are RustCrypto's, put together as their one-shot
//! crate does, which takes whole buffers only. The tests compare the two.

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit, KeyIvInit, StreamCipher};
use ctr::Ctr32BE;
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a tag.
pub(crate) const TAG_BYTES: usize = 16;
const BLOCK_BYTES: usize = 16;
/// What one key and initialisation vector may encrypt (SP 800-38D §5.2.1.1): 2³⁶ − 32 bytes.
const MAX_BYTES: u64 = (1 << 36) - 32;

/// More than one key and initialisation vector may encrypt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TooLong;

/// The state of one encryption or decryption, without associated data.
pub(crate) struct Gcm {
    counter: Ctr32BE<Aes256>,
    hash: GHash,
    mask: Zeroizing<[u8; TAG_BYTES]>,
    /// What was hashed and does not fill a block yet.
    pending: Zeroizing<Vec<u8>>,
    hashed: u64,
}

impl Gcm {
    pub fn new(key: &[u8; 32], iv: &[u8]) -> Self {
        let mut hash_key = aes::Block::default();
        Aes256::new(key.into()).encrypt_block(&mut hash_key);
        let hash = GHash::new(&hash_key);
        hash_key.as_mut_slice().zeroize();
        let mut counter = Ctr32BE::<Aes256>::new(key.into(), &first_counter(&hash, iv).into());
        // The first block of the key stream masks the tag.
        let mut mask = Zeroizing::new([0; TAG_BYTES]);
        counter.apply_keystream(mask.as_mut_slice());
        Self { counter, hash, mask, pending: Zeroizing::new(Vec::with_capacity(BLOCK_BYTES)), hashed: 0 }
    }

    /// Encrypts or decrypts.
    pub fn apply(&mut self, data: &mut [u8]) -> Result<(), TooLong> {
        self.counter.try_apply_keystream(data).map_err(|_| TooLong)
    }

    /// Takes ciphertext into the tag.
    pub fn authenticate(&mut self, ciphertext: &[u8]) -> Result<(), TooLong> {
        self.hashed =
            self.hashed.checked_add(ciphertext.len() as u64).filter(|all| *all <= MAX_BYTES).ok_or(TooLong)?;
        let missing = BLOCK_BYTES.saturating_sub(self.pending.len()).checked_rem(BLOCK_BYTES).unwrap_or_default();
        let (first, rest) = ciphertext.split_at_checked(missing).unwrap_or((ciphertext, &[]));
        self.pending.extend_from_slice(first);
        if self.pending.len() == BLOCK_BYTES {
            self.hash.update_padded(&self.pending);
            self.pending.clear();
        }
        let (blocks, last) = rest.as_chunks::<BLOCK_BYTES>();
        self.hash.update_padded(blocks.as_flattened());
        self.pending.extend_from_slice(last);
        Ok(())
    }

    /// The tag of all that was authenticated.
    pub fn tag(mut self) -> [u8; TAG_BYTES] {
        self.hash.update_padded(&self.pending);
        self.hash.update_padded(&lengths_block(self.hashed));
        let mut tag = *self.mask;
        tag.iter_mut().zip(self.hash.finalize()).for_each(|(byte, hashed)| *byte ^= hashed);
        tag
    }

    /// Whether this is the tag, in constant time.
    pub fn verify(self, tag: &[u8]) -> bool {
        self.tag().ct_eq(tag).into()
    }
}

/// The block before the first that encrypts (SP 800-38D §7.1 step 2).
fn first_counter(hash: &GHash, iv: &[u8]) -> [u8; BLOCK_BYTES] {
    let mut counter = [0; BLOCK_BYTES];
    if let Ok(iv) = <[u8; 12]>::try_from(iv) {
        let (first, last) = counter.split_at_mut(12);
        first.copy_from_slice(&iv);
        last.copy_from_slice(&1_u32.to_be_bytes());
        return counter;
    }
    let mut hash = hash.clone();
    hash.update_padded(iv);
    hash.update_padded(&lengths_block(iv.len() as u64));
    hash.finalize().into()
}

/// No associated data, and so many bytes: both lengths in bits.
fn lengths_block(bytes: u64) -> [u8; BLOCK_BYTES] {
    u128::from(bytes).saturating_mul(8).to_be_bytes()
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use aes_gcm::aead::array::typenum::{U12, U16};
    use aes_gcm::aead::{Aead, KeyInit};
    use aes_gcm::{AesGcm, Nonce};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_the_one_shot_crate(
            key: [u8; 32],
            iv: [u8; 16],
            long_iv: bool,
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..6),
        ) {
            let iv = if long_iv { &iv[..] } else { &iv[..12] };
            let mut gcm = Gcm::new(&key, iv);
            let mut file = Vec::new();
            for piece in &pieces {
                let mut piece = piece.clone();
                gcm.apply(&mut piece).unwrap();
                gcm.authenticate(&piece).unwrap();
                file.extend(piece);
            }
            file.extend(gcm.tag());
            let plaintext = if long_iv {
                AesGcm::<Aes256, U16>::new(&key.into()).decrypt(<&Nonce<U16>>::try_from(iv).unwrap(), &file[..])
            } else {
                AesGcm::<Aes256, U12>::new(&key.into()).decrypt(<&Nonce<U12>>::try_from(iv).unwrap(), &file[..])
            };
            prop_assert_eq!(plaintext.unwrap(), pieces.concat());
        }
    }

    #[test]
    fn no_key_encrypts_more_than_it_may() {
        let mut gcm = Gcm::new(&[1; 32], &[2; 12]);
        gcm.hashed = 68_719_476_735 - 32;
        assert_eq!(gcm.authenticate(&[0]), Ok(()));
        assert_eq!(gcm.authenticate(&[]), Ok(()));
        assert_eq!(gcm.authenticate(&[0]), Err(TooLong));
    }
}
