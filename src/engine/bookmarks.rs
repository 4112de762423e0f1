//! The rooms that the person has bookmarked (XEP-0402), as all their devices have them.
//!
//! The list is the server's; what is on disk of it is shown until the server has said more. This device only takes rooms
//! away: it writes no item, so whatever other programs keep in theirs (nicknames, passwords, extensions) stays as it is, is
//! not kept here, and goes onto no node that anybody else may see. What was taken away is on disk until the server has it.

use plausch_model::{BareJid, Bookmark, CommandError, Update};
use plausch_xmpp::list::IntoList;
use plausch_xmpp::{
    iq_tracker::Outcome,
    ns,
    payload::Payload,
    stanza::Condition,
    xep::{
        bookmarks,
        pubsub::{Item, Items, ItemsQuery, Retract},
        pubsub_event::NodeChange,
    },
};

use crate::{
    Account,
    contacts::{address, clip},
    jids,
    map::Set,
    records::{BOOKMARKS, BookmarkRecord, BookmarksRecord, Setup, encode},
    requests::Purpose,
    step::Step,
    store::Table,
};

/// Rooms that are kept: more than anybody has, few enough for what another program may have written by mistake.
const MAX_ROOMS: usize = 1_000;

/// The bookmarked rooms, and what the server has to hear of them.
#[derive(Debug, Default)]
pub(crate) struct Bookmarks {
    rooms: Vec<BookmarkRecord>,
    /// Items that the person took away and the server may still have; on disk.
    removed: Set<String>,
    /// Those of which it is being told.
    asked: Set<String>,
    /// The list has been asked for: the answer may still contain what is taken away meanwhile.
    fetching: bool,
    unsaved: bool,
}

impl Bookmarks {
    /// Takes over what was stored.
    pub fn load(&mut self, record: BookmarksRecord) {
        self.rooms = record.rooms;
        self.removed.extend(record.removed);
    }

    /// All rooms as shown.
    pub fn list(&self) -> Vec<Bookmark> {
        let shown = |BookmarkRecord { jid, name, autojoin, .. }: &BookmarkRecord| {
            let address = address(jid);
            let name = name.clone().unwrap_or_else(|| address.clone());
            Bookmark { jid: jid.clone(), address, name, autojoin: *autojoin }
        };
        self.rooms.iter().map(shown).into_list()
    }

    /// The server gave no answer to the removal of this item: it is told again with the next session.
    pub fn untold(&mut self, item: String) {
        self.asked.remove(&item);
    }

    /// The server's whole list.
    fn replace(&mut self, items: &[Item]) {
        self.rooms.clear();
        items.iter().for_each(|item| self.put(item));
    }

    /// An item is new or changed. One that can't be read changes nothing.
    fn put(&mut self, item: &Item) {
        let (Ok(bookmarks::Bookmark { room, conference }), Some(id)) = (bookmarks::Bookmark::from_item(item), &item.id)
        else {
            return;
        };
        let name = conference.name.map(clip).filter(|name| !name.trim().is_empty());
        let record = BookmarkRecord { jid: jids::bare(&room), item: id.clone(), name, autojoin: conference.autojoin };
        let full = self.rooms.len() >= MAX_ROOMS;
        match self.rooms.iter_mut().find(|known| known.jid == record.jid) {
            _ if self.removed.contains(id) => return,
            Some(known) => *known = record,
            None if full => return,
            None => self.rooms.push(record),
        }
        self.unsaved = true;
    }

    /// An item is gone.
    fn drop_item(&mut self, id: &str) {
        let before = self.rooms.len();
        self.rooms.retain(|room| room.item != id);
        self.unsaved |= self.rooms.len() != before;
    }
}

impl Account {
    /// Asks for all rooms (XEP-0402 §3.2).
    pub(crate) fn ask_bookmarks(&mut self, step: &mut Step<'_>) {
        self.bookmarks.fetching = true;
        let query = ItemsQuery { node: ns::BOOKMARKS.to_owned(), ..ItemsQuery::default() };
        self.request_get(step, None, &query, Purpose::Bookmarks);
    }

