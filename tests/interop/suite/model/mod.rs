//! The simulation's model of a server, held against Prosody: each script is played on both, and what the devices get to see
//! must be the same. Where servers may choose, the model has Prosody's manners.

mod scripts;
mod stage;
mod trace;

use std::collections::BTreeMap;

use plausch_interop::Server;

use crate::tools::Outcome;
use scripts::{SCRIPTS, Script};
use stage::{Modelled, Real};
use trace::play;

/// Both traces of a script, where they differ.
async fn compare(script: &Script, real: Real<'_>) -> Result<(), String> {
    let failed = |error: Box<dyn std::error::Error>| format!("{}: {error}", script.name);
    let prosody = play(script, real).await.map_err(failed)?;
    let model = play(script, Modelled::new()).await.map_err(failed)?;
    if prosody == model {
        return Ok(());
    }
    Err(format!("{}\n{}", script.name, difference(&prosody, &model)))
}

/// The lines of both, with a mark before those that only one has.
fn difference(prosody: &[String], model: &[String]) -> String {
    let mut counts: BTreeMap<&String, (usize, usize)> = BTreeMap::new();
    prosody.iter().for_each(|line| counts.entry(line).or_default().0 += 1);
    model.iter().for_each(|line| counts.entry(line).or_default().1 += 1);
    let mark = |line: &String, sign: &'static str| {
        let differs = counts.get(line).is_some_and(|(prosody, model)| prosody != model);
        format!("{} {line}\n", if differs { sign } else { " " })
    };
    let prosody: String = prosody.iter().map(|line| mark(line, "P")).collect();
    let model: String = model.iter().map(|line| mark(line, "M")).collect();
    format!("prosody:\n{prosody}model:\n{model}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_model_does_as_prosody_does() -> Outcome {
    let server = Server::prosody().await?;
    let mut differences = Vec::new();
    let mut accounts = server.accounts(SCRIPTS.len() * 2).await?.into_iter();
    for script in SCRIPTS {
        let couple = [accounts.next().ok_or("an account")?, accounts.next().ok_or("an account")?];
        differences.extend(compare(script, Real::new(&server, couple)).await.err());
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    Ok(())
}
