//! What an envelope (XEP-0420) must say about itself, for what was encrypted to count as sent from one to the other.
//!
//! Reading the envelope's XML is the caller's, as is telling the sender's real address. This is the rule in between.

use thiserror::Error;

/// What an envelope says, and what is known about the message that it came in. All addresses are normalised.
#[derive(Clone, Copy, Debug)]
pub struct EnvelopeCheck<'a> {
    /// The bare address in the envelope's `from`, if there is one.
    pub from: Option<&'a str>,
    /// The bare address in the envelope's `to`, if there is one.
    pub to: Option<&'a str>,
    /// The sender's real bare address: in rooms, that of the occupant.
    pub sender: &'a str,
    /// The bare address that the message was sent to: in rooms, that of the room.
    pub recipient: &'a str,
    /// Whether the message came through a room.
    pub groupchat: bool,
}

/// Why an envelope is not what it claims to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum EnvelopeError {
    /// It was made by somebody else than who sent it.
    #[error("the envelope is from somebody else")]
    From,
    /// It was made for somebody else, or for another room.
    #[error("the envelope is for somebody else")]
    To,
    /// In a room it must say for which one it was made (XEP-0384 §5.5.1).
    #[error("the envelope does not say for which room it is")]
    ToMissing,
}

impl EnvelopeCheck<'_> {
    /// Checks it.
    ///
    /// # Errors
    /// [`EnvelopeError`]: nothing of the content may be shown then.
    pub fn check(&self) -> Result<(), EnvelopeError> {
        if self.from.is_some_and(|from| from != self.sender) {
            return Err(EnvelopeError::From);
        }
        match self.to {
            Some(to) if to != self.recipient => Err(EnvelopeError::To),
            None if self.groupchat => Err(EnvelopeError::ToMissing),
            _ => Ok(()),
        }
    }
}
