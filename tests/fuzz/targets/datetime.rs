//! XEP-0082 moments.

use plausch_xmpp::datetime::DateTime;

/// What is read is within bounds and reads the same when written; so is any number of milliseconds.
pub fn run(data: &[u8]) {
    if let Ok(moment) = DateTime::parse(&String::from_utf8_lossy(data)) {
        check(moment);
    }
    if let Some(bytes) = data.first_chunk() {
        check(DateTime::from_millis(i64::from_le_bytes(*bytes)));
    }
}

fn check(moment: DateTime) {
    assert!((DateTime::MIN..=DateTime::MAX).contains(&moment));
    assert_eq!(DateTime::parse(&moment.to_string()), Ok(moment));
}
