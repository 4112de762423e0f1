//! X3DH (§3.3, §3.4): the shared secret of a key exchange, from both sides. The one-time pre-key is mandatory, in both
//! versions.

use crate::kdf;
use crate::keys::{EphemeralKey, IdentityKey, IdentityKeyPair, KeyPair, LowOrderKey, OneTimePreKey, SignedPreKey};
use crate::protocol::Protocol;
use crate::secret::Secret;

/// The initiator's keys, and the responder's public ones.
pub(crate) struct Initiator<'a> {
    pub identity: &'a IdentityKeyPair,
    pub ephemeral: &'a KeyPair<EphemeralKey>,
    pub remote_identity: &'a IdentityKey,
    pub signed_pre_key: &'a SignedPreKey,
    pub pre_key: &'a OneTimePreKey,
}

impl Initiator<'_> {
    pub fn shared_secret(&self, protocol: &Protocol) -> Result<Secret, LowOrderKey> {
        let results = [
            self.identity.diffie_hellman(self.signed_pre_key)?,
            self.ephemeral.diffie_hellman_identity(self.remote_identity)?,
            self.ephemeral.diffie_hellman(self.signed_pre_key)?,
            self.ephemeral.diffie_hellman(self.pre_key)?,
        ];
        Ok(kdf::shared_secret(protocol, &results))
    }
}

/// The responder's keys, and the initiator's public ones.
pub(crate) struct Responder<'a> {
    pub identity: &'a IdentityKeyPair,
    pub signed_pre_key: &'a KeyPair<SignedPreKey>,
    pub pre_key: &'a KeyPair<OneTimePreKey>,
    pub remote_identity: &'a IdentityKey,
    pub ephemeral: &'a EphemeralKey,
}

impl Responder<'_> {
    pub fn shared_secret(&self, protocol: &Protocol) -> Result<Secret, LowOrderKey> {
        let results = [
            self.signed_pre_key.diffie_hellman_identity(self.remote_identity)?,
            self.identity.diffie_hellman(self.ephemeral)?,
            self.signed_pre_key.diffie_hellman(self.ephemeral)?,
            self.pre_key.diffie_hellman(self.ephemeral)?,
        ];
        Ok(kdf::shared_secret(protocol, &results))
    }
}
