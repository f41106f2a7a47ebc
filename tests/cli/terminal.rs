//! A review on a terminal: the lines while it runs, and Ctrl-C. The terminal is that of util-linux's `script`.
#![expect(clippy::print_stderr, reason = "a test that skips says so")]

use super::bed::{Bed, answer, finding};
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Long enough to never be the reason that a test ends.
const LONG: Duration = Duration::from_secs(60);

/// A program on a terminal of its own.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    output: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    /// Runs the bed's binary with `args`; `None` where there is no `script` that can.
    fn start(bed: &Bed, args: &str) -> Option<Self> {
        let can = Command::new("script").arg("--version").output();
        if !can.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).contains("util-linux")) {
            eprintln!("skipped: this needs util-linux's `script`");
            return None;
        }
        let scratch = bed.repo.beside("scratch");
        std::fs::create_dir_all(&scratch).unwrap();
        let shell = format!("stty cols 100 rows 30; exec '{}' {args}", env!("CARGO_BIN_EXE_deep-review"));
        let like = bed.command(&[]);
        let mut command = Command::new("script");
        command.current_dir(like.get_current_dir().unwrap()).args(["-qefc", &shell, "/dev/null"]);
        for (name, value) in like.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("TMPDIR", scratch).env("TERM", "xterm").env("SHELL", "/bin/sh");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (keys, mut from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (send, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Some(Self { child, keys, output, seen: String::new() })
    }

    /// Reads on until all of `words` were seen.
    fn wait_for(&mut self, words: &[&str]) {
        let until = Instant::now() + LONG;
        while !words.iter().all(|w| self.seen.contains(w)) {
            let left = until.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(e) => panic!("{words:?} were not seen ({e}):\n{}", self.seen),
            }
        }
    }

    fn press(&mut self, key: char) {
        write!(self.keys, "{key}").unwrap();
        self.keys.flush().unwrap();
    }

    /// Reads to the end: the exit code and everything that was seen.
    fn end(mut self) -> (Option<i32>, String) {
        let until = Instant::now() + LONG;
        while let Ok(bytes) = self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        (self.child.wait().unwrap().code(), self.seen)
    }
}

const CTRL_C: char = '\u{3}';

/// One agent that answers, and a program that does not end by itself, each of its processes marked in its command line.
fn bed(mark: &str, program: &str) -> Bed {
    let slow =
        format!("[agents.slow]\nadapter = 'command'\nlabel = 'SLOW'\ncommand = ['sh', '-c', '{program}', '{mark}']\n");
    Bed::new().agent("quick", &answer(&[finding("important", "Seen in time", (7, 7))])).configured(&slow)
}

/// Waits until no process is left whose command line has the mark, and nothing in the scratch folder.
fn assert_nothing_is_left(bed: &Bed, mark: &str) {
    let until = Instant::now() + LONG;
    let living = || {
        let lines = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let lines = lines.filter_map(|e| std::fs::read(e.path().join("cmdline")).ok());
        lines.filter(|l| String::from_utf8_lossy(l).contains(mark)).count()
    };
    let scratch =
        || std::fs::read_dir(bed.repo.beside("scratch")).unwrap().map(|e| e.unwrap().path()).collect::<Vec<_>>();
    while living() > 0 || !scratch().is_empty() {
        assert!(Instant::now() < until, "{} processes, {:?}", living(), scratch());
        std::thread::yield_now();
    }
}

#[test]
fn each_agent_has_a_line_and_ctrl_c_keeps_what_was_answered() {
    let mark = "deep-review-terminal-polite";
    let bed = bed(mark, "sleep 1000");
    let Some(mut terminal) = Terminal::start(&bed, "review --agent quick --agent slow") else { return };
    terminal.wait_for(&["QUICK", "SLOW", "1 finding"]);
    terminal.press(CTRL_C);
    let (code, seen) = terminal.end();
    assert_eq!(code, Some(3), "{seen}");
    let (_, after) = seen.split_once("Cancelling; what was answered is kept").unwrap_or_else(|| panic!("{seen}"));
    for said in ["Seen in time", "cancelled", "Incomplete"] {
        assert!(after.contains(said), "{said} is not in:\n{seen}");
    }
    assert_nothing_is_left(&bed, mark);
    // It is stored as what it is.
    let report = bed.run(&["report"]);
    assert!(report.out.contains("Seen in time") && report.out.contains("Incomplete"), "{}", report.out);
}

#[test]
fn a_second_ctrl_c_ends_it_at_once() {
    let mark = "deep-review-terminal-stubborn";
    let bed = bed(mark, "trap : TERM INT HUP; while :; do sleep 1; done");
    let Some(mut terminal) = Terminal::start(&bed, "review --agent quick --agent slow") else { return };
    terminal.wait_for(&["QUICK", "SLOW", "1 finding"]);
    terminal.press(CTRL_C);
    terminal.wait_for(&["Press Ctrl-C again"]);
    terminal.press(CTRL_C);
    let (code, seen) = terminal.end();
    assert_eq!(code, Some(130), "{seen}");
    let (_, after) = seen.split_once("Press Ctrl-C again").unwrap();
    assert!(!after.contains("Verdict"), "no report is waited for: {seen}");
    assert_nothing_is_left(&bed, mark);
}
