//! Every way to authenticate that the servers have.

use plausch_interop::Server;
use plausch_model::{EndReason, SecurityLayer, SignInError, TransportKind};
use plausch_native::{Session, StartError};

use crate::tools::{Outcome, details, offering_only, ready};

on_both_servers!(
    signs_in_the_best_way,
    scram_sha_1,
    scram_sha_256,
    plain_only_where_the_hoster_allows_it,
    refuses_a_wrong_password,
    names_an_unknown_host,
    signs_in_over_tls,
    an_untrusted_certificate_is_not_connected_to,
);

async fn signs_in_the_best_way(server: Server) -> Outcome {
    let account = server.account().await?;
    let mut session = ready(account.over(&server.websocket)).await?;
    let details = details(&mut session).await?;
    assert_eq!(
        (details.address.as_str(), details.endpoint.as_str()),
        (account.jid.as_str(), server.websocket.as_str())
    );
    assert_eq!((details.transport, details.security), (TransportKind::WebSocket, SecurityLayer::Loopback));
    assert!(details.resumable && !details.resumed);
    match server.is_prosody() {
        true => assert_eq!((details.mechanism.as_str(), details.sasl2), ("SCRAM-SHA-256", true)),
        false => assert_eq!((details.mechanism.as_str(), details.sasl2), ("SCRAM-SHA-512", false)),
    }
    Ok(())
}

/// ejabberd vouches for what it offers (XEP-0474): there a list that somebody shortened on the way is found out.
async fn with_mechanism(server: &Server, mechanism: &'static [&'static str]) -> Outcome {
    let relay = offering_only(server, mechanism).await?;
    if !server.is_prosody() {
        let account = server.account_at("other.localhost").await?;
        let outcome = Session::sign_in(account.over(relay.url())).await;
        let found_out =
            matches!(outcome, Err(StartError::Ended(EndReason::SignInFailed(SignInError::ServerNotAuthentic))));
        assert!(found_out, "{:?}", outcome.map(|_| "a session"));
        return Ok(());
    }
    let account = server.account().await?;
    let mut session = ready(account.over(relay.url())).await?;
    let details = details(&mut session).await?;
    assert_eq!((details.mechanism.as_str(), details.sasl2), (mechanism[0], false));
    Ok(())
}

async fn scram_sha_1(server: Server) -> Outcome {
    with_mechanism(&server, &["SCRAM-SHA-1"]).await
}

async fn scram_sha_256(server: Server) -> Outcome {
    with_mechanism(&server, &["SCRAM-SHA-256"]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scram_sha_512_on_ejabberd() -> Outcome {
    with_mechanism(&Server::ejabberd().await?, &["SCRAM-SHA-512"]).await
}

/// A host that stores only hashed passwords and offers nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scram_sha_256_with_hashed_passwords_on_prosody() -> Outcome {
    let server = Server::prosody().await?;
    let account = server.account_at("other.localhost").await?;
    let mut session = ready(account.over(&server.websocket)).await?;
    assert_eq!(details(&mut session).await?.mechanism, "SCRAM-SHA-256");
    Ok(())
}

/// A host without any modern extension: no SASL2, no stream management, no archive.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bare_server_will_do() -> Outcome {
    let server = Server::prosody().await?;
    let account = server.account_at("bare.localhost").await?;
    let mut session = Session::sign_in(account.over(&server.websocket)).await?;
    let details = details(&mut session).await?;
    assert!(!details.sasl2 && !details.resumable, "{details:?}");
    session.until_synced().await?;
    Ok(())
}

async fn plain_only_where_the_hoster_allows_it(server: Server) -> Outcome {
    let relay = offering_only(&server, &["PLAIN"]).await?;
    let account = server.account().await?;
    let mut options = account.over(relay.url());
    let outcome = Session::sign_in(options.clone()).await;
    let Err(StartError::Ended(EndReason::SignInFailed(SignInError::NoSafeMechanism { offered }))) = outcome else {
        return Err("signed in with PLAIN".into());
    };
    assert_eq!(offered, ["PLAIN"]);
    options.settings.allow_plain_auth = true;
    let mut session = ready(options).await?;
    assert_eq!(details(&mut session).await?.mechanism, "PLAIN");
    Ok(())
}

async fn refuses_a_wrong_password(server: Server) -> Outcome {
    let mut account = server.account().await?;
    let right = account.clone();
    account.password.push('!');
    let options = account.over(&server.websocket);
    let store = options.store.clone();
    let outcome = Session::sign_in(options).await;
    assert!(
        matches!(&outcome, Err(StartError::Ended(EndReason::SignInFailed(SignInError::WrongPassword)))),
        "{:?}",
        outcome.map(|_| "a session")
    );
    assert!(store.is_wiped() || store.commits() == 0, "a failed sign-in leaves nothing behind");
    ready(right.over(&server.websocket)).await?;
    Ok(())
}

async fn names_an_unknown_host(server: Server) -> Outcome {
    let mut account = server.account().await?;
    account.jid = "somebody@nowhere.example".to_owned();
    let outcome = Session::sign_in(account.over(&server.websocket)).await;
    let Err(StartError::Ended(EndReason::SignInFailed(SignInError::UnknownHost { domain }))) = outcome else {
        return Err(format!("{:?}", outcome.map(|_| "a session")).into());
    };
    assert_eq!(domain, "nowhere.example");
    Ok(())
}

async fn signs_in_over_tls(server: Server) -> Outcome {
    let account = server.account().await?;
    let mut options = account.over(server.fact("XMPP_WSS")?);
    options.network.authorities_pem = std::fs::read(server.fact("XMPP_CA")?)?;
    let mut session = ready(options).await?;
    assert_eq!(details(&mut session).await?.security, SecurityLayer::Tls);
    Ok(())
}

async fn an_untrusted_certificate_is_not_connected_to(server: Server) -> Outcome {
    let account = server.account().await?;
    let outcome = Session::sign_in(account.over(server.fact("XMPP_WSS")?)).await;
    assert!(
        matches!(&outcome, Err(StartError::Ended(EndReason::SignInFailed(SignInError::Unreachable { .. })))),
        "{:?}",
        outcome.map(|_| "a session")
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_endpoint_is_named() -> Outcome {
    let server = Server::prosody().await?;
    let account = server.account().await?;
    let outcome = Session::sign_in(account.over("ws://localhost:9/xmpp-websocket")).await;
    let Err(StartError::Ended(EndReason::SignInFailed(SignInError::Unreachable { endpoint }))) = outcome else {
        return Err(format!("{:?}", outcome.map(|_| "a session")).into());
    };
    assert_eq!(endpoint, "ws://localhost:9/xmpp-websocket");
    Ok(())
}
