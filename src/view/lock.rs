//! The lock before what is kept on the device, as a view sees it.

use plausch_model::{AutoLock, LockError, LockRequest, ToEngine};

use super::State;
use crate::reactive::RwSignal;

/// The lock's state.
#[derive(Clone, Copy)]
pub struct Lock {
    /// Whether a passphrase is set, and when the app locks by itself then.
    pub passphrase: RwSignal<Option<AutoLock>>,
    /// A request is under way.
    pub busy: RwSignal<bool>,
    /// Why the last one was not carried out.
    pub error: RwSignal<Option<LockError>>,
    /// How many have been carried out.
    pub done: RwSignal<u32>,
}

impl Default for Lock {
    fn default() -> Self {
        Self {
            passphrase: RwSignal::new(None),
            busy: RwSignal::new(false),
            error: RwSignal::new(None),
            done: RwSignal::new(0),
        }
    }
}

impl State {
    /// Wants something of the lock; one thing at a time.
    pub fn ask_lock(&self, request: LockRequest) {
        if !self.lock.busy.get_untracked() {
            self.lock.busy.set(true);
            self.lock.error.set(None);
            self.tell(&ToEngine::Lock(request));
        }
    }

    pub(super) fn lock_answered(&self, answer: Result<(), LockError>) {
        self.lock.busy.set(false);
        match answer {
            Ok(()) => self.lock.done.update(|done| *done = done.wrapping_add(1)),
            Err(error) => self.lock.error.set(Some(error)),
        }
    }
}
