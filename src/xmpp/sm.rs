//! Stream management (XEP-0198): counters, acknowledgements and resumption.
//!
//! [`Sm`] counts; it holds no stanza and decides nothing about time. Its user numbers each stanza it sends with
//! [`Sm::count_outbound`] and keeps it until [`Sm::on_ack`] reports its number; it calls [`Sm::count_inbound`] for each
//! stanza it has *handled* (safely stored), and only then may [`Sm::answer`] be sent. So the server is never told that we
//! have what a crash could still lose. Everything that must survive a restart is in [`SmState`].
//!
//! On the wire `h` counts modulo 2³²; here numbers are `u64` and never wrap. An `h` that acknowledges more than was sent
//! is refused, which includes one that goes backwards: the two cannot be told apart.

use std::ops::Range;

use crate::jid::FullJid;
use crate::stream::{StanzaFailure, ns};
use crate::xml::Element;

/// SM-IDs should not be longer than 4000 bytes (XEP-0198 §5); a longer one is not kept.
const MAX_ID_BYTES: usize = 4000;

/// What of a session must be stored for resuming it later. Plain data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmState {
    /// Number of stanzas received and handled.
    pub inbound: u64,
    /// Number of stanzas sent.
    pub outbound: u64,
    /// Number of sent stanzas that the server has acknowledged.
    pub acked: u64,
    /// How to resume; `None` if the server does not allow it.
    pub resumption: Option<Resumption>,
}

/// What identifies a session that may be resumed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resumption {
    /// The server's identifier of the session (SM-ID).
    pub id: String,
    /// The address that the session is bound to.
    pub jid: FullJid,
}

/// Why an acknowledgement is impossible.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the server acknowledged {h} stanzas, but only {sent} were sent")]
pub struct SmError {
    /// What the server said.
    pub h: u32,
    /// The number of stanzas sent, modulo 2³².
    pub sent: u32,
}

/// The counters of one session with stream management.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sm {
    state: SmState,
}

impl Sm {
    /// A session that has just begun: all counters are zero (XEP-0198 §4).
    pub fn new(resumption: Option<Resumption>) -> Self {
        Self { state: SmState { inbound: 0, outbound: 0, acked: 0, resumption } }
    }

    /// A session from its stored state. Counters that contradict each other are made to agree.
    pub fn restore(mut state: SmState) -> Self {
        state.acked = state.acked.min(state.outbound);
        Self { state }
    }

    /// What to store.
    pub fn state(&self) -> &SmState {
        &self.state
    }

    /// How to resume this session, if the server allows it.
    pub fn resumption(&self) -> Option<&Resumption> {
        self.state.resumption.as_ref()
    }

    /// One more stanza was received and handled.
    pub fn count_inbound(&mut self) {
        self.state.inbound = self.state.inbound.saturating_add(1);
    }

    /// One more stanza is being sent; returns its number, which is 1 for the first one.
    pub fn count_outbound(&mut self) -> u64 {
        self.state.outbound = self.state.outbound.saturating_add(1);
        self.state.outbound
    }

    /// The numbers of the stanzas that are sent and not acknowledged.
    pub fn unacked(&self) -> Range<u64> {
        let next = |number: u64| number.saturating_add(1);
        next(self.state.acked)..next(self.state.outbound)
    }

    /// `h` as we report it: the number of handled stanzas modulo 2³².
    pub fn h(&self) -> u32 {
        modulo(self.state.inbound)
    }

    /// Takes the `h` of an `<a/>`, `<resumed/>` or `<failed/>`: returns the numbers of the stanzas that are now known to
    /// have arrived, and were not before.
    pub fn on_ack(&mut self, h: u32) -> Result<Range<u64>, SmError> {
        let before = self.unacked();
        let newly = u64::from(h.wrapping_sub(modulo(self.state.acked)));
        let acked = self.state.acked.saturating_add(newly);
        if acked > self.state.outbound {
            return Err(SmError { h, sent: modulo(self.state.outbound) });
        }
        self.state.acked = acked;
        Ok(before.start..self.unacked().start)
    }

    /// `<a/>` with the number of stanzas handled so far.
    pub fn answer(&self) -> Element {
        Element::builder("a", ns::SM).attr("h", self.h().to_string()).build()
    }

    /// `<resume/>`, if the session may be resumed.
    pub fn resume(&self) -> Option<Element> {
        let resumption = self.resumption()?;
        let resume = Element::builder("resume", ns::SM).attr("h", self.h().to_string()).attr("previd", &resumption.id);
        Some(resume.build())
    }
}

/// The lower 32 bits, as counters are on the wire.
fn modulo(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default()
}

impl SmError {
    /// The stream error to close with (XEP-0198 §6).
    pub fn to_stream_error(&self) -> Element {
        let too_high = Element::builder("handled-count-too-high", ns::SM)
            .attr("h", self.h.to_string())
            .attr("send-count", self.sent.to_string());
        Element::builder("error", ns::STREAMS)
            .child(Element::builder("undefined-condition", ns::STREAM_ERRORS).build())
            .child(too_high.build())
            .build()
    }
}

/// `<enable/>`, for acknowledgements alone.
pub fn enable() -> Element {
    Element::builder("enable", ns::SM).build()
}

/// `<enable/>`, asking that the session may be resumed.
pub fn enable_resumption() -> Element {
    Element::builder("enable", ns::SM).attr("resume", "true").build()
}

/// `<r/>`: asks the server to acknowledge.
pub fn request() -> Element {
    Element::builder("r", ns::SM).build()
}

/// The server's answer to `<enable/>` (XEP-0198 §3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enabled {
    id: Option<String>,
}

impl Enabled {
    /// Reads `<enabled/>`; `None` for any other element.
    pub fn from_element(element: &Element) -> Option<Self> {
        if !element.is("enabled", ns::SM) {
            return None;
        }
        let resumable = matches!(element.attr("resume"), Some("true" | "1"));
        let id = element.attr("id").filter(|id| resumable && !id.is_empty() && id.len() <= MAX_ID_BYTES);
        Some(Self { id: id.map(str::to_owned) })
    }

    /// The session that begins, bound to `jid`.
    pub fn into_session(self, jid: FullJid) -> Sm {
        Sm::new(self.id.map(|id| Resumption { id, jid }))
    }
}

/// The server's answer to a successful `<resume/>` (XEP-0198 §5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resumed {
    /// The session that was resumed.
    pub previd: String,
    /// How many of our stanzas the server has handled.
    pub h: u32,
}

impl Resumed {
    /// Reads `<resumed/>`; `None` for any other element, or if an attribute is missing or no number.
    pub fn from_element(element: &Element) -> Option<Self> {
        if !element.is("resumed", ns::SM) {
            return None;
        }
        Some(Self { previd: element.attr("previd")?.to_owned(), h: element.attr("h")?.parse().ok()? })
    }
}

/// The server's refusal to enable or resume (XEP-0198 §6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failed {
    /// How many of our stanzas the server had handled when the session ended, if it remembers.
    pub h: Option<u32>,
    /// Why.
    pub failure: StanzaFailure,
}

impl Failed {
    /// Reads `<failed/>`; `None` for any other element.
    pub fn from_element(element: &Element) -> Option<Self> {
        if !element.is("failed", ns::SM) {
            return None;
        }
        let h = element.attr("h").and_then(|h| h.parse().ok());
        Some(Self { h, failure: StanzaFailure::from_parent(element) })
    }
}

#[cfg(test)]
mod tests;
