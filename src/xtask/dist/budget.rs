//! How much a visitor loads: a table of sizes, and budgets that fail the build.

use anyhow::{Result, bail};

use super::compress::Packed;

/// Brotli bytes until the sign-in form works.
const FORM_BUDGET: usize = 200_000;
/// Brotli bytes of everything that a session loads: 350,000 for what the app is built on, 100,000 for what makes it local-first
/// (search, storage, gaps, edits, what was read elsewhere), and 25,000 for the passphrase lock (Argon2id and its screens).
const ALL_BUDGET: usize = 475_000;

/// Assets that the form does not wait for: the engine's worker loads beside the app, the service worker once the app is up.
const LATER: &[&str] = &["engine/", "worker-", "sw.js"];
/// Texts of the languages besides the one that the app brings along. Whoever has chosen one loads one of them besides; the
/// budget is that of the others, and the table says what it is with the largest.
pub const LANGUAGES: &str = "texts/";
/// What a browser that offers to install the app loads besides: the manifest, and an icon or two. No session waits for it.
const INSTALLING: &[&str] = &[".webmanifest", ".png"];
/// Files that no browser asks for by itself.
const NOT_LOADED: &[&str] = &["version.txt", "config.example.json", "embed.js"];

/// Prints the table; fails when a budget is exceeded.
pub fn print_and_check(assets: &[Packed]) -> Result<()> {
    println!("\n{:>9} {:>9} {:>9}  asset (bytes: raw, gzip, Brotli)", "raw", "gzip", "br");
    for asset in assets {
        let gzip = asset.gzip.as_ref().unwrap_or(&asset.raw).len();
        println!("{:>9} {:>9} {:>9}  {}", asset.raw.len(), gzip, asset.wire_size(), asset.name);
    }
    let form = sum(assets, |name| loaded(name) && !LATER.iter().any(|prefix| name.starts_with(prefix)));
    let all = sum(assets, loaded);
    println!("{form:>29}  until the sign-in form works (budget {FORM_BUDGET})");
    println!("{all:>29}  in all (budget {ALL_BUDGET})");
    let language = assets.iter().filter(|asset| asset.name.starts_with(LANGUAGES)).map(Packed::wire_size).max();
    println!("{:>29}  in all in another language than English", all.saturating_add(language.unwrap_or(0)));
    println!("{:>29}  besides, where the browser offers to install it, at most\n", sum(assets, is_for_installing));
    if form > FORM_BUDGET || all > ALL_BUDGET {
        bail!("the build is over its size budget");
    }
    Ok(())
}

/// Whether a session in the app's own language loads it.
pub fn loaded(name: &str) -> bool {
    !NOT_LOADED.contains(&name) && !name.starts_with(LANGUAGES) && !is_for_installing(name)
}

fn is_for_installing(name: &str) -> bool {
    INSTALLING.iter().any(|suffix| name.ends_with(suffix))
}

fn sum(assets: &[Packed], counts: impl Fn(&str) -> bool) -> usize {
    assets.iter().filter(|asset| counts(&asset.name)).map(Packed::wire_size).fold(0, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(name: &str, size: usize) -> Packed {
        Packed::plain(name, "x".repeat(size))
    }

    #[test]
    fn the_form_does_not_wait_for_the_worker() {
        assert!(print_and_check(&[asset("app_bg-1.wasm", 190_000), asset("engine/worker_bg-1.wasm", 150_000)]).is_ok());
        assert!(print_and_check(&[asset("app_bg-1.wasm", 201_000)]).is_err());
        let rest = ALL_BUDGET.saturating_sub(190_000);
        let with_worker =
            |size| print_and_check(&[asset("app_bg-1.wasm", 190_000), asset("engine/worker_bg-1.wasm", size)]);
        assert!(with_worker(rest).is_ok());
        assert!(with_worker(rest.saturating_add(1)).is_err());
    }

    #[test]
    fn what_nobody_loads_is_free() {
        for name in ["config.example.json", "manifest.webmanifest", "icon-512-1.png"] {
            assert!(print_and_check(&[asset(name, 500_000)]).is_ok(), "{name}");
        }
        assert!(print_and_check(&[asset("icon-1.svg", 500_000)]).is_err());
    }

    #[test]
    fn the_app_brings_one_language_along() {
        assert!(print_and_check(&[asset("app_bg-1.wasm", 190_000), asset("texts/de-1.txt", 400_000)]).is_ok());
    }
}
