//! OMEMO end-to-end encryption (XEP-0384): the deployed legacy version (`eu.siacs.conversations.axolotl`) and
//! `urn:xmpp:omemo:2`, in one core that is driven by a description of each.
//!
//! # What it is
//!
//! The cryptography, and the rules of sessions: identity keys, pre-keys and bundles, X3DH in both roles, the Double Ratchet,
//! lists of replaced sessions, payloads, encrypted files, fingerprints and the addresses that carry them. It is sans-IO: bytes
//! and randomness come in as arguments, as do times; bytes go out, and [`Changes`], which say what to store. There is no XML
//! here, no clock, no store, no network, and no decision whom to trust.
//!
//! # The parts
//!
//! - [`Device`] is the own device: its id and its identity key, the same in both versions.
//! - [`PreKeys`] are its pre-keys in one version. [`PreKeys::bundle`] is what others start sessions by; it is kept full by
//!   [`PreKeys::refill`] and fresh by [`PreKeys::rotate_if_due`].
//! - [`Sessions`] are those with one device of a peer in one version: [`Sessions::start`], [`Sessions::encrypt`],
//!   [`Sessions::decrypt`].
//! - [`payload`] holds what is encrypted once for all devices; sessions transport its [`KeyMaterial`].
//! - [`mod@file`] and [`AesGcmUrl`] are encrypted files; [`Fingerprint`] and [`VerificationUri`] are what people compare and scan;
//!   [`EnvelopeCheck`] is the rule by which the content of OMEMO 2 counts as sent.
//!
//! `Device`, `PreKeys` and `Sessions` are the records to store: `to_bytes`, `from_bytes`. The format is versioned.
//!
//! # What a caller must do
//!
//! - Store what [`Changes`] name **before** a message is sent, or acknowledged, in one transaction: a chain key that is used
//!   twice breaks the secrecy of both messages.
//! - Have one writer. Two programs that use the same records break the sessions.
//! - Check `from` and `to` of an envelope against the stanza ([`EnvelopeCheck`]).
//! - Decide about trust before encrypting for a device. This crate refuses a changed identity key, and knows no more.
//! - Give cryptographic randomness.
//!
//! # What it guarantees
//!
//! - A message that is refused leaves all state as it was, to the byte. A message that was read before is told from one that
//!   cannot be read: [`DecryptError::is_duplicate`].
//! - No input makes it panic; lints see to that. A message that is refused costs at most 2000
//!   derivations of keys in each session that is tried.
//! - Secrets are overwritten when dropped and never part of `Debug`; tags are compared in constant time. Curve arithmetic and
//!   AES are dalek's and RustCrypto's. WebAssembly engines promise no constant time; that is accepted.
//! - What bears on security is checked by vectors of two other implementations (`tests/vectors/`).
//!
//! # Example
//!
//! Alice starts a session by Bob's bundle, and he answers.
//!
//! ```
//! use plausch_omemo::{Bundle, Device, DeviceId, PreKeys, Sessions, Timestamp, Version, payload};
//! use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut rng = ChaCha20Rng::seed_from_u64(7); // in earnest: the system's randomness
//! let now = Timestamp(1_800_000_000);
//! let version = Version::Omemo2;
//!
//! let alice = Device::new(DeviceId::draw(&mut rng), &mut rng);
//! let mut alice_pre_keys = PreKeys::new(version, &alice, now, &mut rng);
//! let bob = Device::new(DeviceId::draw(&mut rng), &mut rng);
//! let mut bob_pre_keys = PreKeys::new(version, &bob, now, &mut rng);
//!
//! // Bob publishes his bundle. Alice checks it, and starts a session.
//! let parts = bob_pre_keys.bundle(&bob).to_parts();
//! let bundle = Bundle::from_parts(version, &parts)?;
//! let mut with_bob = Sessions::new(version);
//! let offer = bundle.choose(&mut rng).ok_or("an empty bundle")?;
//! let changes = with_bob.start(&alice, &offer, now, &mut rng)?;
//! assert!(changes.sessions); // store with_bob.to_bytes()
//!
//! // One payload for all devices, and its key for each of them.
//! let encrypted = payload::encrypt(version, b"<envelope xmlns='urn:xmpp:sce:1'>\xe2\x80\xa6</envelope>", &mut rng)?;
//! let for_bob = with_bob.encrypt(&alice, &encrypted.key_material)?;
//!
//! // Bob knows nothing of Alice's device yet.
//! let mut with_alice = Sessions::new(version);
//! let decrypted = with_alice.decrypt(&bob, &mut bob_pre_keys, &for_bob.bytes, now, &mut rng)?;
//! let content = payload::decrypt(version, &decrypted.key_material, &[], &encrypted.ciphertext)?;
//! assert!(content.starts_with(b"<envelope"));
//!
//! // It was a key exchange: a pre-key is used up, the bundle is published anew, and an empty message answers.
//! assert!(decrypted.session_began && decrypted.changes.bundle);
//! let changes = bob_pre_keys.refill(&mut rng);
//! assert!(changes.pre_keys); // store bob_pre_keys.to_bytes()
//! let empty = plausch_omemo::KeyMaterial::empty(version, &mut rng);
//! let answer = with_alice.encrypt(&bob, &empty)?;
//! with_bob.decrypt(&alice, &mut alice_pre_keys, &answer.bytes, now, &mut rng)?;
//! assert!(!with_bob.awaits_answer());
//! # Ok(())
//! # }
//! ```
//!
//! # Sources
//!
//! XEP-0384 versions 0.3.0 and 0.9.1, XEP-0420, XEP-0448, XEP-0454; the documents on X3DH, the Double Ratchet and XEdDSA, which
//! are in the public domain; RFC 2104, 5869, 7748 and 8032; NIST SP 800-38D. No code of another implementation was read.

