//! The rules of sessions and pre-keys, one by one.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod support;

use plausch_omemo::{
    Bundle, BundleError, DecodeError, DecryptError, Device, DeviceId, EncryptError, Fingerprint, HEARTBEAT_NUMBER,
    KeyMaterial, MAX_BUNDLE_PRE_KEYS, MAX_JUMP, MAX_LABEL_CHARS, MAX_PAST_CHAINS, MAX_REPLACED, MAX_SKIPPED,
    MessageKind, PRE_KEYS, PreKeyId, PreKeys, REPLACED_SECONDS, ROTATION_SECONDS, RatchetError, Sessions, StartError,
    Timestamp, Version,
};
use support::{NOW, Party, VERSIONS, pair};

fn ratchet(error: RatchetError) -> DecryptError {
    DecryptError::Ratchet(error)
}

#[test]
fn limits_are_those_that_are_documented() {
    assert_eq!((MAX_JUMP, MAX_SKIPPED, MAX_PAST_CHAINS, HEARTBEAT_NUMBER), (2000, 2000, 50, 53));
    assert_eq!((MAX_REPLACED, REPLACED_SECONDS), (10, 2_592_000));
    assert_eq!((PRE_KEYS, ROTATION_SECONDS), (100, 1_209_600));
    assert_eq!((MAX_BUNDLE_PRE_KEYS, MAX_LABEL_CHARS), (1000, 53));
}

#[test]
fn nothing_is_encrypted_without_a_session() {
    let mut alice = Party::new(Version::Omemo2, 1);
    let device = alice.device.clone();
    let sessions = alice.with(1);
    assert!(!sessions.has_session() && !sessions.awaits_answer());
    assert_eq!((sessions.unanswered(), sessions.used(), sessions.identity()), (0, None, None));
    assert_eq!(sessions.encrypt(&device, &KeyMaterial::from_bytes(b"x")), Err(EncryptError::NoSession));
}

#[test]
fn key_exchanges_repeat_until_there_is_an_answer() {
    for version in VERSIONS {
        let (mut alice, mut bob) = (Party::new(version, 1), Party::new(version, 2));
        alice.start(1, &bob.offer());
        let sent: Vec<_> = (0..3).map(|_| alice.encrypt(1, b"hello")).collect();
        assert!(sent.iter().all(|sent| sent.kind == MessageKind::KeyExchange));
        assert!(alice.with(1).awaits_answer());
        assert_eq!(alice.with(1).unanswered(), 3);
        // The first one to arrive is not the first that was sent.
        let first = bob.reads(0, &sent[1].bytes, b"hello");
        assert!(first.session_began && first.changes.pre_keys && first.changes.bundle && first.changes.sessions);
        let second = bob.reads(0, &sent[0].bytes, b"hello");
        assert!(!second.session_began && !second.changes.pre_keys && !second.changes.bundle && second.changes.sessions);
        assert_eq!(bob.pre_keys.supply().len(), PRE_KEYS - 1);
        let answer = bob.encrypt(0, b"hello yourself");
        assert_eq!(answer.kind, MessageKind::Ratchet);
        assert!(!bob.with(0).awaits_answer());
        alice.reads(1, &answer.bytes, b"hello yourself");
        assert!(!alice.with(1).awaits_answer());
        assert_eq!(alice.with(1).unanswered(), 0);
        assert_eq!(alice.encrypt(1, b"x").kind, MessageKind::Ratchet);
        // A key exchange that comes late is still of that session.
        assert!(!bob.reads(0, &sent[2].bytes, b"hello").session_began);
        let peer = alice.device.identity().fingerprint();
        assert_eq!(bob.with(0).identity().map(|identity| identity.fingerprint()), Some(peer));
    }
}

