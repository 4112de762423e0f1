//! The door: opens what messages come wrapped in, and checks who may send such a wrapper.
//!
//! Nothing behind this file looks at carbons, archive results or delay stamps again: it gets an [`Incoming`] that says
//! what kind of way it came, which chat it belongs to and whose it is. What is refused here leaves no trace.

use plausch_model::{BareJid, StanzaId, Timestamp, Way};
use plausch_xmpp::{
    jid::{self, Jid},
    ns,
    stanza::{Message, MessageType},
    xep::{
        carbons::{Carbon, CarbonDirection},
        delay::Delay,
        forward::Forwarded,
        mam::ArchiveResult,
        muc_user::MucUser,
    },
};

use crate::jids;

/// How a message came to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Provenance {
    /// Straight from its author.
    Live,
    /// Kept by a server while we were away (XEP-0160, XEP-0203).
    Delayed,
    /// A copy of what another device of ours sent or received (XEP-0280).
    Carbon,
    /// From our archive (XEP-0313), where it goes on behind what is here.
    Archive,
    /// From our archive, out of a gap between what is here.
    Missed,
    /// From our archive, where it goes back before what is here.
    History,
}

/// A message whose wrapper has been opened and found good.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    /// The message itself, without wrapper.
    pub message: Message,
    /// How it came.
    pub provenance: Provenance,
    /// The chat it belongs to.
    pub chat: BareJid,
    /// Who wrote it.
    pub author: BareJid,
    /// Theirs or ours.
    pub way: Way,
    /// When it was sent, as far as our server says.
    pub at: Timestamp,
    /// Whether our server says when; else it has just come.
    pub stamped: bool,
    /// The id that our archive gave it.
    pub stanza_id: Option<StanzaId>,
    /// Its place among messages of the same time, if it comes before what is here.
    pub sequence: Option<u64>,
    /// The archive may have given it another id earlier: it was made anew since, perhaps.
    pub renumbered: bool,
    /// What stands no later than this is where it belongs, and comes before it if it is new.
    pub floor: Option<Timestamp>,
}

/// Stamps may be of whole seconds.
const STAMP_UNIT_MILLIS: i64 = 1_000;

impl Incoming {
    /// The time that it may stand at: behind everything that is as old as its floor, all of which is here.
    pub fn earliest(&self) -> Timestamp {
        self.floor.map_or(self.at, |floor| self.at.max(floor.plus_millis(1)))
    }

    /// Whether it comes in its turn, after all that the server took before it, in a session that began then. What was kept
    /// for us since before may be older than what is here; what is sent again when the session is resumed is not, whatever
    /// its stamp is by our clock.
    pub fn is_in_turn(&self, began: Timestamp) -> bool {
        let came_late = matches!(self.provenance, Provenance::Delayed | Provenance::Carbon);
        !self.stamped || came_late && self.at.plus_millis(STAMP_UNIT_MILLIS) > began
    }
}

/// What was in an envelope.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A message for [`ingest`](crate::ingest).
    Message(Incoming),
    /// A message out of our archive, in answer to a query.
    FromArchive {
        /// The query it answers.
        query: String,
        /// Its id in the archive.
        id: StanzaId,
        /// The message; `None` if it is none that is shown.
        incoming: Option<Incoming>,
    },
    /// Nothing that may be looked at; says why, for the debug log.
    Refused(&'static str),
}

/// A stamp of our archive, which nobody else can write, may be so far ahead of our clock.
const CLOCKS_DIFFER_MILLIS: i64 = 300_000;

/// What the door needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door<'a> {
    /// Our account.
    pub me: &'a jid::BareJid,
    /// Whether our server announces that it vouches for stanza-ids (XEP-0359 §6).
    pub stanza_ids: bool,
    /// The time of arrival, by our server's clock.
    pub now: Timestamp,
    /// No message that comes now can have been kept for us since before this.
    pub kept_since: Timestamp,
    /// Everything that is as old as this is here, if that is known.
    pub here_until: Option<Timestamp>,
}

/// Nothing was sent before this; a stamp that says so is wrong (1999-01-01, the year of the first server).
pub(crate) const EARLIEST: Timestamp = Timestamp(915_148_800_000);

