//! `sessions-*.json`, `negative-*.json` and `tolerance-*.json`: conversations, of which the runner plays all parties.

use std::collections::BTreeMap;

use plausch_omemo::xeddsa::Signature;
use plausch_omemo::{
    Bundle, Decrypted, Device, DeviceId, IdentityKey, IdentityKeyPair, KeyExchange, KeyMaterial, MessageKind,
    OneTimePreKeyPair, PreKeyBundle, PreKeyId, PreKeys, RatchetMessage, Sessions, SignedPreKeyId, SignedPreKeyPair,
    Timestamp, Version, hazmat,
};
use zeroize::Zeroizing;

use super::Tally;
use super::json::Object;
use super::primitives::{check_message_keys, version};
use super::random::Given;

const NOW: Timestamp = Timestamp(1_700_000_000);

/// A party's whole state.
#[derive(Clone)]
pub struct Party {
    pub jid: String,
    pub device: Device,
    pre_keys: PreKeys,
    /// What was ever published: a bundle by each signed pre-key.
    published: Vec<Bundle>,
    sessions: BTreeMap<String, Sessions>,
}

impl Party {
    fn new(version: Version, party: &Object<'_>) -> Self {
        let identity = IdentityKeyPair::from_secret_bytes(&Zeroizing::new(party.array("identity_priv")));
        let id = DeviceId::new(party.number("device_id")).unwrap();
        let signed: Vec<_> =
            party.list("signed_prekeys").iter().map(|key| signed_pre_key(version, &identity, key)).collect();
        let supply: Vec<_> = party.list("prekeys").iter().map(one_time_pre_key).collect();
        let (current, previous) = match signed.as_slice() {
            [current] => (current.clone(), None),
            [previous, current] => (current.clone(), Some(previous.clone())),
            _ => panic!("{}: {} signed pre-keys", party.name(), signed.len()),
        };
        let device = Device::with_identity(id, identity);
        let bundle = |signed| PreKeys::from_parts(version, signed, None, supply.clone(), NOW).bundle(&device);
        let published = signed.into_iter().map(bundle).collect();
        let pre_keys = PreKeys::from_parts(version, current, previous, supply, NOW);
        assert_eq!(*device.identity().public(version).curve25519(), party.array("identity_pub_curve25519"));
        assert_eq!(*device.identity().public(Version::Omemo2).curve25519(), party.array("identity_pub_curve25519"));
        let transferred = pre_keys.bundle(&device).to_parts().identity;
        assert_eq!(transferred, party.hex("identity_key_transferred"), "{}", party.name());
        if version == Version::Omemo2 {
            assert_eq!(transferred, party.hex("identity_pub_ed25519"), "{}", party.name());
        }
        party.ignore(&["identity_pub_ed25519"]);
        assert_eq!(party.number("registration_id"), id.get(), "{}", party.name());
        let jid = party.text("jid").to_owned();
        party.done();
        Self { jid, device, pre_keys, published, sessions: BTreeMap::new() }
    }

    fn sessions(&mut self, version: Version, with: &str) -> &mut Sessions {
        self.sessions.entry(with.to_owned()).or_insert_with(|| Sessions::new(version))
    }

    /// All of the state, as it is stored.
    fn stored(&self) -> Vec<Vec<u8>> {
        let mut records = vec![self.device.to_bytes().to_vec(), self.pre_keys.to_bytes().to_vec()];
        records.extend(self.sessions.values().map(|sessions| sessions.to_bytes().to_vec()));
        records
    }

    /// The state as it comes back from the store.
    fn restored(&self) -> Self {
        Self {
            jid: self.jid.clone(),
            device: Device::from_bytes(&self.device.to_bytes()).unwrap(),
            pre_keys: PreKeys::from_bytes(&self.pre_keys.to_bytes()).unwrap(),
            published: self.published.clone(),
            sessions: self
                .sessions
                .iter()
                .map(|(with, sessions)| (with.clone(), Sessions::from_bytes(&sessions.to_bytes()).unwrap()))
                .collect(),
        }
    }

