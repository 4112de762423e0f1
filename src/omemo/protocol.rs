//! What differs between the two deployed versions, as data: everything else in this crate is written once.

/// A deployed version of OMEMO. Devices speak one or both, under one identity key and one device id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Version {
    /// `eu.siacs.conversations.axolotl` (XEP-0384 version 0.3.0): what most clients speak.
    Legacy,
    /// `urn:xmpp:omemo:2` (XEP-0384 since version 0.8).
    Omemo2,
}

impl Version {
    /// The description that the shared code is driven by.
    pub(crate) const fn protocol(self) -> &'static Protocol {
        match self {
            Self::Legacy => &LEGACY,
            Self::Omemo2 => &OMEMO2,
        }
    }

    /// The number that stands for it in stored states.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Legacy => 1,
            Self::Omemo2 => 2,
        }
    }

    /// The version of this number.
    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Legacy),
            2 => Some(Self::Omemo2),
            _ => None,
        }
    }
}

/// In which form an identity key travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IdentityForm {
    /// The u-coordinate of Curve25519, encoded as all other keys are.
    Curve25519,
    /// The compressed Edwards point, sign bit included (XEP-0384 §4.2 "Encode(PK)").
    Ed25519,
}

/// How a message and its tag become one sequence of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Framing {
    /// This byte, the message, the tag; key exchanges have the byte, too.
    VersionByte(u8),
    /// `OMEMOAuthenticatedMessage` (XEP-0384 §12): the tag is field 1, the message field 2.
    Wrapped,
}

/// Whose identity key comes first in the associated data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AssociatedData {
    /// The sender's: it changes with the direction.
    SenderFirst,
    /// The initiator's: fixed for the session.
    InitiatorFirst,
}

/// The field numbers of a ratchet message.
#[derive(Debug)]
pub(crate) struct MessageFields {
    pub ratchet_key: u32,
    pub number: u32,
    pub previous: u32,
    pub ciphertext: u32,
}

/// The field numbers of a key exchange.
#[derive(Debug)]
pub(crate) struct ExchangeFields {
    pub pre_key: u32,
    pub signed_pre_key: u32,
    pub identity: u32,
    pub ephemeral: u32,
    pub message: u32,
    /// The initiator's device id: older JavaScript clients look for it.
    pub registration: Option<u32>,
}

/// The description of one version.
#[derive(Debug)]
pub(crate) struct Protocol {
    pub exchange_info: &'static [u8],
    pub root_info: &'static [u8],
    pub message_info: &'static [u8],
    /// What stands before the 32 bytes of a public key.
    pub key_prefix: &'static [u8],
    pub identity_form: IdentityForm,
    /// How much of an HMAC-SHA-256 is sent.
    pub tag_bytes: usize,
    pub framing: Framing,
    pub associated_data: AssociatedData,
    pub message_fields: MessageFields,
    pub exchange_fields: ExchangeFields,
}

const LEGACY: Protocol = Protocol {
    exchange_info: b"WhisperText",
    root_info: b"WhisperRatchet",
    message_info: b"WhisperMessageKeys",
    key_prefix: &[0x05],
    identity_form: IdentityForm::Curve25519,
    tag_bytes: 8,
    framing: Framing::VersionByte(0x33),
    associated_data: AssociatedData::SenderFirst,
    message_fields: MessageFields { ratchet_key: 1, number: 2, previous: 3, ciphertext: 4 },
    exchange_fields: ExchangeFields {
        pre_key: 1,
        ephemeral: 2,
        identity: 3,
        message: 4,
        registration: Some(5),
        signed_pre_key: 6,
    },
};

const OMEMO2: Protocol = Protocol {
    exchange_info: b"OMEMO X3DH",
    root_info: b"OMEMO Root Chain",
    message_info: b"OMEMO Message Key Material",
    key_prefix: &[],
    identity_form: IdentityForm::Ed25519,
    tag_bytes: 16,
    framing: Framing::Wrapped,
    associated_data: AssociatedData::InitiatorFirst,
    message_fields: MessageFields { number: 1, previous: 2, ratchet_key: 3, ciphertext: 4 },
    exchange_fields: ExchangeFields {
        pre_key: 1,
        signed_pre_key: 2,
        identity: 3,
        ephemeral: 4,
        message: 5,
        registration: None,
    },
};
