//! Moments as XEP-0082 writes them: `2002-09-10T23:41:07.123Z`.
//!
//! Stamps come from strangers (XEP-0203), so whatever is written there either becomes a moment between the years 1 and
//! 9999 or an error: a stamp without an offset is an error, since guessing one would reorder a conversation. Whether a
//! stamp is to be believed is for the caller to say, who knows what time it is.

use std::fmt;
use std::str::FromStr;

/// A moment in UTC, to the millisecond, within the years 1 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DateTime {
    millis: i64,
}

/// Why a text is not a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DateTimeError {
    /// The text is not of the form `CCYY-MM-DDThh:mm:ss[.sss]TZD`.
    #[error("not of the form CCYY-MM-DDThh:mm:ss[.sss]TZD")]
    Form,
    /// The form is right but for the offset, which is missing (XEP-0082 §3.2 requires one).
    #[error("the time zone is missing")]
    MissingOffset,
    /// There is no such date, time of day or offset.
    #[error("there is no such date or time")]
    Range,
}

/// A date and a time of day, not yet a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    millisecond: i64,
}

const MILLIS_PER_MINUTE: i64 = 60_000;
const MILLIS_PER_DAY: i64 = 86_400_000;
/// Days from 0000-03-01, where the calculation starts, to 1970-01-01.
const DAYS_BEFORE_1970: i64 = 719_468;
/// Days in 400 years, after which the calendar repeats.
const DAYS_PER_ERA: i64 = 146_097;

impl DateTime {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self { millis: -62_135_596_800_000 };
    /// 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self { millis: 253_402_300_799_999 };

    /// The moment so many milliseconds after 1970-01-01T00:00:00Z, moved into the years 1 to 9999 if it is outside.
    pub fn from_millis(millis: i64) -> Self {
        Self { millis: millis.clamp(Self::MIN.millis, Self::MAX.millis) }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn millis(self) -> i64 {
        self.millis
    }

    /// Reads a stamp. Fractions of a second are cut to milliseconds; second 60 of a leap second is the second after it.
    pub fn parse(text: &str) -> Result<Self, DateTimeError> {
        let (civil, zone) = parse_civil(text)?;
        let offset = parse_offset(zone)?;
        Ok(Self::from_millis(civil.millis().saturating_sub(offset)))
    }
}

impl FromStr for DateTime {
    type Err = DateTimeError;

    fn from_str(text: &str) -> Result<Self, DateTimeError> {
        Self::parse(text)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil { year, month, day, hour, minute, second, millisecond } = Civil::from_millis(self.millis);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if millisecond != 0 {
            write!(f, ".{millisecond:03}")?;
        }
        f.write_str("Z")
    }
}

impl Civil {
    fn is_valid(&self) -> bool {
        let end_of_day = self.hour == 24 && self.minute == 0 && self.second == 0 && self.millisecond == 0;
        self.year >= 1
            && (1..=12).contains(&self.month)
            && (1..=days_in_month(self.year, self.month)).contains(&self.day)
            && (self.hour <= 23 || end_of_day)
            && self.minute <= 59
            && self.second <= 60
    }

