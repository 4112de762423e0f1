//! Signing in, the connection and its end.

use serde::{Deserialize, Serialize};

use crate::{BareJid, Timestamp};

/// What the whole app shows of the connection (`data-connection`).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub enum ConnectionState {
    /// The device has no network, or the person went offline.
    #[default]
    Offline,
    /// A socket is being opened or a stream negotiated.
    Connecting,
    /// The stream is bound or resumed.
    Online,
    /// The connection was lost; the next try is at `retry_at`.
    Disconnected {
        /// When the next try is due; `None` while nothing is scheduled.
        retry_at: Option<Timestamp>,
    },
}

/// Why a sign-in did not work, in a form that the app words for people.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum SignInError {
    /// The typed address is no JID with a local part.
    BadAddress,
    /// The server refused address and password.
    WrongPassword,
    /// The account exists but is disabled or locked; the server's own words, if any.
    AccountDisabled(Option<String>),
    /// The endpoint could not be reached.
    Unreachable {
        /// The endpoint that was tried.
        endpoint: String,
    },
    /// No WebSocket or BOSH endpoint is known for the domain; names what is missing (XEP-0156).
    NoEndpoint {
        /// The address's domain.
        domain: String,
        /// What was looked for and why it failed, for the one who runs the server.
        detail: String,
    },
    /// The server does not serve this domain (`host-unknown`).
    UnknownHost {
        /// The domain asked for.
        domain: String,
    },
    /// The server offers no mechanism that may be used here, or fewer than it used to.
    NoSafeMechanism {
        /// The mechanisms offered.
        offered: Vec<String>,
    },
    /// The server could not prove that it knows the password, or its SCRAM parameters are out of bounds.
    ServerNotAuthentic,
    /// The server said that it can't right now.
    Temporary(Option<String>),
    /// Anything else: the stream error's or failure's condition.
    Other(String),
    /// This account is signed in already.
    AlreadySignedIn,
}

/// Why an account is not signed in (any more).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum EndReason {
    /// The person signed out; everything of the account was deleted from this device.
    SignedOut,
    /// The person signed out, but something could not be deleted; says what.
    SignedOutIncompletely(String),
    /// Sign-in failed before the first session.
    SignInFailed(SignInError),
    /// The stored credentials no longer work: ask for the password again.
    CredentialsRejected(SignInError),
    /// Another program took over this session (`conflict`).
    Replaced,
}

/// How the bytes travel.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum TransportKind {
    /// RFC 7395.
    WebSocket,
    /// XEP-0124 and XEP-0206.
    Bosh,
}

/// What protects the way to the server.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum SecurityLayer {
    /// `wss:` or `https:`.
    Tls,
    /// Plain, to this machine only.
    Loopback,
}

/// What the connection sheet shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct ConnectionDetails {
    /// The account's address.
    pub address: BareJid,
    /// The resource the server bound.
    pub resource: String,
    /// The endpoint in use.
    pub endpoint: String,
    /// How the bytes travel.
    pub transport: TransportKind,
    /// What protects the way to the server.
    pub security: SecurityLayer,
    /// The SASL mechanism that signed us in.
    pub mechanism: String,
    /// Whether SASL2 (XEP-0388) was used.
    pub sasl2: bool,
    /// Whether lost connections are resumed (XEP-0198).
    pub resumable: bool,
    /// Whether this connection resumed an earlier session.
    pub resumed: bool,
    /// Since when we are online.
    pub since: Timestamp,
    /// The server's software, if it says (XEP-0092).
    pub software: Option<String>,
}
