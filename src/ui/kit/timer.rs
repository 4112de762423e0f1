//! Something to do a while from now, which can be put off and called off.

use std::{cell::RefCell, time::Duration};

use crate::reactive::*;

/// One such thing at a time.
#[derive(Default)]
pub struct Timer(RefCell<Option<TimeoutHandle>>);

impl Timer {
    /// Does this after a while, and not what was to be done before. Where the browser gives no timer, it is not done.
    pub fn restart(&self, delay: Duration, then: impl FnOnce() + 'static) {
        self.stop();
        self.0.replace(set_timeout_with_handle(then, delay).ok());
    }

    /// Does nothing.
    pub fn stop(&self) {
        if let Some(timer) = self.0.take() {
            timer.clear();
        }
    }
}
