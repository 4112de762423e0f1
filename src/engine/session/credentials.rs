//! What signs us in, on its way between the store and the stream. No password is ever stored.

use plausch_model::{Secret, Timestamp};
use plausch_xmpp::{
    datetime::DateTime,
    sasl::{Credentials, FastToken, Mechanism, Proof, ScramHash, ScramKeys},
    stream::CredentialChange,
};
use zeroize::Zeroizing;

use super::Session;
use crate::{
    records::{FAST, FastRecord, SCRAM, ScramRecord, encode},
    step::Step,
    store::Table,
};

impl Session {
    /// What to sign in with: the password just typed, else what an earlier sign-in left.
    pub(super) fn credentials(&self) -> Credentials {
        let password = self.password.clone().map(Proof::Password);
        let proof = password.or_else(|| self.scram.as_ref().and_then(keys).map(Proof::Keys));
        let just_typed = self.password.is_some() && !self.ever_online;
        let token = self.fast.as_ref().filter(|_| !just_typed).map(token);
        Credentials::Account { token, proof }
    }

    /// Whether there is anything to sign in with.
    pub(super) fn has_credentials(&self) -> bool {
        self.password.is_some() || self.scram.is_some() || self.fast.is_some()
    }

    /// The negotiation says what to store.
    pub(super) fn credentials_changed(&mut self, step: &mut Step<'_>, change: CredentialChange) {
        match change {
            CredentialChange::Keys(keys) => {
                let record = ScramRecord {
                    mechanism: Mechanism::Scram(keys.hash).name().to_owned(),
                    salt: keys.salt,
                    iterations: keys.iterations,
                    client_key: keys.client_key.to_vec(),
                    server_key: keys.server_key.to_vec(),
                };
                step.fx.batch.put(Table::Credentials, SCRAM, encode(&record));
                // The keys do what the password does, if the server's salt stays the same: then it need not be kept even in
                // memory. Servers that store the password itself (ejabberd, unless told otherwise) salt it anew each time.
                let fits = |old: &ScramRecord| old.salt == record.salt && old.iterations == record.iterations;
                if self.scram.as_ref().is_some_and(fits) {
                    self.replaced_password = self.password.take();
                }
                self.scram = Some(record);
            }
            CredentialChange::Token(token) => {
                let record = FastRecord {
                    token: Secret::new(token.token.as_str()),
                    expires_at: token.expiry.map(|at| Timestamp(at.millis())),
                    count: token.count,
                };
                step.fx.batch.put(Table::Credentials, FAST, encode(&record));
                self.fast = Some(record);
            }
            CredentialChange::TokenRemoved => {
                step.fx.batch.delete(Table::Credentials, FAST);
                self.fast = None;
            }
        }
    }
}

fn keys(record: &ScramRecord) -> Option<ScramKeys> {
    Some(ScramKeys {
        hash: hash(&record.mechanism)?,
        salt: record.salt.clone(),
        iterations: record.iterations,
        client_key: Zeroizing::new(record.client_key.clone()),
        server_key: Zeroizing::new(record.server_key.clone()),
    })
}

fn hash(mechanism: &str) -> Option<ScramHash> {
    match Mechanism::from_name(mechanism)? {
        Mechanism::Scram(hash) => Some(hash),
        Mechanism::Anonymous | Mechanism::Plain => None,
    }
}

fn token(record: &FastRecord) -> FastToken {
    FastToken {
        token: Zeroizing::new(record.token.expose().to_owned()),
        expiry: record.expires_at.map(|at| DateTime::from_millis(at.0)),
        count: record.count,
    }
}
