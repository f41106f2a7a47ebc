//! What is known of a branch's pull request.

use finding::{Feedback, PullRequestNow, RepoPath};
use git::{Repository, head_reference};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What people said on a pull request, with the texts in which its forge counts lines: they are read once, not at every
/// keystroke.
#[derive(Debug, PartialEq)]
pub(crate) struct Said {
    pub(super) now: PullRequestNow,
    /// Of the files that something is said of, in the pull request's last commit as far as that was fetched.
    pub(super) texts: BTreeMap<RepoPath, Arc<str>>,
}

impl Said {
    /// Reads the texts.
    pub(crate) fn read(now: PullRequestNow, git: &Repository) -> Self {
        let head = git.commit_at(&head_reference(now.pull_request.number)).ok().flatten();
        let text = |path: &RepoPath| Some((path.clone(), git.read_at(head.as_ref()?, path).ok()??));
        let texts =
            now.feedback.iter().flatten().filter_map(|feedback| text(&feedback.anchor.as_ref()?.path)).collect();
        Self { now, texts }
    }

    /// The comments that are open.
    pub(super) fn open(&self) -> impl Iterator<Item = &Feedback> {
        self.now.feedback.iter().flatten()
    }

    /// The files of which something is said.
    pub(crate) fn files(&self) -> impl Iterator<Item = &RepoPath> {
        self.open().filter_map(|feedback| feedback.anchor.as_ref().map(|anchor| &anchor.path))
    }
}
