//! Addresses of keys and files, and envelopes.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic)]

use plausch_omemo::file::{self, FileDecryptor, FileEncryptor, FileError, FileKey, FileVerifier};
use plausch_omemo::{
    AesGcmUrl, AesGcmUrlError, DeviceId, EnvelopeCheck, EnvelopeError, Fingerprint, VerificationUri,
    VerificationUriError,
};

const KEY: &str = "5cca272c5bae7993262b574cfb4befef3c8d64c16c055321033017db691c320c";
const EDWARDS: &str = "010f80025b7faf34af5b294a6efee5be98b3318f353347b9e66e6807f2d3bf43";

fn uri(text: &str) -> Result<VerificationUri, VerificationUriError> {
    text.replace("KEY", KEY).replace("EDWARDS", EDWARDS).parse()
}

#[test]
fn written_addresses_are_read() {
    let key: Fingerprint = KEY.parse().unwrap();
    let devices = [(DeviceId::new(7).unwrap(), key), (DeviceId::new(9).unwrap(), key)];
    let written = VerificationUri::for_devices("juliet@capulet.example", devices);
    let devices = devices.map(|(id, key)| (Some(id), key)).to_vec();
    let expected = VerificationUri::Devices { jid: "juliet@capulet.example".into(), devices };
    assert_eq!(written.parse(), Ok(expected));
}

#[test]
fn all_forms_of_addresses_are_read() {
    let devices = |text: &str| match uri(text) {
        Ok(VerificationUri::Devices { jid, devices }) => {
            (jid, devices.iter().map(|(id, _)| id.map(DeviceId::get)).collect())
        }
        other => panic!("{text}: {other:?}"),
    };
    let expected = |ids: &[Option<u32>]| ("a@b.example".to_owned(), ids.to_vec());
    assert_eq!(devices("xmpp:a@b.example?omemo-sid-1=KEY;omemo-sid-2=KEY"), expected(&[Some(1), Some(2)]));
    assert_eq!(devices("XMPP:a@b.example?omemo-sid-1=KEY&omemo-sid-2=KEY#x"), expected(&[Some(1), Some(2)]));
    assert_eq!(devices("xmpp:a%40b.example?message;omemo=KEY;body=x"), expected(&[None]));
    let trust = uri("xmpp:a@b.example?trust-message;encryption=urn:xmpp:omemo:2;distrust=EDWARDS").unwrap();
    let VerificationUri::TrustMessage { trust, distrust, .. } = trust else { panic!() };
    assert_eq!((trust.len(), distrust.len()), (0, 1));
}

#[test]
fn one_bad_part_spoils_an_address() {
    use VerificationUriError::{Address, DeviceId, Encryption, Key, NoKeys};
    for (text, error) in [
        ("xmpp:a@b.example", Address),
        ("xmpp:?omemo-sid-1=KEY", Address),
        ("xmpp:a%zz?omemo-sid-1=KEY", Address),
        ("xmpp:a%4?omemo-sid-1=KEY", Address),
        ("xmpp:a%ff?omemo-sid-1=KEY", Address),
        ("https://a@b.example?omemo-sid-1=KEY", Address),
        ("xm", Address),
        ("xmpp:a@b.example?message", NoKeys),
        ("xmpp:a@b.example?omemo-sid-1=KEY;omemo-sid-0=KEY", DeviceId),
        ("xmpp:a@b.example?omemo-sid-+1=KEY", DeviceId),
        ("xmpp:a@b.example?omemo-sid-2147483648=KEY", DeviceId),
        ("xmpp:a@b.example?omemo-sid-=KEY", DeviceId),
        ("xmpp:a@b.example?omemo-sid-1=KEY;omemo-sid-2=05KEY", Key),
        ("xmpp:a@b.example?omemo-sid-1", Key),
        ("xmpp:a@b.example?trust-message;trust=EDWARDS", Encryption),
        ("xmpp:a@b.example?trust-message;encryption=urn:xmpp:openpgp:0;trust=EDWARDS", Encryption),
        ("xmpp:a@b.example?trust-message;encryption=urn:xmpp:omemo:2", NoKeys),
        ("xmpp:a@b.example?trust-message;encryption=urn:xmpp:omemo:2;trust=12", Key),
    ] {
        assert_eq!(uri(text), Err(error), "{text}");
    }
    let many = |count: usize| format!("xmpp:a@b.example?{}", vec!["omemo=KEY"; count].join(";"));
    assert!(uri(&many(200)).is_ok());
    assert_eq!(uri(&many(201)), Err(NoKeys));
}

#[test]
fn fingerprints_are_read_in_all_forms() {
    let key: Fingerprint = KEY.parse().unwrap();
    for text in [format!("05{KEY}"), format!(" {} ", key.groups().join(" ")), KEY.to_uppercase()] {
        assert_eq!(text.parse(), Ok(key), "{text}");
    }
    for text in ["", "5cca", &format!("06{KEY}"), &format!("{KEY}0"), &format!("0505{KEY}")] {
        assert!(text.parse::<Fingerprint>().is_err(), "{text}");
    }
}

