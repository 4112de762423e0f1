//! `trust.json`.

use plausch_omemo::{Fingerprint, IdentityKey, VerificationUri};

use super::Tally;
use super::json::{Object, to_base64};

fn finish(case: &Object<'_>, tally: &mut Tally) {
    case.done();
    tally.other += 1;
}

pub fn run(file: &Object<'_>, tally: &mut Tally) {
    for case in file.list("fingerprints") {
        let curve25519 = IdentityKey::from_curve25519(case.array("identity_pub_curve25519"));
        let ed25519 = IdentityKey::from_ed25519(case.array("identity_pub_ed25519")).unwrap();
        let fingerprint = case.text("fingerprint");
        for key in [curve25519, ed25519] {
            assert_eq!(key.fingerprint().to_string(), fingerprint, "{}", case.name());
            assert_eq!(key.fingerprint().groups().as_slice(), case.texts("groups"), "{}", case.name());
            for text in [fingerprint, case.text("identity_pub_ed25519"), &format!("05{fingerprint}")] {
                assert!(Fingerprint::matches(text, &key), "{}: {text}", case.name());
            }
        }
        let encoded = to_base64(&case.hex("identity_pub_ed25519"));
        assert_eq!(encoded, case.text("trust_message_base64_ed25519"), "{}", case.name());
        let encoded = to_base64(curve25519.fingerprint().as_bytes());
        assert_eq!(encoded, case.text("trust_message_base64_curve25519"), "{}", case.name());
        finish(&case, tally);
    }
    for case in file.list("verification_uris") {
        match case.text("uri").parse().unwrap() {
            VerificationUri::Devices { jid, devices } => {
                assert_eq!(jid, case.text("jid"), "{}", case.name());
                let expected: Vec<_> = case.list("devices").iter().map(device).collect();
                let named: Vec<_> = devices.iter().map(|(id, key)| (id.map(|id| id.get()), key.to_string())).collect();
                assert_eq!(named, expected, "{}", case.name());
            }
            VerificationUri::TrustMessage { jid, trust, distrust } => {
                assert_eq!(jid, case.text("jid"), "{}", case.name());
                assert_eq!(trust, keys(&case, "trust"), "{}", case.name());
                assert_eq!(distrust, keys(&case, "distrust"), "{}", case.name());
                assert_eq!(case.text("encryption"), "urn:xmpp:omemo:2", "{}", case.name());
            }
        }
        case.ignore(&["producer"]);
        finish(&case, tally);
    }
    for case in file.list("reject_uris") {
        assert!(case.text("uri").parse::<VerificationUri>().is_err(), "{}", case.name());
        case.ignore(&["why"]);
        finish(&case, tally);
    }
}

fn device(device: &Object<'_>) -> (Option<u32>, String) {
    let named = (device.optional_number("device_id"), device.text("fingerprint").to_owned());
    device.done();
    named
}

fn keys(case: &Object<'_>, field: &str) -> Vec<IdentityKey> {
    let key = |bytes: Vec<u8>| IdentityKey::from_ed25519(bytes.try_into().unwrap()).unwrap();
    case.hexes(field).into_iter().map(key).collect()
}
