//! The built bundle in real Chromium, against real prosody and ejabberd.
#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

/// Makes a test of an `async fn(Server) -> Result<()>` for each server.
macro_rules! on_both_servers {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        $(#[$doc])*
        mod $name {
            #[test]
            fn prosody() {
                plausch_e2e::run(super::$name(plausch_e2e::Server::Prosody));
            }

            #[test]
            fn ejabberd() {
                plausch_e2e::run(super::$name(plausch_e2e::Server::Ejabberd));
            }
        }
    )* };
}

mod bookmarks;
mod changes;
mod chaos;
mod contacts;
mod conversation;
mod embed;
mod gaps;
mod hostile;
mod last_view;
mod lock;
mod notify;
mod offline;
mod page;
mod search;
mod sign_in;
