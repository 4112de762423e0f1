//! Keeps the account's [`search`](crate::search) index, and runs the searches of its views.
//!
//! The index is written in the batches of what it tells of. Its own work is done in small pieces while nothing else is to be
//! done, with pauses between them, so that nobody waits for it.

use plausch_model::{BareJid, Command, CommandError, CommandId, MatchRange, SearchHit, Timestamp, Update, ViewId};
use plausch_xmpp::list::IntoList;

use crate::{
    Account,
    account::Then,
    map::{Map, Set},
    records::{MessageRecord, SearchRecord},
    search::{Decompose, Excerpt, Hit, Index, Progress, Reading, Search, SearchQuery, Work, excerpt, fold::folded},
    step::Step,
    store::{Batch, Loaded},
};

/// Hits of one page where all chats are looked through.
const PAGE: usize = 30;
/// Hits of one page within a chat: there they are walked through, and counted.
const PAGE_IN_CHAT: usize = 100;
/// Characters of a text that a hit shows.
const EXCERPT_CHARS: usize = 100;
/// Before the first piece of work after a start, and after something was listed: other things are more urgent.
const PATIENCE_MILLIS: i64 = 3_000;
/// Between two pieces of work.
const PAUSE_MILLIS: i64 = 100;

/// The search of one view.
#[derive(Debug)]
struct Searching {
    command: CommandId,
    search: Search,
    /// A page has been asked for and not been told.
    running: bool,
}

/// The index of an account and the searches in it.
#[derive(Debug)]
pub(crate) struct Finder {
    index: Index,
    searches: Map<ViewId, Searching>,
    work_at: Option<Timestamp>,
    working: bool,
}

impl Finder {
    /// A finder that has read nothing. `decompose` is the host's NFKD.
    pub fn new(decompose: Decompose) -> Self {
        Self { index: Index::new(decompose), searches: Map::default(), work_at: None, working: false }
    }

    /// The host's NFKD.
    pub fn decompose(&self) -> Decompose {
        self.index.decompose()
    }

    /// Takes over what was stored, if anything was.
    pub fn load(&mut self, now: Timestamp, record: Option<SearchRecord>) {
        record.into_iter().for_each(|record| self.index.load(record));
        self.work_at = Some(now.plus_millis(PATIENCE_MILLIS));
    }

    /// A message is new in its chat, or stands in a new place.
    pub fn list(&mut self, step: &mut Step<'_>, message: &MessageRecord) {
        self.index.list(&mut step.fx.batch, message);
        self.work_at = self.work_at.or(Some(step.now.plus_millis(PATIENCE_MILLIS)));
    }

    /// A message is gone from its place.
    pub fn forget(&mut self, batch: &mut Batch, message: &MessageRecord) {
        self.index.forget(batch, message);
    }

    /// A message is gone with its chat.
    pub fn unlist(&mut self, batch: &mut Batch, message: &MessageRecord) {
        self.index.unlist(batch, message);
    }

    /// The last messages of a chat are gone.
    pub fn forget_chat(&mut self, step: &mut Step<'_>, chat: &BareJid) {
        self.index.forget_chat(&mut step.fx.batch, chat);
        self.work_at = Some(step.now.plus_millis(PATIENCE_MILLIS));
    }

    /// A view is gone, or looks for nothing any more.
    pub fn end(&mut self, view: ViewId) {
        self.searches.remove(&view);
    }

    /// When the next piece of work is due.
    pub fn work_at(&self) -> Option<Timestamp> {
        self.work_at.filter(|_| !self.working)
    }

    /// The views whose search has not been answered, which it will not be any more.
    pub fn abandon(&mut self, step: &mut Step<'_>) {
        for (view, searching) in std::mem::take(&mut self.searches).iter().filter(|(_, searching)| searching.running) {
            let update = Update::Found { command: searching.command, hits: Vec::new(), more: false, complete: false };
            step.fx.tell_view(*view, update);
        }
    }
}

