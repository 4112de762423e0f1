//! HT-SHA-256-NONE (draft-schmaus-kitten-sasl-ht): one message proves that we have the token, and one that the server has.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{FastToken, SaslError, ScramHash};

/// The only FAST mechanism a browser can use: the others need channel binding.
pub const FAST_MECHANISM: &str = "HT-SHA-256-NONE";

/// One authentication by token.
pub(super) struct Token {
    username: String,
    token: Zeroizing<String>,
}

impl Token {
    pub(super) fn new(username: &str, token: &FastToken) -> Self {
        Self { username: username.to_owned(), token: token.token.clone() }
    }

    /// The only message of ours.
    pub(super) fn initial_response(&self) -> Zeroizing<Vec<u8>> {
        let proof = ScramHash::Sha256.hmac(self.token.as_bytes(), b"Initiator");
        Zeroizing::new([self.username.as_bytes(), &[0], &proof].concat())
    }

    /// Checks the server's message. One that proves nothing is refused, though the token was accepted.
    pub(super) fn verify(&self, message: Option<&[u8]>) -> Result<(), SaslError> {
        let message = message.ok_or(SaslError::SignatureMissing)?;
        let expected = ScramHash::Sha256.hmac(self.token.as_bytes(), b"Responder");
        if bool::from(expected.as_slice().ct_eq(message)) { Ok(()) } else { Err(SaslError::SignatureWrong) }
    }
}
