//! Two profiles of RFC 8265: for names and for opaque strings.

use std::borrow::Cow;

use super::bidi::{has_right_to_left, keeps_bidi_rule};
use super::context::{is_context_right, is_contextual, is_joiner};
use super::normalize::nfc;
use super::table::{Class, class, lowercase};

/// Why a string does not conform to a profile.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PrecisError {
    /// Nothing is left.
    #[error("the string is empty")]
    Empty,
    /// A character is not allowed, or not at this place.
    #[error("a character is not allowed")]
    Disallowed,
    /// The string mixes directions so that it could be shown misleadingly (RFC 5893).
    #[error("text directions are mixed")]
    Direction,
    /// Applying the rules again and again changes the string each time (RFC 8264 §7).
    #[error("the string has no stable form")]
    Unstable,
}

/// Times that rules are applied until the string has to be stable (RFC 8264 §7).
const MAX_ROUNDS: usize = 4;

/// Enforces the profile UsernameCaseMapped of the IdentifierClass (RFC 8265 §3.3).
pub fn username_case_mapped(name: &str) -> Result<Cow<'_, str>, PrecisError> {
    if name.is_ascii() {
        return ascii_name(name);
    }
    let mut text = Cow::Borrowed(name);
    for _ in 0..MAX_ROUNDS {
        let next = map_name(&text)?;
        if *next == *text {
            check_name(&text)?;
            return Ok(text);
        }
        text = Cow::Owned(next);
    }
    Err(PrecisError::Unstable)
}

fn ascii_name(name: &str) -> Result<Cow<'_, str>, PrecisError> {
    if name.is_empty() {
        return Err(PrecisError::Empty);
    }
    if !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(PrecisError::Disallowed);
    }
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Ok(Cow::Owned(name.to_ascii_lowercase()));
    }
    Ok(Cow::Borrowed(name))
}

/// Width, case and normalization. Case is mapped without regard to what is beside a character, as RFC 7622 §3.5 (on
/// examples 9 to 11) has it: a capital sigma is always the small sigma that is not final.
fn map_name(name: &str) -> Result<String, PrecisError> {
    let narrow: String = name.chars().map(map_width).collect();
    if !narrow.chars().all(|c| class(c).is_identifier() || is_joiner(c)) {
        return Err(PrecisError::Disallowed);
    }
    let lower: String = narrow.chars().flat_map(lowercase).collect();
    Ok(nfc(&lower).into_owned())
}

fn check_name(name: &str) -> Result<(), PrecisError> {
    if name.is_empty() {
        return Err(PrecisError::Empty);
    }
    if !is_context_right(name) {
        return Err(PrecisError::Disallowed);
    }
    if has_right_to_left(name) && !keeps_bidi_rule(name) {
        return Err(PrecisError::Direction);
    }
    Ok(())
}

/// Enforces the profile OpaqueString of the FreeformClass (RFC 8265 §4.2): for passwords, and for resources.
pub fn opaque_string(text: &str) -> Result<Cow<'_, str>, PrecisError> {
    if text.is_empty() {
        return Err(PrecisError::Empty);
    }
    if text.is_ascii() {
        return if text.contains(|c: char| c.is_ascii_control()) {
            Err(PrecisError::Disallowed)
        } else {
            Ok(Cow::Borrowed(text))
        };
    }
    if !text.chars().all(|c| class(c).is_freeform() || is_contextual(c)) {
        return Err(PrecisError::Disallowed);
    }
    let spaced: Cow<'_, str> = if text.contains(|c| class(c) == Class::FreeSpace) {
        Cow::Owned(text.replace(|c| class(c) == Class::FreeSpace, " "))
    } else {
        Cow::Borrowed(text)
    };
    let normal = match nfc(&spaced) {
        Cow::Borrowed(_) => spaced,
        Cow::Owned(normal) => Cow::Owned(normal),
    };
    if is_context_right(&normal) { Ok(normal) } else { Err(PrecisError::Disallowed) }
}

/// The ordinary form of a fullwidth or halfwidth character (RFC 8264 §5.2.1). Of the halfwidth ones, Katakana alone have a form
/// that an identifier may contain; the rest is refused either way.
pub(super) fn map_width(c: char) -> char {
    const KATAKANA: &str = "・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン\u{3099}\u{309a}";
    let code = u32::from(c);
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(code.wrapping_sub(0xfee0)).unwrap_or(c),
        '\u{ff65}'..='\u{ff9f}' => {
            let index = usize::try_from(code.wrapping_sub(0xff65)).unwrap_or(usize::MAX);
            KATAKANA.chars().nth(index).unwrap_or(c)
        }
        _ => c,
    }
}
