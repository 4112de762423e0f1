//! The worker's program. All of it is in the library: what JavaScript calls is [`plausch_worker::serve_port`].

use plausch_worker as _;

/// As fast as the standard library's allocator, and a third as large.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::GlobalTlsf<Pools> = rlsf::GlobalTlsf::new();

/// Pages that are added join those before them, so that all memory can be used; what grows is copied, which costs less code.
#[cfg(target_arch = "wasm32")]
struct Pools;

#[cfg(target_arch = "wasm32")]
impl rlsf::GlobalTlsfOptions for Pools {
    const ENABLE_REALLOCATION: bool = false;
}

fn main() {}
