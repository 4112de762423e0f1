//! What comes from the engine is taken over once a frame: however fast messages arrive, the page draws at most once
//! between two of its frames, and never blocks for long.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    time::Duration,
};

use plausch_model::FromEngine;

use crate::reactive::*;
use crate::view::State;

/// How long the page may be busy with it between two frames.
const BUDGET_MILLIS: f64 = 4.0;

/// The queue between the engine and the view.
pub struct Inbox {
    state: State,
    owner: Owner,
    waiting: RefCell<VecDeque<FromEngine>>,
    scheduled: Cell<bool>,
    stopped: Cell<bool>,
}

impl Inbox {
    /// An inbox for a state; `owner` is the mount's root.
    pub fn new(state: State, owner: Owner) -> Rc<Self> {
        Rc::new(Self {
            state,
            owner,
            waiting: RefCell::new(VecDeque::new()),
            scheduled: Cell::new(false),
            stopped: Cell::new(false),
        })
    }

    /// Takes a message; it is applied with the next frame.
    pub fn put(self: &Rc<Self>, message: FromEngine) {
        if !self.stopped.get() {
            self.waiting.borrow_mut().push_back(message);
            self.schedule();
        }
    }

    /// Drops what waits and whatever comes.
    pub fn stop(&self) {
        self.stopped.set(true);
        self.waiting.borrow_mut().clear();
    }

    fn schedule(self: &Rc<Self>) {
        if self.scheduled.replace(true) {
            return;
        }
        let inbox = Rc::clone(self);
        // A hidden page has no frames.
        if document().hidden() {
            set_timeout(move || inbox.drain(), Duration::ZERO);
        } else {
            request_animation_frame(move || inbox.drain());
        }
    }

    /// Applies what waits, as far as there is time for it before the next frame.
    pub fn drain(self: &Rc<Self>) {
        self.scheduled.set(false);
        let begun = now_millis();
        self.owner.with(|| {
            while let Some(message) = self.next() {
                self.state.receive(message);
                if now_millis() - begun > BUDGET_MILLIS {
                    break;
                }
            }
        });
        self.state.settle();
        if !self.waiting.borrow().is_empty() {
            self.schedule();
        }
    }

    fn next(&self) -> Option<FromEngine> {
        self.waiting.borrow_mut().pop_front()
    }
}

fn now_millis() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}
