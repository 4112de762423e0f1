//! `aesgcm.json`.

use plausch_omemo::AesGcmUrl;
use plausch_omemo::file::{self, FileEncryptor, FileKey, FileVerifier};

use super::Tally;
use super::json::Object;
use super::random::Given;

/// Sizes of the pieces that files are read in.
const PIECES: [usize; 4] = [1, 15, 16, 1000];

pub fn run(file: &Object<'_>, tally: &mut Tally) {
    for case in file.list("vectors") {
        let (plaintext, stored) = (case.hex("plaintext"), case.hex("file"));
        let url = AesGcmUrl::parse(case.text("aesgcm_url")).unwrap();
        assert_eq!(url.https(), case.text("https_url"), "{}", case.name());
        assert_eq!(url.key().key().as_slice(), case.hex("key"), "{}", case.name());
        assert_eq!(url.key().iv(), case.hex("iv"), "{}", case.name());
        assert_eq!(url.to_secret_text(), case.text("aesgcm_url"), "{}", case.name());
        assert_eq!(file::decrypt(url.key(), stored.clone()).unwrap().as_slice(), plaintext, "{}", case.name());
        for size in PIECES {
            assert_eq!(decrypt_in_pieces(url.key(), &stored, size).unwrap(), plaintext, "{}", case.name());
        }
        match case.text("direction").split_once(':').map_or(case.text("direction"), |(direction, _)| direction) {
            "both" => {
                let mut given = Given::new(&[case.hex("key"), case.hex("iv")]);
                let key = FileKey::draw(&mut given);
                assert!(given.is_empty(), "{}", case.name());
                let address = AesGcmUrl::new(case.text("https_url"), key.clone()).unwrap().to_secret_text();
                assert_eq!(address, case.text("aesgcm_url"), "{}", case.name());
                for size in PIECES {
                    assert_eq!(encrypt_in_pieces(&key, &plaintext, size), stored, "{}", case.name());
                }
            }
            "receive only" => {}
            other => panic!("{}: unknown direction {other}", case.name()),
        }
        case.ignore(&["name"]);
        case.done();
        tally.other += 1;
    }
    for case in file.list("reject") {
        let stored = case.hex("file");
        if let Ok(url) = AesGcmUrl::parse(case.text("aesgcm_url")) {
            assert!(file::decrypt(url.key(), stored.clone()).is_err(), "{}", case.name());
            for size in PIECES {
                assert!(decrypt_in_pieces(url.key(), &stored, size).is_none(), "{}", case.name());
            }
        }
        case.ignore(&["case", "why", "expected"]);
        case.done();
        tally.other += 1;
    }
}

fn encrypt_in_pieces(key: &FileKey, plaintext: &[u8], size: usize) -> Vec<u8> {
    let mut encryptor = FileEncryptor::new(key);
    let mut stored = plaintext.to_vec();
    stored.chunks_mut(size).for_each(|piece| encryptor.encrypt(piece).unwrap());
    stored.extend(encryptor.finish());
    stored
}

fn decrypt_in_pieces(key: &FileKey, stored: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut verifier = FileVerifier::new(key);
    stored.chunks(size).for_each(|piece| verifier.read(piece).unwrap());
    let mut decryptor = verifier.finish().ok()?;
    let mut plaintext = Vec::new();
    for piece in stored.chunks(size) {
        let mut piece = piece.to_vec();
        decryptor.decrypt(&mut piece).unwrap();
        plaintext.extend(piece);
    }
    assert_eq!(decryptor.remaining(), 0);
    decryptor.finish().unwrap();
    Some(plaintext)
}
