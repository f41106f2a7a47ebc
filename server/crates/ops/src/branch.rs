use super::{OpsError, target};
use finding::{CommitId, Decisions, FindingId, Round};
use git::Repository;
use std::collections::BTreeSet;
use store::{Branch, Read, Store};

/// A branch of a repository, or another target, with what is stored of it. Opening it reads no round.
#[derive(Debug, Clone)]
pub struct OpenBranch {
    /// The repository.
    pub repository: Repository,
    /// Its store.
    pub store: Store,
    /// The branch's part of it.
    pub branch: Branch,
    /// Where its text is now.
    pub text: TextNow,
    /// The coding agent that acts on it; `None` for a person.
    pub by: Option<String>,
}

/// Where the text of now is of what was reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextNow {
    /// In the work tree.
    Here,
    /// In a commit: a branch or a pull request that is not checked out.
    At(CommitId),
    /// As it was reviewed: a commit, a range, a stash and a patch do not change.
    AsReviewed,
}

/// Which round of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundName<'a> {
    /// The newest.
    Newest,
    /// That of this number, 1-based.
    Number(u32),
    /// That of this id, or of this number in digits.
    Named(&'a str),
}

impl OpenBranch {
    /// The branch that is checked out.
    ///
    /// # Errors
    /// When HEAD cannot be read.
    pub fn current(repository: Repository) -> Result<Self, OpsError> {
        let head = repository.head_state()?;
        Ok(Self::named(repository, head.branch.as_deref()))
    }

    /// The branch of that name, which is checked out; `None` is a detached HEAD.
    #[must_use]
    pub fn named(repository: Repository, name: Option<&str>) -> Self {
        let store = Store::of(repository.common_dir());
        let branch = store.branch(name);
        let branch = match name {
            Some(name) if !branch.folder().exists() && target::meets_its_pull_request(&repository, &store, name) => {
                store.branch(Some(name))
            }
            _ => branch,
        };
        Self { repository, store, branch, text: TextNow::Here, by: None }
    }

    /// A part of what is checked out.
    #[must_use]
    pub(crate) fn of_part(repository: Repository, kept_as: Option<&str>) -> Self {
        let store = Store::of(repository.common_dir());
        let branch = store.branch(kept_as);
        Self { repository, store, branch, text: TextNow::Here, by: None }
    }

    /// What a target's rounds are kept under that is perhaps not checked out.
    #[must_use]
    pub(crate) fn elsewhere(repository: Repository, kept_as: Option<&str>, text: TextNow) -> Self {
        let store = Store::of(repository.common_dir());
        let branch = store.branch(kept_as);
        let head = repository.head_state().ok();
        let is_here = head.is_some_and(|head| store.branch(head.branch.as_deref()).folder() == branch.folder());
        let text = if is_here { TextNow::Here } else { text };
        Self { repository, store, branch, text, by: None }
    }

    /// The same, acted on by a coding agent: what it decides and applies is marked with its name.
    #[must_use]
    pub fn acted_on_by(self, agent: impl Into<String>) -> Self {
        Self { by: Some(agent.into()), ..self }
    }

    /// A round, with its raw findings; beside it, what could not be read on the way.
    ///
    /// # Errors
    /// [`OpsError::NoRound`], [`OpsError::UnknownRound`], or when the store cannot be read.
    pub fn round(&self, which: RoundName<'_>) -> Result<Read<Round>, OpsError> {
        let (read, missing) = match which {
            RoundName::Newest => (self.branch.newest()?, OpsError::NoRound),
            RoundName::Number(number) => {
                (self.find(|round| round.number == number)?, OpsError::UnknownRound { name: number.to_string() })
            }
            RoundName::Named(name) => (
                self.find(|round| round.id.as_str() == name || round.number.to_string() == name)?,
                OpsError::UnknownRound { name: name.to_owned() },
            ),
        };
        let Read { value, set_aside } = read;
        Ok(Read { value: value.ok_or(missing)?, set_aside })
    }

    fn find(&self, is: impl Fn(&Round) -> bool) -> Result<Read<Option<Round>>, OpsError> {
        let Read { mut value, set_aside } = self.branch.rounds()?;
        Ok(Read { value: value.drain(..).find(is), set_aside })
    }

    /// Every finding of its rounds.
    pub(crate) fn finding_ids(&self) -> Result<BTreeSet<FindingId>, OpsError> {
        let rounds = self.branch.rounds()?.value.into_iter();
        Ok(rounds.flat_map(|round| round.findings).map(|finding| finding.id).collect())
    }

    /// What people decided.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn decisions(&self) -> Result<Read<Decisions>, OpsError> {
        Ok(self.branch.decisions()?)
    }
}
