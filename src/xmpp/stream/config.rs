//! What a negotiation starts with.

use crate::jid::BareJid;
use crate::sasl::{Credentials, Policy};
use crate::sm::Sm;

/// What to negotiate, for whom, and what is allowed.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// The account; for [`Credentials::Anonymous`] only its domain counts.
    pub jid: BareJid,
    /// What to authenticate with.
    pub credentials: Credentials,
    /// Which mechanisms may be used.
    pub policy: Policy,
    /// Whether the way to the server is protected: TLS, or loopback. If not, no account is signed in.
    pub secure: bool,
    /// A session to resume, with its counters.
    pub resume: Option<Sm>,
    /// This installation, as it shows to the server.
    pub user_agent: UserAgent,
    /// Begins the resource, which contacts see: the program's name (XEP-0386 §3.2).
    pub resource_tag: String,
    /// The person's language, for the server's texts (BCP 47).
    pub lang: String,
    /// Whether the session begins with somebody looking (XEP-0352).
    pub active: bool,
    /// What the stream is for.
    pub purpose: Purpose,
}

/// What a stream is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Purpose {
    /// A session; a FAST token is asked for where there is FAST.
    #[default]
    Session,
    /// A session that leaves nothing on this device: no FAST token is asked for.
    SessionWithoutToken,
    /// To make the server forget the FAST token (XEP-0484 §3.6), when signing out. No resource is bound.
    InvalidateToken,
}

/// An installation of the program (XEP-0388 §2.3). Servers do not pass it on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserAgent {
    /// A random UUID (version 4), made once and kept as long as the account is on the device. FAST tokens belong to it.
    pub id: String,
    /// The program's name.
    pub software: String,
    /// What the person calls the device, or what it is.
    pub device: Option<String>,
}
