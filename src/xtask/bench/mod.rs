//! `cargo xtask bench`: the figures in the README's performance section, measured anew.
//!
//! A table of parts; each prints its own figures. Native parts are cargo benches, browser parts drive Chromium over the built bundle.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::Args;
use crate::dist;
use crate::process::run;
use crate::project::Project;
use crate::say;
use crate::test::Session;

/// One thing that is measured.
struct Part {
    name: &'static str,
    what: &'static str,
    run: fn(&Session) -> Result<()>,
}

const PARTS: &[Part] = &[
    Part { name: "size", what: "bytes until the sign-in form works, and in all", run: size },
    Part { name: "parse", what: "reading and writing stanzas, native", run: parse },
    Part { name: "parse-wasm", what: "reading stanzas in the browser", run: parse_in_the_browser },
    Part { name: "omemo", what: "encryption, native", run: omemo },
    Part { name: "omemo-wasm", what: "encryption in the browser", run: omemo_in_the_browser },
    Part {
        name: "start",
        what: "time until the first paint and until the form can be used",
        run: |s| in_the_browser(s, "start"),
    },
    Part {
        name: "roster",
        what: "time until 500 and 2,000 contacts are painted",
        run: |s| in_the_browser(s, "roster"),
    },
    Part {
        name: "catch-up",
        what: "10,000 messages of 50 chats that came while one was away",
        run: |s| in_the_browser(s, "catch-up"),
    },
    Part {
        name: "history",
        what: "opening, scrolling and searching 200,000 messages (ten minutes)",
        run: |s| in_the_browser(s, "history"),
    },
    Part { name: "burst", what: "1,000 messages into the open chat", run: |s| in_the_browser(s, "burst") },
];

/// Runs the parts asked for.
pub fn main(project: &Project, args: &mut Args) -> Result<ExitCode> {
    let only = args.values("--only")?;
    let list = args.flag("--list");
    args.finish()?;
    if let Some(unknown) = only.iter().find(|name| PARTS.iter().all(|part| part.name != **name)) {
        bail!("no part {unknown:?}; cargo xtask bench --list shows them");
    }
    let session = Session::new(project);
    for part in PARTS.iter().filter(|part| only.is_empty() || only.iter().any(|name| name == part.name)) {
        if list {
            println!("{:<12} {}", part.name, part.what);
        } else {
            say::step(&format!("{}: {}", part.name, part.what));
            (part.run)(&session)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn size(session: &Session) -> Result<()> {
    dist::build(session.project, &session.project.work_folder("dist")?)
}

fn parse(session: &Session) -> Result<()> {
    run(&mut session.cargo("bench --locked --quiet -p plausch-xmpp --bench parse"))
}

fn parse_in_the_browser(session: &Session) -> Result<()> {
    speed_in_the_browser(session, "-p plausch-worker --test parse")
}

fn omemo(session: &Session) -> Result<()> {
    run(&mut session.cargo("bench --locked --quiet -p plausch-omemo --bench omemo"))
}

fn omemo_in_the_browser(session: &Session) -> Result<()> {
    speed_in_the_browser(session, "-p plausch-omemo --test omemo")
}

/// With the code that ships: the release profile.
fn speed_in_the_browser(session: &Session, test: &str) -> Result<()> {
    let words = format!("test --locked --release --target wasm32-unknown-unknown {test} -- --nocapture");
    let mut cargo = session.wasm_cargo(&words)?;
    session.with_browser(&mut cargo)?;
    run(&mut cargo)
}

/// Over the built bundle, against prosody.
fn in_the_browser(session: &Session, part: &str) -> Result<()> {
    let mut cargo = session.cargo(&format!("run --locked --quiet -p plausch-e2e --bin plausch-bench -- {part}"));
    session.with_servers(&mut cargo)?;
    session.with_browser(&mut cargo)?;
    session.with_bundle(&mut cargo)?;
    run(&mut cargo)
}
