//! The deployable folder: Trunk compiles the two wasm programs, this packs them with `public/` and `style/`.
//!
//! Every asset but the few whose names are fixed is named after its content, so that servers may let browsers keep it for ever;
//! references are rewritten to match. Beside each asset lie its `.br` and `.gz`. Sizes are printed and held against budgets.

mod budget;
mod compress;
mod fingerprint;
mod glue;
mod names;
mod prune;
mod script;
mod shell;
mod style;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::process::{capture, command, run};
use crate::project::Project;
use crate::say;
use crate::setup::{Lints, Tools, wasm_tools};

use compress::Packed;
use fingerprint::Fingerprint;
pub use names::is_hashed;

/// What the browsers understand, and how a program is made small: flat once, which takes a quarter of a percent off, and
/// with only small functions inlined. The lowest kilobyte of memory is the far end of the stack, which nothing that is
/// worked out from a pointer reaches, so small offsets may be part of the instruction.
const WASM_OPT: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--one-caller-inline-max-function-size=0",
    "--low-memory-unused",
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
];

/// Files by their path in the deployable folder, with `/` between folders.
pub type Files = BTreeMap<String, Vec<u8>>;

/// `cargo xtask dist`: builds `dist/` in the checkout.
pub fn main(project: &Project, args: &mut Args) -> Result<ExitCode> {
    args.finish()?;
    let folder = project.root.join("dist");
    build(project, &folder)?;
    say::note(&format!("{} is ready to be served", project.shown(&folder)));
    Ok(ExitCode::SUCCESS)
}

/// `cargo xtask style`: prints the joined style sheet.
pub fn print_style(project: &Project, args: &mut Args) -> Result<ExitCode> {
    args.finish()?;
    print!("{}", style::join(&project.root.join("style"))?);
    Ok(ExitCode::SUCCESS)
}

/// The build that `run` and `test` use, below cargo's target folder: built anew only when something changed.
pub fn up_to_date(project: &Project) -> Result<PathBuf> {
    let _alone = alone(project)?;
    let folder = project.work_folder("dist")?;
    let stamp = project.work_folder("")?.join("dist.stamp");
    let inputs = Fingerprint::of_inputs(project)?;
    if std::fs::read_to_string(&stamp)
        .is_ok_and(|text| Fingerprint::of_folder(&folder).is_ok_and(|dist| text == inputs.with(&dist)))
    {
        say::note("the build is up to date");
        return Ok(folder);
    }
    build_alone(project, &folder)?;
    std::fs::write(stamp, inputs.with(&Fingerprint::of_folder(&folder)?))?;
    Ok(folder)
}

/// Waits until no other command builds in this checkout, and keeps others waiting until it is dropped.
fn alone(project: &Project) -> Result<std::fs::File> {
    let file = std::fs::File::create(project.work_folder("")?.join("dist.lock"))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)?;
    Ok(file)
}

/// Builds into the folder, replacing what was there, and checks the budgets.
pub fn build(project: &Project, folder: &Path) -> Result<()> {
    let _alone = alone(project)?;
    build_alone(project, folder)
}

fn build_alone(project: &Project, folder: &Path) -> Result<()> {
    let tools = wasm_tools(project, Lints::No)?;
    let compiled = compile(project, &tools)?;
    let optimize = |code: &[u8]| optimized(project, &tools, code);
    let mut files = names::by_content(collect(project, &compiled, &optimize)?)?;
    shell::fill(&mut files)?;
    let mut packed = compress::pack(files);
    packed.push(Packed::plain("version.txt", version(project)));
    write(folder, &packed)?;
    budget::print_and_check(&packed)
}

/// Has Trunk build both programs; returns the folder with its output.
fn compile(project: &Project, tools: &Tools) -> Result<PathBuf> {
    let output = project.work_folder("trunk")?;
    say::note("trunk build --release (app.wasm and worker.wasm)");
    run(command("cargo").args(["fetch", "--quiet", "--locked"]).current_dir(&project.root))?;
    let mut trunk = tools.command("trunk");
    trunk.args(["build", "--release", "--color", "never", "--dist"]).arg(&output).current_dir(&project.root);
    run(&mut trunk)?;
    Ok(output)
}

/// A program as wasm-opt makes it small.
fn optimized(project: &Project, tools: &Tools, code: &[u8]) -> Result<Vec<u8>> {
    let folder = project.work_folder("wasm-opt")?;
    let (from, to) = (folder.join("in.wasm"), folder.join("out.wasm"));
    std::fs::write(&from, code)?;
    run(tools.command("wasm-opt").args(WASM_OPT).arg(&from).arg("-o").arg(&to))?;
    Ok(std::fs::read(&to)?)
}

