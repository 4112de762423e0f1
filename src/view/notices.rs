//! Short messages at the edge of the screen about what was done or went wrong.

use crate::reactive::{RwSignal, StoredValue};

/// How a notice is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// Something worked; read out politely.
    Done,
    /// Something failed; read out at once.
    Problem,
}

/// One notice.
#[derive(Clone, PartialEq)]
pub struct Notice {
    /// Its number, for the list's key.
    pub id: u32,
    /// How it is meant.
    pub kind: NoticeKind,
    /// What it says, in the language of the moment it came up.
    pub words: String,
}

/// The notices on screen. At most a few: the oldest give way.
#[derive(Clone, Copy)]
pub struct Notices {
    list: RwSignal<Vec<Notice>>,
    next: StoredValue<u32>,
}

const MOST: usize = 3;

impl Default for Notices {
    fn default() -> Self {
        Self { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }
}

impl Notices {
    /// Shows a notice.
    pub fn show(&self, kind: NoticeKind, words: String) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.list.update(|list| {
            list.retain(|notice| notice.words != words);
            if list.len() >= MOST {
                list.remove(0);
            }
            list.push(Notice { id, kind, words });
        });
    }

    /// Takes a notice away.
    pub fn dismiss(&self, id: u32) {
        self.list.update(|list| list.retain(|notice| notice.id != id));
    }

    /// Takes all away.
    pub fn clear(&self) {
        self.list.update(Vec::clear);
    }

    /// All notices, oldest first.
    pub fn list(&self) -> Vec<Notice> {
        self.list.get()
    }
}

#[cfg(test)]
mod tests {
    use crate::reactive::Owner;

    use super::*;

    #[test]
    fn the_same_words_are_shown_once_and_old_ones_give_way() {
        Owner::new().with(|| {
            let notices = Notices::default();
            for words in ["a", "b", "a", "c", "d"] {
                notices.show(NoticeKind::Done, words.into());
            }
            let words: Vec<_> = notices.list.get_untracked().into_iter().map(|notice| notice.words).collect();
            assert_eq!(words, ["a", "c", "d"]);
            let first = notices.list.with_untracked(|list| list[0].id);
            notices.dismiss(first);
            assert_eq!(notices.list.with_untracked(Vec::len), 2);
        });
    }
}
