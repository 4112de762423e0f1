//! What a browser's log of network traffic says.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::Value;

/// All hosts that pages and their workers asked for anything, by name or address, from a browser's network log. What the
/// browser asks for on its own account has no origin for its initiator.
pub fn hosts(net_log: &str) -> Result<BTreeSet<String>> {
    let log: Value = serde_json::from_str(net_log).or_else(|_| {
        // A browser that was ended in the middle leaves the list of events open.
        serde_json::from_str(&format!("{}]}}", net_log.trim_end().trim_end_matches(',')))
    })?;
    let events = log["events"].as_array().into_iter().flatten();
    let requests = events.map(|event| &event["params"]);
    let by_pages =
        requests.filter(|request| request["initiator"].as_str().is_some_and(|origin| origin.contains("://")));
    Ok(by_pages.filter_map(|request| host(request["url"].as_str()?)).collect())
}

fn host(url: &str) -> Option<String> {
    let rest = match url.split_once("://") {
        Some(("http" | "https" | "ws" | "wss", rest)) => rest,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    (!host.is_empty() && !host.contains(' ')).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_hosts_of_all_schemes_and_forms() {
        let log = r#"{"events":[{"params":{"url":"https://a.example/x","initiator":"http://p.example"}},
            {"params":{"url":"ws://b.example:5280/ws","initiator":"http://p.example"}},
            {"params":{"url":"https://update.example/","initiator":"not an origin"}},
            {"params":{"url":"blob:http://p.example/1","initiator":"http://p.example"}},{"params":{}}"#;
        let found: Vec<String> = hosts(log).unwrap().into_iter().collect();
        assert_eq!(found, ["a.example", "b.example"]);
    }
}
