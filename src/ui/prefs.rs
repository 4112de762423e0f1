//! What a person sets for this device and every account: theme, text size, language, notifications. Kept in `localStorage`.

use crate::reactive::*;
use crate::text::Locale;
use crate::view::Expected;

/// A colour scheme (`data-theme`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// High contrast, light or dark as the system has it.
    Contrast,
}

impl Theme {
    /// All themes, in the order of the settings.
    pub const ALL: [Self; 4] = [Self::System, Self::Light, Self::Dark, Self::Contrast];

    /// The value of `data-theme`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Contrast => "contrast",
        }
    }
}

/// A text size (`data-text-size`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TextSize {
    /// Seven eighths.
    Small,
    /// As the browser has it.
    Normal,
    /// Nine eighths.
    Large,
    /// Five quarters.
    Larger,
}

impl TextSize {
    /// All sizes, in the order of the settings.
    pub const ALL: [Self; 4] = [Self::Small, Self::Normal, Self::Large, Self::Larger];

    /// The value of `data-text-size`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Normal => "normal",
            Self::Large => "large",
            Self::Larger => "larger",
        }
    }
}

/// What is told outside the page of what came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// Nothing.
    Nothing,
    /// Who wrote.
    Names,
    /// Who wrote what.
    Texts,
}

impl Telling {
    /// All of them, in the order of the settings.
    pub const ALL: [Self; 3] = [Self::Nothing, Self::Names, Self::Texts];

    const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Names => "names",
            Self::Texts => "texts",
        }
    }
}

const THEME: &str = "plausch.theme";
const TEXT_SIZE: &str = "plausch.text-size";
const LOCALE: &str = "plausch.locale";
const TELLING: &str = "plausch.notify";
const SIGNED_IN: &str = "plausch.signed-in";
/// Whoever is signed in is to stay so.
const STAYS: &str = "stays";

/// The settings of this device.
#[derive(Clone, Copy)]
pub struct Prefs {
    /// The colour scheme.
    pub theme: RwSignal<Theme>,
    /// The text size.
    pub text_size: RwSignal<TextSize>,
    /// What is told outside the page.
    pub telling: RwSignal<Telling>,
    /// The language.
    pub locale: RwSignal<Locale>,
    /// The language that was asked for last; it becomes the language once its texts are there.
    pub asked: StoredValue<Locale>,
}

impl Prefs {
    /// What was set before; the language is another one as long as the wanted one is not loaded.
    pub fn load(wanted: Locale) -> Self {
        let theme = stored(THEME).and_then(|name| Theme::ALL.into_iter().find(|theme| theme.name() == name));
        let text_size = stored(TEXT_SIZE).and_then(|name| TextSize::ALL.into_iter().find(|size| size.name() == name));
        let telling = stored(TELLING).and_then(|name| Telling::ALL.into_iter().find(|telling| telling.name() == name));
        Self {
            telling: RwSignal::new(telling.unwrap_or(Telling::Nothing)),
            theme: RwSignal::new(theme.unwrap_or(Theme::System)),
            text_size: RwSignal::new(text_size.unwrap_or(TextSize::Normal)),
            locale: RwSignal::new(if wanted.is_loaded() { wanted } else { Locale::En }),
            asked: StoredValue::new(wanted),
        }
    }

    /// Changes and keeps the theme.
    pub fn set_theme(&self, theme: Theme) {
        self.theme.set(theme);
        store(THEME, theme.name());
    }

    /// Changes and keeps what is told outside the page.
    pub fn set_telling(&self, telling: Telling) {
        self.telling.set(telling);
        store(TELLING, telling.name());
    }

    /// Changes and keeps the text size.
    pub fn set_text_size(&self, size: TextSize) {
        self.text_size.set(size);
        store(TEXT_SIZE, size.name());
    }
}

/// The language that was set before; else what the hoster wants; else what the browser asks for.
pub fn wanted_locale(hoster: Option<Locale>) -> Locale {
    let kept = stored(LOCALE).and_then(|tag| Locale::parse(&tag));
    kept.or(hoster).or_else(browser_locale).unwrap_or(Locale::En)
}

/// Keeps the language.
pub fn keep_locale(locale: Locale) {
    store(LOCALE, locale.tag());
}

/// Who was signed in when the page was last open. If anybody was, the app's shell waits for the engine instead of showing the
/// sign-in page first.
pub fn expected() -> Expected {
    match stored(SIGNED_IN).as_deref() {
        None => Expected::Nobody,
        Some(STAYS) => Expected::Stayed,
        Some(_) => Expected::Somebody,
    }
}

/// Remembers that somebody is signed in, and whether they are to stay so, if that is known; nothing about who.
pub fn remember_signed_in(stays: Option<bool>) {
    match stays {
        Some(true) => store(SIGNED_IN, STAYS),
        Some(false) => store(SIGNED_IN, "1"),
        None if stored(SIGNED_IN).is_none() => store(SIGNED_IN, "1"),
        None => {}
    }
}

/// Remembers that nobody is signed in.
pub fn remember_signed_out() {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(SIGNED_IN);
    }
}

fn browser_locale() -> Option<Locale> {
    let languages = window().navigator().languages();
    languages.iter().find_map(|tag| Locale::parse(&tag.as_string()?))
}

/// The device's storage; none where the browser keeps it from us, and then nothing is kept.
fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn stored(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

fn store(key: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(key, value);
    }
}
