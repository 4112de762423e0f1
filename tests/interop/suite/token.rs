//! SASL2, Bind 2 and FAST (XEP-0388, 0386, 0484), which Prosody has; elsewhere, and after that, the keys that SCRAM leaves.

use plausch_interop::Server;
use plausch_model::{Command, EndReason, SignInError};
use plausch_native::{CutProxy, SharedStore, State};

use crate::tools::{Outcome, details, ready};

on_both_servers!(goes_on_without_a_password, asks_again_after_the_password_changed);

async fn goes_on_without_a_password(server: Server) -> Outcome {
    let account = server.account().await?;
    let mut session = ready(account.over(&server.websocket)).await?;
    for _ in 0..3 {
        session.restart().await?;
        session.until("to be online again", plausch_native::State::is_online).await?;
        let details = details(&mut session).await?;
        match server.is_prosody() {
            true => assert_eq!((details.mechanism.as_str(), details.sasl2), ("HT-SHA-256-NONE", true)),
            false => assert_eq!((details.mechanism.as_str(), details.sasl2), ("SCRAM-SHA-512", false)),
        }
    }
    Ok(())
}

async fn asks_again_after_the_password_changed(server: Server) -> Outcome {
    let account = server.account().await?;
    let mut session = ready(account.over(&server.websocket)).await?;
    session.kill().await;
    // Prosody compares whole seconds: a token of the same second would remain.
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    server.set_password(&account, "another one").await?;
    session.restart().await?;
    session.until("the end", |state| state.ended.is_some() || state.is_online()).await?;
    let ended = session.state().ended.clone();
    assert!(matches!(ended, Some(EndReason::CredentialsRejected(_))), "{ended:?}");
    Ok(())
}

/// A server that stores the password itself salts it anew for each sign-in, so that no keys can be kept. The program goes
/// on as long as it runs, and asks for the password after that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goes_on_at_a_server_that_salts_anew() -> Outcome {
    let server = Server::ejabberd().await?;
    let account = server.account_at("other.localhost").await?;
    let (proxy, url) = CutProxy::in_front_of(&server.websocket).await?;
    let mut session = ready(account.over(&url)).await?;
    for _ in 0..2 {
        proxy.cut();
        session.until("the connection to be lost", |state| !state.is_online()).await?;
        session.command(Command::Reconnect);
        session.until("to be online again", State::is_online).await?;
    }
    session.restart().await?;
    session.until("the end", |state| state.ended.is_some() || state.is_online()).await?;
    let ended = session.state().ended.clone();
    assert!(matches!(ended, Some(EndReason::CredentialsRejected(SignInError::Other(_)))), "{ended:?}");
    Ok(())
}

/// A copy of the device's storage is worth nothing after signing out (S-03).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_makes_the_token_worthless() -> Outcome {
    let server = Server::prosody().await?;
    let account = server.account().await?;
    let options = account.over(&server.websocket);
    let mut session = ready(options.clone()).await?;
    session.restart().await?;
    session.until_synced().await?;
    let stolen: SharedStore = session.store().copy();
    let reason = session.sign_out().await?;
    assert_eq!(reason, EndReason::SignedOut);
    assert!(options.store.is_wiped());
    let mut thief = options;
    (thief.store, thief.password) = (stolen, None);
    let mut thief = plausch_native::Session::start(thief)?;
    thief.until("the end", |state| state.ended.is_some() || state.is_online()).await?;
    let ended = thief.state().ended.clone();
    assert!(matches!(ended, Some(EndReason::CredentialsRejected(_))), "{ended:?}");
    Ok(())
}

/// The store holds neither the password nor, after the first token, anything that a password guess could be checked by.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_is_not_stored() -> Outcome {
    for server in [Server::prosody().await?, Server::ejabberd().await?] {
        let account = server.account().await?;
        let session = ready(account.over(&server.websocket)).await?;
        assert!(!session.store().contains(account.password.as_bytes()), "the password is stored");
        assert!(session.store().contains(account.jid.as_bytes()), "and this would find it");
    }
    Ok(())
}
