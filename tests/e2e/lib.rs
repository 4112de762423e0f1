//! What the end-to-end tests share: real servers, the built bundle, real Chromium, and people who use it.
//!
//! A test names a server, makes accounts on it and lets [`Person`]s do what they would do: everything through the accessible
//! names and data attributes of the user interface, nothing through the app's insides. `cargo xtask test` starts what is
//! needed and says where it is by environment variables (tests/servers/README.md).
#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "only tests use this; a panic names what failed"
)]

mod account;
mod axe;
mod browser;
mod history;
mod own_prosody;
mod person;
mod report;
mod server;
mod site;

pub use account::{Account, unique};
pub use axe::axe;
pub use browser::{Browser, Options, TabEnd};
pub use own_prosody::{Archived, OwnProsody};
pub use person::{Message, Person};
pub use report::hosts;
pub use server::Server;
pub use site::Site;

use std::{future::Future, time::Duration};

use anyhow::{Context, Result};
use tokio::sync::Semaphore;

/// How long anything may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Tests that run at once: each has up to two browsers.
static SLOTS: Semaphore = Semaphore::const_new(2);

/// The value of a variable that `cargo xtask test` sets.
pub fn variable(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set: run these tests by `cargo xtask test --only e2e`"))
}

/// Runs a test with a runtime of its own.
pub fn run(test: impl Future<Output = Result<()>>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = runtime.expect("a runtime").block_on(async {
        let _slot = SLOTS.acquire().await?;
        test.await
    });
    if let Err(error) = outcome {
        panic!("{error:?}");
    }
}

/// Waits until `look` finds something. `what` says what for, if it never does.
pub async fn until<T, F: Future<Output = Result<Option<T>>>>(what: &str, mut look: impl FnMut() -> F) -> Result<T> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        // What a page is just replacing may fail to answer; only the last failure counts.
        let found = look().await;
        match found {
            Ok(Some(found)) => return Ok(found),
            Err(error) if tokio::time::Instant::now() > deadline => return Err(error.context(what.to_owned())),
            Ok(None) if tokio::time::Instant::now() > deadline => anyhow::bail!("waited in vain until {what}"),
            Ok(None) | Err(_) => tokio::time::sleep(Duration::from_millis(30)).await,
        }
    }
}
