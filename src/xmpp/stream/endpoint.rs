//! Where to connect: addresses of WebSocket and BOSH endpoints, and when a server's redirection may be followed.
//!
//! An [`Endpoint`] that exists is `wss:` or `https:`, or stays on this machine (attack cases L-03, L-04). It contains no
//! user, no fragment and no character that a browser would read otherwise.

use std::fmt;

use crate::ip;

/// Longer addresses are refused.
const MAX_URL_BYTES: usize = 2000;

/// How bytes travel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    /// RFC 7395.
    WebSocket,
    /// XEP-0124 and XEP-0206.
    Bosh,
}

/// The address of an endpoint that may be connected to.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    url: String,
    host: String,
    transport: Transport,
    encrypted: bool,
}

/// Why an address is none to connect to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EndpointError {
    /// It is no absolute address of the plain form `scheme://host:port/path`.
    #[error("it is not a plain absolute address")]
    Malformed,
    /// Its scheme is none of `wss`, `https`, `ws`, `http`.
    #[error("its scheme is neither wss nor https")]
    Scheme,
    /// It is `ws:` or `http:` to another machine.
    #[error("it is not encrypted")]
    Unencrypted,
}

impl Endpoint {
    /// Reads an address.
    pub fn parse(url: &str) -> Result<Self, EndpointError> {
        let is_plain =
            url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#' | b'"' | b'<' | b'>'));
        if !is_plain || url.len() > MAX_URL_BYTES {
            return Err(EndpointError::Malformed);
        }
        let (scheme, rest) = url.split_once(':').ok_or(EndpointError::Malformed)?;
        let rest = rest.strip_prefix("//").ok_or(EndpointError::Malformed)?;
        let (transport, encrypted) = match scheme.to_ascii_lowercase().as_str() {
            "wss" => (Transport::WebSocket, true),
            "ws" => (Transport::WebSocket, false),
            "https" => (Transport::Bosh, true),
            "http" => (Transport::Bosh, false),
            _ => return Err(EndpointError::Scheme),
        };
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let host = host_of(authority).ok_or(EndpointError::Malformed)?;
        if !encrypted && !is_loopback(&host) {
            return Err(EndpointError::Unencrypted);
        }
        Ok(Self { url: url.to_owned(), host, transport, encrypted })
    }

    /// The address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The host in lower case, without the port; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// How bytes travel.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Whether TLS protects the way; otherwise it does not leave this machine.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Whether the host is `domain` or below it. If not, the person should be asked once (L-03): whoever controls the host
    /// can read along. Both are compared as they are, so an internationalised domain has to be in its ASCII form.
    pub fn belongs_to(&self, domain: &str) -> bool {
        let domain = domain.to_ascii_lowercase();
        self.host == domain || self.host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.url).finish()
    }
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    host == "localhost"
        || host.ends_with(".localhost")
        || matches!(ip::parse_v4(&host), Some([127, ..]))
        || bracketed.and_then(ip::parse_v6) == Some([0, 0, 0, 0, 0, 0, 0, 1])
}

/// The host of `host:port`, in lower case; `None` if it is no host, or a user is named.
fn host_of(authority: &str) -> Option<String> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err() || port.starts_with('+')) {
        return None;
    }
    let host = host.to_ascii_lowercase();
    let is_name = |host: &str| {
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
            && !host.split('.').any(str::is_empty)
    };
    let is_ipv6 = |host: &str| {
        let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        inner.and_then(ip::parse_v6).is_some()
    };
    (is_name(&host) || is_ipv6(&host)).then_some(host)
}

/// Decides about `see-other-uri` (RFC 7395 §3.6.1), `see-other-host` (RFC 6120 §4.9.3.19) and BOSH's `see-other-uri`
/// (L-04): followed at most once per sign-in, only where it was allowed, and never to less protection.
#[derive(Clone, Debug)]
pub struct Redirects {
    policy: RedirectPolicy,
    followed: bool,
}

/// Which redirections may be followed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum RedirectPolicy {
    /// None.
    #[default]
    Never,
    /// Those to hosts that belong to the domain of the account's address.
    WithinDomain(String),
}

/// Why a redirection is not followed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RedirectError {
    /// One was followed already.
    #[error("the server redirects a second time")]
    TooMany,
    /// Where it leads is no endpoint.
    #[error("the server redirects to a place that cannot be connected to: {0}")]
    NoEndpoint(#[from] EndpointError),
    /// It leads from an encrypted to an unencrypted endpoint.
    #[error("the server redirects to an unencrypted endpoint")]
    LessProtected,
    /// It is not allowed.
    #[error("the server redirects to {0}")]
    NotAllowed(Endpoint),
}

impl Redirects {
    /// For one sign-in.
    pub fn new(policy: RedirectPolicy) -> Self {
        Self { policy, followed: false }
    }

    /// Where to connect now, if the redirection from `current` to `target` (the server's words) may be followed.
    pub fn follow(&mut self, current: &Endpoint, target: &str) -> Result<Endpoint, RedirectError> {
        if self.followed {
            return Err(RedirectError::TooMany);
        }
        let target = Endpoint::parse(target)?;
        if current.is_encrypted() && !target.is_encrypted() {
            return Err(RedirectError::LessProtected);
        }
        let allowed = match &self.policy {
            RedirectPolicy::Never => false,
            RedirectPolicy::WithinDomain(domain) => target.belongs_to(domain),
        };
        if !allowed {
            return Err(RedirectError::NotAllowed(target));
        }
        self.followed = true;
        Ok(target)
    }
}

#[cfg(test)]
mod tests;
