//! Finding the endpoint by the address's domain (XEP-0156).

use std::net::SocketAddr;

use plausch_interop::Server;
use plausch_model::{EndReason, SignInError};
use plausch_native::{Session, SessionOptions, StartError};

use crate::tools::{Outcome, details, ready};

on_both_servers!(finds_the_endpoint, says_what_is_missing);

/// The web server of the domain `localhost` is at the port of this machine's XMPP server.
fn with_web_server(server: &Server, mut options: SessionOptions) -> Result<SessionOptions, Box<dyn std::error::Error>> {
    let port = |url: &str| url.rsplit(':').next().and_then(|rest| rest.split('/').next()?.parse().ok()).unwrap_or(0);
    let (plain, tls) = (port(server.fact("XMPP_HTTP")?), port(server.fact("XMPP_WSS")?));
    let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
    options.network.routes.insert(("localhost".to_owned(), 80), at(plain));
    options.network.routes.insert(("localhost".to_owned(), 443), at(tls));
    options.network.authorities_pem = std::fs::read(server.fact("XMPP_CA")?)?;
    Ok(options)
}

async fn finds_the_endpoint(server: Server) -> Outcome {
    let account = server.account().await?;
    let options = with_web_server(&server, SessionOptions::new(&account.jid, &account.password))?;
    let mut session = ready(options).await?;
    let endpoint = details(&mut session).await?.endpoint;
    let port = server.websocket.rsplit(':').next().and_then(|rest| rest.split('/').next()).unwrap_or_default();
    assert!(
        endpoint.contains(&format!(":{port}/")) || endpoint.contains("/ws") || endpoint.contains("websocket"),
        "{endpoint}"
    );
    Ok(())
}

async fn says_what_is_missing(server: Server) -> Outcome {
    let options = with_web_server(&server, SessionOptions::new("somebody@nothing.invalid", "secret"))?;
    let outcome = Session::sign_in(options).await;
    let Err(StartError::Ended(EndReason::SignInFailed(SignInError::NoEndpoint { domain, detail }))) = outcome else {
        return Err(format!("{:?}", outcome.map(|_| "a session")).into());
    };
    assert_eq!(domain, "nothing.invalid");
    assert!(detail.contains("host-meta"), "{detail}");
    Ok(())
}
