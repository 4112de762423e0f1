//! XEP-0308: Last Message Correction.
//!
//! Who may correct what is for the receiver to check (attack case A-14).

use crate::ns;
use crate::payload::id_payload;

id_payload! {
    /// The message replaces the one with this id (XEP-0308 §3): always the first version's.
    Replace = "replace", ns::CORRECT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::PayloadError;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn a_correction_survives_the_round_trip() {
        assert_eq!(round_trip::<Replace>("<replace xmlns='urn:xmpp:message-correct:0' id='bad1'/>").id, "bad1");
        let refused = read::<Replace>("<replace xmlns='urn:xmpp:message-correct:0'/>");
        assert_eq!(refused, Err(PayloadError::MissingAttribute("id")));
    }
}
