//! The machine itself: one state per thing we wait for.

use std::mem;
use std::ops::Range;

use rand_core::CryptoRng;

use super::bind::{self, Answer};
use super::config::{Purpose, StreamConfig};
use super::features::Features;
use super::framing::{StreamHeader, is_stanza};
use super::outcome::{Action, CredentialChange, NegotiationError, PasswordReason, Ready, Session};
use super::sasl2::{self, Inline};
use super::{StreamError, clip_text, ns};
use crate::jid::{FullJid, Jid};
use crate::sasl::{Credentials, Mechanism, ScramKeys};
use crate::sm::{Enabled, Failed, Resumed, Sm};
use crate::xml::Element;

mod authentication;

#[cfg(test)]
mod tests;

use authentication::Authentication;

/// Brings an open connection to a session. See the [module](super) for how to use it.
#[derive(Debug)]
pub struct Negotiation {
    config: StreamConfig,
    state: State,
    /// The domain that the server gives itself in its stream header.
    server: Option<String>,
    /// The server framed its stream by `<open/>`, as over WebSocket. Over BOSH it does not, and there a session is neither
    /// resumed nor made resumable: Prosody (13, at least) fails on it without an answer, and BOSH itself outlives a lost
    /// connection.
    framed: bool,
    /// What was offered before authentication.
    offered: Features,
    /// How we were authenticated.
    authenticated: Option<Authenticated>,
    /// A resumption was tried.
    resume_tried: bool,
    /// [`Session::New::handled_before`].
    handled_before: Option<Range<u64>>,
    /// [`Ready::uncounted`].
    uncounted: Vec<Element>,
}

/// What the machine waits for.
#[derive(Debug)]
enum State {
    /// The features before authentication.
    Opening,
    /// A step of the authentication.
    Authenticating(Box<Authentication>),
    /// The features after authentication.
    Authenticated,
    /// The features after authentication, with the session established already.
    Established(Box<Ready>),
    /// The answer to `<resume/>`.
    Resuming(Box<Features>),
    /// The answer to the request for a resource.
    Binding { id: String, with_resource: bool, features: Box<Features> },
    /// The answer to `<enable/>`.
    Enabling { jid: FullJid, features: Box<Features> },
    /// Nothing: there is a session.
    Ready,
    /// Nothing: it failed, or everything is done.
    Over,
}

/// How we were authenticated.
#[derive(Clone, Copy, Debug)]
struct Authenticated {
    mechanism: &'static str,
    sasl2: bool,
    pin: Option<Mechanism>,
}

type Step = Result<(), NegotiationError>;

impl Negotiation {
    /// A negotiation for a connection that is about to be opened.
    pub fn new(config: StreamConfig) -> Self {
        Self {
            config,
            state: State::Opening,
            server: None,
            framed: false,
            offered: Features::default(),
            authenticated: None,
            resume_tried: false,
            handled_before: None,
            uncounted: Vec::new(),
        }
    }

    /// The connection is open.
    pub fn opened(&mut self) -> Vec<Action> {
        let is_account = matches!(self.config.credentials, Credentials::Account { .. });
        if is_account && !self.config.secure {
            self.state = State::Over;
            return vec![Action::Fail(NegotiationError::Insecure)];
        }
        vec![Action::Open(self.header())]
    }

    /// An element arrived. May take the time of PBKDF2, if it is a SCRAM challenge and the proof is a password.
    pub fn receive(&mut self, element: Element, rng: &mut dyn CryptoRng) -> Vec<Action> {
        match self.state {
            State::Ready => return vec![Action::Received(element)],
            State::Over => return Vec::new(),
            _ => {}
        }
        let mut actions = Vec::new();
        if let Err(error) = self.step(element, rng, &mut actions) {
            self.state = State::Over;
            actions.push(Action::Fail(error));
        }
        actions
    }

    fn step(&mut self, element: Element, rng: &mut dyn CryptoRng, actions: &mut Vec<Action>) -> Step {
        if let Some(error) = StreamError::from_element(&element) {
            return Err(error.into());
        }
        match (element.name(), element.ns()) {
            ("close", ns::FRAMING) => {
                return Err(NegotiationError::Closed { see_other_uri: element.attr("see-other-uri").map(clip_text) });
            }
            ("open", ns::FRAMING) => {
                self.server = element.attr("from").map(str::to_owned);
                self.framed = true;
                return Ok(());
            }
            _ => {}
        }
        match mem::replace(&mut self.state, State::Over) {
            State::Opening => {
                self.check_server()?;
                self.offered = read_features(&element)?;
                self.authenticate(rng, actions)
            }
            State::Authenticating(authentication) => {
                self.continue_authentication(*authentication, &element, rng, actions)
            }
            State::Authenticated => {
                self.check_server()?;
                self.establish(read_features(&element)?, rng, actions)
            }
            State::Established(ready) => {
                self.finish_established(*ready, element, actions);
                Ok(())
            }
            State::Resuming(features) => self.finish_resuming(&element, *features, rng, actions),
            State::Binding { id, with_resource, features } => {
                self.finish_binding(element, (id, with_resource), features, rng, actions)
            }
            State::Enabling { jid, features } => {
                self.finish_enabling(element, jid, features, actions);
                Ok(())
            }
            State::Ready | State::Over => Ok(()),
        }
    }