#[test]
fn a_pre_key_serves_once() {
    for version in VERSIONS {
        let (mut alice, mut bob, mut carol) = (Party::new(version, 1), Party::new(version, 2), Party::new(version, 3));
        let offer = bob.offer();
        alice.start(1, &offer);
        carol.start(1, &offer);
        bob.reads(0, &alice.encrypt(1, b"alice").bytes, b"alice");
        let late = carol.encrypt(1, b"carol").bytes;
        assert_eq!(bob.refuses(2, &late), DecryptError::UnknownPreKey);
    }
}

#[test]
fn while_catching_up_used_pre_keys_are_kept_but_not_published() {
    for version in VERSIONS {
        let (mut alice, mut bob, mut carol) = (Party::new(version, 1), Party::new(version, 2), Party::new(version, 3));
        let offer = bob.offer();
        alice.start(1, &offer);
        carol.start(1, &offer);
        let (first, second, third) =
            (alice.encrypt(1, b"a").bytes, carol.encrypt(1, b"c").bytes, carol.encrypt(1, b"d").bytes);
        assert!(bob.pre_keys.begin_catch_up().pre_keys);
        assert!(!bob.pre_keys.begin_catch_up().pre_keys);
        assert!(bob.reads(0, &first, b"a").changes.bundle);
        assert_eq!(bob.pre_keys.bundle(&bob.device).pre_keys().len(), PRE_KEYS - 1);
        bob.reload();
        let again = bob.reads(2, &second, b"c");
        assert!(again.session_began && !again.changes.bundle && !again.changes.pre_keys);
        assert!(bob.pre_keys.end_catch_up().pre_keys);
        assert!(!bob.pre_keys.end_catch_up().pre_keys);
        assert_eq!(bob.refuses(3, &third), DecryptError::UnknownPreKey);
    }
}

#[test]
fn the_supply_is_refilled_under_new_ids() {
    let mut bob = Party::new(Version::Legacy, 2);
    let ids = |bob: &Party| bob.pre_keys.supply().iter().map(|key| key.id().get()).collect::<Vec<_>>();
    assert_eq!(ids(&bob), (1..=100).collect::<Vec<_>>());
    let mut alice = Party::new(Version::Legacy, 1);
    alice.start(1, &bob.offer());
    bob.reads(0, &alice.encrypt(1, b"x").bytes, b"x");
    let mut rng = bob.rng.clone();
    let changes = bob.pre_keys.refill(&mut rng);
    assert!(changes.pre_keys && changes.bundle && !changes.sessions);
    assert_eq!(ids(&bob), (2..=101).collect::<Vec<_>>());
    assert_eq!(bob.pre_keys.refill(&mut rng), Default::default());
}

#[test]
fn the_signed_pre_key_rotates_and_the_previous_one_is_kept() {
    for version in VERSIONS {
        let (mut alice, mut bob) = (Party::new(version, 1), Party::new(version, 2));
        assert_eq!(bob.pre_keys.rotation_due(), Timestamp(NOW.0 + ROTATION_SECONDS));
        assert_eq!(bob.pre_keys.version(), version);
        let (device, mut rng) = (bob.device.clone(), bob.rng.clone());
        let early = Timestamp(NOW.0 + ROTATION_SECONDS - 1);
        assert_eq!(bob.pre_keys.rotate_if_due(&device, early, &mut rng), Default::default());
        alice.start(1, &bob.offer());
        let (first, second) = (alice.encrypt(1, b"first").bytes, alice.encrypt(1, b"second").bytes);
        let first_id = bob.pre_keys.current().id();
        let mut now = bob.pre_keys.rotation_due();
        let changes = bob.pre_keys.rotate_if_due(&device, now, &mut rng);
        assert!(changes.pre_keys && changes.bundle && !changes.sessions);
        assert_eq!(bob.pre_keys.current().id().get(), first_id.get() + 1);
        let bundle = bob.pre_keys.bundle(&bob.device);
        assert_eq!(bundle.signed_pre_key().0, bob.pre_keys.current().id());
        assert!(Bundle::from_parts(version, &bundle.to_parts()).is_ok());
        bob.reload();
        bob.clone().reads(0, &first, b"first");
        now.0 += ROTATION_SECONDS;
        assert!(bob.pre_keys.rotate_if_due(&device, now, &mut rng).bundle);
        assert_eq!(bob.pre_keys.current().id().get(), first_id.get() + 2);
        assert_eq!(bob.refuses(0, &second), DecryptError::UnknownSignedPreKey);
    }
}

