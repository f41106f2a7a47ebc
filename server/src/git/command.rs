//! The `git` command, for the few things that libgit2 cannot do: objects that a partial clone has not fetched yet, and
//! a sparse index.

use super::GitError;
use git2::Oid;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs git in `root` and returns its standard output. Nothing of the arguments may come from a repository without
/// being an id.
pub(crate) fn run(root: &Path, args: &[&str], stdin: &[u8]) -> Result<Vec<u8>, GitError> {
    let failed = |why: String| GitError::Command { command: args.join(" "), why };
    let mut child = Command::new("git")
        .current_dir(root)
        // An index refreshed by us would be a write to the user's repository.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .args(["-c", "core.fsmonitor=false", "-c", "core.quotePath=false"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| failed(e.to_string()))?;
    if let Some(mut pipe) = child.stdin.take() {
        // A git that ends early closes the pipe; its exit code tells why.
        let _ = pipe.write_all(stdin);
    }
    let out = child.wait_with_output().map_err(|e| failed(e.to_string()))?;
    if out.status.success() {
        Ok(out.stdout)
    } else {
        let said = String::from_utf8_lossy(&out.stderr);
        Err(failed(said.lines().last().unwrap_or("it failed without a word").to_owned()))
    }
}

/// The bytes of a blob; git fetches it if this is a partial clone.
pub(crate) fn cat_file(root: &Path, id: Oid) -> Result<Vec<u8>, GitError> {
    run(root, &["cat-file", "blob", &id.to_string()], b"")
}

/// Has git fetch, all in one go, the blobs that differ between two trees, where this is a partial clone.
pub(crate) fn fetch_changed(root: &Path, base: Oid, head: Oid) -> Result<(), GitError> {
    let (base, head) = (base.to_string(), head.to_string());
    run(root, &["diff-tree", "-r", "--no-renames", "--numstat", "--no-ext-diff", "--no-textconv", &base, &head], b"")?;
    Ok(())
}
