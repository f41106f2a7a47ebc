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
        self.fetch_with(&[], from, wanted, into)
    }

    /// The same, with all objects also in a partial clone.
    pub(crate) fn fetch_whole(&self, from: &str, wanted: &str, into: &str) -> Result<CommitId, GitError> {
        self.fetch_with(&["--no-filter"], from, wanted, into)
    }

    fn fetch_with(&self, options: &[&str], from: &str, wanted: &str, into: &str) -> Result<CommitId, GitError> {
        let is_id = oid(wanted).is_ok() && matches!(wanted.len(), 40 | 64);
        if from.starts_with('-') || !(is_id || git2::Reference::is_valid_name(wanted)) || wanted.starts_with('-') {
            return Err(GitError::BadReference { name: wanted.to_owned() });
        }
        let spec = format!("+{wanted}:{into}");
        let always = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            "--refmap=",
        ];
        let args = [&always, options, &["--", from, &spec]].concat();
        command::run_until(self.place(), &args, Instant::now() + LONGEST)?;
        self.commit_at(into)?.ok_or_else(|| GitError::Missing { what: format!("what was fetched into '{into}'") })
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
