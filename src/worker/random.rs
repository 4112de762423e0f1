//! The browser's randomness (`crypto.getRandomValues`), and no other.

use getrandom::SysRng;
use rand_core::UnwrapErr;

/// A source that cannot fail: a browser that has no randomness is none in which anything may go on.
pub type Random = UnwrapErr<SysRng>;
