//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use plausch_fuzz::{TARGETS, Target, target};

/// What to say to somebody who got it wrong.
pub const USAGE: &str =
    "usage: fuzz-smoke [--seconds N] [--seed N] [--target NAME]... [--artifacts DIR] [--replay FILE]";

/// What to run, and how.
pub struct Arguments {
    /// How long each target runs.
    pub time_per_target: Duration,
    /// Where the sequence of inputs starts.
    pub seed: u64,
    /// What to run.
    pub targets: Vec<Target>,
    /// Where inputs that fail are written.
    pub artifacts: PathBuf,
    /// A single input to run instead of all else.
    pub replay: Option<PathBuf>,
}

impl Arguments {
    /// Reads the arguments after the program's name.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self {
            time_per_target: Duration::from_secs(10),
            seed: 1,
            targets: Vec::new(),
            artifacts: PathBuf::from("target/fuzz-artifacts"),
            replay: None,
        };
        while let Some(option) = words.next() {
            let value = words.next().ok_or_else(|| format!("{option} needs a value"))?;
            let number = || value.parse::<u64>().map_err(|_| format!("{option}: {value} is not a number"));
            match option.as_str() {
                "--seconds" => arguments.time_per_target = Duration::from_secs(number()?),
                "--seed" => arguments.seed = number()?,
                "--target" => arguments.targets.push(target(&value).ok_or_else(|| format!("no target {value}"))?),
                "--artifacts" => arguments.artifacts = PathBuf::from(value),
                "--replay" => arguments.replay = Some(PathBuf::from(value)),
                _ => return Err(format!("unknown option {option}")),
            }
        }
        if arguments.targets.is_empty() {
            arguments.targets = TARGETS.to_vec();
        }
        Ok(arguments)
    }
}
