//! Questions over the stream (IQ stanzas): ours with what to do with the answers, and those of others.

use plausch_model::{BareJid, CommandError, CommandId, Subscription, Timestamp, ViewId};
use plausch_xmpp::list::IntoList;
use plausch_xmpp::{
    iq_tracker::Outcome,
    jid::Jid,
    ns,
    payload::Payload,
    stanza::{Condition, Iq, IqKind, StanzaError},
    xep::{
        blocking::{Blocking, BlockingCommand},
        caps::Caps,
        disco::DiscoInfo,
        entity_time::EntityTime,
        ping::Ping,
        roster::{self, Roster, RosterItem},
        version::SoftwareVersion,
    },
    xml::Element,
};

use crate::{
    Account,
    archive_preferences::Asking,
    identity, jids,
    map::Set,
    profile::Fetch,
    records::{RosterRecord, Setup},
    step::Step,
};

/// For how long an answer is awaited.
const TIMEOUT_MILLIS: i64 = 30_000;

/// What an answer is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// The roster (RFC 6121 §2.1.3).
    Roster,
    /// The blocked addresses (XEP-0191 §3.2).
    Blocked,
    /// What our account offers (XEP-0030).
    AccountInfo,
    /// Copies of what our other devices send (XEP-0280).
    Carbons,
    /// A page of the archive (XEP-0313), by the query's id.
    Archive(String),
    /// How far back the archive goes (XEP-0313 §5).
    ArchiveEnds,
    /// The server's software (XEP-0092).
    Software,
    /// The server's clock (XEP-0202), asked at this moment.
    Clock(Timestamp),
    /// Whether the connection is alive (XEP-0199).
    KeepAlive,
    /// Whether the server has read everything up to this stanza of ours (without XEP-0198).
    Barrier(u64),
    /// What our other devices have read (XEP-0490).
    Displayed,
    /// That a chat was read (XEP-0490).
    DisplayedTold(BareJid),
    /// The bookmarked rooms (XEP-0402).
    Bookmarks,
    /// That the item with this id is gone from them.
    BookmarkRemoved(String),
    /// A command whose answer is this answer.
    Command(ViewId, CommandId),
    /// What the server keeps of our messages (XEP-0441); whether it was asked, or told to change it.
    ArchivePreferences(ViewId, CommandId, Asking),
    /// What programs with these capabilities can do (XEP-0115).
    Caps(Box<Caps>),
    /// Something about a person.
    Person(Fetch),
}

impl Account {
    /// Asks for something.
    pub(crate) fn request_get(&mut self, step: &mut Step<'_>, to: Option<Jid>, payload: &impl Payload, why: Purpose) {
        self.request(step, to, IqKind::Get(payload.to_element()), why);
    }

    /// Asks to change something.
    pub(crate) fn request_set(&mut self, step: &mut Step<'_>, to: Option<Jid>, payload: &impl Payload, why: Purpose) {
        self.request(step, to, IqKind::Set(payload.to_element()), why);
    }

    fn request(&mut self, step: &mut Step<'_>, to: Option<Jid>, kind: IqKind, why: Purpose) {
        let id = self.iqs.start(to.clone(), step.now.plus_millis(TIMEOUT_MILLIS).0, why, &mut step.rng);
        self.send(step, &Iq { from: None, to, id, kind }.to_element());
    }

    /// An IQ stanza came.
    pub(crate) fn iq(&mut self, step: &mut Step<'_>, iq: &Iq) {
        match &iq.kind {
            IqKind::Get(payload) => self.asked(step, iq, payload),
            IqKind::Set(payload) => self.told(step, iq, payload),
            IqKind::Result(_) | IqKind::Error(_) => {
                if let Some((purpose, outcome)) = self.iqs.answer(iq) {
                    self.answered(step, purpose, outcome);
                }
            }
        }
    }

    /// Answers a stanza that could not be read, if it is a question.
    pub(crate) fn refuse(&mut self, step: &mut Step<'_>, element: &Element) {
        if let Some(refusal) = Iq::refusal_of(element) {
            self.send(step, &refusal.to_element());
        }
    }

