//! Domainpart: a domain name or an IP address (RFC 7622 §3.2).

use std::borrow::Cow;
use std::net::Ipv6Addr;

use super::error::JidError;
use super::parts::MAX_PART_BYTES;

/// The normal form: no final dot, lower case.
pub(super) fn prepare(domain: &str) -> Result<Cow<'_, str>, JidError> {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    if domain.is_empty() {
        return Err(JidError::EmptyDomain);
    }
    // Before all else: lower case can be longer, and need not be letters (`İ` becomes `i` and a dot above).
    let domain = if domain.chars().any(char::is_uppercase) {
        Cow::Owned(domain.to_lowercase())
    } else {
        Cow::Borrowed(domain)
    };
    if domain.len() > MAX_PART_BYTES {
        return Err(JidError::DomainTooLong);
    }
    if let Some(address) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address: Ipv6Addr = address.parse().map_err(|_| JidError::InvalidDomain)?;
        return Ok(Cow::Owned(format!("[{address}]")));
    }
    if domain.split('.').any(|label| !is_label(label)) {
        return Err(JidError::InvalidDomain);
    }
    Ok(domain)
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}
