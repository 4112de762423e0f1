//! Finding the server's endpoints where the hoster names none (XEP-0156).

use plausch_model::{SignInError, Timestamp};
use plausch_xmpp::discovery::{Discovery, DiscoveryStep, Fetch, FetchOutcome, MAX_BYTES};
use plausch_xmpp::list::IntoList;

use super::Phase;
use crate::{
    Account,
    io::{HttpFailure, HttpId, HttpRequest, HttpResponse, Wire},
    map::Map,
    step::Step,
};

/// A file must arrive within this time.
const FETCH_MILLIS: u32 = 10_000;
/// The search must end within this time.
const FIND_MILLIS: i64 = 25_000;

/// A search for endpoints.
#[derive(Debug)]
pub(super) struct Finding {
    discovery: Discovery,
    fetches: Map<HttpId, u32>,
    deadline: Timestamp,
}

impl Finding {
    /// When the search is given up.
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }
}

impl Account {
    /// Starts to look.
    pub(super) fn find(&mut self, step: &mut Step<'_>) {
        let (discovery, fetches) = Discovery::new(self.jid.domain());
        let deadline = step.now.plus_millis(FIND_MILLIS);
        self.session.phase = Phase::Finding(Box::new(Finding { discovery, fetches: Map::new(), deadline }));
        self.fetch(step, fetches);
    }

    fn fetch(&mut self, step: &mut Step<'_>, fetches: Vec<Fetch>) {
        for fetch in fetches {
            let id = self.session.next_http();
            let Phase::Finding(finding) = &mut self.session.phase else { return };
            finding.fetches.insert(id, fetch.id);
            step.fx.wire.push(Wire::Http(HttpRequest {
                id,
                url: fetch.url,
                post: None,
                probe: fetch.probe,
                timeout_millis: FETCH_MILLIS,
                farewell: false,
                max_bytes: MAX_BYTES,
            }));
        }
    }

    /// A file arrived, or did not.
    pub(super) fn fetched(&mut self, step: &mut Step<'_>, id: HttpId, outcome: Result<HttpResponse, HttpFailure>) {
        let Phase::Finding(finding) = &mut self.session.phase else { return };
        let Some(fetch) = finding.fetches.remove(&id) else { return };
        let outcome = match outcome {
            Ok(HttpResponse { status, body, .. }) => FetchOutcome::Answered { status, body },
            Err(HttpFailure::Network) => FetchOutcome::Failed,
            Err(HttpFailure::TimedOut) => FetchOutcome::TimedOut,
            Err(HttpFailure::BadBody) => FetchOutcome::BadBody,
        };
        match finding.discovery.fetched(fetch, outcome) {
            DiscoveryStep::Fetch(more) => self.fetch(step, more),
            DiscoveryStep::Done(Ok(found)) => {
                self.session.endpoints = found.into_iter().map(|found| found.endpoint).into_list();
                self.session.endpoint = 0;
                self.open_link(step);
            }
            DiscoveryStep::Done(Err(error)) => self.nothing_found(step, error.to_string()),
        }
    }

    /// The search took too long, or found nothing.
    pub(super) fn nothing_found(&mut self, step: &mut Step<'_>, detail: String) {
        let domain = self.jid.domain().to_owned();
        self.no_way(step, SignInError::NoEndpoint { domain, detail });
    }
}
