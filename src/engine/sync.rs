//! When the archive is read, and what comes of it: catching up, reading back, filling gaps, and enlarging windows beyond what
//! is here.

use plausch_model::{BareJid, Direction, Gap, GapState, StanzaId, TimelineKey, Timestamp, Update};
use plausch_xmpp::list::IntoList;
use plausch_xmpp::{
    iq_tracker::Outcome,
    payload::Payload,
    stanza::Condition,
    xep::mam::{ArchiveFin, ArchiveMetadata},
};

use crate::{
    Account,
    account::Then,
    gaps::Missing,
    jids,
    page::{Part, Read, Running, Scan},
    requests::Purpose,
    step::Step,
    store::Loaded,
    views::{Growing, Grown},
};

/// A message may be older by the server's clock than by ours, by no more than this.
const CLOCKS_DIFFER_MILLIS: i64 = 600_000;

impl Account {
    /// Reads what the archive has that we have not.
    pub(crate) fn catch_up(&mut self, step: &mut Step<'_>) {
        if !self.session.has_archive() {
            return self.caught_up(step);
        }
        let in_flight = self.in_flight();
        let (query, id) = self.archive.forward(step, in_flight);
        self.request_set(step, None, &query, Purpose::Archive(id));
    }

    /// The lost session goes on: nothing was missed, but the answers that were on their way are.
    pub(crate) fn go_on_reading(&mut self, step: &mut Step<'_>) {
        if self.archive.is_synced() { self.caught_up(step) } else { self.catch_up(step) }
    }

    /// Once nothing of ours is on its way any more: if something came meanwhile, the archive knows which came first.
    pub(crate) fn ask_for_the_order(&mut self, step: &Step<'_>) {
        if !self.in_flight() {
            self.archive.all_arrived(step.now);
        }
    }

    /// Whether the server may or may not have something of ours.
    pub(crate) fn in_flight(&self) -> bool {
        self.outbox.has_unacknowledged() || self.outbox.has_uncertain()
    }

    /// Tries again to catch up, if it is time to.
    pub(crate) fn retry_catching_up(&mut self, step: &mut Step<'_>) {
        if self.session.is_online() && self.archive.retry_at().is_some_and(|at| at <= step.now) {
            self.catch_up(step);
        }
    }

    /// An answer to a query of the archive.
    pub(crate) fn archive_answered(&mut self, step: &mut Step<'_>, query: &str, outcome: Outcome<'_>) {
        let Some(running) = self.archive.take(query) else { return };
        match outcome.map(|element| element.and_then(|element| ArchiveFin::from_element(element).ok())) {
            Ok(Some(fin)) => {
                let (results, read) = self.archive.finished(step, running, &fin);
                self.archive_page(results, read);
            }
            Ok(None) => self.archive_failed(step, running, None),
            Err(error) => self.archive_failed(step, running, Some(error.condition)),
        }
    }

    /// A query stays without answer.
    pub(crate) fn archive_silent(&mut self, step: &mut Step<'_>, query: &str) {
        if let Some(running) = self.archive.take(query) {
            self.archive_failed(step, running, None);
        }
    }

    /// Only an archive that says that it is none, or none for us, is none: what may have been lost is sent again then, which
    /// the recipient's client recognises by its id. Everything else may pass.
    fn archive_failed(&mut self, step: &mut Step<'_>, running: Running, condition: Option<Condition>) {
        let (scan, asked) = running.into_parts();
        let unknown = condition == Some(Condition::ItemNotFound);
        let another_way = unknown && self.archive.start_unknown(step, &scan, asked.as_ref());
        let refused = matches!(
            condition,
            Some(
                Condition::FeatureNotImplemented
                    | Condition::ServiceUnavailable
                    | Condition::Forbidden
                    | Condition::NotAllowed
            )
        );
        match scan {
            Scan::Forward if another_way => self.catch_up(step),
            Scan::Forward if refused => {
                self.archive.set_absent();
                self.caught_up(step);
            }
            Scan::Forward => self.archive.failed(step.now),
            Scan::Gap(_) if refused || unknown => {
                if refused {
                    self.archive.give_up();
                }
                self.settle_uncertain(step);
                self.read_back(step);
            }
            Scan::Gap(_) => self.archive.failed(step.now),
            Scan::Back if another_way => self.read_back(step),
            Scan::Back => {
                self.settle_uncertain(step);
                if self.outbox.has_uncertain() {
                    self.archive.failed(step.now);
                }
            }
            Scan::Chat(growing) => self.views.tell_grown(step, &growing, Vec::new()),
            Scan::Part(part) if another_way => self.read_part(step, part),
            Scan::Part(_) => {}
        }
    }

    /// A page is on its way to disk. `covered` is the latest time at which a message of it stands.
    pub(crate) fn archive_page_applied(&mut self, step: &mut Step<'_>, read: Read, covered: Option<Timestamp>) {
        let scan = read.scan.clone();
        let newest = self.chats.iter().filter_map(|(_, chat)| chat.record.newest).max().unwrap_or_default();
        let goes_on = self.archive.applied(step, read, covered, newest.at);
        match scan {
            Scan::Forward if goes_on && self.session.is_online() => {
                for chat in self.views.open_chats() {
                    self.read_ahead(step, &chat);
                }
                self.catch_up(step);
            }
            Scan::Forward if goes_on => {}
            Scan::Forward => self.caught_up(step),
            Scan::Back | Scan::Gap(_) => {
                self.settle_uncertain(step);
                self.read_back(step);
            }
            Scan::Chat(growing) => {
                if let Some((queries, growing)) = self.views.go_on(growing) {
                    self.loads.ask(step, queries, Then::Grow(growing));
                }
            }
            Scan::Part(_) => {}
        }
    }

