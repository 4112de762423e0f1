//! The contacts of one account.

use std::{collections::HashMap, sync::Arc};

use plausch_model::{Availability, BareJid, Contact};

use super::{chats::set_if_new, sort::sort_by};
use crate::reactive::{ArcRwSignal, RwSignal, StoredValue};
use crate::text::{collate, fold};

/// One contact.
pub struct ContactEntry {
    /// Who.
    pub jid: BareJid,
    /// The row's content.
    pub contact: ArcRwSignal<Contact>,
}

impl ContactEntry {
    fn name(&self) -> String {
        self.contact.with_untracked(|contact| contact.name.clone())
    }
}

/// Which contacts a list shows.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum ContactFilter {
    /// All.
    #[default]
    All,
    /// Who can be reached now.
    Reachable,
    /// Who is in a roster group.
    Group(String),
}

/// Whether the order has to be worked out anew after changes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Reorder(bool);

/// The contacts of an account, by name in the language's order.
#[derive(Clone, Copy)]
pub struct ContactList {
    order: RwSignal<Arc<Vec<Arc<ContactEntry>>>>,
    by_jid: StoredValue<HashMap<BareJid, Arc<ContactEntry>>>,
    revision: RwSignal<u32>,
    unsettled: StoredValue<Option<Reorder>>,
    /// Whether the engine has told what contacts there are.
    pub known: RwSignal<bool>,
}

impl Default for ContactList {
    fn default() -> Self {
        Self {
            order: RwSignal::new(Arc::default()),
            by_jid: StoredValue::new(HashMap::new()),
            revision: RwSignal::new(0),
            unsettled: StoredValue::new(None),
            known: RwSignal::new(false),
        }
    }
}

impl ContactList {
    /// All contacts in order; changes when one comes, goes or is renamed.
    pub fn order(&self) -> Arc<Vec<Arc<ContactEntry>>> {
        self.order.get()
    }

    /// One contact, without watching for it.
    pub fn find(&self, jid: &BareJid) -> Option<Arc<ContactEntry>> {
        self.by_jid.with_value(|map| map.get(jid).cloned())
    }

    /// One contact; asked again when contacts come or go.
    pub fn watch(&self, jid: &BareJid) -> Option<Arc<ContactEntry>> {
        self.order.track();
        self.find(jid)
    }

    /// The contacts that pass a filter and whose name or address contains some words (in lower case).
    pub fn filtered(&self, filter: &ContactFilter, words: &str) -> Arc<Vec<Arc<ContactEntry>>> {
        let order = self.order();
        if *filter == ContactFilter::All && words.is_empty() {
            return order;
        }
        self.revision.track();
        let chosen = order.iter().filter(|entry| {
            entry.contact.with_untracked(|contact| passes(contact, filter) && contains(contact, words))
        });
        Arc::new(chosen.cloned().collect())
    }

    /// All roster groups in use, by name.
    pub fn groups(&self) -> Vec<String> {
        self.revision.track();
        let mut groups: Vec<String> = Vec::new();
        for entry in self.order().iter() {
            entry.contact.with_untracked(|contact| {
                for group in &contact.groups {
                    if !groups.contains(group) {
                        groups.push(group.clone());
                    }
                }
            });
        }
        collate::sort(&mut groups, Clone::clone);
        groups
    }

    /// Replaces everything.
    pub fn replace(&self, contacts: Vec<Contact>) {
        let gone: Vec<BareJid> = {
            let kept: std::collections::HashSet<&BareJid> = contacts.iter().map(|contact| &contact.jid).collect();
            self.by_jid.with_value(|map| map.keys().filter(|jid| !kept.contains(jid)).cloned().collect())
        };
        let removed = self.forget(&gone);
        let renamed = self.take(contacts);
        self.unsettle(removed || renamed);
        if !self.known.get_untracked() {
            self.known.set(true);
        }
    }

    /// Adds or changes contacts. What follows from that for the whole list is worked out by [`Self::settle`].
    pub fn put(&self, contacts: Vec<Contact>) {
        let renamed = self.take(contacts);
        self.unsettle(renamed);
    }

    /// Takes contacts away.
    pub fn remove(&self, jids: &[BareJid]) {
        let removed = self.forget(jids);
        self.unsettle(removed);
    }

    fn forget(&self, jids: &[BareJid]) -> bool {
        let mut removed = false;
        self.by_jid.update_value(|map| {
            for jid in jids {
                removed |= map.remove(jid).is_some();
            }
        });
        removed
    }

