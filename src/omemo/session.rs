//! Sessions with one device of a peer in one version.
//!
//! There is one current session and a list of replaced ones. When two devices start sessions with each other at the same time,
//! or one starts anew, messages of the replaced session are still on their way: they are decrypted by it, and it becomes the
//! current one again. So both sides end up with the same session.
//!
//! A message is applied whole or not at all: whatever is refused leaves [`Sessions`] and [`PreKeys`] as they were, to the byte.

use rand_core::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::bundle::PreKeyBundle;
use crate::changes::Changes;
use crate::device::Device;
use crate::ids::{PreKeyId, SignedPreKeyId, Timestamp};
use crate::keys::{CurveKey, EphemeralKey, IdentityKey, KeyPair, LowOrderKey, RatchetKey};
use crate::payload::KeyMaterial;
use crate::pre_keys::PreKeys;
use crate::protocol::{AssociatedData, Version};
use crate::ratchet::{Ratchet, RatchetError, Received};
use crate::state::{Kind, Reader, StateError, Writer};
use crate::trust::Fingerprint;
use crate::wire::{DecodeError, ExchangeId, KeyExchange, MessageKind, RatchetMessage, encode_exchange};
use crate::x3dh::{Initiator, Responder};

/// Replaced sessions that are kept with a device.
pub const MAX_REPLACED: usize = 10;
/// A replaced session that decrypted nothing for so long is dropped, in seconds: 30 days.
pub const REPLACED_SECONDS: u64 = 30 * 24 * 60 * 60;

/// Why a session cannot be started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum StartError {
    /// The bundle is for the other version.
    #[error("the bundle is for another version")]
    Version,
    /// The device was known by another identity key. Nothing happens until somebody decided which one is right.
    #[error("the identity key has changed")]
    IdentityChanged,
    /// A key of the bundle is of low order. Another one-time pre-key may do.
    #[error(transparent)]
    LowOrderKey(#[from] LowOrderKey),
}

/// Why nothing can be encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum EncryptError {
    /// There is no session: fetch a bundle and start one.
    #[error("there is no session")]
    NoSession,
    /// The session has encrypted 2³² − 1 messages without an answer: start another.
    #[error("the session is used up")]
    UsedUp,
}

/// Why a message was refused. Nothing was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum DecryptError {
    /// The bytes are no message.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// There is no session with the device. XEP-0384 §6: start one and send an empty message.
    #[error("there is no session")]
    NoSession,
    /// The key exchange is by another identity key than the device was known by.
    #[error("the identity key has changed")]
    IdentityChanged,
    /// The one-time pre-key does not exist, or was used before.
    #[error("the pre-key is unknown or used")]
    UnknownPreKey,
    /// The signed pre-key does not exist, or was replaced too long ago.
    #[error("the signed pre-key is unknown")]
    UnknownSignedPreKey,
    /// No session could read it.
    #[error(transparent)]
    Ratchet(#[from] RatchetError),
}

impl DecryptError {
    /// Whether the message was read before: then nothing is to be shown (XEP-0384 §6).
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Ratchet(RatchetError::Duplicate))
    }
}

impl From<LowOrderKey> for DecryptError {
    fn from(error: LowOrderKey) -> Self {
        Self::Ratchet(error.into())
    }
}

/// A message for one device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Encrypted {
    /// Whether to mark it as a key exchange (`kex`, or `prekey` in the legacy version).
    pub kind: MessageKind,
    /// The content of `key`, before Base64.
    pub bytes: Vec<u8>,
    /// To be stored before the message is sent.
    pub changes: Changes,
}

/// What a message said.
#[derive(Debug)]
pub struct Decrypted {
    /// For the payload.
    pub key_material: KeyMaterial,
    /// The message began a session: the bundle is published anew and, where that tells no stranger anything, an empty message
    /// is sent in answer (XEP-0384 §6).
    pub session_began: bool,
    /// An empty message is due, as the peer's chain has grown long (XEP-0384 §6). Told once in a chain.
    pub heartbeat_due: bool,
    /// To be stored before the message is acknowledged.
    pub changes: Changes,
}

/// Who began a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Initiator,
    Responder,
}

/// Which way a message goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Sending,
    Receiving,
}

#[derive(Clone, Debug)]
struct Session {
    role: Role,
    exchange: ExchangeId,
    /// The peer has shown that it has the session, too: no more key exchanges (XEP-0384 §4.3).
    confirmed: bool,
    /// When it began, or last decrypted a message.
    used: Timestamp,
    ratchet: Ratchet,
}

