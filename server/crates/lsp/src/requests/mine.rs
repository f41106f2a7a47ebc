//! Which findings of a repository are the user's own business, on the texts as the editor has them.

use crate::state::snapshot::{Repo, Snapshot};
use finding::{FindingId, RepoPath};
use ops::{CurrentTexts, OpsError, ReadError, Situation, TextNow, WorkTree};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The texts that the editor shows, and those on disk of files that are not open.
struct Texts<'s> {
    snapshot: &'s Snapshot,
    repo: &'s Repo,
}

impl CurrentTexts for Texts<'_> {
    fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, ReadError> {
        Ok(self.snapshot.text(self.repo, path))
    }
}

/// What [`ops::mine()`] says of the round that is shown. Reads git's history.
pub(super) fn mine(snapshot: &Snapshot, repo: &Repo) -> Result<BTreeSet<FindingId>, OpsError> {
    let Some(index) = &repo.round_index else { return Ok(BTreeSet::new()) };
    let text = |path: &RepoPath| repo.reviewed.get(path)?.text().cloned();
    let reviewed = index.paths().filter_map(|path| Some((path.clone(), text(path)?))).collect();
    let tree = WorkTree::of(&repo.git)?;
    let situation = Situation {
        round: &index.round,
        decisions: &repo.decisions,
        reviewed: &reviewed,
        current: &Texts { snapshot, repo },
        reach: tree.reach(),
    };
    let where_it_is = repo.visit.as_ref().map_or(&TextNow::Here, |visit| &visit.open.text);
    ops::mine(&repo.git, where_it_is, &situation)
}
