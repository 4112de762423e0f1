//! From an open socket to a session: hands elements to the stream's negotiation and carries out what it asks for.

use plausch_model::{EndReason, SignInError};
use plausch_xmpp::{
    sasl::{Credentials, Mechanism, Policy},
    stream::{Action, Negotiation, NegotiationError, Purpose, Ready, StreamConfig, UserAgent},
    xml::Element,
};

use super::{
    NEGOTIATE_MILLIS, Phase,
    error::{Verdict, judge, judge_stream},
};
use crate::{Account, identity, io::End, step::Step};

impl Account {
    /// The socket is open: begins the stream.
    pub(super) fn begin_negotiation(&mut self, step: &mut Step<'_>) {
        let config = self.stream_config(step);
        let mut negotiation = Negotiation::new(config);
        let actions = negotiation.opened();
        let until = step.now.plus_millis(NEGOTIATE_MILLIS);
        self.session.phase = Phase::Negotiating(Box::new(negotiation), until);
        self.carry_out_actions(step, actions);
    }

    fn stream_config(&mut self, step: &mut Step<'_>) -> StreamConfig {
        if self.session.record.user_agent.is_empty() {
            self.session.record.user_agent = step.uuid();
            self.session.unsaved = true;
        }
        let session = &self.session;
        let credentials = if self.jid.local().is_none() { Credentials::Anonymous } else { session.credentials() };
        let pinned = session.record.pinned_mechanism.as_deref().and_then(Mechanism::from_name);
        StreamConfig {
            jid: self.jid.clone(),
            credentials,
            policy: Policy {
                allow_plain: session.settings.allow_plain_auth,
                pinned,
                // Only to a server that has proved that it knows the password's hash by another function.
                allow_upgrade: true,
                ..Policy::default()
            },
            secure: session.endpoint().is_some(),
            resume: session.sm.clone().filter(|_| !session.signing_out),
            user_agent: UserAgent {
                id: session.record.user_agent.clone(),
                software: identity::NAME.to_owned(),
                device: None,
            },
            resource_tag: identity::NAME.to_owned(),
            lang: "en".to_owned(),
            // That nobody is looking is said once the session has begun: Prosody (13, at least) never writes again after a
            // pause to a session that has begun inactive.
            active: true,
            purpose: match (session.signing_out, session.stays) {
                (true, _) => Purpose::InvalidateToken,
                (false, true) => Purpose::Session,
                (false, false) => Purpose::SessionWithoutToken,
            },
        }
    }

    /// An element arrived while signing in.
    pub(super) fn negotiate(&mut self, step: &mut Step<'_>, element: Element) {
        let Phase::Negotiating(negotiation, _) = &mut self.session.phase else { return };
        let actions = negotiation.receive(element, &mut step.rng);
        self.carry_out_actions(step, actions);
    }

    fn carry_out_actions(&mut self, step: &mut Step<'_>, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Open(header) => self.open_stream(step, &header),
                Action::Send(element) => self.transmit(step, &element),
                Action::Store(change) => self.session.credentials_changed(step, change),
                Action::Ready(ready) => self.session_began(step, *ready),
                Action::Received(element) => self.online_element(step, element),
                Action::TokenInvalidated => self.farewell_done(step, true),
                Action::Fail(error) => return self.negotiation_failed(step, error),
            }
        }
    }

    fn session_began(&mut self, step: &mut Step<'_>, ready: Ready) {
        if let Some(pin) = ready.pin {
            let name = Some(pin.name().to_owned());
            self.session.unsaved |= self.session.record.pinned_mechanism != name;
            self.session.record.pinned_mechanism = name;
        }
        if !std::mem::replace(&mut self.session.ever_online, true) {
            step.fx.signed_in = self.session.new_on_device || self.session.fresh_password;
        }
        self.online(step, ready);
    }

    fn negotiation_failed(&mut self, step: &mut Step<'_>, error: NegotiationError) {
        if let NegotiationError::Acknowledgement(error) = &error {
            let error = error.to_stream_error();
            self.transmit(step, &error);
        }
        // A session that could not be resumed as it should be is not tried again.
        if matches!(error, NegotiationError::Acknowledgement(_) | NegotiationError::OtherSession) {
            self.session_lost(step);
        }
        let verdict = judge(error, &self.jid);
        self.act_on(step, verdict);
    }

    /// The stream ended by the server's own words.
    pub(super) fn stream_failed(&mut self, step: &mut Step<'_>, error: plausch_xmpp::stream::StreamError) {
        let verdict = judge_stream(error, &self.jid);
        self.act_on(step, verdict);
    }

    pub(super) fn act_on(&mut self, step: &mut Step<'_>, verdict: Verdict) {
        if self.session.signing_out {
            return self.farewell_done(step, false);
        }
        let first = !self.session.ever_online && self.session.fresh_password;
        match verdict {
            Verdict::Elsewhere(target) => self.redirect(step, &target),
            Verdict::Rejected(error) | Verdict::Later(error) if first => self.sign_in_failed(step, error),
            Verdict::Rejected(error) => self.end(step, false, EndReason::CredentialsRejected(error)),
            Verdict::Later(_) => self.disconnected(step),
            Verdict::Replaced => self.end(step, false, EndReason::Replaced),
        }
    }

    /// The first sign-in did not work: nothing of it stays, unless the account was here before.
    pub(super) fn sign_in_failed(&mut self, step: &mut Step<'_>, error: SignInError) {
        let wipe = self.session.new_on_device;
        self.end(step, wipe, EndReason::SignInFailed(error));
    }

    pub(super) fn end(&mut self, step: &mut Step<'_>, wipe: bool, reason: EndReason) {
        self.close_link(step);
        self.session.phase = Phase::Off;
        step.fx.end = Some(End { wipe, reason });
    }
}
