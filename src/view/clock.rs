//! The page's clock: the present moment, and which day a moment falls on where the person is.

use plausch_model::Timestamp;

const DAY_MILLIS: i64 = 86_400_000;

/// The present moment.
#[cfg(target_arch = "wasm32")]
pub fn now() -> Timestamp {
    Timestamp(js_sys::Date::now() as i64)
}

/// The present moment.
#[cfg(not(target_arch = "wasm32"))]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The number of the local calendar day that a moment falls on; consecutive days have consecutive numbers.
pub fn local_day(at: Timestamp) -> i64 {
    at.plus_millis(zone_offset_millis(at)).0.div_euclid(DAY_MILLIS)
}

/// By how many minutes the person's clock is ahead of UTC now.
pub fn utc_offset_minutes() -> i32 {
    i32::try_from(zone_offset_millis(now()) / 60_000).unwrap_or_default()
}

#[cfg(target_arch = "wasm32")]
fn zone_offset_millis(at: Timestamp) -> i64 {
    let minutes_west = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at.0 as f64)).get_timezone_offset();
    // An invalid date answers NaN, which casts to zero.
    (minutes_west * -60_000.0) as i64
}

/// Native tests live in UTC.
#[cfg(not(target_arch = "wasm32"))]
fn zone_offset_millis(_at: Timestamp) -> i64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_numbered_through_the_epoch_and_absurd_times() {
        assert_eq!(local_day(Timestamp(-1)), -1);
        assert_eq!(local_day(Timestamp(0)), 0);
        assert_eq!(local_day(Timestamp(DAY_MILLIS)), 1);
        assert!(local_day(Timestamp(i64::MIN)) < local_day(Timestamp(i64::MAX)));
    }
}
