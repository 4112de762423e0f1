//! Takes away what nobody calls.
//!
//! wasm-bindgen writes a class, and exports functions, for each exported type of each crate, whether anybody uses it or not:
//! leptos brings three for streams. Here the classes go that no script names, then the exports that the glue does not name,
//! then by wasm-opt what only those needed, and at last the functions of the glue that the program does not import any more.
//! The addresses of the libraries' sources go, too: panics are not shown in a release, and where somebody built it is nobody's
//! business.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use super::Files;
use super::glue::{PROGRAM, number, put_number, put_sized, sized, with_imports, with_section, words};

/// The number of the section of exports in a program.
const EXPORTS: u8 = 7;
/// The number of the section of data in a program.
const DATA: u8 = 11;
/// What the name of a source ends with.
const SOURCE: &[u8] = b".rs";

/// Makes the programs and their glue smaller; `optimize` is wasm-opt, and `sources` are the folders of the libraries.
pub fn prune(files: &mut Files, sources: &[String], optimize: &dyn Fn(&[u8]) -> Result<Vec<u8>>) -> Result<()> {
    let stems: Vec<String> = files.keys().filter_map(|name| name.strip_suffix(PROGRAM)).map(str::to_owned).collect();
    for stem in stems {
        let (program, glue) = (format!("{stem}{PROGRAM}"), format!("{stem}.js"));
        let (Some(code), Some(script)) = (files.get(&program), files.get(&glue)) else { continue };
        let others = files.iter().filter(|(name, _)| **name != glue && name.ends_with(".js"));
        let others: Vec<String> = others.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect();
        let named: BTreeSet<&str> = others.iter().flat_map(|script| words(script)).collect();
        let script = std::str::from_utf8(script).with_context(|| format!("{glue} is not UTF-8"))?;
        let script = without_classes(script, &named);
        let broken = || format!("{program} is not what it should be");
        let called: BTreeSet<&str> = words(&script).collect();
        let called_only = with_exports(code, &called).with_context(broken)?;
        let small = optimize(&without_sources(&called_only, sources).with_context(broken)?)?;
        let (before, after) = (imported(code).with_context(broken)?, imported(&small).with_context(broken)?);
        let gone: BTreeSet<&str> = before.difference(&after).map(String::as_str).collect();
        let script = without_imports(&script, &gone);
        files.insert(program, small);
        files.insert(glue, script.into_bytes());
    }
    Ok(())
}

/// The glue without the classes that neither it nor another script names.
fn without_classes(glue: &str, named: &BTreeSet<&str>) -> String {
    let classes = glue.lines().filter_map(|line| line.strip_prefix("export class ")?.strip_suffix(" {"));
    classes.fold(glue.to_owned(), |glue, class| {
        let registry = format!("{class}Finalization");
        let (begin, dispose) = (format!("export class {class} {{"), format!("if (Symbol.dispose) {class}."));
        let registry_begin = format!("const {registry} = ");
        // What the line that ends a part ends with: the class, or the registry of its instances.
        let mut end: Option<&str> = None;
        let rest: String = glue
            .split_inclusive('\n')
            .filter(|line| {
                let text = line.trim_end();
                if text == begin {
                    end = Some("}");
                } else if text.starts_with(&registry_begin) {
                    end = Some(";");
                }
                let part = end.is_some();
                end = end.filter(|end| line.starts_with(' ') && *end == "}" || !text.ends_with(end));
                !part && !text.starts_with(&dispose)
            })
            .collect();
        let is_named = named.contains(class) || words(&rest).any(|word| word == class || word == registry);
        if is_named || end.is_some() { glue } else { rest }
    })
}

/// The program without the exports that are not called.
fn with_exports(program: &[u8], called: &BTreeSet<&str>) -> Option<Vec<u8>> {
    with_section(program, EXPORTS, &mut |section| {
        let (count, mut rest) = number(section)?;
        let (mut kept, mut bytes) = (0_u32, Vec::new());
        for _ in 0..count {
            let (name, after) = sized(rest)?;
            let (kind, after) = after.split_first()?;
            let (index, after) = number(after)?;
            if called.contains(std::str::from_utf8(name).ok()?) {
                kept = kept.checked_add(1)?;
                put_sized(&mut bytes, name)?;
                bytes.push(*kind);
                put_number(&mut bytes, index);
            }
            rest = after;
        }
        let mut out = Vec::with_capacity(section.len());
        put_number(&mut out, kept);
        out.extend_from_slice(&bytes);
        rest.is_empty().then_some(out)
    })
}

