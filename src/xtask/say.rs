//! What the user sees of the tool itself, in one voice: a heading per step, one line per thing done or installed.

/// Begins a step.
pub fn step(title: &str) {
    println!("\n=== {title}");
}

/// One thing that is being done.
pub fn note(text: &str) {
    println!("    {text}");
}

/// What went wrong.
pub fn failure(text: &str) {
    eprintln!("xtask: {text}");
}
