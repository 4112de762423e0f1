//! The engine outside the browser: a driver on tokio, and what tests need around it.
//!
//! [`Session`] runs an account over a store that outlives it, so that a test (or a crash) may end it anywhere.
//! [`CutProxy`] and [`FrameRelay`] stand between an account and a real server; [`FakeServer`] stands in for one. Nothing
//! here knows what a stanza means to the engine: it only carries effects out.

mod accept;
mod clock;
mod dial;
mod driver;
pub mod fake;
mod frames;
mod http;
mod proxy;
mod relay;
mod session;
mod socket;
mod state;
mod store;
mod transcript;
mod view;

pub use clock::Clock;
pub use dial::NetworkOptions;
pub use driver::DriverError;
pub use fake::{FakeError, FakeServer, FakeSession, FakeStream, Host, Tampering};
pub use frames::Frames;
pub use proxy::{CutProxy, Flow, Toward};
pub use relay::{FrameRelay, Verdict};
pub use session::{Session, SessionOptions, StartError, nfkc, nfkd};
pub use state::{State, Window, text_of};
pub use store::SharedStore;
pub use transcript::Transcript;
pub use view::{CommandFailure, View, WaitError};
