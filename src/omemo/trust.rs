//! What people compare to know whose keys they have: fingerprints, and addresses that carry them.
//!
//! The fingerprint is the Curve25519 form of the identity key (XEP-0384 §8), the same in both versions. Deciding what to trust,
//! and remembering it, is the caller's.
//!
//! ```
//! use plausch_omemo::{DeviceId, VerificationUri};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let fingerprint = "5cca272c5bae7993262b574cfb4befef3c8d64c16c055321033017db691c320c".parse()?;
//! let device = DeviceId::new(27183).ok_or("no id")?;
//! let shown = VerificationUri::for_devices("juliet@capulet.example", [(device, fingerprint)]);
//! match shown.parse()? {
//!     VerificationUri::Devices { jid, devices } => {
//!         assert_eq!(jid, "juliet@capulet.example");
//!         assert_eq!(devices, [(Some(device), fingerprint)]);
//!     }
//!     VerificationUri::TrustMessage { .. } => unreachable!(),
//! }
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::hex;
use crate::ids::DeviceId;
use crate::keys::IdentityKey;

/// The fingerprint of an identity key: its Curve25519 form.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

/// A text is no fingerprint: not 64 hexadecimal digits, or 66 that begin with 05.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("not a fingerprint")]
pub struct FingerprintError;

impl Fingerprint {
    /// The fingerprint of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Eight groups of eight digits: easier to compare (XEP-0384 §8).
    pub fn groups(&self) -> [String; 8] {
        let mut groups: [String; 8] = Default::default();
        for (group, bytes) in groups.iter_mut().zip(self.0.chunks_exact(4)) {
            *group = hex::encode(bytes);
        }
        groups
    }

    /// Whether a text that a person has is the fingerprint of the key: in its usual form, or in the Edwards form, which one
    /// client shows.
    pub fn matches(text: &str, key: &IdentityKey) -> bool {
        let Ok(given) = text.parse::<Self>() else { return false };
        let as_edwards = IdentityKey::from_ed25519(given.0).map(|edwards| edwards.fingerprint());
        given == key.fingerprint() || as_edwards == Some(key.fingerprint())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    /// Either case, white space anywhere; some clients put the type byte 05 in front.
    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let digits: String = text.chars().filter(|character| !character.is_whitespace()).collect();
        let key = digits.strip_prefix("05").filter(|key| key.len() == 64).unwrap_or(&digits);
        hex::decode(key).map(Self).ok_or(FingerprintError)
    }
}

/// Why a text is no verification address. It must change no trust then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum VerificationUriError {
    /// It is no `xmpp:` address with an account and a query.
    #[error("not an xmpp address with a query")]
    Address,
    /// It says nothing about keys.
    #[error("the address has no keys")]
    NoKeys,
    /// A device id is none.
    #[error("the address has an invalid device id")]
    DeviceId,
    /// A key is none.
    #[error("the address has an invalid key")]
    Key,
    /// It is about another kind of encryption than OMEMO 2.
    #[error("the address is about another encryption")]
    Encryption,
}

/// What a verification address says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VerificationUri {
    /// `xmpp:JID?omemo-sid-ID=FINGERPRINT;…`: these devices have these keys. Old addresses name no device (`omemo=`).
    Devices {
        /// The account, as it stands in the address, escapes decoded.
        jid: String,
        /// Its devices.
        devices: Vec<(Option<DeviceId>, Fingerprint)>,
    },
    /// `xmpp:JID?trust-message;encryption=urn:xmpp:omemo:2;trust=KEY;distrust=KEY` (XEP-0434 §8).
    TrustMessage {
        /// The account, as it stands in the address, escapes decoded.
        jid: String,
        /// The keys to trust.
        trust: Vec<IdentityKey>,
        /// The keys to trust no longer.
        distrust: Vec<IdentityKey>,
    },
}

/// Keys in one address; accounts have fewer devices.
const MAX_KEYS: usize = 200;
const OMEMO2_NAMESPACE: &str = "urn:xmpp:omemo:2";

impl VerificationUri {
    /// The address to show as a QR code. The account is written as it is, so it must need no escapes.
    pub fn for_devices(jid: &str, devices: impl IntoIterator<Item = (DeviceId, Fingerprint)>) -> String {
        let parameter = |(id, fingerprint): (DeviceId, Fingerprint)| format!("omemo-sid-{id}={fingerprint}");
        let parameters: Vec<String> = devices.into_iter().map(parameter).collect();
        format!("xmpp:{jid}?{}", parameters.join(";"))
    }

    fn devices(jid: String, parameters: &[(&str, &str)]) -> Result<Self, VerificationUriError> {
        let mut devices = Vec::new();
        for (name, value) in parameters {
            let id = match (*name, name.strip_prefix("omemo-sid-")) {
                ("omemo", _) => None,
                (_, Some(id)) => Some(parse_device_id(id).ok_or(VerificationUriError::DeviceId)?),
                _ => continue,
            };
            devices.push((id, hex::decode(value).map(Fingerprint).ok_or(VerificationUriError::Key)?));
        }
        if devices.is_empty() { Err(VerificationUriError::NoKeys) } else { Ok(Self::Devices { jid, devices }) }
    }

    fn trust_message(jid: String, parameters: &[(&str, &str)]) -> Result<Self, VerificationUriError> {
        let (mut trust, mut distrust, mut encryption) = (Vec::new(), Vec::new(), None);
        for (name, value) in parameters {
            let keys = match *name {
                "trust" => &mut trust,
                "distrust" => &mut distrust,
                "encryption" => {
                    encryption = Some(*value);
                    continue;
                }
                _ => continue,
            };
            keys.push(hex::decode(value).and_then(IdentityKey::from_ed25519).ok_or(VerificationUriError::Key)?);
        }
        match (encryption, trust.is_empty() && distrust.is_empty()) {
            (Some(OMEMO2_NAMESPACE), false) => Ok(Self::TrustMessage { jid, trust, distrust }),
            (Some(OMEMO2_NAMESPACE), true) => Err(VerificationUriError::NoKeys),
            _ => Err(VerificationUriError::Encryption),
        }
    }
}

impl FromStr for VerificationUri {
    type Err = VerificationUriError;

    /// Parameters are separated by `;` or, as in invitations, by `&`; unknown ones are ignored. One bad key spoils the address.
    fn from_str(text: &str) -> Result<Self, VerificationUriError> {
        let scheme = text.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("xmpp:"));
        let rest = scheme.and_then(|_| text.get(5..)).ok_or(VerificationUriError::Address)?;
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (jid, query) = rest.split_once('?').ok_or(VerificationUriError::Address)?;
        let jid = percent_decode(jid).filter(|jid| !jid.is_empty()).ok_or(VerificationUriError::Address)?;
        let parameters = query.split([';', '&']).map(|part| part.split_once('=').unwrap_or((part, "")));
        let parameters: Vec<(&str, &str)> = parameters.take(MAX_KEYS.saturating_add(1)).collect();
        if parameters.len() > MAX_KEYS {
            return Err(VerificationUriError::NoKeys);
        }
        match parameters.first() {
            Some(("trust-message", _)) => Self::trust_message(jid, &parameters),
            _ => Self::devices(jid, &parameters),
        }
    }
}

/// Digits only: Rust would accept a sign.
fn parse_device_id(text: &str) -> Option<DeviceId> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).and_then(DeviceId::new)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let [value] = hex::decode::<1>(std::str::from_utf8(digits).ok()?)?;
        bytes.push(value);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}