#[test]
fn as_many_messages_may_be_missing_as_the_limit_says() {
    for version in VERSIONS {
        let (mut alice, mut bob) = pair(version);
        (0..MAX_JUMP).for_each(|_| drop(alice.encrypt(1, b"lost")));
        let within = alice.encrypt(1, b"within").bytes;
        let beyond = alice.encrypt(1, b"beyond").bytes;
        // In a chain that is new to the receiver:
        assert_eq!(bob.refuses(0, &beyond), ratchet(RatchetError::TooFarAhead));
        bob.clone().reads(0, &within, b"within");
        // In the chain that it reads:
        let (mut alice, mut bob) = pair(version);
        bob.reads(0, &alice.encrypt(1, b"read").bytes, b"read");
        (0..MAX_JUMP).for_each(|_| drop(alice.encrypt(1, b"lost")));
        let within = alice.encrypt(1, b"within").bytes;
        let beyond = alice.encrypt(1, b"beyond").bytes;
        assert_eq!(bob.refuses(0, &beyond), ratchet(RatchetError::TooFarAhead));
        bob.reads(0, &within, b"within");
        bob.reads(0, &beyond, b"beyond");
    }
}

#[test]
fn late_messages_of_a_past_chain_are_read_and_repeated_ones_known() {
    for version in VERSIONS {
        let (mut alice, mut bob) = pair(version);
        let chain: Vec<_> = (0..5).map(|_| alice.encrypt(1, b"chain").bytes).collect();
        bob.reads(0, &chain[1], b"chain");
        alice.reads(1, &bob.encrypt(0, b"turn").bytes, b"turn");
        bob.reads(0, &alice.encrypt(1, b"next").bytes, b"next");
        for late in [4, 0, 3, 2] {
            bob.reads(0, &chain[late], b"chain");
        }
        for again in &chain {
            assert!(bob.refuses(0, again).is_duplicate());
        }
    }
}

#[test]
fn a_chain_that_is_said_to_be_longer_than_the_limit_is_not_filled() {
    for version in VERSIONS {
        let (mut alice, mut bob) = pair(version);
        let first = alice.encrypt(1, b"first").bytes;
        let second = alice.encrypt(1, b"second").bytes;
        bob.reads(0, &first, b"first");
        (0..=MAX_JUMP).for_each(|_| drop(alice.encrypt(1, b"lost")));
        alice.reads(1, &bob.encrypt(0, b"turn").bytes, b"turn");
        bob.reads(0, &alice.encrypt(1, b"next").bytes, b"next");
        assert_eq!(bob.refuses(0, &second), ratchet(RatchetError::KeyNotKept));
        assert_eq!(bob.refuses(0, &first), ratchet(RatchetError::Duplicate));
    }
}

#[test]
fn past_chains_are_remembered_up_to_the_limit() {
    let (mut alice, mut bob) = pair(Version::Omemo2);
    let mut turn = |number: usize| {
        let sent = alice.encrypt(1, b"turn").bytes;
        bob.reads(0, &sent, b"turn");
        let answer = bob.encrypt(0, b"answer").bytes;
        alice.reads(1, &answer, b"answer");
        if number.is_multiple_of(10) {
            bob.reload();
        }
        sent
    };
    let oldest = turn(0);
    let second = turn(1);
    (2..=MAX_PAST_CHAINS).for_each(|number| drop(turn(number)));
    assert_eq!(bob.refuses(0, &oldest), ratchet(RatchetError::Duplicate));
    bob.reads(0, &alice.encrypt(1, b"one more").bytes, b"one more");
    assert_eq!(bob.refuses(0, &second), ratchet(RatchetError::Duplicate));
    // What is forgotten is refused as well, only not known for what it is.
    assert_eq!(bob.refuses(0, &oldest), ratchet(RatchetError::Tag));
}

