//! Wakes an account in time. There is at most one timer running; it is not restarted when the deadline moves away, only
//! when it comes nearer.

use std::cell::Cell;
use std::rc::Rc;

use plausch_model::Timestamp;

use crate::inbox::Inbox;
use crate::platform::{sleep, spawn};

/// Timers longer than this are set in steps: the browser's overflow at 2³¹ ms, and the clock may be put forward.
const LONGEST_MILLIS: i64 = 3_600_000;

/// The alarm of one account.
pub struct Alarm {
    inbox: Rc<Inbox>,
    now: Box<dyn Fn() -> Timestamp>,
    deadline: Cell<Option<Timestamp>>,
    next_look: Cell<Option<Timestamp>>,
}

impl Alarm {
    /// An alarm that is not set.
    pub fn new(inbox: Rc<Inbox>, now: impl Fn() -> Timestamp + 'static) -> Rc<Self> {
        Rc::new(Self { inbox, now: Box::new(now), deadline: Cell::new(None), next_look: Cell::new(None) })
    }

    /// Sets the deadline, instead of any earlier one.
    pub fn set(self: &Rc<Self>, deadline: Timestamp) {
        self.deadline.set(Some(deadline));
        if self.next_look.get().is_none_or(|look| deadline < look) {
            self.look_at(deadline);
        }
    }

    fn look_at(self: &Rc<Self>, deadline: Timestamp) {
        let now = (self.now)();
        let wait = deadline.millis_since(now).clamp(0, LONGEST_MILLIS);
        let look = now.plus_millis(wait);
        self.next_look.set(Some(look));
        let alarm = Rc::clone(self);
        spawn(async move {
            sleep(i32::try_from(wait).unwrap_or(i32::MAX)).await;
            // Another look that was due earlier may have replaced this one.
            if alarm.next_look.get() == Some(look) {
                alarm.look();
            }
        });
    }

    fn look(self: &Rc<Self>) {
        self.next_look.set(None);
        match self.deadline.get() {
            Some(deadline) if deadline > (self.now)() => self.look_at(deadline),
            Some(_) => {
                self.deadline.set(None);
                self.inbox.wake();
            }
            None => {}
        }
    }
}