impl Session {
    fn answers(&self, exchange: &ExchangeId) -> bool {
        self.role == Role::Responder && self.exchange == *exchange
    }

    fn write(&self, writer: &mut Writer) {
        writer.flag(self.role == Role::Initiator);
        writer.bytes(self.exchange.ephemeral.as_bytes());
        writer.u32(self.exchange.pre_key.get());
        writer.u32(self.exchange.signed_pre_key.get());
        writer.flag(self.confirmed);
        writer.u64(self.used.0);
        self.ratchet.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            role: if reader.flag()? { Role::Initiator } else { Role::Responder },
            exchange: ExchangeId {
                ephemeral: EphemeralKey::from_bytes(reader.array()?),
                pre_key: PreKeyId::new(reader.u32()?).ok_or(StateError::Damaged)?,
                signed_pre_key: SignedPreKeyId::new(reader.u32()?).ok_or(StateError::Damaged)?,
            },
            confirmed: reader.flag()?,
            used: Timestamp(reader.u64()?),
            ratchet: Ratchet::read(reader)?,
        })
    }
}

/// The sessions with one device of a peer in one version: the record of (own account, version, peer's bare JID, device id).
#[derive(Clone, Debug)]
pub struct Sessions {
    version: Version,
    /// What the device's key is known to be, from before there was a session.
    expected: Option<Fingerprint>,
    identity: Option<IdentityKey>,
    /// The current one, then the replaced ones, newest first.
    list: Vec<Session>,
}

impl Sessions {
    /// No session yet, with a device whose key is not known.
    pub fn new(version: Version) -> Self {
        Self { version, expected: None, identity: None, list: Vec::new() }
    }

    /// No session yet, with a device whose key is known: from the other version, from a QR code, or from a session that was lost.
    pub fn expecting(version: Version, fingerprint: Fingerprint) -> Self {
        Self { expected: Some(fingerprint), ..Self::new(version) }
    }

    /// The version that they are of.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The device's identity key; `None` before there was a session.
    pub fn identity(&self) -> Option<&IdentityKey> {
        self.identity.as_ref()
    }

    /// Whether there is a session to encrypt with.
    pub fn has_session(&self) -> bool {
        !self.list.is_empty()
    }

    /// Whether the current session still sends key exchanges, as the peer has not answered.
    pub fn awaits_answer(&self) -> bool {
        self.list.first().is_some_and(|session| session.role == Role::Initiator && !session.confirmed)
    }

    /// Messages sent since the peer's device last turned the ratchet. Above 2000 it could no longer read the next one: do not send
    /// to it any more.
    pub fn unanswered(&self) -> u32 {
        self.list.first().map_or(0, |session| session.ratchet.unanswered())
    }

    /// When a message was last decrypted, or the current session began.
    pub fn used(&self) -> Option<Timestamp> {
        self.list.iter().map(|session| session.used).max()
    }

