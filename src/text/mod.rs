//! The languages of the app, and how numbers, dates and names are written.
//!
//! Values of `data-*` attributes are never texts. Which plural form fits, and how dates, numbers and sizes look, is the
//! browser's knowledge (`Intl`). English is always there, any other language once its file is loaded.

pub mod collate;
pub mod export;
pub mod fold;
pub mod format;

use std::sync::OnceLock;

use js_sys::{Function, Promise, Reflect};
use plausch_words::ENGLISH;
pub use plausch_words::{Fill, Plural, Texts};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::page::{files, spawn};

static GERMAN: OnceLock<Texts> = OnceLock::new();

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

    /// The language's texts; English ones as long as they are not loaded.
    pub fn texts(self) -> &'static Texts {
        self.loaded().unwrap_or(&ENGLISH)
    }

    /// Whether the language's texts are there.
    pub fn is_loaded(self) -> bool {
        self.loaded().is_some()
    }

    fn loaded(self) -> Option<&'static Texts> {
        match self {
            Self::En => Some(&ENGLISH),
            Self::De => GERMAN.get(),
        }
    }

    /// Loads the language's texts if they are not there, and says whether they are now.
    pub fn load(self, then: Box<dyn FnOnce(bool)>) {
        if self.is_loaded() {
            return then(true);
        }
        spawn(async move {
            let lines = self.lines().await.ok().and_then(|lines| lines.as_string());
            if let Some(texts) = lines.and_then(|lines| Texts::from_lines(lines.leak())) {
                // Another call may have been faster, with the same.
                let _ = GERMAN.set(texts);
            }
            then(self.is_loaded());
        });
    }

    /// Asks for the language's file where the app's scripts know it to be.
    async fn lines(self) -> Result<JsValue, JsValue> {
        let files = files().ok_or(JsValue::NULL)?;
        let texts: Function = Reflect::get(&files, &"texts".into())?.dyn_into()?;
        JsFuture::from(Promise::from(texts.call1(&files, &self.tag().into())?)).await
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
