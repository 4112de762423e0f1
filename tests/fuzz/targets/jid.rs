//! Addresses.

use plausch_xmpp::jid::{Jid, display_address, escape_local, unescape_local};

/// A normal form is its own normal form and is made of its parts; escaping can be undone.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = unescape_local(&text);
    if let Ok(jid) = Jid::parse(&text) {
        check(&jid);
    }
    let escaped = escape_local(&text);
    assert_eq!(unescape_local(&escaped), text.trim_matches(' '));
    assert!(!escaped.contains([' ', '"', '&', '\'', '/', ':', '<', '>', '@']));
}

fn check(jid: &Jid) {
    let again = Jid::parse(jid.as_str()).unwrap_or_else(|error| panic!("{jid:?}: {error}"));
    assert_eq!(*jid, again);
    let parts = Jid::from_parts(jid.local(), jid.domain(), jid.resource());
    assert_eq!(parts.as_ref(), Ok(jid));
    assert!(
        [jid.local(), Some(jid.domain()), jid.resource()]
            .into_iter()
            .flatten()
            .all(|part| (1..=1023).contains(&part.len()))
    );
    assert_eq!(jid.bare().as_str(), jid.as_str().split('/').next().unwrap_or_default());
    if let Some(resource) = jid.resource() {
        assert_eq!(jid.bare().with_resource(resource).map(Jid::from).as_ref(), Ok(jid));
    }
    let shown = display_address(&jid.bare());
    assert!(shown.matches('@').count() <= 1, "{shown}");
}