#[test]
fn a_heartbeat_is_due_once_in_a_long_chain() {
    for version in VERSIONS {
        let (mut alice, mut bob) = pair(version);
        let chain: Vec<_> = (0..HEARTBEAT_NUMBER + 4).map(|_| alice.encrypt(1, b"x").bytes).collect();
        let (start, long) = chain.split_at(HEARTBEAT_NUMBER as usize);
        assert!(!bob.reads(0, &start[52], b"x").heartbeat_due);
        assert!(bob.reads(0, &long[1], b"x").heartbeat_due);
        bob.reload();
        for late in [&long[0], &long[2], &long[3], &start[0]] {
            assert!(!bob.reads(0, late, b"x").heartbeat_due);
        }
        // The empty message turns the ratchet, and counting begins anew.
        let empty = KeyMaterial::empty(version, &mut bob.rng);
        let beat = bob.encrypt(0, empty.as_bytes()).bytes;
        alice.reads(1, &beat, empty.as_bytes());
        let next: Vec<_> = (0..=HEARTBEAT_NUMBER).map(|_| alice.encrypt(1, b"y").bytes).collect();
        assert!(!bob.reads(0, &next[0], b"y").heartbeat_due);
        assert!(bob.reads(0, &next[53], b"y").heartbeat_due);
    }
}

#[test]
fn a_heartbeat_may_be_due_with_the_first_message_that_arrives() {
    let (mut alice, mut bob) = (Party::new(Version::Omemo2, 1), Party::new(Version::Omemo2, 2));
    alice.start(1, &bob.offer());
    (0..HEARTBEAT_NUMBER).for_each(|_| drop(alice.encrypt(1, b"lost")));
    let first = bob.reads(0, &alice.encrypt(1, b"x").bytes, b"x");
    assert!(first.session_began && first.heartbeat_due);
}

#[test]
fn replaced_sessions_are_kept_up_to_the_limit() {
    let (mut alice, mut bob) = pair(Version::Omemo2);
    let oldest = alice.encrypt(1, b"oldest").bytes;
    let also_oldest = alice.encrypt(1, b"also oldest").bytes;
    for number in 0..MAX_REPLACED {
        alice.start(1, &bob.offer());
        assert!(bob.reads(0, &alice.encrypt(1, b"new").bytes, b"new").session_began, "{number}");
    }
    bob.reload();
    bob.clone().reads(0, &oldest, b"oldest");
    alice.start(1, &bob.offer());
    bob.reads(0, &alice.encrypt(1, b"new").bytes, b"new");
    assert!(bob.with(0).has_session());
    assert_eq!(bob.refuses(0, &also_oldest), ratchet(RatchetError::Tag));
}

#[test]
fn replaced_sessions_are_dropped_when_they_were_not_used_for_a_month() {
    for (later, kept) in [(REPLACED_SECONDS, true), (REPLACED_SECONDS + 1, false)] {
        let (mut alice, mut bob) = pair(Version::Legacy);
        let old = alice.encrypt(1, b"old").bytes;
        bob.now.0 += later;
        alice.start(1, &bob.offer());
        bob.reads(0, &alice.encrypt(1, b"new").bytes, b"new");
        assert_eq!(bob.with(0).used(), Some(Timestamp(NOW.0 + later)));
        assert_eq!(bob.decrypt(0, &old).is_ok(), kept);
        // The current one stays, however old it is.
        bob.now.0 += REPLACED_SECONDS * 3;
        assert!(bob.decrypt(0, &alice.encrypt(1, b"newer").bytes).is_ok());
        assert!(bob.with(0).has_session());
    }
}

