//! Localpart and resourcepart: two PRECIS profiles (RFC 8265) with an ASCII short cut.

use std::borrow::Cow;

use super::error::JidError;

/// Bytes that each part may have (RFC 7622 §3.1).
pub(super) const MAX_PART_BYTES: usize = 1023;

/// Characters that XMPP forbids in a localpart beyond what the profile does (RFC 7622 §3.3.1).
const FORBIDDEN_IN_LOCAL: [char; 8] = ['"', '&', '\'', '/', ':', '<', '>', '@'];

/// UsernameCaseMapped (RFC 8265 §3.3) and RFC 7622 §3.3.
pub(super) fn prepare_local(local: &str) -> Result<Cow<'_, str>, JidError> {
    if local.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(JidError::InvalidLocal);
    }
    let prepared: Cow<'_, str> =
        if local.chars().any(char::is_uppercase) { Cow::Owned(local.to_lowercase()) } else { Cow::Borrowed(local) };
    if prepared.contains(FORBIDDEN_IN_LOCAL) {
        return Err(JidError::InvalidLocal);
    }
    check_length(&prepared, JidError::EmptyLocal, JidError::LocalTooLong)?;
    Ok(prepared)
}

/// OpaqueString (RFC 8265 §4.2) and RFC 7622 §3.4.
pub(super) fn prepare_resource(resource: &str) -> Result<Cow<'_, str>, JidError> {
    if resource.chars().any(char::is_control) {
        return Err(JidError::InvalidResource);
    }
    check_length(resource, JidError::EmptyResource, JidError::ResourceTooLong)?;
    Ok(Cow::Borrowed(resource))
}

fn check_length(part: &str, empty: JidError, too_long: JidError) -> Result<(), JidError> {
    match part.len() {
        0 => Err(empty),
        1..=MAX_PART_BYTES => Ok(()),
        _ => Err(too_long),
    }
}
