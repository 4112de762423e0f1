//! Identifiers. Each is a type of its own, so that none can be passed where another is meant.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A text that is shared when it is cloned: ids are handed around much and never changed. A single pointer, since ids are
/// in nearly every value.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Text(Arc<String>);

impl Text {
    #[inline(never)]
    fn new(text: String) -> Self {
        Self(Arc::new(text))
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

impl Clone for Text {
    #[inline(never)]
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(Text);

        impl $name {
            /// Wraps a text that its source has already checked.
            pub fn new(text: impl Into<String>) -> Self {
                Self(Text::new(text.into()))
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.as_str())
            }
        }
    };
}

text_id!(
    /// A normalised bare JID (RFC 7622), `local@domain` or `domain`. Made by the engine from a parsed address; the app
    /// never builds one from what a person typed.
    BareJid
);
text_id!(
    /// The client's own id of a message (XEP-0359 `origin-id`), also used as the stanza's `id`. For messages of others,
    /// an id made when they were stored. Unique within an account.
    OriginId
);
text_id!(
    /// The id that an archive gave a message (XEP-0359 `stanza-id`).
    StanzaId
);
text_id!(
    /// The SHA-1 of an avatar's bytes in lower-case hex (XEP-0084).
    AvatarId
);

/// The account that a command or update belongs to, named by its bare JID.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
pub struct AccountId(pub BareJid);

/// One connected view: a tab or an embedded instance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
pub struct ViewId(pub u32);

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment plus some milliseconds, clamped to the representable range.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this moment; negative if this one is before it.
    pub fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Where a message stands in its chat. Messages are shown in ascending order of their keys; a key never changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, Default)]
pub struct TimelineKey {
    /// When the message was sent, as far as the archive or the server knows.
    pub at: Timestamp,
    /// Order of arrival, for messages with the same time.
    pub sequence: u64,
}

/// A secret text: never shown by `Debug`, and overwritten when dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_secret_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("r0m30")), "Secret(…)");
    }

    #[test]
    fn keys_order_by_time_then_arrival() {
        let key = |at, sequence| TimelineKey { at: Timestamp(at), sequence };
        assert!(key(1, 9) < key(2, 0));
        assert!(key(2, 0) < key(2, 1));
    }
}
