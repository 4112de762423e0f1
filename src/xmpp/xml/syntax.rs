//! Which characters and names XML 1.0 and Namespaces in XML allow.

use std::borrow::Cow;

use crate::shared::SharedText;

/// What the prefix `xml` always stands for.
pub(super) const XML_NS: &str = "http://www.w3.org/XML/1998/namespace";
/// What the prefix `xmlns` always stands for.
pub(super) const XMLNS_NS: &str = "http://www.w3.org/2000/xmlns/";

/// Whether no element may be in this namespace: those two belong to the prefixes `xml` and `xmlns` alone.
pub(super) fn is_reserved_namespace(ns: &str) -> bool {
    ns == XML_NS || ns == XMLNS_NS
}

/// White space (XML 1.0 §2.3 `S`).
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// A character that a document may contain (XML 1.0 §2.2 `Char`).
pub(super) fn is_char(c: char) -> bool {
    c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}' || matches!(c, '\t' | '\n' | '\r')
}

/// Whether all of `text` may stand in a document. Reads bytes, as this runs over every frame: the only forbidden
/// characters are the low control characters and U+FFFE and U+FFFF, which are `EF BF BE` and `EF BF BF`.
pub(super) fn is_all_chars(text: &str) -> bool {
    let bytes = text.as_bytes();
    let control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    let noncharacter = |three: &[u8]| matches!(three, [0xef, 0xbf, 0xbe | 0xbf]);
    !bytes.iter().any(control) && (text.is_ascii() || !bytes.windows(3).any(noncharacter))
}

/// A name without a colon (Namespaces in XML §3 `NCName`).
pub(super) fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

fn is_name_start(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '_' => true,
        '\0'..='\x7f' | '\u{d7}' | '\u{f7}' | '\u{37e}' => false,
        '\u{c0}'..='\u{2ff}' | '\u{370}'..='\u{1fff}' | '\u{200c}' | '\u{200d}' => true,
        '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' => true,
        '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}' => true,
        _ => false,
    }
}

fn is_name_char(c: char) -> bool {
    is_name_start(c) || matches!(c, '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
}

/// `text` without the characters that no document may contain.
pub(super) fn clean_text(text: &str) -> SharedText {
    if is_all_chars(text) {
        SharedText::new(text)
    } else {
        SharedText::new(&text.chars().filter(|c| is_char(*c)).collect::<String>())
    }
}

/// `name` without the characters that a name may not have; `None` if nothing is left.
pub(super) fn clean_name(name: &str) -> Option<SharedText> {
    if is_name(name) {
        return Some(SharedText::new(name));
    }
    let rest: String = name.chars().skip_while(|c| !is_name_start(*c)).filter(|c| is_name_char(*c)).collect();
    (!rest.is_empty()).then(|| SharedText::new(&rest))
}

/// `text` with its line ends made `\n` (XML 1.0 §2.11).
pub(super) fn normalize_line_ends(text: &str) -> Cow<'_, str> {
    let mut parts = text.split('\r');
    let first = parts.next().unwrap_or_default();
    if first.len() == text.len() {
        return Cow::Borrowed(text);
    }
    let mut normal = String::with_capacity(text.len());
    normal.push_str(first);
    for part in parts {
        normal.push('\n');
        normal.push_str(part.strip_prefix('\n').unwrap_or(part));
    }
    Cow::Owned(normal)
}
