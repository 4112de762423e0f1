//! Finding the server and connecting to it, again and again.

use plausch_model::{EndReason, SignInError, Timestamp};
use plausch_xmpp::list::IntoList;
use plausch_xmpp::{
    stream::{Endpoint, NegotiationError, RedirectPolicy, Redirects, ns, read_frame},
    xml::{Element, Limits, PRUNED, XmlError},
};

use super::{Phase, Session};
use crate::{Account, io::SocketId, step::Step};

impl Session {
    /// The endpoint in use.
    pub(super) fn endpoint(&self) -> Option<&Endpoint> {
        self.redirected.as_ref().or_else(|| self.endpoints.get(self.endpoint))
    }

    /// Takes from an earlier run what is not on disk: a password without keys, numbers of sockets, who is looking.
    pub(crate) fn carry_over(&mut self, earlier: &mut Self) {
        self.password = earlier.password.take().or(earlier.replaced_password.take());
        self.fresh_password = earlier.fresh_password;
        self.ever_online = earlier.ever_online;
        self.last_socket = earlier.last_socket;
        self.last_http = earlier.last_http;
        self.visible = std::mem::take(&mut earlier.visible);
        self.network_up = earlier.network_up;
        self.endpoints = std::mem::take(&mut earlier.endpoints);
        self.failed_tries = earlier.failed_tries;
    }

    /// What the last step wanted on disk is there.
    pub(crate) fn committed(&mut self) {
        self.replaced_password = None;
    }

    /// The endpoints that the hoster's settings name.
    fn configured(&self) -> Vec<Endpoint> {
        let urls = [&self.settings.websocket_url, &self.settings.bosh_url];
        urls.into_iter().flatten().filter_map(|url| Endpoint::parse(url).ok()).into_list()
    }
}

impl Account {
    /// The account is loaded: connects, if there is anything to sign in with.
    pub(crate) fn begin(&mut self, step: &mut Step<'_>) {
        if self.session.has_credentials() || self.jid.local().is_none() {
            self.connect(step);
        } else {
            // The server left nothing that could take the password's place (PLAIN without FAST).
            self.end(step, false, EndReason::CredentialsRejected(super::error::password_needed()));
        }
    }

    /// Connects, or goes on with it.
    pub(crate) fn connect(&mut self, step: &mut Step<'_>) {
        if self.session.endpoints.is_empty() {
            self.session.endpoints = self.session.configured();
        }
        let domain = self.jid.domain().to_owned();
        self.session.redirects = Redirects::new(RedirectPolicy::WithinDomain(domain));
        if self.session.endpoints.is_empty() { self.find(step) } else { self.open_link(step) }
    }

    /// The socket is open.
    pub(crate) fn socket_opened(&mut self, step: &mut Step<'_>, socket: SocketId) {
        if self.is_current(socket) && matches!(self.session.phase, Phase::Opening(_)) {
            self.begin_negotiation(step);
        }
    }

    /// The socket is closed, or could not be opened.
    pub(crate) fn socket_closed(&mut self, step: &mut Step<'_>, socket: SocketId) {
        if self.is_current(socket) {
            self.session.link = super::link::Link::None;
            self.link_closed(step);
        }
    }

    /// The way to the server is closed.
    pub(super) fn link_closed(&mut self, step: &mut Step<'_>) {
        match self.session.phase {
            Phase::Opening(_) => self.endpoint_failed(step),
            Phase::Negotiating(..) if !self.session.heard => self.endpoint_failed(step),
            Phase::Negotiating(..) => {
                let closed = NegotiationError::Closed { see_other_uri: None };
                let verdict = super::error::judge(closed, &self.jid);
                self.act_on(step, verdict);
            }
            Phase::Online(_) => self.disconnected(step),
            Phase::Off | Phase::Waiting(_) | Phase::Reloading(_) | Phase::Finding(_) => {}
        }
    }

    /// Frames arrived.
    pub(crate) fn frames(&mut self, step: &mut Step<'_>, socket: SocketId, frames: Vec<String>) {
        for frame in frames {
            if !self.is_current(socket) {
                return;
            }
            match read_frame(&frame, &Limits::default()) {
                Ok(element) => self.element_arrived(step, element),
                Err(error) => return self.frame_refused(step, error),
            }
        }
    }

    /// A frame is none: the stream can't go on (RFC 6120 §11.1, §11.3).
    fn frame_refused(&mut self, step: &mut Step<'_>, error: XmlError) {
        let condition = Element::builder(error.condition(), ns::STREAM_ERRORS).build();
        let farewell = Element::builder("error", ns::STREAMS).child(condition).build();
        self.transmit(step, &farewell);
        self.disconnect(step);
        match self.session.phase {
            Phase::Negotiating(..) => self.no_way(step, SignInError::Other(error.condition().to_owned())),
            _ => self.disconnected(step),
        }
    }

    /// An element of the stream arrived.
    pub(super) fn element_arrived(&mut self, step: &mut Step<'_>, element: Element) {
        if element.child("pruned", PRUNED).is_some() {
            step.fx.notes.push("stanza that contains too much");
        }
        self.session.heard = true;
        if matches!(self.session.phase, Phase::Negotiating(..)) {
            self.negotiate(step, element);
        } else {
            self.online_element(step, element);
        }
    }

