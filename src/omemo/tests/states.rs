//! What is stored: old states still load, damaged ones are refused, and nothing that is printed shows a secret.
//!
//! `tests/states/` holds records of format 1, and what was printed of their values. They are never written anew: a change of
//! the format gets a new number and records of its own.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::string_slice)]

mod support;

use plausch_omemo::file::FileKey;
use plausch_omemo::{AesGcmUrl, Device, KeyMaterial, PreKeys, Sessions, StateError, Version};
use support::{Party, VERSIONS, pair};

/// The records of a party in the middle of a conversation: skipped keys, past chains, a replaced session, and a message that it
/// has not read yet.
struct Records {
    device: Vec<u8>,
    pre_keys: Vec<u8>,
    sessions: Vec<u8>,
    message: Vec<u8>,
}

fn records(version: Version) -> Records {
    let (party, message) = in_the_middle(version);
    Records {
        device: party.device.to_bytes().to_vec(),
        pre_keys: party.pre_keys.to_bytes().to_vec(),
        sessions: party.sessions[&0].to_bytes().to_vec(),
        message,
    }
}

fn in_the_middle(version: Version) -> (Party, Vec<u8>) {
    let (mut alice, mut bob) = pair(version);
    let changes = bob.pre_keys.begin_catch_up();
    assert!(changes.pre_keys);
    let chain: Vec<_> = (0..4).map(|_| alice.encrypt(1, b"late").bytes).collect();
    bob.reads(0, &chain[2], b"late");
    alice.reads(1, &bob.encrypt(0, b"turn").bytes, b"turn");
    bob.reads(0, &alice.encrypt(1, b"next").bytes, b"next");
    alice.start(1, &bob.offer());
    bob.reads(0, &alice.encrypt(1, b"again").bytes, b"again");
    (bob, chain[1].clone())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let text = text.trim();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

const LEGACY: [&str; 4] = [
    include_str!("states/1-device.hex"),
    include_str!("states/1-pre-keys-legacy.hex"),
    include_str!("states/1-sessions-legacy.hex"),
    include_str!("states/1-message-legacy.hex"),
];
const OMEMO2: [&str; 4] = [
    include_str!("states/1-device.hex"),
    include_str!("states/1-pre-keys-omemo2.hex"),
    include_str!("states/1-sessions-omemo2.hex"),
    include_str!("states/1-message-omemo2.hex"),
];

#[test]
fn old_states_load_and_go_on() {
    for (version, stored) in VERSIONS.into_iter().zip([LEGACY, OMEMO2]) {
        let [device, pre_keys, sessions, message] = stored.map(unhex);
        let mut party = Party::new(version, 99);
        party.device = Device::from_bytes(&device).unwrap();
        party.pre_keys = PreKeys::from_bytes(&pre_keys).unwrap();
        party.sessions.insert(0, Sessions::from_bytes(&sessions).unwrap());
        assert_eq!(party.stored(), [device, pre_keys, sessions], "today's format is the same");
        party.reads(0, &message, b"late");
        assert!(party.encrypt(0, b"and on").changes.sessions);
    }
}

/// Today's code makes the records that are kept; so a change of the format does not go unnoticed.
#[test]
fn the_records_are_those_of_this_conversation() {
    for (version, stored) in VERSIONS.into_iter().zip([LEGACY, OMEMO2]) {
        let records = records(version);
        let made = [records.device, records.pre_keys, records.sessions, records.message];
        assert_eq!(made.map(|record| hex(&record)), stored.map(|text| text.trim().to_owned()), "{version:?}");
    }
}

#[test]
fn damaged_states_are_refused() {
    let records = records(Version::Omemo2);
    let device = |bytes: &[u8]| Device::from_bytes(bytes).map(drop);
    let pre_keys = |bytes: &[u8]| PreKeys::from_bytes(bytes).map(drop);
    let sessions = |bytes: &[u8]| Sessions::from_bytes(bytes).map(drop);
    type Read<'a> = &'a dyn Fn(&[u8]) -> Result<(), StateError>;
    let all: [(&[u8], Read<'_>); 3] =
        [(&records.device, &device), (&records.pre_keys, &pre_keys), (&records.sessions, &sessions)];
    for (at, (record, read)) in all.iter().enumerate() {
        assert_eq!(read(record), Ok(()));
        for length in 0..record.len() {
            assert_eq!(read(&record[..length]), Err(StateError::Damaged), "{at}: {length} bytes");
        }
        let changed = |at: usize, byte: u8| {
            let mut changed = record.to_vec();
            changed[at] = byte;
            read(&changed)
        };
        assert_eq!(read(&[record, &[0][..]].concat()), Err(StateError::Damaged));
        assert_eq!(changed(0, 9), Err(StateError::Kind));
        assert_eq!(changed(1, 2), Err(StateError::Format));
        assert_eq!(changed(1, 0), Err(StateError::Damaged));
        let (other, _) = all[(at + 1) % all.len()];
        assert_eq!(read(other), Err(StateError::Kind));
    }
}

#[test]
fn nothing_that_is_printed_shows_a_secret() {
    let (party, _) = in_the_middle(Version::Omemo2);
    let key = FileKey::from_parts(&[0xab; 32], &[0xcd; 12]).unwrap();
    let printed = format!(
        "{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n",
        party.device,
        party.pre_keys.current(),
        party.pre_keys.supply()[0],
        party.sessions[&0],
        AesGcmUrl::new("https://host.example/file", key).unwrap(),
        KeyMaterial::from_bytes(&[0xab; 48]),
    );
    assert_eq!(printed, include_str!("states/debug.txt"));
}

/// Public keys, which may be printed, are the only runs of 32 bytes of a record that are.
#[test]
fn no_secret_of_a_record_is_printed() {
    let (party, _) = in_the_middle(Version::Omemo2);
    let printed = format!("{:?}{:?}{:?}", party.device, party.pre_keys, party.sessions[&0]);
    // Where the secrets are: in the device after its header and id, in a pre-key before its public key.
    let device = party.device.to_bytes();
    assert!(!printed.contains(&hex(&device[6..38])));
    for pre_key in party.pre_keys.supply() {
        let record = party.pre_keys.to_bytes();
        let public = pre_key.public().to_bytes();
        let at = record.windows(32).position(|window| window == public).unwrap();
        assert!(printed.contains(&hex(&public)));
        assert!(!printed.contains(&hex(&record[at - 32..at])));
    }
}