impl Account {
    /// Begins a search in a view; it ends the last one.
    pub(crate) fn search(&mut self, step: &mut Step<'_>, view: ViewId, id: CommandId, command: Command) {
        let Command::Search { query, chat, utc_offset_minutes } = command else { return };
        let resolve = |part: &str| self.people_called(part);
        let decompose = self.finder.decompose();
        let reading = Reading { me: &self.me, decompose, utc_offset_minutes, resolve: &resolve };
        let query = SearchQuery::parse(&query, &reading);
        let page = if chat.is_some() { PAGE_IN_CHAT } else { PAGE };
        let query = match chat {
            Some(chat) => query.in_chat(chat),
            None => query,
        };
        let searching = Searching { command: id, search: Search::new(query, page), running: true };
        self.finder.searches.insert(view, searching);
        self.go_on_searching(step, view, id, Vec::new());
    }

    /// The next page of a view's search.
    pub(crate) fn search_on(&mut self, step: &mut Step<'_>, view: ViewId) -> Result<(), CommandError> {
        let searching = self.finder.searches.get_mut(&view).ok_or(CommandError::NotFound)?;
        let command = searching.command;
        if !std::mem::replace(&mut searching.running, true) {
            self.go_on_searching(step, view, command, Vec::new());
        }
        Ok(())
    }

    /// What a search asked for has been read.
    pub(crate) fn go_on_searching(
        &mut self,
        step: &mut Step<'_>,
        view: ViewId,
        command: CommandId,
        found: Vec<Loaded>,
    ) {
        let Finder { index, searches, .. } = &mut self.finder;
        let searching = searches.get_mut(&view).filter(|searching| searching.command == command);
        // Another search was begun meanwhile, or the view is gone.
        let Some(searching) = searching else { return };
        match searching.search.next(index, found) {
            Progress::Ask(queries) => self.loads.ask(step, queries, Then::Search(view, command)),
            Progress::Page { hits, more } => {
                searching.running = false;
                let hits = hits.into_iter().map(shown).into_list();
                let complete = index.is_complete();
                step.fx.tell_view(view, Update::Found { command, hits, more, complete });
            }
        }
    }

    /// Does a piece of the index's work, if one is due and nothing is more urgent.
    pub(crate) fn work_on_index(&mut self, step: &mut Step<'_>) {
        let due = self.finder.work_at().is_some_and(|at| at <= step.now);
        if !due || self.is_reloading() || !self.all_ingested() {
            return;
        }
        match self.finder.index.next_work() {
            Some((queries, work)) => {
                self.finder.working = true;
                self.loads.ask(step, queries, Then::Index(work));
            }
            None => self.finder.work_at = None,
        }
    }

    /// What a piece of work needs has been read.
    pub(crate) fn index_loaded(&mut self, step: &mut Step<'_>, work: Work, found: Vec<Loaded>) {
        self.finder.working = false;
        self.finder.index.done(&mut step.fx.batch, work, found);
        self.finder.work_at = Some(step.now.plus_millis(PAUSE_MILLIS));
    }

    /// The addresses of those whose name or address this is a part of.
    fn people_called(&self, part: &str) -> Vec<BareJid> {
        let decompose = self.finder.decompose();
        let part = folded(part, decompose);
        let called =
            |jid: &BareJid| jid.as_str().contains(&part) || folded(&self.contacts.name(jid), decompose).contains(&part);
        let chats = self.chats.iter().map(|(jid, _)| jid.clone());
        let contacts = self.contacts.contacts().into_iter().map(|contact| contact.jid);
        let everybody: Set<BareJid> = chats.chain(contacts).chain([self.me.clone()]).collect();
        everybody.iter().filter(|jid| called(jid)).cloned().into_list()
    }
}

/// A hit as views show it.
fn shown(hit: Hit) -> SearchHit {
    let Hit { message, ranges } = hit;
    let text = crate::messages::text_of(&message).unwrap_or_default();
    let Excerpt { text, ranges: marks } = excerpt(text, &ranges, EXCERPT_CHARS);
    let range = |range: std::ops::Range<usize>| MatchRange { start: number(range.start), end: number(range.end) };
    SearchHit {
        chat: message.chat,
        id: message.item.id,
        key: message.item.key,
        author: message.item.author,
        way: message.item.way,
        at: message.item.at,
        excerpt: text,
        marks: marks.into_iter().map(range).into_list(),
        matches: ranges.into_iter().map(range).into_list(),
    }
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