impl Door<'_> {
    /// Opens a message as it came off the stream.
    pub fn open(&self, message: Message) -> Opened {
        if let Some(result) = message.payload::<ArchiveResult>() {
            return match result {
                Ok(result) if self.is_own(message.from.as_ref()) => self.open_archived(result),
                Ok(_) => Opened::Refused("archive result from a stranger"),
                Err(_) => Opened::Refused("bad archive result"),
            };
        }
        if let Some(carbon) = message.payload::<Carbon>() {
            return match carbon {
                Ok(carbon) if self.is_own(message.from.as_ref()) && message.kind != MessageType::Groupchat => {
                    self.open_carbon(carbon, self.trusted_delay(&message))
                }
                Ok(_) => Opened::Refused("carbon from a stranger"),
                Err(_) => Opened::Refused("bad carbon"),
            };
        }
        self.open_live(message)
    }

    /// Wrappers are ours alone to send: from nobody, or from our bare JID (XEP-0280 §11, XEP-0313 §7).
    fn is_own(&self, from: Option<&Jid>) -> bool {
        from.is_none_or(|from| from == self.me)
    }

    fn open_live(&self, message: Message) -> Opened {
        let stamp = self.trusted_delay(&message);
        let stanza_id = message.stanza_id_by(self.me).filter(|_| self.stanza_ids).map(StanzaId::new);
        let provenance = if stamp.is_some() { Provenance::Delayed } else { Provenance::Live };
        self.incoming(message, provenance, stamp, stanza_id).map_or(Opened::Refused("not for us"), Opened::Message)
    }

    /// A copy that is sent again when a session is resumed has its stamp around it: `late`.
    fn open_carbon(&self, carbon: Carbon, late: Option<Timestamp>) -> Opened {
        let Carbon { direction, forwarded } = carbon;
        let Forwarded { delay, message } = forwarded;
        let sent_by_us = message.from.as_ref().is_some_and(|from| from.bare() == *self.me);
        let for_us = message.to.as_ref().is_none_or(|to| to.bare() == *self.me);
        let concerns_us = match direction {
            CarbonDirection::Sent => sent_by_us,
            CarbonDirection::Received => for_us,
        };
        if !concerns_us || message.kind == MessageType::Groupchat || is_wrapper(&message) {
            return Opened::Refused("carbon that does not concern us");
        }
        let stamp = delay.map(|delay| self.plausible(&delay)).or(late);
        let stanza_id = message.stanza_id_by(self.me).filter(|_| self.stanza_ids).map(StanzaId::new);
        self.incoming(message, Provenance::Carbon, stamp, stanza_id)
            .map_or(Opened::Refused("carbon of nothing to show"), Opened::Message)
    }

    fn open_archived(&self, result: ArchiveResult) -> Opened {
        let (Some(query), id) = (result.query_id, StanzaId::new(result.id)) else {
            return Opened::Refused("archive result without a query");
        };
        let Forwarded { delay, message } = result.forwarded;
        let concerns_us = [&message.from, &message.to].into_iter().any(|jid| match jid {
            Some(jid) => jid.bare() == *self.me,
            None => true,
        });
        let shown = concerns_us && message.kind != MessageType::Groupchat && !is_wrapper(&message);
        // Our clock may be slow, and of two stamps that are moved to now nobody knows which was first.
        let latest = self.now.plus_millis(CLOCKS_DIFFER_MILLIS);
        let stamp = delay.map(|delay| self.plausible_until(latest, &delay));
        let incoming = shown.then(|| self.incoming(message, Provenance::Archive, stamp, Some(id.clone()))).flatten();
        Opened::FromArchive { query, id, incoming }
    }

    /// Sorts a message to its chat. `None` for what has no chat here: rooms that we are not in, and their private messages.
    fn incoming(
        &self,
        message: Message,
        provenance: Provenance,
        stamp: Option<Timestamp>,
        stanza_id: Option<StanzaId>,
    ) -> Option<Incoming> {
        if message.kind == MessageType::Groupchat || message.payload::<MucUser>().is_some() {
            return None;
        }
        let me = jids::bare(self.me);
        let author = message.from.as_ref().map_or_else(|| me.clone(), jids::bare_of);
        let way = if author == me { Way::Out } else { Way::In };
        let chat = match way {
            Way::In => author.clone(),
            Way::Out => message.to.as_ref().map_or(me, jids::bare_of),
        };
        let (at, stamped) = (stamp.unwrap_or(self.now), stamp.is_some());
        Some(Incoming {
            message,
            provenance,
            chat,
            author,
            way,
            at,
            stamped,
            stanza_id,
            sequence: None,
            renumbered: false,
            floor: None,
        })
    }

    /// When a server kept the message for us, if it was ours (attack case A-20). Anybody can write our server's name into
    /// a stamp: of several, the server's own is the latest; and none goes back to before we could have been away. But a server
    /// that kept a message twice, since the session that it was first handed to died, stamped it twice: so the first one counts
    /// that is not of a time from which all is here.
    fn trusted_delay(&self, message: &Message) -> Option<Timestamp> {
        let from_our_server =
            |delay: &Delay| delay.from.as_ref().is_some_and(|from| *from == self.me.server() || from == self.me);
        let delays = message.payloads_of::<Delay>().filter_map(Result::ok).filter(from_our_server);
        let (mut first, mut last) = (None, None);
        for stamp in delays.map(|delay| self.plausible(&delay)) {
            last = last.max(Some(stamp));
            if self.here_until.is_some_and(|here| stamp.plus_millis(STAMP_UNIT_MILLIS) > here) {
                first = Some(first.map_or(stamp, |first: Timestamp| first.min(stamp)));
            }
        }
        let stamp = first.or(last)?;
        Some(stamp.max(self.kept_since.min(self.now)))
    }

    /// A stamp, moved to now if it is from the future or from before there was anything to stamp.
    fn plausible(&self, delay: &Delay) -> Timestamp {
        self.plausible_until(self.now, delay)
    }

    fn plausible_until(&self, latest: Timestamp, delay: &Delay) -> Timestamp {
        let stamp = Timestamp(delay.stamp.millis());
        if (EARLIEST..=latest).contains(&stamp) { stamp } else { self.now }
    }
}

/// Whether a message is itself a wrapper: those are never unwrapped twice.
fn is_wrapper(message: &Message) -> bool {
    message.payloads.iter().any(|payload| matches!(payload.ns(), ns::CARBONS | ns::MAM) && payload.name() != "private")
}
