//! The suite that every [`Store`] passes. Panics with the name of the case that fails.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test suite says what failed by panicking"
)]

use std::future::Future;

use super::{Batch, Loaded, Order, Query, Row, Store, Table};

/// How many cases [`run`] runs.
pub const CASES: usize = 9;

fn row(key: &[u8], value: &[u8]) -> Row {
    Row { key: key.to_vec(), value: value.to_vec() }
}

async fn commit(store: &mut impl Store, fill: impl FnOnce(&mut Batch)) {
    let mut batch = Batch::default();
    fill(&mut batch);
    store.commit(batch).await.expect("commits");
}

async fn ask(store: &mut impl Store, query: Query) -> Loaded {
    store.load(vec![query]).await.expect("loads").pop().expect("one answer for one question")
}

/// Runs every case, each on a new empty store, and returns how many there were.
pub async fn run<S: Store, F: Future<Output = S>>(mut new: impl FnMut() -> F) -> usize {
    an_empty_store_answers_everything(&mut new().await).await;
    puts_replace_and_deletes_forgive(&mut new().await).await;
    a_batch_is_applied_in_order(&mut new().await).await;
    keys_are_ordered_bytewise(&mut new().await).await;
    ranges_are_half_open_and_limited(&mut new().await).await;
    prefixes_end_where_they_should(&mut new().await).await;
    resolve_follows_the_index(&mut new().await).await;
    values_may_be_anything(&mut new().await).await;
    sizes_are_told_part_by_part(&mut new().await).await;
    CASES
}

async fn an_empty_store_answers_everything(store: &mut impl Store) {
    assert_eq!(ask(store, Query::All(Table::Roster)).await, Loaded::Rows(vec![]));
    assert_eq!(ask(store, Query::Get(Table::Meta, vec![b"x".to_vec()])).await, Loaded::Found(vec![None]));
    assert_eq!(store.load(vec![]).await, Ok(vec![]));
    store.commit(Batch::default()).await.expect("an empty batch commits");
}

async fn puts_replace_and_deletes_forgive(store: &mut impl Store) {
    commit(store, |batch| batch.put(Table::Meta, *b"a", b"1".to_vec())).await;
    commit(store, |batch| {
        batch.put(Table::Meta, *b"a", b"2".to_vec());
        batch.delete(Table::Meta, *b"never there");
    })
    .await;
    let keys = vec![b"a".to_vec(), b"b".to_vec(), b"a".to_vec()];
    let expected = vec![Some(row(b"a", b"2")), None, Some(row(b"a", b"2"))];
    assert_eq!(ask(store, Query::Get(Table::Meta, keys)).await, Loaded::Found(expected));
    assert_eq!(ask(store, Query::All(Table::Roster)).await, Loaded::Rows(vec![]), "tables are apart");
}

async fn a_batch_is_applied_in_order(store: &mut impl Store) {
    commit(store, |batch| {
        batch.put(Table::Chats, *b"a", b"1".to_vec());
        batch.delete(Table::Chats, *b"a");
        batch.put(Table::Chats, *b"b", b"1".to_vec());
        batch.delete_prefix(Table::Chats, *b"b");
        batch.put(Table::Chats, *b"b2", b"2".to_vec());
    })
    .await;
    assert_eq!(ask(store, Query::All(Table::Chats)).await, Loaded::Rows(vec![row(b"b2", b"2")]));
}

async fn keys_are_ordered_bytewise(store: &mut impl Store) {
    let keys: [&[u8]; 6] = [&[0xff], &[0x00], &[0x7f, 0xff], &[0x80], &[0x7f], &[0x00, 0x00]];
    commit(store, |batch| keys.iter().for_each(|key| batch.put(Table::Messages, *key, vec![]))).await;
    let Loaded::Rows(rows) = ask(store, Query::All(Table::Messages)).await else { panic!("rows") };
    let mut sorted = keys.map(<[u8]>::to_vec);
    sorted.sort();
    assert_eq!(rows.into_iter().map(|row| row.key).collect::<Vec<_>>(), sorted);
}

