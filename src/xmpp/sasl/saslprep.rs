//! SASLprep (RFC 4013): makes equal what people type on different keyboards, before it is hashed.
//!
//! Code points that Unicode 3.2 did not have are allowed, as in "queries" (RFC 3454 §7): what to make of a password with
//! an emoji is for the server to say, and most take it.

use std::borrow::Cow;

use stringprep::tables;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// A password that cannot be one: it contains control characters or mixes writing directions in a forbidden way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NotPreparable;

/// Prepares a password.
pub(super) fn saslprep(password: &str) -> Result<Zeroizing<String>, NotPreparable> {
    let prepared = if password.is_ascii() { Cow::Borrowed(password) } else { Cow::Owned(normalize(password)) };
    let prepared = Zeroizing::new(prepared.into_owned());
    if prepared.chars().any(is_prohibited) || !is_bidi_valid(&prepared) { Err(NotPreparable) } else { Ok(prepared) }
}

/// RFC 4013 §2.1 and §2.2.
fn normalize(password: &str) -> String {
    let mapped = password.chars().filter_map(|c| match c {
        c if tables::non_ascii_space_character(c) => Some(' '),
        c if tables::commonly_mapped_to_nothing(c) => None,
        c => Some(c),
    });
    mapped.nfkc().collect()
}

/// RFC 4013 §2.3.
fn is_prohibited(c: char) -> bool {
    tables::non_ascii_space_character(c)
        || tables::ascii_control_character(c)
        || tables::non_ascii_control_character(c)
        || tables::private_use(c)
        || tables::non_character_code_point(c)
        || tables::inappropriate_for_plain_text(c)
        || tables::inappropriate_for_canonical_representation(c)
        || tables::change_display_properties_or_deprecated(c)
        || tables::tagging_character(c)
}

/// RFC 3454 §6.
fn is_bidi_valid(text: &str) -> bool {
    if !text.chars().any(tables::bidi_r_or_al) {
        return true;
    }
    let ends = [text.chars().next(), text.chars().next_back()];
    !text.chars().any(tables::bidi_l) && ends.into_iter().flatten().all(tables::bidi_r_or_al)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(password: &str) -> Option<String> {
        saslprep(password).ok().map(|prepared| prepared.to_string())
    }

    /// RFC 4013 §3.
    #[test]
    fn examples_of_the_rfc() {
        assert_eq!(prepared("I\u{ad}X").as_deref(), Some("IX"));
        assert_eq!(prepared("user").as_deref(), Some("user"));
        assert_eq!(prepared("USER").as_deref(), Some("USER"));
        assert_eq!(prepared("\u{aa}").as_deref(), Some("a"));
        assert_eq!(prepared("\u{2168}").as_deref(), Some("IX"));
        assert_eq!(prepared("\u{7}"), None);
        assert_eq!(prepared("\u{627}\u{31}"), None);
    }

    #[test]
    fn what_people_type() {
        assert_eq!(prepared("Grüße").as_deref(), Some("Grüße"));
        assert_eq!(prepared("Gru\u{308}ße").as_deref(), Some("Grüße"));
        assert_eq!(prepared("no\u{a0}break").as_deref(), Some("no break"));
        assert_eq!(prepared("a\u{2028}b"), None);
        assert_eq!(prepared("🔑 and 🔒").as_deref(), Some("🔑 and 🔒"));
        assert_eq!(prepared("\u{627}\u{31}\u{628}").as_deref(), Some("\u{627}\u{31}\u{628}"));
    }
}
