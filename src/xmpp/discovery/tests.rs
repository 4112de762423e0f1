use proptest::prelude::*;

use super::*;

const XML: &str = "https://example.org/.well-known/host-meta";
const JSON: &str = "https://example.org/.well-known/host-meta.json";

fn xrd(links: &[(&str, &str)]) -> String {
    let link = |(rel, href): &(&str, &str)| format!("<Link rel='{rel}' href='{href}'/>");
    let links: String = links.iter().map(link).collect();
    format!(
        "<?xml version='1.0' encoding='utf-8'?>\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>{links}</XRD>"
    )
}

fn jrd(links: &[(&str, &str)]) -> String {
    let link = |(rel, href): &(&str, &str)| format!("{{\"rel\":\"{rel}\",\"href\":\"{href}\"}}");
    format!("{{\"links\":[{}]}}", links.iter().map(link).collect::<Vec<_>>().join(","))
}

fn answer(status: u16, body: impl Into<String>) -> FetchOutcome {
    FetchOutcome::Answered { status, body: body.into() }
}

/// Hands in outcomes in this order; the last one must end it.
fn discover(domain: &str, outcomes: Vec<(u32, FetchOutcome)>) -> Result<Vec<Discovered>, DiscoveryError> {
    let (mut discovery, _) = Discovery::new(domain);
    let mut last = DiscoveryStep::Fetch(Vec::new());
    for (id, outcome) in outcomes {
        assert!(matches!(last, DiscoveryStep::Fetch(_)), "it ended early");
        last = discovery.fetched(id, outcome);
    }
    match last {
        DiscoveryStep::Done(result) => result,
        DiscoveryStep::Fetch(more) => panic!("it did not end, but wants {more:?}"),
    }
}

fn urls(found: &[Discovered]) -> Vec<&str> {
    found.iter().map(|found| found.endpoint.url()).collect()
}

/// What a file with this body makes of the search, the other one being absent.
fn problem(body: impl Into<String>) -> FileProblem {
    let outcome = discover("example.org", vec![(1, answer(404, "")), (0, answer(200, body))]);
    outcome.unwrap_err().problems.into_iter().find(|(url, _)| url == XML).unwrap().1
}

#[test]
fn both_files_are_fetched_over_https() {
    let (_, fetches) = Discovery::new("example.org");
    let expected = [(0, XML), (1, JSON)].map(|(id, url)| Fetch { id, url: url.to_owned(), probe: false });
    assert_eq!(fetches, expected);
}

#[test]
fn the_first_file_with_a_websocket_decides() {
    let links = [(BOSH_REL, "https://example.org:5280/bosh"), (WEBSOCKET_REL, "wss://web.example.org:443/ws")];
    for (id, body) in [(0, xrd(&links)), (1, jrd(&links))] {
        let found = discover("example.org", vec![(id, answer(200, body))]).unwrap();
        assert_eq!(urls(&found), ["wss://web.example.org:443/ws", "https://example.org:5280/bosh"]);
        assert!(found.iter().all(|found| !found.is_foreign));
    }
}

#[test]
fn bosh_alone_waits_for_the_other_file() {
    let bosh = xrd(&[(BOSH_REL, "https://example.org/bosh")]);
    let web_socket = jrd(&[(WEBSOCKET_REL, "wss://example.org/ws"), (BOSH_REL, "https://example.org/bosh")]);
    let found = discover("example.org", vec![(0, answer(200, bosh.clone())), (1, answer(200, web_socket))]).unwrap();
    assert_eq!(urls(&found), ["wss://example.org/ws", "https://example.org/bosh"]);
    let found = discover("example.org", vec![(0, answer(200, bosh)), (1, answer(404, ""))]).unwrap();
    assert_eq!(urls(&found), ["https://example.org/bosh"]);
}

