//! What goes into an [`Account`](crate::Account) and what comes out: plain data, so that a driver does all the IO and a
//! test can replay everything.
//!
//! # The driver's contract
//!
//! 1. One [`Input`] at a time. Frames that have arrived by then go in together, as one [`Input::Frames`].
//! 2. Carry out its [`Effects`] in this order: commit `batch` (all or nothing); only if that succeeded, do `wire` in order;
//!    then publish `updates` in order; then run all `loads` against the committed state and hand the answers back as one
//!    [`Input::Loaded`] **before any other input**. If the commit failed, drop the rest of the effects and hand in
//!    [`Input::CommitFailed`].
//! 3. Hand in [`Input::Tick`] at or after `wake_at`. The latest value counts; late and spurious ticks are harmless.
//! 4. After `end`, carry it out and drop the account.
//!
//! So nothing is confirmed to the server, or shown, that is not on disk.

use plausch_model::{BareJid, Command, CommandId, EndReason, Timestamp, Update, ViewId, WorkerSettings};

use crate::{
    search::Decompose,
    store::{Batch, Loaded, Query},
};

pub use plausch_xmpp::sasl::Password;

/// Numbers the sockets of an account, so that a late event of an old one is recognised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SocketId(pub u32);

/// Numbers HTTP requests.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct HttpId(pub u32);

/// Numbers loads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct LoadId(pub u32);

/// What an account starts with.
#[derive(Clone, Debug)]
pub struct AccountConfig {
    /// The account's address, normalised by [`parse_address`](crate::parse_address).
    pub jid: BareJid,
    /// The hoster's settings.
    pub settings: WorkerSettings,
    /// The password of a fresh sign-in; `None` to go on with what the store holds.
    pub password: Option<Password>,
    /// Whether the device is to remember the account: if not, the server is asked for no token.
    pub stays: bool,
    /// The host's normalization form KD, by which the search compares texts.
    pub nfkd: Decompose,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// The very first input: the store is open.
    Start,
    /// The socket is open (for WebSocket, with the subprotocol `xmpp` agreed).
    SocketOpened(SocketId),
    /// Text frames that arrived, in order.
    Frames {
        /// On which socket.
        socket: SocketId,
        /// The frames.
        frames: Vec<String>,
    },
    /// The socket is closed or could not be opened.
    SocketClosed(SocketId),
    /// An HTTP request ended.
    HttpDone {
        /// Which.
        id: HttpId,
        /// How.
        outcome: Result<HttpResponse, HttpFailure>,
    },
    /// What was loaded, in the order asked.
    Loaded(Vec<(LoadId, Loaded)>),
    /// The last batch could not be committed; with the store's own words.
    CommitFailed(String),
    /// A view came.
    ViewOpened(ViewId),
    /// A view is gone.
    ViewClosed(ViewId),
    /// A person did something.
    Command {
        /// In which view.
        view: ViewId,
        /// The view's number for it.
        id: CommandId,
        /// What.
        command: Command,
    },
    /// The browser says that the network is there or gone.
    Network {
        /// Whether it is there.
        up: bool,
    },
    /// Time has passed.
    Tick,
}

/// What has to be done about an input. See the module's contract for the order.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// What to persist, all or nothing.
    pub batch: Batch,
    /// What to do on the network.
    pub wire: Vec<Wire>,
    /// What to tell the views.
    pub updates: Vec<(Audience, Update)>,
    /// What to read from the store.
    pub loads: Vec<(LoadId, Query)>,
    /// When to hand in the next [`Input::Tick`].
    pub wake_at: Option<Timestamp>,
    /// The first session of a fresh sign-in has begun.
    pub signed_in: bool,
    /// What was dropped and why, for a debug log. Never what came from the network.
    pub notes: Vec<&'static str>,
    /// The account is over.
    pub end: Option<End>,
}

/// Who is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audience {
    /// Every view.
    All,
    /// One view.
    View(ViewId),
}

/// Something to do on the network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wire {
    /// Open a WebSocket with the subprotocol `xmpp`. There is at most one open socket.
    Open {
        /// Its number.
        socket: SocketId,
        /// `wss:`, or `ws:` to a loopback host.
        url: String,
    },
    /// Send one text frame.
    Send {
        /// On which socket; ignore if it is closed.
        socket: SocketId,
        /// The frame.
        frame: String,
    },
    /// Close the socket after what has been sent. No further events of it are wanted.
    Close(SocketId),
    /// Make an HTTP request without cookies, without referrer and without following redirects to another scheme.
    Http(HttpRequest),
}

/// An HTTP request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpRequest {
    /// Its number.
    pub id: HttpId,
    /// The address.
    pub url: String,
    /// `POST` this body as `text/xml; charset=utf-8`; `GET` if `None`.
    pub post: Option<String>,
    /// Only find out whether anything answers there, without looking at the answer (`no-cors` in a browser). A host that
    /// can't answers [`HttpFailure::Network`].
    pub probe: bool,
    /// Give up after this long.
    pub timeout_millis: u32,
    /// Give up on a longer answer.
    pub max_bytes: u32,
    /// Nobody waits for the answer, and none is to be handed in; but it has to leave, even if everything else ends now.
    pub farewell: bool,
}

/// An HTTP answer, whatever its status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The `Content-Type`, if the browser lets us see it.
    pub content_type: Option<String>,
    /// The body as UTF-8.
    pub body: String,
}

/// Why there is no HTTP answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HttpFailure {
    /// No connection, or the browser refused to show the answer (CORS). Browsers do not say which.
    Network,
    /// No answer in time.
    TimedOut,
    /// More than `max_bytes`, or not UTF-8.
    BadBody,
}

/// How an account ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct End {
    /// Delete everything of this account from the device. If that fails for a part, the reason published is
    /// [`EndReason::SignedOutIncompletely`].
    pub wipe: bool,
    /// Why; published as [`Update::Ended`] to all views once done.
    pub reason: EndReason,
}

impl Effects {
    /// Tells every view.
    pub fn tell(&mut self, update: Update) {
        self.updates.push((Audience::All, update));
    }

    /// Tells one view.
    pub fn tell_view(&mut self, view: ViewId, update: Update) {
        self.updates.push((Audience::View(view), update));
    }
}
