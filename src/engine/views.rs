//! What each view (tab, embedded instance) shows of the timelines: a window of one chat.
//!
//! A window is read from disk when a chat is opened and when it grows; between, it lives from changes. The engine keeps its
//! two ends, not its messages, so its memory does not grow with what is shown.

use plausch_model::{Anchor, BareJid, Direction, TimelineItem, TimelineKey, Update, ViewId, WindowChange};

use plausch_xmpp::list::IntoList;

use crate::{
    io::Audience,
    map::Map,
    records::{MessageRecord, chat_end, chat_prefix, decode_row, message_key},
    step::Step,
    store::{Key, Loaded, Order, Query, Row, Table},
};

/// Messages on each side of an anchor.
const WINDOW: u32 = 50;
/// Messages added when a window grows.
const GROWTH: u32 = 100;

/// One view's window.
#[derive(Debug)]
pub(crate) struct Window {
    chat: BareJid,
    oldest: Option<TimelineKey>,
    newest: Option<TimelineKey>,
}

/// All views of the account.
#[derive(Debug, Default)]
pub(crate) struct Views {
    views: Map<ViewId, Option<Window>>,
    changes: Map<BareJid, Vec<WindowChange>>,
}

/// A window that is being read.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    view: ViewId,
    chat: BareJid,
    read_up_to: Option<TimelineKey>,
}

impl Opening {
    /// Whose window it is.
    pub fn chat(&self) -> &BareJid {
        &self.chat
    }
}

/// A window that is being enlarged.
#[derive(Clone, Debug)]
pub(crate) struct Growing {
    view: ViewId,
    chat: BareJid,
    direction: Direction,
}

impl Views {
    /// A view came.
    pub fn opened(&mut self, view: ViewId) {
        self.views.insert(view, None);
    }

    /// A view is gone.
    pub fn closed(&mut self, view: ViewId) {
        self.views.remove(&view);
    }

    /// All views.
    pub fn all(&self) -> Vec<ViewId> {
        self.views.keys().copied().into_list()
    }

    /// A view shows no chat any more.
    pub fn close_chat(&mut self, view: ViewId) {
        self.views.get_mut(&view).into_iter().for_each(|window| *window = None);
    }

    /// What to read for a new window, and what to hand back with the answers. `read_up_to` is where the unread begin.
    pub fn open(
        view: ViewId,
        chat: BareJid,
        anchor: Anchor,
        read_up_to: Option<TimelineKey>,
        unread: bool,
    ) -> (Vec<Query>, Opening) {
        let pivot = match anchor {
            Anchor::At(key) => message_key(&chat, key),
            Anchor::FirstUnread if unread => read_up_to.map_or_else(|| chat_prefix(&chat), |key| after(&chat, key)),
            Anchor::FirstUnread | Anchor::End => chat_end(&chat),
        };
        let queries = vec![older_than(&chat, pivot.clone(), WINDOW), newer_from(&chat, pivot, WINDOW)];
        (queries, Opening { view, chat, read_up_to })
    }

    /// The window has been read: shows it.
    pub fn opened_chat(&mut self, step: &mut Step<'_>, opening: Opening, found: Vec<Loaded>, total: u64) {
        let Opening { view, chat, read_up_to } = opening;
        let mut found = found.into_iter().map(rows);
        let (older, newer) = (found.next().unwrap_or_default(), found.next().unwrap_or_default());
        let (at_start, at_end) = (is_last(&older, WINDOW), is_last(&newer, WINDOW));
        let items: Vec<TimelineItem> = older.iter().rev().chain(&newer).filter_map(item).into_list();
        let window = Window { chat: chat.clone(), oldest: key_of(items.first()), newest: key_of(items.last()) };
        let Some(slot) = self.views.get_mut(&view) else { return };
        *slot = Some(window);
        step.fx.tell_view(view, Update::Window { chat, items, at_start, at_end, read_up_to, total });
    }

