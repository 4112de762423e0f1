//! Every word the app shows, per language, and how numbers, dates and names are written.
//!
//! A language is a value of [`Texts`]: a missing text does not compile, and neither does a [`Fill`] without its one
//! gap. Values of `data-*` attributes are never texts. Which plural form fits, and how dates, numbers and sizes look,
//! is the browser's knowledge (`Intl`).

pub mod collate;
mod de;
mod en;
pub mod fold;
pub mod format;
mod template;
mod texts;

pub use template::{Fill, Plural};
pub use texts::Texts;

/// A language of the app.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Locale {
    /// English.
    En,
    /// German.
    De,
}

impl Locale {
    /// All languages, in the order of the settings.
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    /// The BCP 47 tag, for `lang` and `Intl`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// The language's own name.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
        }
    }

    /// The language's texts.
    pub const fn texts(self) -> &'static Texts {
        match self {
            Self::En => &en::TEXTS,
            Self::De => &de::TEXTS,
        }
    }

    /// The language that a tag such as `de-AT` asks for, if there is one.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|locale| locale.tag().eq_ignore_ascii_case(primary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_with_regions_find_their_language() {
        assert_eq!(Locale::parse("de-AT"), Some(Locale::De));
        assert_eq!(Locale::parse("EN_us"), Some(Locale::En));
        assert_eq!(Locale::parse("fr"), None);
        assert_eq!(Locale::parse(""), None);
    }
}
