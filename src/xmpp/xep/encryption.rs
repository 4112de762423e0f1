//! XEP-0380: Explicit Message Encryption.
//!
//! A hint for who can't decrypt a message; it proves nothing about the others (attack case E-08).

use crate::ns;
use crate::payload::{Payload, PayloadError, expect, required};
use crate::xml::Element;

/// `<encryption/>`: how the message is encrypted (XEP-0380 §3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExplicitEncryption {
    /// The method, by its namespace.
    pub namespace: String,
    /// Its name for people, for methods that few know.
    pub name: Option<String>,
}

impl Payload for ExplicitEncryption {
    const NAME: &'static str = "encryption";
    const NS: &'static str = ns::EME;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        Ok(Self {
            namespace: required(element, "namespace")?.to_owned(),
            name: element.attr("name").map(str::to_owned),
        })
    }

    fn to_element(&self) -> Element {
        Element::builder(Self::NAME, Self::NS)
            .attr("namespace", &self.namespace)
            .attr_opt("name", self.name.as_deref())
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn a_hint_survives_the_round_trip() {
        let otr: ExplicitEncryption = round_trip("<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:otr:0'/>");
        assert_eq!((otr.namespace.as_str(), otr.name), ("urn:xmpp:otr:0", None));
        round_trip::<ExplicitEncryption>("<encryption xmlns='urn:xmpp:eme:0' namespace='urn:x:1' name='My Cipher'/>");
        let refused = read::<ExplicitEncryption>("<encryption xmlns='urn:xmpp:eme:0'/>");
        assert_eq!(refused, Err(PayloadError::MissingAttribute("namespace")));
    }
}
