//! SASL2, Bind 2 and FAST (XEP-0388, 0386, 0484), which Prosody has; elsewhere, and after that, the keys that SCRAM leaves.

use plausch_interop::Server;
use plausch_model::EndReason;
use plausch_native::SharedStore;

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
    server.set_password(&account, "another one").await?;
    session.restart().await?;
    session.until("the end", |state| state.ended.is_some() || state.is_online()).await?;
    let ended = session.state().ended.clone();
    assert!(matches!(ended, Some(EndReason::CredentialsRejected(_))), "{ended:?}");
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
