//! Which mechanism to use, and which to refuse (attack case S-01).

use super::{IterationBounds, Mechanism, Proof, ScramHash};

/// What is allowed.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Whether PLAIN may be used where there is no SCRAM: only if the hoster says so.
    pub allow_plain: bool,
    /// The strongest mechanism that this account has seen offered, from [`crate::stream::Ready::pin`]. If only weaker ones
    /// are offered, nothing is sent.
    pub pinned: Option<Mechanism>,
    /// Iteration counts that are accepted.
    pub iterations: IterationBounds,
    /// Whether the server may be given the hash of a typed password for a mechanism stronger than those it has (XEP-0480).
    /// Off by default, since whoever learns that hash can sign in. The server must have proved before that it knows another
    /// hash of the password; that nobody stands between is up to TLS, as browsers have no channel binding.
    pub allow_upgrade: bool,
}

/// Why no mechanism can be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoMechanism {
    /// None that is offered is allowed, or all are weaker than the pinned one.
    Unsafe,
    /// Safe ones are offered, but none that the stored keys are for.
    KeysUnusable,
    /// There is nothing to prove with.
    NoProof,
}

/// The strongest SCRAM mechanism among those offered.
pub fn strongest_scram(offered: &[String]) -> Option<ScramHash> {
    let hashes = offered.iter().filter_map(|name| match Mechanism::from_name(name) {
        Some(Mechanism::Scram(hash)) => Some(hash),
        _ => None,
    });
    hashes.max()
}

/// The mechanism to authenticate an account with.
pub fn choose(offered: &[String], proof: Option<&Proof>, policy: &Policy) -> Result<Mechanism, NoMechanism> {
    let is_offered = |mechanism: Mechanism| offered.iter().any(|name| name == mechanism.name());
    let strongest = strongest_scram(offered).map(Mechanism::Scram);
    let is_scram_pinned = matches!(policy.pinned, Some(Mechanism::Scram(_)));
    if is_scram_pinned && strongest < policy.pinned {
        return Err(NoMechanism::Unsafe);
    }
    match (proof, strongest) {
        (None, _) => Err(NoMechanism::NoProof),
        (Some(Proof::Password(_)), Some(mechanism)) => Ok(mechanism),
        (Some(Proof::Password(_)), None) if policy.allow_plain && is_offered(Mechanism::Plain) => Ok(Mechanism::Plain),
        (Some(Proof::Keys(keys)), Some(_)) if is_offered(Mechanism::Scram(keys.hash)) => {
            Ok(Mechanism::Scram(keys.hash))
        }
        (Some(Proof::Keys(_)), Some(_)) => Err(NoMechanism::KeysUnusable),
        (Some(_), None) => Err(NoMechanism::Unsafe),
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::sasl::{Password, ScramKeys, nfkc};

    const SHA1: Mechanism = Mechanism::Scram(ScramHash::Sha1);
    const SHA256: Mechanism = Mechanism::Scram(ScramHash::Sha256);
    const SHA512: Mechanism = Mechanism::Scram(ScramHash::Sha512);

    fn with(offered: &[&str], proof: Option<&Proof>, policy: &Policy) -> Result<Mechanism, NoMechanism> {
        let offered: Vec<String> = offered.iter().map(|name| (*name).to_owned()).collect();
        choose(&offered, proof, policy)
    }

    fn password() -> Proof {
        Proof::Password(Password::new("pencil", nfkc))
    }

    fn keys(hash: ScramHash) -> Proof {
        let secret = || Zeroizing::new(vec![1; hash.output_bytes()]);
        Proof::Keys(ScramKeys { hash, salt: vec![1], iterations: 4096, client_key: secret(), server_key: secret() })
    }

    #[test]
    fn the_strongest_wins_whatever_the_order() {
        let policy = Policy::default();
        let all = ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-512", "SCRAM-SHA-512-PLUS", "SCRAM-SHA-256"];
        assert_eq!(with(&all, Some(&password()), &policy), Ok(SHA512));
        assert_eq!(with(&["SCRAM-SHA-1", "X-NEW"], Some(&password()), &policy), Ok(SHA1));
    }

    #[test]
    fn plain_only_where_allowed_and_nothing_better_is_there() {
        let allowed = Policy { allow_plain: true, ..Policy::default() };
        assert_eq!(with(&["PLAIN"], Some(&password()), &Policy::default()), Err(NoMechanism::Unsafe));
        assert_eq!(with(&["PLAIN"], Some(&password()), &allowed), Ok(Mechanism::Plain));
        assert_eq!(with(&["PLAIN", "SCRAM-SHA-1"], Some(&password()), &allowed), Ok(SHA1));
        let pinned_plain = Policy { pinned: Some(Mechanism::Plain), ..allowed };
        assert_eq!(with(&["PLAIN"], Some(&password()), &pinned_plain), Ok(Mechanism::Plain));
    }

    /// S-01.
    #[test]
    fn less_than_what_was_seen_is_refused() {
        let pinned = |pinned| Policy { allow_plain: true, pinned: Some(pinned), ..Policy::default() };
        assert_eq!(with(&["PLAIN"], Some(&password()), &pinned(SHA1)), Err(NoMechanism::Unsafe));
        assert_eq!(with(&["SCRAM-SHA-1", "PLAIN"], Some(&password()), &pinned(SHA512)), Err(NoMechanism::Unsafe));
        assert_eq!(with(&["SCRAM-SHA-1"], Some(&keys(ScramHash::Sha1)), &pinned(SHA256)), Err(NoMechanism::Unsafe));
        assert_eq!(with(&["SCRAM-SHA-512-PLUS"], Some(&password()), &pinned(SHA1)), Err(NoMechanism::Unsafe));
    }

    #[test]
    fn as_much_as_was_seen_or_more_is_fine() {
        let pinned = Policy { pinned: Some(SHA256), ..Policy::default() };
        assert_eq!(with(&["SCRAM-SHA-256", "SCRAM-SHA-1"], Some(&password()), &pinned), Ok(SHA256));
        assert_eq!(with(&["SCRAM-SHA-512"], Some(&password()), &pinned), Ok(SHA512));
    }

    #[test]
    fn keys_choose_their_own_mechanism() {
        let pinned = Policy { pinned: Some(SHA512), ..Policy::default() };
        let keys = keys(ScramHash::Sha256);
        assert_eq!(with(&["SCRAM-SHA-256", "SCRAM-SHA-512"], Some(&keys), &pinned), Ok(SHA256));
        assert_eq!(with(&["SCRAM-SHA-512"], Some(&keys), &pinned), Err(NoMechanism::KeysUnusable));
        let allowed = Policy { allow_plain: true, ..Policy::default() };
        assert_eq!(with(&["PLAIN"], Some(&keys), &allowed), Err(NoMechanism::Unsafe));
        assert_eq!(with(&["SCRAM-SHA-512"], None, &allowed), Err(NoMechanism::NoProof));
    }
}