#[test]
fn files_as_they_are_served() {
    let commented = "\u{feff}\n<?xml version='1.0'?>\n<!-- our host -->\n\
         <XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>\n\
         <Subject>x</Subject><Link rel='lrdd' template='https://example.org/{uri}'/>\n\
         <Link rel='urn:xmpp:alt-connections:websocket' href=' wss://example.org/ws?a=1&amp;b=2 '/></XRD>\n";
    let commented = commented.replacen("\u{feff}\n<?xml version='1.0'?>", "\u{feff}<?xml version='1.0'?>", 1);
    let json = "{\"subject\": null, \"links\": [7, {\"rel\": \"self\"}, {\"rel\": 1, \"href\": 2}, \
         {\"rel\": \"urn:xmpp:alt-connections:websocket\", \"href\": \"wss://example.org/ws\", \"titles\": {\"en\": \"x\"}}]}";
    for (body, url) in [(commented.as_str(), "wss://example.org/ws?a=1&b=2"), (json, "wss://example.org/ws")] {
        let found = discover("example.org", vec![(0, answer(200, body))]).unwrap();
        assert_eq!(urls(&found), [url]);
    }
}

/// L-03: endpoints without TLS.
#[test]
fn unencrypted_endpoints_are_refused() {
    let insecure = [(WEBSOCKET_REL, "ws://example.org/ws"), (BOSH_REL, "http://example.org/bosh")];
    let url = "ws://example.org/ws".to_owned();
    assert_eq!(problem(xrd(&insecure)), FileProblem::BadLink { url, error: EndpointError::Unencrypted });
    let mixed = [(WEBSOCKET_REL, "ws://example.org/ws"), (WEBSOCKET_REL, "wss://example.org/ws")];
    let found = discover("example.org", vec![(0, answer(200, xrd(&mixed)))]).unwrap();
    assert_eq!(urls(&found), ["wss://example.org/ws"]);
}

/// L-03: what is no endpoint, or of another kind than its relation says.
#[test]
fn other_schemes_are_refused() {
    for href in ["javascript:alert(1)", "//example.org/ws", "wss://u:p@example.org/", "https://example.org/"] {
        assert!(matches!(problem(xrd(&[(WEBSOCKET_REL, href)])), FileProblem::BadLink { .. }), "{href}");
    }
}

/// L-03: the person is asked once about an endpoint elsewhere.
#[test]
fn endpoints_elsewhere_are_marked() {
    let links = [(WEBSOCKET_REL, "wss://example.org.evil.example/ws"), (WEBSOCKET_REL, "wss://a.example.org/ws")];
    let found = discover("example.org", vec![(0, answer(200, xrd(&links)))]).unwrap();
    assert_eq!(found.iter().map(|found| found.is_foreign).collect::<Vec<_>>(), [true, false]);
}

/// L-03: XML tricks and large files.
#[test]
fn hostile_files_are_refused() {
    let bomb = "<!DOCTYPE x [<!ENTITY a 'wss://evil.example/'>]>\
         <XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><Link rel='&a;' href='&a;'/></XRD>";
    assert!(matches!(problem(bomb), FileProblem::Document(DocumentError::Xml(_))));
    assert!(matches!(problem("<html><body>It works!</body></html>"), FileProblem::Document(DocumentError::Root)));
    assert!(matches!(problem("<!DOCTYPE html><p>Hi"), FileProblem::Document(DocumentError::Xml(_))));
    assert_eq!(problem("{\"links\": 7}"), FileProblem::Document(DocumentError::Json));
    assert_eq!(problem(format!("{{\"links\":{}", "[".repeat(60_000))), FileProblem::Document(DocumentError::Json));
    let links: Vec<_> = (0..2000).map(|_| (WEBSOCKET_REL, "wss://example.org/ws")).collect();
    assert_eq!(problem(xrd(&links)), FileProblem::BadBody);
    assert_eq!(problem(xrd(&[])), FileProblem::NoLink);
    assert_eq!(problem("{}"), FileProblem::NoLink);
}

