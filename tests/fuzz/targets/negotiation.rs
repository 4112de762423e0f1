//! What comes over a stream before there is a session: features, SASL, stream management; one frame a line.

use plausch_xmpp::jid::BareJid;
use plausch_xmpp::sasl::{Credentials, Exchange, IterationBounds, Offer, Password, Policy, Proof, ScramHash};
use plausch_xmpp::sm::{Resumption, Sm, SmState};
use plausch_xmpp::stream::{Action, Negotiation, Purpose, StreamConfig, UserAgent, classify, read_frame};
use plausch_xmpp::xml::Limits;

use super::Fixed;

/// Few iterations: it is not the hash that is tested.
const BOUNDS: IterationBounds = IterationBounds { min: 1, max: 8 };

/// No frame breaks the negotiation, which begins at most one session; no message of SCRAM's passes for a proof.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for (resume, allow_upgrade) in [(false, false), (true, true)] {
        let mut negotiation = Negotiation::new(config(resume, allow_upgrade));
        let mut actions = negotiation.opened();
        for frame in text.lines() {
            let Ok(element) = read_frame(frame, &Limits::default()) else { continue };
            let _sorted = classify(element.clone());
            actions.extend(negotiation.receive(element, &mut Fixed));
        }
        let sessions = actions.iter().filter(|action| matches!(action, Action::Ready(_))).count();
        assert!(sessions <= 1);
    }
    let mut exchange = Exchange::scram(ScramHash::Sha256, "juliet", &password(), Offer::default(), BOUNDS, &mut Fixed);
    let (challenge, last) = text.split_once('\n').unwrap_or((&text, ""));
    if exchange.respond(challenge.as_bytes()).is_ok() {
        assert!(exchange.finish(Some(last.as_bytes())).is_err(), "{last} proves nothing");
    }
}

fn password() -> Proof {
    Proof::Password(Password::new("r0m30", str::to_owned))
}

fn config(resume: bool, allow_upgrade: bool) -> StreamConfig {
    let jid = BareJid::parse("juliet@cap.example").unwrap();
    let resumption = Resumption { id: "s1".into(), jid: jid.with_resource("web").unwrap() };
    let sm = Sm::restore(SmState { inbound: 3, outbound: 5, acked: 2, resumption: Some(resumption) });
    StreamConfig {
        jid,
        credentials: Credentials::Account { token: None, proof: Some(password()) },
        policy: Policy { allow_plain: true, iterations: BOUNDS, allow_upgrade, ..Policy::default() },
        secure: true,
        resume: resume.then_some(sm),
        user_agent: UserAgent { id: "1".into(), software: "fuzz".into(), device: None },
        resource_tag: "fuzz".into(),
        lang: "en".into(),
        active: true,
        purpose: Purpose::Session,
    }
}