    /// Counts years from March, so that a leap day is the last of its year.
    #[expect(clippy::arithmetic_side_effects, reason = "each field is valid, so all stays far within i64")]
    fn millis(&self) -> i64 {
        let march_year = if self.month <= 2 { self.year - 1 } else { self.year };
        let month_from_march = (self.month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + self.day - 1;
        let days = 365 * march_year + march_year.div_euclid(4) - march_year.div_euclid(100)
            + march_year.div_euclid(400)
            + day_of_year
            - DAYS_BEFORE_1970;
        ((days * 24 + self.hour) * 60 + self.minute) * MILLIS_PER_MINUTE + self.second * 1000 + self.millisecond
    }

    /// The reverse of [`Civil::millis`].
    #[expect(clippy::arithmetic_side_effects, reason = "a DateTime is clamped, so all stays far within i64")]
    fn from_millis(millis: i64) -> Self {
        let time = millis.rem_euclid(MILLIS_PER_DAY);
        let days = millis.div_euclid(MILLIS_PER_DAY) + DAYS_BEFORE_1970;
        let day_of_era = days.rem_euclid(DAYS_PER_ERA);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = (month_from_march + 2) % 12 + 1;
        let march_year = days.div_euclid(DAYS_PER_ERA) * 400 + year_of_era;
        Self {
            year: if month <= 2 { march_year + 1 } else { march_year },
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            hour: time / 3_600_000,
            minute: time / MILLIS_PER_MINUTE % 60,
            second: time / 1000 % 60,
            millisecond: time % 1000,
        }
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Reads all but the offset, which it returns.
fn parse_civil(text: &str) -> Result<(Civil, &str), DateTimeError> {
    let mut rest = text;
    let year = digits(&mut rest, 4)?;
    let month = after(&mut rest, '-').and_then(|()| digits(&mut rest, 2))?;
    let day = after(&mut rest, '-').and_then(|()| digits(&mut rest, 2))?;
    let hour = after(&mut rest, 'T').and_then(|()| digits(&mut rest, 2))?;
    let minute = after(&mut rest, ':').and_then(|()| digits(&mut rest, 2))?;
    let second = after(&mut rest, ':').and_then(|()| digits(&mut rest, 2))?;
    let millisecond = if after(&mut rest, '.').is_ok() { fraction(&mut rest)? } else { 0 };
    let civil = Civil { year, month, day, hour, minute, second, millisecond };
    if civil.is_valid() { Ok((civil, rest)) } else { Err(DateTimeError::Range) }
}

/// The offset in milliseconds: `Z`, or `+hh:mm` up to 14 hours (XML Schema part 2, §3.2.7.3).
fn parse_offset(zone: &str) -> Result<i64, DateTimeError> {
    let (sign, mut rest) = match (zone, zone.strip_prefix('+'), zone.strip_prefix('-')) {
        ("", ..) => return Err(DateTimeError::MissingOffset),
        ("Z", ..) => return Ok(0),
        (_, Some(rest), _) => (1_i64, rest),
        (_, _, Some(rest)) => (-1, rest),
        _ => return Err(DateTimeError::Form),
    };
    let hours = digits(&mut rest, 2)?;
    let minutes = after(&mut rest, ':').and_then(|()| digits(&mut rest, 2))?;
    if !rest.is_empty() {
        return Err(DateTimeError::Form);
    }
    let in_minutes = hours.saturating_mul(60).saturating_add(minutes);
    if minutes > 59 || in_minutes > 14 * 60 {
        return Err(DateTimeError::Range);
    }
    Ok(in_minutes.saturating_mul(MILLIS_PER_MINUTE).saturating_mul(sign))
}

/// Takes exactly `count` ASCII digits off `rest`.
fn digits(rest: &mut &str, count: usize) -> Result<i64, DateTimeError> {
    let (number, after) = rest.split_at_checked(count).ok_or(DateTimeError::Form)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DateTimeError::Form);
    }
    *rest = after;
    number.parse().map_err(|_| DateTimeError::Form)
}

/// Takes a separator off `rest`.
fn after(rest: &mut &str, separator: char) -> Result<(), DateTimeError> {
    *rest = rest.strip_prefix(separator).ok_or(DateTimeError::Form)?;
    Ok(())
}

/// Takes a fraction of a second off `rest`: one digit or more, of which three count.
fn fraction(rest: &mut &str) -> Result<i64, DateTimeError> {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (all, after) = rest.split_at_checked(end).ok_or(DateTimeError::Form)?;
    *rest = after;
    let first_three = all.get(..3).unwrap_or(all);
    format!("{first_three:0<3}").parse().ok().filter(|_| !all.is_empty()).ok_or(DateTimeError::Form)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_the_xep_shows() {
        for (text, millis) in [
            ("1969-07-21T02:56:15Z", -14_159_025_000),
            ("1969-07-20T21:56:15-05:00", -14_159_025_000),
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:00.001Z", 1),
            ("1970-01-01T00:00:00.1Z", 100),
            ("1970-01-01T00:00:00.0019999999999999999999999999999Z", 1),
            ("2000-02-29T12:00:00Z", 951_825_600_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("2016-12-31T24:00:00Z", 1_483_228_800_000),
            ("2017-01-01T00:00:00+00:00", 1_483_228_800_000),
            ("2017-01-01T14:00:00+14:00", 1_483_228_800_000),
            ("2035-01-01T00:00:00Z", 2_051_222_400_000),
            ("0001-01-01T00:00:00Z", DateTime::MIN.millis()),
            ("0001-01-01T00:00:00+14:00", DateTime::MIN.millis()),
            ("9999-12-31T23:59:59.999Z", DateTime::MAX.millis()),
            ("9999-12-31T23:59:60-14:00", DateTime::MAX.millis()),
        ] {
            assert_eq!(DateTime::parse(text).map(DateTime::millis), Ok(millis), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_moment() {
        use DateTimeError::{Form, MissingOffset, Range};
        for (text, error) in [
            ("2035-01-01T00:00:00", MissingOffset),
            ("2035-01-01T00:00:00.5", MissingOffset),
            ("", Form),
            ("now", Form),
            ("2035-01-01", Form),
            ("2035-01-01 00:00:00Z", Form),
            ("20350101T00:00:00Z", Form),
            ("20350101T00:00:00", Form),
            ("2035-01-01T00:00Z", Form),
            ("2035-01-01T00:00:00.Z", Form),
            ("2035-01-01T00:00:00z", Form),
            ("2035-01-01T00:00:00Z ", Form),
            ("2035-01-01T00:00:00+1:00", Form),
            ("2035-01-01T00:00:00+0100", Form),
            ("2035-01-01T00:00:00+01:00:00", Form),
            ("2035-01-01T00:00:00UTC", Form),
            ("-2035-01-01T00:00:00Z", Form),
            ("12035-01-01T00:00:00Z", Form),
            ("+035-01-01T00:00:00Z", Form),
            ("２０３５-01-01T00:00:00Z", Form),
            ("2035-0é-01T00:00:00Z", Form),
            ("0000-01-01T00:00:00Z", Range),
            ("2035-00-01T00:00:00Z", Range),
            ("2035-13-01T00:00:00Z", Range),
            ("2035-04-31T00:00:00Z", Range),
            ("2035-02-29T00:00:00Z", Range),
            ("1900-02-29T00:00:00Z", Range),
            ("2035-01-00T00:00:00Z", Range),
            ("2035-01-01T24:00:01Z", Range),
            ("2035-01-01T25:00:00Z", Range),
            ("2035-01-01T00:60:00Z", Range),
            ("2035-01-01T00:00:61Z", Range),
            ("2035-01-01T00:00:00+14:01", Range),
            ("2035-01-01T00:00:00+00:60", Range),
            ("2035-01-01T00:00:00-99:99", Range),
        ] {
            assert_eq!(DateTime::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn writes_utc_with_milliseconds_only_if_there_are_any() {
        assert_eq!(DateTime::from_millis(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(DateTime::from_millis(-1).to_string(), "1969-12-31T23:59:59.999Z");
        assert_eq!(DateTime::from_millis(951_782_400_007).to_string(), "2000-02-29T00:00:00.007Z");
        assert_eq!(DateTime::from_millis(i64::MIN).to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(DateTime::from_millis(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn counts_every_day_of_four_centuries() {
        let mut day = DateTime::parse("1900-01-01T00:00:00Z").unwrap().millis();
        for year in 1900..2301 {
            for month in 1..=12 {
                for date in 1..=days_in_month(year, month) {
                    let text = format!("{year:04}-{month:02}-{date:02}T00:00:00Z");
                    assert_eq!(DateTime::parse(&text).map(DateTime::millis), Ok(day), "{text}");
                    assert_eq!(DateTime::from_millis(day).to_string(), text);
                    day += MILLIS_PER_DAY;
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(millis in any::<i64>()) {
            let moment = DateTime::from_millis(millis);
            prop_assert_eq!(DateTime::parse(&moment.to_string()), Ok(moment));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = DateTime::parse(&text);
        }

        #[test]
        fn no_near_miss_panics(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,40})?(Z|[+-][0-9]{2}:[0-9]{2})?") {
            let _ = DateTime::parse(&text);
        }
    }
}
