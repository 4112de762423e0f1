//! What went over the wire lately, for the message of a test that waited in vain.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many lines are kept.
const KEPT: usize = 200;

/// The last lines of what happened on the network. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    lines: Arc<Mutex<VecDeque<String>>>,
}

impl Transcript {
    /// Adds a line.
    pub(crate) fn note(&self, line: impl Into<String>) {
        let mut lines = self.lock();
        if lines.len() >= KEPT {
            lines.pop_front();
        }
        lines.push_back(line.into());
    }

    /// The frames sent so far, as far as they are kept.
    pub fn sent(&self) -> Vec<String> {
        self.lines_after("> ")
    }

    /// The frames received so far, as far as they are kept.
    pub fn received(&self) -> Vec<String> {
        self.lines_after("< ")
    }

    /// Whether each side has acknowledged what the other asked it to (XEP-0198 §4), as far as the lines are kept.
    pub fn is_settled(&self) -> bool {
        let lines = self.lock();
        let last = |start: &str| lines.iter().rposition(|line| line.starts_with(start));
        last("> <r ") <= last("< <a ") && last("< <r ") <= last("> <a ")
    }

    fn lines_after(&self, prefix: &str) -> Vec<String> {
        self.lock().iter().filter_map(|line| line.strip_prefix(prefix)).map(str::to_owned).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_when_all_is_acknowledged() {
        let transcript = Transcript::default();
        assert!(transcript.is_settled());
        transcript.note("> <r xmlns='urn:xmpp:sm:3'/>");
        assert!(!transcript.is_settled());
        transcript.note("< <a xmlns='urn:xmpp:sm:3' h='1'/>");
        assert!(transcript.is_settled());
        transcript.note("< <r xmlns='urn:xmpp:sm:3'/>");
        assert!(!transcript.is_settled());
        transcript.note("> <a xmlns='urn:xmpp:sm:3' h='1'/>");
        assert!(transcript.is_settled());
    }

    #[test]
    fn keeps_the_end() {
        let transcript = Transcript::default();
        transcript.note("< first");
        (0..KEPT).for_each(|number| transcript.clone().note(format!("> {number}")));
        assert_eq!(transcript.received(), Vec::<String>::new());
        assert_eq!(transcript.sent().len(), KEPT);
        assert!(transcript.to_string().ends_with("  > 199\n"));
    }
}
