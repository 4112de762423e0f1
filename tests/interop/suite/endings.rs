//! Signing out, and being replaced.

use plausch_interop::{Peer, Server};
use plausch_model::EndReason;
use serde_json::json;

use crate::tools::{Outcome, befriend, open, peer, ready, send};

on_both_servers!(signing_out_leaves_nothing_behind);

async fn signing_out_leaves_nothing_behind(server: Server) -> Outcome {
    let account = server.account().await?;
    let options = account.over(&server.websocket);
    let (mut session, mut peer) = befriend(ready(options.clone()).await?, peer(&server).await?).await?;
    let them = peer.jid.clone();
    open(&mut session, &them).await?;
    send(&mut session, &them, "farewell").await?;
    peer.hear("farewell").await?;
    let me = session.jid().to_string();
    assert_eq!(session.sign_out().await?, EndReason::SignedOut);
    assert!(options.store.is_wiped() && !options.store.contains(b"farewell") && !options.store.contains(me.as_bytes()));
    // The server knows that we are gone, at once and not after a time-out.
    peer.wait("that we are gone", |event| {
        event["type"] == "unavailable" && event["from"].as_str().is_some_and(|from| from.starts_with(&me))
    })
    .await?;
    Ok(())
}

/// An account that was deleted on the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_account_ends() -> Outcome {
    let server = Server::prosody().await?;
    let account = server.account().await?;
    let mut session = ready(account.over(&server.websocket)).await?;
    let mut other = Peer::start(&server, &account).await?;
    other
        .act(json!({ "do": "iq", "type": "set", "xml": "<query xmlns='jabber:iq:register'><remove/></query>" }))
        .await?;
    session.until("the connection to end", |state| !state.is_online()).await?;
    session.command(plausch_model::Command::Reconnect);
    session.until("the end", |state| state.ended.is_some()).await?;
    assert!(matches!(session.state().ended, Some(EndReason::CredentialsRejected(_))), "{:?}", session.state().ended);
    Ok(())
}
