//! The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), with the faults that attack case S-02 is about.

use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const SALT: &[u8] = b"a salt for tests";
const ITERATIONS: u32 = 4096;
/// Exchanges with a salt of their own.
static EXCHANGES: AtomicU32 = AtomicU32::new(0);

/// What the server does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tampering {
    /// Nothing.
    #[default]
    None,
    /// Its signature is not that of somebody who knows the password.
    WrongSignature,
    /// It leaves its signature out.
    NoSignature,
    /// Its nonce does not begin with the client's.
    ForeignNonce,
    /// It adds nothing to the client's nonce.
    NoNonceOfItsOwn,
    /// It asks for so many iterations, with a signature that is right for as many (but never more than 4,096 are computed).
    Iterations(u32),
    /// It sends an empty salt.
    EmptySalt,
    /// Nothing wrong: it stores the password itself, and sends a new salt each time.
    NewSalt,
}

/// One exchange, from the side of the server.
pub struct Scram {
    password: String,
    tampering: Tampering,
    salt: Vec<u8>,
    client_first_bare: String,
    server_first: String,
}

impl Scram {
    /// An exchange with somebody who should know this password.
    pub fn new(password: &str, tampering: Tampering) -> Self {
        let salt = match tampering {
            Tampering::EmptySalt => Vec::new(),
            Tampering::NewSalt => [SALT, &EXCHANGES.fetch_add(1, Ordering::SeqCst).to_be_bytes()].concat(),
            _ => SALT.to_vec(),
        };
        let (client_first_bare, server_first) = (String::new(), String::new());
        Self { password: password.to_owned(), tampering, salt, client_first_bare, server_first }
    }

    /// The answer to the client's first message. Errors say what the client should have sent.
    pub fn first(&mut self, client_first: &str) -> Result<String, &'static str> {
        let mut parts = client_first.splitn(3, ',');
        let bare = parts.nth(2).ok_or("a GS2 header and a message")?;
        let nonce = attribute(bare, "r=").ok_or("a nonce")?;
        let nonce = match self.tampering {
            Tampering::ForeignNonce => "an-entirely-different-nonce".to_owned(),
            Tampering::NoNonceOfItsOwn => nonce.to_owned(),
            _ => format!("{nonce}server-part"),
        };
        let salt = BASE64.encode(&self.salt);
        self.client_first_bare = bare.to_owned();
        self.server_first = format!("r={nonce},s={salt},i={}", self.iterations());
        Ok(self.server_first.clone())
    }

    /// The answer to the client's last message, whose proof has to be right.
    pub fn last(&mut self, client_final: &str) -> Result<String, &'static str> {
        let (without_proof, proof) = client_final.rsplit_once(",p=").ok_or("a proof")?;
        let salted = self.salted_password();
        let auth_message = format!("{},{},{without_proof}", self.client_first_bare, self.server_first);
        let client_key = hmac(&salted, b"Client Key");
        let signature = hmac(&Sha256::digest(client_key), auth_message.as_bytes());
        let expected: Vec<u8> = client_key.iter().zip(signature).map(|(key, signed)| key ^ signed).collect();
        if BASE64.decode(proof).ok() != Some(expected) {
            return Err("the right proof");
        }
        let server_key =
            hmac(&salted, if self.tampering == Tampering::WrongSignature { b"Wrong Key!" } else { b"Server Key" });
        let signature = BASE64.encode(hmac(&server_key, auth_message.as_bytes()));
        Ok(if self.tampering == Tampering::NoSignature { String::new() } else { format!("v={signature}") })
    }

    fn iterations(&self) -> u32 {
        if let Tampering::Iterations(count) = self.tampering { count } else { ITERATIONS }
    }

    fn salted_password(&self) -> [u8; 32] {
        let mut salted = [0; 32];
        let rounds = self.iterations().clamp(1, ITERATIONS);
        pbkdf2::pbkdf2_hmac::<Sha256>(self.password.as_bytes(), &self.salt, rounds, &mut salted);
        salted
    }
}

fn attribute<'a>(message: &'a str, prefix: &str) -> Option<&'a str> {
    message.split(',').find_map(|part| part.strip_prefix(prefix))
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.chain_update(message).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677 §3, as far as our own salt and nonce allow: the client's proof is computed here.
    #[test]
    fn accepts_the_right_proof_only() {
        let prove = |scram: &mut Scram, password: &str| {
            let first = scram.first("n,,n=user,r=abc").unwrap();
            let nonce = attribute(&first, "r=").unwrap().to_owned();
            let client = Scram { password: password.to_owned(), ..Scram::new("", Tampering::None) };
            let salted = client.salted_password();
            let without_proof = format!("c=biws,r={nonce}");
            let auth_message = format!("n=user,r=abc,{first},{without_proof}");
            let key = hmac(&salted, b"Client Key");
            let signature = hmac(&Sha256::digest(key), auth_message.as_bytes());
            let proof: Vec<u8> = key.iter().zip(signature).map(|(key, signed)| key ^ signed).collect();
            scram.last(&format!("{without_proof},p={}", BASE64.encode(proof)))
        };
        assert!(prove(&mut Scram::new("pencil", Tampering::None), "pencil").unwrap().starts_with("v="));
        assert!(prove(&mut Scram::new("pencil", Tampering::None), "crayon").is_err());
        assert_eq!(prove(&mut Scram::new("pencil", Tampering::NoSignature), "pencil").unwrap(), "");
    }

    #[test]
    fn tampers_as_told() {
        let first = |tampering| Scram::new("pencil", tampering).first("n,,n=user,r=abc").unwrap();
        assert_eq!(first(Tampering::None), format!("r=abcserver-part,s={},i=4096", BASE64.encode(SALT)));
        assert!(first(Tampering::ForeignNonce).starts_with("r=an-"));
        assert!(first(Tampering::NoNonceOfItsOwn).starts_with("r=abc,"));
        assert!(first(Tampering::Iterations(1)).ends_with(",i=1"));
        assert!(first(Tampering::EmptySalt).contains(",s=,"));
    }
}