    /// What to read to enlarge a window; `None` if the view does not show that chat or there is nothing to go on from.
    pub fn grow(&self, view: ViewId, chat: BareJid, direction: Direction) -> Option<(Vec<Query>, Growing)> {
        let window = self.views.get(&view)?.as_ref().filter(|window| window.chat == chat)?;
        let query = match direction {
            Direction::Older => older_than(&chat, message_key(&chat, window.oldest?), GROWTH),
            Direction::Newer => newer_from(&chat, after(&chat, window.newest?), GROWTH),
        };
        Some((vec![query], Growing { view, chat, direction }))
    }

    /// More of a window has been read: shows it.
    pub fn grown(&mut self, step: &mut Step<'_>, growing: Growing, found: Vec<Loaded>) {
        let Growing { view, chat, direction } = growing;
        let Some(window) = self.views.get_mut(&view).and_then(Option::as_mut) else { return };
        if window.chat != chat {
            return;
        }
        let mut rows = found.into_iter().next().map(rows).unwrap_or_default();
        let last = is_last(&rows, GROWTH);
        if direction == Direction::Older {
            rows.reverse();
        }
        let items: Vec<TimelineItem> = rows.iter().filter_map(item).into_list();
        let (at_start, at_end) = match direction {
            Direction::Older => {
                window.oldest = key_of(items.first()).or(window.oldest);
                (last, false)
            }
            Direction::Newer => {
                window.newest = key_of(items.last()).or(window.newest);
                (false, last)
            }
        };
        step.fx.tell_view(view, Update::WindowGrown { chat, items, at_start, at_end });
    }

    /// A message was added or changed.
    pub fn put(&mut self, message: &MessageRecord) {
        self.change(&message.chat, || WindowChange::Put(message.item.clone()));
        let open = self.views.values_mut().flatten().filter(|window| window.chat == message.chat);
        open.for_each(|window| {
            let key = message.item.key;
            window.newest = window.newest.max(Some(key));
            window.oldest = window.oldest.or(Some(key));
        });
    }

    /// A message is gone.
    pub fn removed(&mut self, message: &MessageRecord) {
        self.change(&message.chat, || WindowChange::Remove(message.item.id.clone()));
    }

    /// Tells the views what changed in this step. `total` says how many messages a chat has.
    pub fn publish(&mut self, step: &mut Step<'_>, total: impl Fn(&BareJid) -> u64) {
        for (chat, changes) in std::mem::take(&mut self.changes).iter() {
            let total = total(chat);
            for view in self.showing(chat) {
                let update = Update::WindowChanged { chat: chat.clone(), changes: changes.clone(), total };
                step.fx.updates.push((Audience::View(view), update));
            }
        }
    }

    fn change(&mut self, chat: &BareJid, change: impl FnOnce() -> WindowChange) {
        if self.showing(chat).next().is_some() {
            self.changes.change(chat, |changes| changes.push(change()));
        }
    }

    fn showing(&self, chat: &BareJid) -> impl Iterator<Item = ViewId> {
        let shows = |window: &Window| window.chat == *chat;
        self.views.iter().filter(move |(_, window)| window.as_ref().is_some_and(shows)).map(|(view, _)| *view)
    }
}

fn older_than(chat: &BareJid, before: Key, limit: u32) -> Query {
    Query::Range { table: Table::Messages, from: chat_prefix(chat), to: before, order: Order::Descending, limit }
}

fn newer_from(chat: &BareJid, from: Key, limit: u32) -> Query {
    Query::Range { table: Table::Messages, from, to: chat_end(chat), order: Order::Ascending, limit }
}

/// The first key behind a message's.
fn after(chat: &BareJid, key: TimelineKey) -> Key {
    let mut bytes = message_key(chat, key);
    bytes.push(0);
    bytes
}

fn rows(loaded: Loaded) -> Vec<Row> {
    match loaded {
        Loaded::Rows(rows) => rows,
        Loaded::Found(_) | Loaded::Count(_) => Vec::new(),
    }
}

fn is_last(rows: &[Row], limit: u32) -> bool {
    u32::try_from(rows.len()).is_ok_and(|count| count < limit)
}

fn item(row: &Row) -> Option<TimelineItem> {
    decode_row::<MessageRecord>(row).map(|message| message.item)
}

fn key_of(item: Option<&TimelineItem>) -> Option<TimelineKey> {
    item.map(|item| item.key)
}
