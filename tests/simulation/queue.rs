//! Virtual time: what is to happen, in the order in which it happens.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Milliseconds since 1970, as a server or device sees them.
pub type Millis = i64;

struct Due<E> {
    at: Millis,
    number: u64,
    event: E,
}

impl<E> PartialEq for Due<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl<E> Eq for Due<E> {}

impl<E> PartialOrd for Due<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Due<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// What is to happen. Two things at the same time happen in the order in which they were put in.
pub struct Queue<E> {
    now: Millis,
    count: u64,
    due: BinaryHeap<Reverse<Due<E>>>,
}

impl<E> Queue<E> {
    /// Nothing is to happen yet.
    pub fn new(now: Millis) -> Self {
        Self { now, count: 0, due: BinaryHeap::new() }
    }

    /// What time it is.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// Lets something happen at a time, or now if that has passed.
    pub fn at(&mut self, at: Millis, event: E) {
        self.count = self.count.saturating_add(1);
        self.due.push(Reverse(Due { at: at.max(self.now), number: self.count, event }));
    }

    /// What happens next, if that is before `end`; the time is then.
    pub fn next(&mut self, end: Millis) -> Option<E> {
        if self.due.peek().is_none_or(|Reverse(due)| due.at > end) {
            self.now = self.now.max(end);
            return None;
        }
        let Reverse(due) = self.due.pop()?;
        self.now = due.at;
        Some(due.event)
    }
}
