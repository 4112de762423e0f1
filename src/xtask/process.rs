//! Child processes. Each runs in a process group of its own without standard input, and none outlives this tool: a group ends
//! with its guard (return, error, panic) and on SIGINT, SIGTERM and SIGHUP.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, waitpid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// How long a group may take to end after SIGTERM before it gets SIGKILL.
const GRACE: Duration = Duration::from_secs(8);
/// How long a watched command may say nothing.
const SILENCE: Duration = Duration::from_secs(15 * 60);
const POLL: Duration = Duration::from_millis(20);

static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// A command as the tools expect it: no standard input, and without what cargo sets for this tool alone.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let ours = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || matches!(name, "CARGO" | "CARGO_MANIFEST_DIR" | "CARGO_MANIFEST_PATH")
        });
        if ours {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end; a failure is an error that shows the command.
pub fn run(command: &mut Command) -> Result<()> {
    let status = Group::spawn(command)?.wait()?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs a command and returns what it wrote to standard output; standard error passes through.
pub fn capture(command: &mut Command) -> Result<String> {
    let mut group = Group::spawn(command.stdout(Stdio::piped()))?;
    let mut text = String::new();
    if let Some(mut pipe) = group.child.stdout.take() {
        pipe.read_to_string(&mut text).with_context(|| format!("reading the output of {}", shown(command)))?;
    }
    let status = group.wait()?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(text)
}

/// Runs a command, prints its output as it comes and shows each line of it to `look`. One that says nothing for too long is ended.
pub fn watch(command: &mut Command, mut look: impl FnMut(&str)) -> Result<ExitStatus> {
    let mut group = Group::spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let (sender, lines) = mpsc::channel();
    forward(group.child.stdout.take(), sender.clone());
    forward(group.child.stderr.take(), sender);
    let mut heard = Instant::now();
    loop {
        match lines.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => {
                println!("{line}");
                look(&line);
                heard = Instant::now();
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) if !group.runs() => break, // descendants that stay behind hold the pipes
            Err(RecvTimeoutError::Timeout) if heard.elapsed() > SILENCE => {
                bail!("{} was silent for {} minutes", shown(command), SILENCE.as_secs() / 60);
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
    group.wait()
}

fn forward(pipe: Option<impl Read + Send + 'static>, sender: mpsc::Sender<String>) {
    let Some(pipe) = pipe else { return };
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(|line| line.ok()) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// A running process and its descendants.
pub struct Group {
    child: Child,
    pid: Option<Pid>,
    over: bool,
}

impl Group {
    /// Starts it.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let child = command.process_group(0).spawn().with_context(|| format!("starting {}", shown(command)))?;
        let pid = Pid::from_raw(child.id().cast_signed());
        groups(|groups| groups.extend(pid));
        Ok(Self { child, pid, over: false })
    }

    /// Waits for its end. Descendants that stay behind are ended.
    pub fn wait(mut self) -> Result<ExitStatus> {
        let status = self.child.wait()?;
        self.over = true;
        if let Some(pid) = self.pid {
            let _ = kill_process_group(pid, Signal::TERM); // fails where nobody stayed
        }
        Ok(status)
    }

    /// Whether it has not ended by itself.
    pub fn runs(&mut self) -> bool {
        self.over = self.over || !matches!(self.child.try_wait(), Ok(None));
        !self.over
    }

    fn end(&mut self) {
        if self.over || INTERRUPTED.load(Ordering::SeqCst) {
            return;
        }
        let Some(pid) = self.pid else { return };
        let _ = kill_process_group(pid, Signal::TERM); // fails only when nobody is left
        if !within(GRACE, || matches!(self.child.try_wait(), Ok(Some(_)) | Err(_))) {
            let _ = kill_process_group(pid, Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
        groups(|groups| groups.retain(|pid| Some(*pid) != self.pid));
    }
}

/// Polls until the condition holds; false when the time is over first.
pub fn within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        if condition() {
            return true;
        }
        if begun.elapsed() > limit {
            return false;
        }
        thread::sleep(POLL);
    }
}

/// From now on SIGINT, SIGTERM and SIGHUP end all groups, then this process.
pub fn end_children_on_signals() -> Result<()> {
    let mut signals =
        signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]).context("listening for signals")?;
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            INTERRUPTED.store(true, Ordering::SeqCst);
            end_all();
            std::process::exit(signal.saturating_add(128));
        }
    });
    Ok(())
}

/// After a signal the thread above has the last word.
pub fn stay_if_interrupted() {
    while INTERRUPTED.load(Ordering::SeqCst) {
        thread::park();
    }
}

fn end_all() {
    let pids = groups(|groups| groups.clone());
    for pid in &pids {
        let _ = kill_process_group(*pid, Signal::TERM);
    }
    let gone = |pid: &Pid| !matches!(waitpid(Some(*pid), WaitOptions::NOHANG), Ok(None));
    let mut left = pids;
    within(GRACE, || {
        left.retain(|pid| !gone(pid));
        left.is_empty()
    });
    for pid in &left {
        let _ = kill_process_group(*pid, Signal::KILL);
    }
}

fn groups<T>(with: impl FnOnce(&mut Vec<Pid>) -> T) -> T {
    with(&mut GROUPS.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_group_takes_its_descendants_along() {
        let mut shell = command("sh");
        let mut group = Group::spawn(shell.args(["-c", "sleep 60 & echo $!; wait"]).stdout(Stdio::piped())).unwrap();
        let mut line = String::new();
        BufReader::new(group.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let grandchild = std::path::Path::new("/proc").join(line.trim());
        assert!(grandchild.exists());
        drop(group);
        let ended = || {
            std::fs::read_to_string(grandchild.join("stat")).is_ok_and(|stat| stat.contains(") Z "))
                || !grandchild.exists()
        };
        assert!(within(GRACE, ended));
    }

    #[test]
    fn watches_every_line_and_tells_the_outcome() {
        let mut lines = Vec::new();
        let mut shell = command("sh");
        let status =
            watch(shell.args(["-c", "echo one; echo two >&2; exit 3"]), |line| lines.push(line.to_owned())).unwrap();
        lines.sort();
        assert_eq!((lines, status.code()), (vec!["one".to_owned(), "two".to_owned()], Some(3)));
    }

    #[test]
    fn what_stays_behind_neither_blocks_nor_survives() {
        let mut daemon = String::new();
        let begun = Instant::now();
        watch(command("sh").args(["-c", "sleep 60 & echo $!"]), |line| daemon = line.to_owned()).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(30));
        let stat = std::path::Path::new("/proc").join(daemon).join("stat");
        assert!(within(GRACE, || !std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "))));
    }

    #[test]
    fn a_failure_shows_the_command() {
        let error = run(command("sh").args(["-c", "exit 4"])).unwrap_err().to_string();
        assert!(error.contains("sh -c exit 4") && error.contains('4'), "{error}");
    }
}
