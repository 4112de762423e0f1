//! The authentication within the negotiation: token first, then what else there is, by SASL2 or SASL.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::super::{classic, sasl2};
use super::*;
use crate::datetime::DateTime;
use crate::list::IntoList;
use crate::sasl::{
    Exchange, FastToken, NoMechanism, Offer, Proof, SaslCondition, SaslError, SaslFailure, ScramHash, choose,
    salted_password, strongest_scram,
};
use crate::sorted::sorted;
use crate::stream::sasl2::TokenUse;

/// An authentication that has begun.
#[derive(Debug)]
pub(super) struct Authentication {
    exchange: Exchange,
    profile: Profile,
    inline: Inline,
    /// What the server has proved already, by `<continue/>`.
    finished: Option<Option<ScramKeys>>,
}

/// How SASL's messages are carried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Profile {
    /// RFC 6120.
    Sasl,
    /// XEP-0388.
    Sasl2,
}

impl Profile {
    fn ns(self) -> &'static str {
        match self {
            Self::Sasl => ns::SASL,
            Self::Sasl2 => ns::SASL2,
        }
    }
}

impl Negotiation {
    /// Begins with the best that the features offer.
    pub(super) fn authenticate(&mut self, rng: &mut dyn CryptoRng, actions: &mut Vec<Action>) -> Step {
        let Credentials::Account { token, .. } = &mut self.config.credentials else {
            return self.authenticate_anonymously(actions);
        };
        let fast = self.offered.sasl2.as_ref().is_some_and(sasl2::has_fast);
        match token {
            Some(token) if fast => {
                token.count = token.count.saturating_add(1);
                let token = token.clone();
                self.authenticate_by_token(token, actions)
            }
            _ if self.config.purpose == Purpose::InvalidateToken => {
                Err(NegotiationError::PasswordNeeded(PasswordReason::NothingStored))
            }
            _ => self.authenticate_by_proof(PasswordReason::NothingStored, rng, actions),
        }
    }

    fn authenticate_anonymously(&mut self, actions: &mut Vec<Action>) -> Step {
        let has = |offered: &[String]| offered.iter().any(|name| name == Mechanism::Anonymous.name());
        let profile = match &self.offered.sasl2 {
            Some(sasl2) if has(&sasl2.mechanisms) => Profile::Sasl2,
            _ if has(&self.offered.sasl) => Profile::Sasl,
            _ => return Err(self.no_safe_mechanism()),
        };
        self.start(Exchange::anonymous(), profile, None, actions)
    }

    fn authenticate_by_token(&mut self, token: FastToken, actions: &mut Vec<Action>) -> Step {
        let exchange = Exchange::token(self.config.jid.local().unwrap_or_default(), &token);
        let invalidate = self.config.purpose == Purpose::InvalidateToken;
        let token_use = TokenUse { count: token.count, invalidate };
        actions.push(Action::Store(CredentialChange::Token(token)));
        self.start(exchange, Profile::Sasl2, Some(token_use), actions)
    }

    /// `without_proof` is what to say if there is nothing to prove with.
    fn authenticate_by_proof(
        &mut self,
        without_proof: PasswordReason,
        rng: &mut dyn CryptoRng,
        actions: &mut Vec<Action>,
    ) -> Step {
        let Credentials::Account { proof: Some(proof), .. } = &self.config.credentials else {
            return Err(NegotiationError::PasswordNeeded(without_proof));
        };
        let (profile, mechanism, offer) = self.choose_mechanism(proof)?;
        let username = self.config.jid.local().unwrap_or_default();
        let exchange = match (mechanism, proof) {
            (Mechanism::Scram(hash), proof) => {
                Exchange::scram(hash, username, proof, offer, self.config.policy.iterations, rng)
            }
            (Mechanism::Plain, Proof::Password(password)) => Exchange::plain(username, password),
            _ => return Err(self.no_safe_mechanism()),
        };
        self.start(exchange, profile, None, actions)
    }

    /// SASL2 wherever it has a mechanism for us.
    fn choose_mechanism(&self, proof: &Proof) -> Result<(Profile, Mechanism, Offer), NegotiationError> {
        let by_sasl2 = self.offered.sasl2.as_ref().map(|_| (Profile::Sasl2, self.offered.sasl2_offer()));
        let by_sasl = (Profile::Sasl, self.offered.sasl_offer());
        let mut keys_unusable = false;
        for (profile, offer) in by_sasl2.into_iter().chain([by_sasl]) {
            match choose(&offer.mechanisms, Some(proof), &self.config.policy) {
                Ok(mechanism) => return Ok((profile, mechanism, offer)),
                Err(reason) => keys_unusable |= reason == NoMechanism::KeysUnusable,
            }
        }
        if keys_unusable {
            return Err(NegotiationError::PasswordNeeded(PasswordReason::MechanismGone));
        }
        Err(self.no_safe_mechanism())
    }