#[test]
fn a_replaced_session_that_reads_is_the_current_one_again() {
    for version in VERSIONS {
        let (mut alice, mut bob) = pair(version);
        let old = alice.encrypt(1, b"old").bytes;
        alice.start(1, &bob.offer());
        bob.reads(0, &alice.encrypt(1, b"new").bytes, b"new");
        bob.reads(0, &old, b"old");
        // Alice's current session is the new one, her replaced one the old: she reads both.
        let by_old = bob.encrypt(0, b"by the old one");
        assert_eq!(by_old.kind, MessageKind::Ratchet);
        alice.reads(1, &by_old.bytes, b"by the old one");
        assert!(!alice.with(1).awaits_answer());
    }
}

#[test]
fn another_identity_key_is_never_accepted_silently() {
    for version in VERSIONS {
        let (mut alice, mut bob) = pair(version);
        let mut mallory = Party::new(version, 66);
        mallory.start(1, &bob.offer());
        let message = mallory.encrypt(1, b"I am Alice").bytes;
        assert_eq!(bob.refuses(0, &message), DecryptError::IdentityChanged);
        let offer = mallory.offer();
        let (device, mut rng) = (alice.device.clone(), alice.rng.clone());
        let before = alice.stored();
        assert_eq!(alice.with(1).start(&device, &offer, NOW, &mut rng), Err(StartError::IdentityChanged));
        assert_eq!(alice.stored(), before);
        // The same with a key that is known from elsewhere.
        let known = alice.device.identity().fingerprint();
        bob.sessions.insert(5, Sessions::expecting(version, known));
        bob.reload();
        assert_eq!(bob.refuses(5, &message), DecryptError::IdentityChanged);
        alice.start(2, &bob.offer());
        bob.reads(5, &alice.encrypt(2, b"really Alice").bytes, b"really Alice");
    }
}

#[test]
fn versions_are_not_mixed() {
    let (mut alice, mut bob) = (Party::new(Version::Legacy, 1), Party::new(Version::Omemo2, 2));
    let offer = bob.offer();
    let (device, mut rng) = (alice.device.clone(), alice.rng.clone());
    assert_eq!(alice.with(1).start(&device, &offer, NOW, &mut rng), Err(StartError::Version));
    let mut carol = Party::new(Version::Omemo2, 3);
    carol.start(1, &bob.offer());
    let message = carol.encrypt(1, b"x").bytes;
    let mut others = PreKeys::new(Version::Legacy, &bob.device, NOW, &mut rng);
    let device = bob.device.clone();
    let result = bob.with(2).decrypt(&device, &mut others, &message, NOW, &mut rng).map(drop);
    assert_eq!(result, Err(DecryptError::UnknownSignedPreKey));
    assert_eq!(bob.with(2).version(), Version::Omemo2);
}

#[test]
fn bytes_that_are_no_message_are_told_from_those_of_others() {
    let (mut alice, mut bob) = pair(Version::Omemo2);
    assert_eq!(bob.refuses(0, b""), DecodeError::MissingField.into());
    assert_eq!(bob.refuses(7, &alice.encrypt(1, b"x").bytes), DecryptError::NoSession);
    let (mut carol, _) = pair(Version::Legacy);
    assert_eq!(carol.refuses(1, b""), DecodeError::Truncated.into());
    assert_eq!(carol.refuses(1, b"\x32\x08\x01"), DecodeError::Version.into());
    assert!(!DecryptError::NoSession.is_duplicate());
}

#[test]
fn identity_keys_have_sign_bit_0_and_device_ids_differ() {
    for seed in 0..8 {
        let party = Party::new(Version::Omemo2, seed);
        let parts = party.pre_keys.bundle(&party.device).to_parts();
        assert_eq!(parts.identity.last().map(|byte| byte & 0x80), Some(0));
        assert_eq!(parts.identity.len(), 32);
    }
    assert_ne!(Party::new(Version::Omemo2, 1).device.id(), Party::new(Version::Omemo2, 2).device.id());
}

