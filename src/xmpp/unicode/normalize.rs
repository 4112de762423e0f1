//! Unicode normalization form C (UAX #15).
//!
//! Every JavaScript engine has it, so the worker need not carry the tables, which with what reads them are 5 KB of its
//! download: it is built without the feature `composition`, and passes in what the engine has. What a text becomes never
//! changes once its characters are assigned (UAX #15 §3), and what our tables do not know is in no address, so it does
//! not matter whose composition it is.

use std::borrow::Cow;
use std::sync::OnceLock;

#[cfg(feature = "composition")]
mod portable;

/// Gives the normalization form C of a text.
pub type Composer = fn(&str) -> String;

static COMPOSER: OnceLock<Composer> = OnceLock::new();

/// Has all texts composed by this function; only the first call counts. A program that is built without the feature
/// `composition` calls it before anything else: until then texts stay as they are.
pub fn compose_with(composer: Composer) {
    let _ = COMPOSER.set(composer);
}

/// `text` in normalization form C.
pub fn nfc(text: &str) -> Cow<'_, str> {
    // Everything below U+0300 is in that form already, whatever is beside it.
    if text.chars().all(|c| c < '\u{300}') {
        return Cow::Borrowed(text);
    }
    let composed = match COMPOSER.get() {
        Some(composer) => composer(text),
        #[cfg(feature = "composition")]
        None => portable::nfc(text),
        #[cfg(not(feature = "composition"))]
        None => return Cow::Borrowed(text),
    };
    if composed == text { Cow::Borrowed(text) } else { Cow::Owned(composed) }
}
