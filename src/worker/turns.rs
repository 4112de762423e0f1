//! One at a time: what must not be mixed with another of its kind waits for its turn.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Gives out one turn at a time.
#[derive(Default)]
pub struct Turns {
    taken: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
}

/// Somebody's turn, until it is dropped.
pub struct Turn<'a>(&'a Turns);

impl Turns {
    /// Waits for a turn.
    pub async fn take(&self) -> Turn<'_> {
        poll_fn(|context| {
            if self.taken.replace(true) {
                self.waiting.borrow_mut().push(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.taken.set(false);
        // All of them: one that does not want it any more would keep it from the others.
        self.0.waiting.take().into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Context;

    use super::*;

    #[test]
    fn a_turn_ends_before_the_next_begins() {
        let turns = Turns::default();
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(first) = pin!(turns.take()).poll(&mut context) else { panic!("the first waits for nobody") };
        let (mut second, mut third) = (pin!(turns.take()), pin!(turns.take()));
        assert!(second.as_mut().poll(&mut context).is_pending() && third.as_mut().poll(&mut context).is_pending());
        drop(first);
        let Poll::Ready(turn) = second.as_mut().poll(&mut context) else { panic!("it is the second's turn") };
        assert!(third.as_mut().poll(&mut context).is_pending());
        drop(turn);
        assert!(third.as_mut().poll(&mut context).is_ready());
    }
}
