//! The command line: a command, then `--flag`s and `--name value`s. Anything left over at the end is an error.

use std::str::FromStr;

use anyhow::{Context, Result, bail};

/// The arguments that nobody has asked for yet.
pub struct Args {
    command: Option<String>,
    rest: Vec<String>,
}

impl Args {
    /// The arguments of this process.
    pub fn from_command_line() -> Result<Self> {
        let words: Vec<_> = std::env::args_os()
            .skip(1)
            .map(|word| word.into_string().map_err(|word| anyhow::anyhow!("not UTF-8: {}", word.display())))
            .collect::<Result<_>>()?;
        Ok(Self::new(words))
    }

    fn new(words: Vec<String>) -> Self {
        let mut words = words.into_iter();
        Self { command: words.next(), rest: words.collect() }
    }

    /// The first word.
    pub fn command(&self) -> Option<&str> {
        self.command.as_deref()
    }

    /// Takes `--name`, and tells whether it was there.
    pub fn flag(&mut self, name: &str) -> bool {
        let before = self.rest.len();
        self.rest.retain(|word| word != name);
        self.rest.len() < before
    }

    /// Takes every `--name value` and `--name=value`.
    pub fn values(&mut self, name: &str) -> Result<Vec<String>> {
        let mut values = Vec::new();
        let mut rest = Vec::new();
        let mut words = std::mem::take(&mut self.rest).into_iter();
        while let Some(word) = words.next() {
            match word.strip_prefix(name) {
                Some("") => values.push(words.next().with_context(|| format!("{name} needs a value"))?),
                Some(value) if value.starts_with('=') => values.push(value.trim_start_matches('=').to_owned()),
                _ => rest.push(word),
            }
        }
        self.rest = rest;
        Ok(values)
    }

    /// Takes the one `--name value`, if any.
    pub fn value<T: FromStr>(&mut self, name: &str) -> Result<Option<T>> {
        let mut values = self.values(name)?;
        if values.len() > 1 {
            bail!("{name} is given {} times", values.len());
        }
        let Some(text) = values.pop() else { return Ok(None) };
        text.parse().map(Some).map_err(|_| anyhow::anyhow!("{name} does not take {text:?}"))
    }

    /// Nothing may be left.
    pub fn finish(&self) -> Result<()> {
        match self.rest.first() {
            Some(word) => bail!("unknown argument {word:?} (cargo xtask help lists what there is)"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn takes_flags_and_values_in_any_order() {
        let mut args = args("test --only fmt --list --only=clippy");
        assert_eq!(args.command(), Some("test"));
        assert_eq!(args.values("--only").unwrap(), ["fmt", "clippy"]);
        assert!(args.flag("--list"));
        assert!(!args.flag("--list"));
        args.finish().unwrap();
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert!(args("run --sever wss://x").finish().is_err());
        assert!(args("run --port").value::<u16>("--port").is_err());
        assert!(args("run --port http").value::<u16>("--port").is_err());
        assert!(args("run --port 1 --port 2").value::<u16>("--port").is_err());
        assert_eq!(args("run --port 8080").value::<u16>("--port").unwrap(), Some(8080));
    }
}
