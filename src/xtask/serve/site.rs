//! The files of a built folder and the answers they make.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::request::Request;
use crate::dist::{is_hashed, read_folder};

/// Media types by suffix.
const TYPES: &[(&str, &str)] = &[
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("wasm", "application/wasm"),
    ("json", "application/json"),
    ("webmanifest", "application/manifest+json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("webp", "image/webp"),
    ("woff2", "font/woff2"),
    ("ogg", "audio/ogg"),
    ("txt", "text/plain; charset=utf-8"),
];

/// Sent with every answer. The content security policy comes from the page itself, with what only a header can say.
const SECURITY: &str = "Referrer-Policy: no-referrer\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Permissions-Policy: camera=(self), microphone=(self), geolocation=(self), display-capture=(self)\r\n\
    Cross-Origin-Opener-Policy: same-origin\r\n";

/// Codings in the order of preference, and the suffixes of their files.
const CODINGS: &[(&str, &str)] = &[("br", ".br"), ("gzip", ".gz")];

/// A folder that is being served.
pub struct Site {
    assets: BTreeMap<String, Asset>,
    prefix: String,
    policy: String,
}

struct Asset {
    raw: Vec<u8>,
    coded: Vec<(&'static str, Vec<u8>)>,
    tag: String,
}

impl Site {
    /// Reads a built folder. `config` becomes `config.json`; `prefix` is the path below which the site lies, such as `chat/`.
    pub fn read(folder: &Path, config: Option<String>, prefix: &str) -> Result<Self> {
        let mut files = read_folder(folder)?;
        if let Some(config) = config {
            files.insert("config.json".into(), config.into_bytes());
        }
        let page = files.get("index.html").with_context(|| format!("{} has no index.html", folder.display()))?;
        let policy = policy_of(&String::from_utf8_lossy(page)).context("index.html has no content security policy")?;
        let is_form = |name: &str| {
            CODINGS.iter().any(|(_, suffix)| name.strip_suffix(suffix).is_some_and(|raw| files.contains_key(raw)))
        };
        let assets =
            files.keys().filter(|name| !is_form(name)).map(|name| (name.clone(), Asset::new(&files, name))).collect();
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self { assets, prefix, policy })
    }

    /// The path below which the site lies: empty, or ending with a slash.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The whole answer to a request.
    pub fn answer(&self, request: &Request) -> Vec<u8> {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return self.message("405 Method Not Allowed", "Allow: GET, HEAD\r\n");
        }
        let path = request.path.strip_prefix('/').and_then(|path| path.strip_prefix(&self.prefix));
        let name = path.map(|path| if path.is_empty() { "index.html" } else { path });
        match name.and_then(|name| self.assets.get_key_value(name)) {
            Some((name, asset)) => self.file(name, asset, request),
            None => self.message("404 Not Found", ""),
        }
    }

    fn file(&self, name: &str, asset: &Asset, request: &Request) -> Vec<u8> {
        let coded = asset.coded.iter().find(|(coding, _)| request.accepts(coding));
        let (coding, body) = coded.map_or(("identity", &asset.raw), |(coding, body)| (*coding, body));
        let tag = format!("\"{}-{coding}\"", asset.tag);
        let cache = if is_hashed(name) { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mut head = format!("ETag: {tag}\r\nCache-Control: {cache}\r\nVary: Accept-Encoding\r\n");
        if request.header("if-none-match").is_some_and(|known| known.split(',').any(|known| known.trim() == tag)) {
            return self.head("304 Not Modified", &head);
        }
        let _ = write!(head, "Content-Type: {}\r\nContent-Length: {}\r\n", media_type(name), body.len()); // a String takes everything
        if coded.is_some() {
            let _ = write!(head, "Content-Encoding: {coding}\r\n");
        }
        let mut answer = self.head("200 OK", &head);
        if request.method == "GET" {
            answer.extend_from_slice(body);
        }
        answer
    }

    fn message(&self, status: &str, headers: &str) -> Vec<u8> {
        self.head(status, &format!("{headers}Cache-Control: no-store\r\nContent-Length: 0\r\n"))
    }

    fn head(&self, status: &str, headers: &str) -> Vec<u8> {
        format!("HTTP/1.1 {status}\r\n{headers}{SECURITY}Content-Security-Policy: {}\r\n\r\n", self.policy).into_bytes()
    }
}

impl Asset {
    fn new(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Self {
        let raw = files.get(name).cloned().unwrap_or_default();
        let coded = CODINGS
            .iter()
            .filter_map(|(coding, suffix)| Some((*coding, files.get(&format!("{name}{suffix}"))?.clone())));
        let tag = Sha256::digest(&raw).iter().take(12).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        Self { coded: coded.collect(), tag, raw }
    }
}

fn media_type(name: &str) -> &'static str {
    let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    TYPES.iter().find(|(known, _)| *known == suffix).map_or("application/octet-stream", |(_, media_type)| media_type)
}

/// The policy in the page's `<meta>`, and `frame-ancestors`, which is heeded in a header only.
fn policy_of(page: &str) -> Option<String> {
    let (_, after) = page.split_once("http-equiv=\"Content-Security-Policy\"")?;
    let (_, content) = after.split_once("content=\"")?;
    let (policy, _) = content.split_once('"')?;
    Some(format!("{policy}; frame-ancestors 'self'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\" />";

    fn site(prefix: &str) -> Site {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("plausch-site-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in [
            ("index.html", PAGE),
            ("sw.js", "service worker"),
            ("manifest.webmanifest", "{}"),
            ("a-0123456789abcdef.js", "long script"),
            ("a-0123456789abcdef.js.br", "BR"),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let site = Site::read(&folder, Some("{}".into()), prefix).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        site
    }

    fn ask(site: &Site, head: &str) -> String {
        let request = Request::read(&mut format!("{head}\r\n\r\n").as_bytes()).unwrap().unwrap();
        String::from_utf8(site.answer(&request)).unwrap()
    }

    #[test]
    fn sends_the_form_that_the_browser_takes() {
        let site = site("");
        let answer = ask(&site, "GET /a-0123456789abcdef.js HTTP/1.1\r\nAccept-Encoding: gzip, br");
        assert!(answer.contains("Content-Encoding: br\r\n") && answer.ends_with("\r\n\r\nBR"), "{answer}");
        assert!(answer.contains("immutable") && answer.contains("text/javascript"), "{answer}");
        assert!(ask(&site, "GET /a-0123456789abcdef.js HTTP/1.1").ends_with("\r\n\r\nlong script"));
        assert!(ask(&site, "HEAD /a-0123456789abcdef.js HTTP/1.1").ends_with("\r\n\r\n"));
    }

    #[test]
    fn every_answer_carries_the_security_headers() {
        let site = site("");
        for head in ["GET / HTTP/1.1", "GET /nothing HTTP/1.1", "POST / HTTP/1.1", "GET /config.json HTTP/1.1"] {
            let answer = ask(&site, head);
            for header in [
                "Content-Security-Policy: default-src 'none'; frame-ancestors 'self'",
                "nosniff",
                "no-referrer",
                "same-origin",
            ] {
                assert!(answer.contains(header), "{head} lacks {header}: {answer}");
            }
        }
    }

    #[test]
    fn knows_what_the_browser_has() {
        let site = site("");
        let answer = ask(&site, "GET / HTTP/1.1");
        let tag = answer.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap();
        assert!(ask(&site, &format!("GET / HTTP/1.1\r\nIf-None-Match: {tag}")).starts_with("HTTP/1.1 304 "));
        assert!(ask(&site, "GET / HTTP/1.1\r\nIf-None-Match: \"other\"").starts_with("HTTP/1.1 200 "));
        assert!(answer.contains("Cache-Control: no-cache"));
    }

    #[test]
    fn the_service_worker_and_the_manifest_are_asked_for_each_time() {
        let site = site("");
        for (name, media_type) in [("sw.js", "text/javascript"), ("manifest.webmanifest", "application/manifest+json")]
        {
            let answer = ask(&site, &format!("GET /{name} HTTP/1.1"));
            assert!(answer.contains("Cache-Control: no-cache\r\n"), "{answer}");
            assert!(answer.contains(&format!("Content-Type: {media_type}")), "{answer}");
        }
    }

    #[test]
    fn lies_below_its_prefix_only() {
        let site = site("/chat");
        assert_eq!(site.prefix(), "chat/");
        assert!(ask(&site, "GET /chat/ HTTP/1.1").starts_with("HTTP/1.1 200 "));
        for path in ["/", "/index.html", "/chat/../Cargo.toml", "/chat/%2e%2e/x", "//chat/", "chat/"] {
            assert!(ask(&site, &format!("GET {path} HTTP/1.1")).starts_with("HTTP/1.1 404 "), "{path}");
        }
    }
}