    /// The server has said which rooms there are, or that it will not.
    pub(crate) fn bookmarks_answered(&mut self, step: &mut Step<'_>, outcome: Outcome<'_>) {
        self.session.setup_done(Setup::BOOKMARKS);
        match outcome {
            Ok(items) => {
                if let Some(Ok(items)) = items.map(Items::from_element)
                    && items.node == ns::BOOKMARKS
                {
                    self.bookmarks.replace(&items.items);
                }
            }
            // Nobody has made the node yet (XEP-0060 §6.5.9.11).
            Err(error) if error.condition == Condition::ItemNotFound => self.bookmarks.replace(&[]),
            Err(_) => {}
        }
        self.bookmarks.unsaved = true;
        self.bookmarks_silent(step);
    }

    /// No answer is awaited any more: what was taken away can be told.
    pub(crate) fn bookmarks_silent(&mut self, step: &mut Step<'_>) {
        self.bookmarks.fetching = false;
        self.tell_removed_bookmarks(step);
    }

    /// Another device of ours has changed the node. Whose event it is has been checked (attack case A-10, CVE-2023-28686).
    pub(crate) fn bookmarks_changed(&mut self, step: &mut Step<'_>, change: &NodeChange) {
        match change {
            NodeChange::Items { published, retracted } => {
                published.iter().for_each(|item| self.bookmarks.put(item));
                retracted.iter().for_each(|id| self.bookmarks.drop_item(id));
                // What is published without its content has to be fetched (XEP-0060 §7.1.2.2).
                if published.iter().any(|item| item.payload.is_none()) {
                    self.ask_bookmarks(step);
                }
            }
            NodeChange::Purged | NodeChange::Deleted => {
                self.bookmarks.rooms.clear();
                self.bookmarks.unsaved = true;
            }
            NodeChange::Configured(_) => {}
        }
    }

    /// The person takes a room away, be there a connection or not.
    pub(crate) fn remove_bookmark(&mut self, step: &mut Step<'_>, room: &BareJid) -> Result<(), CommandError> {
        let rooms = &mut self.bookmarks.rooms;
        let place = rooms.iter().position(|known| known.jid == *room).ok_or(CommandError::NotFound)?;
        self.bookmarks.removed.insert(rooms.swap_remove(place).item);
        self.bookmarks.unsaved = true;
        self.tell_removed_bookmarks(step);
        Ok(())
    }

    /// Tells the server what was taken away (XEP-0402 §3.5), once its own list is here: an answer that is on its way may still
    /// contain it.
    pub(crate) fn tell_removed_bookmarks(&mut self, step: &mut Step<'_>) {
        if self.bookmarks.fetching || !self.session.is_online() {
            return;
        }
        let untold = self.bookmarks.removed.iter().filter(|item| !self.bookmarks.asked.contains(item)).cloned();
        for id in untold.into_list() {
            self.bookmarks.asked.insert(id.clone());
            let retract = Retract { node: ns::BOOKMARKS.to_owned(), id: id.clone(), notify: true };
            self.request_set(step, None, &retract, Purpose::BookmarkRemoved(id));
        }
    }

    /// The server has taken an item away, or refuses to: then it is shown again.
    pub(crate) fn bookmark_removed(&mut self, step: &mut Step<'_>, item: String, outcome: Outcome<'_>) {
        self.bookmarks.asked.remove(&item);
        self.bookmarks.removed.remove(&item);
        self.bookmarks.unsaved = true;
        if outcome.is_err_and(|error| error.condition != Condition::ItemNotFound) {
            self.ask_bookmarks(step);
        }
    }

    /// Stores and shows what changed.
    pub(crate) fn save_bookmarks(&mut self, step: &mut Step<'_>) {
        if std::mem::take(&mut self.bookmarks.unsaved) {
            let record = BookmarksRecord {
                rooms: self.bookmarks.rooms.clone(),
                removed: self.bookmarks.removed.iter().cloned().into_list(),
            };
            step.fx.batch.put(Table::Meta, BOOKMARKS, encode(&record));
            step.fx.tell(Update::Bookmarks(self.bookmarks.list()));
        }
    }
}
