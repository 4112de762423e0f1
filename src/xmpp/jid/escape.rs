//! JID escaping (XEP-0106): `\40` and its like, for localparts made of other systems' addresses.

use std::borrow::Cow;

use crate::ascii::has;
use crate::unicode::{is_easily_confused, label_to_ascii};

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

/// Makes a localpart of another system's address or a name. Spaces around it are left out, as `\20` may not stand there; a
/// backslash is escaped only where it would otherwise read as an escape (XEP-0106 §4).
pub fn escape_local(text: &str) -> String {
    let text = text.trim_matches(' ');
    let mut escaped = String::with_capacity(text.len());
    for (index, c) in text.char_indices() {
        let is_plain_backslash = c == '\\' && text.get(index..).is_some_and(|rest| escape_at(rest).is_none());
        match ESCAPES.iter().find(|(character, _)| *character == c) {
            Some((_, sequence)) if !is_plain_backslash => escaped.push_str(sequence),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// What an escaped localpart stands for on the other system. Not for showing or comparing: see [`display_address`].
pub fn unescape_local(local: &str) -> Cow<'_, str> {
    unescape(local, |_, _| true)
}

/// An address for a person to read, which is never that of another address.
///
/// Of the escapes, those stay that would move what reads as the domain (`\40`, `\2f`), that would be invisible (`\20` at an
/// end) or that would read as an escape themselves (`\5c`). Labels of the domain that could be taken for others are shown
/// encoded (`xn--…`).
pub fn display_address(address: &BareJid) -> String {
    let mut shown = String::with_capacity(address.as_str().len());
    if let Some(local) = address.local() {
        let is_edge = |index: usize| index == 0 || index.saturating_add(3) == local.len();
        let is_harmful = |index, c| matches!(c, '@' | '/' | '\\') || (c == ' ' && is_edge(index));
        shown.push_str(&unescape(local, |index, c| !is_harmful(index, c)));
        shown.push('@');
    }
    for (index, label) in address.domain().split('.').enumerate() {
        if index > 0 {
            shown.push('.');
        }
        let label = if is_easily_confused(label) { label_to_ascii(label) } else { Cow::Borrowed(label) };
        shown.push_str(&label);
    }
    shown
}

/// Resolves the escapes that `wanted` says to, by where they are and what they stand for.
fn unescape(local: &str, wanted: impl Fn(usize, char) -> bool) -> Cow<'_, str> {
    if !has(local, b'\\') {
        return Cow::Borrowed(local);
    }
    let mut plain = String::with_capacity(local.len());
    let mut rest = local;
    while let Some(c) = rest.chars().next() {
        let index = local.len().saturating_sub(rest.len());
        let (stands_for, length) = match escape_at(rest) {
            Some((stands_for, sequence)) if wanted(index, stands_for) => (stands_for, sequence.len()),
            _ => (c, c.len_utf8()),
        };
        plain.push(stands_for);
        rest = rest.get(length..).unwrap_or_default();
    }
    Cow::Owned(plain)
}

/// The escape that `text` starts with.
fn escape_at(text: &str) -> Option<(char, &'static str)> {
    ESCAPES.into_iter().find(|(_, sequence)| text.starts_with(sequence))
}
