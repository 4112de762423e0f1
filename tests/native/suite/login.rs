//! S-01, S-02: signing in at a server that cheats.

use plausch_model::{EndReason, SignInError};
use plausch_native::{FakeServer, Host, Session, StartError, Tampering};

use crate::stage::{Outcome, Stage, options};

/// Signs in at such a server, which lets the attempt go as far as it will.
async fn sign_in_at(host: Host, allow_plain: bool) -> Result<Session, StartError> {
    let server = FakeServer::start().await?;
    let mut options = options(&server, &host);
    options.settings.allow_plain_auth = allow_plain;
    let serving = tokio::spawn(async move {
        // Kept until the end of the attempt, so that it is the client who gives up.
        let _sessions = (server.log_in(&host).await, server.log_in(&host).await);
    });
    let outcome = Session::sign_in(options).await;
    serving.abort();
    outcome
}

fn offering(mechanisms: &[&str]) -> Host {
    Host { mechanisms: mechanisms.iter().map(|name| (*name).to_owned()).collect(), ..Host::default() }
}

#[tokio::test]
async fn s_02_a_server_that_cheats_in_scram_is_refused() -> Outcome {
    let cheats = [
        Tampering::WrongSignature,
        Tampering::NoSignature,
        Tampering::ForeignNonce,
        Tampering::NoNonceOfItsOwn,
        Tampering::Iterations(0),
        Tampering::Iterations(1),
        Tampering::Iterations(u32::MAX),
        Tampering::EmptySalt,
    ];
    for tampering in cheats {
        let outcome = sign_in_at(Host { tampering, ..Host::default() }, false).await;
        let refused =
            matches!(&outcome, Err(StartError::Ended(EndReason::SignInFailed(SignInError::ServerNotAuthentic))));
        assert!(refused, "{tampering:?} led to {:?}", outcome.map(|_| "a session"));
    }
    sign_in_at(Host::default(), false).await?;
    Ok(())
}

#[tokio::test]
async fn plain_is_used_only_where_the_hoster_says_so() -> Outcome {
    let outcome = sign_in_at(offering(&["PLAIN"]), false).await;
    let Err(StartError::Ended(EndReason::SignInFailed(SignInError::NoSafeMechanism { offered }))) = outcome else {
        return Err("signed in with PLAIN".into());
    };
    assert_eq!(offered, ["PLAIN"]);
    sign_in_at(offering(&["PLAIN"]), true).await?;
    let unknown = sign_in_at(offering(&["X-SECRET-HANDSHAKE"]), true).await;
    assert!(matches!(unknown, Err(StartError::Ended(EndReason::SignInFailed(SignInError::NoSafeMechanism { .. })))));
    Ok(())
}

/// Once SCRAM was seen, a server that offers only PLAIN is not the one it was, whatever the hoster allows.
#[tokio::test]
async fn s_01_plain_is_not_used_after_scram() -> Outcome {
    let server = FakeServer::start().await?;
    let host = offering(&["SCRAM-SHA-256", "PLAIN"]);
    let mut options = options(&server, &host);
    options.settings.allow_plain_auth = true;
    let (session, fake) = tokio::join!(Session::sign_in(options), server.log_in(&host));
    let (mut session, fake) = (session?, fake?);
    session.until_synced().await?;
    drop(fake);
    session.restart().await?;
    let downgraded = offering(&["PLAIN"]);
    let mut stream = server.accept().await?;
    stream.open(&downgraded, downgraded.features_before()).await?;
    let next = stream.receive().await;
    assert!(!next.as_ref().is_ok_and(|element| element.name() == "auth"), "it went on with {next:?}");
    session.until("not to be online", |state| !state.is_online()).await?;
    Ok(())
}

#[tokio::test]
async fn s_01_the_same_server_is_welcome_again() -> Outcome {
    let Stage { server, host, fake, mut session } = Stage::new().await?;
    fake.cut();
    session.restart().await?;
    let mut stream = server.accept().await?;
    stream.open(&host, host.features_before()).await?;
    let auth = stream.authenticate(&host).await?;
    assert_eq!(auth.attr("mechanism"), Some("SCRAM-SHA-256"), "without a password: by the keys that were kept");
    Ok(())
}

/// Keys are good for the salt they were made with. The program goes on as long as it runs; then it asks for the password.
#[tokio::test]
async fn a_server_that_salts_anew_is_signed_in_to_again() -> Outcome {
    let host = Host { tampering: Tampering::NewSalt, ..Host::default() };
    let Stage { server, fake, mut session, .. } = Stage::at(host.clone()).await?;
    fake.cut();
    for _ in 0..2 {
        let mut stream = server.accept().await?;
        stream.open_and_authenticate(&host).await?;
        drop(stream);
        session.command(plausch_model::Command::Reconnect);
    }
    session.restart().await?;
    let mut stream = server.accept().await?;
    stream.open(&host, host.features_before()).await?;
    let refused = stream.authenticate(&host).await;
    assert!(refused.is_err(), "signed in with keys that do not fit");
    session.until("the end", |state| state.ended.is_some()).await?;
    let ended = session.state().ended.clone();
    assert!(
        matches!(&ended, Some(EndReason::CredentialsRejected(error)) if *error != SignInError::WrongPassword),
        "{ended:?}"
    );
    Ok(())
}