    fn no_safe_mechanism(&self) -> NegotiationError {
        let sasl2 = self.offered.sasl2.iter().flat_map(|sasl2| &sasl2.mechanisms);
        let clipped: Vec<String> = sasl2.chain(&self.offered.sasl).map(|name| clip_text(name)).into_list();
        let mut offered = sorted(clipped.iter().map(String::as_str).into_list());
        offered.dedup();
        NegotiationError::NoSafeMechanism { offered: offered.into_iter().map(str::to_owned).into_list() }
    }

    fn start(
        &mut self,
        exchange: Exchange,
        profile: Profile,
        token: Option<TokenUse>,
        actions: &mut Vec<Action>,
    ) -> Step {
        let initial_response = exchange.initial_response()?;
        let inline = self.inline(profile, &exchange);
        actions.push(Action::Send(match profile {
            Profile::Sasl => classic::auth(exchange.mechanism(), &initial_response),
            Profile::Sasl2 => sasl2::authenticate(&self.config, exchange.mechanism(), &initial_response, inline, token),
        }));
        self.state = State::Authenticating(Box::new(Authentication { exchange, profile, inline, finished: None }));
        Ok(())
    }

    fn inline(&self, profile: Profile, exchange: &Exchange) -> Inline {
        match &self.offered.sasl2 {
            Some(offered) if profile == Profile::Sasl2 => {
                let mut inline = Inline::new(&self.config, offered, exchange.is_token(), self.framed);
                let may_upgrade = self.config.policy.allow_upgrade && self.password().is_some() && exchange.is_scram();
                inline.upgrade = sasl2::upgrade(offered).filter(|_| may_upgrade);
                inline
            }
            _ => Inline::default(),
        }
    }

    /// A message of the authentication's arrived.
    pub(super) fn continue_authentication(
        &mut self,
        mut authentication: Authentication,
        element: &Element,
        rng: &mut dyn CryptoRng,
        actions: &mut Vec<Action>,
    ) -> Step {
        let profile = authentication.profile;
        if element.ns() != profile.ns() {
            return Err(NegotiationError::Protocol("authentication interrupted"));
        }
        match (element.name(), profile) {
            ("challenge", _) if authentication.finished.is_none() => {
                let challenge = classic::data(element)?.unwrap_or_default();
                let response = authentication.exchange.respond(&challenge)?;
                actions.push(Action::Send(match profile {
                    Profile::Sasl => classic::response(&response),
                    Profile::Sasl2 => sasl2::response(&response),
                }));
                self.state = State::Authenticating(Box::new(authentication));
                Ok(())
            }
            ("failure", _) => self.refused(&authentication, SaslFailure::from_element(element), rng, actions),
            ("success", _) => self.accepted(authentication, element, actions),
            ("continue", Profile::Sasl2) => self.begin_task(authentication, element, actions),
            ("task-data", Profile::Sasl2) => self.upgrade(authentication, element, actions),
            _ => Err(NegotiationError::Protocol("authentication interrupted")),
        }
    }

    /// The server refused. If it was the token, there may be another way (XEP-0484 §4.1).
    fn refused(
        &mut self,
        authentication: &Authentication,
        failure: SaslFailure,
        rng: &mut dyn CryptoRng,
        actions: &mut Vec<Action>,
    ) -> Step {
        let is_temporary = failure.condition == SaslCondition::TemporaryAuthFailure;
        if !authentication.exchange.is_token() || is_temporary {
            return Err(failure.into());
        }
        actions.push(Action::Store(CredentialChange::TokenRemoved));
        if let Credentials::Account { token, .. } = &mut self.config.credentials {
            *token = None;
        }
        if self.config.purpose == Purpose::InvalidateToken {
            actions.push(Action::TokenInvalidated);
            return Ok(());
        }
        self.authenticate_by_proof(PasswordReason::TokenRefused, rng, actions)
    }

