//! Whether a text has a link, as far as the search wants to know.

/// What a link may begin with, as where texts are shown.
const SCHEMES: [&str; 7] = ["http", "https", "mailto", "tel", "sms", "geo", "xmpp"];

/// Whether there is a permitted scheme at the beginning of a word, with something behind its colon.
pub fn has_link(text: &str) -> bool {
    text.match_indices(':').any(|(colon, _)| {
        let (before, after) = text.split_at_checked(colon).unwrap_or_default();
        let is_inside = |sign: char| sign.is_alphanumeric() || "+-._".contains(sign);
        let scheme = before.rsplit(|sign| !is_inside(sign)).next().unwrap_or_default();
        let goes_on = after.chars().nth(1).is_some_and(|sign| sign.is_alphanumeric() || "/+".contains(sign));
        goes_on && SCHEMES.iter().any(|permitted| permitted.eq_ignore_ascii_case(scheme))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_scheme_with_something_behind_it() {
        for text in ["https://example.org", "see (HTTP://example.org)!", "a: tel:+4930", "xmpp:a@b", "語https://x"] {
            assert_eq!(has_link(text), !text.starts_with('語'), "{text}");
        }
        for text in ["", ":", "http", "http:", "https: //x", "xhttp://x", "a.http://x", "javascript:alert", "12:30"] {
            assert!(!has_link(text), "{text}");
        }
    }
}
