use proptest::prelude::*;

use super::*;

fn endpoint(url: &str) -> Endpoint {
    Endpoint::parse(url).unwrap()
}

#[test]
fn encrypted_endpoints() {
    let web_socket = endpoint("wss://Chat.Example.ORG:443/ws?x=1");
    assert_eq!((web_socket.host(), web_socket.transport()), ("chat.example.org", Transport::WebSocket));
    assert!(web_socket.is_encrypted());
    let bosh = endpoint("HTTPS://[2001:db8::1]:5281/http-bind");
    assert_eq!((bosh.host(), bosh.transport()), ("[2001:db8::1]", Transport::Bosh));
    assert_eq!(endpoint("wss://example.org").host(), "example.org");
}

/// L-03.
#[test]
fn unencrypted_only_on_this_machine() {
    for url in ["ws://localhost:5280/ws", "http://127.0.0.1/b", "ws://[::1]:1/", "ws://a.localhost/", "ws://127.9.9.9/"]
    {
        assert!(!endpoint(url).is_encrypted(), "{url}");
    }
    for url in
        ["ws://example.org/ws", "http://example.org/b", "ws://localhost.example.org/", "ws://10.0.0.1/", "ws://[::]/"]
    {
        assert_eq!(Endpoint::parse(url), Err(EndpointError::Unencrypted), "{url}");
    }
}

/// L-02, L-03.
#[test]
fn everything_else_is_refused() {
    for url in ["javascript://example.org/", "data://x", "file:///etc/passwd", "blob://x/", "wsss://example.org/"] {
        assert_eq!(Endpoint::parse(url), Err(EndpointError::Scheme), "{url}");
    }
    for url in [
        "",
        "example.org",
        "wss:example.org",
        "wss://",
        "wss:///ws",
        "wss://user@example.org/",
        "wss://user:password@example.org/",
        "wss://example.org:port/",
        "wss://example.org:99999/",
        "wss://example.org:+80/",
        "wss://exa mple.org/",
        "wss://example.org/\n",
        "wss://example.org\\@evil.example/",
        "wss://example.org/#fragment",
        "wss://müller.example/",
        "wss://example..org/",
        "wss://.example.org/",
        "wss://[::1/",
        "wss://[not-an-address]/",
        "wss://exa%6dple.org/",
    ] {
        assert_eq!(Endpoint::parse(url), Err(EndpointError::Malformed), "{url}");
    }
    let long = format!("wss://example.org/{}", "a".repeat(MAX_URL_BYTES));
    assert_eq!(Endpoint::parse(&long), Err(EndpointError::Malformed));
}

#[test]
fn belonging_is_by_whole_labels() {
    let endpoint = endpoint("wss://ws.example.org/");
    assert!(endpoint.belongs_to("example.org") && endpoint.belongs_to("WS.example.org"));
    for other in ["ample.org", "ws.example.org.evil.example", "a.ws.example.org", "s.example.org", ""] {
        assert!(!endpoint.belongs_to(other), "{other}");
    }
}

/// L-04.
#[test]
fn redirections_are_not_followed_unasked() {
    let current = endpoint("wss://example.org/ws");
    let mut redirects = Redirects::new(RedirectPolicy::Never);
    let other = endpoint("wss://evil.example/ws");
    assert_eq!(redirects.follow(&current, "wss://evil.example/ws"), Err(RedirectError::NotAllowed(other.clone())));
    let mut within = Redirects::new(RedirectPolicy::WithinDomain("example.org".to_owned()));
    assert_eq!(within.follow(&current, "wss://evil.example/ws"), Err(RedirectError::NotAllowed(other.clone())));
}

/// L-04.
#[test]
fn redirections_never_lead_to_less_protection_or_markup() {
    let current = endpoint("wss://example.org/ws");
    let mut redirects = Redirects::new(RedirectPolicy::WithinDomain("localhost".to_owned()));
    assert_eq!(redirects.follow(&current, "ws://localhost/ws"), Err(RedirectError::LessProtected));
    let refused = |error| Err(RedirectError::NoEndpoint(error));
    assert_eq!(redirects.follow(&current, "ws://example.org/ws"), refused(EndpointError::Unencrypted));
    assert_eq!(redirects.follow(&current, "<img src=x onerror=alert(1)>"), refused(EndpointError::Malformed));
    assert_eq!(redirects.follow(&current, "evil.example:9222"), refused(EndpointError::Malformed));
    assert_eq!(redirects.follow(&current, "javascript://evil.example/"), refused(EndpointError::Scheme));
}

/// L-04's positive twin, and its "at most once".
#[test]
fn allowed_redirections_are_followed_once() {
    let current = endpoint("wss://example.org/ws");
    let mut redirects = Redirects::new(RedirectPolicy::WithinDomain("example.org".to_owned()));
    let node = redirects.follow(&current, "wss://node2.example.org/ws").unwrap();
    assert_eq!(node.url(), "wss://node2.example.org/ws");
    assert_eq!(redirects.follow(&node, "wss://node3.example.org/ws"), Err(RedirectError::TooMany));
}

proptest! {
    #[test]
    fn what_is_accepted_is_encrypted_or_local(url in "(wss|ws|https|http|x)://[a-z0-9.:@\\[\\]/\\\\#-]{0,30}") {
        if let Ok(endpoint) = Endpoint::parse(&url) {
            prop_assert!(endpoint.is_encrypted() || is_loopback(endpoint.host()));
            prop_assert!(!endpoint.host().contains(['@', '/', '\\', '#']));
        }
    }

    #[test]
    fn nothing_panics(url in ".*") {
        let _ = Endpoint::parse(&url);
    }
}
