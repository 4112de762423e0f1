//! The three stanzas (RFC 6120 §8) and what they share.
//!
//! A stanza is refused only if nobody could act on it: if it names no valid sender or recipient, or breaks the rules of its
//! own kind. What it carries stays an [`Element`] until somebody asks for it as a type, so a bad payload harms no good one.

mod error;
mod iq;
mod message;
mod presence;
mod subscription;
mod text;

pub use error::{Condition, ErrorKind, StanzaError};
pub use iq::{Iq, IqKind};
pub use message::{Message, MessageType, Thread};
pub use presence::{Presence, PresenceType, Show};
pub use subscription::{SubscriptionAction, SubscriptionState, Transition};
pub use text::LangText;

use crate::jid::Jid;
use crate::ns;
use crate::payload::{self, PayloadError};
use crate::xml::Element;

/// One stanza.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stanza {
    /// RFC 6121 §5.
    Message(Message),
    /// RFC 6121 §4.
    Presence(Presence),
    /// RFC 6120 §8.2.3.
    Iq(Iq),
}

impl Stanza {
    /// Reads a stanza. The error is what to log when it is dropped; see [`Iq::refusal_of`] for what to answer.
    pub fn from_element(element: &Element) -> Result<Self, PayloadError> {
        match element.name() {
            "message" => Message::from_element(element).map(Self::Message),
            "presence" => Presence::from_element(element).map(Self::Presence),
            "iq" => Iq::from_element(element).map(Self::Iq),
            _ => Err(PayloadError::WrongElement("stanza")),
        }
    }

    /// Writes a stanza.
    pub fn to_element(&self) -> Element {
        match self {
            Self::Message(message) => message.to_element(),
            Self::Presence(presence) => presence.to_element(),
            Self::Iq(iq) => iq.to_element(),
        }
    }

    /// Whether an element is a stanza of a client stream.
    pub fn matches(element: &Element) -> bool {
        element.ns() == ns::CLIENT && matches!(element.name(), "message" | "presence" | "iq")
    }
}

impl From<Message> for Stanza {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

impl From<Presence> for Stanza {
    fn from(presence: Presence) -> Self {
        Self::Presence(presence)
    }
}

impl From<Iq> for Stanza {
    fn from(iq: Iq) -> Self {
        Self::Iq(iq)
    }
}

/// The attributes that all stanzas have (RFC 6120 §8.1).
struct Addressing {
    from: Option<Jid>,
    to: Option<Jid>,
    id: Option<String>,
}

impl Addressing {
    /// Reads them; an address that is none is an error, since the stanza can't be attributed (RFC 6120 §8.1.2.1).
    fn read(element: &Element, name: &'static str) -> Result<Self, PayloadError> {
        if !element.is(name, ns::CLIENT) {
            return Err(PayloadError::WrongElement(name));
        }
        let from = payload::jid(element, "from")?;
        let to = payload::jid(element, "to")?;
        Ok(Self { from, to, id: element.attr("id").map(str::to_owned) })
    }
}
