//! A wall clock that never goes backwards and never stands still.
//!
//! The system's clock may be set back while we run. Deadlines and the order of messages would suffer, so a run's clock goes
//! on at the pace of the monotonic clock until the wall clock has caught up.

use plausch_model::Timestamp;

/// The clock of one run.
#[derive(Debug, Default)]
pub struct Clock {
    last: Option<Reading>,
}

#[derive(Clone, Copy, Debug)]
struct Reading {
    shown: Timestamp,
    monotonic_millis: f64,
}

impl Clock {
    /// The time to show, given what the wall clock and the monotonic clock show at this moment.
    pub fn read(&mut self, wall_millis: f64, monotonic_millis: f64) -> Timestamp {
        let wall = to_timestamp(wall_millis);
        let Some(last) = self.last else { return self.show(wall, monotonic_millis) };
        if wall >= last.shown {
            return self.show(wall, monotonic_millis);
        }
        let elapsed = to_timestamp((monotonic_millis - last.monotonic_millis).max(0.0));
        if elapsed.0 == 0 {
            return last.shown;
        }
        self.show(last.shown.plus_millis(elapsed.0), monotonic_millis)
    }

    fn show(&mut self, shown: Timestamp, monotonic_millis: f64) -> Timestamp {
        self.last = Some(Reading { shown, monotonic_millis });
        shown
    }
}

/// Whole milliseconds; `as` saturates, and makes 0 of what is not a number.
#[allow(clippy::cast_possible_truncation, reason = "saturating is what is wanted")]
fn to_timestamp(millis: f64) -> Timestamp {
    Timestamp(millis as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_wall_clock_forwards() {
        let mut clock = Clock::default();
        assert_eq!(clock.read(1_000.9, 5.0), Timestamp(1_000));
        assert_eq!(clock.read(9_000.0, 6.0), Timestamp(9_000), "after sleep the wall clock knows better");
    }

    #[test]
    fn a_wall_clock_set_back_neither_turns_nor_stops_it() {
        let mut clock = Clock::default();
        clock.read(100_000.0, 0.0);
        assert_eq!(clock.read(50_000.0, 250.0), Timestamp(100_250));
        assert_eq!(clock.read(50_100.0, 350.0), Timestamp(100_350));
        assert_eq!(clock.read(200_000.0, 400.0), Timestamp(200_000), "caught up");
    }

    #[test]
    fn small_steps_add_up_while_the_wall_clock_is_behind() {
        let mut clock = Clock::default();
        clock.read(1_000.0, 0.0);
        for tenth in 1..=100 {
            clock.read(0.0, f64::from(tenth) / 10.0);
        }
        assert_eq!(clock.read(0.0, 10.0), Timestamp(1_010));
    }

    #[test]
    fn nonsense_is_harmless() {
        let mut clock = Clock::default();
        clock.read(5.0, 5.0);
        assert_eq!(clock.read(f64::NAN, f64::NAN), Timestamp(5));
        assert_eq!(clock.read(f64::NEG_INFINITY, 0.0), Timestamp(5));
    }
}
