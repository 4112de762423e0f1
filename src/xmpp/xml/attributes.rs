//! The inside of a start tag: attributes as they were written, before prefixes are resolved.

use std::borrow::Cow;

use super::error::{Malformation, XmlError};
use super::references::resolve;
use super::syntax::{is_name, is_space};

/// A name with its prefix, `""` if it has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct QualifiedName<'a> {
    pub(super) prefix: &'a str,
    pub(super) local: &'a str,
}

/// An attribute with its value normalised.
#[derive(Debug)]
pub(super) struct RawAttribute<'a> {
    pub(super) name: QualifiedName<'a>,
    pub(super) value: Cow<'a, str>,
}

impl<'a> QualifiedName<'a> {
    /// Splits a name as written (Namespaces in XML §4).
    pub(super) fn split(written: &'a str) -> Result<Self, XmlError> {
        let (prefix, local) = match written.split_once(':') {
            Some((prefix, local)) if is_name(prefix) => (prefix, local),
            Some(_) => return Err(Malformation::Name.into()),
            None => ("", written),
        };
        if is_name(local) { Ok(Self { prefix, local }) } else { Err(Malformation::Name.into()) }
    }
}

/// Takes the next attribute off `rest`, which is what follows the element's name or an attribute in a start tag.
pub(super) fn next_attribute<'a>(rest: &mut &'a str) -> Result<Option<RawAttribute<'a>>, XmlError> {
    let trimmed = rest.trim_start_matches(is_space);
    if trimmed.is_empty() {
        return Ok(None);
    }
    if trimmed.len() == rest.len() {
        return Err(Malformation::Attribute.into());
    }
    let (name, after_name) = trimmed.split_once('=').ok_or(Malformation::Attribute)?;
    let name = QualifiedName::split(name.trim_end_matches(is_space))?;
    let quoted = after_name.trim_start_matches(is_space);
    let quote = quoted.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or(Malformation::Attribute)?;
    let mut parts = quoted.splitn(3, quote).skip(1);
    let (Some(value), Some(after_value)) = (parts.next(), parts.next()) else {
        return Err(Malformation::Attribute.into());
    };
    *rest = after_value;
    Ok(Some(RawAttribute { name, value: normalize_value(value)? }))
}

/// A value as XML 1.0 §3.3.3 has it: references resolved, each white space that was written out made a blank.
fn normalize_value(value: &str) -> Result<Cow<'_, str>, XmlError> {
    if !value.contains(['&', '<', '\t', '\n', '\r']) {
        return Ok(Cow::Borrowed(value));
    }
    let mut normal = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        let (_, after) = rest.split_at_checked(c.len_utf8()).unwrap_or_default();
        rest = after;
        match c {
            '<' => return Err(Malformation::Attribute.into()),
            '&' => {
                let (name, after) = rest.split_once(';').ok_or(Malformation::Reference)?;
                normal.push(resolve(name)?);
                rest = after;
            }
            '\r' => {
                rest = rest.strip_prefix('\n').unwrap_or(rest);
                normal.push(' ');
            }
            '\t' | '\n' => normal.push(' '),
            _ => normal.push(c),
        }
    }
    Ok(Cow::Owned(normal))
}