/// The program with zeros for the addresses of sources below these folders; nothing moves.
fn without_sources(program: &[u8], folders: &[String]) -> Option<Vec<u8>> {
    with_section(program, DATA, &mut |section| {
        let mut section = section.to_vec();
        for folder in folders {
            let mut from = 0_usize;
            while let Some(start) = find(section.get(from..)?, folder.as_bytes()).and_then(|at| from.checked_add(at)) {
                from = start.checked_add(folder.len())?;
                let name = section.get(from..)?;
                let length = name.iter().position(|byte| !is_of_path(*byte)).unwrap_or(name.len());
                if let Some(end) = find(name.get(..length)?, SOURCE) {
                    from = from.checked_add(end)?.checked_add(SOURCE.len())?;
                    section.get_mut(start..from)?.fill(0);
                }
            }
        }
        Some(section)
    })
}

fn is_of_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}

/// The names of what a program imports.
fn imported(program: &[u8]) -> Option<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    with_imports(program, &mut |name| {
        names.insert(name.to_owned());
        name.to_owned()
    })?;
    Some(names)
}

/// The glue without the functions of these names in its object of imports.
fn without_imports(glue: &str, gone: &BTreeSet<&str>) -> String {
    const MEMBER: &str = "        ";
    let mut dropping = false;
    glue.split_inclusive('\n')
        .filter(|line| {
            let member = line.strip_prefix(MEMBER);
            match member.filter(|member| !member.starts_with([' ', '}'])) {
                Some(member) => {
                    let name = member.split(':').next().unwrap_or_default();
                    dropping = gone.contains(name) && member.starts_with(&format!("{name}: "));
                }
                None => dropping = dropping && member.is_some(),
            }
            !dropping
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLUE: &str = "export class Used {
    free() {
        wasm.free_used(0);
    }
}
if (Symbol.dispose) Used.prototype[Symbol.dispose] = Used.prototype.free;

export class Unused {
    free() {
        UnusedFinalization.unregister(this);
        wasm.free_unused(0);
    }
}
if (Symbol.dispose) Unused.prototype[Symbol.dispose] = Unused.prototype.free;

export function make() {
    return Used.__wrap(wasm.make());
}
    const import0 = {
        __proto__: null,
        one: function(a) {
            return { a };
        },
        two: function() { return handleError(function (a) {
            a();
        }, arguments); },
        three: Date.now,
        four: f,
    };
const UsedFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.free_used(ptr));
const UnusedFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.free_unused(ptr));
let last;
";

    #[test]
    fn only_classes_that_nobody_names_go() {
        let pruned = without_classes(GLUE, &BTreeSet::new());
        assert!(!pruned.contains("Unused") && !pruned.contains("free_unused"), "{pruned}");
        for kept in
            ["export class Used {", "Used.prototype.free;", "const UsedFinalization", "free_used(ptr)", "let last;"]
        {
            assert!(pruned.contains(kept), "{kept}: {pruned}");
        }
        assert_eq!(without_classes(GLUE, &BTreeSet::from(["Unused"])), GLUE);
        let cut = GLUE.split_once("const UnusedFinalization").unwrap().0;
        assert!(!without_classes(cut, &BTreeSet::new()).contains("Unused"));
    }

    #[test]
    fn functions_that_are_not_imported_go() {
        let pruned = without_imports(GLUE, &BTreeSet::from(["two", "three", "last"]));
        assert!(pruned.contains("        __proto__: null,\n        one: function(a) {\n            return { a };\n        },\n        four: f,\n    };"), "{pruned}");
        assert_eq!(without_imports(GLUE, &BTreeSet::new()), GLUE);
    }

    #[test]
    fn exports_that_are_not_called_go() {
        let program = |names: &[&str]| {
            let mut section = vec![names.len() as u8];
            for name in names {
                put_sized(&mut section, name.as_bytes()).unwrap();
                section.extend([0, 5]);
            }
            let mut program = b"\0asm\x01\0\0\0\x01\x03abc".to_vec();
            program.push(EXPORTS);
            put_sized(&mut program, &section).unwrap();
            program
        };
        let called = BTreeSet::from(["memory", "b"]);
        assert_eq!(with_exports(&program(&["a", "memory", "b"]), &called).unwrap(), program(&["memory", "b"]));
        let whole = program(&["a"]);
        assert!(with_exports(&whole[..whole.len() - 1], &called).is_none());
    }

    #[test]
    fn addresses_of_sources_become_zeros() {
        let program = |data: &[u8]| {
            let mut program = b"\0asm\x01\0\0\0".to_vec();
            program.push(DATA);
            put_sized(&mut program, data).unwrap();
            program
        };
        let folders = ["/home/me/.cargo/registry/src/".to_owned(), "/rustc/".to_owned()];
        let data = b"one/home/me/.cargo/registry/src/i-1/a-0.1/src/lib.rs/rustc/5e/fmt.rstwo /rustc/ .rs src/main.rs";
        let zeros = [b"one".as_slice(), &[0; 65], b"two /rustc/ .rs src/main.rs"].concat();
        assert_eq!(without_sources(&program(data), &folders).unwrap(), program(&zeros));
        assert_eq!(without_sources(&program(b"/rustc/"), &folders).unwrap(), program(b"/rustc/"));
    }
}
