//! Running one mechanism. The profile (RFC 6120 or XEP-0388) only carries the messages.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::scram::Scram;
use super::token::Token;
use super::{FAST_MECHANISM, FastToken, IterationBounds, Mechanism, Offer, Password, Proof, ScramHash, ScramKeys};

/// Why we gave up an authentication.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SaslError {
    /// A message is not what the mechanism has at this point.
    #[error("the server's message is malformed")]
    Malformed,
    /// The server's nonce does not extend ours: a replay.
    #[error("the server's nonce does not extend ours")]
    NonceMismatch,
    /// There is no salt.
    #[error("the server's salt is empty")]
    EmptySalt,
    /// The iteration count is out of bounds; the count, or `u32::MAX` if it is larger.
    #[error("the server's iteration count {0} is out of bounds")]
    Iterations(u32),
    /// The server demands an extension.
    #[error("the server demands an unknown extension")]
    MandatoryExtension,
    /// What was offered is not what the server says it offered (XEP-0474): somebody in between changed it.
    #[error("the offered mechanisms were changed on the way")]
    DowngradeDetected,
    /// The server says that we are signed in, but does not prove that it knows the password or token.
    #[error("the server did not prove its identity")]
    SignatureMissing,
    /// The server's proof is wrong.
    #[error("the server's proof of its identity is wrong")]
    SignatureWrong,
    /// The server's SCRAM error (RFC 5802 §7 `server-error-value`).
    #[error("the server refused: {0}")]
    Refused(String),
    /// The stored keys are for another salt or iteration count: the password is needed once more.
    #[error("the stored keys are for another salt or iteration count")]
    KeysOutdated,
    /// The password contains what no password may (RFC 4013).
    #[error("the password contains characters that no password may have")]
    UnusablePassword,
}

/// One run of one mechanism.
pub struct Exchange(Kind);

enum Kind {
    Anonymous,
    Plain { username: String, password: Password },
    Scram(Box<Scram>),
    Token(Token),
}

impl Exchange {
    /// ANONYMOUS.
    pub fn anonymous() -> Self {
        Self(Kind::Anonymous)
    }

    /// PLAIN. The caller has made sure that the way to the server is protected.
    pub fn plain(username: &str, password: &Password) -> Self {
        Self(Kind::Plain { username: username.to_owned(), password: password.clone() })
    }

    /// SCRAM, with what the server offered before.
    pub fn scram(
        hash: ScramHash,
        username: &str,
        proof: &Proof,
        offer: Offer,
        bounds: IterationBounds,
        rng: &mut dyn CryptoRng,
    ) -> Self {
        Self(Kind::Scram(Box::new(Scram::new(hash, username, proof.clone(), offer, bounds, rng))))
    }

    /// A FAST token.
    pub fn token(username: &str, token: &FastToken) -> Self {
        Self(Kind::Token(Token::new(username, token)))
    }

    /// The mechanism's name.
    pub fn mechanism(&self) -> &'static str {
        match &self.0 {
            Kind::Anonymous => Mechanism::Anonymous.name(),
            Kind::Plain { .. } => Mechanism::Plain.name(),
            Kind::Scram(scram) => Mechanism::Scram(scram.hash()).name(),
            Kind::Token(_) => FAST_MECHANISM,
        }
    }

    /// Whether it is by a FAST token.
    pub fn is_token(&self) -> bool {
        matches!(self.0, Kind::Token(_))
    }

    /// Whether it is SCRAM.
    pub fn is_scram(&self) -> bool {
        matches!(self.0, Kind::Scram(_))
    }

    /// Our first message. All mechanisms here begin with the client.
    pub fn initial_response(&self) -> Result<Zeroizing<Vec<u8>>, SaslError> {
        match &self.0 {
            Kind::Anonymous => Ok(Zeroizing::default()),
            Kind::Plain { username, password } => plain_message(username, password),
            Kind::Scram(scram) => Ok(Zeroizing::new(scram.initial_response().into_bytes())),
            Kind::Token(token) => Ok(token.initial_response()),
        }
    }

    /// Takes a challenge and gives the response.
    pub fn respond(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, SaslError> {
        let Kind::Scram(scram) = &mut self.0 else {
            return Err(SaslError::Malformed);
        };
        let response = scram.respond(utf8(challenge)?)?;
        Ok(Zeroizing::new(response.as_bytes().to_vec()))
    }

    /// The server says that we are signed in, with additional data or without. Only if this is `Ok` we are. Returns the
    /// keys to store instead of the password, where the mechanism makes any.
    pub fn finish(&mut self, message: Option<&[u8]>) -> Result<Option<ScramKeys>, SaslError> {
        match &mut self.0 {
            Kind::Anonymous | Kind::Plain { .. } => Ok(None),
            Kind::Scram(scram) => scram.finish(message.map(utf8).transpose()?).map(Some),
            Kind::Token(token) => token.verify(message).map(|()| None),
        }
    }
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Exchange").field(&self.mechanism()).finish()
    }
}

