//! Domain names after IDNA2008 (RFC 5891, RFC 5892, RFC 5893), with the mapping of RFC 5895 before.

use std::borrow::Cow;

use crate::list::IntoList;

use super::bidi::{has_right_to_left, keeps_bidi_rule};
use super::context::{is_context_right, is_joiner};
use super::normalize::nfc;
use super::precis::map_width;
use super::punycode;
use super::table::{class, is_idna_valid, lowercase};

/// What an encoded label begins with.
const ACE_PREFIX: &str = "xn--";
/// Bytes of a label (RFC 1034 §3.1), in ASCII.
const MAX_LABEL_BYTES: usize = 63;
/// Bytes of a name in ASCII without the final dot: 255 in the DNS's own format.
const MAX_NAME_BYTES: usize = 253;

/// Why a text is not a domain name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DomainError {
    /// The name or a label of it is empty.
    #[error("the domain or a part of it is empty")]
    Empty,
    /// The name or a label of it is too long for the DNS (RFC 1034 §3.1).
    #[error("the domain is too long")]
    TooLong,
    /// A character is not allowed, or not at this place.
    #[error("the domain has a character that is not allowed")]
    Disallowed,
    /// A label mixes directions so that it could be shown misleadingly (RFC 5893).
    #[error("the domain mixes text directions")]
    Direction,
    /// A label that begins with `xn--` is not what any label is encoded as.
    #[error("the domain has an invalid encoded label")]
    Encoding,
}

/// The normal form: lower case, labels in Unicode, no final dot. Names that are equal have the same.
pub fn domain_to_unicode(domain: &str) -> Result<Cow<'_, str>, DomainError> {
    if domain.len() > 4 * MAX_NAME_BYTES {
        return Err(DomainError::TooLong);
    }
    if domain.is_ascii() && !has_encoded_label(domain) {
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        check_ascii(domain)?;
        let has_capitals = domain.bytes().any(|byte| byte.is_ascii_uppercase());
        return Ok(if has_capitals { Cow::Owned(domain.to_ascii_lowercase()) } else { Cow::Borrowed(domain) });
    }
    let mapped = map(domain);
    let labels = mapped.strip_suffix('.').unwrap_or(&mapped).split('.').map(label_to_unicode);
    let name = labels.collect::<Result<Vec<_>, _>>()?.join(".");
    // If one label is written from right to left, the rule is for all (RFC 5893 §2).
    if has_right_to_left(&name) && !name.split('.').all(keeps_bidi_rule) {
        return Err(DomainError::Direction);
    }
    check_length(&domain_to_ascii(&name))?;
    Ok(if name == domain { Cow::Borrowed(domain) } else { Cow::Owned(name) })
}

/// A name in its normal form with its labels encoded, for the DNS and for readers who must not be fooled.
pub fn domain_to_ascii(normal: &str) -> Cow<'_, str> {
    if normal.is_ascii() {
        return Cow::Borrowed(normal);
    }
    Cow::Owned(normal.split('.').map(label_to_ascii).into_list().join("."))
}

/// One label of a name in its normal form, encoded.
pub(crate) fn label_to_ascii(label: &str) -> Cow<'_, str> {
    match punycode::encode(label) {
        Some(encoded) if !label.is_ascii() => Cow::Owned(format!("{ACE_PREFIX}{encoded}")),
        _ => Cow::Borrowed(label),
    }
}

fn has_encoded_label(domain: &str) -> bool {
    domain.split('.').any(starts_with_prefix)
}

fn starts_with_prefix(label: &str) -> bool {
    label.get(..ACE_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(ACE_PREFIX))
}

fn check_ascii(domain: &str) -> Result<(), DomainError> {
    domain.split('.').try_for_each(check_ascii_label)?;
    check_length(domain)
}

/// Letters, digits and hyphens, with none of those at the ends (RFC 1123 §2.1).
fn check_ascii_label(label: &str) -> Result<(), DomainError> {
    if label.is_empty() {
        return Err(DomainError::Empty);
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(DomainError::Disallowed);
    }
    match label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        true => Ok(()),
        false => Err(DomainError::Disallowed),
    }
}

fn check_length(ascii: &str) -> Result<(), DomainError> {
    let fits = ascii.len() <= MAX_NAME_BYTES && ascii.split('.').all(|label| label.len() <= MAX_LABEL_BYTES);
    if fits { Ok(()) } else { Err(DomainError::TooLong) }
}

/// RFC 5895 §2: lower case, ordinary width, normalization form C, and ideographic full stops made dots. What is allowed as it
/// is stays so.
fn map(domain: &str) -> String {
    let mut mapped = String::with_capacity(domain.len());
    for c in domain.chars().map(map_width) {
        match c {
            '\u{3002}' | '\u{ff61}' => mapped.push('.'),
            _ if is_idna_valid(c) => mapped.push(c),
            _ => mapped.extend(lowercase(c)),
        }
    }
    nfc(&mapped).into_owned()
}

fn label_to_unicode(label: &str) -> Result<String, DomainError> {
    let Some(encoded) = label.strip_prefix(ACE_PREFIX) else {
        if label.is_ascii() {
            check_ascii_label(label)?;
        } else {
            check_unicode_label(label)?;
        }
        return Ok(label.to_owned());
    };
    if label.len() > MAX_LABEL_BYTES {
        return Err(DomainError::TooLong);
    }
    let decoded = punycode::decode(encoded).ok_or(DomainError::Encoding)?;
    // Only what encodes to the very same label is meant by it (RFC 5891 §5.4).
    if decoded.is_ascii() || label_to_ascii(&decoded) != label {
        return Err(DomainError::Encoding);
    }
    check_unicode_label(&decoded)?;
    Ok(decoded)
}

/// RFC 5891 §5.4, the direction aside.
fn check_unicode_label(label: &str) -> Result<(), DomainError> {
    let hyphens = label.starts_with('-') || label.ends_with('-') || label.chars().skip(2).take(2).eq("--".chars());
    let begins_with_mark = label.chars().next().is_some_and(|c| class(c).is_mark());
    let allowed = label.chars().all(|c| is_idna_valid(c) || is_joiner(c)) && is_context_right(label);
    if allowed && !hyphens && !begins_with_mark && nfc(label) == label { Ok(()) } else { Err(DomainError::Disallowed) }
}
