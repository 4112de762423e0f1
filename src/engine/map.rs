//! A map and a set for everything here that is looked up by key: sorted vectors.
//!
//! The program is downloaded before anything can be shown, and each type that a `BTreeMap` is used with adds some 8 KB of code;
//! all of them together were 113 KB of the worker, a ninth. A sorted vector needs a search and a move of memory. Values are
//! boxed, so that only keys and pointers move: among 10,000 contacts, adding or removing one takes some 5 µs (measured
//! natively), and putting in all of them in no order 19 ms where a tree takes 5 ms; what comes in order is only appended.

use std::iter::Map as Mapped;
use std::slice;

/// Values by key, in the order of the keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Map<K, V> {
    entries: Vec<(K, Box<V>)>,
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<K: Ord, V> Map<K, V> {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether there is an entry with this key.
    pub fn contains(&self, key: &K) -> bool {
        self.find(key).is_ok()
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        let (_, value) = self.entries.get(self.find(key).ok()?)?;
        Some(value)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let index = self.find(key).ok()?;
        let (_, value) = self.entries.get_mut(index)?;
        Some(value)
    }

    /// Sets the value of a key.
    pub fn insert(&mut self, key: K, value: V) {
        match self.get_mut(&key) {
            Some(known) => *known = value,
            None => self.entries.insert(self.find(&key).unwrap_or_else(|place| place), (key, Box::new(value))),
        }
    }

    /// Takes out the value of a key.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let index = self.find(key).ok()?;
        Some(*self.entries.remove(index).1)
    }

    /// Takes out everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Keeps the entries for which `wanted` is true.
    pub fn retain(&mut self, mut wanted: impl FnMut(&K, &V) -> bool) {
        self.entries.retain(|(key, value)| wanted(key, value));
    }

    /// All entries.
    pub fn iter(&self) -> Entries<'_, K, V> {
        self.entries.iter().map(pair)
    }

    /// The entries from one key on, up to another and without that.
    pub fn range(&self, from: &K, to: &K) -> Entries<'_, K, V> {
        let place = |key| self.find(key).unwrap_or_else(|place| place);
        self.entries.get(place(from)..place(to)).unwrap_or_default().iter().map(pair)
    }

    /// All keys.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.entries.iter().map(|(key, _)| key)
    }

    /// All values.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.entries.iter().map(|(_, value)| &**value)
    }

    /// All values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| &mut **value)
    }

    /// Where a key is, or has to be.
    fn find(&self, key: &K) -> Result<usize, usize> {
        self.entries.binary_search_by(|(found, _)| found.cmp(key))
    }
}

impl<K: Ord + Clone, V: Default> Map<K, V> {
    /// Changes the value of a key, which is the default one if there was none.
    pub fn change(&mut self, key: &K, change: impl FnOnce(&mut V)) {
        if let Some(value) = self.get_or_default(key) {
            change(value);
        }
    }

    /// Apart from [`Map::change`], which is compiled for each thing to do. Always there.
    #[inline(never)]
    fn get_or_default(&mut self, key: &K) -> Option<&mut V> {
        let place = self.find(key);
        let index = place.unwrap_or_else(|index| index);
        if place.is_err() {
            self.entries.insert(index, (key.clone(), Box::default()));
        }
        self.entries.get_mut(index).map(|(_, value)| &mut **value)
    }
}

/// Entries with their keys.
pub type Entries<'a, K, V> = Mapped<slice::Iter<'a, (K, Box<V>)>, fn(&'a (K, Box<V>)) -> (&'a K, &'a V)>;

fn pair<K, V>(entry: &(K, Box<V>)) -> (&K, &V) {
    (&entry.0, &entry.1)
}

impl<K: Ord, V> Extend<(K, V)> for Map<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        entries.into_iter().for_each(|(key, value)| self.insert(key, value));
    }
}

/// Keys, in their order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Set<K> {
    keys: Vec<K>,
}

impl<K> Default for Set<K> {
    fn default() -> Self {
        Self { keys: Vec::new() }
    }
}

impl<K: Ord> Set<K> {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether the key is in it.
    pub fn contains(&self, key: &K) -> bool {
        self.keys.binary_search(key).is_ok()
    }

