//! A read-only folder with a snapshot against `git worktree add` of the same commit, with 5,000 files.
//! `cargo bench --bench checkout`, or at full size, which takes minutes, `FILES=50000 cargo bench --bench checkout`

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "a benchmark, not an interface")]

mod support;

use deep_review::git::checkout::materialise;
use deep_review::git::{Repository, ScopeRequest, Snapshot, SnapshotOptions};
use std::cell::Cell;
use support::{many_files, side_by_side_with};
use tokio_util::sync::CancellationToken;

fn main() {
    let files = std::env::var("FILES").ok().and_then(|n| n.parse().ok()).unwrap_or(5_000);
    let repo = many_files(files);
    let cancel = CancellationToken::new();
    let repository = Repository::discover(repo.path()).expect("the repository");
    let take = |uncommitted: bool| -> Snapshot {
        let scope =
            repository.scope(&ScopeRequest { base: None, uncommitted, ..ScopeRequest::default() }).expect("its scope");
        repository.snapshot(&scope, &SnapshotOptions::default(), &cancel).expect("its snapshot")
    };
    let (theirs, ours) = (repo.beside("theirs"), repo.beside("ours"));
    let checkout = Cell::new(None);
    let write = |uncommitted| {
        let snapshot = take(uncommitted);
        let made = materialise(&snapshot, &ours, &cancel).expect("a checkout");
        assert_eq!(made.files(), files);
        checkout.set(Some(made));
    };
    let name = theirs.to_string_lossy().into_owned();
    side_by_side_with(
        &format!("a folder with {files} files"),
        5,
        &mut [
            ("git worktree add", Box::new(|| drop(repo.git(&["worktree", "add", "-q", "--detach", &name, "topic"])))),
            ("snapshot and checkout, uncommitted work included", Box::new(|| write(true))),
            ("snapshot and checkout of the commit", Box::new(|| write(false))),
        ],
        // What is not measured: taking them away again.
        &mut || {
            checkout.take();
            if theirs.exists() {
                repo.git(&["worktree", "remove", "--force", &name]);
            }
        },
    );
}
