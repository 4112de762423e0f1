//! Which requests are waiting for an answer, from whom, until when.
//!
//! An answer counts only if its id is one of ours, it comes from whom we asked, and it comes in time (RFC 6120 §8.2.3,
//! attack case A-08). Ids are 128 random bits, so nobody who has not seen the request can guess one. What the requester
//! wants to know again when the answer comes is data, a `T`, not a closure: so the state can be inspected and replayed.

use rand_core::CryptoRng;

use crate::jid::{BareJid, Jid};
use crate::list::IntoList;
use crate::stanza::{Iq, IqKind, StanzaError};
use crate::xml::Element;

/// What came of a request: what the result carries, or why it failed.
pub type Outcome<'a> = Result<Option<&'a Element>, &'a StanzaError>;

/// The requests of one stream that are waiting for an answer, each with a `T` that says what it was for.
#[derive(Clone, Debug)]
pub struct IqTracker<T> {
    account: BareJid,
    server: BareJid,
    /// The earliest deadline first.
    pending: Vec<Pending<T>>,
}

#[derive(Clone, Debug)]
struct Pending<T> {
    id: String,
    to: Option<Jid>,
    deadline_millis: i64,
    purpose: T,
}

impl<T> IqTracker<T> {
    /// No requests yet, on a stream of this account.
    pub fn new(account: BareJid) -> Self {
        Self { server: account.server(), account, pending: Vec::new() }
    }

    /// Notes a request to somebody or (`None`) to our own account, and gives the id to send it with.
    pub fn start(&mut self, to: Option<Jid>, deadline_millis: i64, purpose: T, rng: &mut impl CryptoRng) -> String {
        let id = random_id(rng);
        let place = self.pending.partition_point(|pending| pending.deadline_millis <= deadline_millis);
        self.pending.insert(place, Pending { id: id.clone(), to, deadline_millis, purpose });
        id
    }

    /// What an answer answers, or `None` if it answers nothing: it is to be ignored then. The request is done with after.
    pub fn answer<'a>(&mut self, iq: &'a Iq) -> Option<(T, Outcome<'a>)> {
        let outcome = match &iq.kind {
            IqKind::Result(payload) => Ok(payload.as_ref()),
            IqKind::Error(error) => Err(error),
            IqKind::Get(_) | IqKind::Set(_) => return None,
        };
        let index = self.pending.iter().position(|pending| pending.id == iq.id)?;
        let asked = &self.pending.get(index)?.to;
        if !self.speaks_for(iq.from.as_ref(), asked.as_ref()) {
            return None;
        }
        Some((self.pending.remove(index).purpose, outcome))
    }

    /// Takes out the requests whose deadline has come, the earliest first.
    pub fn expire(&mut self, now_millis: i64) -> Vec<T> {
        let due = self.pending.partition_point(|pending| pending.deadline_millis <= now_millis);
        self.pending.drain(..due).map(|pending| pending.purpose).into_list()
    }

    /// When the next request expires.
    pub fn next_deadline(&self) -> Option<i64> {
        self.pending.first().map(|pending| pending.deadline_millis)
    }

    /// Takes out all requests, the earliest deadline first: the stream is lost, nobody will answer them.
    pub fn drain(&mut self) -> Vec<T> {
        self.pending.drain(..).map(|pending| pending.purpose).into_list()
    }

    /// How many requests are waiting.
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether none is waiting.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Whether an answer from `from` may answer a request to `asked`. Our account and our server are one and the same
    /// party: they answer with no address, with the account's, or with the server's, whichever of these was asked
    /// (RFC 6120 §8.1.2.1), and a server lets nobody else use any of the three. All others must give the very address
    /// asked.
    fn speaks_for(&self, from: Option<&Jid>, asked: Option<&Jid>) -> bool {
        from == asked || (self.is_own_server(from) && self.is_own_server(asked))
    }

    fn is_own_server(&self, address: Option<&Jid>) -> bool {
        address.is_none_or(|jid| *jid == self.account || *jid == self.server)
    }
}

