//! Texts with a gap, and texts that depend on a number.

/// A text with exactly one gap, written `{}`.
#[derive(Clone, Copy)]
pub struct Fill(&'static str, &'static str);

impl Fill {
    /// Splits a text at its gap. Evaluated at compile time: a text with no gap, or with two, does not compile.
    pub const fn new(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let at = gap(bytes, 0);
        assert!(at < bytes.len(), "a text has no gap");
        assert!(gap(bytes, at.saturating_add(2)) == bytes.len(), "a text has more than one gap");
        let (before, rest) = bytes.split_at(at);
        let (_, after) = rest.split_at(2);
        match (std::str::from_utf8(before), std::str::from_utf8(after)) {
            (Ok(before), Ok(after)) => Self(before, after),
            // A gap is ASCII: both sides are text.
            _ => Self(text, ""),
        }
    }

    /// The text with its gap filled.
    pub fn fill(&self, value: &str) -> String {
        [self.0, value, self.1].concat()
    }

    /// What stands before and after the gap, where the value is an element of its own.
    pub const fn around(&self) -> (&'static str, &'static str) {
        (self.0, self.1)
    }
}

/// The index of the first `{}` at or after `from`, or the length.
const fn gap(bytes: &[u8], from: usize) -> usize {
    let mut index = from;
    while let Some((_, rest)) = bytes.split_at_checked(index) {
        match rest {
            [b'{', b'}', ..] => return index,
            [] => break,
            _ => index = index.saturating_add(1),
        }
    }
    bytes.len()
}

/// The forms of a text that depends on a number, by plural category (CLDR); the last is `other`.
#[derive(Clone, Copy)]
pub struct Plural(&'static [(&'static str, Fill)]);

impl Plural {
    /// Takes the forms. Evaluated at compile time: without a last form `other` it does not compile.
    pub const fn new(forms: &'static [(&'static str, Fill)]) -> Self {
        let other = matches!(forms, [.., (category, _)] if matches!(category.as_bytes(), b"other"));
        assert!(other, "the last form is `other`");
        Self(forms)
    }

    /// The form for a category, filled with the number as the language writes it.
    pub fn form(&self, category: &str, number: &str) -> String {
        let form = self.0.iter().find(|(name, _)| *name == category).or(self.0.last());
        form.map(|(_, form)| form.fill(number)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: Fill = Fill::new("Hello {}, ü!");
    const PEOPLE: Plural = Plural::new(&[("one", Fill::new("{} person")), ("other", Fill::new("{} people"))]);

    #[test]
    fn the_gap_is_found_wherever_it_stands() {
        assert_eq!(HELLO.fill("{}"), "Hello {}, ü!");
        assert_eq!(HELLO.around(), ("Hello ", ", ü!"));
        assert_eq!(Fill::new("{}").around(), ("", ""));
        assert_eq!(Fill::new("é{}").fill("x"), "éx");
    }

    #[test]
    fn a_category_without_a_form_of_its_own_takes_the_last() {
        assert_eq!(PEOPLE.form("one", "1"), "1 person");
        assert_eq!(PEOPLE.form("few", "3"), "3 people");
    }
}