    fn header(&self) -> StreamHeader {
        let from = match self.config.credentials {
            Credentials::Account { .. } => Some(self.config.jid.to_string()),
            Credentials::Anonymous => None,
        };
        StreamHeader { to: self.config.jid.domain().to_owned(), from, lang: self.config.lang.clone() }
    }

    /// Whether the server is the one asked for, if it says who it is. Not done before its features come: an unknown host's
    /// error says more.
    fn check_server(&self) -> Step {
        let Some(server) = &self.server else { return Ok(()) };
        let is_ours = Jid::parse(server).is_ok_and(|jid| jid.as_str() == self.config.jid.domain());
        if is_ours { Ok(()) } else { Err(NegotiationError::OtherServer { domain: clip_text(server) }) }
    }

    /// Whether an address that the server gives us is the account's.
    fn check_address(&self, jid: &Jid) -> Step {
        let is_ours = match self.config.credentials {
            Credentials::Account { .. } => jid.bare() == self.config.jid,
            Credentials::Anonymous => jid.domain() == self.config.jid.domain(),
        };
        if is_ours { Ok(()) } else { Err(NegotiationError::OtherAccount { address: clip_text(jid.as_str()) }) }
    }

    /// We are authenticated by SASL: the stream starts anew.
    fn reopen(&mut self, actions: &mut Vec<Action>) {
        self.server = None;
        self.state = State::Authenticated;
        actions.push(Action::Open(self.header()));
    }

    /// We are authenticated by SASL2: `success` says what else has been done.
    fn succeed(&mut self, success: &Element, inline: Inline, actions: &mut Vec<Action>) -> Step {
        let address = success.child_text("authorization-identifier", ns::SASL2);
        let address = address.and_then(|address| Jid::parse(address.trim()).ok());
        let address = address.ok_or(NegotiationError::Protocol("success without an address"))?;
        self.check_address(&address)?;
        if self.config.purpose == Purpose::InvalidateToken {
            actions.push(Action::TokenInvalidated);
            return Ok(());
        }
        self.resume_tried = inline.resume;
        if success.child("resumed", ns::SM).is_some() {
            return self.resumed(success.child("resumed", ns::SM), Features::default(), actions);
        }
        if let Some(failed) = success.child("failed", ns::SM).and_then(Failed::from_element) {
            self.resumption_failed(&failed);
        }
        if let Some(failed) = success.child("failed", ns::BIND2) {
            let error = failed.child("error", failed.ns()).or_else(|| failed.child("error", ns::CLIENT));
            return Err(NegotiationError::Bind(super::StanzaFailure::from_parent(error.unwrap_or(failed))));
        }
        let Some(bound) = success.child("bound", ns::BIND2).filter(|_| inline.bind) else {
            self.state = State::Authenticated;
            return Ok(());
        };
        let jid = address.full().ok_or(NegotiationError::Protocol("a resource without its address"))?;
        let enabled = bound.child("enabled", ns::SM).filter(|_| inline.stream_management);
        let sm = enabled.and_then(Enabled::from_element).map(|enabled| enabled.into_session(jid.clone()));
        let features = Features { client_state: inline.client_state, ..Features::default() };
        let mut ready = self.ready(jid, self.new_session(sm), features);
        ready.carbons_enabled = inline.carbons;
        ready.client_state_sent = inline.client_state;
        self.state = State::Established(Box::new(ready));
        Ok(())
    }

    /// The features that follow a success (XEP-0388 §2.6.1). Should a server leave them out, the session begins anyway.
    fn finish_established(&mut self, mut ready: Ready, element: Element, actions: &mut Vec<Action>) {
        self.state = State::Ready;
        match Features::from_element(&element) {
            Some(features) => {
                let client_state = features.client_state || ready.features.client_state;
                ready.features = Features { client_state, ..features };
                actions.push(Action::Ready(Box::new(ready)));
            }
            None => actions.extend([Action::Ready(Box::new(ready)), Action::Received(element)]),
        }
    }

    /// Resumes the former session or binds a resource, each in an exchange of its own.
    fn establish(&mut self, features: Features, rng: &mut dyn CryptoRng, actions: &mut Vec<Action>) -> Step {
        let resume = self.config.resume.as_ref().and_then(Sm::resume);
        let resume = resume.filter(|_| features.stream_management && self.framed && !self.resume_tried);
        let Some(resume) = resume else {
            let jid = &self.config.jid;
            let resource = bind::resource(&self.config.resource_tag, &self.config.user_agent.id, jid);
            return self.bind(Some(&resource), Box::new(features), rng, actions);
        };
        self.resume_tried = true;
        self.state = State::Resuming(Box::new(features));
        actions.push(Action::Send(resume));
        Ok(())
    }

