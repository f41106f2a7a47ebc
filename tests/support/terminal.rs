//! A program on a terminal of its own: that of util-linux's `script`.
#![expect(clippy::print_stderr, reason = "a test that skips says so")]

use std::fmt::Display;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Long enough to never be the reason that a test ends.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A program on a terminal of its own.
pub(crate) struct Terminal {
    child: Child,
    keys: ChildStdin,
    output: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    /// Runs the binary with `args` where and with what `like` would have; its temporary files go to `scratch`. `None`
    /// where there is no `script` that can.
    pub(crate) fn start(like: &Command, scratch: &Path, args: &str) -> Option<Self> {
        let can = Command::new("script").arg("--version").output();
        if !can.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).contains("util-linux")) {
            eprintln!("skipped: this needs util-linux's `script`");
            return None;
        }
        std::fs::create_dir_all(scratch).unwrap();
        let shell = format!("/usr/bin/stty cols 100 rows 30; exec '{}' {args}", env!("CARGO_BIN_EXE_deep-review"));
        let mut command = Command::new("/usr/bin/script");
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
    pub(crate) fn wait_for(&mut self, words: &[&str]) {
        let until = Instant::now() + LONG;
        while !words.iter().all(|w| self.seen.contains(w)) {
            let left = until.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(e) => panic!("{words:?} were not seen ({e}):\n{}", self.seen),
            }
        }
    }

    /// Types `keys`, as they come from a keyboard: the return key is `\r`.
    pub(crate) fn press(&mut self, keys: impl Display) {
        write!(self.keys, "{keys}").unwrap();
        self.keys.flush().unwrap();
    }

    /// Reads to the end: the exit code and everything that was seen.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let until = Instant::now() + LONG;
        while let Ok(bytes) = self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        (self.child.wait().unwrap().code(), self.seen)
    }
}