    /// By what the bytes are, whatever the stanza says.
    pub fn decrypt(&mut self, version: Version, from: &str, message: &[u8], rng: &mut Given) -> Decrypted {
        let (device, mut pre_keys) = (self.device.clone(), self.pre_keys.clone());
        let decrypted = self.sessions(version, from).decrypt(&device, &mut pre_keys, message, NOW, rng);
        self.pre_keys = pre_keys;
        decrypted.unwrap_or_else(|error| panic!("from {from}: {error}"))
    }

    /// As what the vector says it is; whether it was accepted.
    fn accepts_as(&mut self, version: Version, from: &str, kex: bool, message: &[u8], rng: &mut Given) -> bool {
        let (device, mut pre_keys) = (self.device.clone(), self.pre_keys.clone());
        let sessions = self.sessions(version, from);
        let accepted = if kex {
            KeyExchange::decode(version, message).is_ok_and(|exchange| {
                sessions.decrypt_key_exchange(&device, &mut pre_keys, &exchange, NOW, rng).is_ok()
            })
        } else {
            RatchetMessage::decode(version, message)
                .is_ok_and(|message| sessions.decrypt_message(&device, &message, NOW, rng).is_ok())
        };
        self.pre_keys = pre_keys;
        accepted
    }
}

fn signed_pre_key(version: Version, identity: &IdentityKeyPair, key: &Object<'_>) -> SignedPreKeyPair {
    let id = SignedPreKeyId::new(key.number("id")).unwrap();
    let signature = Signature::from_slice(&key.hex("signature")).unwrap();
    let pair = SignedPreKeyPair::from_parts(id, &Zeroizing::new(key.array("priv")), signature);
    assert_eq!(pair.public().to_bytes(), key.array("pub"), "{}", key.name());
    let mut given = Given::new(&[key.hex("signature_random")]);
    let made = identity.sign(version, &key.hex("signed_bytes"), &mut given);
    assert_eq!(made, signature, "{}", key.name());
    key.done();
    pair
}

fn one_time_pre_key(key: &Object<'_>) -> OneTimePreKeyPair {
    let pair =
        OneTimePreKeyPair::from_parts(PreKeyId::new(key.number("id")).unwrap(), &Zeroizing::new(key.array("priv")));
    assert_eq!(pair.public().to_bytes(), key.array("pub"), "{}", key.name());
    key.done();
    pair
}

/// A message on its way.
#[derive(Clone)]
pub struct Sent {
    pub from: String,
    pub plaintext: Vec<u8>,
    pub bytes: Vec<u8>,
    also_accept: Vec<Vec<u8>>,
}

/// A conversation that is being played.
pub struct Conversation {
    pub version: Version,
    pub parties: BTreeMap<String, Party>,
    pub sent: BTreeMap<String, Sent>,
    exact: bool,
}

pub fn run(file: &Object<'_>, tally: &mut Tally) {
    for vector in file.list("vectors") {
        let mut conversation = Conversation::new(&vector);
        for step in vector.list("steps") {
            conversation.step(&step, tally);
        }
        vector.ignore(&["name", "comment", "cross_checked"]);
        vector.done();
    }
}

impl Conversation {
    pub fn new(vector: &Object<'_>) -> Self {
        let version = version(vector);
        let parties = vector.entries("parties");
        let parties = parties.iter().map(|(name, party)| ((*name).to_owned(), Party::new(version, party))).collect();
        let exact = !vector.has("encrypt_match")
            || match vector.text("encrypt_match") {
                "exact" => true,
                compared
                    if compared.starts_with("compare kex, fields.n, fields.ratchet_key and fields.ciphertext;") =>
                {
                    false
                }
                other => panic!("{}: unknown encrypt_match {other}", vector.name()),
            };
        Self { version, parties, sent: BTreeMap::new(), exact }
    }

