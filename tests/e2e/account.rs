//! Accounts of a test: fresh ones, so that no test sees another's traces.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use plausch_native::{Session, SessionOptions};

use crate::Server;

/// An account on one of the servers.
#[derive(Clone, Debug)]
pub struct Account {
    /// The part before the `@`.
    pub user: String,
    /// The bare JID.
    pub jid: String,
    /// The password.
    pub password: String,
    /// Where it is.
    pub server: Server,
}

impl Account {
    /// A new account whose user name begins with `name`.
    pub async fn new(server: Server, name: &str) -> Result<Self> {
        let user = unique(name);
        let password = format!("{user}-secret");
        server.add_user(&user, &password).await?;
        Ok(Self { jid: format!("{user}@localhost"), user, password, server })
    }

    /// Another device of the account, which has no browser.
    pub async fn session(&self) -> Result<Session> {
        let options = SessionOptions::new(&self.jid, &self.password).websocket(self.server.websocket()?);
        Ok(Session::sign_in(options).await?)
    }
}

/// A name that no other test and no earlier run uses.
pub fn unique(name: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    format!("{name}-{:x}-{}", now & 0xff_ffff_ffff, COUNT.fetch_add(1, Ordering::Relaxed))
}
