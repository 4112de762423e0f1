//! Names after content: `app_bg.wasm` becomes `app_bg-3f9c0a….wasm`, and whatever refers to it is rewritten first, so that a name
//! changes exactly when the file, or anything it loads, changes.
//!
//! A reference is a relative path between quotes or in `url()`. Files are named in the order of their references; a circle of
//! references is an error, unless it goes through a file whose name is fixed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Result, bail};
use sha2::{Digest, Sha256};

use super::Files;

/// These keep their names: they are asked for by name.
pub const FIXED: &[&str] =
    &["index.html", "embed.js", "sw.js", "manifest.webmanifest", "config.json", "config.example.json", "version.txt"];

/// Suffixes of the files that can refer to others.
const REFERRING: &[&str] = &[".html", ".js", ".css", ".webmanifest"];

const HASH_BYTES: usize = 8;

/// Adds those candidates that the files refer to, directly or through each other.
pub fn add_referenced(files: &mut Files, mut candidates: Files) {
    loop {
        let wanted = |name: &String| files.iter().any(|(from, bytes)| refers(from, bytes, name));
        let found: BTreeSet<String> = candidates.keys().filter(|name| wanted(name)).cloned().collect();
        if found.is_empty() {
            return;
        }
        let (add, rest) = candidates.into_iter().partition(|(name, _)| found.contains(name));
        files.extend::<Files>(add);
        candidates = rest;
    }
}

/// Renames all files that have no fixed name, and the references to them.
pub fn by_content(files: Files) -> Result<Files> {
    let mut naming = Naming { files: &files, names: BTreeMap::new(), open: Vec::new(), renamed: Files::new() };
    for name in files.keys() {
        naming.visit(name)?;
    }
    Ok(naming.renamed)
}

struct Naming<'a> {
    files: &'a Files,
    names: BTreeMap<&'a str, String>,
    open: Vec<&'a str>,
    renamed: Files,
}

impl<'a> Naming<'a> {
    fn visit(&mut self, name: &'a str) -> Result<()> {
        if self.names.contains_key(name) {
            return Ok(());
        }
        if self.open.contains(&name) {
            bail!("these files refer to each other in a circle: {} → {name}", self.open.join(" → "));
        }
        let Some(bytes) = self.files.get(name) else { return Ok(()) };
        self.open.push(name);
        let renamed = |target: &&String| *target != name && !FIXED.contains(&target.as_str());
        let targets: Vec<_> = self.files.keys().filter(renamed).filter(|target| refers(name, bytes, target)).collect();
        for target in &targets {
            self.visit(target)?;
        }
        self.open.pop();
        let bytes = targets.iter().fold(bytes.clone(), |bytes, target| match self.names.get(target.as_str()) {
            Some(new) => rewrite(bytes, &relative(name, target), &relative(name, new)),
            None => bytes,
        });
        let new = if FIXED.contains(&name) { name.to_owned() } else { hashed_name(name, &bytes) };
        self.renamed.insert(new.clone(), bytes);
        self.names.insert(name, new);
        Ok(())
    }
}

fn refers(from: &str, bytes: &[u8], to: &str) -> bool {
    if !REFERRING.iter().any(|suffix| from.ends_with(suffix)) {
        return false;
    }
    std::str::from_utf8(bytes).is_ok_and(|text| references(text, &relative(from, to)).next().is_some())
}

fn rewrite(bytes: Vec<u8>, old: &str, new: &str) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&bytes) else { return bytes };
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some((before, after)) = references(rest, old).next() {
        out.push_str(before);
        out.push_str(new);
        rest = after;
    }
    out.push_str(rest);
    out.into_bytes()
}

/// The text before and after each reference to a relative path.
fn references<'t>(text: &'t str, path: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
    let opens = |before: &str| before.strip_suffix("./").unwrap_or(before).ends_with(['"', '\'', '`', '(']);
    let closes = |after: &str| after.starts_with(['"', '\'', '`', ')', '?', '#']);
    text.match_indices(path)
        .filter_map(move |(at, found)| Some((text.get(..at)?, text.get(at.checked_add(found.len())?..)?)))
        .filter(move |(before, after)| opens(before) && closes(after))
}

/// The path from one file to another.
fn relative(from: &str, to: &str) -> String {
    let mut from: Vec<_> = from.split('/').collect();
    from.pop();
    let mut to: Vec<_> = to.split('/').collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    to.drain(..shared);
    let mut path = "../".repeat(from.len().saturating_sub(shared));
    path.push_str(&to.join("/"));
    path
}

fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes).iter().take(HASH_BYTES).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // a String takes everything
        text
    });
    match name.rsplit_once('.') {
        Some((stem, suffix)) => format!("{stem}-{hash}.{suffix}"),
        None => format!("{name}-{hash}"),
    }
}

/// Whether a file is named after its content, so that browsers may keep it for ever.
pub fn is_hashed(name: &str) -> bool {
    let hash = name.rsplit_once('.').and_then(|(stem, _)| stem.rsplit_once('-')).map(|(_, hash)| hash);
    hash.is_some_and(|hash| {
        hash.len() == HASH_BYTES.saturating_mul(2) && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    fn named<'a>(files: &'a Files, stem: &str) -> (&'a str, &'a str) {
        let (name, bytes) = files.iter().find(|(name, _)| name.starts_with(stem)).unwrap();
        (name, std::str::from_utf8(bytes).unwrap())
    }

    fn site(wasm: &str) -> Files {
        files(&[
            ("index.html", "<script src=\"boot.js\"></script><meta content=\"worker.js\"><p>boot.js</p>"),
            ("boot.js", "import init from './app.js';"),
            ("app.js", "new URL('app_bg.wasm', import.meta.url)"),
            ("app_bg.wasm", wasm),
            ("worker.js", "import(\"./engine/worker.js\")"),
            ("engine/worker.js", "new URL('worker_bg.wasm', import.meta.url); import('../app.js')"),
            ("engine/worker_bg.wasm", "engine"),
        ])
    }

    #[test]
    fn every_reference_follows_the_new_name() {
        let out = by_content(site("one")).unwrap();
        let (boot, text) = named(&out, "boot-");
        let (page, html) = named(&out, "index.html");
        assert_eq!(page, "index.html");
        assert!(html.contains(&format!("src=\"{boot}\"")) && html.contains("<p>boot.js</p>"), "{html}");
        let (app, _) = named(&out, "app-");
        assert_eq!(text, format!("import init from './{app}';"));
        let (_, glue) = named(&out, "engine/worker-");
        assert!(glue.contains(&format!("import('../{app}')")) && glue.contains("'worker_bg-"), "{glue}");
        assert!(out.keys().all(|name| is_hashed(name) || name == "index.html"), "{:?}", out.keys());
    }

    #[test]
    fn a_change_renames_all_that_lead_to_it_and_nothing_else() {
        let (one, two) = (by_content(site("one")).unwrap(), by_content(site("two")).unwrap());
        for stem in ["app_bg-", "app-", "boot-", "worker-", "engine/worker-"] {
            assert_ne!(named(&one, stem).0, named(&two, stem).0, "{stem}");
        }
        assert_eq!(named(&one, "engine/worker_bg-").0, named(&two, "engine/worker_bg-").0);
    }

    #[test]
    fn a_circle_is_refused() {
        let error = by_content(files(&[("a.js", "import './b.js'"), ("b.js", "import './a.js'")])).unwrap_err();
        assert!(error.to_string().contains("a.js → b.js → a.js"), "{error}");
    }

    #[test]
    fn a_fixed_name_closes_no_circle() {
        let out = by_content(files(&[("boot.js", "register('sw.js')"), ("sw.js", "const boot = 'boot.js'")])).unwrap();
        let (boot, text) = named(&out, "boot-");
        assert_eq!((text, out["sw.js"].as_slice()), ("register('sw.js')", format!("const boot = '{boot}'").as_bytes()));
    }

    #[test]
    fn only_what_is_referred_to_comes_along() {
        let mut shipped = files(&[("index.html", "<script src='app.js'>")]);
        let built = [
            ("app.js", "'app_bg.wasm' './snippets/x/inline0.js'"),
            ("app_bg.wasm", ""),
            ("snippets/x/inline0.js", ""),
            ("old.js", ""),
        ];
        add_referenced(&mut shipped, files(&built));
        assert_eq!(
            shipped.keys().collect::<Vec<_>>(),
            ["app.js", "app_bg.wasm", "index.html", "snippets/x/inline0.js"]
        );
    }

    #[test]
    fn relative_paths() {
        assert_eq!(relative("index.html", "engine/a.js"), "engine/a.js");
        assert_eq!(relative("engine/a.js", "engine/b.js"), "b.js");
        assert_eq!(relative("engine/x/a.js", "b.js"), "../../b.js");
    }

    #[test]
    fn only_whole_paths_are_references() {
        let text = "'my-app.js' 'app.json' \"./app.js\" url(app.js?v)";
        assert_eq!(references(text, "app.js").count(), 2);
    }
}