    fn finish_resuming(
        &mut self,
        element: &Element,
        features: Features,
        rng: &mut dyn CryptoRng,
        actions: &mut Vec<Action>,
    ) -> Step {
        if let Some(failed) = Failed::from_element(element) {
            self.resumption_failed(&failed);
            return self.establish(features, rng, actions);
        }
        self.resumed(Some(element), features, actions)
    }

    /// The server says that our session goes on (S-04).
    fn resumed(&mut self, element: Option<&Element>, features: Features, actions: &mut Vec<Action>) -> Step {
        let resumed = element.and_then(Resumed::from_element);
        let resumed = resumed.ok_or(NegotiationError::Protocol("no answer to resuming"))?;
        let ours = self.config.resume.take().filter(|_| self.resume_tried);
        let ours = ours.and_then(|sm| sm.resumption().cloned().map(|resumption| (sm, resumption)));
        match ours {
            Some((mut sm, resumption)) if resumption.id == resumed.previd => {
                let acked = sm.on_ack(resumed.h)?;
                let ready = self.ready(resumption.jid, Session::Resumed { sm, acked }, features);
                self.state = State::Ready;
                actions.push(Action::Ready(Box::new(ready)));
                Ok(())
            }
            _ => Err(NegotiationError::OtherSession),
        }
    }

    /// The former session is lost. Its last acknowledgement counts if it is possible; if not, nothing is known.
    fn resumption_failed(&mut self, failed: &Failed) {
        let acked = self.config.resume.take().zip(failed.h).and_then(|(mut sm, h)| sm.on_ack(h).ok());
        self.handled_before = Some(acked.unwrap_or_default());
    }

    fn bind(
        &mut self,
        resource: Option<&str>,
        features: Box<Features>,
        rng: &mut dyn CryptoRng,
        actions: &mut Vec<Action>,
    ) -> Step {
        if !features.bind {
            return Err(NegotiationError::Protocol("no resource binding"));
        }
        let id = format!("{:016x}{:016x}", rng.next_u64(), rng.next_u64());
        actions.push(Action::Send(bind::request(&id, resource)));
        self.state = State::Binding { id, with_resource: resource.is_some(), features };
        Ok(())
    }

    fn finish_binding(
        &mut self,
        element: Element,
        (id, with_resource): (String, bool),
        features: Box<Features>,
        rng: &mut dyn CryptoRng,
        actions: &mut Vec<Action>,
    ) -> Step {
        match bind::answer(&element, &id) {
            Some(Answer::Bound(jid)) => {
                self.check_address(&jid.clone().into())?;
                self.enable(jid, features, actions);
                Ok(())
            }
            // RFC 6120 §7.7.2.2: the server does not like the resource; it may choose one.
            Some(Answer::Refused(_)) if with_resource => self.bind(None, features, rng, actions),
            Some(Answer::Refused(failure)) => Err(NegotiationError::Bind(failure)),
            None => {
                self.keep_stanza(element);
                self.state = State::Binding { id, with_resource, features };
                Ok(())
            }
        }
    }

    fn enable(&mut self, jid: FullJid, features: Box<Features>, actions: &mut Vec<Action>) {
        if features.stream_management {
            actions.push(Action::Send(sasl2::enable(self.framed)));
            self.state = State::Enabling { jid, features };
        } else {
            self.begin(jid, None, *features, actions);
        }
    }

    fn finish_enabling(&mut self, element: Element, jid: FullJid, features: Box<Features>, actions: &mut Vec<Action>) {
        if let Some(enabled) = Enabled::from_element(&element) {
            let sm = enabled.into_session(jid.clone());
            self.begin(jid, Some(sm), *features, actions);
        } else if Failed::from_element(&element).is_some() {
            self.begin(jid, None, *features, actions);
        } else {
            self.keep_stanza(element);
            self.state = State::Enabling { jid, features };
        }
    }

    fn begin(&mut self, jid: FullJid, sm: Option<Sm>, features: Features, actions: &mut Vec<Action>) {
        let ready = self.ready(jid, self.new_session(sm), features);
        self.state = State::Ready;
        actions.push(Action::Ready(Box::new(ready)));
    }

    fn new_session(&self, sm: Option<Sm>) -> Session {
        Session::New { sm, handled_before: self.handled_before.clone() }
    }

    fn ready(&mut self, jid: FullJid, session: Session, features: Features) -> Ready {
        let authenticated = self.authenticated;
        Ready {
            jid,
            session,
            mechanism: authenticated.map_or("", |how| how.mechanism),
            sasl2: authenticated.is_some_and(|how| how.sasl2),
            pin: authenticated.and_then(|how| how.pin),
            carbons_enabled: false,
            client_state_sent: false,
            features,
            uncounted: mem::take(&mut self.uncounted),
        }
    }

    /// Other things than stanzas have no meaning here.
    fn keep_stanza(&mut self, element: Element) {
        if is_stanza(&element) {
            self.uncounted.push(element);
        }
    }
}

fn read_features(element: &Element) -> Result<Features, NegotiationError> {
    Features::from_element(element).ok_or(NegotiationError::Protocol("no features"))
}