/// Where the sources of crates and of the standard library lie, as programs name them.
fn sources_of_libraries() -> Vec<String> {
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")));
    let registry = home.ok().map(|home| format!("{}/registry/src/", home.trim_end_matches('/')));
    registry.into_iter().chain(["/rustc/".to_owned()]).collect()
}

/// Everything that ships, under its plain name: `public/`, the style sheet, and what of Trunk's output these refer to.
fn collect(project: &Project, compiled: &Path, optimize: &dyn Fn(&[u8]) -> Result<Vec<u8>>) -> Result<Files> {
    let mut files = read_folder(&project.root.join("public"))?;
    files.insert("style.css".into(), style::join(&project.root.join("style"))?.into_bytes());
    for (tag, texts) in plausch_words::OTHERS {
        files.insert(format!("{}{tag}.txt", budget::LANGUAGES), texts.lines().into_bytes());
    }
    let page = files.get_mut("index.html").context("public/ has no index.html")?;
    *page = without_build_links(&String::from_utf8_lossy(page)).into_bytes();
    let mut candidates = read_folder(compiled)?;
    candidates.remove("index.html");
    names::add_referenced(&mut files, candidates);
    prune::prune(&mut files, &sources_of_libraries(), optimize)?;
    glue::shorten(&mut files)?;
    compact_scripts(&mut files)?;
    Ok(files)
}

fn compact_scripts(files: &mut Files) -> Result<()> {
    for (name, bytes) in files.iter_mut().filter(|(name, _)| name.ends_with(".js")) {
        let script = std::str::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
        *bytes = script::compact(script).with_context(|| format!("in the script {name}"))?.into_bytes();
    }
    Ok(())
}

/// The page without the lines that tell Trunk what to build.
fn without_build_links(page: &str) -> String {
    page.lines().filter(|line| !line.contains("data-trunk")).fold(String::new(), |text, line| text + line + "\n")
}

fn version(project: &Project) -> String {
    let mut git = command("git");
    git.args(["rev-parse", "HEAD"]).stderr(std::process::Stdio::null()).current_dir(&project.root);
    let commit = capture(&mut git).unwrap_or_else(|_| "unknown\n".into()); // a source archive has no history
    format!("plausch {}\ncommit {commit}", env!("CARGO_PKG_VERSION"))
}

/// All files below a folder.
pub fn read_folder(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    read_into(&mut files, folder, "")?;
    Ok(files)
}

fn read_into(files: &mut Files, folder: &Path, prefix: &str) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| anyhow::anyhow!("not UTF-8: {}", name.display()))?;
        if entry.file_type()?.is_dir() {
            read_into(files, &entry.path(), &format!("{prefix}{name}/"))?;
        } else {
            files.insert(format!("{prefix}{name}"), std::fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// Writes a new folder beside the old one, then swaps them, so that nobody sees half a build.
fn write(folder: &Path, packed: &[Packed]) -> Result<()> {
    let beside = |suffix: &str| folder.with_extension(suffix);
    let (new, old) = (beside("new"), beside("old"));
    for leftover in [&new, &old] {
        if leftover.exists() {
            std::fs::remove_dir_all(leftover)?;
        }
    }
    for (name, bytes) in packed.iter().flat_map(Packed::files) {
        let file = new.join(name);
        let parent = file.parent().with_context(|| format!("{} has no parent", file.display()))?;
        std::fs::create_dir_all(parent)?;
        std::fs::write(&file, bytes).with_context(|| format!("writing {}", file.display()))?;
    }
    if folder.exists() {
        std::fs::rename(folder, &old)?;
    }
    std::fs::rename(&new, folder)?;
    if old.exists() {
        std::fs::remove_dir_all(&old)?;
    }
    if !folder.join("index.html").exists() {
        bail!("{} has no index.html", folder.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_page_has_no_build_links() {
        let page = "<head>\n<link data-trunk rel=\"rust\" data-bin=\"app\" />\n<link rel=\"stylesheet\" href=\"style.css\" />\n</head>\n";
        assert_eq!(without_build_links(page), "<head>\n<link rel=\"stylesheet\" href=\"style.css\" />\n</head>\n");
    }

    #[test]
    fn a_written_folder_replaces_the_old_one() {
        let parent = std::env::temp_dir().join(format!("plausch-dist-test-{}", std::process::id()));
        let folder = parent.join("dist");
        write(&folder, &[Packed::plain("index.html", "one".into()), Packed::plain("gone.txt", "x".into())]).unwrap();
        write(&folder, &[Packed::plain("index.html", "two".into()), Packed::plain("a/b.txt", "x".into())]).unwrap();
        let files = read_folder(&folder).unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["a/b.txt", "index.html"]);
        assert_eq!(files["index.html"], b"two");
        std::fs::remove_dir_all(parent).unwrap();
    }
}
