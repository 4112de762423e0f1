//! The style sheet: the files that `style/order.txt` lists, one name per line, joined in that order, without comments.

use std::path::Path;

use anyhow::{Context, Result, bail};

/// Joins the style files of a folder.
pub fn join(folder: &Path) -> Result<String> {
    let order = std::fs::read_to_string(folder.join("order.txt"))
        .with_context(|| format!("reading {}/order.txt", folder.display()))?;
    let mut sheet = String::new();
    for name in order.lines().map(str::trim).filter(|name| !name.is_empty() && !name.starts_with('#')) {
        let text =
            std::fs::read_to_string(folder.join(name)).with_context(|| format!("reading the style file {name}"))?;
        sheet.push_str(&compact(&text).with_context(|| format!("in the style file {name}"))?);
    }
    check_complete(folder, &order)?;
    Ok(sheet)
}

/// A style file that the list forgets would silently not ship.
fn check_complete(folder: &Path, order: &str) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".css") && !order.lines().any(|line| line.trim() == name) {
            bail!("style/order.txt does not list {name}");
        }
    }
    Ok(())
}

/// The sheet without comments, indentation and empty lines.
fn compact(css: &str) -> Result<String> {
    let bare = without_comments(css)?;
    let lines = bare.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.fold(String::with_capacity(bare.len()), |text, line| text + line + "\n"))
}

fn without_comments(css: &str) -> Result<String> {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some(comment) = from.strip_prefix("/*") {
            rest = comment.split_once("*/").context("a comment has no end")?.1;
        } else if from.starts_with('/') {
            out.push('/');
            rest = from.strip_prefix('/').unwrap_or_default();
        } else {
            let (string, after) = from.split_at(string_length(from).context("a string has no end")?);
            out.push_str(string);
            rest = after;
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// The length of the quoted string that the text begins with, quotes included.
pub fn string_length(text: &str) -> Option<usize> {
    let mut characters = text.char_indices();
    let (_, quote) = characters.next()?;
    let mut escaped = false;
    characters
        .find(|(_, character)| {
            let ends = !escaped && *character == quote;
            escaped = !escaped && *character == '\\';
            ends
        })
        .map(|(at, _)| at.saturating_add(quote.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_strings_stay() {
        let css = "/* a */\na::before {\n  content: \"/* no \\\" comment */\"; /* b\n */\n  width: calc(1px / 2);\n}\n";
        assert_eq!(
            compact(css).unwrap(),
            "a::before {\ncontent: \"/* no \\\" comment */\";\nwidth: calc(1px / 2);\n}\n"
        );
    }

    #[test]
    fn broken_sheets_are_refused() {
        assert!(compact("a { } /* b").is_err());
        assert!(compact("a { content: \"b }").is_err());
    }
}
