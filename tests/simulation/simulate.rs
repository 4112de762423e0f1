//! `plausch-simulate --seeds N [--start K] [--trace]`: runs seeds, says which of them break something.

#![allow(clippy::print_stdout, reason = "it is a program for people")]

use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut seeds, mut start, mut trace) = (100_u64, 0_u64, false);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok());
        match argument.as_str() {
            "--seeds" => seeds = number().unwrap_or(seeds),
            "--start" => start = number().unwrap_or(start),
            "--trace" => trace = true,
            _ => {
                println!("usage: plausch-simulate [--seeds N] [--start K] [--trace]");
                return ExitCode::from(2);
            }
        }
    }
    let begun = Instant::now();
    let (mut texts, mut failed) = (0_usize, 0_u64);
    for seed in start..start.saturating_add(seeds) {
        let report = plausch_simulation::run(seed, None, trace);
        texts = texts.saturating_add(report.texts);
        report.log.iter().for_each(|line| println!("{line}"));
        if !report.broken.is_empty() {
            failed = failed.saturating_add(1);
            println!("seed {seed}:");
            report.broken.iter().for_each(|words| println!("    {words}"));
            println!("    again: cargo xtask simulate --seeds 1 --start {seed} --trace");
        }
    }
    println!("{seeds} seeds, {failed} failed, {texts} texts, {:.1} s", begun.elapsed().as_secs_f64());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
