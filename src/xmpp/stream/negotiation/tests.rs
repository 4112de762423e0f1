//! Whole dialogues, each a file in `dialogues/`:
//!
//! - `@` configures: see [`Script::configure`];
//! - `>` is what we must send next, compared as XML;
//! - `<` is what the server sends;
//! - `!` is what else we must do next, see [`describe`];
//! - `#` explains; an indented line belongs to the one before.

use std::sync::LazyLock;

use proptest::prelude::*;
use rand_core::{Infallible, TryCryptoRng, TryRng};
use zeroize::Zeroizing;

use super::*;
use crate::jid::BareJid;
use crate::sasl::{FastToken, Policy, Proof, ScramHash, ScramKeys, nfkc};
use crate::sm::{Resumption, SmState};
use crate::stream::UserAgent;
use crate::xml::{Limits, parse};

macro_rules! dialogues {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(include_str!(concat!("dialogues/", stringify!($name), ".txt")));
        })*

        #[test]
        fn no_dialogue_is_left_out() {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/stream/negotiation/dialogues");
            let mut files: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
                .collect();
            files.sort_unstable();
            let mut run = vec![$(stringify!($name)),*];
            run.sort_unstable();
            assert_eq!(files, run);
        }
    };
}

dialogues! {
    bosh_sasl
    bosh_sasl2
    crossed_profiles
    downgrade_detected
    downgrade_detected_in_sasl2
    downgrade_protected
    fast
    fast_invalidated
    fast_invalidated_before
    fast_invalidation_impossible
    fast_no_proof
    fast_not_offered
    fast_not_offered_and_no_keys
    fast_refused_then_keys
    fast_refused_then_nothing
    fast_rotated
    fast_temporary_failure
    fast_wrong_proof
    features_missing
    insecure
    interrupted
    nothing_stored
    other_server
    sasl2_account_disabled
    sasl2_bind2_bare
    sasl2_bind2_failed
    sasl2_continue_unproved
    sasl2_first_sign_in
    sasl2_keep_nothing
    sasl2_other_account
    sasl2_plain_only_falls_back_to_sasl
    sasl2_refused
    sasl2_resumed
    sasl2_resumed_count_too_high
    sasl2_resumed_other_session
    sasl2_resumed_unasked
    sasl2_resumed_without_count
    sasl2_resumption_failed
    sasl2_resumption_failed_count_too_high
    sasl2_resumption_not_inline
    sasl2_second_factor
    sasl2_signature_as_challenge
    sasl2_sm_failed_in_bind2
    sasl2_upgrade
    sasl2_upgrade_not_allowed
    sasl2_upgrade_too_few_iterations
    sasl2_upgrade_unproved
    sasl2_upgrade_without_salt
    sasl2_without_bind2
    sasl2_without_features_afterwards
    sasl_anonymous
    sasl_anonymous_not_offered
    sasl_as_strong_as_pinned
    sasl_keys
    sasl_keys_for_another_mechanism
    sasl_keys_outdated
    sasl_no_resource
    sasl_other_account
    sasl_plain_after_scram
    sasl_plain_allowed
    sasl_plain_not_allowed
    sasl_resource_refused
    sasl_resumed
    sasl_resumed_count_too_high
    sasl_resumed_other_session
    sasl_resumption_failed
    sasl_sha_1
    sasl_sha_512
    sasl_signature_as_challenge
    sasl_weaker_than_pinned
    scram_empty_salt
    scram_foreign_nonce
    scram_no_signature
    scram_no_signature_in_sasl2
    scram_one_iteration
    scram_own_nonce
    scram_server_error
    scram_success_at_once
    scram_too_many_iterations
    scram_wrong_signature
    see_other_host
    see_other_uri
    unknown_host
}

/// Gives the bytes 0, 1, 2 and so on.
#[derive(Default)]
struct CountingRng(u8);

impl TryRng for CountingRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
        Ok(())
    }
}

impl TryCryptoRng for CountingRng {}

/// A file read up to some line.
struct Script {
    config: StreamConfig,
    lines: Vec<(char, String)>,
}

