//! Names and strength of the mechanisms that authenticate an account.

use super::ScramHash;

/// A mechanism of which a list is offered, from weakest to strongest.
///
/// FAST's mechanism is not among them: it authenticates a token, not an account, and is offered in a list of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mechanism {
    /// Nobody in particular (RFC 4505).
    Anonymous,
    /// The password itself is sent (RFC 4616).
    Plain,
    /// Both sides prove that they know the password (RFC 5802).
    Scram(ScramHash),
}

impl Mechanism {
    /// All that are implemented.
    pub const ALL: [Self; 5] = [
        Self::Anonymous,
        Self::Plain,
        Self::Scram(ScramHash::Sha1),
        Self::Scram(ScramHash::Sha256),
        Self::Scram(ScramHash::Sha512),
    ];

    /// The registered name. It may be stored, and read again by [`Mechanism::from_name`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "ANONYMOUS",
            Self::Plain => "PLAIN",
            Self::Scram(ScramHash::Sha1) => "SCRAM-SHA-1",
            Self::Scram(ScramHash::Sha256) => "SCRAM-SHA-256",
            Self::Scram(ScramHash::Sha512) => "SCRAM-SHA-512",
        }
    }

    /// The mechanism of this name, if it is implemented. Those with channel binding (`-PLUS`) are not.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for mechanism in Mechanism::ALL {
            assert_eq!(Mechanism::from_name(mechanism.name()), Some(mechanism));
        }
        assert_eq!(Mechanism::from_name("SCRAM-SHA-256-PLUS"), None);
        assert_eq!(Mechanism::from_name("scram-sha-256"), None);
    }

    #[test]
    fn the_list_is_sorted_by_strength() {
        assert!(Mechanism::ALL.is_sorted());
    }
}
