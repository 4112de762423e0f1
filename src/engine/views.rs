//! What each view (tab, embedded instance) shows of the timelines: a window of one chat.
//!
//! A window is read from disk when a chat is opened and when it grows; between, it lives from changes. The engine keeps its
//! two ends, not its messages, so its memory does not grow with what is shown.

use plausch_model::{
    Anchor, BareJid, Direction, Gap, StanzaId, TimelineItem, TimelineKey, Timestamp, Update, ViewId, WindowChange,
};

use plausch_xmpp::list::IntoList;

use crate::{
    map::Map,
    records::{MessageRecord, chat_end, chat_prefix, decode_row, message_key},
    step::Step,
    store::{Key, Loaded, Order, Query, Row, Table, rows},
};

/// Messages on each side of an anchor.
const WINDOW: u32 = 50;
/// Messages added when a window grows.
const GROWTH: u32 = 100;

/// One view's window: everything from the oldest to the newest message, and beyond where it is at that end of the chat.
#[derive(Debug)]
pub(crate) struct Window {
    chat: BareJid,
    oldest: Option<TimelineKey>,
    newest: Option<TimelineKey>,
    at_start: bool,
    at_end: bool,
    /// What changed in this step; `None` if nothing did, not even the number of messages.
    changes: Option<Vec<WindowChange>>,
    /// What is missing in the chat, as the view was told.
    gaps: Vec<Gap>,
}

impl Window {
    fn contains(&self, key: TimelineKey) -> bool {
        let (Some(oldest), Some(newest)) = (self.oldest, self.newest) else { return true };
        (self.at_start || oldest <= key) && (self.at_end || key <= newest)
    }

    fn end(&self, direction: Direction) -> Option<TimelineKey> {
        match direction {
            Direction::Older => self.oldest,
            Direction::Newer => self.newest,
        }
    }

    /// Whether an end does not reach as far any more as it did.
    fn is_cut(&self, direction: Direction, before: Option<TimelineKey>) -> bool {
        let Some((end, before)) = self.end(direction).zip(before) else { return false };
        match direction {
            Direction::Older => end > before,
            Direction::Newer => end < before,
        }
    }

    /// A message inside is new; the first one is both ends.
    fn extend(&mut self, key: TimelineKey) {
        self.oldest = Some(self.oldest.map_or(key, |oldest| oldest.min(key)));
        self.newest = self.newest.max(Some(key));
    }
}

/// All views of the account.
#[derive(Debug, Default)]
pub(crate) struct Views {
    views: Map<ViewId, Option<Window>>,
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
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Growing {
    view: ViewId,
    chat: BareJid,
    direction: Direction,
    /// The end that it is enlarged from.
    from: Option<TimelineKey>,
}

impl Growing {
    /// Whose window it is.
    pub fn chat(&self) -> &BareJid {
        &self.chat
    }
}

/// What came of enlarging a window.
#[derive(Debug)]
pub(crate) enum Grown {
    /// It is as large as it can be, or has been shown larger.
    Shown,
    /// There is nothing older on this device, but there may be elsewhere.
    AtDisksEnd {
        /// The archive's id of the oldest message here.
        oldest: Option<StanzaId>,
        /// When that was sent.
        at: Option<Timestamp>,
    },
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

    /// The chats that are shown, each once.
    pub fn open_chats(&self) -> Vec<BareJid> {
        let mut chats: Vec<BareJid> = Vec::new();
        for window in self.views.values().flatten() {
            if !chats.contains(&window.chat) {
                chats.push(window.chat.clone());
            }
        }
        chats
    }

