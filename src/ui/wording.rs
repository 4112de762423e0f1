//! Errors and states in plain words: what happened and what to do.

use plausch_model::{Availability, CommandError, EndReason, FailureReason, MessageBody, SignInError};

use crate::text::Texts;

/// Why signing in failed, and what the one who runs the server may want to know.
pub fn sign_in_error(t: &Texts, error: &SignInError) -> (String, Option<String>) {
    match error {
        SignInError::BadAddress => (t.error_bad_address().into(), None),
        SignInError::WrongPassword => (t.error_wrong_password().into(), None),
        SignInError::AccountDisabled(words) => (t.error_disabled().into(), words.clone()),
        SignInError::Unreachable { endpoint } => (t.error_unreachable().fill(endpoint), None),
        SignInError::NoEndpoint { domain, detail } => (t.error_no_endpoint().fill(domain), Some(detail.clone())),
        SignInError::UnknownHost { domain } => (t.error_unknown_host().fill(domain), None),
        SignInError::NoSafeMechanism { offered } => (t.error_no_mechanism().into(), Some(offered.join(", "))),
        SignInError::ServerNotAuthentic => (t.error_not_authentic().into(), None),
        SignInError::Temporary(words) => (t.error_temporary().into(), words.clone()),
        SignInError::Other(condition) => (t.error_other().into(), Some(condition.clone())),
        SignInError::AlreadySignedIn => (t.error_already().into(), None),
    }
}

/// Why the last session ended, and the details.
pub fn end_reason(t: &Texts, reason: &EndReason) -> (String, Option<String>) {
    match reason {
        EndReason::SignedOut => (t.ended_signed_out().into(), None),
        EndReason::SignedOutIncompletely(what) => (t.ended_incompletely().fill(what), None),
        EndReason::SignInFailed(error) => sign_in_error(t, error),
        EndReason::CredentialsRejected(error) => (t.ended_rejected().into(), sign_in_error(t, error).1),
        EndReason::Replaced => (t.ended_replaced().into(), None),
    }
}

/// Why a command was not carried out.
pub fn command_error(t: &Texts, error: &CommandError) -> String {
    match error {
        CommandError::BadAddress => t.failed_bad_address().into(),
        CommandError::OwnAddress => t.failed_own_address().into(),
        CommandError::NotConnected => t.failed_not_connected().into(),
        CommandError::Unsupported => t.failed_unsupported().into(),
        CommandError::Refused(words) => t.failed_refused_by_server().fill(words),
        CommandError::TimedOut => t.failed_timed_out().into(),
        CommandError::BadText => t.failed_bad_text().into(),
        CommandError::NotFound => t.failed_gone().into(),
        CommandError::TooLate => t.failed_too_late().into(),
        CommandError::Storage(words) => t.failed_storage().fill(words),
        CommandError::SignIn(error) => sign_in_error(t, error).0,
    }
}

/// What of a message is read out.
pub fn spoken(t: &Texts, body: &MessageBody) -> String {
    match body {
        MessageBody::Text(text) => text.chars().take(SPOKEN).collect(),
        MessageBody::Unreadable => t.unreadable().into(),
        MessageBody::Retracted => t.retracted().into(),
    }
}

/// How many characters of a message are read out by themselves.
const SPOKEN: usize = 300;

/// Why a message was not sent.
pub fn failure(t: &Texts, reason: &FailureReason) -> String {
    match reason {
        FailureReason::NotFound => t.failed_not_found().into(),
        FailureReason::Refused => t.failed_refused().into(),
        FailureReason::Blocked => t.failed_blocked().into(),
        FailureReason::ServerUnreachable => t.failed_unreachable().into(),
        FailureReason::Other(words) => t.failed_other().fill(words),
        FailureReason::TooLong => t.failed_too_long().into(),
    }
}

/// The word for an availability.
pub fn availability(t: &Texts, availability: Availability) -> &'static str {
    match availability {
        Availability::Online => t.presence_online(),
        Availability::Away => t.presence_away(),
        Availability::Busy => t.presence_busy(),
        Availability::Offline => t.presence_offline(),
    }
}

/// The value of `data-presence`.
pub const fn presence(availability: Availability) -> &'static str {
    match availability {
        Availability::Online => "online",
        Availability::Away => "away",
        Availability::Busy => "busy",
        Availability::Offline => "offline",
    }
}
