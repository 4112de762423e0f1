//! `stanza.json`: whole `<encrypted/>` elements, read as each of their recipients.

use plausch_omemo::{Version, payload};
use plausch_xmpp::xml::{Element, Limits, parse};

use super::Tally;
use super::json::{Object, base64};
use super::random::Given;
use super::sessions::Conversation;

/// What an element says to one recipient.
struct Expected<'a> {
    party: &'a str,
    key: Vec<u8>,
    iv: Vec<u8>,
    payload: Vec<u8>,
    key_material: Vec<u8>,
    plaintext: &'a str,
}

pub fn run(file: &Object<'_>, tally: &mut Tally) {
    for vector in file.list("vectors") {
        let mut conversation = Conversation::new(&vector);
        let mut expected: Vec<Expected<'_>> =
            vector.list("messages").iter().flat_map(|message| read(&conversation, message)).collect();
        for step in vector.list("steps") {
            if step.text("op") == "decrypt" {
                check(&conversation, &step, &mut expected, tally);
            }
            conversation.step(&step, tally);
        }
        assert!(expected.is_empty(), "{}: {} recipients read nothing", vector.name(), expected.len());
        vector.ignore(&["name", "comment"]);
        vector.done();
    }
}

/// Reads the element as the party does that is about to decrypt the same message.
fn check(conversation: &Conversation, step: &Object<'_>, expected: &mut Vec<Expected<'_>>, tally: &mut Tally) {
    let (at, sent) = (step.text("at"), &conversation.sent[step.text("message_id")]);
    let Some(place) = expected.iter().position(|one| one.party == at && one.key == sent.bytes) else { return };
    let one = expected.remove(place);
    let mut party = conversation.parties[at].clone();
    let decrypted = party.decrypt(conversation.version, &sent.from, &one.key, &mut Given::new(&step.hexes("rng")));
    assert_eq!(decrypted.key_material.as_bytes(), one.key_material, "{}", step.name());
    let content = payload::decrypt(conversation.version, &decrypted.key_material, &one.iv, &one.payload).unwrap();
    assert_eq!(content.as_slice(), one.plaintext.as_bytes(), "{}", step.name());
    tally.accept += 1;
}

fn read<'a>(conversation: &Conversation, message: &Object<'a>) -> Vec<Expected<'a>> {
    let encrypted = parse(message.text("encrypted"), &Limits::default()).unwrap();
    let ns = match conversation.version {
        Version::Legacy => "eu.siacs.conversations.axolotl",
        Version::Omemo2 => "urn:xmpp:omemo:2",
    };
    assert!(encrypted.is("encrypted", ns), "{}", message.name());
    let header = encrypted.child("header", ns).unwrap();
    assert_eq!(header.attr("sid").unwrap(), message.number("sid").to_string(), "{}", message.name());
    let (key_material, plaintext) = (message.hex("key_material"), message.text("plaintext"));
    let expected = message.list("recipients").into_iter().map(|recipient| {
        let party = recipient.text("party");
        let (jid, rid) = (recipient.text("jid"), recipient.number("rid"));
        recipient.done();
        assert_eq!(conversation.parties[party].jid, jid, "{}", recipient.name());
        assert_eq!(conversation.parties[party].device.id().get(), rid, "{}", recipient.name());
        Expected {
            party,
            key: key_for(header, ns, jid, rid).unwrap_or_else(|| panic!("{}: no key", recipient.name())),
            iv: header.child("iv", ns).map(|iv| base64(&iv.text()).unwrap()).unwrap_or_default(),
            payload: base64(&encrypted.child("payload", ns).unwrap().text()).unwrap(),
            key_material: key_material.clone(),
            plaintext,
        }
    });
    let expected = expected.collect();
    message.done();
    expected
}

/// The one key for the device: below its account's `keys` in OMEMO 2, anywhere in the legacy version.
fn key_for(header: &Element, ns: &str, jid: &str, rid: u32) -> Option<Vec<u8>> {
    let below = header.children_named("keys", ns).find(|keys| keys.attr("jid") == Some(jid)).unwrap_or(header);
    let key = below.children_named("key", ns).find(|key| key.attr("rid") == Some(&rid.to_string()))?;
    base64(&key.text())
}