    /// Plays a step.
    pub fn step(&mut self, step: &Object<'_>, tally: &mut Tally) {
        match step.text("op") {
            "initiate" => {
                self.initiate(step);
                tally.other += 1;
            }
            "encrypt" => {
                self.encrypt(step);
                tally.other += 1;
            }
            "encrypt_and_drop" => {
                self.encrypt_and_drop(step);
                tally.other += 1;
            }
            "decrypt" => self.decrypt(step, tally),
            "reject" => {
                self.reject(step);
                tally.reject += 1;
            }
            "accept" => {
                self.accept(step);
                tally.tolerance += 1;
            }
            other => panic!("{}: unknown step {other}", step.name()),
        }
        step.done();
        for party in self.parties.values_mut() {
            // Every state must survive the store.
            *party = party.restored();
        }
    }

    fn party(&mut self, name: &str) -> &mut Party {
        self.parties.get_mut(name).unwrap_or_else(|| panic!("no party {name}"))
    }

    fn initiate(&mut self, step: &Object<'_>) {
        let (from, to) = (step.text("from"), step.text("to"));
        let x3dh = step.object("x3dh");
        let responder = self.parties[to].clone();
        self.check_x3dh(&x3dh, &responder);
        let bundle = Self::offered_bundle(&x3dh, &responder);
        let mut rng = Given::new(&step.hexes("rng"));
        let version = self.version;
        let initiator = self.party(from);
        let device = initiator.device.clone();
        let changes = initiator.sessions(version, to).start(&device, &bundle, NOW, &mut rng).unwrap();
        assert!(changes.sessions && !changes.pre_keys && !changes.bundle, "{}", step.name());
        assert!(rng.is_empty(), "{}: not all randomness was drawn", step.name());
        x3dh.done();
        self.encrypt(step);
    }

    /// The entries of the responder's bundle that the step names.
    fn offered_bundle(x3dh: &Object<'_>, responder: &Party) -> PreKeyBundle {
        let id = PreKeyId::new(x3dh.number("prekey_id")).unwrap();
        published(responder, x3dh).choose_id(id).unwrap_or_else(|| panic!("{}: the pre-key is gone", x3dh.name()))
    }

    /// The intermediate results, derived from the private keys.
    fn check_x3dh(&self, x3dh: &Object<'_>, responder: &Party) {
        let ephemeral = Zeroizing::new(x3dh.array("ephemeral_priv"));
        let ratchet = Zeroizing::new(x3dh.array("first_ratchet_priv"));
        let bundle = published(responder, x3dh);
        let signed = bundle.signed_pre_key().1.to_bytes();
        let id = x3dh.number("prekey_id");
        let one_time = bundle.pre_keys().iter().find(|(pre_key, _)| pre_key.get() == id).unwrap().1.to_bytes();
        assert_eq!(hazmat::x25519_public(&ephemeral), x3dh.array("ephemeral_pub"), "{}", x3dh.name());
        assert_eq!(hazmat::x25519_public(&ratchet), x3dh.array("first_ratchet_pub"), "{}", x3dh.name());
        let results = [
            Zeroizing::new(x3dh.array("dh1")),
            hazmat::x25519(&ephemeral, *bundle.identity().curve25519()).unwrap(),
            hazmat::x25519(&ephemeral, signed).unwrap(),
            hazmat::x25519(&ephemeral, one_time).unwrap(),
        ];
        for (result, field) in results.iter().zip(["dh1", "dh2", "dh3", "dh4"]) {
            assert_eq!(**result, x3dh.array(field), "{} {field}", x3dh.name());
        }
        let shared = hazmat::exchange_secret(self.version, results);
        assert_eq!(*shared, x3dh.array("shared_secret"), "{}", x3dh.name());
        let (root, chain) = hazmat::root_step(self.version, &shared, &hazmat::x25519(&ratchet, signed).unwrap());
        let expected = (x3dh.array("root_key_after_first_step"), x3dh.array("first_sending_chain_key"));
        assert_eq!((*root, *chain), expected, "{}", x3dh.name());
        x3dh.ignore(&["initiator", "responder"]);
    }