/// An id that nobody can guess: 128 random bits in hexadecimal.
pub fn random_id(rng: &mut impl CryptoRng) -> String {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::payload::testing::element;

    const ACCOUNT: &str = "juliet@cap.example";

    fn jid(text: &str) -> Jid {
        Jid::parse(text).unwrap()
    }

    fn tracker() -> (IqTracker<&'static str>, ChaCha20Rng) {
        (IqTracker::new(BareJid::parse(ACCOUNT).unwrap()), ChaCha20Rng::seed_from_u64(7))
    }

    fn result(id: &str, from: Option<&str>) -> Iq {
        Iq { from: from.map(jid), to: None, id: id.into(), kind: IqKind::Result(None) }
    }

    /// Whether an answer from `from` answers a request to `to`.
    fn answers(to: Option<&str>, from: Option<&str>) -> bool {
        let (mut tracker, mut rng) = tracker();
        let id = tracker.start(to.map(jid), 0, "asked", &mut rng);
        let answered = tracker.answer(&result(&id, from)).is_some();
        assert_eq!(tracker.is_empty(), answered, "a wrong answer must leave the request waiting");
        answered
    }

    #[test]
    fn others_must_answer_with_the_address_asked() {
        assert!(answers(Some("romeo@mont.example/a"), Some("romeo@mont.example/a")));
        assert!(answers(Some("mont.example"), Some("mont.example")));
        assert!(answers(Some("Romeo@MONT.example"), Some("romeo@mont.example")), "normalised");
        for from in [
            None,
            Some("romeo@mont.example"),
            Some("romeo@mont.example/A"),
            Some("mont.example"),
            Some("eve@evil.example/x"),
            Some(ACCOUNT),
            Some("cap.example"),
        ] {
            assert!(!answers(Some("romeo@mont.example/a"), from), "{from:?}");
        }
    }

    #[test]
    fn account_and_own_server_answer_for_each_other() {
        let own = [None, Some(ACCOUNT), Some("cap.example")];
        for asked in own {
            for from in own {
                assert!(answers(asked, from), "{asked:?} {from:?}");
            }
            for from in [
                "juliet@cap.example/other",
                "eve@cap.example",
                "cap.example/x",
                "evil.example",
                "juliet@evil.example",
                "muc.cap.example",
            ] {
                assert!(!answers(asked, Some(from)), "{asked:?} {from}");
            }
        }
    }

    #[test]
    fn a_full_address_of_our_own_answers_for_itself_alone() {
        assert!(answers(Some("juliet@cap.example/other"), Some("juliet@cap.example/other")));
        assert!(!answers(Some("juliet@cap.example/other"), Some(ACCOUNT)));
        assert!(!answers(Some("juliet@cap.example/other"), None));
    }

    #[test]
    fn an_answer_counts_once_and_a_request_is_no_answer() {
        let (mut tracker, mut rng) = tracker();
        let id = tracker.start(None, 0, "roster", &mut rng);
        let ping =
            element(&format!("<iq xmlns='jabber:client' id='{id}' type='get'><ping xmlns='urn:xmpp:ping'/></iq>"));
        assert_eq!(tracker.answer(&Iq::from_element(&ping).unwrap()), None);
        assert_eq!(tracker.answer(&result("forged", None)), None);
        let answer = result(&id, None);
        assert_eq!(tracker.answer(&answer), Some(("roster", Ok(None))));
        assert_eq!(tracker.answer(&answer), None);
    }

    #[test]
    fn answers_bring_what_they_carry() {
        let (mut tracker, mut rng) = tracker();
        let id = tracker.start(None, 0, "a", &mut rng);
        let query = element("<query xmlns='jabber:iq:roster'/>");
        let iq = Iq { kind: IqKind::Result(Some(query.clone())), ..result(&id, None) };
        assert_eq!(tracker.answer(&iq), Some(("a", Ok(Some(&query)))));
        let id = tracker.start(None, 0, "b", &mut rng);
        let error = StanzaError::default();
        let iq = Iq { kind: IqKind::Error(error.clone()), ..result(&id, None) };
        assert_eq!(tracker.answer(&iq), Some(("b", Err(&error))));
    }

    #[test]
    fn requests_expire_in_order() {
        let (mut tracker, mut rng) = tracker();
        assert_eq!(tracker.next_deadline(), None);
        tracker.start(None, 30, "late", &mut rng);
        let id = tracker.start(None, 10, "early", &mut rng);
        tracker.start(None, 20, "middle", &mut rng);
        assert_eq!(tracker.next_deadline(), Some(10));
        assert_eq!(tracker.expire(9), Vec::<&str>::new());
        assert_eq!(tracker.expire(20), ["early", "middle"]);
        assert_eq!(tracker.answer(&result(&id, None)), None, "too late");
        assert_eq!(tracker.next_deadline(), Some(30));
        tracker.start(None, 25, "sooner", &mut rng);
        assert_eq!(tracker.drain(), ["sooner", "late"]);
        assert_eq!(tracker.len(), 0);
    }

    #[test]
    fn ids_are_random_and_long() {
        let (mut tracker, mut rng) = tracker();
        let ids: std::collections::BTreeSet<_> = (0..100).map(|_| tracker.start(None, 0, "", &mut rng)).collect();
        assert_eq!(ids.len(), 100);
        assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }
}
