//! `payload-legacy.json` and `payload-v2.json`.

use plausch_omemo::{EnvelopeCheck, KeyMaterial, Version, hazmat, payload};
use plausch_xmpp::xml::{Element, Limits, Node, parse};
use zeroize::Zeroizing;

use super::Tally;
use super::json::{Object, to_base64};
use super::random::Given;

const SCE: &str = "urn:xmpp:sce:1";

fn finish(case: &Object<'_>, tally: &mut Tally) {
    case.done();
    tally.other += 1;
}

pub fn legacy(file: &Object<'_>, tally: &mut Tally) {
    for case in file.list("vectors") {
        legacy_case(&case);
        case.ignore(&["name"]);
        finish(&case, tally);
    }
    for case in file.list("reject") {
        let (key_material, iv, ciphertext) = (case.hex("key_material"), case.hex("iv"), case.hex("payload"));
        let result = payload::decrypt(Version::Legacy, &KeyMaterial::from_bytes(&key_material), &iv, &ciphertext);
        assert!(result.is_err(), "{}", case.name());
        case.ignore(&["case", "why", "expected"]);
        finish(&case, tally);
    }
}

fn legacy_case(case: &Object<'_>) {
    let (key, iv, tag) = (case.hex("key"), case.hex("iv"), case.optional_hex("tag"));
    let key_material = case.hex("key_material");
    if case.has("iv_base64") {
        assert_eq!(case.text("iv_base64"), to_base64(&iv), "{}", case.name());
    }
    let direction = case.text("direction");
    let (Some(body), Some(ciphertext)) = (case.optional_text("body"), case.optional_hex("payload")) else {
        // Nothing to show: what is transported is a key, with or without a tag.
        assert!(case.optional_text("body").is_none() && case.optional_hex("payload").is_none(), "{}", case.name());
        assert_eq!([key.clone(), tag.unwrap_or_default()].concat(), key_material, "{}", case.name());
        if direction.starts_with("both") {
            let empty = KeyMaterial::empty(Version::Legacy, &mut Given::new(&[key]));
            assert_eq!(empty.as_bytes(), key_material, "{}", case.name());
        }
        case.ignore(&["payload_base64"]);
        return;
    };
    check_base64(case, &ciphertext);
    let material = KeyMaterial::from_bytes(&key_material);
    let plaintext = payload::decrypt(Version::Legacy, &material, &iv, &ciphertext).unwrap();
    assert_eq!(plaintext.as_slice(), body.as_bytes(), "{}", case.name());
    match direction.split_once(':').map_or(direction, |(direction, _)| direction) {
        "both" => {
            let mut given = Given::new(&[key, iv.clone()]);
            let encrypted = payload::encrypt(Version::Legacy, body.as_bytes(), &mut given).unwrap();
            assert!(given.is_empty(), "{}", case.name());
            assert_eq!(encrypted.ciphertext, ciphertext, "{}", case.name());
            assert_eq!(encrypted.key_material.as_bytes(), key_material, "{}", case.name());
            assert_eq!(encrypted.iv.unwrap().as_slice(), iv, "{}", case.name());
        }
        "receive" | "receive only" => {}
        other => panic!("{}: unknown direction {other}", case.name()),
    }
}

pub fn omemo2(file: &Object<'_>, tally: &mut Tally) {
    for case in file.list("vectors") {
        omemo2_case(&case);
        case.ignore(&["name", "note"]);
        finish(&case, tally);
    }
    for case in file.list("reject") {
        let material = KeyMaterial::from_bytes(&case.hex("key_material"));
        let result = payload::decrypt(Version::Omemo2, &material, &[], &case.hex("payload"));
        assert!(result.is_err(), "{}", case.name());
        case.ignore(&["case", "why", "expected"]);
        finish(&case, tally);
    }
    for case in file.list("sce_checks") {
        let material = KeyMaterial::from_bytes(&case.hex("key_material"));
        let plaintext = payload::decrypt(Version::Omemo2, &material, &[], &case.hex("payload")).unwrap();
        assert_eq!(plaintext.as_slice(), case.text("envelope").as_bytes(), "{}", case.name());
        let content = open_envelope(&case, case.text("envelope"));
        check_expected(&case, content);
        case.ignore(&["case", "why"]);
        finish(&case, tally);
    }
}

