//! Why signing in did not work, in the model's words.

use plausch_model::SignInError;
use plausch_xmpp::{
    jid,
    sasl::{SaslCondition, SaslFailure},
    stream::{NegotiationError, PasswordReason, StreamCondition, StreamError},
};

/// What to do about an error.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The credentials do not work; trying again would not help.
    Rejected(SignInError),
    /// It may work later.
    Later(SignInError),
    /// Another program took over the session.
    Replaced,
    /// The server wants us elsewhere.
    Elsewhere(String),
}

/// What is kept does not sign us in, but nobody said that the password is wrong.
pub(super) fn password_needed() -> SignInError {
    SignInError::Other("the password is needed again".to_owned())
}

/// Judges a failed negotiation.
pub(super) fn judge(error: NegotiationError, jid: &jid::BareJid) -> Verdict {
    use NegotiationError as E;
    match error {
        E::Refused(failure) => judge_failure(failure),
        E::NoSafeMechanism { offered } => Verdict::Rejected(SignInError::NoSafeMechanism { offered }),
        E::PasswordNeeded(PasswordReason::TokenRefused) | E::UnusablePassword => {
            Verdict::Rejected(SignInError::WrongPassword)
        }
        E::PasswordNeeded(_) => Verdict::Rejected(password_needed()),
        E::NotAuthentic(_) => Verdict::Rejected(SignInError::ServerNotAuthentic),
        E::Insecure => Verdict::Rejected(SignInError::NoSafeMechanism { offered: Vec::new() }),
        E::OtherAccount { .. } => Verdict::Rejected(SignInError::ServerNotAuthentic),
        E::Stream(error) => judge_stream(error, jid),
        E::Closed { see_other_uri: Some(uri) } => Verdict::Elsewhere(uri),
        E::OtherServer { .. } => Verdict::Later(SignInError::UnknownHost { domain: jid.domain().to_owned() }),
        error @ (E::Closed { .. }
        | E::TaskRequired { .. }
        | E::Bind(_)
        | E::Acknowledgement(_)
        | E::OtherSession
        | E::Protocol(_)) => Verdict::Later(SignInError::Other(error.to_string())),
    }
}

fn judge_failure(failure: SaslFailure) -> Verdict {
    match failure.condition {
        SaslCondition::NotAuthorized | SaslCondition::CredentialsExpired | SaslCondition::InvalidAuthzid => {
            Verdict::Rejected(SignInError::WrongPassword)
        }
        SaslCondition::AccountDisabled => Verdict::Rejected(SignInError::AccountDisabled(failure.text)),
        SaslCondition::TemporaryAuthFailure => Verdict::Later(SignInError::Temporary(failure.text)),
        condition => Verdict::Rejected(SignInError::Other(failure.text.unwrap_or_else(|| condition.name().to_owned()))),
    }
}

/// Judges the end of a stream, at any time.
pub(super) fn judge_stream(error: StreamError, jid: &jid::BareJid) -> Verdict {
    match (error.condition, error.other_host) {
        (StreamCondition::Conflict, _) => Verdict::Replaced,
        (StreamCondition::SeeOtherHost, Some(host)) => Verdict::Elsewhere(host),
        (StreamCondition::HostUnknown | StreamCondition::HostGone, _) => {
            Verdict::Later(SignInError::UnknownHost { domain: jid.domain().to_owned() })
        }
        (StreamCondition::NotAuthorized | StreamCondition::Reset, _) => {
            Verdict::Later(SignInError::Other(error.condition.name().to_owned()))
        }
        (condition, _) => Verdict::Later(SignInError::Other(error.text.unwrap_or_else(|| condition.name().to_owned()))),
    }
}
