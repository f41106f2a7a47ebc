//! The texts of now of what is open: the work tree's where it is checked out, else its own.

use super::states::Situation;
use super::texts::{CurrentTexts, ReadError};
use super::{OpenBranch, OpsError, TextNow, WorkTree};
use finding::{CommitId, Decisions, RepoPath, Round};
use git::{Reach, Repository};
use std::sync::Arc;

/// The texts of now, and the work tree that fixes are written into.
#[derive(Debug, Clone)]
pub struct CurrentOf {
    /// The work tree.
    pub tree: WorkTree,
    elsewhere: Option<Elsewhere>,
}

/// The texts of what is not checked out. Another branch's files say nothing of this one's findings.
#[derive(Debug, Clone)]
struct Elsewhere {
    repository: Repository,
    /// Where it is now; as it was reviewed without it.
    commit: Option<CommitId>,
    reviewed: report::Texts,
}

impl CurrentOf {
    /// Reads no file yet.
    ///
    /// # Errors
    /// When the work tree cannot be used.
    pub fn new(open: &OpenBranch, reviewed: &report::Texts) -> Result<Self, OpsError> {
        let tree = WorkTree::of(&open.repository)?;
        let elsewhere = |commit| Elsewhere { repository: open.repository.clone(), commit, reviewed: reviewed.clone() };
        let elsewhere = match &open.text {
            TextNow::Here => None,
            TextNow::At(commit) => Some(elsewhere(Some(commit.clone()))),
            TextNow::AsReviewed => Some(elsewhere(None)),
        };
        Ok(Self { tree, elsewhere })
    }

    /// What became of findings is asked of these texts.
    #[must_use]
    pub fn situation<'a>(
        &'a self,
        round: &'a Round,
        decisions: &'a Decisions,
        reviewed: &'a report::Texts,
    ) -> Situation<'a> {
        let current: &dyn CurrentTexts = match &self.elsewhere {
            Some(elsewhere) => elsewhere,
            None => &self.tree,
        };
        Situation { round, decisions, reviewed, current, reach: self.reach() }
    }

    /// The same for fixes that are written: of what is not checked out only those files count that the work tree has as
    /// they are there.
    #[must_use]
    pub fn writing<'a>(
        &'a self,
        round: &'a Round,
        decisions: &'a Decisions,
        reviewed: &'a report::Texts,
    ) -> Situation<'a> {
        let current: &dyn CurrentTexts = if self.elsewhere.is_some() { self } else { &self.tree };
        Situation { round, decisions, reviewed, current, reach: self.reach() }
    }

    fn reach(&self) -> &Reach {
        self.tree.reach()
    }
}

impl CurrentTexts for Elsewhere {
    fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, ReadError> {
        let Some(commit) = &self.commit else { return Ok(self.reviewed.shared(path)) };
        let failed = |e: git::GitError| ReadError::Failed { path: path.clone(), why: e.to_string() };
        self.repository.read_at(commit, path).map_err(failed)
    }
}

impl CurrentTexts for CurrentOf {
    fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, ReadError> {
        let here = self.tree.read(path)?;
        let there = self.elsewhere.as_ref().map(|elsewhere| elsewhere.read(path)).transpose()?;
        match there {
            Some(there) if there.as_deref() != here.as_deref() => Err(ReadError::Elsewhere { path: path.clone() }),
            _ => Ok(here),
        }
    }
}