    fn answered(&mut self, step: &mut Step<'_>, purpose: Purpose, outcome: Outcome<'_>) {
        match purpose {
            Purpose::Roster => self.roster_answered(step, outcome),
            Purpose::Blocked => {
                self.session.setup_done(Setup::BLOCKED);
                if let Some(Ok(list)) = outcome.ok().flatten().map(Blocking::from_element) {
                    let jids: Set<_> = list.jids.iter().map(jids::bare_of).collect();
                    self.contacts.set_blocked(step, &|blocked| *blocked = jids.clone());
                }
            }
            Purpose::AccountInfo => {
                let info = outcome.ok().flatten().and_then(|element| DiscoInfo::from_element(element).ok());
                self.account_info(step, info.as_ref());
            }
            Purpose::Archive(query) => self.archive_answered(step, &query, outcome),
            Purpose::ArchiveEnds => self.archive_ends_answered(step, outcome),
            Purpose::Software => {
                let version = outcome.ok().flatten().and_then(|element| SoftwareVersion::from_element(element).ok());
                self.software_known(step, version);
            }
            Purpose::Clock(asked_at) => {
                if let Some(Ok(time)) = outcome.ok().flatten().map(EntityTime::from_element) {
                    self.session.server_clock(asked_at, step.now, Timestamp(time.utc.millis()));
                }
            }
            Purpose::Carbons => self.session.setup_done(Setup::CARBONS),
            // Any answer proves that the server is there and has read what came before (XEP-0199 §4).
            Purpose::KeepAlive => self.session.alive(),
            Purpose::Barrier(number) => self.acknowledged(step, &|sent_as| sent_as <= number),
            Purpose::Displayed => self.displayed_answered(step, outcome),
            Purpose::DisplayedTold(chat) => self.displayed_told(&chat, outcome),
            Purpose::Bookmarks => self.bookmarks_answered(step, outcome),
            Purpose::BookmarkRemoved(item) => self.bookmark_removed(step, item, outcome),
            Purpose::Command(view, id) => {
                let result = outcome.map(|_| ()).map_err(refused);
                self.done(step, view, id, result);
            }
            Purpose::ArchivePreferences(view, id, asking) => {
                self.archive_preferences_answered(step, view, id, asking, outcome);
            }
            Purpose::Caps(caps) => self.caps_answered(step, *caps, outcome),
            Purpose::Person(fetch) => self.person_answered(step, fetch, outcome),
        }
    }

    /// Requests that nobody answers any more.
    pub(crate) fn unanswered(&mut self, step: &mut Step<'_>, purpose: Purpose, error: CommandError) {
        match purpose {
            Purpose::Command(view, id) | Purpose::ArchivePreferences(view, id, _) => {
                self.done(step, view, id, Err(error))
            }
            Purpose::KeepAlive | Purpose::Barrier(_) if error == CommandError::TimedOut => self.connection_dead(step),
            Purpose::Archive(query) => self.archive_silent(step, &query),
            Purpose::ArchiveEnds if error == CommandError::TimedOut => self.read_back(step),
            Purpose::DisplayedTold(chat) => self.displayed.untold(&chat),
            Purpose::Bookmarks => self.bookmarks_silent(step),
            Purpose::BookmarkRemoved(item) => self.bookmarks.untold(item),
            Purpose::Caps(caps) => self.capabilities.forget(&caps.ver),
            Purpose::Person(fetch) => self.person_unanswered(step, fetch, error),
            Purpose::Roster if error == CommandError::TimedOut => self.roster_ready(step),
            Purpose::AccountInfo if error == CommandError::TimedOut => self.account_info(step, None),
            _ => {}
        }
    }

    fn roster_answered(&mut self, step: &mut Step<'_>, outcome: Outcome<'_>) {
        // An empty result: what we have is up to date (RFC 6121 §2.6.3).
        if let Some(Ok(roster)) = outcome.ok().flatten().map(Roster::from_element) {
            let items = roster.items.into_iter().map(record).into_list();
            self.contacts.replace_roster(step, items, roster.version);
        }
        self.roster_ready(step);
    }

    // ---- what others ask -------------------------------------------------------------------------------------------

