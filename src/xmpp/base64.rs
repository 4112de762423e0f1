//! Base64 (RFC 4648 §4): canonical only, so that each sequence of bytes has one text, padding aside.
//!
//! Why not the crate: it is made for speed and many alphabets, and took 6 KB of the browser's worker; this takes one.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text of some bytes, padded.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    encode_bytes(bytes.as_ref())
}

fn encode_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for group in bytes.chunks(3) {
        let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or_default());
        let number = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (place, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = ALPHABET.get((number >> shift & 63) as usize).filter(|_| place <= group.len());
            text.push(digit.map_or('=', |digit| char::from(*digit)));
        }
    }
    text
}

/// The bytes of a padded text.
pub(crate) fn decode(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    let text = text.as_ref();
    if text.len().is_multiple_of(4) { decode_unpadded(without_padding(text)) } else { None }
}

/// The bytes of a text whose padding may be left out, also in part.
pub(crate) fn decode_lenient(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    let digits = without_padding(text);
    let missing = text.len().div_ceil(4).saturating_mul(4);
    if digits.len().div_ceil(4).saturating_mul(4) == missing { decode_unpadded(digits) } else { None }
}

/// The text without the padding that may be there: three digits have one, two have two.
fn without_padding(text: &[u8]) -> &[u8] {
    let shorter = text.strip_suffix(b"=").unwrap_or(text);
    shorter.strip_suffix(b"=").unwrap_or(shorter)
}

fn decode_unpadded(digits: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(digits.len().div_ceil(4).saturating_mul(3));
    for group in digits.chunks(4) {
        let mut number: u32 = 0;
        for place in 0..4 {
            number = number << 6 | group.get(place).map_or(Some(0), |digit| value(*digit))?;
        }
        let [_, decoded @ ..] = number.to_be_bytes();
        let count = group.len().checked_sub(1).filter(|count| *count > 0)?;
        let (decoded, rest) = decoded.split_at_checked(count)?;
        // What the last digit says beyond the last byte must be nothing (§3.5).
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(decoded);
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u32> {
    let digit = u32::from(digit);
    let value = |first: u8, last: u8, base: u32| {
        let offset = digit.checked_sub(first.into())?;
        (digit <= u32::from(last)).then(|| base.wrapping_add(offset))
    };
    value(b'A', b'Z', 0)
        .or_else(|| value(b'a', b'z', 26))
        .or_else(|| value(b'0', b'9', 52))
        .or_else(|| value(b'+', b'+', 62))
        .or_else(|| value(b'/', b'/', 63))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::alphabet::STANDARD;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};
    use proptest::prelude::*;

    use super::*;

    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );

    /// RFC 4648 §10.
    #[test]
    fn vectors_of_the_rfc() {
        let texts = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (length, text) in texts.into_iter().enumerate() {
            let bytes = &b"foobar"[..length];
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Some(bytes));
            assert_eq!(decode_lenient(text.trim_end_matches('=')).as_deref(), Some(bytes));
        }
    }

    fn check(text: &str) {
        assert_eq!(decode(text), general_purpose::STANDARD.decode(text).ok(), "{text}");
        assert_eq!(decode_lenient(text), LENIENT.decode(text).ok(), "{text}");
    }

    #[test]
    fn ill_formed_texts_are_refused_as_by_the_crate() {
        for text in ["=", "==", "A", "A=", "A==", "A===", "AA=", "AAA==", "AAAA=", "AAAA==", "AA==AA==", "AB==", "AAB="]
        {
            check(text);
        }
    }

    proptest! {
        #[test]
        fn bytes_are_written_as_by_the_crate(bytes: Vec<u8>) {
            prop_assert_eq!(encode(&bytes), general_purpose::STANDARD.encode(&bytes));
            check(&encode(&bytes));
        }

        #[test]
        fn texts_are_read_as_by_the_crate(text in "[A-Za-z0-9+/=AQgw ]{0,9}[=]{0,2}") {
            check(&text);
        }
    }
}
