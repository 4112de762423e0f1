//! Namespaces of what is not a stanza, each with the document that defines it.

pub use crate::ns::{CAPS, CARBONS, CLIENT, CSI, PRE_APPROVAL, ROSTER_VERSIONING, STANZAS};

/// RFC 6120 §4.8.1: features and errors of the stream.
pub const STREAMS: &str = "http://etherx.jabber.org/streams";
/// RFC 6120 §4.9.2: stream error conditions.
pub const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
/// RFC 6120 §6.4: SASL.
pub const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
/// RFC 6120 §7: resource binding.
pub const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
/// RFC 7395 §3.3.2: framing.
pub const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
/// XEP-0077 §3: in-band registration as a stream feature.
pub const REGISTER_FEATURE: &str = "http://jabber.org/features/iq-register";
/// XEP-0124: BOSH.
pub const HTTP_BIND: &str = "http://jabber.org/protocol/httpbind";
/// XEP-0198: stream management.
pub const SM: &str = "urn:xmpp:sm:3";
/// XEP-0206: XMPP over BOSH.
pub const XBOSH: &str = "urn:xmpp:xbosh";
/// XEP-0386: Bind 2.
pub const BIND2: &str = "urn:xmpp:bind:0";
/// XEP-0388: SASL2.
pub const SASL2: &str = "urn:xmpp:sasl:2";
/// XEP-0440: channel-binding types.
pub const CHANNEL_BINDING: &str = "urn:xmpp:sasl-cb:0";
/// XEP-0478: stream limits.
pub const LIMITS: &str = "urn:xmpp:stream-limits:0";
/// XEP-0480: SASL upgrades.
pub const SASL_UPGRADE: &str = "urn:xmpp:sasl:upgrade:0";
/// XEP-0480 §3: SCRAM upgrades.
pub const SCRAM_UPGRADE: &str = "urn:xmpp:scram-upgrade:0";
/// XEP-0484: FAST.
pub const FAST: &str = "urn:xmpp:fast:0";
