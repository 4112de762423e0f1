//! A page of the archive: what is asked for, what comes, and what it amounts to.

use plausch_model::{BareJid, Direction, StanzaId, Timestamp};
use plausch_xmpp::{
    datetime::DateTime,
    xep::{mam::Filter, rsm::Page},
};

use crate::{envelope::Incoming, gaps::Missing, views::Growing};

/// Messages accepted in answer to one query: a server that sends more is not believed.
const MAX_RESULTS: usize = 1_000;

/// What a query is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Scan {
    /// What came after the mark.
    Forward,
    /// What is older than everything here.
    Back,
    /// What is missing in the gap that begins at this time.
    Gap(Timestamp),
    /// What is older in one chat, for a window that has reached the end of what is here.
    Chat(Growing),
    /// What is missing in a part of one chat.
    Part(Part),
}

/// A part of one chat that is being read, from one of its ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Part {
    /// Which chat.
    pub chat: BareJid,
    /// Towards where it is read on.
    pub direction: Direction,
    /// Between which times.
    pub missing: Missing,
    /// It ends with the newest message, whenever that came.
    pub newest: bool,
}

/// A query that is being answered.
#[derive(Debug)]
pub(crate) struct Running {
    /// Its id.
    pub query: String,
    /// What it is for.
    pub scan: Scan,
    /// The message that it starts from.
    pub asked: Option<StanzaId>,
    /// What has come.
    pub results: Vec<(StanzaId, Option<Incoming>)>,
    /// There were more results than are accepted.
    pub cut: bool,
}

/// A page that is complete.
#[derive(Debug)]
pub(crate) struct Read {
    /// What it was read for.
    pub scan: Scan,
    /// Its oldest message.
    pub first: Option<StanzaId>,
    /// Its newest message.
    pub last: Option<StanzaId>,
    /// The time of its oldest message that could be read.
    pub since: Option<Timestamp>,
    /// The time of the newest.
    pub until: Option<Timestamp>,
    /// How many messages it has.
    pub count: u32,
    /// There is nothing beyond it.
    pub complete: bool,
    /// The next page of the same reading follows.
    pub goes_on: bool,
}

impl Running {
    /// A result came. If there are too many, those next to what is here are kept.
    pub fn accept(&mut self, id: StanzaId, incoming: Option<Incoming>) {
        if self.results.len() >= MAX_RESULTS {
            self.cut = true;
            if self.goes_forward() {
                return;
            }
            self.results.remove(0);
        }
        self.results.push((id, incoming));
    }

    /// Whether it reads from older to newer messages, and not from the newest ones on.
    pub fn goes_forward(&self) -> bool {
        match &self.scan {
            Scan::Forward => self.asked.is_some(),
            Scan::Part(part) => part.direction == Direction::Newer,
            _ => false,
        }
    }

    /// What it was for, and the message that it started from.
    pub fn into_parts(self) -> (Scan, Option<StanzaId>) {
        (self.scan, self.asked)
    }
}

/// The page after a message.
pub(crate) fn after(id: Option<&StanzaId>, otherwise: Page) -> Page {
    id.map_or(otherwise, |id| Page::After(id.as_str().to_owned()))
}

/// The page before a message, or else the last one that is as old as a time.
pub(crate) fn before(id: Option<&StanzaId>, end: Timestamp) -> (Page, Filter) {
    match id {
        Some(id) => (Page::Before(id.as_str().to_owned()), Filter::default()),
        None => (Page::Last, Filter { end: Some(until(end)), ..Filter::default() }),
    }
}

/// The end of a filter. Servers that round it down to the second must not leave out what came within that second.
pub(crate) fn until(end: Timestamp) -> DateTime {
    DateTime::from_millis(end.0.saturating_add(999).div_euclid(1_000).saturating_mul(1_000))
}

/// Puts a page into the archive's order that the server sent in another: where its ends are not what it says they are.
pub(crate) fn put_in_order(
    results: &mut Vec<(StanzaId, Option<Incoming>)>,
    first: Option<&StanzaId>,
    last: Option<&StanzaId>,
) {
    let ends = |first: Option<&StanzaId>, last: Option<&StanzaId>| {
        let is = |result: Option<&(StanzaId, _)>, id: Option<&StanzaId>| {
            id.is_none_or(|id| result.is_some_and(|(known, _)| known == id))
        };
        is(results.first(), first) && is(results.last(), last)
    };
    if ends(first, last) {
        return;
    }
    if ends(last, first) {
        return results.reverse();
    }
    let time = |result: &(StanzaId, Option<Incoming>)| result.1.as_ref().map(|incoming| incoming.at);
    let mut sorted: Vec<(StanzaId, Option<Incoming>)> = Vec::new();
    for result in results.drain(..) {
        let place = sorted.partition_point(|earlier| time(earlier) <= time(&result));
        sorted.insert(place, result);
    }
    *results = sorted;
}
