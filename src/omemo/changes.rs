//! What a step changed, for the caller to store.

/// What a step changed. The caller stores the named records in one transaction, together with what the step gave it, and only
/// then sends or acknowledges anything: a chain key that is used twice, or a pre-key that comes back, breaks what OMEMO
/// promises.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[must_use = "what changed must be stored before anything is sent"]
pub struct Changes {
    /// [`Sessions::to_bytes`](crate::Sessions::to_bytes) is to be stored.
    pub sessions: bool,
    /// [`PreKeys::to_bytes`](crate::PreKeys::to_bytes) is to be stored.
    pub pre_keys: bool,
    /// The bundle is to be published again, after [`PreKeys::refill`](crate::PreKeys::refill).
    pub bundle: bool,
}
