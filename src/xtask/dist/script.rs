//! Scripts without comments, indentation and empty lines: a third of wasm-bindgen's glue (Brotli: a seventh).
//!
//! Lines stay lines, so that it makes no difference where a script leaves semicolons out, and no name changes.

use anyhow::{Context, Result, bail};

use super::style::string_length;

/// Makes a script compact. What it cannot read is an error, never another script.
pub fn compact(script: &str) -> Result<String> {
    let mut reader = Reader { rest: script, out: String::with_capacity(script.len()) };
    reader.code(false)?;
    if !reader.rest.is_empty() {
        bail!("a brace closes nothing: {}", reader.line());
    }
    Ok(reader.out.trim_start().to_owned())
}

/// Words after which a slash begins a regular expression.
const BEFORE_EXPRESSIONS: &[&str] =
    &["return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "await", "yield"];

struct Reader<'t> {
    rest: &'t str,
    out: String,
}

impl Reader<'_> {
    /// Reads code to its end, or within a template to the brace that closes it.
    fn code(&mut self, in_template: bool) -> Result<()> {
        let mut open = 0_usize;
        while let Some(sign) = self.rest.chars().next() {
            match sign {
                '"' | '\'' => self.string()?,
                '`' => self.template()?,
                '/' if self.rest.starts_with("//") => self.skip(self.rest.find('\n').unwrap_or(self.rest.len())),
                '/' if self.rest.starts_with("/*") => self.comment()?,
                '/' if self.expression_may_follow() => self.keep(self.expression_length()?),
                '\n' | '\r' | ' ' | '\t' => self.blank(),
                '}' if open == 0 => {
                    return if in_template {
                        Ok(())
                    } else {
                        Err(anyhow::anyhow!("a brace closes nothing: {}", self.line()))
                    };
                }
                _ => {
                    open = match sign {
                        '{' => open.saturating_add(1),
                        '}' => open.saturating_sub(1),
                        _ => open,
                    };
                    self.keep(sign.len_utf8());
                }
            }
        }
        if in_template || open > 0 {
            bail!("a brace is never closed");
        }
        Ok(())
    }

    fn string(&mut self) -> Result<()> {
        let line = self.line();
        let length = string_length(line).with_context(|| format!("a string has no end: {line}"))?;
        self.keep(length);
        Ok(())
    }

    /// A template literal is kept as it is, but for the code within it.
    fn template(&mut self) -> Result<()> {
        self.keep(1);
        loop {
            let at = self.rest.find(['`', '\\', '$']).context("a template has no end")?;
            self.keep(at);
            if self.rest.starts_with('\\') {
                let escaped = self.rest.chars().nth(1).context("a template has no end")?;
                self.keep(escaped.len_utf8().saturating_add(1));
            } else if self.rest.starts_with("${") {
                self.keep(2);
                self.code(true)?;
                self.keep(1);
            } else {
                let ends = self.rest.starts_with('`');
                self.keep(1);
                if ends {
                    return Ok(());
                }
            }
        }
    }

    fn comment(&mut self) -> Result<()> {
        let length = self.rest.find("*/").context("a comment has no end")?.saturating_add(2);
        let broken = self.rest.get(..length).is_some_and(|comment| comment.contains('\n'));
        self.skip(length);
        // It parted what stands around it.
        self.part(if broken { '\n' } else { ' ' });
        Ok(())
    }

    fn blank(&mut self) {
        let length = self.rest.find(|sign: char| !matches!(sign, '\n' | '\r' | ' ' | '\t')).unwrap_or(self.rest.len());
        let broken = self.rest.get(..length).is_some_and(|blank| blank.contains('\n'));
        self.skip(length);
        self.part(if broken { '\n' } else { ' ' });
    }

    /// Parts what comes from what was; a line's end stays one.
    fn part(&mut self, by: char) {
        if self.out.ends_with('\n') {
            return;
        }
        if self.out.ends_with(' ') {
            if by == ' ' {
                return;
            }
            self.out.pop();
        }
        self.out.push(by);
    }

    /// Whether a slash here begins a regular expression rather than dividing. After a bracket it divides, which is right
    /// but for a statement that begins with a regular expression.
    fn expression_may_follow(&self) -> bool {
        let before = self.out.trim_end();
        let word = before.rsplit(|sign: char| !(sign.is_alphanumeric() || sign == '_' || sign == '$')).next();
        match word {
            Some(word) if !word.is_empty() => BEFORE_EXPRESSIONS.contains(&word),
            _ => !before.ends_with([')', ']', '}', '"', '\'', '`']),
        }
    }

    /// The length of the regular expression that the rest begins with.
    fn expression_length(&self) -> Result<usize> {
        let (mut escaped, mut in_class) = (false, false);
        for (at, sign) in self.rest.char_indices().skip(1) {
            match sign {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' => in_class = true,
                ']' => in_class = false,
                '/' if !in_class => return Ok(at.saturating_add(1)),
                _ => {}
            }
        }
        bail!("a regular expression has no end: {}", self.line())
    }

    fn keep(&mut self, length: usize) {
        let (kept, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.out.push_str(kept);
        self.rest = rest;
    }

    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    fn line(&self) -> &str {
        self.rest.lines().next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(script: &str, compacted: &str) {
        assert_eq!(compact(script).unwrap(), compacted);
        assert_eq!(compact(compacted).unwrap(), compacted, "a second time changes nothing");
    }

    #[test]
    fn comments_and_indentation_go() {
        check("/** A.\n * B. */\n  let a = 1; // one\n\n\n  let b  = /* two */ 2;\n", "let a = 1;\nlet b = 2;\n");
        check("if (a)/* b */return/*\n*/c\n", "if (a) return\nc\n");
    }

    #[test]
    fn lines_stay_lines() {
        check("let a = b\n\n    (c)\n", "let a = b\n(c)\n");
    }

    #[test]
    fn strings_and_templates_are_kept() {
        check(r#"a = "// no  \" /* comment"; b = '/*  "*/';"#, r#"a = "// no  \" /* comment"; b = '/*  "*/';"#);
        check(
            "a = `  // no\n   \\` /* comment ${ b(`  ${{c: \"}\"}.c}  `)   + 1 } $ {  `  + d",
            "a = `  // no\n   \\` /* comment ${ b(`  ${{c: \"}\"}.c}  `) + 1 } $ {  ` + d",
        );
    }

    #[test]
    fn regular_expressions_are_told_from_divisions() {
        check(r#"a = /[/"]  \/'/.exec(b);  c"#, r#"a = /[/"]  \/'/.exec(b); c"#);
        check("return   /  \"/", "return /  \"/");
        check("a = (b)  /  c; d = e[0]  /  2;  f = g  /  h  // i\n", "a = (b) / c; d = e[0] / 2; f = g / h\n");
    }

    #[test]
    fn broken_scripts_are_refused() {
        for script in ["a = \"b", "a = 'b\n'", "a = `b", "a = `${b`", "/* a", "a = /b\n/", "{ a", "a }"] {
            assert!(compact(script).is_err(), "{script}");
        }
    }
}
