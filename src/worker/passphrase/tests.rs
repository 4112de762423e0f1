use argon2::{AssociatedData, ParamsBuilder};
use getrandom::SysRng;
use proptest::prelude::*;
use rand_core::UnwrapErr;

use super::*;

fn new(passphrase: &str, auto_lock: AutoLock) -> (Lock, LockKey) {
    Lock::new(passphrase, Costs::LEAST, auto_lock, &mut UnwrapErr(SysRng)).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 9106 §5.3.
#[test]
fn argon2id_gives_what_the_standard_says() {
    let associated = AssociatedData::new(&[4; 12]).unwrap();
    let params = ParamsBuilder::new().m_cost(32).t_cost(3).p_cost(4).data(associated).build().unwrap();
    let argon2 = Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut memory = vec![Block::new(); argon2.params().block_count()];
    let mut tag = [0; 32];
    argon2.hash_password_into_with_memory(&[1; 32], &[2; 16], &mut tag, &mut memory[..]).unwrap();
    assert_eq!(hex(&tag), "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
}

/// Computed with the reference implementation (phc-winner-argon2, by argon2-cffi).
#[test]
fn the_present_costs_give_what_the_reference_implementation_gives() {
    let salt: Vec<u8> = (0..16).collect();
    let key = derive("Beschützt", Costs::PRESENT, &salt).unwrap();
    assert_eq!(hex(key.0.as_slice()), "75aa75b8a07baba5cb25594c96c980fcd6c25a9c1ce83037b4d3f74e58688441");
    assert_eq!(Costs::PRESENT.within_bounds(), Some(Costs { memory: 65_536, passes: 3, lanes: 1 }));
}

#[test]
fn only_the_right_passphrase_opens() {
    let (lock, _) = new("correct horse", AutoLock::Hour);
    assert_eq!(Lock::read(&lock.to_bytes()).as_ref(), Ok(&lock));
    assert_eq!(lock.open("correct horse").unwrap().map(|(_, auto_lock)| auto_lock), Some(AutoLock::Hour));
    for wrong in ["correct horse ", "correct hors", "", "Correct horse"] {
        assert!(lock.open(wrong).unwrap().is_none(), "{wrong:?}");
    }
}

#[test]
fn two_locks_have_nothing_in_common() {
    let ((one, key), (two, _)) = (new("correct horse", AutoLock::Never), new("correct horse", AutoLock::Never));
    assert_ne!(one.salt, two.salt);
    assert_eq!(two.auto_lock(&key), None);
}

#[test]
fn a_setting_changes_with_the_key_only() {
    let (lock, key) = new("correct horse", AutoLock::Never);
    for auto_lock in AutoLock::ALL {
        let changed = lock.clone().with_auto_lock(&key, auto_lock, &mut UnwrapErr(SysRng)).unwrap();
        assert_eq!(changed.open("correct horse").unwrap().unwrap().1, auto_lock);
    }
    let (_, other) = new("correct horse", AutoLock::Never);
    let forged = lock.with_auto_lock(&other, AutoLock::Hour, &mut UnwrapErr(SysRng)).unwrap();
    assert!(forged.open("correct horse").unwrap().is_none());
}

#[test]
fn a_key_is_wrapped_for_one_account() {
    let (romeo, juliet) = (BareJid::new("romeo@example.org"), BareJid::new("juliet@example.org"));
    let (_, key) = new("correct horse", AutoLock::Never);
    let wrapped = key.wrap(&romeo, b"wrapped by the browser", &mut UnwrapErr(SysRng)).unwrap();
    assert_eq!(key.unwrap(&romeo, &wrapped).unwrap(), b"wrapped by the browser");
    let refused = |result| matches!(result, Err(StoreError::Damaged(_)));
    assert!(refused(key.unwrap(&juliet, &wrapped)));
    assert!(refused(new("correct horse", AutoLock::Never).1.unwrap(&romeo, &wrapped)));
    for position in 0..wrapped.len() {
        let mut altered = wrapped.clone();
        altered[position] ^= 1;
        assert!(refused(key.unwrap(&romeo, &altered)), "byte {position}");
        assert!(refused(key.unwrap(&romeo, &wrapped[..position])), "cut at {position}");
    }
}

#[test]
fn every_flipped_bit_of_a_lock_is_noticed() {
    let (lock, _) = new("correct horse", AutoLock::Never);
    let bytes = lock.to_bytes();
    for position in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[position] ^= 1;
        let opened = Lock::read(&altered).and_then(|lock| lock.open("correct horse"));
        assert!(!matches!(opened, Ok(Some(_))), "byte {position}");
    }
}

proptest! {
    #[test]
    fn what_is_read_is_within_bounds_and_written_as_it_was(
        version in 0..3_u8,
        numbers: [u32; 3],
        shifts in [0..32_u32, 0..32, 0..32],
        rest in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        // Small numbers as often as large ones.
        let numbers: Vec<u8> =
            numbers.iter().zip(shifts).flat_map(|(number, shift)| (number >> shift).to_be_bytes()).collect();
        let bytes = [&[version], numbers.as_slice(), &rest].concat();
        if let Ok(lock) = Lock::read(&bytes) {
            prop_assert!(lock.costs.within_bounds().is_some() && version == LOCK_VERSION);
            prop_assert_eq!(lock.to_bytes(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = Lock::read(&bytes);
    }

    #[test]
    fn costs_are_read_exactly_within_their_bounds(
        memory in 1_u32..1 << 20, passes in 0..20_u32, lanes in 0..6_u32,
    ) {
        let costs = Costs { memory, passes, lanes };
        let lock = Lock { costs, salt: [7; SALT_BYTES], sealed: vec![1; 29] };
        let fits = (8_192..=262_144).contains(&memory) && (1..=16).contains(&passes) && (1..=4).contains(&lanes);
        let read = Lock::read(&lock.to_bytes());
        prop_assert_eq!(read.ok(), fits.then_some(lock));
    }
}
