//! What comes from the engine is taken over once a frame: however fast messages arrive, the page draws at most once
//! between two of its frames, and never blocks for long.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    time::Duration,
};

use leptos::prelude::*;
use plausch_model::FromEngine;

use crate::view::State;

/// The queue between the engine and the view.
pub struct Inbox {
    state: State,
    owner: Owner,
    waiting: RefCell<VecDeque<FromEngine>>,
    scheduled: Cell<bool>,
}

impl Inbox {
    /// An inbox for a state; `owner` is the mount's root.
    pub fn new(state: State, owner: Owner) -> Rc<Self> {
        Rc::new(Self { state, owner, waiting: RefCell::new(VecDeque::new()), scheduled: Cell::new(false) })
    }

    /// Takes a message; it is applied with the next frame.
    pub fn put(self: &Rc<Self>, message: FromEngine) {
        self.waiting.borrow_mut().push_back(message);
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

    /// Applies what waits.
    pub fn drain(&self) {
        self.scheduled.set(false);
        let waiting = self.waiting.take();
        self.owner.with(|| {
            for message in waiting {
                self.state.receive(message);
            }
        });
    }
}
