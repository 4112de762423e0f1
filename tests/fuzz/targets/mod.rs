//! One file per target. Bytes that are not UTF-8 are read lossily: WebSocket and HTTP hand us strings.

pub mod datetime;
pub mod jid;
pub mod stanza;
pub mod uri;
pub mod xml;
