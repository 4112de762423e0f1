//! Which of the links that strangers send may be followed.
//!
//! A text becomes a link only if every reader of URLs reads it alike: a known harmless scheme, no character that a
//! browser would silently remove, reinterpret or show as something else. All else stays text, which harms nobody.

use crate::jid::BareJid;

use super::{MAX_URI_BYTES, XmppUri, strip_scheme};

/// A URL that may be a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    scheme: LinkScheme,
    url: String,
    host: Option<String>,
}

/// The schemes that may be followed. What is not here, `aesgcm` included, is never a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkScheme {
    /// `http:`.
    Http,
    /// `https:`.
    Https,
    /// `mailto:` (RFC 6068).
    Mail,
    /// `tel:` (RFC 3966).
    Telephone,
    /// `sms:` (RFC 5724).
    Sms,
    /// `geo:` (RFC 5870).
    Geo,
    /// `xmpp:` (RFC 5122).
    Xmpp,
}

impl LinkScheme {
    const ALL: [LinkScheme; 7] =
        [Self::Http, Self::Https, Self::Mail, Self::Telephone, Self::Sms, Self::Geo, Self::Xmpp];

    /// The scheme's name in lower case, without the colon.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Mail => "mailto",
            Self::Telephone => "tel",
            Self::Sms => "sms",
            Self::Geo => "geo",
            Self::Xmpp => "xmpp",
        }
    }
}

impl Link {
    /// The scheme.
    pub fn scheme(&self) -> LinkScheme {
        self.scheme
    }

    /// The URL, its scheme in lower case and otherwise as it was written.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Whom an `http:` or `https:` link really leads to: the host, normalised, without a port.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }
}

/// The link that `text` is, if it may be one. White space around it is ignored; any within it, a control or an invisible
/// character, a backslash or credentials before the host make it plain text.
pub fn permitted_link(text: &str) -> Option<Link> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    if text.len() > MAX_URI_BYTES || text.contains(is_treacherous) {
        return None;
    }
    let (scheme, rest) =
        LinkScheme::ALL.into_iter().find_map(|scheme| Some((scheme, strip_scheme(text, scheme.name())?)))?;
    let host = match scheme {
        LinkScheme::Http | LinkScheme::Https => Some(web_host(rest)?),
        LinkScheme::Xmpp => XmppUri::parse(text).ok().map(|_| None)?,
        LinkScheme::Telephone | LinkScheme::Sms => rest.chars().any(|c| c.is_ascii_digit()).then_some(None)?,
        LinkScheme::Mail | LinkScheme::Geo => (!rest.is_empty()).then_some(None)?,
    };
    Some(Link { scheme, url: format!("{}:{rest}", scheme.name()), host })
}

/// Characters that browsers remove or that change how a URL looks: white space, controls, marks of text direction,
/// characters without width, quotes and angle brackets, and the backslash, which some take for a slash.
fn is_treacherous(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
        || matches!(c, '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

/// The host of what follows `http:`.
fn web_host(rest: &str) -> Option<String> {
    let after_slashes = rest.strip_prefix("//")?;
    let end = after_slashes.find(['/', '?', '#']).unwrap_or(after_slashes.len());
    let (authority, _) = after_slashes.split_at_checked(end)?;
    let (host, port) = split_port(authority);
    let is_port = port.is_none_or(|port| !port.is_empty() && port.parse::<u16>().is_ok() && is_digits(port));
    // A domain as an address has the same rules as here, and with a localpart (credentials) it would not be one.
    let domain = BareJid::parse(host).ok().filter(|jid| jid.local().is_none())?;
    is_port.then(|| domain.domain().to_owned())
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Splits `host:port`; the colons of an IPv6 address are within brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}
