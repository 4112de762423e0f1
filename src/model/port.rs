//! What crosses the message port between a view and the engine's host: one postcard-encoded value per message.

use serde::{Deserialize, Serialize};

use crate::{AccountId, AutoLock, Command, CommandId, LockError, LockRequest, SignIn, SignInError, Storage, Update};

/// The hoster's settings that the engine needs, from `config.json`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
pub struct WorkerSettings {
    /// Completes an address typed without a domain.
    pub default_domain: Option<String>,
    /// The WebSocket endpoint; discovered by XEP-0156 where absent.
    pub websocket_url: Option<String>,
    /// The BOSH endpoint.
    pub bosh_url: Option<String>,
    /// Whether SASL PLAIN may be used.
    pub allow_plain_auth: bool,
}

/// Where the engine runs.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Hosting {
    /// In a `SharedWorker`: all tabs share it.
    SharedWorker,
    /// In a dedicated `Worker` of the tab that holds the lock.
    Worker,
    /// In the page itself.
    Page,
}

/// From a view to the engine's host.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum ToEngine {
    /// The first message of a view. Answered by `FromEngine::Welcome`, or by `FromEngine::HeldElsewhere` or
    /// `FromEngine::Locked` and later by `FromEngine::Welcome`.
    Hello {
        /// The hoster's settings.
        settings: WorkerSettings,
        /// The name of a Web Lock that this view holds as long as it lives, where the browser has Web Locks.
        lifeline: Option<String>,
    },
    /// Sign in with a password. Answered by `SignedIn` or `SignInFailed`.
    SignIn(SignIn),
    /// Something a person does.
    Command {
        /// To which account.
        account: AccountId,
        /// Numbered by the view.
        id: CommandId,
        /// What.
        command: Command,
    },
    /// The browser says that the network is there or gone.
    Network {
        /// Whether it is there.
        up: bool,
    },
    /// Ask for what the device stores.
    QueryStorage,
    /// Answers the host's `Ping`: this view is still alive.
    Pong,
    /// The view goes away.
    Bye,
    /// Are you still there? Answered by `FromEngine::Pong`.
    Ping,
    /// Run the engine here ("Use here"): whoever holds it has to let go. Answers `FromEngine::HeldElsewhere`.
    TakeOver,
    /// Something about the passphrase. Answered by `FromEngine::LockAnswer`.
    Lock(LockRequest),
    /// Lock the app, if a passphrase is set. Answered by `FromEngine::Locked`, else by `FromEngine::Welcome`.
    LockNow,
    /// Somebody uses the app; said now and then, while it locks by itself.
    Used,
}

/// From the engine's host to a view.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum FromEngine {
    /// The accounts on this device; each one's state follows as updates.
    Welcome {
        /// Signed-in accounts.
        accounts: Vec<AccountId>,
        /// Where the engine runs.
        hosting: Hosting,
    },
    /// A new account is signed in; its state follows as updates. For all views.
    SignedIn(AccountId),
    /// The sign-in did not work. For the view that asked.
    SignInFailed(SignInError),
    /// What changed in one account, in order, all at once.
    Updates {
        /// Which account.
        account: AccountId,
        /// The changes.
        updates: Vec<Update>,
    },
    /// What the device stores.
    Storage(Storage),
    /// Are you still there? Answered by `Pong`.
    Ping,
    /// The host cannot go on; the view should start a new one.
    Fatal(String),
    /// Answers the view's `Ping`.
    Pong,
    /// The name of a Web Lock that this host holds as long as it lives.
    Lifeline(String),
    /// Another tab's host runs the engine; this one waits until it is free, and takes over at once on
    /// `ToEngine::TakeOver`. May come at any time.
    HeldElsewhere,
    /// What is kept here is locked; nothing of any account may be shown. Comes instead of `Welcome`, which follows once it
    /// is unlocked, or at any time.
    Locked,
    /// Whether a passphrase is set, and when the app locks by itself then. None is, unless a `Welcome` is followed by this.
    Passphrase(Option<AutoLock>),
    /// What became of a request. For the view that asked.
    LockAnswer(Result<(), LockError>),
}
