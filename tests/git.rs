//! Scope and snapshot on real repositories made by `git`.

use crate::support::Repo;
use deep_review::finding::{LeftOut, RepoPath, RoundScope};
use deep_review::git::{
    ChangeKind, ChangedFile, GitError, Repository, ScopeRequest, Snapshot, SnapshotOptions, unified_diff,
};
use std::path::Path;
use tokio_util::sync::CancellationToken;

mod checkout;
mod history;
mod lacking;
mod repository;
mod scope;
mod snapshot;

fn open(path: &Path) -> Repository {
    Repository::discover(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn scope_of(path: &Path) -> RoundScope {
    open(path).scope(&ScopeRequest::default()).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn take(path: &Path, request: &ScopeRequest, options: &SnapshotOptions) -> Result<Snapshot, GitError> {
    let repository = Repository::discover(path)?;
    repository.snapshot(&repository.scope(request)?, options, &CancellationToken::new())
}

/// The snapshot that a review with default settings sees.
fn snapshot(repo: &Repo) -> Snapshot {
    snapshot_at(repo.path())
}

fn snapshot_at(path: &Path) -> Snapshot {
    take(path, &ScopeRequest::default(), &SnapshotOptions::default()).unwrap_or_else(|e| panic!("no snapshot: {e}"))
}

/// The changed files in a form that is quick to write: `+ added`, `~ modified`, `- deleted`, `old > renamed`,
/// `old >> copied`, and `! left out: why`.
fn summary(snapshot: &Snapshot) -> Vec<String> {
    let file = |f: &ChangedFile| match &f.kind {
        ChangeKind::Added => format!("+ {}", f.path),
        ChangeKind::Modified => format!("~ {}", f.path),
        ChangeKind::Deleted => format!("- {}", f.path),
        ChangeKind::Renamed { from } => format!("{from} > {}", f.path),
        ChangeKind::Copied { from } => format!("{from} >> {}", f.path),
    };
    let left_out = snapshot.left_out().iter().map(|f| format!("! {}: {}", f.path, f.why));
    snapshot.files().iter().map(file).chain(left_out).collect()
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).expect("a path of the repository")
}

fn file<'s>(snapshot: &'s Snapshot, name: &str) -> &'s ChangedFile {
    snapshot.file(&path(name)).unwrap_or_else(|| panic!("{name} is not among {:?}", summary(snapshot)))
}

fn text(snapshot: &Snapshot, name: &str) -> Option<String> {
    snapshot.read(&path(name)).unwrap_or_else(|e| panic!("{e}")).map(|t| t.to_string())
}

const TEN: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";
