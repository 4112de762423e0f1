//! The three parts of an address, each brought into its normal form.

use std::borrow::Cow;

use crate::ip;
use crate::unicode::{DomainError, PrecisError, domain_to_unicode, opaque_string, username_case_mapped};

use super::error::JidError;

/// Bytes that each part may have (RFC 7622 §3.1).
const MAX_PART_BYTES: usize = 1023;

/// Characters that XMPP forbids in a localpart beyond what the profile does (RFC 7622 §3.3.1).
const FORBIDDEN_IN_LOCAL: [char; 8] = ['"', '&', '\'', '/', ':', '<', '>', '@'];

/// UsernameCaseMapped and RFC 7622 §3.3.
pub(super) fn prepare_local(local: &str) -> Result<Cow<'_, str>, JidError> {
    check_input(local, JidError::LocalTooLong)?;
    let prepared = username_case_mapped(local).map_err(|error| match error {
        PrecisError::Empty => JidError::EmptyLocal,
        _ => JidError::InvalidLocal,
    })?;
    if prepared.contains(FORBIDDEN_IN_LOCAL) {
        return Err(JidError::InvalidLocal);
    }
    check_length(prepared, JidError::LocalTooLong)
}

/// OpaqueString and RFC 7622 §3.4.
pub(super) fn prepare_resource(resource: &str) -> Result<Cow<'_, str>, JidError> {
    check_input(resource, JidError::ResourceTooLong)?;
    let prepared = opaque_string(resource).map_err(|error| match error {
        PrecisError::Empty => JidError::EmptyResource,
        _ => JidError::InvalidResource,
    })?;
    check_length(prepared, JidError::ResourceTooLong)
}

/// A domain name after IDNA2008, or an IP address (RFC 7622 §3.2).
pub(super) fn prepare_domain(domain: &str) -> Result<Cow<'_, str>, JidError> {
    if let Some(address) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address = ip::parse_v6(address).ok_or(JidError::InvalidDomain)?;
        return Ok(Cow::Owned(format!("[{}]", ip::show_v6(address))));
    }
    let prepared = domain_to_unicode(domain).map_err(|error| match error {
        DomainError::Empty if matches!(domain, "" | ".") => JidError::EmptyDomain,
        DomainError::TooLong => JidError::DomainTooLong,
        _ => JidError::InvalidDomain,
    })?;
    let last_label = prepared.rsplit('.').next().unwrap_or_default();
    if is_number(last_label) && ip::parse_v4(&prepared).is_none() {
        return Err(JidError::InvalidDomain);
    }
    Ok(prepared)
}

/// What readers of URLs take for a part of an IPv4 address; no top-level domain looks so (RFC 3696 §2).
fn is_number(label: &str) -> bool {
    match label.strip_prefix("0x") {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// The normal form may be shorter than what was given, but not so much: what is far too long is not worth the work.
fn check_input(part: &str, too_long: JidError) -> Result<(), JidError> {
    if part.len() > MAX_PART_BYTES.saturating_mul(4) { Err(too_long) } else { Ok(()) }
}

fn check_length(part: Cow<'_, str>, too_long: JidError) -> Result<Cow<'_, str>, JidError> {
    if part.len() > MAX_PART_BYTES { Err(too_long) } else { Ok(part) }
}
