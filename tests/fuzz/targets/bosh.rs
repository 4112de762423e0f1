//! Answers to BOSH requests (XEP-0124).

use plausch_xmpp::bosh::{Bosh, BoshAction, HttpOutcome};
use plausch_xmpp::stream::StreamHeader;

use super::Fixed;

const CREATED: &str =
    "<body xmlns='http://jabber.org/protocol/httpbind' sid='s1' wait='50' requests='2' hold='1' ver='1.11'/>";

/// An answer neither breaks a session nor has it make requests without end.
pub fn run(data: &[u8]) {
    let body = String::from_utf8_lossy(data).into_owned();
    for first in [CREATED, body.as_str()] {
        let mut bosh = Bosh::new(&mut Fixed);
        bosh.open(&StreamHeader { to: "cap.example".into(), from: None, lang: "en".into() });
        let mut answers = vec![first.to_owned(), body.clone(), body.clone(), body.clone()].into_iter();
        for now in (0..64_000).step_by(1_000) {
            for action in bosh.poll(now) {
                if let BoshAction::Post(post) = action
                    && let Some(body) = answers.next()
                {
                    bosh.answered(post.id, HttpOutcome::Answered { status: 200, body }, now);
                }
            }
        }
        bosh.terminate();
        let _what_is_left = bosh.poll(100_000);
    }
}
