use proptest::prelude::*;

use super::*;
use crate::sasl::nfkc;

fn password() -> Proof {
    Proof::Password(Password::new("pencil", nfkc))
}

fn with(hash: ScramHash, proof: Proof, nonce: &str) -> Scram {
    let offer = Offer { mechanisms: vec!["SCRAM-SHA-256".to_owned()], channel_bindings: None };
    Scram::with_nonce(hash, "user", proof, offer, IterationBounds::default(), nonce.to_owned())
}

/// RFC 7677 §3.
const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
const FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const PROOF: &str =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const FINAL: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

fn sha256() -> Scram {
    with(ScramHash::Sha256, password(), NONCE)
}

fn first(nonce: &str, salt: &str, iterations: &str) -> String {
    format!("r={nonce},s={salt},i={iterations}")
}

/// RFC 5802 §5.
#[test]
fn sha_1_as_in_rfc_5802() {
    let mut scram = with(ScramHash::Sha1, password(), "fyko+d2lbbFgONRv9qkxdawL");
    assert_eq!(scram.initial_response(), "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
    let response = scram.respond("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096").unwrap();
    let expected = "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=";
    assert_eq!(*response, expected);
    assert!(scram.finish(Some("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")).is_ok());
}

#[test]
fn sha_256_as_in_rfc_7677() {
    let mut scram = sha256();
    assert_eq!(scram.initial_response(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    assert_eq!(*scram.respond(FIRST).unwrap(), PROOF);
    assert!(scram.finish(Some(FINAL)).is_ok());
}

const SHA_512_PROOF: &str = "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==";
const SHA_512_FINAL: &str =
    "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==";

/// Computed with another implementation (Python's `hashlib` and `hmac`).
#[test]
fn sha_512() {
    let mut scram = with(ScramHash::Sha512, password(), NONCE);
    let response = scram.respond(FIRST).unwrap();
    assert_eq!(response.rsplit_once(",p=").unwrap().1, SHA_512_PROOF);
    assert!(scram.finish(Some(SHA_512_FINAL)).is_ok());
}

#[test]
fn keys_replace_the_password() {
    let mut by_password = sha256();
    by_password.respond(FIRST).unwrap();
    let keys = by_password.finish(Some(FINAL)).unwrap();
    let mut by_keys = with(ScramHash::Sha256, Proof::Keys(keys.clone()), NONCE);
    assert_eq!(*by_keys.respond(FIRST).unwrap(), PROOF);
    assert_eq!(by_keys.finish(Some(FINAL)), Ok(keys));
}

#[test]
fn keys_are_useless_with_other_parameters() {
    let mut by_password = sha256();
    by_password.respond(FIRST).unwrap();
    let keys = Proof::Keys(by_password.finish(Some(FINAL)).unwrap());
    let other_salt = first("rOprNGfwEbeRWgbNEkqOx", "AAAA", "4096");
    let other_count = first("rOprNGfwEbeRWgbNEkqOx", "W22ZaJ0SNY7soEsUEjb6gQ==", "8192");
    for message in [other_salt, other_count] {
        let mut scram = with(ScramHash::Sha256, keys.clone(), NONCE);
        assert_eq!(scram.respond(&message), Err(SaslError::KeysOutdated), "{message}");
    }
    assert_eq!(with(ScramHash::Sha1, keys, NONCE).respond(FIRST), Err(SaslError::KeysOutdated));
}

/// S-02.
#[test]
fn bad_parameters_are_refused_before_anything_is_proved() {
    let salt = "W22ZaJ0SNY7soEsUEjb6gQ==";
    let long = "rOprNGfwEbeRWgbNEkqOx";
    for (message, error) in [
        (first("other", salt, "4096"), SaslError::NonceMismatch),
        (first(NONCE, salt, "4096"), SaslError::NonceMismatch),
        (first("", salt, "4096"), SaslError::NonceMismatch),
        (first(long, "", "4096"), SaslError::EmptySalt),
        (first(long, salt, "1"), SaslError::Iterations(1)),
        (first(long, salt, "0"), SaslError::Iterations(0)),
        (first(long, salt, "4095"), SaslError::Iterations(4095)),
        (first(long, salt, "1000001"), SaslError::Iterations(1_000_001)),
        (first(long, salt, "2147483648"), SaslError::Iterations(1 << 31)),
        (first(long, salt, "99999999999999999999"), SaslError::Iterations(u32::MAX)),
        (first(long, salt, "+4096"), SaslError::Malformed),
        (first(long, salt, "-1"), SaslError::Malformed),
        (first(long, salt, ""), SaslError::Malformed),
        (first(long, "!!!", "4096"), SaslError::Malformed),
        (first("rOprNGfwEbeRWgbNEkqO\u{7f}", salt, "4096"), SaslError::Malformed),
        (format!("m=x,{FIRST}"), SaslError::MandatoryExtension),
        (format!("s={salt},r={long},i=4096"), SaslError::Malformed),
        (format!("r={long},s={salt}"), SaslError::Malformed),
        (String::new(), SaslError::Malformed),
        (FINAL.to_owned(), SaslError::Malformed),
    ] {
        assert_eq!(sha256().respond(&message), Err(error), "{message}");
    }
}

/// S-02.
#[test]
fn a_server_that_proves_nothing_is_refused() {
    let wrong = "v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
    for (message, error) in [
        (None, SaslError::SignatureMissing),
        (Some(""), SaslError::SignatureMissing),
        (Some("x=1"), SaslError::SignatureMissing),
        (Some("v="), SaslError::SignatureWrong),
        (Some("v=6rri"), SaslError::SignatureWrong),
        (Some("v=not base64"), SaslError::SignatureWrong),
        (Some(wrong), SaslError::SignatureWrong),
        (Some("e=invalid-proof"), SaslError::Refused("invalid-proof".to_owned())),
    ] {
        let mut scram = sha256();
        scram.respond(FIRST).unwrap();
        assert_eq!(scram.finish(message), Err(error), "{message:?}");
    }
    assert_eq!(sha256().finish(Some(FINAL)), Err(SaslError::SignatureMissing));
}

/// RFC 4422 §5: without additional data with success, the server's message comes as one more challenge.
#[test]
fn the_signature_may_come_as_a_challenge() {
    let mut scram = sha256();
    scram.respond(FIRST).unwrap();
    assert!(scram.respond(FINAL).unwrap().is_empty());
    assert!(scram.finish(None).is_ok());
    assert_eq!(scram.respond(FINAL), Err(SaslError::Malformed));
}

#[test]
fn unknown_optional_attributes_are_ignored() {
    let mut scram = sha256();
    assert!(scram.respond(&format!("{FIRST},x=1,yy")).is_ok());
}

/// S-01: the hash of `SCRAM-SHA-256` alone.
#[test]
fn the_offer_is_checked_against_the_servers_hash() {
    let hash = base64::encode(ScramHash::Sha256.digest(b"SCRAM-SHA-256"));
    assert!(sha256().respond(&format!("{FIRST},h={hash}")).is_ok());
    let stripped = base64::encode(ScramHash::Sha256.digest(b"SCRAM-SHA-256\x1eSCRAM-SHA-512"));
    assert_eq!(sha256().respond(&format!("{FIRST},h={stripped}")), Err(SaslError::DowngradeDetected));
    assert_eq!(sha256().respond(&format!("{FIRST},h=")), Err(SaslError::DowngradeDetected));
    assert_eq!(sha256().respond(&format!("{FIRST},h={hash},h={stripped}")), Err(SaslError::Malformed));
}

#[test]
fn names_are_escaped() {
    assert_eq!(escape_username("a=b,c"), "a=3Db=2Cc");
}

#[test]
fn passwords_that_cannot_be_one_are_told_apart() {
    let mut scram = with(ScramHash::Sha256, Proof::Password(Password::new("a\u{7}", nfkc)), NONCE);
    assert_eq!(scram.respond(FIRST), Err(SaslError::UnusablePassword));
}

proptest! {
    #[test]
    fn no_message_panics(first in ".*", tail in "[r=si,hmA-Za-z0-9+/]{0,60}", last in ".*") {
        let mut scram = sha256();
        let _ = scram.respond(&first);
        let _ = scram.respond(&format!("r={NONCE}{tail}"));
        let _ = scram.finish(Some(&last));
    }
}
