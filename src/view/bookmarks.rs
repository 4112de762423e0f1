//! The rooms of one account that the person has bookmarked.

use std::sync::Arc;

use plausch_model::{BareJid, Bookmark};

use crate::reactive::RwSignal;
use crate::text::{collate, fold};

/// The bookmarked rooms, by name in the language's order.
#[derive(Clone, Copy)]
pub struct Bookmarks(RwSignal<Option<Arc<Vec<Bookmark>>>>);

impl Default for Bookmarks {
    fn default() -> Self {
        Self(RwSignal::new(None))
    }
}

impl Bookmarks {
    /// All rooms in order; none while the engine has not told them.
    pub fn all(&self) -> Arc<Vec<Bookmark>> {
        self.0.get().unwrap_or_default()
    }

    /// One room, as long as it is among them.
    pub fn watch(&self, jid: &BareJid) -> Option<Bookmark> {
        self.0.with(|rooms| rooms.iter().flat_map(|rooms| rooms.iter()).find(|room| room.jid == *jid).cloned())
    }

    /// Whether the engine has told the rooms, and this is none of them.
    pub fn lack(&self, jid: &BareJid) -> bool {
        self.0.with_untracked(|rooms| rooms.as_ref().is_some_and(|rooms| rooms.iter().all(|room| room.jid != *jid)))
    }

    /// The rooms whose name or address contains some words (in lower case).
    pub fn filtered(&self, words: &str) -> Arc<Vec<Bookmark>> {
        let all = self.all();
        if words.is_empty() {
            return all;
        }
        let fits =
            |room: &&Bookmark| fold::lower(&room.name).contains(words) || fold::lower(&room.address).contains(words);
        Arc::new(all.iter().filter(fits).cloned().collect())
    }

    /// Replaces everything.
    pub fn replace(&self, mut rooms: Vec<Bookmark>) {
        collate::sort(&mut rooms, |room| room.name.clone());
        // Each session begins with the whole list.
        if self.0.with_untracked(|known| known.as_deref() != Some(&rooms)) {
            self.0.set(Some(Arc::new(rooms)));
        }
    }

    /// Nothing is known any more.
    pub fn forget(&self) {
        self.0.set(None);
    }
}

#[cfg(test)]
mod tests {
    use crate::reactive::Owner;

    use super::*;
    use crate::view::fixtures::bookmark;

    fn names(rooms: &[Bookmark]) -> Vec<&str> {
        rooms.iter().map(|room| room.name.as_str()).collect()
    }

    #[test]
    fn rooms_are_in_the_order_of_their_names_and_found_by_name_and_address() {
        Owner::new().with(|| {
            let rooms = Bookmarks::default();
            assert!(rooms.all().is_empty() && !rooms.lack(&BareJid::new("a@muc.x")), "nothing is known yet");
            rooms.replace(vec![bookmark("z@muc.x", "council"), bookmark("a@muc.x", "Orchard")]);
            assert_eq!(names(&rooms.all()), ["council", "Orchard"]);
            assert_eq!(names(&rooms.filtered("orch")), ["Orchard"]);
            assert_eq!(names(&rooms.filtered("z@muc")), ["council"]);
            assert!(rooms.lack(&BareJid::new("b@muc.x")) && !rooms.lack(&BareJid::new("a@muc.x")));
        });
    }

    #[test]
    fn the_same_list_again_draws_nothing_anew() {
        Owner::new().with(|| {
            let rooms = Bookmarks::default();
            rooms.replace(vec![bookmark("a@muc.x", "Orchard")]);
            let before = rooms.all();
            rooms.replace(vec![bookmark("a@muc.x", "Orchard")]);
            assert!(Arc::ptr_eq(&before, &rooms.all()));
            rooms.replace(vec![bookmark("a@muc.x", "Garden")]);
            assert_eq!(rooms.watch(&BareJid::new("a@muc.x")).map(|room| room.name).as_deref(), Some("Garden"));
        });
    }
}
