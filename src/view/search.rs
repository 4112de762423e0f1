//! What is looked for in the messages of this device, and what was found so far.

use plausch_model::{CommandId, SearchHit};

use super::{Account, OpenChat, sort::sort_by};
use crate::reactive::{RwSignal, StoredValue};

/// A message that was found, and whose it is.
#[derive(Clone, PartialEq)]
pub struct Found {
    /// Of which account.
    pub account: Account,
    /// The message.
    pub hit: SearchHit,
}

impl Found {
    /// The chat that it is in.
    pub fn chat(&self) -> OpenChat {
        OpenChat { account: self.account, jid: self.hit.chat.clone() }
    }
}

/// Part of a search: what one account was asked.
#[derive(Clone)]
struct Asked {
    account: Account,
    command: CommandId,
    /// It has not answered.
    waiting: bool,
    /// It has more.
    more: bool,
}

/// A search, as signals. It looks in all accounts, or in one chat.
#[derive(Clone, Copy)]
pub struct Search {
    /// What was typed.
    pub query: RwSignal<String>,
    /// What was found, newest first.
    pub hits: RwSignal<Vec<Found>>,
    /// There may be more than that.
    pub more: RwSignal<bool>,
    /// Something is still being looked for.
    pub busy: RwSignal<bool>,
    /// Messages from before there was a search are still being taken in.
    pub incomplete: RwSignal<bool>,
    asked: StoredValue<Vec<Asked>>,
    /// What is shown is of the search before.
    stale: StoredValue<bool>,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            query: RwSignal::new(String::new()),
            hits: RwSignal::new(Vec::new()),
            more: RwSignal::new(false),
            busy: RwSignal::new(false),
            incomplete: RwSignal::new(false),
            asked: StoredValue::new(Vec::new()),
            stale: StoredValue::new(false),
        }
    }
}

impl Search {
    /// These accounts were asked. What was found before stays until the first of them answers, so that nothing flickers while
    /// somebody types.
    pub(super) fn begin(&self, query: String, asked: impl Iterator<Item = (Account, CommandId)>) {
        let asked = asked.map(|(account, command)| Asked { account, command, waiting: true, more: false }).collect();
        self.query.set(query);
        self.asked.set_value(asked);
        self.stale.set_value(true);
        self.busy.set(true);
    }

    /// Looks for nothing any more; the accounts that were asked.
    pub(super) fn clear(&self) -> Vec<Account> {
        let asked = self.asked.try_update_value(std::mem::take).unwrap_or_default();
        self.query.set(String::new());
        self.hits.set(Vec::new());
        self.more.set(false);
        self.busy.set(false);
        self.incomplete.set(false);
        asked.into_iter().map(|asked| asked.account).collect()
    }

    /// The accounts look for something else now: what was found stays, and nothing more comes.
    pub(super) fn stop_here(&self) {
        self.asked.set_value(Vec::new());
        self.more.set(false);
        self.busy.set(false);
    }

    /// The accounts to ask for the next page, which are waited for from now on.
    pub(super) fn next(&self) -> Vec<Account> {
        if self.busy.get_untracked() {
            return Vec::new();
        }
        let next = self.asked.try_update_value(|asked| {
            asked.iter_mut().for_each(|asked| asked.waiting = asked.more);
            asked.iter().filter(|asked| asked.waiting).map(|asked| asked.account).collect::<Vec<_>>()
        });
        let next = next.unwrap_or_default();
        self.busy.set(!next.is_empty());
        next
    }

    /// Takes over a page, if it answers this search; tells whether it does.
    pub(super) fn take(&self, account: Account, page: &Page) -> bool {
        let known = self.asked.try_update_value(|all| {
            let asked = all.iter_mut().find(|asked| asked.account == account && asked.command == page.command)?;
            (asked.waiting, asked.more) = (false, page.more);
            Some((all.iter().any(|asked| asked.waiting), all.iter().any(|asked| asked.more)))
        });
        let Some((busy, more)) = known.flatten() else { return false };
        let fresh = self.stale.get_value();
        self.stale.set_value(false);
        let found = page.hits.iter().map(|hit| Found { account, hit: hit.clone() });
        self.hits.update(|hits| {
            if fresh {
                hits.clear();
            }
            hits.extend(found);
            sort_by(hits, |a, b| b.hit.key.cmp(&a.hit.key));
        });
        self.incomplete.set(!page.complete);
        self.more.set(more);
        self.busy.set(busy);
        true
    }
}

/// The parts of `Update::Found`.
pub(super) struct Page {
    /// Which search it answers.
    pub command: CommandId,
    /// What was found.
    pub hits: Vec<SearchHit>,
    /// There may be more.
    pub more: bool,
    /// Everything on this device is searched by now.
    pub complete: bool,
}

#[cfg(test)]
mod tests {
    use plausch_model::{AccountId, BareJid, OriginId, TimelineKey, Timestamp, Way};

    use super::*;
    use crate::reactive::Owner;

    fn hit(at: i64) -> SearchHit {
        SearchHit {
            chat: BareJid::new("a@x"),
            id: OriginId::new(at.to_string()),
            key: TimelineKey { at: Timestamp(at), sequence: 0 },
            author: BareJid::new("a@x"),
            way: Way::In,
            at: Timestamp(at),
            excerpt: String::new(),
            marks: Vec::new(),
            matches: Vec::new(),
        }
    }

    fn page(command: u32, hits: &[i64], more: bool) -> Page {
        let hits = hits.iter().map(|at| hit(*at)).collect();
        Page { command: CommandId(command), hits, more, complete: true }
    }

    fn times(search: &Search) -> Vec<i64> {
        search.hits.with_untracked(|hits| hits.iter().map(|found| found.hit.at.0).collect())
    }

    #[test]
    fn pages_of_several_accounts_become_one_list() {
        Owner::new().with(|| {
            let account = |jid| Account::new(AccountId(BareJid::new(jid)));
            let (one, two) = (account("one@x"), account("two@x"));
            let search = Search::default();
            search.begin("word".to_owned(), [(one, CommandId(1)), (two, CommandId(2))].into_iter());
            assert!(search.take(one, &page(1, &[9, 5], true)));
            assert!(search.busy.get_untracked() && search.more.get_untracked());
            assert!(search.next().is_empty(), "not before the others have answered");
            assert!(search.take(two, &page(2, &[7], false)));
            assert_eq!(times(&search), [9, 7, 5]);
            assert!(search.next() == [one]);
            assert!(search.take(one, &page(1, &[3], false)));
            assert_eq!(times(&search), [9, 7, 5, 3]);
            assert!(!search.more.get_untracked() && search.next().is_empty());
        });
    }

    #[test]
    fn what_was_found_stays_until_the_next_search_has_found_something() {
        Owner::new().with(|| {
            let one = Account::new(AccountId(BareJid::new("one@x")));
            let search = Search::default();
            search.begin("w".to_owned(), [(one, CommandId(1))].into_iter());
            search.take(one, &page(1, &[9], false));
            search.begin("wo".to_owned(), [(one, CommandId(2))].into_iter());
            assert_eq!(times(&search), [9]);
            assert!(!search.take(one, &page(1, &[8], false)), "a late page of the last search");
            assert!(search.take(one, &page(2, &[], false)));
            assert_eq!(times(&search), [0_i64; 0]);
        });
    }
}
