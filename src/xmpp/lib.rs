//! XMPP, sans-IO.
