//! Commits from elsewhere, by the `git` command: it knows the user's credentials, proxies and partial clones. Only
//! references of ours are written, below `refs/deep-review/`.

use super::repository::{commit_id, oid};
use super::{GitError, Repository, command, scope};
use finding::CommitId;
use std::time::{Duration, Instant};

/// Longer no fetch takes.
const LONGEST: Duration = Duration::from_secs(600);

/// Where a pull request's last commit is kept.
#[must_use]
pub fn head_reference(number: u64) -> String {
    format!("refs/deep-review/pr/{number}")
}

/// Where the commit that a pull request is compared with is kept.
#[must_use]
pub fn base_reference(number: u64) -> String {
    format!("refs/deep-review/pr-base/{number}")
}

impl Repository {
    /// Fetches `wanted` (a reference or a commit's id) from a remote or an address into one of our references, whatever
    /// that was before. No branch, tag or remote-tracking branch changes, nor `FETCH_HEAD`.
    ///
    /// # Errors
    /// [`GitError::Command`] where git fails or takes too long; [`GitError::BadReference`] for a name that is none.
    pub fn fetch(&self, from: &str, wanted: &str, into: &str) -> Result<CommitId, GitError> {
        self.fetch_into(from, &[(wanted, into)], &[])?;
        self.fetched(into)
    }

    /// The same, with all objects also in a partial clone.
    pub(crate) fn fetch_whole(&self, from: &str, wanted: &str, into: &str) -> Result<CommitId, GitError> {
        self.fetch_into(from, &[(wanted, into)], &["--no-filter"])?;
        self.fetched(into)
    }

    /// The same for two at once: both of them or none.
    ///
    /// # Errors
    /// As [`Self::fetch`].
    pub fn fetch_both(&self, from: &str, both: [(&str, &str); 2]) -> Result<[CommitId; 2], GitError> {
        self.fetch_into(from, &both, &[])?;
        Ok([self.fetched(both[0].1)?, self.fetched(both[1].1)?])
    }

    fn fetched(&self, into: &str) -> Result<CommitId, GitError> {
        self.commit_at(into)?.ok_or_else(|| GitError::Missing { what: format!("what was fetched into '{into}'") })
    }

    fn fetch_into(&self, from: &str, wanted: &[(&str, &str)], more: &[&str]) -> Result<(), GitError> {
        let is_id = |name: &str| oid(name).is_ok() && matches!(name.len(), 40 | 64);
        let is_bad = |name: &str| name.starts_with('-') || !(is_id(name) || git2::Reference::is_valid_name(name));
        if let Some((name, _)) = wanted.iter().find(|(name, _)| from.starts_with('-') || is_bad(name)) {
            return Err(GitError::BadReference { name: (*name).to_owned() });
        }
        let specs: Vec<String> = wanted.iter().map(|(name, into)| format!("+{name}:{into}")).collect();
        let options = [
            "fetch",
            "--quiet",
            "--atomic",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            "--refmap=",
        ];
        let specs = specs.iter().map(String::as_str);
        let args: Vec<&str> = options.iter().chain(more).chain(&["--", from]).copied().chain(specs).collect();
        command::run_until(self.place(), &args, Instant::now() + LONGEST).map(drop)
    }

    /// The commit that a full name of a reference leads to; `None` if it is not there.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn commit_at(&self, reference: &str) -> Result<Option<CommitId>, GitError> {
        self.with(|repo| scope::tip(repo, reference).map(commit_id))
    }

    /// Where a branch left another one; `None` without common history.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn merge_base(&self, one: &CommitId, other: &CommitId) -> Result<Option<CommitId>, GitError> {
        let (one, other) = (oid(one.as_str())?, oid(other.as_str())?);
        self.with(|repo| repo.merge_base(one, other).ok().map(commit_id))
    }
}
