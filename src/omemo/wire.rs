//! Messages as they travel: ratchet messages and key exchanges of both versions.
//!
//! The tag covers the bytes that were received, so a message that was read borrows them; nothing is ever encoded again to be
//! checked.

use thiserror::Error;

use crate::ids::{PreKeyId, SignedPreKeyId};
use crate::keys::{CurveKey, EphemeralKey, IdentityKey, RatchetKey};
use crate::protobuf::{Fields, Value, write};
use crate::protocol::{Framing, Protocol, Version};

/// Why bytes are no message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum DecodeError {
    /// They end before a field does.
    #[error("the message is cut off")]
    Truncated,
    /// They are no protocol buffers.
    #[error("the message is malformed")]
    Malformed,
    /// They begin with another version than 3 (legacy only).
    #[error("the message is of an unknown version")]
    Version,
    /// A field is of another type, or its number does not fit.
    #[error("a field has the wrong type")]
    FieldType,
    /// A required field is not there.
    #[error("a required field is missing")]
    MissingField,
    /// A public key has the wrong length, the wrong type byte, or is no point.
    #[error("a public key is invalid")]
    Key,
    /// The tag has the wrong length.
    #[error("the tag has the wrong length")]
    Tag,
}

/// The two kinds of what a device sends to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MessageKind {
    /// A message of a session that is being started: it carries all that the other side needs to start it, too.
    KeyExchange,
    /// A message of a running session.
    Ratchet,
}

impl MessageKind {
    /// Which kind the bytes are, judged by their first field: a number in key exchanges, bytes in messages, in both versions.
    ///
    /// What the stanza says (`prekey`, `kex`) is not reliable: some clients mark only the first key exchange of a session.
    ///
    /// # Errors
    /// [`DecodeError`] if the field is not to be found.
    pub fn of(version: Version, bytes: &[u8]) -> Result<Self, DecodeError> {
        for field in Fields::new(strip_version(version.protocol(), bytes)?) {
            match field? {
                (1, Value::Number(_)) => return Ok(Self::KeyExchange),
                (1, Value::Bytes(_)) => return Ok(Self::Ratchet),
                _ => {}
            }
        }
        Err(DecodeError::MissingField)
    }
}

/// The part of a ratchet message that is not encrypted (Double Ratchet §3.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The sender's ratchet key.
    pub ratchet_key: RatchetKey,
    /// The number of the message in its chain.
    pub number: u32,
    /// How many messages the sender's previous chain had. Some clients send one less.
    pub previous: u32,
}

/// A ratchet message that was read.
#[derive(Clone, Copy, Debug)]
pub struct RatchetMessage<'a> {
    header: Header,
    ciphertext: &'a [u8],
    tag: &'a [u8],
    authenticated: &'a [u8],
}

impl<'a> RatchetMessage<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// [`DecodeError`] says what is wrong with the bytes.
    pub fn decode(version: Version, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let protocol = version.protocol();
        let (authenticated, tag) = split_tag(protocol, bytes)?;
        let fields = &protocol.message_fields;
        let (mut ratchet_key, mut number, mut previous, mut ciphertext) = (None, None, None, None);
        for field in Fields::new(strip_version(protocol, authenticated)?) {
            let (field, value) = field?;
            match field {
                _ if field == fields.ratchet_key => ratchet_key = Some(value.bytes()?),
                _ if field == fields.number => number = Some(value.number()?),
                _ if field == fields.previous => previous = Some(value.number()?),
                _ if field == fields.ciphertext => ciphertext = Some(value.bytes()?),
                _ => {}
            }
        }
        let header = Header {
            ratchet_key: decode_key(protocol, ratchet_key)?,
            number: number.ok_or(DecodeError::MissingField)?,
            previous: previous.ok_or(DecodeError::MissingField)?,
        };
        let ciphertext = ciphertext.ok_or(DecodeError::MissingField)?;
        Ok(Self { header, ciphertext, tag, authenticated })
    }

    /// What is not encrypted.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The encrypted key material.
    pub fn ciphertext(&self) -> &'a [u8] {
        self.ciphertext
    }

    /// The tag.
    pub fn tag(&self) -> &'a [u8] {
        self.tag
    }

    /// What the tag covers, besides the associated data.
    pub fn authenticated(&self) -> &'a [u8] {
        self.authenticated
    }
}

/// What names a key exchange: the responder knows it again by this (XEP-0384 §4.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExchangeId {
    /// The initiator's ephemeral key.
    pub ephemeral: EphemeralKey,
    /// The responder's one-time pre-key.
    pub pre_key: PreKeyId,
    /// The responder's signed pre-key.
    pub signed_pre_key: SignedPreKeyId,
}

/// A key exchange that was read, with the message in it.
#[derive(Clone, Copy, Debug)]
pub struct KeyExchange<'a> {
    id: ExchangeId,
    identity: IdentityKey,
    message: RatchetMessage<'a>,
}

