//! The worker's program. All of it is in the library: what JavaScript calls is [`plausch_worker::serve_port`].

use plausch_worker as _;

fn main() {}
