//! The worker's program. All of it is in the library: what JavaScript calls is [`plausch_worker::serve_port`].

#[cfg(target_arch = "wasm32")]
#[path = "../allocator.rs"]
mod allocator;

use plausch_worker as _;

fn main() {}