/// RFC 4616 §2, without an authorization identity.
fn plain_message(username: &str, password: &Password) -> Result<Zeroizing<Vec<u8>>, SaslError> {
    let password = password.reveal()?;
    Ok(Zeroizing::new([&[0], username.as_bytes(), &[0], password.as_bytes()].concat()))
}

fn utf8(message: &[u8]) -> Result<&str, SaslError> {
    std::str::from_utf8(message).map_err(|_| SaslError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sasl::nfkc;

    fn token() -> FastToken {
        let token = Zeroizing::new("secret-token:fast-Oeie4nmlUoLHXca_YhkLJ".to_owned());
        FastToken { token, expiry: None, count: 0 }
    }

    #[test]
    fn plain_sends_the_prepared_password() {
        let exchange = Exchange::plain("juliet", &Password::new("a\u{a0}b", nfkc));
        assert_eq!(**exchange.initial_response().unwrap(), *b"\0juliet\0a b");
        let unusable = Exchange::plain("juliet", &Password::new("a\u{0}b", nfkc));
        assert_eq!(unusable.initial_response(), Err(SaslError::UnusablePassword));
    }

    #[test]
    fn anonymous_says_nothing() {
        let mut exchange = Exchange::anonymous();
        assert!(exchange.initial_response().unwrap().is_empty());
        assert_eq!(exchange.respond(b"who?"), Err(SaslError::Malformed));
        assert_eq!(exchange.finish(None), Ok(None));
    }

    const INITIATOR: [u8; 32] = [
        223, 130, 136, 202, 249, 230, 2, 102, 250, 50, 50, 56, 176, 196, 48, 119, 152, 212, 143, 143, 84, 244, 145, 83,
        167, 241, 124, 33, 144, 62, 40, 182,
    ];
    const RESPONDER: [u8; 32] = [
        98, 149, 120, 19, 213, 43, 84, 80, 163, 108, 41, 249, 189, 155, 111, 63, 128, 100, 22, 71, 149, 240, 43, 172,
        8, 134, 189, 182, 174, 151, 107, 172,
    ];

    /// Computed with another implementation (Python's `hmac`).
    #[test]
    fn token_proves_both_sides() {
        let mut exchange = Exchange::token("juliet", &token());
        let initial = exchange.initial_response().unwrap();
        assert_eq!(initial.split_at(7), (&b"juliet\0"[..], &INITIATOR[..]));
        assert_eq!(exchange.finish(Some(&RESPONDER)), Ok(None));
    }

    /// S-02.
    #[test]
    fn token_without_the_servers_proof_is_refused() {
        let mut exchange = Exchange::token("juliet", &token());
        assert_eq!(exchange.finish(None), Err(SaslError::SignatureMissing));
        assert_eq!(exchange.finish(Some(b"")), Err(SaslError::SignatureWrong));
        assert_eq!(exchange.finish(Some(&INITIATOR)), Err(SaslError::SignatureWrong));
        assert_eq!(exchange.respond(b"r=1"), Err(SaslError::Malformed));
    }
}
