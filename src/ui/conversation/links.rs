//! Finds links in a message's text, in linear time. What is not clearly a link of a permitted kind stays plain text.

use crate::text::fold;

/// The schemes that may be clicked (attack case C-04).
const SCHEMES: [&str; 7] = ["http", "https", "mailto", "tel", "sms", "geo", "xmpp"];
/// Longer than any sensible link; what is longer stays text.
const LONGEST: usize = 2048;

/// A piece of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Piece<'a> {
    /// Shown as it is.
    Text(&'a str),
    /// May be clicked. The browser's own parser has the last word on it.
    Link(&'a str),
}

/// Splits a text into text and links. The pieces joined are the text.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    // Where in `rest` to look on for the next colon.
    let mut from = 0;
    while let Some(colon) = rest.get(from..).and_then(|tail| tail.find(':')).map(|at| from.saturating_add(at)) {
        let Some(start) = scheme_start(rest, colon) else {
            from = colon.saturating_add(1);
            continue;
        };
        let end = link_end(rest, start);
        if end <= colon.saturating_add(1) || end.saturating_sub(start) > LONGEST {
            from = end.max(colon.saturating_add(1));
            continue;
        }
        let (Some(before), Some(link), Some(after)) = (rest.get(..start), rest.get(start..end), rest.get(end..)) else {
            break;
        };
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(Piece::Link(link));
        rest = after;
        from = 0;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// Where the permitted scheme before a colon starts, if there is one at the beginning of a word.
fn scheme_start(text: &str, colon: usize) -> Option<usize> {
    let before = text.get(..colon)?;
    let letters = before.bytes().rev().take(7).take_while(u8::is_ascii_alphabetic).count();
    let start = colon.checked_sub(letters)?;
    let scheme = before.get(start..)?;
    let permitted = SCHEMES.iter().any(|permitted| permitted.eq_ignore_ascii_case(scheme));
    let inside_word =
        before.get(..start)?.chars().next_back().is_some_and(|sign| fold::is_word(sign) || "+-._".contains(sign));
    (permitted && !inside_word).then_some(start)
}

/// Where a link that starts somewhere ends: at space, quotes, brackets that it did not open, or closing punctuation.
fn link_end(text: &str, start: usize) -> usize {
    let Some(tail) = text.get(start..) else { return start };
    let mut end = start;
    let mut open = 0_i32;
    for (index, sign) in tail.char_indices() {
        match sign {
            '(' => open = open.saturating_add(1),
            ')' if open == 0 => break,
            ')' => open = open.saturating_sub(1),
            _ if ends_link(sign) => break,
            _ => {}
        }
        if !matches!(sign, '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '*' | '_' | '~' | '(') {
            end = start.saturating_add(index).saturating_add(sign.len_utf8());
        }
    }
    end
}

/// Signs that are in no link: space, quotes, angle brackets, control and direction characters.
fn ends_link(sign: char) -> bool {
    sign.is_whitespace()
        || sign.is_control()
        || matches!(sign, '"' | '<' | '>' | '`' | '{' | '}' | '|' | '\\' | '^' | '«' | '»' | '“' | '”' | '„' | '\u{ad}')
        || matches!(sign, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The address in an `xmpp:` link (RFC 5122), without what it wants done with it (attack case L-01).
pub fn address_of(link: &str) -> Option<String> {
    let (scheme, rest) = link.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("xmpp") {
        return None;
    }
    // `xmpp://account@host/address`: the account to act as is ours to choose.
    let path = match rest.strip_prefix("//") {
        Some(with_authority) => with_authority.split_once('/')?.1,
        None => rest,
    };
    let address = path.split(['?', '#']).next().filter(|address| !address.is_empty())?;
    percent_decoded(address)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(text: &str) -> Vec<&str> {
        let pieces = pieces(text);
        let joined: String = pieces.iter().map(|(Piece::Text(part) | Piece::Link(part))| *part).collect();
        assert_eq!(joined, text);
        pieces.into_iter().filter_map(|piece| if let Piece::Link(link) = piece { Some(link) } else { None }).collect()
    }

    #[test]
    fn permitted_links_are_found_where_people_put_them() {
        for (text, found) in [
            ("see https://example.org/a?b=c#d now", "https://example.org/a?b=c#d"),
            ("(https://example.org/x)", "https://example.org/x"),
            ("https://en.wikipedia.org/wiki/Rust_(film).", "https://en.wikipedia.org/wiki/Rust_(film)"),
            ("Really? HTTPS://EXAMPLE.ORG!", "HTTPS://EXAMPLE.ORG"),
            ("mailto:a@b.example,", "mailto:a@b.example"),
            ("„https://example.org“", "https://example.org"),
            ("xmpp:romeo@example.org?message;body=hi", "xmpp:romeo@example.org?message;body=hi"),
            ("geo:52.5,13.4", "geo:52.5,13.4"),
            ("https://bücher.example/straße", "https://bücher.example/straße"),
            ("<https://example.org>", "https://example.org"),
        ] {
            assert_eq!(links(text), [found], "{text}");
        }
        assert_eq!(links("http://a.example and tel:+491234"), ["http://a.example", "tel:+491234"]);
    }

    #[test]
    fn everything_else_stays_text() {
        for text in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\u{0}script:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "blob:https",
            "file:///etc/passwd",
            "intent://x",
            "ms-word:ofe|u|x",
            "aesgcm://up.example/f#ab",
            "xjavascript:https",
            "ahttps://example.org",
            "x-https://example.org",
            "at 12:30 we meet: here",
            "http:",
            "https: //x",
            ":::",
            "",
        ] {
            assert_eq!(links(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn a_link_ends_before_hidden_and_direction_signs() {
        assert_eq!(links("https://example.org\u{202e}gpj.exe"), ["https://example.org"]);
        assert_eq!(links("https://exa\u{200b}mple.org"), ["https://exa"]);
    }

    #[test]
    fn bombs_take_linear_time() {
        let start = std::time::Instant::now();
        for text in [
            "https:".repeat(200_000),
            ":".repeat(1_000_000),
            format!("https://{}", "a".repeat(1_000_000)),
            "(".repeat(1_000_000),
        ] {
            let _ = pieces(&text);
        }
        assert!(start.elapsed().as_secs() < 5);
    }

    #[test]
    fn an_xmpp_link_gives_its_address_and_nothing_else() {
        for (link, address) in [
            ("xmpp:romeo@example.org", Some("romeo@example.org")),
            ("XMPP:romeo@example.org?remove", Some("romeo@example.org")),
            ("xmpp://me@home.example/romeo@example.org?message", Some("romeo@example.org")),
            ("xmpp:nasty%21%23@example.org", Some("nasty!#@example.org")),
            ("xmpp:a%0Ab@example.org", None),
            ("xmpp:%zz@example.org", None),
            ("xmpp:", None),
            ("https://example.org", None),
        ] {
            assert_eq!(address_of(link).as_deref(), address, "{link}");
        }
    }
}