    fn take(&self, contacts: Vec<Contact>) -> bool {
        let mut renamed = false;
        for contact in contacts {
            match self.find(&contact.jid) {
                Some(entry) => {
                    renamed |= entry.contact.with_untracked(|old| old.name != contact.name);
                    set_if_new(&entry.contact, contact);
                }
                None => {
                    let jid = contact.jid.clone();
                    let entry = ContactEntry { jid: jid.clone(), contact: ArcRwSignal::new(contact) };
                    self.by_jid.update_value(|map| {
                        map.insert(jid, Arc::new(entry));
                    });
                    renamed = true;
                }
            }
        }
        renamed
    }

    fn unsettle(&self, reorder: bool) {
        self.unsettled.update_value(|unsettled| {
            let before = unsettled.is_some_and(|Reorder(before)| before);
            *unsettled = Some(Reorder(before || reorder));
        });
    }

    /// Works out the order and tells the filtered lists, once for however many changes.
    pub fn settle(&self) {
        let Some(Reorder(reorder)) = self.unsettled.try_update_value(Option::take).flatten() else { return };
        if reorder {
            let mut all: Vec<_> = self.by_jid.with_value(|map| map.values().cloned().collect());
            sort_by(&mut all, |a, b| a.jid.cmp(&b.jid));
            collate::sort(&mut all, |entry| entry.name());
            self.order.set(Arc::new(all));
        }
        self.revision.update(|revision| *revision = revision.wrapping_add(1));
    }
}

fn passes(contact: &Contact, filter: &ContactFilter) -> bool {
    match filter {
        ContactFilter::All => true,
        ContactFilter::Reachable => contact.availability != Availability::Offline,
        ContactFilter::Group(group) => contact.groups.contains(group),
    }
}

fn contains(contact: &Contact, words: &str) -> bool {
    words.is_empty() || fold::lower(&contact.name).contains(words) || fold::lower(&contact.address).contains(words)
}

#[cfg(test)]
mod tests {
    use crate::reactive::Owner;

    use super::*;
    use crate::view::fixtures::contact;

    fn names(list: &[Arc<ContactEntry>]) -> Vec<String> {
        list.iter().map(|entry| entry.name()).collect()
    }

    #[test]
    fn contacts_are_ordered_by_name_and_renaming_moves_them() {
        Owner::new().with(|| {
            let list = ContactList::default();
            list.replace(vec![contact("z@x", "Anna"), contact("a@x", "mia"), contact("b@x", "Ben")]);
            list.settle();
            assert_eq!(names(&list.order.get_untracked()), ["Anna", "Ben", "mia"]);
            list.put(vec![contact("b@x", "Zoe")]);
            list.settle();
            assert_eq!(names(&list.order.get_untracked()), ["Anna", "mia", "Zoe"]);
            list.remove(&[BareJid::new("a@x")]);
            list.settle();
            assert_eq!(names(&list.order.get_untracked()), ["Anna", "Zoe"]);
        });
    }

    #[test]
    fn a_presence_does_not_rebuild_the_order() {
        Owner::new().with(|| {
            let list = ContactList::default();
            list.replace(vec![contact("a@x", "Anna"), contact("b@x", "Ben")]);
            list.settle();
            let before = list.order.get_untracked();
            let mut online = contact("b@x", "Ben");
            online.availability = Availability::Online;
            list.put(vec![online]);
            list.settle();
            assert!(Arc::ptr_eq(&before, &list.order.get_untracked()));
            assert_eq!(names(&list.filtered(&ContactFilter::Reachable, "")), ["Ben"]);
        });
    }

    #[test]
    fn filters_by_group_and_words() {
        Owner::new().with(|| {
            let list = ContactList::default();
            let mut ben = contact("ben@work.example", "Ben");
            ben.groups = vec!["Work".into(), "Band".into()];
            list.replace(vec![contact("a@x", "Anna Work"), ben]);
            list.settle();
            assert_eq!(list.groups(), ["Band", "Work"]);
            assert_eq!(names(&list.filtered(&ContactFilter::Group("Work".into()), "")), ["Ben"]);
            assert_eq!(names(&list.filtered(&ContactFilter::All, "work")), ["Anna Work", "Ben"]);
            assert_eq!(names(&list.filtered(&ContactFilter::All, "nobody")), Vec::<String>::new());
        });
    }
}