impl<'a> KeyExchange<'a> {
    /// Reads a key exchange. One without a one-time pre-key is none (XEP-0384 §4.2), in both versions.
    ///
    /// # Errors
    /// [`DecodeError`] says what is wrong with the bytes.
    pub fn decode(version: Version, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let protocol = version.protocol();
        let fields = &protocol.exchange_fields;
        let (mut pre_key, mut signed_pre_key, mut identity, mut ephemeral, mut message) =
            (None, None, None, None, None);
        for field in Fields::new(strip_version(protocol, bytes)?) {
            let (field, value) = field?;
            match field {
                _ if field == fields.pre_key => pre_key = Some(value.number()?),
                _ if field == fields.signed_pre_key => signed_pre_key = Some(value.number()?),
                _ if field == fields.identity => identity = Some(value.bytes()?),
                _ if field == fields.ephemeral => ephemeral = Some(value.bytes()?),
                _ if field == fields.message => message = Some(value.bytes()?),
                _ => {}
            }
        }
        let pre_key = pre_key.ok_or(DecodeError::MissingField)?;
        let signed_pre_key = signed_pre_key.ok_or(DecodeError::MissingField)?;
        let id = ExchangeId {
            ephemeral: decode_key(protocol, ephemeral)?,
            pre_key: PreKeyId::new(pre_key).ok_or(DecodeError::FieldType)?,
            signed_pre_key: SignedPreKeyId::new(signed_pre_key).ok_or(DecodeError::FieldType)?,
        };
        let identity = IdentityKey::decode(version, identity.ok_or(DecodeError::MissingField)?);
        let message = RatchetMessage::decode(version, message.ok_or(DecodeError::MissingField)?)?;
        Ok(Self { id, identity: identity.ok_or(DecodeError::Key)?, message })
    }

    /// What names it.
    pub fn id(&self) -> &ExchangeId {
        &self.id
    }

    /// The initiator's identity key.
    pub fn identity(&self) -> &IdentityKey {
        &self.identity
    }

    /// The first message of the session, or a later one.
    pub fn message(&self) -> &RatchetMessage<'a> {
        &self.message
    }
}

/// The part of a message that the tag covers.
pub(crate) fn encode_message(protocol: &Protocol, header: &Header, ciphertext: &[u8]) -> Vec<u8> {
    let fields = &protocol.message_fields;
    let ratchet_key = header.ratchet_key.encode(protocol);
    let message = write(&mut [
        (fields.ratchet_key, Value::Bytes(&ratchet_key)),
        (fields.number, Value::Number(header.number.into())),
        (fields.previous, Value::Number(header.previous.into())),
        (fields.ciphertext, Value::Bytes(ciphertext)),
    ]);
    prepend_version(protocol, message)
}

/// A message with its tag.
pub(crate) fn encode_authenticated(protocol: &Protocol, mut authenticated: Vec<u8>, tag: &[u8]) -> Vec<u8> {
    match protocol.framing {
        Framing::VersionByte(_) => {
            authenticated.extend_from_slice(tag);
            authenticated
        }
        Framing::Wrapped => write(&mut [(1, Value::Bytes(tag)), (2, Value::Bytes(&authenticated))]),
    }
}

/// A key exchange around a message.
pub(crate) fn encode_exchange(
    protocol: &Protocol,
    id: &ExchangeId,
    identity: &[u8],
    registration: u32,
    message: &[u8],
) -> Vec<u8> {
    let fields = &protocol.exchange_fields;
    let ephemeral = id.ephemeral.encode(protocol);
    let mut exchange = vec![
        (fields.pre_key, Value::Number(id.pre_key.get().into())),
        (fields.signed_pre_key, Value::Number(id.signed_pre_key.get().into())),
        (fields.identity, Value::Bytes(identity)),
        (fields.ephemeral, Value::Bytes(&ephemeral)),
        (fields.message, Value::Bytes(message)),
    ];
    exchange.extend(fields.registration.map(|field| (field, Value::Number(registration.into()))));
    prepend_version(protocol, write(&mut exchange))
}

fn decode_key<K: CurveKey>(protocol: &Protocol, bytes: Option<&[u8]>) -> Result<K, DecodeError> {
    K::decode(protocol, bytes.ok_or(DecodeError::MissingField)?).ok_or(DecodeError::Key)
}

fn prepend_version(protocol: &Protocol, mut message: Vec<u8>) -> Vec<u8> {
    if let Framing::VersionByte(version) = protocol.framing {
        message.insert(0, version);
    }
    message
}

/// The bytes after the version, if there is one. Its high nibble is that of the message, the low one the newest that the sender
/// knows: both have been 3 for as long as OMEMO exists.
fn strip_version<'a>(protocol: &Protocol, bytes: &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let Framing::VersionByte(expected) = protocol.framing else { return Ok(bytes) };
    let (version, rest) = bytes.split_first().ok_or(DecodeError::Truncated)?;
    if *version == expected { Ok(rest) } else { Err(DecodeError::Version) }
}

/// What the tag covers, and the tag.
fn split_tag<'a>(protocol: &Protocol, bytes: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), DecodeError> {
    if let Framing::VersionByte(_) = protocol.framing {
        let at = bytes.len().checked_sub(protocol.tag_bytes).ok_or(DecodeError::Truncated)?;
        return bytes.split_at_checked(at).ok_or(DecodeError::Truncated);
    }
    let (mut tag, mut message) = (None, None);
    for field in Fields::new(bytes) {
        match field? {
            (1, value) => tag = Some(value.bytes()?),
            (2, value) => message = Some(value.bytes()?),
            _ => {}
        }
    }
    let tag = tag.ok_or(DecodeError::MissingField)?;
    let message = message.ok_or(DecodeError::MissingField)?;
    if tag.len() == protocol.tag_bytes { Ok((message, tag)) } else { Err(DecodeError::Tag) }
}
