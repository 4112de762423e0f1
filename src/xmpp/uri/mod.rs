//! URIs: reading and writing `xmpp:` ones (RFC 5122, XEP-0147), and deciding which of a stranger's links may be links.
//!
//! An [`XmppUri`] says what somebody would like to happen; nothing happens because one was read. What cannot be read
//! exactly is an error, never a guess: an escaped `/` or `@` does not move the border between the parts of an address.

mod link;
mod percent;

use std::fmt;

use crate::jid::{BareJid, Jid, JidError};

pub use link::{Link, LinkScheme, permitted_link};

/// Bytes that a URI may have: the longest possible address, each byte percent-encoded, and as much again for the query.
pub const MAX_URI_BYTES: usize = 20_000;
/// Key-value pairs that a query may have.
const MAX_PARAMETERS: usize = 64;

/// The key-value pairs of a query, in order.
type Parameters = Vec<(String, String)>;

/// An `xmpp:` URI or IRI. The fragment, which has no meaning for us, is not kept (RFC 5122 §2.6).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct XmppUri {
    account: Option<BareJid>,
    address: Option<Jid>,
    action: Option<UriAction>,
    parameters: Parameters,
}

/// What a URI suggests to do (XEP-0147 "querytype", as registered).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UriAction {
    /// Write a message (XEP-0147).
    Message,
    /// Add to the roster (XEP-0147, XEP-0379).
    Roster,
    /// Remove from the roster (XEP-0147).
    Remove,
    /// Ask for presence (XEP-0147).
    Subscribe,
    /// End a presence subscription (XEP-0147).
    Unsubscribe,
    /// Join a room (XEP-0045).
    Join,
    /// Invite to a room (XEP-0045).
    Invite,
    /// Register with a service or make an account (XEP-0077, XEP-0445).
    Register,
    /// End a registration (XEP-0077).
    Unregister,
    /// Ask what it is and has (XEP-0030).
    Disco,
    /// Run a command (XEP-0050).
    Command,
    /// Act on a node (XEP-0060).
    PubSub,
    /// Show the profile (XEP-0054).
    VCard,
    /// Send a file (XEP-0096).
    SendFile,
    /// Receive a file (XEP-0096).
    ReceiveFile,
    /// Get a file or start a session (XEP-0358).
    Jingle,
    /// Trust or distrust keys (XEP-0434).
    TrustMessage,
    /// Any other: to be ignored, address aside (RFC 5122 §2.5).
    Other(String),
}

/// Why a text is not an `xmpp:` URI.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UriError {
    /// The scheme is another one.
    #[error("not an xmpp: URI")]
    Scheme,
    /// The text has more than [`MAX_URI_BYTES`] bytes, or the query too many pairs.
    #[error("the URI is too long")]
    TooLong,
    /// There is a blank or a control character in the text.
    #[error("the URI has a character that is not allowed")]
    Character,
    /// A `%` is not followed by two hexadecimal digits, or what is encoded is not UTF-8.
    #[error("the URI has an invalid percent-encoding")]
    Encoding,
    /// The authority or the path is not an address.
    #[error("the URI has an invalid address: {0}")]
    Address(#[from] JidError),
    /// There is no address at all.
    #[error("the URI has no address")]
    NoAddress,
}

impl XmppUri {
    /// The URI that identifies an address.
    pub fn new(address: Jid) -> Self {
        Self { address: Some(address), ..Self::default() }
    }

    /// Sets the action.
    #[must_use]
    pub fn with_action(mut self, action: UriAction) -> Self {
        self.action = Some(action);
        self
    }

    /// Appends a key-value pair.
    #[must_use]
    pub fn with_parameter(mut self, key: &str, value: &str) -> Self {
        self.parameters.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Reads a URI or IRI (RFC 5122 §2.8).
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if text.len() > MAX_URI_BYTES {
            return Err(UriError::TooLong);
        }
        let rest = strip_scheme(text, "xmpp").ok_or(UriError::Scheme)?;
        if rest.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(UriError::Character);
        }
        let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (hierarchy, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (account, address) = parse_hierarchy(hierarchy)?;
        let (action, parameters) = parse_query(query)?;
        Ok(Self { account, address, action, parameters })
    }

    /// The account that the URI wants to act as (RFC 5122 §2.3): the authority part, rare, and only ever a suggestion.
    pub fn account(&self) -> Option<&BareJid> {
        self.account.as_ref()
    }

    /// The address that the URI is about; `None` only if there is an account instead.
    pub fn address(&self) -> Option<&Jid> {
        self.address.as_ref()
    }

    /// What the URI suggests to do.
    pub fn action(&self) -> Option<&UriAction> {
        self.action.as_ref()
    }

