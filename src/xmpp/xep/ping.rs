//! XEP-0199: XMPP Ping.

use crate::ns;
use crate::payload::flag;

flag! {
    /// Asks whether somebody is there (XEP-0199 §4). Any answer will do, an error included.
    Ping = "ping", ns::PING
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn a_ping_survives_the_round_trip() {
        round_trip::<Ping>("<ping xmlns='urn:xmpp:ping'/>");
        assert!(read::<Ping>("<ping xmlns='urn:xmpp:pong'/>").is_err());
    }
}
