//! What a negotiation asks for, and how it ends.

use std::fmt;
use std::ops::Range;

use super::{Features, StanzaFailure, StreamError, StreamHeader};
use crate::jid::FullJid;
use crate::sasl::{FastToken, Mechanism, SaslCondition, SaslError, SaslFailure, ScramKeys};
use crate::sm::{Sm, SmError};
use crate::xml::Element;

/// Something to do, in order.
#[derive(Clone, PartialEq, Eq)]
pub enum Action {
    /// Open or (after SASL) reopen the stream: see [`StreamHeader`].
    Open(StreamHeader),
    /// Send an element. It may contain secrets, so `Debug` shows only its name.
    Send(Element),
    /// Store, or forget, a credential *before* what follows is sent.
    Store(CredentialChange),
    /// The session has begun. What arrives from now on is no longer this machine's.
    Ready(Box<Ready>),
    /// A stanza that arrived after [`Action::Ready`] but in the negotiation's time: treat it as if it came now.
    Received(Element),
    /// The token is no longer valid at the server, and [`super::Purpose::InvalidateToken`] is fulfilled.
    TokenInvalidated,
    /// It did not work. The connection has to be closed.
    Fail(NegotiationError),
}

/// What changed about the stored credentials.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CredentialChange {
    /// Keys to store instead of the password.
    Keys(ScramKeys),
    /// A new token, or the present one with its count raised.
    Token(FastToken),
    /// The token is not accepted any more.
    TokenRemoved,
}

/// A session that has begun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ready {
    /// Our full address.
    pub jid: FullJid,
    /// Whether the session is a new one, and its stream management.
    pub session: Session,
    /// The name of the mechanism that authenticated us.
    pub mechanism: &'static str,
    /// Whether by SASL2.
    pub sasl2: bool,
    /// To be stored, and passed as [`crate::sasl::Policy::pinned`] next time: the strongest mechanism seen so far.
    pub pin: Option<Mechanism>,
    /// Whether carbons (XEP-0280) are enabled already.
    pub carbons_enabled: bool,
    /// Whether the server already knows [`super::StreamConfig::active`].
    pub client_state_sent: bool,
    /// What the server offers. Empty after a resumption within SASL2.
    pub features: Features,
    /// Stanzas that arrived before counting began: to be handled, but not counted.
    pub uncounted: Vec<Element>,
}

/// The session's past.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Session {
    /// A resource was bound: presence, roster and so on start anew.
    New {
        /// Stream management, if the server has it.
        sm: Option<Sm>,
        /// If a resumption was tried and refused: the numbers of the old session's stanzas that the server says it had
        /// handled since the last acknowledgement. What else was unacknowledged may or may not have arrived.
        handled_before: Option<Range<u64>>,
    },
    /// The session goes on: nothing has to be asked again, and what is still unacknowledged has to be sent again.
    Resumed {
        /// The counters, with the server's acknowledgement taken in.
        sm: Sm,
        /// The numbers of the stanzas that are acknowledged by it.
        acked: Range<u64>,
    },
}

/// Why there is no session.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NegotiationError {
    /// The way to the server is not protected, so nothing secret was sent.
    #[error("the connection is not secure")]
    Insecure,
    /// The server offers no mechanism that may be used, or only weaker ones than before (S-01).
    #[error("the server offers no safe way to sign in")]
    NoSafeMechanism {
        /// What it offers.
        offered: Vec<String>,
    },
    /// The stored credentials cannot be used; with the password it would work, or could.
    #[error("the password is needed: {0}")]
    PasswordNeeded(PasswordReason),
    /// The server refused the credentials.
    #[error("the server refused: {0}")]
    Refused(#[from] SaslFailure),
    /// The server's part of the authentication is not acceptable (S-01, S-02).
    #[error("the server could not be authenticated: {0}")]
    NotAuthentic(SaslError),
    /// The password contains characters that no password may have.
    #[error("the password contains characters that no password may have")]
    UnusablePassword,
    /// The server wants more than a password, such as a second factor.
    #[error("the server requires a further step")]
    TaskRequired {
        /// Names of the tasks to choose from (XEP-0388 §2.6.3).
        tasks: Vec<String>,
        /// The server's own words.
        text: Option<String>,
    },
    /// The server ended the stream.
    #[error("the server ended the stream: {0}")]
    Stream(#[from] StreamError),
    /// The server closed the stream.
    #[error("the server closed the stream")]
    Closed {
        /// Where to connect instead; the server's words, for [`super::Redirects`].
        see_other_uri: Option<String>,
    },
    /// The server signed us in under another address.
    #[error("the server signed in another account")]
    OtherAccount {
        /// The address it names.
        address: String,
    },
    /// The server says it is another one.
    #[error("the server is another one than asked for")]
    OtherServer {
        /// The domain it names.
        domain: String,
    },
    /// No resource could be bound.
    #[error("no resource could be bound: {0}")]
    Bind(StanzaFailure),
    /// The server acknowledged more stanzas than were sent (S-04); tell it by [`SmError::to_stream_error`].
    #[error(transparent)]
    Acknowledgement(#[from] SmError),
    /// The server resumed something else than our session (S-04).
    #[error("the server resumed another session")]
    OtherSession,
    /// The server does what no server may do at this point.
    #[error("unexpected: {0}")]
    Protocol(&'static str),
}

/// Why stored credentials cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PasswordReason {
    /// The server changed the salt or the iteration count, so that the keys no longer fit.
    #[error("the stored keys are for another salt or iteration count")]
    ParametersChanged,
    /// The server no longer offers the mechanism that the keys are for.
    #[error("the stored keys are for a mechanism that is not offered")]
    MechanismGone,
    /// The token was refused, and there is nothing else.
    #[error("the token was refused")]
    TokenRefused,
    /// There is nothing to authenticate with, or only a token and no FAST.
    #[error("there is nothing else to sign in with")]
    NothingStored,
}

impl From<SaslError> for NegotiationError {
    fn from(error: SaslError) -> Self {
        match error {
            SaslError::KeysOutdated => Self::PasswordNeeded(PasswordReason::ParametersChanged),
            SaslError::UnusablePassword => Self::UnusablePassword,
            SaslError::Refused(text) => {
                Self::Refused(SaslFailure { condition: SaslCondition::NotAuthorized, text: Some(text) })
            }
            error => Self::NotAuthentic(error),
        }
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(header) => f.debug_tuple("Open").field(header).finish(),
            Self::Send(element) => f.debug_tuple("Send").field(&element.name()).finish(),
            Self::Store(change) => f.debug_tuple("Store").field(change).finish(),
            Self::Ready(ready) => f.debug_tuple("Ready").field(ready).finish(),
            Self::Received(element) => f.debug_tuple("Received").field(&element.name()).finish(),
            Self::TokenInvalidated => f.write_str("TokenInvalidated"),
            Self::Fail(error) => f.debug_tuple("Fail").field(error).finish(),
        }
    }
}
