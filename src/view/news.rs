//! What is new in the list of chats, for those who do not look at it.

use std::{
    cell::Cell,
    sync::atomic::{AtomicI64, AtomicU32, Ordering},
};

use super::ChatRow;

/// How a chat stood when the list was last looked at: how much was unread, and when something had happened.
#[derive(Default)]
pub(super) struct Standing {
    unread: AtomicU32,
    at: AtomicI64,
}

/// What has changed since.
#[derive(Default)]
pub struct Turn {
    /// Chats with more unread messages than before, in the order of the list.
    pub grown: Vec<ChatRow>,
    /// Something that was unread is not any more.
    pub read: bool,
}

/// The list as it was when it was last looked at; how each chat stood lies with it.
#[derive(Default)]
pub struct News {
    /// Of so many accounts, with so many chats that had unread messages.
    before: Cell<(usize, usize)>,
}

impl News {
    /// Compares with the list as it is now. What is there at first, or comes with another account, is no news.
    pub fn look(&self, accounts: usize, rows: &[ChatRow]) -> Turn {
        let (known, unread_before) = self.before.get();
        let (first, mut turn, mut unread) = (known != accounts, Turn::default(), 0_usize);
        for row in rows {
            let (now, at) = row.entry.summary.with_untracked(|chat| (chat.unread, chat.active_at.0));
            let standing = &row.entry.standing;
            let before = standing.unread.swap(now, Ordering::Relaxed);
            let happened = standing.at.swap(at, Ordering::Relaxed) < at;
            unread = unread.saturating_add(usize::from(now > 0));
            turn.read |= before > 0 && now == 0;
            if !first && now > before && happened {
                turn.grown.push(row.clone());
            }
        }
        self.before.set((accounts, unread));
        // A chat may be gone with what was unread in it.
        turn.read |= first || unread < unread_before;
        turn
    }

    /// Forgets the list; tells whether it was looked at since it was last forgotten.
    pub fn forget(&self) -> bool {
        self.before.take() != (0, 0)
    }
}

#[cfg(test)]
mod tests {
    use plausch_model::{AccountId, BareJid};

    use super::*;
    use crate::reactive::Owner;
    use crate::view::{Account, fixtures::chat};

    /// The chats that have grown, and whether something was read.
    fn look(news: &News, account: Account, chats: &[(&str, u32, i64)]) -> (Vec<String>, bool) {
        account.chats.replace(chats.iter().map(|(jid, unread, at)| chat(jid, *at, *unread)).collect());
        account.chats.settle();
        let rows: Vec<_> = account.chats.order().into_iter().map(|entry| ChatRow { account, entry }).collect();
        let Turn { grown, read } = news.look(1, &rows);
        (grown.iter().map(|row| row.entry.jid.to_string()).collect(), read)
    }

    fn told(grown: &[&str], read: bool) -> (Vec<String>, bool) {
        (grown.iter().map(|jid| (*jid).to_owned()).collect(), read)
    }

    #[test]
    fn what_comes_is_news_once_and_what_was_there_never() {
        Owner::new().with(|| {
            let (news, account) = (News::default(), Account::new(AccountId(BareJid::new("me@x"))));
            assert_eq!(look(&news, account, &[("a", 3, 10), ("b", 0, 5)]), told(&[], true));
            assert_eq!(look(&news, account, &[("b", 1, 11), ("a", 3, 10), ("c", 1, 9)]), told(&["b", "c"], false));
            assert_eq!(look(&news, account, &[("b", 1, 11), ("a", 3, 10), ("c", 1, 9)]), told(&[], false));
            assert!(news.forget() && !news.forget());
            assert_eq!(look(&news, account, &[("b", 2, 12)]), told(&[], true));
        });
    }

    #[test]
    fn what_is_read_anywhere_is_told_and_what_only_turns_unread_is_not() {
        Owner::new().with(|| {
            let (news, account) = (News::default(), Account::new(AccountId(BareJid::new("me@x"))));
            look(&news, account, &[("a", 3, 10), ("b", 1, 5)]);
            assert_eq!(look(&news, account, &[("a", 2, 10), ("b", 1, 5)]), told(&[], false));
            assert_eq!(look(&news, account, &[("a", 2, 10)]), told(&[], true), "a chat is gone");
            assert_eq!(look(&news, account, &[("a", 0, 10)]), told(&[], true));
            assert_eq!(look(&news, account, &[("a", 1, 10)]), told(&[], false), "nothing has happened there");
        });
    }
}
