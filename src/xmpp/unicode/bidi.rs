//! The Bidi rule (RFC 5893 §2): what keeps a mixed text from being shown in a misleading order.

use super::table::{Class, class};

/// Whether there is a character that is written from right to left.
pub(super) fn has_right_to_left(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(|c| matches!(class(c), Class::Right | Class::Arabic | Class::ArabicNumber))
}

/// Whether a label, or a name in one piece, keeps the rule's six conditions.
pub(super) fn keeps_bidi_rule(label: &str) -> bool {
    let mut classes = label.chars().map(class);
    let last = label.chars().map(class).rfind(|class| *class != Class::Mark);
    match classes.next() {
        Some(Class::Right | Class::Arabic) => {
            let numbers = |wanted| label.chars().any(|c| class(c) == wanted);
            classes.all(|class| !matches!(class, Class::Left | Class::LeftMark))
                && matches!(last, Some(Class::Right | Class::Arabic | Class::EuropeanNumber | Class::ArabicNumber))
                && !(numbers(Class::EuropeanNumber) && numbers(Class::ArabicNumber))
        }
        Some(Class::Left | Class::LeftMark) => {
            classes.all(|class| !matches!(class, Class::Right | Class::Arabic | Class::ArabicNumber))
                && matches!(last, Some(Class::Left | Class::LeftMark | Class::EuropeanNumber))
        }
        _ => false,
    }
}
