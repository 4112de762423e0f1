//! Numbers, sizes and moments as the language writes them, by the browser's `Intl`.
//!
//! Making a formatter is dear, using it is cheap: each is made once per language and kept.

use std::cell::RefCell;

use js_sys::{Array, Function, Intl, Object, Reflect};
use plausch_model::Timestamp;
use wasm_bindgen::{JsCast, JsValue};

use super::{Locale, Plural};
use crate::view::clock;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Time,
    Weekday,
    ShortDate,
    LongDay,
    Moment,
    Number,
    Kilobytes,
    Megabytes,
    Gigabytes,
    Plural,
}

impl Kind {
    /// The formatter's options.
    const fn options(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Time => &[("timeStyle", "short")],
            Self::Weekday => &[("weekday", "short")],
            Self::ShortDate => &[("dateStyle", "short")],
            Self::LongDay => &[("weekday", "long"), ("day", "numeric"), ("month", "long"), ("year", "numeric")],
            Self::Moment => &[("dateStyle", "full"), ("timeStyle", "medium")],
            Self::Number | Self::Plural => &[],
            Self::Kilobytes => &[("style", "unit"), ("unit", "kilobyte")],
            Self::Megabytes => &[("style", "unit"), ("unit", "megabyte")],
            Self::Gigabytes => &[("style", "unit"), ("unit", "gigabyte")],
        }
    }

    fn make(self, locale: Locale) -> Function {
        let options = Object::new();
        for (name, value) in self.options() {
            // Setting a property of a plain object of ours cannot fail.
            let _ = Reflect::set(&options, &JsValue::from_str(name), &JsValue::from_str(value));
        }
        if matches!(self, Self::Kilobytes | Self::Megabytes | Self::Gigabytes) {
            let _ = Reflect::set(&options, &JsValue::from_str("maximumFractionDigits"), &JsValue::from_f64(1.0));
        }
        let locales = Array::of1(&JsValue::from_str(&regional(locale)));
        match self {
            Self::Number | Self::Kilobytes | Self::Megabytes | Self::Gigabytes => {
                Intl::NumberFormat::new(&locales, &options).format()
            }
            Self::Plural => {
                let rules: JsValue = Intl::PluralRules::new(&locales, &options).into();
                let select = Reflect::get(&rules, &JsValue::from_str("select")).unwrap_or(JsValue::UNDEFINED);
                select.dyn_into::<Function>().map(|select| select.bind0(&rules)).unwrap_or_default()
            }
            _ => Intl::DateTimeFormat::new(&locales, &options).format(),
        }
    }
}

/// The language as the person's region writes it: `en-GB`, where the browser says so, instead of `en`.
fn regional(locale: Locale) -> String {
    let languages = crate::reactive::window().navigator().languages();
    let spoken = languages.iter().filter_map(|tag| tag.as_string()).find(|tag| Locale::parse(tag) == Some(locale));
    spoken.unwrap_or_else(|| locale.tag().to_owned())
}

thread_local! {
    static MADE: RefCell<Vec<((Locale, Kind), Function)>> = const { RefCell::new(Vec::new()) };
}

fn format(locale: Locale, kind: Kind, value: f64) -> String {
    let function = MADE.with_borrow_mut(|made| made_once(made, locale, kind));
    let written = function.call1(&JsValue::UNDEFINED, &JsValue::from_f64(value));
    // A moment beyond what a `Date` can hold is written as nothing.
    written.ok().and_then(|written| written.as_string()).unwrap_or_default()
}

/// The formatter of that kind. There are some twenty at most: a hash map would be slower and larger.
fn made_once(made: &mut Vec<((Locale, Kind), Function)>, locale: Locale, kind: Kind) -> Function {
    if let Some((_, function)) = made.iter().find(|(of, _)| *of == (locale, kind)) {
        return function.clone();
    }
    let function = kind.make(locale);
    made.push(((locale, kind), function.clone()));
    function
}

/// A whole number.
pub fn number(locale: Locale, value: f64) -> String {
    format(locale, Kind::Number, value)
}

/// The form of a text that fits a number.
pub fn plural(locale: Locale, forms: Plural, value: f64) -> String {
    forms.form(&format(locale, Kind::Plural, value), &number(locale, value))
}

/// A size in bytes, in kilobytes, megabytes or gigabytes.
pub fn bytes(locale: Locale, bytes: u64) -> String {
    let megabytes = bytes as f64 / 1_000_000.0;
    if megabytes < 1.0 {
        format(locale, Kind::Kilobytes, (megabytes * 1000.0).ceil())
    } else if megabytes < 1000.0 {
        format(locale, Kind::Megabytes, megabytes)
    } else {
        format(locale, Kind::Gigabytes, megabytes / 1000.0)
    }
}

/// The time of day.
pub fn time(locale: Locale, at: Timestamp) -> String {
    format(locale, Kind::Time, at.0 as f64)
}

/// Whether times of day take more room than `23:58` does, as those of a clock with two halves do.
pub fn has_long_times(locale: Locale) -> bool {
    // Any time shows it: the half of the day makes even the shortest longer than that.
    time(locale, Timestamp(0)).encode_utf16().count() > "23:58".len()
}

/// A moment for machines (RFC 3339).
pub fn iso(at: Timestamp) -> String {
    let date = js_sys::Date::new(&JsValue::from_f64(at.0 as f64));
    // A moment beyond what a `Date` can hold is written as nothing.
    if date.get_time().is_nan() { String::new() } else { date.to_iso_string().into() }
}

/// The full date and time.
pub fn moment(locale: Locale, at: Timestamp) -> String {
    format(locale, Kind::Moment, at.0 as f64)
}

/// The day, for the separator between days.
pub fn day(locale: Locale, at: Timestamp) -> String {
    match days_ago(at) {
        0 => locale.texts().today().to_owned(),
        1 => locale.texts().yesterday().to_owned(),
        _ => format(locale, Kind::LongDay, at.0 as f64),
    }
}

/// When something last happened, short enough for a row of a list.
pub fn recent(locale: Locale, at: Timestamp) -> String {
    match days_ago(at) {
        0 => time(locale, at),
        1 => locale.texts().yesterday().to_owned(),
        2..7 => format(locale, Kind::Weekday, at.0 as f64),
        _ => format(locale, Kind::ShortDate, at.0 as f64),
    }
}

fn days_ago(at: Timestamp) -> i64 {
    clock::local_day(clock::now()).saturating_sub(clock::local_day(at))
}