impl Script {
    fn read(text: &str) -> Self {
        let mut lines: Vec<(char, String)> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            match (line.strip_prefix(' '), lines.last_mut()) {
                (Some(more), Some((_, last))) => {
                    let more = more.trim();
                    let between_tags = last.ends_with('>') && more.starts_with('<');
                    last.push_str(if between_tags { "" } else { " " });
                    last.push_str(more);
                }
                _ => lines.push((line.chars().next().unwrap(), line.get(1..).unwrap().trim().to_owned())),
            }
        }
        let mut script = Self { config: config(), lines: Vec::new() };
        for (kind, line) in lines {
            match kind {
                '@' => script.configure(&line),
                '#' => {}
                '<' | '>' | '!' => script.lines.push((kind, line)),
                other => panic!("a line begins with {other:?}"),
            }
        }
        script
    }

    fn configure(&mut self, line: &str) {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        let config = &mut self.config;
        match name {
            "password" => set_proof(config, Proof::Password(crate::sasl::Password::new(value, nfkc))),
            "keys" => set_proof(config, Proof::Keys(keys(value))),
            "token" => set_token(config, value),
            "anonymous" => {
                config.credentials = Credentials::Anonymous;
                config.jid = BareJid::parse(value).unwrap();
            }
            "allow-plain" => config.policy.allow_plain = true,
            "allow-upgrade" => config.policy.allow_upgrade = true,
            "pinned" => config.policy.pinned = Some(Mechanism::from_name(value).unwrap()),
            "insecure" => config.secure = false,
            "inactive" => config.active = false,
            "keep-nothing" => config.purpose = Purpose::SessionWithoutToken,
            "invalidate-token" => config.purpose = Purpose::InvalidateToken,
            "resume" => config.resume = Some(session(value)),
            other => panic!("cannot configure {other}"),
        }
    }
}

fn config() -> StreamConfig {
    StreamConfig {
        jid: BareJid::parse("juliet@cap.example").unwrap(),
        credentials: Credentials::Account { token: None, proof: None },
        policy: Policy::default(),
        secure: true,
        resume: None,
        user_agent: UserAgent {
            id: "d4565fa7-4d72-4749-b3d3-740edbf87770".to_owned(),
            software: "Plausch".to_owned(),
            device: None,
        },
        resource_tag: "Plausch".to_owned(),
        lang: "en".to_owned(),
        active: true,
        purpose: Purpose::Session,
    }
}

fn set_proof(config: &mut StreamConfig, new: Proof) {
    if let Credentials::Account { proof, .. } = &mut config.credentials {
        *proof = Some(new);
    }
}

fn set_token(config: &mut StreamConfig, text: &str) {
    if let Credentials::Account { token, .. } = &mut config.credentials {
        *token = Some(FastToken { token: Zeroizing::new(text.to_owned()), expiry: None, count: 4 });
    }
}

/// The keys of the password `pencil` with the salt `W22ZaJ0SNY7soEsUEjb6gQ==` and so many iterations.
fn keys(iterations: &str) -> ScramKeys {
    let iterations = iterations.parse().unwrap();
    let salt = classic_decode("W22ZaJ0SNY7soEsUEjb6gQ==");
    let hash = ScramHash::Sha256;
    let salted = hash.pbkdf2(b"pencil", &salt, iterations);
    let client_key = hash.hmac(&salted, b"Client Key");
    let server_key = hash.hmac(&salted, b"Server Key");
    ScramKeys { hash, salt, iterations, client_key, server_key }
}

fn classic_decode(text: &str) -> Vec<u8> {
    crate::stream::classic::decode(text).unwrap()
}

/// `ID INBOUND OUTBOUND ACKED`.
fn session(value: &str) -> Sm {
    let mut parts = value.split(' ');
    let id = parts.next().unwrap().to_owned();
    let mut number = || parts.next().unwrap().parse().unwrap();
    let jid = FullJid::parse("juliet@cap.example/former").unwrap();
    Sm::restore(SmState {
        inbound: number(),
        outbound: number(),
        acked: number(),
        resumption: Some(Resumption { id, jid }),
    })
}

fn run(text: &str) {
    let Script { config, lines } = Script::read(text);
    let mut negotiation = Negotiation::new(config);
    let mut rng = CountingRng::default();
    let mut actions = negotiation.opened().into_iter();
    for (kind, line) in &lines {
        if *kind == '<' {
            assert_eq!(actions.next(), None, "unexpected, before: {line}");
            actions = negotiation.receive(element(line), &mut rng).into_iter();
            continue;
        }
        let action = actions.next().unwrap_or_else(|| panic!("nothing happened, instead of: {line}"));
        match (kind, &action) {
            ('>', Action::Open(header)) => assert_eq!(header.to_open(), element(line)),
            ('>', Action::Send(sent)) => assert_eq!(*sent, element(line), "{}", sent.to_xml()),
            ('!', action) => assert_eq!(describe(action), *line),
            (_, action) => panic!("{action:?}, instead of: {line}"),
        }
    }
    assert_eq!(actions.next(), None, "unexpected, at the end");
}