#[test]
fn file_addresses_are_strict() {
    let fragment = "46fa3e298d8399ff08ee8372".to_owned() + KEY;
    let parse = |text: &str| AesGcmUrl::parse(&text.replace("KEY", &fragment)).map(|url| url.https());
    assert_eq!(parse("aesgcm://host.example/a%20b?c=d#KEY").as_deref(), Ok("https://host.example/a%20b?c=d"));
    assert_eq!(parse("AESGCM://host.example:8443/a#KEY").as_deref(), Ok("https://host.example:8443/a"));
    for text in [
        "https://host.example/a#KEY",
        "aesgcm:///a#KEY",
        "aesgcm://:443/a#KEY",
        "aesgcm://user@host.example/a#KEY",
        "aesgcm://host.example/a b#KEY",
        "aesgcm://host.example/ä#KEY",
        "aesgcm://host.example/\"#KEY",
        " aesgcm://host.example/a#KEY",
        "aesgcm:",
    ] {
        assert_eq!(parse(text), Err(AesGcmUrlError::Address), "{text}");
    }
    for text in
        ["aesgcm://host.example/a", "aesgcm://host.example/a#", "aesgcm://host.example/a#KEY ", "aesgcm://h/#KEYKEY"]
    {
        assert_eq!(parse(text), Err(AesGcmUrlError::Key), "{text}");
    }
    let long = format!("aesgcm://h/{}#KEY", "a".repeat(8192 - 11));
    assert!(parse(&long).is_ok());
    assert_eq!(parse(&long.replace("/a", "/aa")), Err(AesGcmUrlError::Address));
    assert!(AesGcmUrl::new("http://host.example/a", FileKey::from_parts(&[0; 32], &[0; 12]).unwrap()).is_none());
}

#[test]
fn a_body_is_an_address_with_or_without_a_preview() {
    let address = format!("aesgcm://host.example/a#46fa3e298d8399ff08ee8372{KEY}");
    for body in [address.clone(), format!("{address}\ndata:image/jpeg,abc")] {
        assert!(AesGcmUrl::parse_body(&body).is_ok(), "{body}");
    }
    for rest in ["\n", "\nhello", "\ndata:image/jpeg,abc\n", " data:x", "\n\ndata:x"] {
        assert!(AesGcmUrl::parse_body(&format!("{address}{rest}")).is_err(), "{rest:?}");
    }
}

#[test]
fn keys_of_files_have_their_lengths() {
    for (key, iv) in [(31, 12), (33, 12), (32, 11), (32, 13), (32, 17), (16, 12), (32, 0)] {
        assert_eq!(FileKey::from_parts(&vec![0; key], &vec![0; iv]).map(drop), Err(FileError::Key), "{key} {iv}");
    }
    assert_eq!(FileKey::from_parts(&[1; 32], &[2; 16]).unwrap().iv(), [2; 16]);
}

fn stored(key: &FileKey, plaintext: &[u8]) -> Vec<u8> {
    let (mut encryptor, mut file) = (FileEncryptor::new(key), plaintext.to_vec());
    encryptor.encrypt(&mut file).unwrap();
    file.extend(encryptor.finish());
    file
}

fn verified(key: &FileKey, file: &[u8]) -> FileDecryptor {
    let mut verifier = FileVerifier::new(key);
    verifier.read(file).unwrap();
    verifier.finish().unwrap()
}

#[test]
fn the_second_pass_notices_another_file() {
    let key = FileKey::from_parts(&[1; 32], &[2; 12]).unwrap();
    let file = stored(&key, b"what was verified");
    assert_eq!(file::decrypt(&key, file.clone()).unwrap().as_slice(), b"what was verified");
    let mut other = file.clone();
    *other.first_mut().unwrap() ^= 1;
    let mut decryptor = verified(&key, &file);
    decryptor.decrypt(&mut other).unwrap();
    assert_eq!(decryptor.finish(), Err(FileError::Changed));
    let mut decryptor = verified(&key, &file);
    assert_eq!(decryptor.remaining(), 17);
    decryptor.decrypt(&mut file.get(..5).unwrap().to_vec()).unwrap();
    assert_eq!(decryptor.remaining(), 12);
    assert_eq!(decryptor.finish(), Err(FileError::Changed));
    let mut decryptor = verified(&key, &file);
    let mut all = file.clone();
    all.extend(b"more");
    decryptor.decrypt(&mut all).unwrap();
    assert_eq!(all, b"what was verified");
    assert_eq!(decryptor.finish(), Ok(()));
}

#[test]
fn envelopes_are_for_whom_they_say() {
    let check = |from: Option<&str>, to: Option<&str>, groupchat| {
        EnvelopeCheck { from, to, sender: "romeo@m.example", recipient: "juliet@c.example", groupchat }.check()
    };
    let (romeo, juliet, other) = (Some("romeo@m.example"), Some("juliet@c.example"), Some("tybalt@c.example"));
    for groupchat in [false, true] {
        assert_eq!(check(romeo, juliet, groupchat), Ok(()));
        assert_eq!(check(None, juliet, groupchat), Ok(()));
        assert_eq!(check(other, juliet, groupchat), Err(EnvelopeError::From));
        assert_eq!(check(romeo, other, groupchat), Err(EnvelopeError::To));
    }
    assert_eq!(check(romeo, None, false), Ok(()));
    assert_eq!(check(romeo, None, true), Err(EnvelopeError::ToMissing));
}