    /// Starts a session, which replaces the current one. Sessions are started only when there is something to send
    /// (XEP-0384 §6): the peer's device learns of it by the next message that is encrypted.
    ///
    /// Draws 64 bytes: the ephemeral key, then the ratchet key.
    ///
    /// # Errors
    /// [`StartError`]; nothing is changed then.
    pub fn start(
        &mut self,
        device: &Device,
        bundle: &PreKeyBundle,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Changes, StartError> {
        if bundle.version != self.version {
            return Err(StartError::Version);
        }
        if !self.may_be(&bundle.identity) {
            return Err(StartError::IdentityChanged);
        }
        let protocol = self.version.protocol();
        let ephemeral = KeyPair::<EphemeralKey>::draw(rng);
        let shared_secret = Initiator {
            identity: device.identity(),
            ephemeral: &ephemeral,
            remote_identity: &bundle.identity,
            signed_pre_key: &bundle.signed_pre_key,
            pre_key: &bundle.pre_key,
        }
        .shared_secret(protocol)?;
        let remote = RatchetKey::of_responder(bundle.signed_pre_key);
        let ratchet = Ratchet::initiate(protocol, &shared_secret, &remote, rng)?;
        let exchange = ExchangeId {
            ephemeral: ephemeral.public(),
            pre_key: bundle.pre_key_id,
            signed_pre_key: bundle.signed_pre_key_id,
        };
        self.identity = Some(bundle.identity);
        self.insert(Session { role: Role::Initiator, exchange, confirmed: false, used: now, ratchet }, now);
        Ok(Changes { sessions: true, ..Changes::default() })
    }

    /// Encrypts by the current session.
    ///
    /// # Errors
    /// [`EncryptError`]; nothing is changed then.
    pub fn encrypt(&mut self, device: &Device, key_material: &KeyMaterial) -> Result<Encrypted, EncryptError> {
        let (protocol, identity) = (self.version.protocol(), self.identity);
        let (Some(session), Some(identity)) = (self.list.first_mut(), identity) else {
            return Err(EncryptError::NoSession);
        };
        let associated_data = associated_data(self.version, device, &identity, session.role, Direction::Sending);
        let message = session.ratchet.send(protocol, key_material.as_bytes(), &associated_data);
        let message = message.ok_or(EncryptError::UsedUp)?;
        let (kind, bytes) = if session.role == Role::Initiator && !session.confirmed {
            let own = device.identity().encode(self.version);
            let exchange = encode_exchange(protocol, &session.exchange, &own, device.id().get(), &message);
            (MessageKind::KeyExchange, exchange)
        } else {
            (MessageKind::Ratchet, message)
        };
        Ok(Encrypted { kind, bytes, changes: Changes { sessions: true, ..Changes::default() } })
    }

    /// Decrypts whatever it is: see [`MessageKind::of`].
    ///
    /// Draws 32 bytes if the ratchet turns, else none.
    ///
    /// # Errors
    /// [`DecryptError`]; nothing is changed then.
    pub fn decrypt(
        &mut self,
        device: &Device,
        pre_keys: &mut PreKeys,
        bytes: &[u8],
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Decrypted, DecryptError> {
        match MessageKind::of(self.version, bytes)? {
            MessageKind::KeyExchange => {
                let exchange = KeyExchange::decode(self.version, bytes)?;
                self.decrypt_key_exchange(device, pre_keys, &exchange, now, rng)
            }
            MessageKind::Ratchet => {
                let message = RatchetMessage::decode(self.version, bytes)?;
                self.decrypt_message(device, &message, now, rng)
            }
        }
    }

    /// Decrypts a message by the current session, or else by a replaced one, which then is the current one again.
    ///
    /// # Errors
    /// [`DecryptError`]; nothing is changed then.
    pub fn decrypt_message(
        &mut self,
        device: &Device,
        message: &RatchetMessage<'_>,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Decrypted, DecryptError> {
        self.decrypt_by(device, message, |_| true, now, rng)
    }

    /// Decrypts a key exchange: by the session that it is known to belong to, or by a new one, which replaces the current one.
    /// The one-time pre-key of a new session is used up.
    ///
    /// # Errors
    /// [`DecryptError`]; nothing is changed then.
    pub fn decrypt_key_exchange(
        &mut self,
        device: &Device,
        pre_keys: &mut PreKeys,
        exchange: &KeyExchange<'_>,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Decrypted, DecryptError> {
        if !self.may_be(exchange.identity()) {
            return Err(DecryptError::IdentityChanged);
        }
        if self.list.iter().any(|session| session.answers(exchange.id())) {
            return self.decrypt_by(device, exchange.message(), |session| session.answers(exchange.id()), now, rng);
        }
        let (ratchet, received) = self.respond(device, pre_keys, exchange, rng)?;
        let session = Session { role: Role::Responder, exchange: *exchange.id(), confirmed: true, used: now, ratchet };
        self.identity = Some(*exchange.identity());
        self.insert(session, now);
        let published = pre_keys.consume(exchange.id().pre_key);
        let changes = Changes { sessions: true, pre_keys: published, bundle: published };
        Ok(Decrypted::new(received, true, changes))
    }

    fn respond(
        &self,
        device: &Device,
        pre_keys: &PreKeys,
        exchange: &KeyExchange<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Ratchet, Received), DecryptError> {
        let pre_keys = Some(pre_keys).filter(|pre_keys| pre_keys.version() == self.version);
        let signed = pre_keys.and_then(|pre_keys| pre_keys.signed(exchange.id().signed_pre_key));
        let signed = signed.ok_or(DecryptError::UnknownSignedPreKey)?.keys();
        let one_time = pre_keys.and_then(|pre_keys| pre_keys.one_time(exchange.id().pre_key));
        let one_time = one_time.ok_or(DecryptError::UnknownPreKey)?;
        let protocol = self.version.protocol();
        let shared_secret = Responder {
            identity: device.identity(),
            signed_pre_key: signed,
            pre_key: one_time,
            remote_identity: exchange.identity(),
            ephemeral: &exchange.id().ephemeral,
        }
        .shared_secret(protocol)?;
        let associated_data =
            associated_data(self.version, device, exchange.identity(), Role::Responder, Direction::Receiving);
        let first = signed.as_ratchet();
        Ok(Ratchet::respond(protocol, &shared_secret, &first, exchange.message(), &associated_data, rng)?)
    }

    fn decrypt_by(
        &mut self,
        device: &Device,
        message: &RatchetMessage<'_>,
        may: impl Fn(&Session) -> bool,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Decrypted, DecryptError> {
        let (protocol, Some(identity)) = (self.version.protocol(), self.identity) else {
            return Err(DecryptError::NoSession);
        };
        let mut refusal = DecryptError::NoSession;
        for at in 0..self.list.len() {
            let Some(session) = self.list.get_mut(at).filter(|session| may(session)) else { continue };
            let associated_data = associated_data(self.version, device, &identity, session.role, Direction::Receiving);
            match session.ratchet.receive(protocol, message, &associated_data, rng) {
                Ok(received) => {
                    session.confirmed = true;
                    session.used = now;
                    self.make_current(at, now);
                    return Ok(Decrypted::new(received, false, Changes { sessions: true, ..Changes::default() }));
                }
                Err(error) => refusal = more_telling(refusal, error),
            }
        }
        Err(refusal)
    }

    /// Whether the key may be the device's.
    fn may_be(&self, identity: &IdentityKey) -> bool {
        let expected = self.expected.is_none_or(|expected| expected == identity.fingerprint());
        expected && self.identity.is_none_or(|known| known == *identity)
    }

    fn insert(&mut self, session: Session, now: Timestamp) {
        self.list.insert(0, session);
        self.tidy(now);
    }

    fn make_current(&mut self, at: usize, now: Timestamp) {
        if let Some(passed) = self.list.get_mut(..=at) {
            passed.rotate_right(1);
        }
        self.tidy(now);
    }

    fn tidy(&mut self, now: Timestamp) {
        let mut current = true;
        self.list.retain(|session| std::mem::take(&mut current) || now.since(session.used) <= REPLACED_SECONDS);
        self.list.truncate(1 + MAX_REPLACED);
    }

    /// The state to store.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new(Kind::Sessions);
        writer.byte(self.version.code());
        writer.option(self.expected.as_ref(), |writer, expected| writer.bytes(expected.as_bytes()));
        writer.option(self.identity.as_ref(), |writer, identity| writer.bytes(identity.raw(self.version)));
        writer.list(&self.list, |writer, session| session.write(writer));
        writer.finish()
    }

    /// The state that was stored.
    ///
    /// # Errors
    /// [`StateError`] if it is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let mut reader = Reader::new(Kind::Sessions, bytes)?;
        let version = Version::from_code(reader.byte()?).ok_or(StateError::Damaged)?;
        let expected = reader.option(Reader::array)?.map(Fingerprint::from_bytes);
        let identity =
            reader.option(|reader| IdentityKey::from_raw(version, reader.array()?).ok_or(StateError::Damaged))?;
        let list = reader.list(1 + MAX_REPLACED, Session::read)?;
        reader.finish()?;
        if identity.is_none() && !list.is_empty() {
            return Err(StateError::Damaged);
        }
        Ok(Self { version, expected, identity, list })
    }
}

impl Decrypted {
    fn new(received: Received, session_began: bool, changes: Changes) -> Self {
        let key_material = KeyMaterial::from_plaintext(received.plaintext);
        Self { key_material, session_began, heartbeat_due: received.heartbeat_due, changes }
    }
}

/// Of what several sessions say about a message: that it was read before, else what the most recent one says.
fn more_telling(before: DecryptError, now: RatchetError) -> DecryptError {
    match (before, now) {
        (DecryptError::NoSession, _) | (_, RatchetError::Duplicate) => now.into(),
        _ => before,
    }
}

/// What a tag covers besides the message: both identity keys, in the version's order.
fn associated_data(
    version: Version,
    device: &Device,
    remote: &IdentityKey,
    role: Role,
    direction: Direction,
) -> Vec<u8> {
    let (own, remote) = (device.identity().encode(version), remote.encode_received(version));
    let own_first = match version.protocol().associated_data {
        AssociatedData::SenderFirst => direction == Direction::Sending,
        AssociatedData::InitiatorFirst => role == Role::Initiator,
    };
    if own_first { [own, remote].concat() } else { [remote, own].concat() }
}
