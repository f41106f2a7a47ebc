//! Scope, snapshot and diff of a large branch against `git diff` and reading the changed files.
//! `cargo bench --bench git`

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "a benchmark, not an interface")]

mod support;

use deep_review::finding::LineRange;
use deep_review::git::{Age, Repository, ScopeRequest, Snapshot, SnapshotOptions, ages, unified_diff};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use support::{branch_of_a_thousand_files, side_by_side};
use test_repo::isolate;
use tokio_util::sync::CancellationToken;

fn take(root: &Path, uncommitted: bool) -> Snapshot {
    let repository = Repository::discover(root).expect("the repository");
    let scope =
        repository.scope(&ScopeRequest { base: None, uncommitted, ..ScopeRequest::default() }).expect("its scope");
    repository.snapshot(&scope, &SnapshotOptions::default(), &CancellationToken::new()).expect("its snapshot")
}

/// Longest time for blame.
const LIMIT: Duration = Duration::from_secs(60);

fn git(root: &Path, args: &[&str]) {
    let status = isolate(&mut Command::new("git")).current_dir(root).args(args).stdout(Stdio::null()).status();
    assert!(status.expect("git").success());
}

fn main() {
    let repo = branch_of_a_thousand_files();
    let root = repo.path();
    let snapshot = take(root, true);
    let lines: u32 = snapshot.files().iter().flat_map(|f| &f.hunks).map(|h| h.old_count + h.new_count).sum();
    println!(
        "a branch of {} changed files ({} left out), {lines} added and removed lines",
        snapshot.files().len(),
        snapshot.left_out().len()
    );
    let changed: Vec<_> =
        snapshot.files().iter().filter(|f| f.new.is_some()).map(|f| root.join(f.path.as_str())).collect();
    let read_all = || {
        for path in &changed {
            std::hint::black_box(std::fs::read(path).expect("a changed file"));
        }
    };
    let places: Vec<_> = snapshot
        .files()
        .iter()
        .filter_map(|f| Some((f.path.clone(), f.hunks.iter().find(|h| h.new_count > 0)?.new_start)))
        .map(|(path, line)| (path, LineRange::line(line)))
        .take(10)
        .collect();
    let unknown = ages(&snapshot, &places, LIMIT).iter().filter(|age| matches!(age, Age::Unknown(_))).count();
    println!("blame of {} changed lines, each in another file; unknown: {unknown}", places.len());
    side_by_side(
        "how old changed lines are",
        5,
        &mut [
            ("the snapshot", Box::new(|| drop(take(root, true)))),
            ("blame of 1 place", Box::new(|| drop(ages(&snapshot, &places[..1], LIMIT)))),
            ("blame of 10 places", Box::new(|| drop(ages(&snapshot, &places, LIMIT)))),
        ],
    );
    side_by_side(
        "scope, snapshot and diff",
        15,
        &mut [
            (
                "git diff --merge-base main --stat -p, and reading the files",
                Box::new(|| {
                    git(root, &["diff", "--merge-base", "main", "--stat", "-p"]);
                    read_all();
                }),
            ),
            ("discover, scope and snapshot, uncommitted work included", Box::new(|| drop(take(root, true)))),
            ("the same, commits only", Box::new(|| drop(take(root, false)))),
            (
                "the same as the second, and all unified diffs",
                Box::new(|| {
                    let snapshot = take(root, true);
                    for file in snapshot.files() {
                        std::hint::black_box(unified_diff(file, 3));
                    }
                }),
            ),
        ],
    );
}
