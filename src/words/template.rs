//! Texts with a gap, and texts that depend on a number.

/// A text with exactly one gap, written `{}`.
#[derive(Clone, Copy)]
pub struct Fill(&'static str);

impl Fill {
    /// Checks a text at compile time: one with no gap, or with two, does not compile.
    pub const fn new(text: &'static str) -> Self {
        assert!(has_one_gap(text.as_bytes()), "a text has exactly one gap");
        Self(text)
    }

    /// The text as it was written.
    pub(crate) const fn line(self) -> &'static str {
        self.0
    }

    /// What was written so before.
    pub(crate) const fn of(line: &'static str) -> Self {
        Self(line)
    }

    /// The text with its gap filled.
    pub fn fill(&self, value: &str) -> String {
        let (before, after) = self.around();
        [before, value, after].concat()
    }

    /// What stands before and after the gap, where the value is an element of its own.
    pub fn around(&self) -> (&'static str, &'static str) {
        let at = gap(self.0.as_bytes(), 0);
        let (before, rest) = self.0.split_at_checked(at).unwrap_or_default();
        (before, rest.get(2..).unwrap_or_default())
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

const fn has_one_gap(bytes: &[u8]) -> bool {
    let at = gap(bytes, 0);
    at < bytes.len() && gap(bytes, at.saturating_add(2)) == bytes.len()
}

/// The forms of a text that depends on a number, between bars; each begins with its plural category (CLDR), and the last is
/// `other`.
#[derive(Clone, Copy)]
pub struct Plural(&'static str);

impl Plural {
    /// Takes the forms. Evaluated at compile time: without a gap in each, or without a last form `other`, they do not
    /// compile.
    pub const fn new(forms: &'static str) -> Self {
        let mut rest = forms.as_bytes();
        loop {
            let mut end = 0;
            while let Some((_, [sign, ..])) = rest.split_at_checked(end) {
                if *sign == b'|' {
                    break;
                }
                end = end.saturating_add(1);
            }
            let (form, after) = rest.split_at(end);
            assert!(has_one_gap(form), "a form has exactly one gap");
            match after {
                [_, next @ ..] => rest = next,
                [] => {
                    assert!(matches!(form, [b'o', b't', b'h', b'e', b'r', b' ', ..]), "the last form is `other`");
                    return Self(forms);
                }
            }
        }
    }

    /// The text as it was written.
    pub(crate) const fn line(self) -> &'static str {
        self.0
    }

    /// What was written so before.
    pub(crate) const fn of(line: &'static str) -> Self {
        Self(line)
    }

    /// The form for a category, filled with the number as the language writes it.
    pub fn form(&self, category: &str, number: &str) -> String {
        let mut fitting = "";
        for form in self.0.split('|') {
            let (name, text) = form.split_once(' ').unwrap_or_default();
            fitting = text;
            if name == category {
                break;
            }
        }
        Fill(fitting).fill(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: Fill = Fill::new("Hello {}, ü!");
    const PEOPLE: Plural = Plural::new("one {} person|other {} people");

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
