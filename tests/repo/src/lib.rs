//! Real repositories, made by the `git` command and deaf to the configuration of whoever runs the tests.
//!
//! Needs only `std` and `tempfile`, so that unit tests and benchmarks can take it in by `#[path]`.

#![allow(dead_code, reason = "each binary that takes this in uses another part of it")]
#![allow(unreachable_pub, reason = "each binary that takes this in has it at another place")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot make its repository is to fail at once")]

use std::cell::Cell;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Seconds since 1970 of the first commit; each later one is a minute younger, so that ids are the same in each run.
const FIRST_COMMIT: u64 = 1_767_225_600;

/// A repository in a temporary folder that goes away with the value. The work tree is `<temporary>/repo`, so
/// that a test can put worktrees, clones and files outside the repository beside it ([`Repo::beside`]).
pub struct Repo {
    folder: tempfile::TempDir,
    root: PathBuf,
    commits: Cell<u64>,
}

/// Takes the user's and the system's git configuration away from `command`, and gives it a fixed identity.
pub fn isolate(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"GIT_") {
            command.env_remove(name);
        }
    }
    command
        .env("GIT_CONFIG_GLOBAL", if cfg!(windows) { "NUL" } else { "/dev/null" })
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Ada Example")
        .env("GIT_AUTHOR_EMAIL", "ada@example.org")
        .env("GIT_COMMITTER_NAME", "Ada Example")
        .env("GIT_COMMITTER_EMAIL", "ada@example.org")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
}

/// What the local configuration says so that libgit2, in the test's own process, does not take it from the user's.
const LOCAL_CONFIG: &[(&str, &str)] = &[
    ("core.autocrlf", "false"),
    ("core.excludesFile", ""),
    ("core.attributesFile", ""),
    ("core.hooksPath", ".git/hooks"),
    ("core.fsmonitor", "false"),
    ("commit.gpgSign", "false"),
    ("tag.gpgSign", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("user.name", "Ada Example"),
    ("user.email", "ada@example.org"),
    ("protocol.file.allow", "always"),
    ("uploadpack.allowFilter", "true"),
    ("uploadpack.allowAnySHA1InWant", "true"),
];

impl Default for Repo {
    fn default() -> Self {
        Self::new()
    }
}

impl Repo {
    /// An empty repository on the unborn branch `main`.
    pub fn new() -> Self {
        Self::in_form(&[]).expect("git makes a repository")
    }

    /// The same in one of the forms that `git init` knows (`--object-format=sha256`); `None` where this git is too old for it.
    pub fn in_form(form: &[&str]) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("deep-review-test-").tempdir().expect("a temporary folder");
        // git and libgit2 report resolved paths; on macOS the temporary folder is behind a symbolic link.
        let root = folder.path().canonicalize().expect("the folder is there").join("repo");
        std::fs::create_dir(&root).expect("the folder is writable");
        let repo = Self { folder, root, commits: Cell::new(0) };
        let made = repo.try_git_in(&repo.root, &[&["init", "-q", "-b", "main"], form].concat());
        made.status.success().then(|| {
            repo.configure(&repo.root);
            repo
        })
    }

    /// `main` with one commit of `files`, and `topic` checked out, with nothing on it yet.
    pub fn with_topic(files: &[(&str, &str)]) -> Self {
        Self::new().started(files)
    }

    /// The same in an empty repository.
    pub fn started(self, files: &[(&str, &str)]) -> Self {
        self.write_all(files);
        self.commit("Start");
        self.branch("topic");
        self
    }

    /// Gives another repository (a clone of this one) the same local configuration.
    pub fn configure(&self, root: &Path) {
        for (key, value) in LOCAL_CONFIG {
            self.git_in(root, &["config", key, value]);
        }
    }

    /// The work tree's root.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// A path beside the work tree, outside of the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().expect("the folder is there").join(name)
    }

    /// Writes a file of the work tree, with its folders.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        let parent = path.parent().expect("a file is in a folder");
        std::fs::create_dir_all(parent).expect("the folder is writable");
        std::fs::write(&path, content).unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
    }

    /// Writes several files.
    pub fn write_all(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            self.write(path, text);
        }
    }

    /// The content of a file of the work tree.
    pub fn read(&self, path: impl AsRef<Path>) -> String {
        let path = self.root.join(path);
        String::from_utf8(std::fs::read(&path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display())))
            .expect("the file is UTF-8")
    }

    /// Deletes a file of the work tree.
    pub fn remove(&self, path: impl AsRef<Path>) {
        let path = self.root.join(path);
        std::fs::remove_file(&path).unwrap_or_else(|e| panic!("cannot remove {}: {e}", path.display()));
    }

    /// Runs git in the work tree and returns its output without the final newline; panics if it fails.
    pub fn git<S: AsRef<OsStr>>(&self, args: &[S]) -> String {
        self.git_in(&self.root, args)
    }

    /// Runs git in another folder; panics if it fails.
    pub fn git_in<S: AsRef<OsStr>>(&self, folder: &Path, args: &[S]) -> String {
        let out = self.try_git_in(folder, args);
        let args: Vec<_> = args.iter().map(|a| a.as_ref().to_string_lossy().into_owned()).collect();
        assert!(out.status.success(), "git {}: {}", args.join(" "), String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).trim_end_matches('\n').to_owned()
    }

    /// Runs git in a folder, whatever comes of it.
    pub fn try_git_in<S: AsRef<OsStr>>(&self, folder: &Path, args: &[S]) -> Output {
        let date = format!("{} +0000", FIRST_COMMIT + 60 * self.commits.get());
        isolate(&mut Command::new("git"))
            .current_dir(folder)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .args(args)
            .output()
            .expect("the git command is needed for the tests")
    }

    /// Stages everything and commits it (an empty commit if there is nothing); returns the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.commit_staged(message)
    }

    /// Commits what is staged; returns the commit's id.
    pub fn commit_staged(&self, message: &str) -> String {
        self.commits.set(self.commits.get() + 1);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.head()
    }

    /// The id of HEAD's commit.
    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Makes a branch at HEAD and checks it out.
    pub fn branch(&self, name: &str) {
        self.git(&["checkout", "-q", "-b", name]);
    }

    /// Checks out a branch or commit.
    pub fn checkout(&self, name: &str) {
        self.git(&["checkout", "-q", name]);
    }

    /// Makes a branch seem to be what the remote `origin` has, and its default branch; without any network.
    pub fn remote_default(&self, branch: &str, commit: &str) {
        self.git(&["config", "remote.origin.url", "https://example.org/repo.git"]);
        self.git(&["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"]);
        self.git(&["update-ref", &format!("refs/remotes/origin/{branch}"), commit]);
        self.git(&["symbolic-ref", "refs/remotes/origin/HEAD", &format!("refs/remotes/origin/{branch}")]);
    }
}