    /// The first value of a key.
    pub fn parameter(&self, key: &str) -> Option<&str> {
        self.parameters().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// All pairs, in order; a key may come more than once.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl fmt::Display for XmppUri {
    /// Writes a URI, not an IRI: everything beyond ASCII is percent-encoded (RFC 5122 §2.7).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("xmpp:")?;
        if let Some(account) = &self.account {
            f.write_str("//")?;
            write_address(&account.clone().into(), f)?;
        }
        if let Some(address) = &self.address {
            if self.account.is_some() {
                f.write_str("/")?;
            }
            write_address(address, f)?;
        }
        self.write_query(f)
    }
}

impl XmppUri {
    fn write_query(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = '?';
        if let Some(action) = &self.action {
            write!(f, "?{}", percent::encode(action.name(), ""))?;
            separator = ';';
        }
        for (key, value) in &self.parameters {
            write!(f, "{separator}{}={}", percent::encode(key, ""), percent::encode(value, ""))?;
            separator = ';';
        }
        Ok(())
    }
}

impl UriAction {
    const KNOWN: [(&str, UriAction); 17] = [
        ("message", Self::Message),
        ("roster", Self::Roster),
        ("remove", Self::Remove),
        ("subscribe", Self::Subscribe),
        ("unsubscribe", Self::Unsubscribe),
        ("join", Self::Join),
        ("invite", Self::Invite),
        ("register", Self::Register),
        ("unregister", Self::Unregister),
        ("disco", Self::Disco),
        ("command", Self::Command),
        ("pubsub", Self::PubSub),
        ("vcard", Self::VCard),
        ("sendfile", Self::SendFile),
        ("recvfile", Self::ReceiveFile),
        ("jingle", Self::Jingle),
        ("trust-message", Self::TrustMessage),
    ];

    /// The registered name.
    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => Self::KNOWN.iter().find(|(_, action)| action == known).map_or("", |(name, _)| name),
        }
    }

    fn from_name(name: String) -> Self {
        match Self::KNOWN.into_iter().find(|(known, _)| *known == name) {
            Some((_, action)) => action,
            None => Self::Other(name),
        }
    }
}

/// What follows `scheme:`, whatever the case of the scheme.
fn strip_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (found, rest) = text.split_once(':')?;
    found.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// Authority and path (RFC 5122 §2.3, §2.4).
fn parse_hierarchy(hierarchy: &str) -> Result<(Option<BareJid>, Option<Jid>), UriError> {
    let Some(rest) = hierarchy.strip_prefix("//") else {
        if hierarchy.is_empty() {
            return Err(UriError::NoAddress);
        }
        return Ok((None, Some(parse_address(hierarchy)?)));
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let account = parse_address(authority)?.bare();
    let address = if path.is_empty() { None } else { Some(parse_address(path)?) };
    Ok((Some(account), address))
}

/// Splits first and decodes then, so that what is encoded separates nothing.
fn parse_address(path: &str) -> Result<Jid, UriError> {
    let (bare, resource) = match path.split_once('/') {
        Some((bare, resource)) => (bare, Some(percent::decode(resource)?)),
        None => (path, None),
    };
    let (local, domain) = match bare.split_once('@') {
        Some((local, domain)) => (Some(percent::decode(local)?), domain),
        None => (None, bare),
    };
    let domain = percent::decode(domain)?;
    Ok(Jid::from_parts(local.as_deref(), &domain, resource.as_deref())?)
}

/// `action;key=value;key=value`. A query that begins with a pair has no action (OMEMO fingerprints are shared so).
fn parse_query(query: &str) -> Result<(Option<UriAction>, Parameters), UriError> {
    let mut pieces = query.split(';').filter(|piece| !piece.is_empty()).peekable();
    let action = match pieces.next_if(|first| !first.contains('=')) {
        Some(name) => Some(UriAction::from_name(percent::decode(name)?)),
        None => None,
    };
    let mut parameters = Parameters::new();
    for piece in pieces {
        if parameters.len() >= MAX_PARAMETERS {
            return Err(UriError::TooLong);
        }
        let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
        parameters.push((percent::decode(key)?, percent::decode(value)?));
    }
    Ok((action, parameters))
}

/// The characters that each part may have unencoded (RFC 5122 §3.3 `nodeallow`, RFC 3986 §3.2.2, `resallow`).
fn write_address(address: &Jid, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(local) = address.local() {
        write!(f, "{}@", percent::encode(local, "!$()*+,;="))?;
    }
    f.write_str(&percent::encode(address.domain(), "[:]"))?;
    match address.resource() {
        Some(resource) => write!(f, "/{}", percent::encode(resource, "!$&'()*+,:;=")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
