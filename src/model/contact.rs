//! People: roster items, their presence, requests, profiles.

use serde::{Deserialize, Serialize};

use crate::{AvatarId, BareJid, Timestamp};

/// How a contact's availability is shown (`data-presence`). Ordered from most to least reachable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Debug, Default)]
pub enum Availability {
    /// Available or free for chat.
    Online,
    /// `away` or `xa`.
    Away,
    /// `dnd`.
    Busy,
    /// No resource is available, or we may not know.
    #[default]
    Offline,
}

/// Who sees whose presence (RFC 6121 §2.1.2.5).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub enum Subscription {
    /// Nobody sees anybody.
    #[default]
    None,
    /// We see theirs.
    To,
    /// They see ours.
    From,
    /// Both.
    Both,
}

/// One roster item with its present availability.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Contact {
    /// Their address.
    pub jid: BareJid,
    /// The address as people should see it: XEP-0106 unescaped, deceptive domains in punycode.
    pub address: String,
    /// The name to show: the roster's, else their own nickname (subscribed only), else the address.
    pub name: String,
    /// The name given in the roster, if any.
    pub roster_name: Option<String>,
    /// The roster groups, sorted.
    pub groups: Vec<String>,
    /// Who sees whose presence.
    pub subscription: Subscription,
    /// We asked to see their presence and wait for an answer.
    pub asked: bool,
    /// Their best resource's availability.
    pub availability: Availability,
    /// That resource's status text.
    pub status: Option<String>,
    /// Their avatar, if known.
    pub avatar: Option<AvatarId>,
    /// Whether we blocked them (XEP-0191).
    pub blocked: bool,
}

/// Somebody asks to see our presence (RFC 6121 §3.1.3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct ContactRequest {
    /// Who asks.
    pub jid: BareJid,
    /// Their address as people should see it.
    pub address: String,
    /// The name they give themselves; never shown without the address.
    pub nickname: Option<String>,
    /// What they wrote along.
    pub text: Option<String>,
    /// When it came in.
    pub at: Timestamp,
}

/// An avatar's bytes: a raster image whose media type was found by looking at the bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Avatar {
    /// The hash of the bytes.
    pub id: AvatarId,
    /// `image/png`, `image/jpeg`, `image/gif` or `image/webp`.
    pub media_type: String,
    /// The image file.
    pub bytes: Vec<u8>,
}

/// What somebody says of themselves (XEP-0054).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct Profile {
    /// Full name.
    pub full_name: Option<String>,
    /// Nickname.
    pub nickname: Option<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// Telephone numbers.
    pub phones: Vec<String>,
    /// Web addresses with a permitted scheme.
    pub urls: Vec<String>,
    /// Organisation.
    pub organisation: Option<String>,
    /// Birthday as written.
    pub birthday: Option<String>,
    /// Free text.
    pub note: Option<String>,
}
