//! SASL as RFC 6120 §6 has it.

use super::ns;
use crate::base64;
use crate::sasl::SaslError;
use crate::xml::Element;

/// `<auth/>`.
pub(super) fn auth(mechanism: &str, initial_response: &[u8]) -> Element {
    // §6.4.2: an empty initial response is "=".
    let text = if initial_response.is_empty() { "=".to_owned() } else { base64::encode(initial_response) };
    Element::builder("auth", ns::SASL).attr("mechanism", mechanism).text(text).build()
}

/// `<response/>`.
pub(super) fn response(response: &[u8]) -> Element {
    Element::builder("response", ns::SASL).text(base64::encode(response)).build()
}

/// The data of `<challenge/>` or `<success/>`; `None` if there are none.
pub(super) fn data(element: &Element) -> Result<Option<Vec<u8>>, SaslError> {
    let text = element.text();
    match text.trim() {
        "" => Ok(None),
        "=" => Ok(Some(Vec::new())),
        text => decode(text).map(Some),
    }
}

pub(super) fn decode(text: &str) -> Result<Vec<u8>, SaslError> {
    base64::decode(text.trim()).ok_or(SaslError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Limits, parse};

    #[test]
    fn emptiness_has_a_sign() {
        assert_eq!(auth("ANONYMOUS", b"").text(), "=");
        assert_eq!(auth("PLAIN", b"\0a\0b").text(), "AGEAYg==");
        let success = |text: &str| {
            let xml = format!("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{text}</success>");
            data(&parse(&xml, &Limits::default()).unwrap())
        };
        assert_eq!(success(""), Ok(None));
        assert_eq!(success("="), Ok(Some(Vec::new())));
        assert_eq!(success("\n dj0x \n"), Ok(Some(b"v=1".to_vec())));
        assert_eq!(success("<x/>%"), Err(SaslError::Malformed));
    }
}