#[test]
fn what_cannot_be_read_is_probed() {
    let (mut discovery, _) = Discovery::new("example.org");
    let probe = |id, url: &str| DiscoveryStep::Fetch(vec![Fetch { id, url: url.to_owned(), probe: true }]);
    assert_eq!(discovery.fetched(0, FetchOutcome::Failed), probe(0, XML));
    assert_eq!(discovery.fetched(1, FetchOutcome::Failed), probe(1, JSON));
    assert_eq!(discovery.fetched(0, answer(0, "")), DiscoveryStep::Fetch(Vec::new()));
    let DiscoveryStep::Done(Err(error)) = discovery.fetched(1, FetchOutcome::Failed) else { panic!("no end") };
    let expected = [(XML.to_owned(), FileProblem::MissingHeader), (JSON.to_owned(), FileProblem::Unreachable)];
    assert_eq!(error.problems, expected);
    let failed = |id| (id, FetchOutcome::Failed);
    let not_tried = |id| (id, FetchOutcome::NotTried);
    let error = discover("example.org", vec![failed(0), failed(1), not_tried(0), not_tried(1)]).unwrap_err();
    assert!(error.problems.iter().all(|(_, problem)| *problem == FileProblem::Unreadable));
}

/// The words that somebody who runs a server gets to see.
#[test]
fn errors_name_what_is_missing() {
    let outcomes = vec![(0, FetchOutcome::Failed), (1, answer(404, "")), (0, answer(0, ""))];
    let error = discover("example.org", outcomes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "example.org names no endpoint for browsers (XEP-0156)\n\
         https://example.org/.well-known/host-meta: the answer lacks the header `Access-Control-Allow-Origin: *`\n\
         https://example.org/.well-known/host-meta.json: the file is missing (HTTP status 404)"
    );
    let outcomes = vec![(0, answer(200, xrd(&[]))), (1, FetchOutcome::TimedOut)];
    let error = discover("example.org", outcomes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "example.org names no endpoint for browsers (XEP-0156)\n\
         https://example.org/.well-known/host-meta: no link has the rel `urn:xmpp:alt-connections:websocket` or \
         `urn:xmpp:alt-connections:xbosh`\n\
         https://example.org/.well-known/host-meta.json: no answer in time"
    );
}

#[test]
fn this_machine_needs_no_tls() {
    let (mut discovery, fetches) = Discovery::new("localhost");
    let urls: Vec<_> = fetches.iter().map(|fetch| fetch.url.as_str()).collect();
    assert_eq!(
        urls,
        [
            "https://localhost/.well-known/host-meta",
            "https://localhost/.well-known/host-meta.json",
            "http://localhost/.well-known/host-meta",
            "http://localhost/.well-known/host-meta.json",
        ]
    );
    let found = discovery.fetched(3, answer(200, jrd(&[(WEBSOCKET_REL, "ws://localhost:5280/ws")])));
    let DiscoveryStep::Done(Ok(found)) = found else { panic!("no end") };
    assert_eq!(found.first().unwrap().endpoint.url(), "ws://localhost:5280/ws");
}

#[test]
fn late_and_unknown_answers_change_nothing() {
    let (mut discovery, _) = Discovery::new("example.org");
    assert_eq!(discovery.fetched(9, answer(200, "")), DiscoveryStep::Fetch(Vec::new()));
    assert_eq!(discovery.fetched(0, answer(404, "")), DiscoveryStep::Fetch(Vec::new()));
    assert_eq!(discovery.fetched(0, answer(200, "")), DiscoveryStep::Fetch(Vec::new()));
    assert!(matches!(discovery.fetched(1, answer(500, "")), DiscoveryStep::Done(Err(_))));
}

proptest! {
    #[test]
    fn no_file_panics_or_names_an_unencrypted_endpoint(body in ".*", href in "[a-z:/.@]{0,20}") {
        for body in [body, xrd(&[(WEBSOCKET_REL, &href)]), jrd(&[(BOSH_REL, &href)])] {
            let (mut discovery, _) = Discovery::new("example.org");
            if let DiscoveryStep::Done(Ok(found)) = discovery.fetched(0, answer(200, body)) {
                let is_safe = |found: &Discovered| found.endpoint.is_encrypted() || is_loopback(found.endpoint.host());
                prop_assert!(found.iter().all(is_safe));
            }
        }
    }
}
