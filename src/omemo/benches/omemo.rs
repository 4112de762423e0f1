//! How fast encryption is, natively: `cargo bench -p plausch-omemo --bench omemo`. In the browser it is `speed/omemo.rs`.
#![allow(missing_docs, clippy::unwrap_used, clippy::arithmetic_side_effects)]

#[cfg(not(target_arch = "wasm32"))]
mod scenarios;

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    use std::time::{Duration, Instant};

    let mut criterion = criterion::Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for scenario in scenarios::SCENARIOS {
        criterion.bench_function(scenario.name, |bencher| {
            bencher.iter_custom(|runs| {
                let run = (scenario.prepare)(runs as usize);
                let begun = Instant::now();
                run();
                begun.elapsed()
            });
        });
    }
    criterion.final_summary();
}

#[cfg(target_arch = "wasm32")]
fn main() {}
