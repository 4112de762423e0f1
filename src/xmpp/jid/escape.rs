//! JID escaping (XEP-0106): `\40` and its like, for localparts made of other systems' addresses.

use std::borrow::Cow;

use super::BareJid;

/// The characters that are escaped, and how (XEP-0106 §3, table 1).
const ESCAPES: [(char, &str); 10] = [
    (' ', "\\20"),
    ('"', "\\22"),
    ('&', "\\26"),
    ('\'', "\\27"),
    ('/', "\\2f"),
    (':', "\\3a"),
    ('<', "\\3c"),
    ('>', "\\3e"),
    ('@', "\\40"),
    ('\\', "\\5c"),
];

/// Makes a localpart of any text. A backslash is escaped only where it would otherwise read as an escape (§4).
pub fn escape_local(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_plain_backslash = c == '\\' && escape_at(rest).is_none();
        match ESCAPES.iter().find(|(character, _)| *character == c) {
            Some((_, sequence)) if !is_plain_backslash => escaped.push_str(sequence),
            _ => escaped.push(c),
        }
        rest = rest.strip_prefix(c).unwrap_or_default();
    }
    escaped
}

/// What an escaped localpart stands for. Not for showing: see [`display_address`].
pub fn unescape_local(local: &str) -> Cow<'_, str> {
    if !local.contains('\\') {
        return Cow::Borrowed(local);
    }
    let mut plain = String::with_capacity(local.len());
    let mut rest = local;
    while let Some(c) = rest.chars().next() {
        let (stands_for, sequence) = escape_at(rest).unwrap_or((c, ""));
        plain.push(stands_for);
        rest =
            rest.strip_prefix(sequence).filter(|_| !sequence.is_empty()).or(rest.strip_prefix(c)).unwrap_or_default();
    }
    Cow::Owned(plain)
}

/// The escape that `text` starts with.
fn escape_at(text: &str) -> Option<(char, &'static str)> {
    ESCAPES.into_iter().find(|(_, sequence)| text.starts_with(sequence))
}

/// An address for a person to read.
pub fn display_address(address: &BareJid) -> String {
    address.to_string()
}
