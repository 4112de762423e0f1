//! What several interop tests need.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plausch_interop::{Credentials, Peer, Server};
use plausch_model::{Anchor, BareJid, Command, ConnectionDetails, DeliveryState, Subscription};
use plausch_native::{CutProxy, FrameRelay, Session, SessionOptions, State, Toward, Verdict, View};
use plausch_xmpp::xml::{Element, Limits, parse};

/// What a test returns; the text of an error says what was waited for.
pub type Outcome = Result<(), Box<dyn Error>>;

/// A result with any error.
pub type Fallible<T> = Result<T, Box<dyn Error>>;

/// A new account, signed in over WebSocket, with its history caught up.
pub async fn signed_in(server: &Server) -> Fallible<Session> {
    let account = server.account().await?;
    ready(account.over(&server.websocket)).await
}

/// A session whose history is caught up.
pub async fn ready(options: SessionOptions) -> Fallible<Session> {
    let mut session = Session::sign_in(options).await?;
    session.until_synced().await?;
    Ok(session)
}

/// A peer with an account of its own.
pub async fn peer(server: &Server) -> Fallible<Peer> {
    Ok(Peer::start(server, &server.account().await?).await?)
}

/// An engine and a peer that see each other's presence.
pub async fn friends(server: &Server) -> Fallible<(Session, Peer)> {
    befriend(signed_in(server).await?, peer(server).await?).await
}

/// Lets an engine and a peer see each other's presence. The peer accepts by itself, and asks back.
pub async fn befriend(mut session: Session, peer: Peer) -> Fallible<(Session, Peer)> {
    let them = BareJid::new(&peer.jid);
    let add = Command::AddContact { address: peer.jid.clone(), name: None, groups: vec![] };
    session.run(add).await?;
    let asked = |state: &State| state.requests.iter().any(|request| request.jid == them);
    let both =
        |state: &State| state.contacts.get(&them).is_some_and(|contact| contact.subscription == Subscription::Both);
    session.until("their request", |state| asked(state) || both(state)).await?;
    if asked(session.state()) {
        session.run(Command::AcceptRequest(them.clone())).await?;
    }
    session.until("both to see each other", both).await?;
    Ok((session, peer))
}

/// Opens a chat in a view, at its end.
pub async fn open(view: &mut View, chat: &str) -> Outcome {
    let chat = BareJid::new(chat);
    view.run(Command::OpenChat { chat: chat.clone(), anchor: Anchor::End }).await?;
    let shown = |state: &State| state.window.as_ref().is_some_and(|window| window.chat == chat);
    Ok(view.until("the chat to be shown", shown).await?)
}

/// Sends a text.
pub async fn send(view: &mut View, chat: &str, text: &str) -> Outcome {
    Ok(view.run(Command::SendText { chat: BareJid::new(chat), text: text.to_owned() }).await?)
}

/// Waits until the open window shows a text, and that it does so once.
pub async fn shows(view: &mut View, text: &str) -> Outcome {
    view.until(&format!("{text:?} to be shown"), |state| state.count(text) > 0).await?;
    assert_eq!(view.state().count(text), 1, "{text:?} is shown more than once");
    Ok(())
}

/// Waits until a sent text has come this far, or farther.
pub async fn reaches(view: &mut View, text: &str, wanted: DeliveryState) -> Outcome {
    let what = format!("{text:?} to be {wanted:?}");
    Ok(view.until(&what, |state| state.delivery_of(text).is_some_and(|state| rank(state) >= rank(&wanted))).await?)
}

fn rank(state: &DeliveryState) -> u32 {
    match state {
        DeliveryState::Waiting => 0,
        DeliveryState::Sent => 1,
        DeliveryState::Delivered => 2,
        DeliveryState::Read => 3,
        DeliveryState::Failed(_) => 0,
    }
}

/// The connection's details, which are there while online.
pub async fn details(session: &mut Session) -> Fallible<ConnectionDetails> {
    session.until("the connection's details", |state| state.details.is_some()).await?;
    session.state().details.clone().ok_or_else(|| "no details".into())
}

/// A relay that lets only some of the server's mechanisms through, and no SASL2 with them.
pub async fn offering_only(server: &Server, mechanisms: &'static [&'static str]) -> Fallible<FrameRelay> {
    let filter = move |toward, frame: &str| match toward {
        Toward::Client => limit(frame, mechanisms),
        Toward::Server => Verdict::Pass,
    };
    Ok(FrameRelay::start(&server.websocket, filter).await?)
}

fn limit(frame: &str, mechanisms: &[&str]) -> Verdict {
    let Ok(element) = parse(frame, &Limits::default()) else { return Verdict::Pass };
    if element.name() != "features" {
        return Verdict::Pass;
    }
    let kept = element.children().filter(|feature| feature.ns() != "urn:xmpp:sasl:2");
    let kept =
        kept.map(|feature| if feature.name() == "mechanisms" { only(feature, mechanisms) } else { feature.clone() });
    let features = Element::builder(element.name(), element.ns()).children(kept).build();
    Verdict::Replace(vec![features.to_xml()])
}

fn only(offer: &Element, mechanisms: &[&str]) -> Element {
    let kept = offer.children().filter(|mechanism| mechanisms.contains(&mechanism.text().as_str())).cloned();
    Element::builder(offer.name(), offer.ns()).children(kept).build()
}

/// A new account and its session through this address.
pub async fn through(server: &Server, url: &str) -> Fallible<(Credentials, Session)> {
    let account = server.account().await?;
    let session = ready(account.over(url)).await?;
    Ok((account, session))
}

/// The way to a server that can make it forget sessions, as if it had been started anew.
pub struct Forgetful {
    /// Where to connect.
    pub url: String,
    relay: FrameRelay,
    line: CutProxy,
    forgetting: Arc<AtomicBool>,
}

impl Forgetful {
    /// To this server.
    pub async fn of(server: &Server) -> Fallible<Self> {
        let forgetting = Arc::new(AtomicBool::new(false));
        let forgets = Arc::clone(&forgetting);
        let filter = move |toward, frame: &str| {
            let spoils = toward == Toward::Server && forgets.load(Ordering::SeqCst) && frame.contains("previd=");
            if spoils { Verdict::Replace(vec![frame.replace("previd='", "previd='spoilt-")]) } else { Verdict::Pass }
        };
        let (line, url) = CutProxy::in_front_of(&server.websocket).await?;
        let relay = FrameRelay::start(url, filter).await?;
        Ok(Self { url: relay.url().to_owned(), relay, line, forgetting })
    }

    /// From now on, attempts to resume are spoilt.
    pub fn forget(&self) {
        self.forgetting.store(true, Ordering::SeqCst);
    }

    /// Ends the connection of a session that is at rest, until both sides know.
    pub async fn cut(&self, session: &Session) -> Outcome {
        session.until_settled().await?;
        self.relay.cut();
        Ok(self.line.until_ended().await?)
    }

    /// Kills a session that is at rest, until the server knows.
    pub async fn kill(&self, session: &mut Session) -> Outcome {
        kill(session, &self.line).await
    }
}

/// Kills a session that is at rest and goes through this proxy, until the server knows.
pub async fn kill(session: &mut Session, line: &CutProxy) -> Outcome {
    session.until_settled().await?;
    session.kill().await;
    Ok(line.until_ended().await?)
}