async fn ranges_are_half_open_and_limited(store: &mut impl Store) {
    commit(store, |batch| (0..10u8).for_each(|n| batch.put(Table::Messages, [n], vec![n]))).await;
    let range = |order, limit| Query::Range { table: Table::Messages, from: vec![2], to: vec![7], order, limit };
    let up = Loaded::Rows(vec![row(&[2], &[2]), row(&[3], &[3])]);
    assert_eq!(ask(store, range(Order::Ascending, 2)).await, up);
    let down = Loaded::Rows(vec![row(&[6], &[6]), row(&[5], &[5])]);
    assert_eq!(ask(store, range(Order::Descending, 2)).await, down);
    assert_eq!(ask(store, range(Order::Ascending, 0)).await, Loaded::Rows(vec![]));
    let empty = Query::Range { table: Table::Messages, from: vec![7], to: vec![2], order: Order::Ascending, limit: 9 };
    assert_eq!(ask(store, empty).await, Loaded::Rows(vec![]), "a backward range is empty");
}

async fn prefixes_end_where_they_should(store: &mut impl Store) {
    let keys: [&[u8]; 5] = [b"a", b"a\x00", b"a\xff", b"b", &[0xff, 0xff]];
    commit(store, |batch| keys.iter().for_each(|key| batch.put(Table::People, *key, vec![]))).await;
    commit(store, |batch| batch.delete_prefix(Table::People, *b"a")).await;
    let left = Loaded::Rows(vec![row(b"b", b""), row(&[0xff, 0xff], b"")]);
    assert_eq!(ask(store, Query::All(Table::People)).await, left);
    commit(store, |batch| batch.delete_prefix(Table::People, [0xff])).await;
    assert_eq!(ask(store, Query::All(Table::People)).await, Loaded::Rows(vec![row(b"b", b"")]));
    commit(store, |batch| batch.delete_prefix(Table::People, [])).await;
    assert_eq!(ask(store, Query::All(Table::People)).await, Loaded::Rows(vec![]));
}

async fn resolve_follows_the_index(store: &mut impl Store) {
    commit(store, |batch| {
        batch.put(Table::MessageIds, *b"id", b"key".to_vec());
        batch.put(Table::MessageIds, *b"dangling", b"nowhere".to_vec());
        batch.put(Table::Messages, *b"key", b"message".to_vec());
    })
    .await;
    let keys = vec![b"none".to_vec(), b"id".to_vec(), b"dangling".to_vec()];
    let query = Query::Resolve { index: Table::MessageIds, keys, target: Table::Messages };
    let expected = vec![None, Some(row(b"key", b"message")), None];
    assert_eq!(ask(store, query).await, Loaded::Found(expected));
}

async fn values_may_be_anything(store: &mut impl Store) {
    let all: Vec<u8> = (0..=255).collect();
    commit(store, |batch| {
        batch.put(Table::Avatars, all.clone(), all.repeat(4096));
        batch.put(Table::Avatars, *b"empty", vec![]);
    })
    .await;
    let keys = vec![all.clone(), b"empty".to_vec()];
    let expected = vec![Some(row(&all, &all.repeat(4096))), Some(row(b"empty", b""))];
    assert_eq!(ask(store, Query::Get(Table::Avatars, keys)).await, Loaded::Found(expected));
}

async fn sizes_are_told_part_by_part(store: &mut impl Store) {
    commit(store, |batch| (0..10u8).for_each(|n| batch.put(Table::Messages, [n], vec![n; 100]))).await;
    let size = |from: u8, limit| Query::Size { table: Table::Messages, from: vec![from], to: vec![7], limit };
    let Loaded::Size { bytes: all, last } = ask(store, size(2, 9)).await else { panic!("a size") };
    assert!(last.is_none() && (505..1_000).contains(&all), "{all} bytes: at least what was put there");
    let Loaded::Size { bytes, last } = ask(store, size(2, 3)).await else { panic!("a size") };
    assert_eq!((bytes.saturating_mul(5), last), (all.saturating_mul(3), Some(vec![4])));
    assert_eq!(ask(store, size(7, 3)).await, Loaded::Size { bytes: 0, last: None });
    assert_eq!(ask(store, size(0, 0)).await, Loaded::Size { bytes: 0, last: None });
}
