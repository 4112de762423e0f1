//! What a browser's log of network traffic says.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::Value;

/// All hosts that a browser asked for anything, by name or address, from its network log.
pub fn hosts(net_log: &str) -> Result<BTreeSet<String>> {
    let log: Value = serde_json::from_str(net_log).or_else(|_| {
        // A browser that was ended in the middle leaves the list of events open.
        serde_json::from_str(&format!("{}]}}", net_log.trim_end().trim_end_matches(',')))
    })?;
    let events = log["events"].as_array().into_iter().flatten();
    let urls = events.filter_map(|event| {
        let params = &event["params"];
        ["url", "location", "host"].into_iter().find_map(|name| params[name].as_str()).map(str::to_owned)
    });
    Ok(urls.filter_map(|url| host(&url)).collect())
}

fn host(url: &str) -> Option<String> {
    let rest = match url.split_once("://") {
        Some(("http" | "https" | "ws" | "wss", rest)) => rest,
        Some(_) => return None,
        None => url,
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
        let log = r#"{"events":[{"params":{"url":"https://a.example/x"}},{"params":{"url":"ws://b.example:5280/ws"}},
            {"params":{"host":"c.example:443"}},{"params":{"url":"chrome://newtab/"}},{"params":{}}]}"#;
        let found: Vec<String> = hosts(log).unwrap().into_iter().collect();
        assert_eq!(found, ["a.example", "b.example", "c.example"]);
    }
}