    /// Tells the views of a chat what is missing in it, if that is news.
    pub fn tell_gaps(&mut self, step: &mut Step<'_>, chat: &BareJid, gaps: &[Gap]) {
        for view in self.all() {
            let window = self.views.get_mut(&view).and_then(Option::as_mut);
            let Some(window) = window.filter(|window| window.chat == *chat && window.gaps != gaps) else { continue };
            window.gaps = gaps.to_vec();
            step.fx.tell_view(view, Update::WindowGaps { chat: chat.clone(), gaps: gaps.to_vec() });
        }
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
    ///
    /// `older_elsewhere` says that the archive may have older messages than this device.
    pub fn opened_chat(
        &mut self,
        step: &mut Step<'_>,
        opening: Opening,
        found: Vec<Loaded>,
        total: u64,
        older_elsewhere: bool,
    ) {
        let Opening { view, chat, read_up_to } = opening;
        let mut found = found.into_iter();
        let (older, newer) = (rows(found.next()), rows(found.next()));
        let (at_start, at_end) = (is_last(&older, WINDOW) && !older_elsewhere, is_last(&newer, WINDOW));
        let items: Vec<TimelineItem> = older.iter().rev().chain(&newer).filter_map(item).into_list();
        let (oldest, newest) = (key_of(items.first()), key_of(items.last()));
        let Some(slot) = self.views.get_mut(&view) else { return };
        *slot = Some(Window { chat: chat.clone(), oldest, newest, at_start, at_end, changes: None, gaps: Vec::new() });
        step.fx.tell_view(view, Update::Window { chat, items, at_start, at_end, read_up_to, total });
    }

    /// Enlarges a window of a view.
    pub fn grow(&self, view: ViewId, chat: BareJid, direction: Direction) -> Option<(Vec<Query>, Growing)> {
        self.go_on(Growing { view, chat, direction, from: None })
    }

    /// What to read to enlarge a window; `None` if the view does not show that chat. The oldest message itself is read
    /// along, for what the archive calls it.
    pub fn go_on(&self, mut growing: Growing) -> Option<(Vec<Query>, Growing)> {
        let Growing { view, chat, direction, .. } = &growing;
        let window = self.views.get(view)?.as_ref().filter(|window| window.chat == *chat)?;
        let query = match (direction, window.oldest.zip(window.newest)) {
            (Direction::Older, Some((oldest, _))) => older_than(chat, after(chat, oldest), GROWTH.saturating_add(1)),
            (Direction::Newer, Some((_, newest))) => newer_from(chat, after(chat, newest), GROWTH),
            (_, None) => older_than(chat, chat_end(chat), GROWTH),
        };
        growing.from = window.end(growing.direction);
        Some((vec![query], growing))
    }

    /// More of a window has been read: shows it. `older_elsewhere` says that the archive may have older messages than this
    /// device; then an end of what is here is not shown as the beginning of the chat.
    pub fn grown(
        &mut self,
        step: &mut Step<'_>,
        growing: &Growing,
        found: Vec<Loaded>,
        older_elsewhere: bool,
    ) -> Grown {
        let Growing { view, chat, direction, from } = growing;
        let window = self.views.get_mut(view).and_then(Option::as_mut).filter(|window| window.chat == *chat);
        let Some(window) = window else { return Grown::Shown };
        if window.is_cut(*direction, *from) {
            // What was read does not join on any more. The view asks again when it wants more there.
            return Grown::Shown;
        }
        let mut messages: Vec<MessageRecord> = rows(found.into_iter().next()).iter().filter_map(decode_row).collect();
        let known = |message: &MessageRecord| Some(message.item.key) == window.oldest;
        let oldest = messages.iter().find(|message| known(message)).and_then(|message| message.stanza_id.clone());
        messages.retain(|message| !known(message));
        let last = u32::try_from(messages.len()).is_ok_and(|count| count < GROWTH);
        if *direction == Direction::Older {
            if messages.is_empty() && older_elsewhere {
                return Grown::AtDisksEnd { oldest, at: window.oldest.map(|key| key.at) };
            }
            messages.reverse();
            window.at_start = last && !older_elsewhere;
        } else {
            window.at_end = last;
        }
        let items: Vec<TimelineItem> = messages.into_iter().map(|message| message.item).collect();
        items.iter().for_each(|item| window.extend(item.key));
        self.tell_grown(step, growing, items);
        Grown::Shown
    }

    /// A view wants its window to end at a message, if that is in it.
    pub fn cut(&mut self, step: &mut Step<'_>, view: ViewId, chat: BareJid, direction: Direction, end: TimelineKey) {
        let window = self.views.get_mut(&view).and_then(Option::as_mut).filter(|window| window.chat == chat);
        let inside = |window: &&mut Window| window.oldest <= Some(end) && Some(end) <= window.newest;
        let Some(window) = window.filter(inside) else { return };
        match direction {
            Direction::Older => (window.oldest, window.at_start) = (Some(end), false),
            Direction::Newer => (window.newest, window.at_end) = (Some(end), false),
        }
        step.fx.tell_view(view, Update::WindowCut { chat, direction, end });
    }

    /// Answers the wish for a larger window with these messages, be there any or not.
    pub fn tell_grown(&self, step: &mut Step<'_>, growing: &Growing, items: Vec<TimelineItem>) {
        let Growing { view, chat, .. } = growing;
        let window = self.views.get(view).and_then(Option::as_ref).filter(|window| window.chat == *chat);
        let Some(&Window { at_start, at_end, .. }) = window else { return };
        step.fx.tell_view(*view, Update::WindowGrown { chat: chat.clone(), items, at_start, at_end });
    }

    /// A message was added. Beyond the end of a window it is only counted.
    pub fn added(&mut self, message: &MessageRecord) {
        for window in self.showing(&message.chat) {
            let inside = window.contains(message.item.key);
            let changes = window.changes.get_or_insert_default();
            if inside {
                changes.push(WindowChange::Put(message.item.clone()));
                window.extend(message.item.key);
            }
        }
    }

    /// A message is now like this.
    pub fn changed(&mut self, message: &MessageRecord) {
        for window in self.showing(&message.chat).filter(|window| window.contains(message.item.key)) {
            window.changes.get_or_insert_default().push(WindowChange::Put(message.item.clone()));
        }
    }

    /// A message is gone.
    pub fn removed(&mut self, message: &MessageRecord) {
        for window in self.showing(&message.chat) {
            window.changes.get_or_insert_default().push(WindowChange::Remove(message.item.id.clone()));
        }
    }

    /// A message is about to get another place. The windows that it leaves at their older end are to be enlarged, since they
    /// showed it: what to read for that.
    pub fn moved(&mut self, message: &MessageRecord, place: TimelineKey) -> Vec<(Vec<Query>, Growing)> {
        let leaves = |window: &Window| {
            window.chat == message.chat && window.contains(message.item.key) && window.oldest > Some(place)
        };
        let leaving = self.views.iter().filter(|(_, window)| window.as_ref().is_some_and(leaves));
        let leaving = leaving.filter(|(_, window)| window.as_ref().is_some_and(|window| !window.at_start));
        let leaving: Vec<ViewId> = leaving.map(|(view, _)| *view).into_list();
        self.removed(message);
        let grow = |view: ViewId| self.grow(view, message.chat.clone(), Direction::Older);
        leaving.into_iter().filter_map(grow).into_list()
    }

    /// Tells the views what changed in this step. `total` says how many messages a chat has.
    pub fn publish(&mut self, step: &mut Step<'_>, total: impl Fn(&BareJid) -> u64) {
        for view in self.all() {
            let Some(window) = self.views.get_mut(&view).and_then(Option::as_mut) else { continue };
            if let Some(changes) = window.changes.take() {
                let (chat, total) = (window.chat.clone(), total(&window.chat));
                step.fx.tell_view(view, Update::WindowChanged { chat, changes, total });
            }
        }
    }

    /// The windows that show a chat.
    fn showing(&mut self, chat: &BareJid) -> impl Iterator<Item = &mut Window> {
        self.views.values_mut().flatten().filter(move |window| window.chat == *chat)
    }
}

fn older_than(chat: &BareJid, before: Key, limit: u32) -> Query {
    Query::Range { table: Table::Messages, from: chat_prefix(chat), to: before, order: Order::Descending, limit }
}

/// The messages of a chat from this key on, oldest first.
pub(crate) fn newer_from(chat: &BareJid, from: Key, limit: u32) -> Query {
    Query::Range { table: Table::Messages, from, to: chat_end(chat), order: Order::Ascending, limit }
}

/// The first key behind a message's.
fn after(chat: &BareJid, key: TimelineKey) -> Key {
    let mut bytes = message_key(chat, key);
    bytes.push(0);
    bytes
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
