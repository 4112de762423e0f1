//! When the archive is read, and what comes of it: catching up, reading back, and enlarging windows beyond what is here.

use plausch_model::{BareJid, Timestamp, Update};
use plausch_xmpp::{iq_tracker::Outcome, payload::Payload, stanza::Condition, xep::mam::ArchiveFin};

use crate::{
    Account,
    account::Then,
    archive::{Read, Scan},
    jids,
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
            Ok(None) => self.archive_failed(step, &running.into_scan(), None),
            Err(error) => self.archive_failed(step, &running.into_scan(), Some(error.condition)),
        }
    }

    /// A query stays without answer.
    pub(crate) fn archive_silent(&mut self, step: &mut Step<'_>, query: &str) {
        if let Some(running) = self.archive.take(query) {
            self.archive_failed(step, &running.into_scan(), None);
        }
    }

    /// Only an archive that says that it is none is none: what may have been lost is sent again then, which the
    /// recipient's client recognises by its id. Everything else may pass.
    fn archive_failed(&mut self, step: &mut Step<'_>, scan: &Scan, condition: Option<Condition>) {
        let start_unknown = condition == Some(Condition::ItemNotFound) && self.archive.start_unknown(step, scan);
        match scan {
            Scan::Forward if start_unknown => self.catch_up(step),
            Scan::Forward => match condition {
                Some(Condition::FeatureNotImplemented | Condition::ServiceUnavailable) => {
                    self.archive.set_absent();
                    self.caught_up(step);
                }
                _ => self.archive.failed(step.now),
            },
            Scan::Back => {
                self.settle_uncertain(step);
                if self.outbox.has_uncertain() {
                    self.archive.failed(step.now);
                }
            }
            Scan::Chat(growing) => self.views.tell_grown(step, growing, Vec::new()),
        }
    }

    /// A page is on its way to disk.
    pub(crate) fn archive_page_applied(&mut self, step: &mut Step<'_>, read: Read) {
        let scan = read.scan.clone();
        let goes_on = self.archive.applied(step, read);
        match scan {
            Scan::Forward if goes_on && self.session.is_online() => self.catch_up(step),
            Scan::Forward if goes_on => {}
            Scan::Forward => self.caught_up(step),
            Scan::Back => {
                self.settle_uncertain(step);
                self.read_back(step);
            }
            Scan::Chat(growing) => {
                if let Some((queries, growing)) = self.views.go_on(growing) {
                    self.loads.ask(step, queries, Then::Grow(growing));
                }
            }
        }
    }

    fn caught_up(&mut self, step: &mut Step<'_>) {
        self.settle_uncertain(step);
        self.session.caught_up_at.get_or_insert(step.now);
        step.fx.tell(Update::Synced);
        self.ask_for_the_order(step);
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

    /// Reads the next older page, in the background.
    fn read_back(&mut self, step: &mut Step<'_>) {
        if self.session.is_online()
            && self.session.has_archive()
            && let Some((query, id)) = self.archive.back(step, self.uncertain_since())
        {
            self.request_set(step, None, &query, Purpose::Archive(id));
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
