//! The stream: from an open connection to a session, and what comes over it beside stanzas.
//!
//! [`Negotiation`] is a sans-IO machine. Its user opens a connection to an [`Endpoint`], calls [`Negotiation::opened`],
//! hands in each element that arrives to [`Negotiation::receive`], and carries out the [`Action`]s in order. It ends with
//! [`Action::Ready`], [`Action::TokenInvalidated`] or [`Action::Fail`]; after `Ready` the user handles what arrives
//! itself, with [`classify`].
//!
//! The shortest way that the server offers is taken: SASL2 (XEP-0388) with a FAST token (XEP-0484), resumption (XEP-0198)
//! and Bind 2 (XEP-0386) in one round trip; else SASL2 with a password; else SASL, a restarted stream, resumption or
//! resource binding, and stream management one after the other (RFC 6120).
//!
//! Over BOSH everything is the same, except that sessions are not resumed.
//!
//! What it refuses: signing in over a connection that is not secure, mechanisms weaker than the account has seen (S-01), a
//! server that does not prove itself (S-02), a resumption of anything but our session (S-04), an address that is not the
//! configured one, and following redirections by itself (L-04, see [`Redirects`]).

mod bind;
mod classic;
mod config;
mod endpoint;
mod error;
mod features;
mod framing;
mod negotiation;
pub mod ns;
mod outcome;
mod sasl2;

pub use config::{Purpose, StreamConfig, UserAgent};
pub use endpoint::{Endpoint, EndpointError, RedirectError, RedirectPolicy, Redirects, Transport, is_loopback};
pub use error::{StanzaFailure, StreamCondition, StreamError};
pub use features::{Features, Sasl2Features, StreamLimits};
pub use framing::{Incoming, StreamHeader, classify, close, read_frame};
pub use negotiation::Negotiation;
pub use outcome::{Action, CredentialChange, NegotiationError, PasswordReason, Ready, Session};

/// The most characters kept of a text that a server sends along with an error.
const MAX_TEXT_CHARS: usize = 1000;

/// A server's own words, cut to a length that can be shown and logged.
pub(crate) fn clip_text(text: &str) -> String {
    text.chars().take(MAX_TEXT_CHARS).collect()
}
