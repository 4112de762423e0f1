//! SCRAM downgrade protection (XEP-0474): the server tells, under the protection of the password, what it had offered.

use super::ScramHash;
use crate::base64;
use crate::list::IntoList;
use crate::sorted::sorted;

/// What a server offered before the sign-in, exactly as it came.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Offer {
    /// All mechanisms of the profile (SASL or SASL2) that is used, those we do not know included.
    pub mechanisms: Vec<String>,
    /// The channel-binding types (XEP-0440), if the server announced any list of them.
    pub channel_bindings: Option<Vec<String>>,
}

impl Offer {
    /// Whether `hash`, from the server's first message, is that of this offer (XEP-0474 §4.2).
    pub(crate) fn matches(&self, hash: &str, function: ScramHash) -> bool {
        hash == self.hash(function)
    }

    /// The hash over the sorted lists (XEP-0474 §4.1). Rust compares strings by octets, as "i;octet" does.
    fn hash(&self, function: ScramHash) -> String {
        let mut hashed = joined(&self.mechanisms);
        if let Some(channel_bindings) = &self.channel_bindings {
            hashed.push('\u{1f}');
            hashed.push_str(&joined(channel_bindings));
        }
        base64::encode(function.digest(hashed.as_bytes()))
    }
}

fn joined(names: &[String]) -> String {
    sorted(names.iter().map(String::as_str).into_list()).join("\u{1e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// XEP-0474 §4.3.
    #[test]
    fn hash_of_the_specification() {
        let offer = Offer {
            mechanisms: names(&["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"]),
            channel_bindings: Some(names(&["tls-server-end-point", "tls-exporter"])),
        };
        assert!(offer.matches("G6k/rBLDqgOhRRaCuuatSDFkJ08=", ScramHash::Sha1));
    }

    #[test]
    fn anything_else_does_not_match() {
        let mechanisms = names(&["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"]);
        let hash = "G6k/rBLDqgOhRRaCuuatSDFkJ08=";
        let without_bindings = Offer { mechanisms: mechanisms.clone(), channel_bindings: None };
        let other_bindings = Offer { mechanisms, channel_bindings: Some(names(&["tls-unique"])) };
        assert!(!without_bindings.matches(hash, ScramHash::Sha1));
        assert!(!other_bindings.matches(hash, ScramHash::Sha1));
        assert!(!other_bindings.matches("", ScramHash::Sha1));
    }
}
