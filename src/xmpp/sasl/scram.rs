//! SCRAM (RFC 5802, RFC 7677) without channel binding: `n,,`, since a browser program cannot have any.
//!
//! Computing the keys takes PBKDF2's time, up to a second or two for a million iterations, within [`Scram::respond`].

use std::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Offer, Password, Proof, SaslError, ScramHash, ScramKeys};
use crate::base64;
use crate::stream::clip_text;

/// "No channel binding, and I could not do any" (RFC 5802 §7 `gs2-header`).
const GS2_HEADER: &str = "n,,";
/// The nonce has 144 bits.
const NONCE_BYTES: usize = 18;

/// How many iterations a server may ask for. Fewer than the minimum make a recorded sign-in cheap to crack; more than the
/// maximum would only stall us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IterationBounds {
    /// RFC 7677 §4 demands at least 4096.
    pub min: u32,
    /// At most.
    pub max: u32,
}

impl Default for IterationBounds {
    fn default() -> Self {
        Self { min: 4096, max: 1_000_000 }
    }
}

impl IterationBounds {
    pub(crate) fn contains(self, iterations: u32) -> bool {
        (self.min..=self.max).contains(&iterations)
    }
}

/// One SCRAM authentication.
pub(super) struct Scram {
    hash: ScramHash,
    proof: Proof,
    bounds: IterationBounds,
    offer: Offer,
    nonce: String,
    first_bare: String,
    state: State,
}

enum State {
    /// The first message is or will be sent.
    Started,
    /// Our proof is sent, and the server has yet to give its own.
    Proved { server_signature: Zeroizing<Vec<u8>>, keys: ScramKeys },
    /// The server has proved itself.
    Verified(ScramKeys),
}

impl Scram {
    pub(super) fn new(
        hash: ScramHash,
        username: &str,
        proof: Proof,
        offer: Offer,
        bounds: IterationBounds,
        rng: &mut dyn CryptoRng,
    ) -> Self {
        let mut nonce = [0; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        Self::with_nonce(hash, username, proof, offer, bounds, base64::encode(nonce))
    }

    fn with_nonce(
        hash: ScramHash,
        username: &str,
        proof: Proof,
        offer: Offer,
        bounds: IterationBounds,
        nonce: String,
    ) -> Self {
        let first_bare = format!("n={},r={nonce}", escape_username(username));
        Self { hash, proof, bounds, offer, nonce, first_bare, state: State::Started }
    }

    pub(super) fn hash(&self) -> ScramHash {
        self.hash
    }

    /// `client-first-message`.
    pub(super) fn initial_response(&self) -> String {
        format!("{GS2_HEADER}{}", self.first_bare)
    }

    /// Takes a challenge. The first is `server-first-message`, answered by `client-final-message`; a second one can only be
    /// `server-final-message`, which is answered by nothing.
    pub(super) fn respond(&mut self, challenge: &str) -> Result<Zeroizing<String>, SaslError> {
        match self.state {
            State::Started => self.prove(challenge),
            State::Proved { .. } => self.verify(challenge).map(|()| Zeroizing::default()),
            State::Verified(_) => Err(SaslError::Malformed),
        }
    }

    /// The sign-in succeeded, the server says; `message` is `server-final-message` unless that came as a challenge.
    pub(super) fn finish(&mut self, message: Option<&str>) -> Result<ScramKeys, SaslError> {
        if let Some(message) = message.filter(|_| matches!(self.state, State::Proved { .. })) {
            self.verify(message)?;
        }
        match &self.state {
            State::Verified(keys) => Ok(keys.clone()),
            State::Started | State::Proved { .. } => Err(SaslError::SignatureMissing),
        }
    }

    fn prove(&mut self, server_first: &str) -> Result<Zeroizing<String>, SaslError> {
        let parameters = ServerFirst::parse(server_first)?;
        self.check(&parameters)?;
        let keys = self.keys(parameters.salt, parameters.iterations)?;
        let without_proof = format!("c={},r={}", base64::encode(GS2_HEADER), parameters.nonce);
        let auth_message = format!("{},{server_first},{without_proof}", self.first_bare);
        let stored_key = self.hash.digest(&keys.client_key);
        let client_signature = self.hash.hmac(&stored_key, auth_message.as_bytes());
        let proof = keys.client_key.iter().zip(client_signature.iter()).map(|(key, signature)| key ^ signature);
        let proof = Zeroizing::new(proof.collect::<Vec<u8>>());
        let server_signature = self.hash.hmac(&keys.server_key, auth_message.as_bytes());
        self.state = State::Proved { server_signature, keys };
        Ok(Zeroizing::new(format!("{without_proof},p={}", base64::encode(&*proof))))
    }

    /// Attack cases S-01 and S-02.
    fn check(&self, parameters: &ServerFirst<'_>) -> Result<(), SaslError> {
        if !parameters.nonce.starts_with(&self.nonce) || parameters.nonce.len() <= self.nonce.len() {
            return Err(SaslError::NonceMismatch);
        }
        if parameters.salt.is_empty() {
            return Err(SaslError::EmptySalt);
        }
        if !self.bounds.contains(parameters.iterations) {
            return Err(SaslError::Iterations(parameters.iterations));
        }
        match parameters.offer_hash {
            Some(hash) if !self.offer.matches(hash, self.hash) => Err(SaslError::DowngradeDetected),
            _ => Ok(()),
        }
    }

    fn keys(&self, salt: Vec<u8>, iterations: u32) -> Result<ScramKeys, SaslError> {
        match &self.proof {
            Proof::Keys(keys) if keys.hash == self.hash && keys.salt == salt && keys.iterations == iterations => {
                Ok(keys.clone())
            }
            Proof::Keys(_) => Err(SaslError::KeysOutdated),
            Proof::Password(password) => {
                let salted = salted_password(self.hash, password, &salt, iterations)?;
                let client_key = self.hash.hmac(&salted, b"Client Key");
                let server_key = self.hash.hmac(&salted, b"Server Key");
                Ok(ScramKeys { hash: self.hash, salt, iterations, client_key, server_key })
            }
        }
    }

    fn verify(&mut self, server_final: &str) -> Result<(), SaslError> {
        let State::Proved { server_signature, keys } = &self.state else {
            return Err(SaslError::Malformed);
        };
        let message = server_final.split(',').next().unwrap_or_default();
        if let Some(error) = message.strip_prefix("e=") {
            return Err(SaslError::Refused(clip_text(error)));
        }
        let signature = message.strip_prefix("v=").ok_or(SaslError::SignatureMissing)?;
        let signature = base64::decode(signature).ok_or(SaslError::SignatureWrong)?;
        if !bool::from(server_signature.as_slice().ct_eq(&signature)) {
            return Err(SaslError::SignatureWrong);
        }
        self.state = State::Verified(keys.clone());
        Ok(())
    }
}

impl fmt::Debug for Scram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scram").field("hash", &self.hash).finish_non_exhaustive()
    }
}