    /// Adds a key. True if it was not there.
    pub fn insert(&mut self, key: K) -> bool {
        let place = self.keys.binary_search(&key);
        if let Err(index) = place {
            self.keys.insert(index, key);
        }
        place.is_err()
    }

    /// Takes out a key. True if it was there.
    pub fn remove(&mut self, key: &K) -> bool {
        let place = self.keys.binary_search(key);
        if let Ok(index) = place {
            self.keys.remove(index);
        }
        place.is_ok()
    }

    /// Takes out everything.
    pub fn clear(&mut self) {
        self.keys.clear();
    }

    /// Keeps the keys for which `wanted` is true.
    pub fn retain(&mut self, wanted: impl FnMut(&K) -> bool) {
        self.keys.retain(wanted);
    }

    /// All keys.
    pub fn iter(&self) -> slice::Iter<'_, K> {
        self.keys.iter()
    }

    /// All keys.
    pub fn into_vec(self) -> Vec<K> {
        self.keys
    }
}

impl<K: Ord> Extend<K> for Set<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        keys.into_iter().for_each(|key| {
            self.insert(key);
        });
    }
}

impl<K: Ord> FromIterator<K> for Set<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut set = Self::default();
        set.extend(keys);
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Change {
        Insert(u8, u32),
        Default(u8),
        Remove(u8),
        Retain(u8),
        Clear,
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            8 => (any::<u8>(), any::<u32>()).prop_map(|(key, value)| Change::Insert(key, value)),
            4 => any::<u8>().prop_map(Change::Default),
            4 => any::<u8>().prop_map(Change::Remove),
            1 => any::<u8>().prop_map(Change::Retain),
            1 => Just(Change::Clear),
        ]
    }

    proptest! {
        #[test]
        fn a_map_does_what_a_tree_does(changes in proptest::collection::vec(change(), 0..200), from: u8, to: u8) {
            let (mut map, mut tree) = (Map::new(), BTreeMap::new());
            for change in changes {
                match change {
                    Change::Insert(key, value) => {
                        map.insert(key, value);
                        tree.insert(key, value);
                    }
                    Change::Default(key) => {
                        map.change(&key, |value| *value ^= 1);
                        *tree.entry(key).or_default() ^= 1;
                    }
                    Change::Remove(key) => prop_assert_eq!(map.remove(&key), tree.remove(&key)),
                    Change::Retain(by) => {
                        map.retain(|key, _| key & by != 0);
                        tree.retain(|key, _| key & by != 0);
                    }
                    Change::Clear => {
                        map.clear();
                        tree.clear();
                    }
                }
                prop_assert!(map.iter().eq(tree.iter()));
            }
            prop_assert_eq!((map.len(), map.is_empty()), (tree.len(), tree.is_empty()));
            prop_assert!(map.keys().eq(tree.keys()) && map.values().eq(tree.values()));
            for key in 0..=u8::MAX {
                prop_assert_eq!(map.get(&key), tree.get(&key));
                prop_assert_eq!(map.get_mut(&key).copied(), tree.get(&key).copied());
                prop_assert_eq!(map.contains(&key), tree.contains_key(&key));
            }
            let expected = if from < to { tree.range(from..to).collect() } else { Vec::new() };
            prop_assert_eq!(map.range(&from, &to).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn a_set_does_what_a_tree_does(changes in proptest::collection::vec(change(), 0..200)) {
            let (mut set, mut tree) = (Set::default(), BTreeSet::new());
            for change in changes {
                match change {
                    Change::Insert(key, _) | Change::Default(key) => {
                        prop_assert_eq!(set.insert(key), tree.insert(key));
                    }
                    Change::Remove(key) => prop_assert_eq!(set.remove(&key), tree.remove(&key)),
                    Change::Retain(by) => {
                        set.retain(|key| key & by != 0);
                        tree.retain(|key| key & by != 0);
                    }
                    Change::Clear => {
                        set.clear();
                        tree.clear();
                    }
                }
                prop_assert!(set.iter().eq(tree.iter()));
            }
            prop_assert_eq!(set.is_empty(), tree.is_empty());
            prop_assert!((0..=u8::MAX).all(|key| set.contains(&key) == tree.contains(&key)));
            prop_assert_eq!(tree.iter().copied().rev().collect::<Set<_>>().into_vec(), set.into_vec());
        }
    }
}
