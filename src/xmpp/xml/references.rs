//! Character references and the five entities that XMPP allows (RFC 6120 §11.1).

use super::error::{Malformation, Restriction, XmlError};
use super::syntax::{is_char, is_name};

/// What a reference stands for; `name` is what is between `&` and `;`.
pub(super) fn resolve(name: &str) -> Result<char, XmlError> {
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => match name.strip_prefix('#') {
            Some(number) => resolve_number(number),
            None if is_name(name) => Err(Restriction::Entity.into()),
            None => Err(Malformation::Reference.into()),
        },
    }
}

fn resolve_number(number: &str) -> Result<char, XmlError> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(Malformation::Reference.into());
    }
    let code = u32::from_str_radix(digits, radix).map_err(|_| Malformation::Character)?;
    char::from_u32(code).filter(|c| is_char(*c)).ok_or_else(|| Malformation::Character.into())
}
