//! `xmpp:` URIs, and the choice of links.

use plausch_xmpp::uri::{MAX_URI_BYTES, XmppUri, permitted_link};

const SCHEMES: [&str; 7] = ["http:", "https:", "mailto:", "tel:", "sms:", "geo:", "xmpp:"];

/// What is read is written in ASCII and reads the same; a link begins with a known scheme and has nothing hidden.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(uri) = XmppUri::parse(&text) {
        let written = uri.to_string();
        assert!(written.is_ascii(), "{written}");
        if written.len() <= MAX_URI_BYTES {
            assert_eq!(XmppUri::parse(&written).as_ref(), Ok(&uri), "{written}");
        }
    }
    if let Some(link) = permitted_link(&text) {
        assert!(SCHEMES.iter().any(|scheme| link.as_str().starts_with(scheme)), "{link:?}");
        assert!(!link.as_str().contains(|c: char| c.is_control() || c.is_whitespace()), "{link:?}");
        assert_eq!(permitted_link(link.as_str()), Some(link));
    }
}
