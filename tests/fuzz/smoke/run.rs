//! Running one target, and keeping what broke it.

use std::cell::RefCell;
use std::fmt;
use std::panic::{catch_unwind, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fastrand::Rng;
use plausch_fuzz::Target;

use crate::arguments::Arguments;
use crate::{corpus, mutate};

/// An input of a few kilobytes that takes longer than this has found something quadratic, or worse.
const MAX_TIME_PER_INPUT: Duration = Duration::from_secs(2);

thread_local! {
    /// What runs at the moment, for the panic hook: the target's name and its input.
    static CURRENT: RefCell<(&'static str, Vec<u8>)> = const { RefCell::new(("", Vec::new())) };
}

/// How a target did.
pub enum Outcome {
    /// Nothing was found.
    Passed {
        /// How many inputs were tried.
        executions: u64,
    },
    /// An input made it panic; the hook has written and named it.
    Panicked,
    /// An input took too long.
    TooSlow(PathBuf),
    /// There was nothing to run.
    NotRun(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed { executions: 0 } => f.write_str("FAILED: nothing was executed"),
            Self::Passed { executions } => write!(f, "{executions} executions"),
            Self::Panicked => f.write_str("FAILED: panicked"),
            Self::TooSlow(path) => write!(f, "FAILED: took too long: {}", path.display()),
            Self::NotRun(reason) => write!(f, "FAILED: {reason}"),
        }
    }
}

/// From now on an input that panics is written to a file, even where a panic aborts the program.
pub fn save_inputs_that_panic(artifacts: &Path) {
    let artifacts = artifacts.to_owned();
    let report = take_hook();
    set_hook(Box::new(move |info| {
        report(info);
        CURRENT.with_borrow(|(name, input)| {
            eprint_line(&format!("input: {}", save(&artifacts, name, input).display()));
        });
    }));
}

/// Runs the seeds, then mutations of them until the time is over.
pub fn run(target: Target, arguments: &Arguments) -> Outcome {
    let seeds = match seeds(target, arguments) {
        Ok(seeds) if !seeds.is_empty() => seeds,
        Ok(_) => return Outcome::NotRun("the corpus is empty".into()),
        Err(error) => return Outcome::NotRun(format!("the corpus cannot be read: {error}")),
    };
    let mut rng = Rng::with_seed(arguments.seed);
    let mut executions: u64 = 0;
    let start = Instant::now();
    let mut first = seeds.iter();
    loop {
        let input = match first.next() {
            Some(seed) => seed.clone(),
            None if arguments.replay.is_some() || start.elapsed() >= arguments.time_per_target => break,
            None => mutate::mutate(&seeds, &mut rng),
        };
        if let Some(failure) = execute(target, input, arguments) {
            return failure;
        }
        executions = executions.saturating_add(1);
    }
    Outcome::Passed { executions }
}

fn seeds(target: Target, arguments: &Arguments) -> std::io::Result<Vec<Vec<u8>>> {
    match &arguments.replay {
        Some(file) => Ok(vec![std::fs::read(file)?]),
        None => corpus::read(target.name),
    }
}

/// Runs one input; what went wrong, if something did.
fn execute(target: Target, input: Vec<u8>, arguments: &Arguments) -> Option<Outcome> {
    CURRENT.set((target.name, input.clone()));
    let start = Instant::now();
    if catch_unwind(|| (target.run)(&input)).is_err() {
        return Some(Outcome::Panicked);
    }
    let too_slow = start.elapsed() > MAX_TIME_PER_INPUT;
    too_slow.then(|| Outcome::TooSlow(save(&arguments.artifacts, target.name, &input)))
}

/// Writes an input to a file named after its content.
fn save(artifacts: &Path, name: &str, input: &[u8]) -> PathBuf {
    let hash = input
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let path = artifacts.join(format!("{name}-{hash:016x}"));
    if let Err(error) = std::fs::create_dir_all(artifacts).and_then(|()| std::fs::write(&path, input)) {
        eprint_line(&format!("cannot write {}: {error}", path.display()));
    }
    path
}

fn eprint_line(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use plausch_fuzz::TARGETS;

    use super::*;

    #[test]
    fn every_target_passes_its_seeds() {
        let words =
            ["--seconds", "0", "--artifacts", concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/fuzz-artifacts")];
        let arguments = Arguments::parse(words.into_iter().map(str::to_owned)).unwrap();
        for target in TARGETS {
            let outcome = run(*target, &arguments);
            assert!(matches!(outcome, Outcome::Passed { executions: 10.. }), "{}: {outcome}", target.name);
        }
    }

    #[test]
    fn a_panic_is_noticed() {
        let arguments = Arguments::parse(std::iter::empty()).unwrap();
        let broken = Target { name: "broken", run: |input| assert!(input.is_empty()) };
        assert!(execute(broken, Vec::new(), &arguments).is_none());
        assert!(matches!(execute(broken, vec![1], &arguments), Some(Outcome::Panicked)));
    }

    #[test]
    fn a_target_without_seeds_fails() {
        let arguments = Arguments::parse(std::iter::empty()).unwrap();
        assert!(matches!(run(Target { name: "no-such-corpus", run: |_| {} }, &arguments), Outcome::NotRun(_)));
    }
}
