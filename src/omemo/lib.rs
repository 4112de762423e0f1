//! OMEMO end-to-end encryption (XEP-0384), both deployed versions.

mod aesgcm_url;
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
