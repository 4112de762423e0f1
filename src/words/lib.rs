//! Every word the app shows, per language.
//!
//! A language is a value of [`Texts`]: a missing text does not compile, and neither does a [`Fill`] without its one
//! gap. English is in the app. Of the others a person needs one at most, so each is a file of its own beside the app, with
//! one text per line: the build writes it ([`Texts::lines`]), the app reads it when it is asked for ([`Texts::from_lines`]).
//! Which languages there are besides English, [`OTHERS`] says.

mod de;
mod en;
mod template;
mod texts;

pub use de::TEXTS as GERMAN;
pub use en::TEXTS as ENGLISH;
pub use template::{Fill, Plural};
pub use texts::{Text, Texts};

/// The languages that are files of their own, by their BCP 47 tags.
pub const OTHERS: &[(&str, &Texts)] = &[("de", &GERMAN)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_reads_as_it_was_written() {
        for (_, texts) in [("en", &ENGLISH)].iter().chain(OTHERS) {
            let lines = texts.lines();
            let read = Texts::from_lines(lines.clone().leak()).unwrap();
            assert_eq!(read.lines(), lines);
            assert_eq!((read.cancel(), read.key_menu()), (texts.cancel(), texts.key_menu()));
            assert_eq!(read.fatal().fill("x"), texts.fatal().fill("x"));
            assert_eq!(read.unread().form("one", "1"), texts.unread().form("one", "1"));
        }
    }

    #[test]
    fn a_file_of_another_version_is_refused() {
        let lines = GERMAN.lines();
        assert!(Texts::from_lines(lines.split_once('\n').unwrap().1.to_owned().leak()).is_none());
        assert!(Texts::from_lines(format!("one more\n{lines}").leak()).is_none());
        assert!(Texts::from_lines("").is_none());
    }
}
