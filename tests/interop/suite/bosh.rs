//! BOSH (XEP-0124, XEP-0206), where there is no WebSocket.

use plausch_interop::Server;
use plausch_model::{Command, DeliveryState, EndReason, SignInError, TransportKind};
use plausch_native::{CutProxy, Session, SessionOptions, StartError, State};

use crate::tools::{Outcome, befriend, details, open, peer, reaches, ready, send, shows};

on_both_servers!(talks_over_bosh, goes_on_after_a_cut, a_wrong_password_is_refused, falls_back_to_bosh);

async fn talks_over_bosh(server: Server) -> Outcome {
    let account = server.account().await?;
    let options = SessionOptions::new(&account.jid, &account.password).bosh(&server.bosh);
    let (mut session, mut peer) = befriend(ready(options).await?, peer(&server).await?).await?;
    assert_eq!(details(&mut session).await?.transport, TransportKind::Bosh);
    let (me, them) = (session.jid().to_string(), peer.jid.clone());
    open(&mut session, &them).await?;
    send(&mut session, &them, "over HTTP").await?;
    peer.hear("over HTTP").await?;
    reaches(&mut session, "over HTTP", DeliveryState::Delivered).await?;
    peer.say(&me, "and back").await?;
    shows(&mut session, "and back").await?;
    assert_eq!(session.sign_out().await?, EndReason::SignedOut);
    Ok(())
}

async fn goes_on_after_a_cut(server: Server) -> Outcome {
    let (proxy, url) = CutProxy::in_front_of(&server.bosh).await?;
    let account = server.account().await?;
    let options = SessionOptions::new(&account.jid, &account.password).bosh(&url);
    let (mut session, mut peer) = befriend(ready(options).await?, peer(&server).await?).await?;
    let (me, them) = (session.jid().to_string(), peer.jid.clone());
    open(&mut session, &them).await?;
    proxy.cut();
    peer.say(&me, "during").await?;
    send(&mut session, &them, "through the cut").await?;
    session.command(Command::Reconnect);
    peer.hear("through the cut").await?;
    shows(&mut session, "during").await?;
    session.until("to be online", State::is_online).await?;
    reaches(&mut session, "through the cut", DeliveryState::Delivered).await?;
    assert_eq!((peer.count("through the cut"), session.state().count("during")), (0, 1));
    Ok(())
}

async fn a_wrong_password_is_refused(server: Server) -> Outcome {
    let account = server.account().await?;
    let outcome = Session::sign_in(SessionOptions::new(&account.jid, "wrong").bosh(&server.bosh)).await;
    let refused = matches!(&outcome, Err(StartError::Ended(EndReason::SignInFailed(SignInError::WrongPassword))));
    assert!(refused, "{:?}", outcome.map(|_| "a session"));
    Ok(())
}

/// Some networks let no WebSocket through.
async fn falls_back_to_bosh(server: Server) -> Outcome {
    let account = server.account().await?;
    let options = account.over("ws://localhost:9/nothing-here").bosh(&server.bosh);
    let mut session = ready(options).await?;
    assert_eq!(details(&mut session).await?.transport, TransportKind::Bosh);
    Ok(())
}
