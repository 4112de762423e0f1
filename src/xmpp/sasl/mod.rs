//! SASL (RFC 4422) for a client in a browser: which mechanism to use, and running it.
//!
//! Mechanisms: SCRAM-SHA-512, -256 and -1 (RFC 5802, RFC 7677), PLAIN (RFC 4616) where the hoster allows it, ANONYMOUS
//! (RFC 4505), and HT-SHA-256-NONE for FAST tokens (XEP-0484). No channel binding, since browsers do not give access to
//! TLS.
//!
//! What is refused: a server that does not prove that it knows the password or token, a nonce that does not extend ours,
//! an empty salt, iteration counts out of bounds, a list of mechanisms that is not the one the server says it sent
//! (XEP-0474), and any mechanism weaker than what the account has seen before ([`Policy::pinned`]).
//!
//! Secrets are wiped from memory when dropped, as far as the types here hold them, and never shown by `Debug`.

mod choose;
mod credentials;
mod downgrade;
mod exchange;
mod failure;
mod hash;
mod mechanism;
mod saslprep;
mod scram;
mod token;

pub use choose::{NoMechanism, Policy, choose, strongest_scram};
pub use credentials::{Credentials, FastToken, Password, Proof, ScramKeys};
pub use downgrade::Offer;
pub use exchange::{Exchange, SaslError};
pub use failure::{SaslCondition, SaslFailure};
pub use hash::ScramHash;
pub use mechanism::Mechanism;
#[cfg(test)]
pub(crate) use saslprep::tests::nfkc;
pub use scram::{IterationBounds, salted_password};
pub use token::FAST_MECHANISM;
