//! `bundle-*.json`: bundles and device lists. The XML is read here, as it is not the crate's.

use std::collections::BTreeMap;

use plausch_omemo::xeddsa::Signature;
use plausch_omemo::{Bundle, BundleParts, Device, DeviceId, IdentityKey, PreKeyId, Sessions, Timestamp, Version};
use plausch_xmpp::xml::{Element, Limits, parse};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::Tally;
use super::json::{Object, base64};

/// What differs in the XML of the versions.
struct Names {
    version: Version,
    ns: &'static str,
    list: &'static str,
    signed_pre_key: (&'static str, &'static str),
    signature: &'static str,
    identity: &'static str,
    pre_key: (&'static str, &'static str),
}

const LEGACY: Names = Names {
    version: Version::Legacy,
    ns: "eu.siacs.conversations.axolotl",
    list: "list",
    signed_pre_key: ("signedPreKeyPublic", "signedPreKeyId"),
    signature: "signedPreKeySignature",
    identity: "identityKey",
    pre_key: ("preKeyPublic", "preKeyId"),
};

const OMEMO2: Names = Names {
    version: Version::Omemo2,
    ns: "urn:xmpp:omemo:2",
    list: "devices",
    signed_pre_key: ("spk", "id"),
    signature: "spks",
    identity: "ik",
    pre_key: ("pk", "id"),
};

fn finish(case: &Object<'_>, tally: &mut Tally) {
    case.done();
    tally.other += 1;
}

pub fn run(file: &Object<'_>, tally: &mut Tally) {
    let names = if file.name() == "bundle-legacy.json" { &LEGACY } else { &OMEMO2 };
    for case in file.list("bundles") {
        good(names, &case);
        case.ignore(&["name", "jid", "device_id"]);
        finish(&case, tally);
    }
    for case in file.list("reject") {
        let sessions = read(names, case.text("xml")).and_then(|parts| start(names.version, &parts));
        assert!(sessions.is_none(), "{}", case.name());
        case.ignore(&["case", "jid", "device_id", "why", "expected", "references"]);
        finish(&case, tally);
    }
    for case in file.list("device_lists") {
        device_list(names, &case);
        case.ignore(&["note"]);
        finish(&case, tally);
    }
}

fn good(names: &Names, case: &Object<'_>) {
    let parts = read(names, case.text("xml")).unwrap();
    let bundle = Bundle::from_parts(names.version, &parts);
    assert_eq!(bundle.is_ok(), case.flag("signature_valid"), "{}", case.name());
    let signed = case.object("signed_prekey");
    let expected = (signed.number("id"), signed.array::<32>("pub"), signed.array::<64>("signature"));
    signed.done();
    let pre_keys: Vec<_> = case.list("prekeys").iter().map(pre_key).collect();
    let ed25519 = IdentityKey::from_ed25519(case.array("identity_pub_ed25519")).unwrap();
    assert_eq!(*ed25519.curve25519(), case.array("identity_pub_curve25519"), "{}", case.name());
    let fingerprint = case.text("fingerprint");
    let Ok(bundle) = bundle else { return };
    let (id, key) = bundle.signed_pre_key();
    assert_eq!((id.get(), key.to_bytes()), (expected.0, expected.1), "{}", case.name());
    assert_eq!(parts.signature, expected.2, "{}", case.name());
    let read: Vec<_> = bundle.pre_keys().iter().map(|(id, key)| (id.get(), key.to_bytes())).collect();
    assert_eq!(read, pre_keys, "{}", case.name());
    assert_eq!(bundle.identity().fingerprint().to_string(), fingerprint, "{}", case.name());
    if names.version == Version::Omemo2 {
        assert_eq!(*bundle.identity(), ed25519, "{}", case.name());
    }
    assert_eq!(bundle.to_parts(), parts, "{}", case.name());
    assert!(start(names.version, &parts).is_some(), "{}", case.name());
}

fn pre_key(case: &Object<'_>) -> (u32, [u8; 32]) {
    let pre_key = (case.number("id"), case.array("pub"));
    case.done();
    pre_key
}

/// A session with any of the bundle's pre-keys.
fn start(version: Version, parts: &BundleParts) -> Option<Sessions> {
    let bundle = Bundle::from_parts(version, parts).ok()?;
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let device = Device::new(DeviceId::draw(&mut rng), &mut rng);
    let ids: Vec<PreKeyId> = bundle.pre_keys().iter().map(|(id, _)| *id).collect();
    ids.into_iter().find_map(|id| {
        let mut sessions = Sessions::new(version);
        let started = sessions.start(&device, &bundle.choose_id(id)?, Timestamp(0), &mut rng).is_ok();
        assert_eq!(started, sessions.has_session());
        started.then_some(sessions)
    })
}

/// What a bundle's XML says. One-time pre-keys that cannot be read are left out.
fn read(names: &Names, xml: &str) -> Option<BundleParts> {
    let bundle = parse(xml, &Limits::default()).ok().filter(|element| element.is("bundle", names.ns))?;
    let content = |name| base64(&bundle.child(name, names.ns)?.text());
    let (signed_name, signed_id) = names.signed_pre_key;
    let (pre_key_name, pre_key_id) = names.pre_key;
    let pre_keys = bundle.child("prekeys", names.ns)?.children_named(pre_key_name, names.ns);
    let pre_key = |element: &Element| Some((element.attr(pre_key_id)?.parse().ok()?, base64(&element.text())?));
    Some(BundleParts {
        identity: content(names.identity)?,
        signed_pre_key_id: bundle.child(signed_name, names.ns)?.attr(signed_id)?.parse().ok()?,
        signed_pre_key: content(signed_name)?,
        signature: content(names.signature)?,
        pre_keys: pre_keys.filter_map(pre_key).collect(),
    })
}

fn device_list(names: &Names, case: &Object<'_>) {
    let list = parse(case.text("xml"), &Limits::default()).unwrap();
    assert!(list.is(names.list, names.ns), "{}", case.name());
    let mut devices: BTreeMap<DeviceId, Option<String>> = BTreeMap::new();
    let identity = case
        .has("identity_pub_ed25519_of_all")
        .then(|| IdentityKey::from_ed25519(case.array("identity_pub_ed25519_of_all")).unwrap());
    for device in list.children_named("device", names.ns) {
        let Some(id) = device.attr("id").and_then(|id| id.parse().ok()).and_then(DeviceId::new) else { continue };
        let signature = device.attr("labelsig").and_then(base64).and_then(|bytes| Signature::from_slice(&bytes));
        let label = device.attr("label").filter(|label| {
            signature.zip(identity).is_some_and(|(signature, key)| key.verify(label.as_bytes(), &signature))
        });
        devices.entry(id).or_insert(label.map(str::to_owned));
    }
    let ids: Vec<u32> = devices.keys().map(|id| id.get()).collect();
    assert_eq!(ids, case.numbers("devices"), "{}", case.name());
    if case.has("labels") {
        for (id, label) in case.text_entries("labels") {
            let id = DeviceId::new(id.parse().unwrap()).unwrap();
            assert_eq!(devices[&id].as_deref(), label, "{}", case.name());
        }
    }
}
