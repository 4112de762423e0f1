//! Which endpoints may be used: encrypted ones, and those on this very machine (`ui-contract.md`, "Serving").

use web_sys::Url;

/// Whether a WebSocket may be opened there.
pub fn allows_socket(url: &str) -> bool {
    allows(url, "wss:", "ws:")
}

/// Whether an HTTP request may be made there.
pub fn allows_http(url: &str) -> bool {
    allows(url, "https:", "http:")
}

/// The scheme of an address, as the browser understands it.
pub fn scheme(url: &str) -> Option<String> {
    Url::new(url).ok().map(|url| url.protocol())
}

/// Asks the browser's own parser, so that no address can look harmless to us and be another to it.
fn allows(url: &str, secure: &str, plain: &str) -> bool {
    let Ok(url) = Url::new(url) else { return false };
    let protocol = url.protocol();
    protocol == secure || (protocol == plain && is_loopback(&url.hostname()))
}

/// Whether a host, as the URL parser normalised it, is this machine (RFC 6761 §6.3).
fn is_loopback(host: &str) -> bool {
    let is_ipv4 = host.split('.').count() == 4 && host.split('.').all(|part| part.parse::<u8>().is_ok());
    host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || (is_ipv4 && host.starts_with("127."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        let loopback = ["localhost", "xmpp.localhost", "127.0.0.1", "127.255.0.3", "[::1]"];
        assert!(loopback.into_iter().all(is_loopback));
        let foreign = [
            "",
            "example.org",
            "localhost.example.org",
            "127.0.0.1.example.org",
            "127.example.org",
            "128.0.0.1",
            "[::2]",
        ];
        assert!(!foreign.into_iter().any(is_loopback));
    }
}
