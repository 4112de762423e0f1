//! What passed.

use std::fmt;

/// How many cases of a file passed, by kind.
#[derive(Clone, Copy, Default)]
pub struct Tally {
    /// Messages that were accepted: `decrypt` steps, and the other encodings of their messages.
    pub accept: u32,
    /// `reject` steps.
    pub reject: u32,
    /// `accept` steps.
    pub tolerance: u32,
    /// All else.
    pub other: u32,
}

impl Tally {
    /// Whether there was anything.
    pub fn ran_any(&self) -> bool {
        self.accept + self.reject + self.tolerance + self.other > 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accept, reject, tolerance, other } = self;
        write!(f, "{accept:>4} accept {reject:>4} reject {tolerance:>4} tolerance {other:>4} other cases passed")
    }
}