    /// Somebody asks. Strangers learn nothing, not even that we are here (attack case A-21).
    fn asked(&mut self, step: &mut Step<'_>, iq: &Iq, payload: &Element) {
        let answer = if self.may_ask(iq.from.as_ref()) { self.answer_to(payload) } else { None };
        let answer = match answer {
            Some(payload) => Some(iq.result(payload)),
            None => iq.unsupported(),
        };
        if let Some(answer) = answer {
            self.send(step, &answer.to_element());
        }
    }

    fn may_ask(&self, from: Option<&Jid>) -> bool {
        from.is_none_or(|from| {
            from.bare() == self.jid || *from == self.jid.server() || self.contacts.may_see_us(&jids::bare_of(from))
        })
    }

    fn answer_to(&self, payload: &Element) -> Option<Option<Element>> {
        if Ping::matches(payload) {
            return Some(None);
        }
        if let Ok(query) = DiscoInfo::from_element(payload) {
            return identity::info(query.node).map(|info| Some(info.to_element()));
        }
        if SoftwareVersion::matches(payload) {
            return Some(Some(identity::version().to_element()));
        }
        None
    }

    /// Somebody tells us to change something: only our own account and server may (attack cases ).
    fn told(&mut self, step: &mut Step<'_>, iq: &Iq, payload: &Element) {
        let ours = iq.from.as_ref().is_none_or(|from| *from == self.jid || *from == self.jid.server());
        let done = ours && (self.roster_push(step, payload) || self.block_push(step, payload));
        let answer = if done { Some(iq.result(None)) } else { iq.unsupported() };
        if let Some(answer) = answer {
            self.send(step, &answer.to_element());
        }
    }

    fn roster_push(&mut self, step: &mut Step<'_>, payload: &Element) -> bool {
        if payload.ns() != ns::ROSTER {
            return false;
        }
        let Ok((item, version)) = Roster::from_element(payload).and_then(Roster::into_push) else { return false };
        let removed = item.subscription == roster::Subscription::Remove;
        let (jid, record) = record(item);
        if removed {
            self.contacts.remove(step, &jid);
        } else {
            self.contacts.put(step, jid, record);
        }
        self.contacts.set_version(step, version);
        true
    }

    fn block_push(&mut self, step: &mut Step<'_>, payload: &Element) -> bool {
        let Ok(Blocking { command, jids }) = Blocking::from_element(payload) else { return false };
        let jids: Vec<_> = jids.iter().map(jids::bare_of).into_list();
        match command {
            BlockingCommand::List => return false,
            BlockingCommand::Block => self.contacts.set_blocked(step, &|blocked| blocked.extend(jids.iter().cloned())),
            BlockingCommand::Unblock if jids.is_empty() => self.contacts.set_blocked(step, &Set::clear),
            BlockingCommand::Unblock => {
                self.contacts.set_blocked(step, &|blocked| blocked.retain(|jid| !jids.contains(jid)));
            }
        }
        true
    }
}

/// A roster item in the model's words.
fn record(item: RosterItem) -> (plausch_model::BareJid, RosterRecord) {
    let groups: Set<String> = item.groups.into_iter().collect();
    let record = RosterRecord {
        name: item.name.filter(|name| !name.trim().is_empty()),
        groups: groups.into_vec(),
        subscription: match item.subscription {
            roster::Subscription::None | roster::Subscription::Remove => Subscription::None,
            roster::Subscription::To => Subscription::To,
            roster::Subscription::From => Subscription::From,
            roster::Subscription::Both => Subscription::Both,
        },
        asked: item.asked,
    };
    (jids::bare(&item.jid), record)
}

/// An error in the model's words.
pub(crate) fn refused(error: &StanzaError) -> CommandError {
    match error.condition {
        Condition::ItemNotFound => CommandError::NotFound,
        Condition::FeatureNotImplemented | Condition::ServiceUnavailable => CommandError::Unsupported,
        Condition::JidMalformed => CommandError::BadAddress,
        condition => {
            let words = error.text.clone().map(|text| text.chars().take(300).collect());
            CommandError::Refused(words.unwrap_or_else(|| condition.word().to_owned()))
        }
    }
}
