//! The allocator of both programs: as fast as the standard library's, and a third as large.

#[global_allocator]
static ALLOCATOR: rlsf::GlobalTlsf<Pools> = rlsf::GlobalTlsf::new();

/// Pages that are added join those before them, so that all memory can be used; what grows is copied, which costs less code.
struct Pools;

impl rlsf::GlobalTlsfOptions for Pools {
    const ENABLE_REALLOCATION: bool = false;
}
