//! The time the driver hands in: the machine's, and ahead of it by as much as a test wants, so that nobody has to wait
//! for a timeout of minutes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use plausch_model::Timestamp;

/// A clock that can be put forward. Clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_millis: Arc<AtomicI64>,
}

impl Clock {
    /// The present moment.
    pub fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp(as_millis(since_epoch)).plus_millis(self.ahead_millis.load(Ordering::SeqCst))
    }

    /// Puts the clock forward. A running driver has to be told: see [`Session::advance`](crate::Session::advance).
    pub fn advance(&self, by: Duration) {
        self.ahead_millis.fetch_add(as_millis(by), Ordering::SeqCst);
    }

    /// How long to sleep until a moment; nothing if it has passed.
    pub(crate) fn until(&self, moment: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(moment.millis_since(self.now())).unwrap_or(0))
    }
}

fn as_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_go_forward_together() {
        let clock = Clock::default();
        let before = clock.clone().now();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.clone().now().millis_since(before) >= 3_600_000);
        assert_eq!(clock.until(before), Duration::ZERO);
    }
}
