//! Looking for ASCII in a text with little code: the search of `str` for any text is 3 KB, and its search for a character
//! brings that along.

/// Whether a character of ASCII is in a text.
pub(crate) fn has(text: &str, wanted: u8) -> bool {
    text.as_bytes().contains(&wanted)
}

/// Where some ASCII is in a text.
pub(crate) fn find(text: &str, wanted: &[u8]) -> Option<usize> {
    text.as_bytes().windows(wanted.len()).position(|bytes| bytes.first() == wanted.first() && bytes == wanted)
}
