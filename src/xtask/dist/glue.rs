//! Short names between a program and its glue.
//!
//! wasm-bindgen names each function that a program imports after the browser's and adds a hash, so that those of several
//! crates are told apart: two hundred times sixteen digits that no packing makes shorter, in both files. Numbered names
//! take 3.5 KB (Brotli) off a program and 2.5 off its glue. What the glue calls its own helpers takes another 0.4.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::Files;

/// The ending of a program; its glue has the same name without it.
pub const PROGRAM: &str = "_bg.wasm";
/// The number of the section of imports in a program, and of the kind of import that is a function.
const IMPORTS: u8 = 2;
const FUNCTION: u8 = 0;
/// A program begins with a mark and a version.
const HEAD_BYTES: usize = 8;

/// How a line begins that declares something for the whole glue.
const DECLARATIONS: [&str; 4] = ["function ", "async function ", "let ", "const "];

/// Renames what the programs import, the functions of their glue alike, and what the glue declares for itself.
pub fn shorten(files: &mut Files) -> Result<()> {
    let stems: Vec<String> = files.keys().filter_map(|name| name.strip_suffix(PROGRAM)).map(str::to_owned).collect();
    for stem in stems {
        let (program, glue) = (format!("{stem}{PROGRAM}"), format!("{stem}.js"));
        let (Some(code), Some(script)) = (files.get(&program), files.get(&glue)) else { continue };
        let script = std::str::from_utf8(script).with_context(|| format!("{glue} is not UTF-8"))?;
        let (code, script) =
            renamed(code, script).with_context(|| format!("{program} imports something in an unknown way"))?;
        files.insert(program, code);
        files.insert(glue, with_short_helpers(&script).into_bytes());
    }
    Ok(())
}

fn renamed(program: &[u8], glue: &str) -> Option<(Vec<u8>, String)> {
    let defined = definitions(glue);
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let program = with_imports(program, &mut |name| match defined.get(name) {
        Some(1) => {
            let short = format!("i{}", names.len());
            names.entry(name.to_owned()).or_insert(short).clone()
        }
        // Not a name that the glue gives to one function, so it stays.
        _ => name.to_owned(),
    })?;
    let glue = words(glue).map(|word| names.get(word).map_or(word, String::as_str)).collect();
    Some((program, glue))
}

/// A script whose own helpers have short names, the shortest those that stand there most. Every place where a name stands
/// has to be one where it means the helper: a name that is also a property's, a key, in quotes or given to others stays.
fn with_short_helpers(script: &str) -> String {
    let kept = kept_names(script);
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for word in words(script) {
        let before = times.entry(word).or_default();
        *before = before.saturating_add(1);
    }
    let declared = script.lines().filter_map(|line| {
        let rest = DECLARATIONS.iter().find_map(|declaration| line.strip_prefix(declaration))?;
        words(rest).next().filter(|name| is_name(name) && !kept.contains(name))
    });
    let helpers: BTreeSet<&str> = declared.collect();
    let mut helpers: Vec<&str> = helpers.into_iter().collect();
    helpers.sort_by_key(|name| Reverse(times.get(name)));
    let free = (0_usize..).map(|number| format!("h{number}")).filter(|short| !times.contains_key(short.as_str()));
    let names: BTreeMap<&str, String> = helpers.into_iter().zip(free).collect();
    words(script).map(|word| names.get(word).map_or(word, String::as_str)).collect()
}

/// The names that mean something else than a variable in some place, or may do.
fn kept_names(script: &str) -> BTreeSet<&str> {
    let mut kept = BTreeSet::new();
    for line in script.lines() {
        let pieces: Vec<&str> = words(line).collect();
        for (place, name) in pieces.iter().enumerate().filter(|(_, piece)| is_name(piece)) {
            let before = place.checked_sub(1).and_then(|place| pieces.get(place)).map_or("", |piece| piece.trim_end());
            let after = pieces.get(place.saturating_add(1)).map_or("", |piece| piece.trim_start());
            let exported = line.starts_with("export ");
            let property = before.ends_with('.') && !before.ends_with("...") || after.starts_with(':');
            // `{ name }`, or `name` in a line of its own within braces.
            let listed = before.ends_with(['{', ',']) && after.starts_with(['}', ',']) && line.contains('{');
            let alone = line.trim().trim_end_matches(',') == *name;
            let quoted = [before, after].iter().any(|piece| piece.contains(['"', '\'', '`']));
            if exported || property || listed || alone || quoted {
                kept.insert(*name);
            }
        }
    }
    kept
}

fn is_name(word: &str) -> bool {
    word.starts_with(|sign: char| sign.is_alphabetic() || sign == '_' || sign == '$')
}

/// How often each word of a script stands in it, as far as it is always followed by a colon, as a function's name in an
/// object is.
fn definitions(script: &str) -> BTreeMap<&str, usize> {
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    let mut words = words(script).peekable();
    while let Some(word) = words.next() {
        let times = if words.peek().is_some_and(|next| next.starts_with(':')) { 1 } else { usize::MAX };
        let before = found.entry(word).or_default();
        *before = before.saturating_add(times);
    }
    found
}

