//! Catching up with the archive (XEP-0313): what happened while we were away, page by page, onto disk.
//!
//! The archive's last message that is on disk is remembered; after each new session everything behind it is read, oldest
//! first, so that the memory of where we are is true after every page. A page's messages and the new mark are committed
//! together. On a new device, or when the server no longer has the marked message, the newest page is read instead.

use plausch_model::StanzaId;
use plausch_xmpp::xep::{
    mam::{ArchiveFin, ArchiveQuery},
    rsm::{Page, PageRequest},
};

use crate::{
    envelope::Incoming,
    records::{ARCHIVE, ArchiveRecord, encode},
    step::Step,
    store::Table,
};

/// Messages asked for at once.
const PAGE: u32 = 100;
/// Messages accepted in answer to one query: a server that sends more is not believed.
const MAX_RESULTS: usize = 1_000;

/// A query that is being answered.
#[derive(Debug)]
struct Running {
    query: String,
    results: Vec<Incoming>,
    last: Option<StanzaId>,
    count: usize,
}

/// How far we are with our archive.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    read_up_to: Option<StanzaId>,
    running: Option<Running>,
    /// Everything up to now has been read in this session.
    synced: bool,
}

impl Archive {
    /// Takes over what was stored.
    pub fn load(&mut self, record: ArchiveRecord) {
        self.read_up_to = record.read_up_to;
    }

    /// The query for the next page, and its id.
    pub fn next_query(&mut self, step: &mut Step<'_>) -> ArchiveQuery {
        let query = step.random_id();
        self.running = Some(Running { query: query.clone(), results: Vec::new(), last: None, count: 0 });
        let page = match &self.read_up_to {
            Some(id) => Page::After(id.as_str().to_owned()),
            None => Page::Last,
        };
        let page = PageRequest { max: Some(PAGE), page };
        ArchiveQuery { query_id: Some(query), page: Some(page), ..ArchiveQuery::default() }
    }

    /// A result came. It counts only while its query runs (attack case A-05).
    pub fn result(&mut self, query: &str, id: StanzaId, incoming: Option<Incoming>) {
        let Some(running) = self.running.as_mut().filter(|running| running.query == query) else { return };
        if running.count < MAX_RESULTS {
            running.count = running.count.saturating_add(1);
            running.last = Some(id);
            running.results.extend(incoming);
        }
    }

    /// The page is complete: its messages, its last id, and whether it was the last page.
    pub fn finished(&mut self, fin: &ArchiveFin) -> Option<(Vec<Incoming>, Option<StanzaId>, bool)> {
        let running = self.running.take()?;
        let newest_only = self.read_up_to.is_none();
        let last = running.last.or_else(|| fin.page.last.clone().map(StanzaId::new));
        let complete = fin.complete || newest_only || running.count == 0;
        Some((running.results, last, complete))
    }

    /// The query failed. True if another try makes sense: the mark was unknown to the server and is forgotten.
    pub fn failed(&mut self, mark_unknown: bool) -> bool {
        self.running = None;
        mark_unknown && self.read_up_to.take().is_some()
    }

    /// A page is applied: moves the mark along with it.
    pub fn applied(&mut self, step: &mut Step<'_>, last: Option<StanzaId>, complete: bool) {
        self.synced |= complete;
        self.mark(step, last);
    }

    /// A live message with this id is applied. It moves the mark only if nothing before it is missing.
    pub fn live(&mut self, step: &mut Step<'_>, id: Option<StanzaId>) {
        if self.synced {
            self.mark(step, id);
        }
    }

    /// A new session has begun: there may be something to catch up with.
    pub fn session_began(&mut self) {
        self.running = None;
        self.synced = false;
    }

    /// The lost session goes on: nothing was missed, but a running query's answers are.
    pub fn session_resumed(&mut self) -> bool {
        !self.synced && self.running.is_none()
    }

    /// The connection is gone.
    pub fn disconnected(&mut self) {
        self.running = None;
    }

    fn mark(&mut self, step: &mut Step<'_>, id: Option<StanzaId>) {
        if id.is_some() && self.read_up_to != id {
            self.read_up_to = id;
            let record = ArchiveRecord { read_up_to: self.read_up_to.clone() };
            step.fx.batch.put(Table::Meta, ARCHIVE, encode(&record));
        }
    }
}
