//! The `git` command, for the few things that libgit2 cannot do: objects that a partial clone has not fetched yet, a
//! sparse index, and blame that follows moved lines.

use super::GitError;
use git2::Oid;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Instant;

/// Where git runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    folder: &'a Path,
    /// The git directory, where the environment names it and git would not find it from the folder.
    git_dir: Option<&'a Path>,
}

impl<'a> Place<'a> {
    pub(crate) fn named(folder: &'a Path, git_dir: &'a Path) -> Self {
        Self { folder, git_dir: Some(git_dir) }
    }
}

impl<'a> From<&'a Path> for Place<'a> {
    fn from(folder: &'a Path) -> Self {
        Self { folder, git_dir: None }
    }
}

/// Runs git in `root` and returns its standard output. Nothing of the arguments may come from a repository without
/// being an id.
pub(crate) fn run<'a>(root: impl Into<Place<'a>>, args: &[&str], stdin: &[u8]) -> Result<Vec<u8>, GitError> {
    let failed = |why: String| failed(args, why);
    let mut child = start(root.into(), args).map_err(|e| failed(e.to_string()))?;
    if let Some(mut pipe) = child.stdin.take() {
        // A git that ends early closes the pipe; its exit code tells why.
        let _ = pipe.write_all(stdin);
    }
    let out = child.wait_with_output().map_err(|e| failed(e.to_string()))?;
    if out.status.success() { Ok(out.stdout) } else { Err(failed(last_line(&out.stderr))) }
}

/// Runs git in `root`, without input, and returns its standard output; ends it at `deadline`.
pub(crate) fn run_until<'a>(root: impl Into<Place<'a>>, args: &[&str], deadline: Instant) -> Result<Vec<u8>, GitError> {
    let child = start(root.into(), args).map_err(|e| failed(args, e.to_string()))?;
    output_until(child, args, deadline)
}

/// The same for what changes the user's repository: by git's own locks, and with what it asks of its hooks.
pub(crate) fn run_writing<'a>(
    root: impl Into<Place<'a>>,
    args: &[&str],
    deadline: Instant,
) -> Result<Vec<u8>, GitError> {
    let child = command(root.into(), args).env_remove("GIT_OPTIONAL_LOCKS").spawn();
    output_until(child.map_err(|e| failed(args, e.to_string()))?, args, deadline)
}

fn output_until(mut child: Child, args: &[&str], deadline: Instant) -> Result<Vec<u8>, GitError> {
    let failed = |why: String| failed(args, why);
    let began = Instant::now();
    drop(child.stdin.take());
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(failed("it has no output".into()));
    };
    let (done, read) = channel();
    let other = done.clone();
    std::thread::spawn(move || done.send((true, read_all(stdout))));
    std::thread::spawn(move || other.send((false, read_all(stderr))));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        match read.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((true, bytes)) => out = bytes,
            Ok((false, bytes)) => err = bytes,
            Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(failed(format!("given up after {:.1} s", began.elapsed().as_secs_f64())));
            }
        }
    }
    // It closed both, so it ends.
    let status = child.wait().map_err(|e| failed(e.to_string()))?;
    if status.success() { Ok(out) } else { Err(failed(last_line(&err))) }
}

fn read_all(mut pipe: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = pipe.read_to_end(&mut bytes);
    bytes
}

fn failed(args: &[&str], why: String) -> GitError {
    GitError::Command { command: args.join(" "), why }
}

fn last_line(said: &[u8]) -> String {
    String::from_utf8_lossy(said).lines().last().unwrap_or("it failed without a word").to_owned()
}

fn start(place: Place<'_>, args: &[&str]) -> std::io::Result<Child> {
    command(place, args).spawn()
}

fn command(place: Place<'_>, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    match place.git_dir {
        // The index that the environment names belongs to it.
        Some(git_dir) => {
            command.arg("--git-dir").arg(git_dir).arg("--work-tree").arg(place.folder);
        }
        None => {
            command.env_remove("GIT_INDEX_FILE");
        }
    }
    command
        .current_dir(place.folder)
        // An index refreshed by us would be a write to the user's repository.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .args(["-c", "core.fsmonitor=false", "-c", "core.quotePath=false"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The bytes of a blob; git fetches it if this is a partial clone.
pub(crate) fn cat_file<'a>(root: impl Into<Place<'a>>, id: Oid) -> Result<Vec<u8>, GitError> {
    run(root, &["cat-file", "blob", &id.to_string()], b"")
}

/// Has git fetch, all in one go, the blobs that differ between two trees, where this is a partial clone.
pub(crate) fn fetch_changed<'a>(root: impl Into<Place<'a>>, base: Oid, head: Oid) -> Result<(), GitError> {
    let (base, head) = (base.to_string(), head.to_string());
    run(root, &["diff-tree", "-r", "--no-renames", "--numstat", "--no-ext-diff", "--no-textconv", &base, &head], b"")?;
    Ok(())
}
