//! `kdf.json` and `xeddsa.json`.

use plausch_omemo::hazmat::{self, Bytes32};
use plausch_omemo::xeddsa::{self, Signature};
use plausch_omemo::{IdentityKey, IdentityKeyPair, LowOrderKey, Version};
use zeroize::Zeroizing;

use super::Tally;
use super::json::Object;

fn secret(case: &Object<'_>, field: &str) -> Bytes32 {
    Zeroizing::new(case.array(field))
}

/// The version in the field `protocol`, whose info string must be the one that is named.
pub fn version(case: &Object<'_>) -> Version {
    match case.text("protocol") {
        "legacy" => Version::Legacy,
        "v2" => Version::Omemo2,
        other => panic!("{}: unknown protocol {other}", case.name()),
    }
}

pub fn kdf(file: &Object<'_>, tally: &mut Tally) {
    for case in file.list("x25519") {
        let private = secret(&case, "priv");
        let shared = hazmat::x25519(&private, case.array("pub")).unwrap();
        assert_eq!(*shared, case.array("shared"), "{}", case.name());
        finish(&case, tally);
    }
    for case in file.list("x25519_low_order") {
        assert_eq!(hazmat::x25519(&secret(&case, "priv"), case.array("pub")), Err(LowOrderKey), "{}", case.name());
        case.ignore(&["name", "computed", "expected"]);
        finish(&case, tally);
    }
    for case in file.list("x3dh_kdf") {
        let results = ["dh1", "dh2", "dh3", "dh4"].map(|field| secret(&case, field));
        let shared = hazmat::exchange_secret(version(&case), results);
        assert_eq!(*shared, case.array("shared_secret"), "{}", case.name());
        case.ignore(&["info", "hkdf_bytes_32_to_64_unused"]);
        finish(&case, tally);
    }
    for case in file.list("root_kdf") {
        let (root, chain) = hazmat::root_step(version(&case), &secret(&case, "root_key"), &secret(&case, "dh_output"));
        assert_eq!((*root, *chain), (case.array("new_root_key"), case.array("chain_key")), "{}", case.name());
        case.ignore(&["info"]);
        finish(&case, tally);
    }
    for case in file.list("chain_kdf") {
        let (chain, key) = hazmat::chain_step(&secret(&case, "chain_key"));
        version(&case);
        assert_eq!((*chain, *key), (case.array("next_chain_key"), case.array("message_key")), "{}", case.name());
        finish(&case, tally);
    }
    for case in file.list("message_key_kdf") {
        check_message_keys(version(&case), &case);
        case.ignore(&["info"]);
        finish(&case, tally);
    }
}

/// The fields `message_key`, `aes_key`, `mac_key` and `iv` belong together.
pub fn check_message_keys(version: Version, case: &Object<'_>) {
    let (aes_key, mac_key, iv) = hazmat::message_keys(version, &secret(case, "message_key"));
    let expected = (case.array("aes_key"), case.array("mac_key"), case.array("iv"));
    assert_eq!((*aes_key, *mac_key, iv), expected, "{}", case.name());
}

pub fn xeddsa(file: &Object<'_>, tally: &mut Tally) {
    for case in file.list("conversion") {
        let private = secret(&case, "priv");
        let ed25519: [u8; 32] = case.array("ed25519_pub");
        let curve25519: [u8; 32] = case.array("curve25519_pub");
        let sign_bit = case.number("ed25519_sign_bit") == 1;
        assert_eq!(hazmat::x25519_public(&private), curve25519, "{}", case.name());
        assert_eq!(xeddsa::ed25519_public(&private), ed25519, "{}", case.name());
        assert_eq!(xeddsa::sign_bit(&ed25519), sign_bit, "{}", case.name());
        assert_eq!(xeddsa::ed25519_from_curve25519(&curve25519, sign_bit), Some(ed25519), "{}", case.name());
        let cleared = case.array("ed25519_pub_sign_bit_cleared");
        assert_eq!(xeddsa::ed25519_from_curve25519(&curve25519, false), Some(cleared), "{}", case.name());
        for key in [ed25519, cleared] {
            assert_eq!(*IdentityKey::from_ed25519(key).unwrap().curve25519(), curve25519, "{}", case.name());
        }
        finish(&case, tally);
    }
    for case in file.list("sign") {
        check_signatures(&case);
        finish(&case, tally);
    }
    for case in file.list("verify_reject") {
        let signature = Signature::from_slice(&case.hex("signature"));
        let key: [u8; 32] = case.array("curve25519_pub");
        let message = case.hex("message");
        let verified = signature.is_some_and(|signature| xeddsa::verify_curve25519(&key, &message, &signature));
        assert!(!verified, "{}", case.name());
        case.ignore(&["case", "why", "expected", "references"]);
        finish(&case, tally);
    }
}

fn check_signatures(case: &Object<'_>) {
    let private = secret(case, "priv");
    let message = case.hex("message");
    let random = Zeroizing::new(case.array("random"));
    let (curve25519, ed25519) = (case.array("curve25519_pub"), case.array("ed25519_pub"));
    let signature = |field| Signature::from_slice(&case.hex(field)).unwrap();

    let strict = xeddsa::sign(&private, &message, &random);
    assert_eq!(strict, signature("xeddsa_signature"), "{}", case.name());
    let positive = xeddsa::ed25519_from_curve25519(&curve25519, false).unwrap();
    assert!(xeddsa::verify_ed25519(&positive, &message, &strict), "{}", case.name());

    let natural = xeddsa::sign_ed25519(&private, &message, &random);
    assert_eq!(natural, signature("ed25519_signature_natural_sign"), "{}", case.name());
    assert!(xeddsa::verify_ed25519(&ed25519, &message, &natural), "{}", case.name());

    let libsignal = xeddsa::sign_with_sign_bit(&private, &message, &random);
    assert_eq!(libsignal, signature("libsignal_signature"), "{}", case.name());
    for accepted in [libsignal, strict] {
        assert!(xeddsa::verify_curve25519(&curve25519, &message, &accepted), "{}", case.name());
    }

    let pair = IdentityKeyPair::from_secret_bytes(&private);
    for (version, expected) in [(Version::Legacy, libsignal), (Version::Omemo2, natural)] {
        let mut given = super::random::Given::new(&[random.to_vec()]);
        assert_eq!(pair.sign(version, &message, &mut given), expected, "{}", case.name());
        assert!(pair.public(version).verify(&message, &expected), "{}", case.name());
    }
}

fn finish(case: &Object<'_>, tally: &mut Tally) {
    case.done();
    tally.other += 1;
}
