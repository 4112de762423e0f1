//! Characters that are allowed only beside certain others (RFC 5892 appendix A).

use super::script::{GREEK, HAN, HEBREW, HIRAGANA, KATAKANA};
use super::table::{Class, Joining, class, is_virama, joining, script};

/// Whether the character is one whose neighbours decide (CONTEXTJ, CONTEXTO).
pub(super) fn is_contextual(c: char) -> bool {
    is_joiner(c)
        || matches!(c, '\u{b7}' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{30fb}' | '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}')
}

/// U+200C and U+200D (CONTEXTJ), which are in no class.
pub(super) fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether each contextual character of `text` is where it may be.
pub(super) fn is_context_right(text: &str) -> bool {
    if text.is_ascii() {
        return true;
    }
    text.char_indices().filter(|(_, c)| is_contextual(*c)).all(|(index, c)| {
        let (before, rest) = text.split_at_checked(index).unwrap_or_default();
        is_allowed(before, c, rest.strip_prefix(c).unwrap_or_default(), text)
    })
}

fn is_allowed(before: &str, c: char, after: &str, text: &str) -> bool {
    let previous = before.chars().next_back();
    let next = after.chars().next();
    let previous_is = |wanted: u32| previous.is_some_and(|c| script(c) == wanted);
    match c {
        // A.1
        '\u{200c}' => previous.is_some_and(is_virama) || is_between_joining(before, after),
        // A.2
        '\u{200d}' => previous.is_some_and(is_virama),
        // A.3
        '\u{b7}' => previous == Some('l') && next == Some('l'),
        // A.4
        '\u{375}' => next.is_some_and(|c| script(c) == GREEK),
        // A.5, A.6
        '\u{5f3}' | '\u{5f4}' => previous_is(HEBREW),
        // A.7
        '\u{30fb}' => text.chars().any(|c| [HIRAGANA, KATAKANA, HAN].contains(&script(c))),
        // A.8
        '\u{660}'..='\u{669}' => !text.contains(|c| ('\u{6f0}'..='\u{6f9}').contains(&c)),
        // A.9
        _ => !text.contains(|c| ('\u{660}'..='\u{669}').contains(&c)),
    }
}

/// Whether cursive letters, marks between them aside, join at this place.
fn is_between_joining(before: &str, after: &str) -> bool {
    // U+1E94B is the only letter that is transparent to joining.
    let is_letter = |c: &char| class(*c) != Class::Mark && *c != '\u{1e94b}';
    let left = before.chars().rev().find(is_letter).and_then(joining);
    let right = after.chars().find(is_letter).and_then(joining);
    matches!(left, Some(Joining::Left | Joining::Dual)) && matches!(right, Some(Joining::Right | Joining::Dual))
}
