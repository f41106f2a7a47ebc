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
        let mut said = Self { now, texts: BTreeMap::new() };
        said.texts = said.files().filter_map(text).collect();
        said
    }

    /// The comments: the open ones first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Feedback> {
        // What an older program kept does not say of each that it is resolved.
        let resolved = self.now.resolved.iter().filter(|feedback| feedback.resolved.is_some());
        self.now.feedback.iter().flatten().chain(resolved)
    }

    /// The files of which something is said.
    pub(crate) fn files(&self) -> impl Iterator<Item = &RepoPath> {
        self.all().filter_map(|feedback| feedback.anchor.as_ref().map(|anchor| &anchor.path))
    }
}