    /// This endpoint does not work: tries the next one, or pauses.
    fn endpoint_failed(&mut self, step: &mut Step<'_>) {
        self.close_link(step);
        let failed = self.session.endpoint().map(|endpoint| endpoint.url().to_owned()).unwrap_or_default();
        let next = self.session.endpoint.saturating_add(1);
        if self.session.redirected.take().is_none() && next < self.session.endpoints.len() {
            self.session.endpoint = next;
            return self.open_link(step);
        }
        // What was discovered may have changed.
        self.session.endpoints.clear();
        self.no_way(step, SignInError::Unreachable { endpoint: failed });
    }

    /// There is no way to the server now.
    pub(super) fn no_way(&mut self, step: &mut Step<'_>, error: SignInError) {
        self.act_on(step, super::error::Verdict::Later(error));
    }

    /// The connection is gone: pauses, then tries again.
    pub(super) fn disconnected(&mut self, step: &mut Step<'_>) {
        self.close_link(step);
        self.offline(step);
        if let Phase::Online(online) = &self.session.phase
            && step.now.millis_since(online.details.since) >= super::STABLE_MILLIS
        {
            self.session.failed_tries = 0;
        }
        // The best endpoint comes first again: that it failed once need not mean that it always does.
        self.session.endpoint = 0;
        self.session.redirected = None;
        let pause = self.session.pause(step.rng);
        let retry_at = self.session.network_up.then(|| step.now.plus_millis(pause));
        self.session.phase = Phase::Waiting(retry_at);
    }

    /// A person or the network wants us back: no more waiting.
    pub(super) fn reconnect_soon(&mut self, step: &mut Step<'_>) {
        if matches!(self.session.phase, Phase::Waiting(_)) {
            self.connect(step);
        }
    }

    /// The person wants to connect now.
    pub(crate) fn reconnect_now(&mut self, step: &mut Step<'_>) {
        self.session.network_up = true;
        self.session.failed_tries = 0;
        self.reconnect_soon(step);
    }

    /// The browser says that the network is there or gone. Gone with it is the connection, which nobody would notice
    /// otherwise for a minute. When it comes back, a socket may have outlived that: it is asked.
    pub(crate) fn network(&mut self, step: &mut Step<'_>, up: bool) {
        self.session.network_up = up;
        match &mut self.session.phase {
            Phase::Waiting(_) if up => {
                self.session.failed_tries = 0;
                self.connect(step);
            }
            Phase::Online(online) if up => {
                online.last_heard = Timestamp(0);
                self.check_alive(step);
            }
            Phase::Waiting(retry_at) => *retry_at = if up { *retry_at } else { None },
            Phase::Online(_) if !self.session.signing_out => self.disconnected(step),
            _ => {}
        }
    }

    /// The store had trouble: everything is read again after a pause. Nothing more is sent on this connection.
    /// `signed_in` says that the first session had been announced in vain.
    pub(crate) fn storage_failed(&mut self, step: &mut Step<'_>, signed_in: bool) {
        self.close_link(step);
        self.offline(step);
        self.session.ever_online &= !signed_in;
        self.session.phase = Phase::Reloading(step.now.plus_millis(super::STORE_PAUSE_MILLIS));
    }

    /// The server wants us elsewhere (attack case L-04).
    pub(super) fn redirect(&mut self, step: &mut Step<'_>, target: &str) {
        self.offline(step);
        let current = self.session.endpoint().cloned();
        let elsewhere = current.map(|current| self.session.redirects.follow(&current, target));
        match elsewhere {
            Some(Ok(endpoint)) => {
                self.close_link(step);
                self.session.redirected = Some(endpoint);
                self.open_link(step);
            }
            Some(Err(error)) => self.no_way(step, SignInError::Other(error.to_string())),
            None => self.no_way(step, SignInError::Other("redirected from nowhere".to_owned())),
        }
    }

    // ---- time -------------------------------------------------------------------------------------------------------

    /// Does what is due.
    pub(crate) fn tick(&mut self, step: &mut Step<'_>) {
        self.chats.expire_typing(step.now);
        for purpose in self.iqs.expire(step.now.0) {
            self.unanswered(step, purpose, plausch_model::CommandError::TimedOut);
        }
        if self.session.farewell_by.is_some_and(|by| by <= step.now) {
            return self.farewell_done(step, false);
        }
        self.retry_catching_up(step);
        self.tell_displayed(step);
        let due = |at: Timestamp| at <= step.now;
        match &self.session.phase {
            Phase::Waiting(Some(at)) if due(*at) => self.connect(step),
            Phase::Reloading(at) if due(*at) => self.start_over(step),
            Phase::Finding(finding) if due(finding.deadline()) => {
                self.nothing_found(step, "no answer in time".to_owned())
            }
            Phase::Opening(at) if due(*at) => self.endpoint_failed(step),
            Phase::Negotiating(_, at) if due(*at) && !self.session.heard => self.endpoint_failed(step),
            Phase::Negotiating(_, at) if due(*at) => {
                self.close_link(step);
                let endpoint = self.session.endpoint().map(|endpoint| endpoint.url().to_owned());
                self.no_way(step, SignInError::Unreachable { endpoint: endpoint.unwrap_or_default() });
            }
            Phase::Online(_) => self.check_alive(step),
            _ => {}
        }
    }
}
