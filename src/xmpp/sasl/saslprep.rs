//! SASLprep (RFC 4013): makes equal what people type on different keyboards, before it is hashed.
//!
//! Its tables are those of RFC 3454, so of Unicode 3.2, for ever. Normalization form KC is not among them: it takes 160 KB of
//! data (60 KB compressed) that every browser has already, so the host hands in the function.
//!
//! Code points that Unicode 3.2 did not have are allowed, as in "queries" (RFC 3454 §7): what to make of a password with
//! an emoji is for the server to say, and most take it.

use std::sync::OnceLock;

use zeroize::Zeroizing;

use crate::unicode::runs::{self, Runs};

/// Appendix D: the characters with the bidirectional property "R" or "AL" (D.1) and those with "L" (D.2), as runs.
const DIRECTIONS: &[u8] = include_bytes!("directions.bin");

/// What a run in [`DIRECTIONS`] says.
const RIGHT_TO_LEFT: u32 = 1;
const LEFT_TO_RIGHT: u32 = 2;

/// Prepares a password; `None` if it contains control characters or mixes writing directions in a forbidden way.
pub(super) fn saslprep(password: &str, nfkc: impl FnOnce(&str) -> String) -> Option<Zeroizing<String>> {
    let mapped: Zeroizing<String> = Zeroizing::new(password.chars().filter_map(map).collect());
    let prepared = if mapped.is_ascii() { mapped } else { Zeroizing::new(nfkc(&mapped)) };
    (!prepared.chars().any(is_prohibited) && is_bidi_valid(&prepared)).then_some(prepared)
}

/// RFC 4013 §2.1: other spaces become U+0020, what is commonly mapped to nothing goes.
fn map(c: char) -> Option<char> {
    match c {
        c if is_other_space(c) => Some(' '),
        // B.1
        '\u{ad}' | '\u{34f}' | '\u{1806}' | '\u{180b}'..='\u{180d}' | '\u{200c}'..='\u{200d}' | '\u{2060}' => None,
        '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => None,
        c => Some(c),
    }
}

/// C.1.2
fn is_other_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// RFC 4013 §2.3, without surrogates (C.5), which no `char` is.
fn is_prohibited(c: char) -> bool {
    is_other_space(c)
        // C.2.1 and, up to U+FFFC, C.2.2
        || c.is_control()
        || matches!(c, '\u{6dd}' | '\u{70f}' | '\u{180e}' | '\u{200c}'..='\u{200d}' | '\u{2028}'..='\u{2029}')
        || matches!(c, '\u{2060}'..='\u{2063}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{1d173}'..='\u{1d17a}')
        // C.2.2 and C.6
        || matches!(c, '\u{fff9}'..='\u{fffd}')
        // C.3 and, but for U+FDD0 to U+FDEF, C.4
        || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..)
        || u32::from(c) & 0xfffe == 0xfffe
        || matches!(c, '\u{fdd0}'..='\u{fdef}')
        // C.7
        || matches!(c, '\u{2ff0}'..='\u{2ffb}')
        // C.8
        || matches!(c, '\u{340}'..='\u{341}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        // C.9
        || matches!(c, '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
}

/// RFC 3454 §6.
fn is_bidi_valid(text: &str) -> bool {
    let is_right_to_left = |c| direction(c) == RIGHT_TO_LEFT;
    if !text.contains(is_right_to_left) {
        return true;
    }
    text.starts_with(is_right_to_left)
        && text.ends_with(is_right_to_left)
        && !text.contains(|c| direction(c) == LEFT_TO_RIGHT)
}

fn direction(c: char) -> u32 {
    static RUNS: OnceLock<Runs> = OnceLock::new();
    runs::lookup(RUNS.get_or_init(|| runs::unpack(DIRECTIONS, 2)), c)
}

#[cfg(test)]
pub(crate) mod tests {
    use stringprep::tables;
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    /// Normalization form KC, as a host would have it.
    pub(crate) fn nfkc(text: &str) -> String {
        text.nfkc().collect()
    }

    fn prepared(password: &str) -> Option<String> {
        saslprep(password, nfkc).map(|prepared| prepared.to_string())
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
        assert_eq!(prepared("\u{627}a\u{628}"), None);
    }

    #[test]
    fn every_character_is_mapped_and_prohibited_as_in_stringprep() {
        for c in '\0'..=char::MAX {
            let mapped = match c {
                c if tables::non_ascii_space_character(c) => Some(' '),
                c if tables::commonly_mapped_to_nothing(c) => None,
                c => Some(c),
            };
            assert_eq!(map(c), mapped, "{c:?}");
            let prohibited = tables::non_ascii_space_character(c)
                || tables::ascii_control_character(c)
                || tables::non_ascii_control_character(c)
                || tables::private_use(c)
                || tables::non_character_code_point(c)
                || tables::inappropriate_for_plain_text(c)
                || tables::inappropriate_for_canonical_representation(c)
                || tables::change_display_properties_or_deprecated(c)
                || tables::tagging_character(c);
            assert_eq!(is_prohibited(c), prohibited, "{c:?}");
        }
    }

    /// The crate has today's directions: there are more characters, and some have changed since.
    #[test]
    fn every_character_of_unicode_3_2_has_its_direction_as_in_stringprep() {
        let mut changed = String::new();
        for c in '\0'..=char::MAX {
            if tables::unassigned_code_point(c) {
                assert_eq!(direction(c), 0, "{c:?}");
            } else if is_prohibited(c) {
                continue;
            } else if (tables::bidi_r_or_al(c), tables::bidi_l(c))
                != (direction(c) == RIGHT_TO_LEFT, direction(c) == LEFT_TO_RIGHT)
            {
                changed.push(c);
            }
        }
        let braille: String = ('\u{2800}'..='\u{28ff}').collect();
        let others = "\u{cbf}\u{cc6}\u{1734}\u{17b4}\u{17b5}\u{1885}\u{1886}Ⅎ\u{302e}\u{302f}𝛁𝛛𝛻𝜕𝜵𝝏𝝯𝞉𝞩𝟃";
        assert_eq!(changed.replace(&braille, ""), others);
    }
}
