//! Words of the user interface that follow the language.

use super::draw::{Attribute, Draw, Drawn, live};
use crate::reactive::RwSignal;
use crate::text::{Locale, Texts};

/// A text of the table of texts, in the language of the moment.
#[derive(Clone, Copy)]
pub struct Word {
    locale: RwSignal<Locale>,
    pick: fn(&'static Texts) -> &'static str,
}

impl Word {
    /// A text that follows this language.
    pub const fn new(locale: RwSignal<Locale>, pick: fn(&'static Texts) -> &'static str) -> Self {
        Self { locale, pick }
    }

    /// The text now, watched.
    pub fn get(self) -> &'static str {
        (self.pick)(self.locale.get().texts())
    }
}

impl Draw for Word {
    fn drawn(self) -> Drawn {
        live(move || self.get()).drawn()
    }
}

impl From<Word> for Attribute {
    fn from(word: Word) -> Self {
        live(move || word.get()).into()
    }
}
