//! The roster, and what is known of people.

use plausch_model::{Availability, AvatarId, ContactRequest, Subscription};
use serde::{Deserialize, Serialize};

use super::{Record, keys::join};
use crate::store::Key;

/// The version of the stored roster (Meta, [`ROSTER_VERSION`]).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct RosterVersionRecord(pub String);
impl Record for RosterVersionRecord {}

/// Key of the [`RosterVersionRecord`].
pub const ROSTER_VERSION: &[u8] = b"roster-version";

/// A roster item (RFC 6121 §2.1.2; Roster, by bare JID).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct RosterRecord {
    /// The name given to them.
    pub name: Option<String>,
    /// Their groups, sorted.
    pub groups: Vec<String>,
    /// Who sees whose presence.
    pub subscription: Subscription,
    /// We wait for their approval.
    pub asked: bool,
}
impl Record for RosterRecord {}

impl Record for ContactRequest {}

/// What somebody looks like and calls themselves (People, by bare JID).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct PersonRecord {
    /// Their own nickname (XEP-0172).
    pub nickname: Option<String>,
    /// Their avatar.
    pub avatar: Option<AvatarId>,
    /// It was published by PEP, which counts for more than what presence announces.
    pub avatar_from_pep: bool,
}
impl Record for PersonRecord {}

/// The resources of a contact that are available, in the order of their names (Presence, by bare JID).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct PresenceRecord(pub Vec<(String, ResourceRecord)>);
impl Record for PresenceRecord {}

/// One resource's presence.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct ResourceRecord {
    /// Which resource gets what is sent to the bare address: the highest.
    pub priority: i8,
    /// How available.
    pub availability: Availability,
    /// In whose words.
    pub status: Option<String>,
}

/// What programs with these capabilities can do (Caps, by hash).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct CapsRecord {
    /// The features (XEP-0030).
    pub features: Vec<String>,
}
impl Record for CapsRecord {}

/// The key of verified capabilities: the function and the hash.
pub fn caps_key(ver: &str) -> Key {
    join(&[b"sha-1", ver.as_bytes()])
}

/// An avatar's image (Avatars, by hash).
impl Record for plausch_model::Avatar {}