    fn caught_up(&mut self, step: &mut Step<'_>) {
        self.settle_uncertain(step);
        self.session.caught_up_at.get_or_insert(step.now);
        step.fx.tell(Update::Synced);
        self.ask_for_the_order(step);
        if self.session.is_online() && self.session.has_archive() && self.archive.wants_ends() {
            self.request_get(step, None, &ArchiveMetadata::default(), Purpose::ArchiveEnds);
        } else {
            self.read_back(step);
        }
    }

    /// How far back the archive goes is known, or not to be had.
    pub(crate) fn archive_ends_answered(&mut self, step: &mut Step<'_>, outcome: Outcome<'_>) {
        if let Some(Ok(metadata)) = outcome.ok().flatten().map(ArchiveMetadata::from_element) {
            let begin = metadata.range.map(|(begin, _)| (StanzaId::new(begin.id), Timestamp(begin.timestamp.millis())));
            self.archive.begins_at(step, begin);
        }
        self.settle_uncertain(step);
        self.read_back(step);
    }

    /// What may have arrived and has not turned up in the archive has not: once that was read from before it was sent.
    fn settle_uncertain(&mut self, step: &mut Step<'_>) {
        let unread = |since: Timestamp| self.session.has_archive() && !self.archive.has_read_since(since);
        if !self.uncertain_since().is_some_and(unread) {
            self.outbox.resolve_uncertain(step);
        }
    }

    /// From when on the archive has to be read for what may or may not have arrived.
    fn uncertain_since(&self) -> Option<Timestamp> {
        self.outbox.uncertain_since().map(|at| at.plus_millis(-CLOCKS_DIFFER_MILLIS))
    }

    /// Reads the next page of a gap or of what is older, in the background.
    pub(crate) fn read_back(&mut self, step: &mut Step<'_>) {
        if self.session.is_online()
            && self.session.has_archive()
            && let Some((query, id)) = self.archive.back(step, self.uncertain_since())
        {
            self.request_set(step, None, &query, Purpose::Archive(id));
        }
    }

    /// A chat is open while catching up takes a while: reads its newest messages first.
    pub(crate) fn read_ahead(&mut self, step: &mut Step<'_>, chat: &BareJid) {
        let now = self.session.by_server(step.now);
        if self.session.is_online()
            && self.session.has_archive()
            && let Some(part) = self.archive.part_ahead(chat, now)
        {
            self.read_part(step, part);
        }
    }

    fn read_part(&mut self, step: &mut Step<'_>, part: Part) {
        let Some(with) = jids::recipient(&part.chat) else { return };
        if let Some((query, id)) = self.archive.part(step, part, with) {
            self.request_set(step, None, &query, Purpose::Archive(id));
        }
    }

    /// Somebody looks at a gap: reads the next page of it. What failed or waits for a connection is tried again.
    pub(crate) fn fill_gap(&mut self, step: &mut Step<'_>, chat: &BareJid, place: TimelineKey, direction: Direction) {
        if !self.session.is_online() {
            return self.reconnect_now(step);
        }
        if self.archive.is_pausing() && !self.archive.reads_forward() {
            self.catch_up(step);
        }
        // Where it is being filled, it has moved on.
        let missing = self.archive.missing(chat, self.session.has_archive()).into_iter();
        let Some(missing) = missing.filter(|part| !part.gone).find(|part| part.before > place.at) else { return };
        self.read_part(step, Part { chat: chat.clone(), direction, missing, newest: false });
    }

    /// Tells the views what is missing in the chats that they show.
    pub(crate) fn publish_gaps(&mut self, step: &mut Step<'_>) {
        for chat in self.views.open_chats() {
            let missing = self.archive.missing(&chat, self.session.has_archive());
            let comes = self.session.is_online() && !self.archive.is_pausing();
            let gap = |part: Missing| Gap {
                place: TimelineKey { at: part.after, sequence: u64::MAX },
                state: match (part.gone, comes) {
                    (true, _) => GapState::Gone,
                    (false, true) => GapState::Loading,
                    (false, false) => GapState::Missing,
                },
            };
            let gaps = missing.into_iter().map(gap).into_list();
            self.views.tell_gaps(step, &chat, &gaps);
        }
    }

    /// Whether there may be older messages of a chat than here, and they can be had now.
    pub(crate) fn may_have_older(&self, chat: &BareJid) -> bool {
        self.session.is_online() && self.session.has_archive() && self.archive.may_have_older(chat)
    }

    /// More of a window has been read from disk: shows it, or asks the archive where that was the end of it.
    pub(crate) fn window_grown(&mut self, step: &mut Step<'_>, growing: Growing, found: Vec<Loaded>) {
        let older_elsewhere = self.may_have_older(growing.chat());
        let grown = self.views.grown(step, &growing, found, older_elsewhere);
        let (Grown::AtDisksEnd { oldest, at }, Some(with)) = (grown, jids::recipient(growing.chat())) else { return };
        if let Some((query, id)) = self.archive.in_chat(step, &growing, with, oldest, at) {
            self.request_set(step, None, &query, Purpose::Archive(id));
        }
    }
}
