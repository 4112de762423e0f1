//! A device of one's own: its id and its identity key, which both versions share.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::ids::DeviceId;
use crate::keys::IdentityKeyPair;
use crate::protocol::Version;
use crate::state::{Kind, Reader, StateError, Writer};
use crate::xeddsa::Signature;

/// Labels should not be longer (XEP-0384 §5.3.1), in Unicode code points.
pub const MAX_LABEL_CHARS: usize = 53;

/// A device of one's own.
#[derive(Clone, Debug)]
pub struct Device {
    id: DeviceId,
    identity: IdentityKeyPair,
}

impl Device {
    /// A new device. Its id is on none of the account's device lists, of neither version: see [`DeviceId::draw`].
    pub fn new(id: DeviceId, rng: &mut dyn CryptoRng) -> Self {
        Self { id, identity: IdentityKeyPair::draw(rng) }
    }

    /// A device with a key that exists.
    pub fn with_identity(id: DeviceId, identity: IdentityKeyPair) -> Self {
        Self { id, identity }
    }

    /// The device's id.
    pub fn id(&self) -> DeviceId {
        self.id
    }

    /// The device's identity key.
    pub fn identity(&self) -> &IdentityKeyPair {
        &self.identity
    }

    /// The signature to publish with a label, on the list of OMEMO 2 (XEP-0384 §5.3.1 `labelsig`). Others verify it with
    /// [`IdentityKey::verify`](crate::IdentityKey::verify) over the label's UTF-8 bytes, and ignore a label without one.
    pub fn sign_label(&self, label: &str, rng: &mut dyn CryptoRng) -> Signature {
        self.identity.sign(Version::Omemo2, label.as_bytes(), rng)
    }

    /// The state to store.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new(Kind::Device);
        writer.u32(self.id.get());
        writer.secret(self.identity.secret());
        writer.finish()
    }

    /// The state that was stored.
    ///
    /// # Errors
    /// [`StateError`] if it is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let mut reader = Reader::new(Kind::Device, bytes)?;
        let id = DeviceId::new(reader.u32()?).ok_or(StateError::Damaged)?;
        let identity = IdentityKeyPair::from_secret(reader.secret()?);
        reader.finish()?;
        Ok(Self { id, identity })
    }
}