fn element(xml: &str) -> Element {
    parse(xml, &Limits::default()).unwrap_or_else(|error| panic!("{error}: {xml}"))
}

fn describe(action: &Action) -> String {
    match action {
        Action::Store(CredentialChange::Keys(keys)) => {
            format!("store keys for {} with {} iterations", Mechanism::Scram(keys.hash).name(), keys.iterations)
        }
        Action::Store(CredentialChange::Token(token)) => {
            let expiry = token.expiry.map_or("never".to_owned(), |expiry| expiry.to_string());
            format!("store token {} used {} times until {expiry}", *token.token, token.count)
        }
        Action::Store(CredentialChange::TokenRemoved) => "forget token".to_owned(),
        Action::Ready(ready) => describe_ready(ready),
        Action::Received(element) => format!("received {}", element.name()),
        Action::TokenInvalidated => "token invalidated".to_owned(),
        Action::Fail(error) => format!("fail {error:?}"),
        Action::Open(_) | Action::Send(_) => format!("{action:?}"),
    }
}

fn describe_ready(ready: &Ready) -> String {
    let sm = |sm: &Sm| match sm.resumption() {
        Some(resumption) => format!("sm={}", resumption.id),
        None => "sm".to_owned(),
    };
    let session = match &ready.session {
        Session::New { sm: session, handled_before } => {
            let sm = session.as_ref().map_or("no sm".to_owned(), sm);
            handled_before.as_ref().map_or(sm.clone(), |range| format!("{sm} handled-before={range:?}"))
        }
        Session::Resumed { sm: session, acked } => {
            format!("resumed {} acked={acked:?} h={} unacked={:?}", sm(session), session.h(), session.unacked())
        }
    };
    let mut parts =
        vec![format!("ready {} by {}{}", ready.jid, ready.mechanism, if ready.sasl2 { " (SASL2)" } else { "" })];
    parts.push(session);
    parts.push(format!("pin={}", ready.pin.map_or("none", Mechanism::name)));
    let mut flag = |set: bool, name: &str| parts.extend(set.then(|| name.to_owned()));
    flag(ready.carbons_enabled, "carbons");
    flag(ready.client_state_sent, "client-state-sent");
    flag(ready.features.client_state, "csi");
    flag(ready.features.roster_versioning, "rosterver");
    flag(!ready.uncounted.is_empty(), &format!("uncounted={}", ready.uncounted.len()));
    parts.join(", ")
}

/// S-03: what could be logged shows no secret, be it base64.
#[test]
fn debug_of_actions_shows_no_secret() {
    let mut config = config();
    config.policy.allow_plain = true;
    set_proof(&mut config, Proof::Password(crate::sasl::Password::new("pencil", nfkc)));
    let mut negotiation = Negotiation::new(config);
    let features = "<features xmlns='http://etherx.jabber.org/streams'><mechanisms \
         xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></features>";
    let actions = negotiation.receive(element(features), &mut CountingRng::default());
    assert_eq!(format!("{actions:?}"), "[Send(\"auth\")]");
    let shown = format!("{negotiation:?}");
    for secret in ["pencil", "AGp1bGlldABwZW5jaWw="] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// Elements that a server may or may not send, at any time.
fn server_element() -> impl Strategy<Value = Element> {
    let fragments = include_str!("fragments.txt").lines().filter(|line| !line.is_empty()).collect::<Vec<_>>();
    prop::sample::select(fragments).prop_map(element)
}

proptest! {
    #[test]
    fn no_order_of_elements_panics_or_signs_in(
        elements in prop::collection::vec(server_element(), 0..12),
        by_token in any::<bool>(),
        resume in any::<bool>(),
    ) {
        static KEYS: LazyLock<ScramKeys> = LazyLock::new(|| keys("4096"));
        let mut config = config();
        config.policy = Policy { allow_upgrade: true, ..Policy::default() };
        set_proof(&mut config, Proof::Keys(KEYS.clone()));
        if by_token {
            set_token(&mut config, "sesame");
        }
        config.resume = resume.then(|| session("x1 1 2 0"));
        let mut negotiation = Negotiation::new(config);
        let mut rng = CountingRng::default();
        let mut actions = negotiation.opened();
        for element in elements {
            actions.extend(negotiation.receive(element, &mut rng));
        }
        // None of the fragments proves anything, so there is no session.
        prop_assert!(!actions.iter().any(|action| matches!(action, Action::Ready(_) | Action::TokenInvalidated)));
        let ends = actions.iter().filter(|action| matches!(action, Action::Fail(_))).count();
        prop_assert!(ends <= 1);
    }
}
