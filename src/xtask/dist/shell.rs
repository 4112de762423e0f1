//! Tells the service worker what a version of the app consists of, once all files have their names: what a session loads, to be
//! kept at once, and the texts of other languages, to be kept when somebody speaks them.

use anyhow::{Context, Result};

use super::{Files, budget, is_hashed};

const SCRIPT: &str = "sw.js";

/// Fills the lists in the service worker's script.
pub fn fill(files: &mut Files) -> Result<()> {
    let assets = list(files, budget::loaded)?;
    let texts = list(files, |name| name.starts_with(budget::LANGUAGES))?;
    let bytes = files.get(SCRIPT).with_context(|| format!("public/ has no {SCRIPT}"))?;
    let script = std::str::from_utf8(bytes).with_context(|| format!("{SCRIPT} is not UTF-8"))?;
    let script = with_list(&with_list(script, "assets", &assets)?, "texts", &texts)?;
    files.insert(SCRIPT.into(), script.into_bytes());
    Ok(())
}

/// Files with fixed names are not in a list: what they hold changes under the same name.
fn list(files: &Files, belongs: impl Fn(&str) -> bool) -> Result<String> {
    let names: Vec<&String> = files.keys().filter(|name| is_hashed(name) && belongs(name)).collect();
    Ok(serde_json::to_string(&names)?)
}

fn with_list(script: &str, name: &str, list: &str) -> Result<String> {
    let (before, after) = script
        .split_once(&format!("const {name} = [];"))
        .with_context(|| format!("{SCRIPT} has no empty list {name}"))?;
    Ok(format!("{before}const {name} = {list};{after}"))
}

#[cfg(test)]
mod tests {
    use super::super::script::compact;
    use super::*;

    const SCRIPT_TEXT: &str = "const assets = [];\nconst texts = [];\naddEventListener();\n";

    fn site(script: &str) -> Files {
        let hashed = |name: &str| name.replace('.', "-0123456789abcdef.");
        let named = [
            "boot.js",
            "engine/worker_bg.wasm",
            "icon.svg",
            "icon-192.png",
            "apple-touch-icon.png",
            "style.css",
            "texts/de.txt",
        ];
        let fixed = ["index.html", "embed.js", "manifest.webmanifest", "config.example.json", "version.txt"];
        let mut files: Files = named.iter().map(|name| (hashed(name), vec![])).collect();
        files.extend(fixed.iter().map(|name| ((*name).to_owned(), vec![])));
        files.insert(SCRIPT.into(), script.into());
        files
    }

    #[test]
    fn what_a_session_loads_is_kept() {
        let mut files = site(SCRIPT_TEXT);
        fill(&mut files).unwrap();
        let expected = "const assets = [\"boot-0123456789abcdef.js\",\"engine/worker_bg-0123456789abcdef.wasm\",\
             \"icon-0123456789abcdef.svg\",\"style-0123456789abcdef.css\"];\n\
             const texts = [\"texts/de-0123456789abcdef.txt\"];\naddEventListener();\n";
        assert_eq!(std::str::from_utf8(&files[SCRIPT]).unwrap(), expected);
    }

    #[test]
    fn the_script_that_ships_takes_the_lists() {
        let script = compact(include_str!("../../../public/sw.js")).unwrap();
        let mut files = site(&script);
        fill(&mut files).unwrap();
        let filled = std::str::from_utf8(&files[SCRIPT]).unwrap();
        assert!(filled.contains("const texts = [\"texts/de-0123456789abcdef.txt\"];\n"), "{filled}");
        assert!(
            filled.contains("const boot = \"boot.js\";\n"),
            "named by the boot script, like every reference: {filled}"
        );
    }

    #[test]
    fn another_asset_makes_another_script() {
        let (mut one, mut two) = (site(SCRIPT_TEXT), site(SCRIPT_TEXT));
        let renamed = two.remove("style-0123456789abcdef.css").unwrap();
        two.insert("style-fedcba9876543210.css".into(), renamed);
        fill(&mut one).unwrap();
        fill(&mut two).unwrap();
        assert_ne!(one[SCRIPT], two[SCRIPT]);
    }

    #[test]
    fn a_script_without_the_lists_is_refused() {
        assert!(fill(&mut site("const assets = [];")).is_err());
        assert!(fill(&mut Files::new()).is_err());
    }
}