    /// The server says that we are signed in. That counts only if it proves that it knows what we know.
    fn accepted(&mut self, mut authentication: Authentication, success: &Element, actions: &mut Vec<Action>) -> Step {
        let keys = match authentication.finished.take() {
            Some(keys) => keys,
            None => {
                let data = match authentication.profile {
                    Profile::Sasl => classic::data(success)?,
                    Profile::Sasl2 => sasl2::additional_data(success)?,
                };
                authentication.exchange.finish(data.as_deref())?
            }
        };
        self.authenticated = Some(Authenticated {
            mechanism: authentication.exchange.mechanism(),
            sasl2: authentication.profile == Profile::Sasl2,
            pin: self.pin(&authentication),
        });
        if let Some(keys) = keys {
            actions.push(Action::Store(CredentialChange::Keys(keys)));
        }
        if authentication.profile == Profile::Sasl {
            self.reopen(actions);
            return Ok(());
        }
        let invalidating = self.config.purpose == Purpose::InvalidateToken;
        if let Some(token) = success.child("token", ns::FAST).filter(|_| !invalidating).and_then(read_token) {
            actions.push(Action::Store(CredentialChange::Token(token)));
        }
        self.succeed(success, authentication.inline, actions)
    }

    /// The strongest mechanism that was offered by a server which has proved itself, or was pinned before.
    fn pin(&self, authentication: &Authentication) -> Option<Mechanism> {
        let offered = match (authentication.profile, &self.offered.sasl2) {
            (Profile::Sasl2, Some(sasl2)) => &sasl2.mechanisms,
            _ => &self.offered.sasl,
        };
        let seen = match authentication.exchange.mechanism() {
            name if name == Mechanism::Plain.name() => Some(Mechanism::Plain),
            _ if authentication.exchange.is_scram() => strongest_scram(offered).map(Mechanism::Scram),
            _ => None,
        };
        seen.max(self.config.policy.pinned)
    }

    /// The server has one more task for us. An upgrade that we asked for is done, another one is the person's.
    fn begin_task(&mut self, mut authentication: Authentication, element: &Element, actions: &mut Vec<Action>) -> Step {
        if authentication.finished.is_some() {
            return Err(task_required(element));
        }
        authentication.finished = Some(authentication.exchange.finish(sasl2::additional_data(element)?.as_deref())?);
        let task = authentication.inline.upgrade.map(sasl2::upgrade_task);
        match task.filter(|task| sasl2::tasks(element).contains(task)) {
            Some(task) => {
                actions.push(Action::Send(sasl2::next(&task)));
                self.state = State::Authenticating(Box::new(authentication));
                Ok(())
            }
            None => Err(task_required(element)),
        }
    }

    /// The server asks for the password's hash (XEP-0480 §3), having proved that it knows another one.
    fn upgrade(&mut self, mut authentication: Authentication, element: &Element, actions: &mut Vec<Action>) -> Step {
        let is_proved = authentication.finished.is_some();
        let hash = authentication.inline.upgrade.take().filter(|_| is_proved);
        let hash = hash.ok_or(NegotiationError::Protocol("a task that was not begun"))?;
        let salted = self.salt_for_upgrade(hash, element)?;
        actions.push(Action::Send(sasl2::upgrade_hash(&salted)));
        self.state = State::Authenticating(Box::new(authentication));
        Ok(())
    }

    fn salt_for_upgrade(&self, hash: ScramHash, element: &Element) -> Result<Zeroizing<Vec<u8>>, SaslError> {
        let (salt, iterations) = sasl2::upgrade_parameters(element)?;
        if salt.is_empty() {
            return Err(SaslError::EmptySalt);
        }
        if !self.config.policy.iterations.contains(iterations) {
            return Err(SaslError::Iterations(iterations));
        }
        salted_password(hash, self.password().ok_or(SaslError::Malformed)?, &salt, iterations)
    }

    fn password(&self) -> Option<&crate::sasl::Password> {
        match &self.config.credentials {
            Credentials::Account { proof: Some(Proof::Password(password)), .. } => Some(password),
            _ => None,
        }
    }
}

fn task_required(element: &Element) -> NegotiationError {
    let text = element.child_text("text", ns::SASL2).map(|text| clip_text(&text));
    NegotiationError::TaskRequired { tasks: sasl2::tasks(element), text }
}

/// `<token/>` (XEP-0484 §3.3).
fn read_token(element: &Element) -> Option<FastToken> {
    let token = element.attr("token").filter(|token| !token.is_empty())?;
    let expiry = element.attr("expiry").and_then(|expiry| DateTime::parse(expiry).ok());
    Some(FastToken { token: Zeroizing::new(token.to_owned()), expiry, count: 0 })
}
