//! How many tests ran: read from the closing lines that libtest and wasm-bindgen-test print, and summed over all steps.

use std::fmt;

/// Passed, failed and skipped tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that were left out.
    pub skipped: u64,
}

impl Counts {
    /// One check that passed.
    pub const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0 };
    /// One check that failed.
    pub const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };
    /// One check that was left out.
    pub const SKIPPED: Self = Self { passed: 0, failed: 0, skipped: 1 };

    /// The counts in a closing line, such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    pub fn from_line(line: &str) -> Option<Self> {
        let (_, numbers) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
        let mut counts = Self::default();
        for part in numbers.split("; ") {
            match part.split_once(' ') {
                Some((number, "passed")) => counts.passed = number.parse().ok()?,
                Some((number, "failed")) => counts.failed = number.parse().ok()?,
                Some((number, "ignored")) => counts.skipped = number.parse().ok()?,
                _ => {}
            }
        }
        Some(counts)
    }

    /// The count in a line of `fuzz-smoke`: `TARGET  N executions` or `TARGET  FAILED: …`.
    pub fn from_fuzz_line(line: &str) -> Option<Self> {
        let (_, outcome) = line.split_once(' ')?;
        match outcome.trim_start().split_once(' ')? {
            (number, "executions") => number.parse::<u64>().ok().map(|_| Self::PASSED),
            ("FAILED:", _) => Some(Self::FAILED),
            _ => None,
        }
    }

    /// Adds another count to this one.
    pub fn add(&mut self, other: Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
        self.skipped = self.skipped.saturating_add(other.skipped);
    }

    /// Whether any test really ran.
    pub fn ran_any(&self) -> bool {
        self.passed > 0 || self.failed > 0
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_closing_lines() {
        let native =
            "test result: FAILED. 12 passed; 1 failed; 2 ignored; 0 measured; 3 filtered out; finished in 0.01s";
        assert_eq!(Counts::from_line(native), Some(Counts { passed: 12, failed: 1, skipped: 2 }));
        let browser = "test result: ok. 2 passed; 0 failed; 0 ignored; 0 filtered out; finished in 0.06s";
        assert_eq!(Counts::from_line(browser), Some(Counts { passed: 2, failed: 0, skipped: 0 }));
    }

    #[test]
    fn reads_the_lines_of_the_fuzzer() {
        assert_eq!(Counts::from_fuzz_line("xml          120345 executions"), Some(Counts::PASSED));
        assert_eq!(Counts::from_fuzz_line("xml          FAILED: panicked"), Some(Counts::FAILED));
        assert_eq!(Counts::from_fuzz_line("thread 'main' panicked at src/lib.rs"), None);
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(Counts::from_line("test result of yesterday"), None);
        assert_eq!(Counts::from_line("test a::b ... ok"), None);
        assert!(!Counts::SKIPPED.ran_any());
    }
}
