//! What OMEMO reads: messages, bundles, payloads, addresses, and its own stored states.

use std::cell::RefCell;

use plausch_omemo::{
    AesGcmUrl, Bundle, BundleParts, Device, Fingerprint, KeyExchange, KeyMaterial, MessageKind, PreKeys,
    RatchetMessage, Sessions, Timestamp, VerificationUri, Version, payload,
};

use super::Fixed;

const NOW: Timestamp = Timestamp(1_800_000_000);

/// A device in the middle of a conversation, one of whose messages is among the seeds.
struct Receiver {
    device: Device,
    pre_keys: PreKeys,
    sessions: Sessions,
    stored: Vec<u8>,
}

impl Receiver {
    fn load(device: &str, pre_keys: &str, sessions: &str) -> Self {
        let stored = unhex(sessions);
        Self {
            device: Device::from_bytes(&unhex(device)).unwrap(),
            pre_keys: PreKeys::from_bytes(&unhex(pre_keys)).unwrap(),
            sessions: Sessions::from_bytes(&stored).unwrap(),
            stored,
        }
    }
}

macro_rules! record {
    ($name:literal) => {
        include_str!(concat!("../../../src/omemo/tests/states/", $name, ".hex"))
    };
}

thread_local! {
    static RECEIVERS: RefCell<[Receiver; 2]> = RefCell::new([
        Receiver::load(record!("1-device"), record!("1-pre-keys-legacy"), record!("1-sessions-legacy")),
        Receiver::load(record!("1-device"), record!("1-pre-keys-omemo2"), record!("1-sessions-omemo2")),
    ]);
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.trim().bytes().filter_map(|digit| char::from(digit).to_digit(16)?.try_into().ok()).collect();
    digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte: u8, digit| byte << 4 | digit)).collect()
}

/// The first byte chooses the version.
fn version(data: &[u8]) -> (Version, &[u8]) {
    let (first, rest) = data.split_first().unwrap_or((&1, &[]));
    (if first & 1 == 1 { Version::Legacy } else { Version::Omemo2 }, rest)
}

/// A message that is refused changes nothing; what is accepted is what was sent.
pub fn message(data: &[u8]) {
    let (version, data) = version(data);
    let _ = MessageKind::of(version, data);
    let _ = RatchetMessage::decode(version, data);
    let _ = KeyExchange::decode(version, data);
    RECEIVERS.with_borrow_mut(|[legacy, omemo2]| {
        let receiver = if version == Version::Legacy { legacy } else { omemo2 };
        let Receiver { device, pre_keys, sessions, stored } = receiver;
        match sessions.decrypt(device, pre_keys, data, NOW, &mut Fixed) {
            Err(_) => assert_eq!(*sessions.to_bytes(), *stored, "the state has changed"),
            Ok(decrypted) => {
                assert_eq!(decrypted.key_material.as_bytes(), b"late");
                *sessions = Sessions::from_bytes(stored).unwrap();
            }
        }
    });
}

/// After the version: identity key, signed pre-key, signature and one-time pre-keys, each after its length. What is read is
/// written and reads the same.
pub fn bundle(data: &[u8]) {
    let (version, mut rest) = version(data);
    let mut pieces = Vec::new();
    while let Some((length, after)) = rest.split_first() {
        let (piece, after) = after.split_at(usize::from(*length).min(after.len()));
        pieces.push(piece.to_vec());
        rest = after;
    }
    let mut pieces = pieces.into_iter();
    let mut next = || pieces.next().unwrap_or_default();
    let (identity, signed_pre_key, signature) = (next(), next(), next());
    let pre_keys = (1..).zip(pieces).collect();
    let parts = BundleParts { identity, signed_pre_key_id: 1, signed_pre_key, signature, pre_keys };
    if let Ok(bundle) = Bundle::from_parts(version, &parts) {
        let written = bundle.to_parts();
        assert_eq!(Bundle::from_parts(version, &written).map(|bundle| bundle.to_parts()), Ok(written));
        assert!(bundle.choose(&mut Fixed).is_some());
    }
}

/// After the version: the lengths of the initialisation vector and of the key material, both, and the payload.
pub fn payload(data: &[u8]) {
    let (version, data) = version(data);
    let [iv, key_material, rest @ ..] = data else { return };
    let (iv, rest) = rest.split_at(usize::from(*iv).min(rest.len()));
    let (key_material, rest) = rest.split_at(usize::from(*key_material).min(rest.len()));
    let _ = payload::decrypt(version, &KeyMaterial::from_bytes(key_material), iv, rest);
}

/// What loads is what is stored.
pub fn state(data: &[u8]) {
    if let Ok(device) = Device::from_bytes(data) {
        assert_eq!(*device.to_bytes(), data);
    }
    if let Ok(pre_keys) = PreKeys::from_bytes(data) {
        assert_eq!(*pre_keys.to_bytes(), data);
    }
    if let Ok(sessions) = Sessions::from_bytes(data) {
        assert_eq!(*sessions.to_bytes(), data);
    }
}

/// Addresses and fingerprints: what is read is written and reads the same.
pub fn text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(fingerprint) = text.parse::<Fingerprint>() {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
    if let Ok(url) = AesGcmUrl::parse_body(&text) {
        let written = url.to_secret_text();
        assert_eq!(AesGcmUrl::parse(&written).map(|url| url.to_secret_text()), Ok(written));
        assert!(url.https().starts_with("https://"));
    }
    let _ = text.parse::<VerificationUri>();
}