    fn encrypt(&mut self, step: &Object<'_>) {
        let (version, exact) = (self.version, self.exact);
        let (from, to) = (step.text("from"), step.text("to"));
        let (plaintext, expected) = (step.hex("plaintext"), step.hex("message"));
        let sender = self.party(from);
        let device = sender.device.clone();
        let material = KeyMaterial::from_bytes(&plaintext);
        let encrypted = sender.sessions(version, to).encrypt(&device, &material).unwrap();
        let kind = if step.flag("kex") { MessageKind::KeyExchange } else { MessageKind::Ratchet };
        assert_eq!(encrypted.kind, kind, "{}", step.name());
        assert!(encrypted.changes.sessions, "{}", step.name());
        assert_eq!(MessageKind::of(version, &encrypted.bytes), Ok(kind), "{}", step.name());
        if exact {
            assert_eq!(encrypted.bytes, expected, "{}", step.name());
        }
        check_fields(version, kind, step, &expected, true);
        check_fields(version, kind, step, &encrypted.bytes, exact);
        let also_accept = if step.has("also_accept") { step.list("also_accept") } else { Vec::new() };
        let also_accept = also_accept.iter().map(|other| {
            let message = other.hex("message");
            other.ignore(&["producer"]);
            other.done();
            message
        });
        let sent = Sent { from: from.to_owned(), plaintext, bytes: expected, also_accept: also_accept.collect() };
        assert!(self.sent.insert(step.text("id").to_owned(), sent).is_none(), "{}: id used twice", step.name());
    }

    fn encrypt_and_drop(&mut self, step: &Object<'_>) {
        let version = self.version;
        let to = step.text("to");
        let material = KeyMaterial::from_bytes(&step.hex("plaintext"));
        let sender = self.party(step.text("from"));
        let device = sender.device.clone();
        for _ in 0..step.number("count") {
            let encrypted = sender.sessions(version, to).encrypt(&device, &material).unwrap();
            assert!(encrypted.changes.sessions, "{}", step.name());
        }
        step.ignore(&["note"]);
    }

    fn decrypt(&mut self, step: &Object<'_>, tally: &mut Tally) {
        let (version, exact) = (self.version, self.exact);
        let sent = self.sent[step.text("message_id")].clone();
        let (plaintext, random) = (step.hex("plaintext"), step.hexes("rng"));
        assert_eq!(sent.plaintext, plaintext, "{}", step.name());
        let party = self.party(step.text("at"));
        for other in &sent.also_accept {
            let decrypted = party.clone().decrypt(version, &sent.from, other, &mut Given::new(&random));
            assert_eq!(decrypted.key_material.as_bytes(), plaintext, "{}", step.name());
            tally.accept += 1;
        }
        let mut rng = Given::new(&random);
        let decrypted = party.decrypt(version, &sent.from, &sent.bytes, &mut rng);
        assert_eq!(decrypted.key_material.as_bytes(), plaintext, "{}", step.name());
        // Vectors made by libomemo-c offer randomness that it draws before it knows whether the ratchet turns.
        assert!(rng.is_empty() || !exact, "{}: not all randomness was drawn", step.name());
        tally.accept += 1;
        if step.has("heartbeat_due") {
            assert_eq!(decrypted.heartbeat_due, step.flag("heartbeat_due"), "{}", step.name());
        }
        if step.has("prekey_consumed") {
            let id = step.number("prekey_consumed");
            assert!(party.pre_keys.supply().iter().all(|key| key.id().get() != id), "{}", step.name());
            assert_eq!(decrypted.session_began, decrypted.changes.pre_keys, "{}", step.name());
        } else {
            assert!(!decrypted.session_began, "{}", step.name());
        }
        if step.has("state_after") {
            let sending = step.object("state_after").object("sending_chain");
            assert_eq!(party.sessions[&sent.from].unanswered(), sending.number("n"), "{}", step.name());
        }
    }

