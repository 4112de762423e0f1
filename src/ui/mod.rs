//! What is drawn. A component is a function of view fields; it neither fetches nor parses nor stores.

mod app;
mod banner;
mod bookmark;
mod chat_list;
mod contact_list;
mod conversation;
mod details;
mod dialogs;
mod draw;
pub mod history;
mod keys;
mod kit;
mod last;
mod list_pane;
mod lock;
mod marks;
mod nav;
mod notify;
pub mod prefs;
mod requests;
mod settings;
mod sign_in;
mod word;
mod wording;

use std::{
    ops::Deref,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

pub use app::app;

use plausch_model::{Command, Timestamp};

use crate::reactive::{RwSignal, StoredValue, on_cleanup, set_interval_with_handle};
use crate::{
    config::Config,
    text::{Locale, Plural, Texts, format},
    view::{Account, NoticeKind, State, clock},
};
use kit::menu::OpenMenu;
use prefs::Prefs;
pub use word::Word;

/// How much room the app has (`data-layout`); the style sheets draw the same lines by container queries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// One pane at a time.
    Narrow,
    /// List and conversation; details lie over it.
    Medium,
    /// List, conversation and details side by side.
    Wide,
}

impl Room {
    /// The room that a width in CSS pixels gives.
    pub fn of(width: f64) -> Self {
        match width {
            width if width < 720.0 => Self::Narrow,
            width if width < 1180.0 => Self::Medium,
            _ => Self::Wide,
        }
    }

    /// The value of `data-layout`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Narrow => "narrow",
            Self::Medium => "medium",
            Self::Wide => "wide",
        }
    }
}

/// What every component gets; it stays for as long as the page does.
#[derive(Clone, Copy)]
pub struct Ui(&'static Parts);

/// What the components of one mount share.
pub struct Parts {
    /// What is shown.
    pub state: State,
    /// Settings of this device.
    pub prefs: Prefs,
    /// The domain that completes an address typed without one.
    pub default_domain: StoredValue<Option<String>>,
    /// The number of the local day: what is written about dates is another thing tomorrow.
    pub today: RwSignal<i64>,
    /// How much room there is.
    pub room: RwSignal<Room>,
    /// The open menu.
    pub menu: OpenMenu,
    /// Whether the app fills the page: then it may use its history and title.
    pub page: bool,
    /// Tells several mounts on one page apart.
    mount: u32,
}

static MOUNTS: AtomicU32 = AtomicU32::new(0);
static IDS: AtomicU32 = AtomicU32::new(0);

impl Deref for Ui {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        self.0
    }
}

impl Ui {
    /// What the components of one mount get.
    pub fn new(state: State, config: Config, page: bool) -> Self {
        let locale = prefs::wanted_locale(config.locale);
        let ui = Self(Box::leak(Box::new(Parts {
            state,
            prefs: Prefs::load(locale),
            default_domain: StoredValue::new(config.default_domain),
            today: RwSignal::new(clock::local_day(clock::now())),
            room: RwSignal::new(Room::Wide),
            menu: RwSignal::new(None),
            page,
            mount: MOUNTS.fetch_add(1, Ordering::Relaxed),
        })));
        if !locale.is_loaded() {
            ui.speak(locale, |_| ());
        }
        ui
    }

    /// Changes the language as soon as its texts are there, and then does what is to be done besides; says so if they do
    /// not come.
    pub fn speak(self, locale: Locale, then: fn(Locale)) {
        let prefs = self.prefs;
        prefs.asked.set_value(locale);
        locale.load(Box::new(move |loaded| {
            // Another language may have been chosen meanwhile, or the app taken out of the page.
            if prefs.asked.try_get_value() != Some(locale) {
            } else if loaded {
                prefs.locale.set(locale);
                then(locale);
            } else {
                // The choice shows again which language it is.
                prefs.locale.update(|_| ());
                self.state.notices.show(NoticeKind::Problem, self.words().language_missing().to_owned());
            }
        }));
    }

    /// A text that follows the language.
    pub fn t(self, pick: fn(&'static Texts) -> &'static str) -> Word {
        Word::new(self.prefs.locale, pick)
    }

    /// The texts of the moment's language, watched.
    pub fn texts(self) -> &'static Texts {
        self.prefs.locale.get().texts()
    }

    /// The texts of the moment's language, not watched: for what is said once.
    pub fn words(self) -> &'static Texts {
        self.prefs.locale.get_untracked().texts()
    }

    /// The language, watched.
    pub fn locale(self) -> Locale {
        self.prefs.locale.get()
    }

    /// A day in words, watched for midnight, too.
    pub fn day(self, at: Timestamp) -> String {
        self.today.track();
        format::day(self.locale(), at)
    }

    /// When something last happened, in short; watched for midnight, too.
    pub fn recent(self, at: Timestamp) -> String {
        self.today.track();
        format::recent(self.locale(), at)
    }

    /// Looks now and then whether it is another day.
    pub fn watch_the_day(self) {
        const PAUSE: Duration = Duration::from_secs(30);
        let look = move || {
            let today = clock::local_day(clock::now());
            if self.today.try_get_untracked().is_some_and(|known| known != today) {
                self.today.set(today);
            }
        };
        if let Ok(interval) = set_interval_with_handle(look, PAUSE) {
            on_cleanup(move || interval.clear());
        }
    }

    /// A text that depends on a number.
    pub fn plural(self, pick: fn(&'static Texts) -> Plural, value: f64) -> String {
        format::plural(self.locale(), pick(self.texts()), value)
    }

    /// Has a command carried out, and says so if that is refused.
    pub fn act(self, account: Account, command: Command) {
        self.state.ask(account, command, dialogs::complain(self));
    }

    /// An element id that no other element of the document or shadow root has.
    pub fn unique(self, word: &str) -> String {
        let number = IDS.fetch_add(1, Ordering::Relaxed);
        ["plausch-", &self.mount.to_string(), "-", word, "-", &number.to_string()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_narrow_and_a_desktop_is_wide() {
        assert!(Room::of(320.0) == Room::Narrow && Room::of(719.9) == Room::Narrow);
        assert!(Room::of(720.0) == Room::Medium && Room::of(1280.0) == Room::Wide);
    }
}