/// A script in pieces: names, and what is between them.
pub fn words(script: &str) -> impl Iterator<Item = &str> {
    let in_name = |sign: char| sign.is_alphanumeric() || sign == '_' || sign == '$';
    let mut rest = script;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest.find(|sign| in_name(sign) != in_name(first)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

/// A program whose imported functions have other names.
pub fn with_imports(program: &[u8], rename: &mut dyn FnMut(&str) -> String) -> Option<Vec<u8>> {
    with_section(program, IMPORTS, &mut |section| imports(section, rename))
}

/// A program one of whose sections is another.
pub fn with_section(program: &[u8], wanted: u8, change: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    let (head, mut rest) = program.split_at_checked(HEAD_BYTES)?;
    let mut out = head.to_vec();
    while let Some((id, after)) = rest.split_first() {
        let (section, after) = sized(after)?;
        out.push(*id);
        if *id == wanted {
            put_sized(&mut out, &change(section)?)?;
        } else {
            put_sized(&mut out, section)?;
        }
        rest = after;
    }
    Some(out)
}

fn imports(section: &[u8], rename: &mut dyn FnMut(&str) -> String) -> Option<Vec<u8>> {
    let (count, mut rest) = number(section)?;
    let mut out = Vec::with_capacity(section.len());
    put_number(&mut out, count);
    for _ in 0..count {
        let (module, after) = sized(rest)?;
        let (name, after) = sized(after)?;
        let (kind, after) = after.split_first()?;
        // The glue gives functions only; the memory is the program's own.
        let (signature, after) = number(after).filter(|_| *kind == FUNCTION)?;
        put_sized(&mut out, module)?;
        put_sized(&mut out, rename(std::str::from_utf8(name).ok()?).as_bytes())?;
        out.push(*kind);
        put_number(&mut out, signature);
        rest = after;
    }
    rest.is_empty().then_some(out)
}

/// A number in LEB128, and what follows it.
pub fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (mut value, mut shift, mut rest) = (0_u32, 0_u32, bytes);
    loop {
        let (byte, after) = rest.split_first()?;
        value |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some((value, after));
        }
        (shift, rest) = (shift.checked_add(7)?, after);
    }
}

/// Bytes behind their number, and what follows them.
pub fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = number(bytes)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

pub fn put_number(out: &mut Vec<u8>, number: u32) {
    let mut rest = number;
    while rest > 0x7f {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

pub fn put_sized(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    put_number(out, u32::try_from(bytes.len()).ok()?);
    out.extend_from_slice(bytes);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program with a section of types and one of imports, each function of type 300.
    fn program(names: &[&str]) -> Vec<u8> {
        let mut section = Vec::new();
        put_number(&mut section, u32::try_from(names.len()).unwrap());
        for name in names {
            put_sized(&mut section, b"./app_bg.js").unwrap();
            put_sized(&mut section, name.as_bytes()).unwrap();
            section.push(FUNCTION);
            put_number(&mut section, 300);
        }
        let mut program = b"\0asm\x01\0\0\0\x01\x03abc".to_vec();
        program.push(IMPORTS);
        put_sized(&mut program, &section).unwrap();
        program.extend_from_slice(b"\x0a\x02de");
        program
    }

    const GLUE: &str = "const import0 = {\n  __wbg_log_0a1b: function(a) { log(a); },\n  __wbg_log_0a1c: f,\n  twice: f,\n};\ntwice: 1;\nother.used();";

    #[test]
    fn programs_and_glue_are_renamed_alike() {
        let (code, glue) = renamed(&program(&["__wbg_log_0a1c", "__wbg_log_0a1b"]), GLUE).unwrap();
        assert_eq!(code, program(&["i0", "i1"]));
        assert_eq!(glue, GLUE.replace("__wbg_log_0a1c", "i0").replace("__wbg_log_0a1b", "i1"));
    }

    #[test]
    fn what_the_glue_does_not_name_once_stays() {
        let names = ["twice", "used", "unknown", "import0"];
        assert_eq!(renamed(&program(&names), GLUE).unwrap(), (program(&names), GLUE.to_owned()));
    }

    #[test]
    fn helpers_of_the_glue_are_renamed() {
        let glue = "const heap = new Array(1);\nasync function load(h0) {\n  let load2 = heap[h0];\n  return take(...heap, load2);\n}\n\
                    function take(a) { return a; }\nlet heap;\nload(take(1), take);";
        let short = "const h1 = new Array(1);\nasync function h3(h0) {\n  let load2 = h1[h0];\n  return h2(...h1, load2);\n}\n\
                     function h2(a) { return a; }\nlet h1;\nh3(h2(1), h2);";
        assert_eq!(with_short_helpers(glue), short);
    }

    #[test]
    fn names_that_others_know_stay() {
        for known in [
            "export { helper };",
            "export function other() { helper(); }",
            "other.helper();",
            "const o = { helper: 1 };",
            "const o = { helper };",
            "const o = { a, helper, b };",
            "const o = {\n  helper,\n};",
            "other['helper'];",
            "throw new Error(`helper failed`);",
        ] {
            let glue = format!("function helper() {{}}\nhelper();\n{known}");
            assert!(with_short_helpers(&glue).matches("helper").count() >= 3, "{known}");
        }
    }

    #[test]
    fn broken_programs_are_refused() {
        let whole = program(&["__wbg_log_0a1b"]);
        let end_of_imports = whole.len() - 4;
        for length in [0, 7, 9, 12, 14, end_of_imports - 1] {
            assert!(renamed(&whole[..length], GLUE).is_none(), "{length}");
        }
        let mut memory = whole;
        memory[end_of_imports - 3] = 2;
        assert!(renamed(&memory, GLUE).is_none());
    }

    #[test]
    fn numbers_of_any_length() {
        for value in [0, 1, 127, 128, 300, u32::MAX] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, value);
            bytes.push(7);
            assert_eq!(number(&bytes), Some((value, &[7][..])));
        }
        assert_eq!(number(&[0x80; 9]), None);
    }
}