#[test]
fn labels_are_signed() {
    let mut party = Party::new(Version::Omemo2, 1);
    let device: Device = party.device.clone();
    let signature = device.sign_label("Web", &mut party.rng);
    let key = device.identity().public(Version::Omemo2);
    assert!(key.verify(b"Web", &signature));
    assert!(!key.verify(b"web", &signature));
}

#[test]
fn bundles_are_checked() {
    for version in VERSIONS {
        let bob = Party::new(version, 2);
        let good = bob.pre_keys.bundle(&bob.device).to_parts();
        let check = |change: &dyn Fn(&mut plausch_omemo::BundleParts)| {
            let mut parts = good.clone();
            change(&mut parts);
            Bundle::from_parts(version, &parts)
        };
        let error = |change: &dyn Fn(&mut plausch_omemo::BundleParts)| check(change).map(drop).unwrap_err();
        assert_eq!(check(&|_| {}).unwrap().to_parts(), good);
        assert_eq!(error(&|parts| parts.identity.truncate(31)), BundleError::Identity);
        assert_eq!(error(&|parts| parts.signed_pre_key.truncate(31)), BundleError::SignedPreKey);
        assert_eq!(error(&|parts| parts.signed_pre_key_id = 1 << 31), BundleError::SignedPreKey);
        assert_eq!(error(&|parts| parts.signature[0] ^= 1), BundleError::Signature);
        assert_eq!(error(&|parts| parts.signature.truncate(63)), BundleError::Signature);
        assert_eq!(error(&|parts| parts.pre_keys.clear()), BundleError::PreKeys);
        assert_eq!(error(&|parts| parts.pre_keys[1].0 = parts.pre_keys[0].0), BundleError::DuplicatePreKey);
        let many = |count: usize| {
            move |parts: &mut plausch_omemo::BundleParts| {
                let key = parts.pre_keys[0].1.clone();
                parts.pre_keys = (0..count as u32).map(|id| (id, key.clone())).collect();
            }
        };
        assert_eq!(check(&many(MAX_BUNDLE_PRE_KEYS)).unwrap().pre_keys().len(), MAX_BUNDLE_PRE_KEYS);
        assert_eq!(error(&many(MAX_BUNDLE_PRE_KEYS + 1)), BundleError::PreKeys);
        // Some that are of no use are left out; id 0 is of use.
        let some = check(&|parts| {
            parts.pre_keys[0].1.push(0);
            parts.pre_keys[1].0 = 1 << 31;
            parts.pre_keys[2].0 = 0;
        });
        let some = some.unwrap();
        assert_eq!(some.pre_keys().len(), PRE_KEYS - 2);
        assert_eq!((some.version(), some.pre_keys()[0].0.get()), (version, 0));
        assert!(some.choose_id(PreKeyId::new(2).unwrap()).is_none());
        assert!(some.choose_id(PreKeyId::new(0).unwrap()).is_some());
        assert!(some.choose(&mut Party::new(version, 3).rng).is_some());
    }
}

#[test]
fn a_key_in_the_other_form_has_the_same_fingerprint_but_is_not_equal() {
    let party = Party::new(Version::Omemo2, 1);
    let identity = party.device.identity();
    let (legacy, omemo2) = (identity.public(Version::Legacy), identity.public(Version::Omemo2));
    assert_ne!(legacy, omemo2);
    assert_eq!(legacy.fingerprint(), omemo2.fingerprint());
    assert_eq!(identity.fingerprint(), omemo2.fingerprint());
    let text = identity.fingerprint().to_string();
    assert_eq!(text.parse(), Ok(identity.fingerprint()));
    assert_eq!(text.to_uppercase().parse(), Ok(identity.fingerprint()));
    assert!("05".parse::<Fingerprint>().is_err());
    assert!(!Fingerprint::matches(&"00".repeat(32), &legacy));
    assert!(DeviceId::new(1).is_some());
}