    fn reject(&mut self, step: &Object<'_>) {
        let version = self.version;
        let (from, message, kex) = (step.text("from"), step.hex("message"), step.flag("kex"));
        let mut rng = Given::new(&step.hexes("rng"));
        let party = self.party(step.text("at"));
        party.sessions(version, from);
        let before = party.stored();
        assert!(!party.accepts_as(version, from, kex, &message, &mut rng), "{}: accepted", step.name());
        assert_eq!(party.stored(), before, "{}: the state has changed", step.name());
        step.ignore(&["case", "why", "expected", "references"]);
    }

    fn accept(&mut self, step: &Object<'_>) {
        let version = self.version;
        let (from, message, plaintext) = (step.text("from"), step.hex("message"), step.hex("plaintext"));
        let mut rng = Given::new(&step.hexes("rng"));
        let party = self.party(step.text("at"));
        assert!(party.clone().accepts_as(
            version,
            from,
            step.flag("kex"),
            &message,
            &mut Given::new(&step.hexes("rng"))
        ));
        let decrypted = party.clone().decrypt(version, from, &message, &mut rng);
        assert_eq!(decrypted.key_material.as_bytes(), plaintext, "{}", step.name());
        step.ignore(&["case", "why", "expected", "references"]);
    }
}

/// The bundle that the exchange was made with.
fn published<'a>(responder: &'a Party, x3dh: &Object<'_>) -> &'a Bundle {
    let id = x3dh.number("signed_prekey_id");
    responder.published.iter().find(|bundle| bundle.signed_pre_key().0.get() == id).unwrap()
}

/// A message is what its fields say; `pn` and the tag are compared only where they must be the same.
fn check_fields(version: Version, kind: MessageKind, step: &Object<'_>, bytes: &[u8], exact: bool) {
    let exchange = (kind == MessageKind::KeyExchange).then(|| KeyExchange::decode(version, bytes).unwrap());
    let message = match &exchange {
        Some(exchange) => *exchange.message(),
        None => RatchetMessage::decode(version, bytes).unwrap(),
    };
    let fields = step.object("fields");
    assert_eq!(message.header().number, fields.number("n"), "{}", step.name());
    assert!(fields.hex("ratchet_key").ends_with(&message.header().ratchet_key.to_bytes()), "{}", step.name());
    assert_eq!(message.ciphertext(), fields.hex("ciphertext"), "{}", step.name());
    if exact {
        assert_eq!(message.header().previous, fields.number("pn"), "{}", step.name());
        assert_eq!(message.tag(), fields.hex("mac"), "{}", step.name());
    }
    fields.ignore(&["pn", "mac"]);
    fields.done();
    if let Some(exchange) = exchange {
        let fields = step.object("kex_fields");
        assert_eq!(exchange.id().pre_key.get(), fields.number("prekey_id"), "{}", step.name());
        assert_eq!(exchange.id().signed_pre_key.get(), fields.number("signed_prekey_id"), "{}", step.name());
        assert!(fields.hex("ephemeral_key").ends_with(&exchange.id().ephemeral.to_bytes()), "{}", step.name());
        let identity = IdentityKey::decode(version, &fields.hex("identity_key")).unwrap();
        assert_eq!(*exchange.identity(), identity, "{}", step.name());
        fields.ignore(&["registration_id"]); // nobody reads it; the exact bytes have it
        fields.done();
    }
    if step.has("debug") {
        let debug = step.object("debug");
        check_message_keys(version, &debug);
        let input = debug.hex("mac_input");
        if exact {
            assert!(input.ends_with(message.authenticated()), "{}", step.name());
        }
        debug.done();
    }
}
