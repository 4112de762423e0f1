//! Bounds on what a peer may make us hold.

/// How much one frame may contain. A frame that is too large closes the stream with `policy-violation`; any other excess
/// costs the stanza it is in ([`super::parse_pruning`]).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of the frame.
    pub max_bytes: usize,
    /// Nesting of elements; the root is at depth 1. Never more than [`Limits::HARD_MAX_DEPTH`], whatever is set here.
    pub max_depth: usize,
    /// Attributes of one element, namespace declarations included.
    pub max_attributes: usize,
    /// Elements of the frame: an empty one takes 4 bytes on the wire and some hundred in memory.
    pub max_elements: usize,
}

impl Limits {
    /// Elements are dropped, compared and written by recursion, which this bounds far below any stack's size.
    pub const HARD_MAX_DEPTH: usize = 256;
}

impl Default for Limits {
    /// - 10 MiB: servers cut stanzas at 256 KiB to 1 MiB; a roster or disco result of 50,000 items needs some 8 MB.
    /// - depth 64: the deepest in regular use, a forwarded archive result with a rich post inside, is at about 25.
    /// - 64 attributes: no XEP defines an element with even 20.
    /// - 250,000 elements: a roster of 50,000 contacts with four groups each.
    fn default() -> Self {
        Self { max_bytes: 10 * 1024 * 1024, max_depth: 64, max_attributes: 64, max_elements: 250_000 }
    }
}