mod aesgcm_url;
mod base_point;
mod bundle;
mod changes;
mod cipher;
mod device;
mod envelope;
pub mod file;
mod gcm;
pub mod hazmat;
mod hex;
mod ids;
mod kdf;
mod keys;
pub mod payload;
mod pre_keys;
mod protobuf;
mod protocol;
mod ratchet;
mod secret;
mod session;
mod skipped;
mod state;
mod trust;
mod wire;
mod x3dh;
pub mod xeddsa;

pub use aesgcm_url::{AesGcmUrl, AesGcmUrlError};
pub use bundle::{Bundle, BundleError, BundleParts, MAX_BUNDLE_PRE_KEYS, PreKeyBundle};
pub use changes::Changes;
pub use device::{Device, MAX_LABEL_CHARS};
pub use envelope::{EnvelopeCheck, EnvelopeError};
pub use ids::{DeviceId, PreKeyId, SignedPreKeyId, Timestamp};
pub use keys::{EphemeralKey, IdentityKey, IdentityKeyPair, LowOrderKey, OneTimePreKey, RatchetKey, SignedPreKey};
pub use payload::KeyMaterial;
pub use pre_keys::{OneTimePreKeyPair, PRE_KEYS, PreKeys, ROTATION_SECONDS, SignedPreKeyPair};
pub use protocol::Version;
pub use ratchet::{HEARTBEAT_NUMBER, MAX_JUMP, MAX_PAST_CHAINS, RatchetError};
pub use session::{
    DecryptError, Decrypted, EncryptError, Encrypted, MAX_REPLACED, REPLACED_SECONDS, Sessions, StartError,
};
pub use skipped::MAX_SKIPPED;
pub use state::StateError;
pub use trust::{Fingerprint, FingerprintError, VerificationUri, VerificationUriError};
pub use wire::{DecodeError, ExchangeId, Header, KeyExchange, MessageKind, RatchetMessage};
