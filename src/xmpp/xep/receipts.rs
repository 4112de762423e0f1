//! XEP-0184: Message Delivery Receipts.

use crate::ns;
use crate::payload::{flag, id_payload};

flag! {
    /// The sender asks to be told when a device of the recipient has the message (XEP-0184 §5.3).
    ReceiptRequest = "request", ns::RECEIPTS
}

id_payload! {
    /// A device has the message with this id (XEP-0184 §5.4).
    Receipt = "received", ns::RECEIPTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::PayloadError;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn both_survive_the_round_trip() {
        round_trip::<ReceiptRequest>("<request xmlns='urn:xmpp:receipts'/>");
        let receipt: Receipt = round_trip("<received xmlns='urn:xmpp:receipts' id='richard2-4.1.247'/>");
        assert_eq!(receipt.id, "richard2-4.1.247");
    }

    #[test]
    fn a_receipt_must_say_for_what() {
        let refused = |xml| read::<Receipt>(xml).unwrap_err();
        assert_eq!(refused("<received xmlns='urn:xmpp:receipts'/>"), PayloadError::MissingAttribute("id"));
        assert_eq!(refused("<received xmlns='urn:xmpp:receipts' id=''/>"), PayloadError::Invalid("id"));
        assert_eq!(
            refused("<received xmlns='urn:xmpp:chat-markers:0' id='1'/>"),
            PayloadError::WrongElement("received")
        );
    }
}
