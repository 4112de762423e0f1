//! The table of steps. Adding one is a line here and a function that returns its counts.

use anyhow::Result;

use super::counts::Counts;
use super::session::Session;
use super::{check, counted, tests};

/// One step of `cargo xtask test`.
pub struct Step {
    /// For `--only`.
    pub name: &'static str,
    /// One line for people.
    pub what: &'static str,
    /// Does it.
    pub run: fn(&Session) -> Result<Counts>,
}

/// All steps, cheap ones first.
pub const STEPS: &[Step] = &[
    Step { name: "fmt", what: "all sources are formatted", run: fmt },
    Step { name: "clippy", what: "lints of all targets, native", run: clippy },
    Step { name: "unit", what: "unit and property tests, native", run: unit },
    Step { name: "fuzz", what: "every fuzz target for some seconds", run: fuzz },
    Step { name: "clippy-wasm", what: "lints of what runs in the browser", run: clippy_wasm },
    Step { name: "browser", what: "unit tests in Chromium", run: browser },
    Step { name: "dist", what: "the deployable build and its size budgets", run: dist },
    Step { name: "interop", what: "the engine against prosody, ejabberd and independent clients", run: interop },
    Step { name: "e2e", what: "the built bundle in Chromium against prosody and ejabberd", run: e2e },
];

/// Packages that have tests for the browser.
const BROWSER_PACKAGES: &str = "-p plausch-worker -p plausch-omemo";
/// Packages that run in the browser.
const WASM_PACKAGES: &str = "-p plausch -p plausch-worker -p plausch-omemo";
/// Tests that need servers and a browser have steps of their own.
const NOT_UNIT: &str = "--exclude plausch-interop --exclude plausch-e2e";
const FUZZ_SECONDS: u32 = 10;

fn fmt(session: &Session) -> Result<Counts> {
    check(&mut session.cargo("fmt --all --check"))
}

fn clippy(session: &Session) -> Result<Counts> {
    check(&mut session.cargo("clippy --locked --workspace --all-targets -- -D warnings"))
}

fn unit(session: &Session) -> Result<Counts> {
    tests(&mut session.cargo(&format!("test --locked --no-fail-fast --workspace {NOT_UNIT}")))
}

fn fuzz(session: &Session) -> Result<Counts> {
    let words = format!("run --locked --profile fuzz -p plausch-fuzz --bin fuzz-smoke -- --seconds {FUZZ_SECONDS}");
    counted(&mut session.cargo(&words), Counts::from_fuzz_line)
}

fn clippy_wasm(session: &Session) -> Result<Counts> {
    let words = format!("clippy --locked --target wasm32-unknown-unknown {WASM_PACKAGES} --all-targets -- -D warnings");
    check(&mut session.wasm_cargo(&words)?)
}

fn browser(session: &Session) -> Result<Counts> {
    let words =
        format!("test --locked --no-fail-fast --target wasm32-unknown-unknown {BROWSER_PACKAGES} --lib --tests");
    let mut cargo = session.wasm_cargo(&words)?;
    session.with_browser(&mut cargo)?;
    tests(&mut cargo)
}

fn dist(session: &Session) -> Result<Counts> {
    session.bundle()?;
    Ok(Counts::PASSED)
}

fn interop(session: &Session) -> Result<Counts> {
    if !session.project.has_member("plausch-interop") {
        return Ok(Counts::SKIPPED);
    }
    let mut cargo = session.cargo("test --locked --no-fail-fast -p plausch-interop");
    session.with_servers(&mut cargo)?;
    tests(&mut cargo)
}

fn e2e(session: &Session) -> Result<Counts> {
    if !session.project.has_member("plausch-e2e") {
        return Ok(Counts::SKIPPED);
    }
    let run = |which: &str| {
        let mut cargo = session.cargo(&format!("test --locked --no-fail-fast -p plausch-e2e --test e2e -- {which}"));
        session.with_servers(&mut cargo)?;
        session.with_browser(&mut cargo)?;
        session.with_bundle(&mut cargo)?;
        tests(&mut cargo)
    };
    let mut counts = run("--skip chaos::")?;
    // It takes all there is: beside others, those would wait in vain.
    counts.add(run("chaos::")?);
    Ok(counts)
}
