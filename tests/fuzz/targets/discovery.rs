//! The files that name a domain's endpoints (RFC 6415, XEP-0156), as XML and as JSON.

use plausch_xmpp::discovery::{Discovery, DiscoveryStep, FetchOutcome};
use plausch_xmpp::stream::{Endpoint, is_loopback};

/// Whatever the files say, the search ends, and with endpoints that may be used.
pub fn run(data: &[u8]) {
    let body = String::from_utf8_lossy(data).into_owned();
    for domain in ["cap.example", "localhost"] {
        let (mut discovery, fetches) = Discovery::new(domain);
        let mut steps = Vec::new();
        for fetch in fetches {
            steps.push(discovery.fetched(fetch.id, FetchOutcome::Answered { status: 200, body: body.clone() }));
        }
        let Some(DiscoveryStep::Done(result)) = steps.pop() else { panic!("it goes on for ever") };
        for discovered in result.into_iter().flatten() {
            let url = discovered.endpoint.url();
            let host = url.to_lowercase();
            assert_eq!(Endpoint::parse(url).as_ref(), Ok(&discovered.endpoint), "{url}");
            assert!(
                discovered.endpoint.is_encrypted()
                    || is_loopback(domain)
                    || host.contains("localhost")
                    || host.contains("127.")
                    || host.contains("[::1]"),
                "{url}"
            );
        }
    }
}
