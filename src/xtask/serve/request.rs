//! HTTP/1.1 request heads, as far as a static server needs them (RFC 9112).

use std::io::{BufRead, Error, ErrorKind, Read};

/// The longest head that is read.
const MAX_HEAD: u64 = 16 * 1024;

/// One request without a body.
#[derive(Debug)]
pub struct Request {
    /// `GET`, `HEAD`, …
    pub method: String,
    /// The path without the query.
    pub path: String,
    headers: Vec<(String, String)>,
}

impl Request {
    /// Reads the next head; `None` when the other side has hung up.
    pub fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Self>> {
        let mut head = reader.take(MAX_HEAD);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if head.read_line(&mut line)? == 0 {
                return if lines.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
            match line.trim_end() {
                "" if lines.is_empty() => {}
                "" => return Self::parse(&lines).map(Some).ok_or_else(|| Error::from(ErrorKind::InvalidData)),
                text => lines.push(text.to_owned()),
            }
        }
    }

    fn parse(lines: &[String]) -> Option<Self> {
        let (first, rest) = lines.split_first()?;
        let mut words = first.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?);
        let path = target.split(['?', '#']).next()?.to_owned();
        let header = |line: &String| {
            line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        Some(Self { method, path, headers: rest.iter().map(header).collect::<Option<_>>()? })
    }

    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Whether the browser takes this content coding (RFC 9110 §12.5.3).
    pub fn accepts(&self, coding: &str) -> bool {
        self.header("accept-encoding").unwrap_or_default().split(',').any(|offer| {
            let mut parts = offer.split(';').map(str::trim);
            let refused =
                |weight: &str| weight.strip_prefix("q=").is_some_and(|q| q.trim_matches(['0', '.']).is_empty());
            parts.next() == Some(coding) && !parts.any(refused)
        })
    }

    /// Whether the connection ends after the answer. A body, which nothing here expects, cannot be skipped, so it ends there, too.
    pub fn is_last(&self) -> bool {
        let says_close = self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        says_close
            || self.header("content-length").is_some_and(|length| length != "0")
            || self.header("transfer-encoding").is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> std::io::Result<Option<Request>> {
        Request::read(&mut text.as_bytes())
    }

    #[test]
    fn reads_heads() {
        let request =
            read("GET /a.js?x=1 HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip;q=0.5, br, deflate;q=0\r\n\r\n")
                .unwrap()
                .unwrap();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/a.js"));
        assert!(
            request.accepts("br") && request.accepts("gzip") && !request.accepts("deflate") && !request.accepts("zstd")
        );
        assert!(!request.is_last());
    }

    #[test]
    fn refuses_what_is_no_request() {
        assert!(read("").unwrap().is_none());
        assert!(read("GET\r\n\r\n").is_err());
        assert!(read("GET / HTTP/1.1\r\nno header\r\n\r\n").is_err());
        assert!(read("GET / HTTP/1.1\r\nHost: cut").is_err());
        assert!(read(&format!("GET / HTTP/1.1\r\nLong: {}\r\n\r\n", "x".repeat(20_000))).is_err());
    }

    #[test]
    fn a_body_ends_the_connection() {
        assert!(read("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc").unwrap().unwrap().is_last());
    }
}