/// `SaltedPassword` (RFC 5802 §3).
pub fn salted_password(
    hash: ScramHash,
    password: &Password,
    salt: &[u8],
    iterations: u32,
) -> Result<Zeroizing<Vec<u8>>, SaslError> {
    Ok(hash.pbkdf2(password.reveal()?.as_bytes(), salt, iterations))
}

/// `server-first-message`.
struct ServerFirst<'a> {
    nonce: &'a str,
    salt: Vec<u8>,
    iterations: u32,
    /// XEP-0474's attribute.
    offer_hash: Option<&'a str>,
}

impl<'a> ServerFirst<'a> {
    fn parse(message: &'a str) -> Result<Self, SaslError> {
        if message.starts_with("m=") {
            return Err(SaslError::MandatoryExtension);
        }
        let mut attributes = message.split(',');
        let mut value = |name: &str| attributes.next().and_then(|attribute| attribute.strip_prefix(name));
        let nonce = value("r=").ok_or(SaslError::Malformed)?;
        let salt = value("s=").ok_or(SaslError::Malformed)?;
        let iterations = value("i=").ok_or(SaslError::Malformed)?;
        if !nonce.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SaslError::Malformed);
        }
        let mut hashes = attributes.filter_map(|attribute| attribute.strip_prefix("h="));
        let offer_hash = hashes.next();
        if hashes.next().is_some() {
            return Err(SaslError::Malformed);
        }
        let salt = base64::decode(salt).ok_or(SaslError::Malformed)?;
        Ok(Self { nonce, salt, iterations: parse_iterations(iterations)?, offer_hash })
    }
}

fn parse_iterations(digits: &str) -> Result<u32, SaslError> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SaslError::Malformed);
    }
    digits.parse().map_err(|_| SaslError::Iterations(u32::MAX))
}

/// `saslname`.
fn escape_username(username: &str) -> String {
    username.replace('=', "=3D").replace(',', "=2C")
}

#[cfg(test)]
mod tests;
