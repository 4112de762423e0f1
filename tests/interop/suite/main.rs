//! The native engine against real servers and an independent client.
//!
//! Every test makes its own accounts, waits for what it expects instead of for time to pass, and runs against Prosody and
//! ejabberd alike unless only one of them can do the thing.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests say what failed by panicking"
)]

/// Runs each of these functions against both servers.
macro_rules! on_both_servers {
    ($($name:ident),+ $(,)?) => {
        mod prosody {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() -> crate::tools::Outcome {
                super::$name(plausch_interop::Server::prosody().await?).await
            })+
        }
        mod ejabberd {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() -> crate::tools::Outcome {
                super::$name(plausch_interop::Server::ejabberd().await?).await
            })+
        }
    };
}

mod archive;
mod bookmarks;
mod bosh;
mod changes;
mod contacts;
mod conversation;
mod discovery;
mod endings;
mod headless;
mod model;
mod profile;
mod resumption;
mod sasl;
mod token;
mod tools;