fn omemo2_case(case: &Object<'_>) {
    let key_material = case.hex("key_material");
    let Some(envelope) = case.optional_text("envelope") else {
        assert_eq!(case.optional_hex("payload"), None, "{}", case.name());
        let empty = KeyMaterial::empty(Version::Omemo2, &mut Given::new(&[]));
        assert_eq!(empty.as_bytes(), key_material, "{}", case.name());
        return;
    };
    let key: [u8; 32] = case.array("key");
    let (aes_key, mac_key, iv) = hazmat::payload_keys(&Zeroizing::new(key));
    let expected = (case.array("aes_key"), case.array("mac_key"), case.array("iv"));
    assert_eq!((*aes_key, *mac_key, iv), expected, "{}", case.name());
    assert_eq!([key.to_vec(), case.hex("hmac16")].concat(), key_material, "{}", case.name());

    let ciphertext = case.hex("payload");
    check_base64(case, &ciphertext);
    let encrypted = payload::encrypt(Version::Omemo2, envelope.as_bytes(), &mut Given::new(&[key.to_vec()])).unwrap();
    assert_eq!(encrypted.ciphertext, ciphertext, "{}", case.name());
    assert_eq!(encrypted.key_material.as_bytes(), key_material, "{}", case.name());
    assert_eq!(encrypted.iv, None);

    let material = KeyMaterial::from_bytes(&key_material);
    let plaintext = payload::decrypt(Version::Omemo2, &material, &[], &ciphertext).unwrap();
    assert_eq!(plaintext.as_slice(), envelope.as_bytes(), "{}", case.name());
    assert!(open_envelope(case, envelope).is_some(), "{}", case.name());
}

fn check_base64(case: &Object<'_>, payload: &[u8]) {
    if case.has("payload_base64") {
        assert_eq!(case.text("payload_base64"), to_base64(payload), "{}", case.name());
    }
}

/// The content's elements that may be shown, if the envelope is what it claims to be.
fn open_envelope(case: &Object<'_>, envelope: &str) -> Option<Vec<Element>> {
    let stanza = case.object("stanza");
    let (kind, to) = (stanza.text("type"), stanza.text("to"));
    stanza.ignore(&["from"]);
    stanza.done();
    let sender = case.text("sender_bare_jid");
    let envelope = parse(envelope, &Limits::default()).ok().filter(|envelope| envelope.is("envelope", SCE))?;
    let jid = |name| envelope.child(name, SCE).map(|affix| affix.attr("jid").unwrap_or_default());
    let check = EnvelopeCheck {
        from: jid("from"),
        to: jid("to"),
        sender,
        recipient: to,
        groupchat: match kind {
            "groupchat" => true,
            "chat" => false,
            other => panic!("{}: unknown type {other}", case.name()),
        },
    };
    check.check().ok()?;
    let mut contents = envelope.children_named("content", SCE);
    let (Some(content), None) = (contents.next(), contents.next()) else { return None };
    let forbidden = ["urn:xmpp:hints", "urn:xmpp:sid:0"];
    Some(content.children().filter(|child| !forbidden.contains(&child.ns())).cloned().collect())
}

/// `must be rejected`, or `accept: body 'TEXT'`, after which it may say that all else is dropped.
fn check_expected(case: &Object<'_>, content: Option<Vec<Element>>) {
    let expected = case.text("expected");
    if expected.starts_with("must be rejected") {
        assert!(content.is_none(), "{}", case.name());
        return;
    }
    let accepted = expected.strip_prefix("accept: body '").and_then(|rest| rest.split_once('\''));
    let (body, rest) = accepted.unwrap_or_else(|| panic!("{}: unknown expectation {expected}", case.name()));
    assert!(rest.is_empty() || rest.ends_with("dropped"), "{}: unknown expectation {expected}", case.name());
    let content = content.unwrap_or_else(|| panic!("{}: rejected", case.name()));
    let [element] = content.as_slice() else { panic!("{}: {content:?}", case.name()) };
    assert!(element.is("body", "jabber:client"), "{}", case.name());
    assert!(element.nodes().iter().all(|node| matches!(node, Node::Text(_))), "{}", case.name());
    assert_eq!(element.text(), body, "{}", case.name());
}
