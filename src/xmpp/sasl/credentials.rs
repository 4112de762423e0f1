//! What an account is authenticated with. Nothing here shows its content by `Debug`.

use std::fmt;

use zeroize::Zeroizing;

use super::saslprep::saslprep;
use super::{SaslError, ScramHash};
use crate::datetime::DateTime;

/// Who to sign in as, and by what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Credentials {
    /// As nobody in particular (ANONYMOUS): the server makes up an address.
    Anonymous,
    /// As the account of the configured address.
    Account {
        /// A FAST token, tried first where the server has FAST.
        token: Option<FastToken>,
        /// What to fall back to.
        proof: Option<Proof>,
    },
}

impl Credentials {
    /// An account by what it proves.
    pub fn proof(proof: Proof) -> Self {
        Self::Account { token: None, proof: Some(proof) }
    }
}

/// What proves that an account is ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Proof {
    /// The password.
    Password(Password),
    /// What an earlier sign-in by password left.
    Keys(ScramKeys),
}

/// A password, prepared (RFC 4013). Used once, never to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Option<Zeroizing<String>>);

impl Password {
    /// Prepares what was typed. `nfkc` gives the normalization form KC of a text (UAX #15).
    pub fn new(typed: &str, nfkc: impl FnOnce(&str) -> String) -> Self {
        Self(saslprep(typed, nfkc))
    }

    /// The password itself.
    ///
    /// # Errors
    /// [`SaslError::UnusablePassword`] if what was typed can be no password.
    pub fn reveal(&self) -> Result<&str, SaslError> {
        self.0.as_ref().map(|prepared| prepared.as_str()).ok_or(SaslError::UnusablePassword)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The keys that a password makes with one server's salt and iteration count (RFC 5802 §3). They authenticate like the
/// password, but at this server only and only while it keeps that salt and count.
#[derive(Clone, PartialEq, Eq)]
pub struct ScramKeys {
    /// The hash function of the mechanism they are for.
    pub hash: ScramHash,
    /// The server's salt.
    pub salt: Vec<u8>,
    /// The server's iteration count.
    pub iterations: u32,
    /// `ClientKey`: proves us to the server. Secret.
    pub client_key: Zeroizing<Vec<u8>>,
    /// `ServerKey`: proves the server to us. Secret.
    pub server_key: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramKeys")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// A token of XEP-0484 for [`super::FAST_MECHANISM`].
#[derive(Clone, PartialEq, Eq)]
pub struct FastToken {
    /// The token. Secret.
    pub token: Zeroizing<String>,
    /// When the server will refuse it, if it said so understandably.
    pub expiry: Option<DateTime>,
    /// How often it has been used (XEP-0484 §3.4). To be stored before each use.
    pub count: u32,
}

impl fmt::Debug for FastToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FastToken").field("expiry", &self.expiry).field("count", &self.count).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sasl::nfkc;

    /// S-03: what could be logged shows no secret.
    #[test]
    fn debug_shows_no_secret() {
        let keys = ScramKeys {
            hash: ScramHash::Sha256,
            salt: b"salt".to_vec(),
            iterations: 4096,
            client_key: Zeroizing::new(vec![77; 32]),
            server_key: Zeroizing::new(vec![78; 32]),
        };
        let token = FastToken { token: Zeroizing::new("sesame".to_owned()), expiry: None, count: 3 };
        let by_password = Credentials::proof(Proof::Password(Password::new("sesame", nfkc)));
        let by_token = Credentials::Account { token: Some(token), proof: Some(Proof::Keys(keys)) };
        assert_eq!(format!("{by_password:?}"), "Account { token: None, proof: Some(Password(Password(…))) }");
        assert_eq!(
            format!("{by_token:?}"),
            "Account { token: Some(FastToken { expiry: None, count: 3, .. }), \
             proof: Some(Keys(ScramKeys { hash: Sha256, iterations: 4096, .. })) }"
        );
    }
}
