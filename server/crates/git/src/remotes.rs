//! Where the user's clone fetches from and pushes to.

use super::repository::oid;
use super::{GitError, Repository};
use finding::CommitId;

/// A remote of the user's clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Its name: `origin`.
    pub name: String,
    /// Its address, `url.….insteadOf` applied.
    pub url: String,
}

impl Repository {
    /// The remotes of the clone, in the order of their names.
    ///
    /// # Errors
    /// When the configuration cannot be read.
    pub fn remotes(&self) -> Result<Vec<Remote>, GitError> {
        self.with(|repo| {
            let names = repo.remotes().map_err(GitError::git("list the remotes"))?;
            let mut out = Vec::new();
            for name in names.iter().filter_map(|n| n.ok().flatten()) {
                let remote = repo.find_remote(name).map_err(GitError::git("read a remote"))?;
                if let Ok(url) = remote.url() {
                    out.push(Remote { name: name.to_owned(), url: url.to_owned() });
                }
            }
            Ok(out)
        })?
    }

    /// The remote that a branch is pushed to, where the configuration says so, and the names that it may have there,
    /// the likeliest first.
    ///
    /// # Errors
    /// When the configuration cannot be read.
    pub fn push_target(&self, branch: &str) -> Result<(Option<String>, Vec<String>), GitError> {
        self.with(|repo| {
            let config =
                repo.config().and_then(|mut c| c.snapshot()).map_err(GitError::git("read the configuration"))?;
            let get = |key: &str| config.get_string(key).ok().filter(|v| !v.is_empty() && v != ".");
            let fetched = get(&format!("branch.{branch}.remote"));
            let pushed = get(&format!("branch.{branch}.pushRemote")).or_else(|| get("remote.pushDefault"));
            // What a branch follows is often what it was made from, so its own name comes first.
            let followed = get(&format!("branch.{branch}.merge")).filter(|_| pushed.is_none() || pushed == fetched);
            let followed = followed.and_then(|m| m.strip_prefix("refs/heads/").map(str::to_owned));
            let mut names = vec![branch.to_owned()];
            names.extend(followed.filter(|f| f != branch));
            Ok((pushed.or(fetched), names))
        })?
    }

    /// The commit of a branch that was pushed last, as this clone knows: where what it is pushed to is; `None` if it never
    /// was.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn pushed(&self, branch: &str) -> Result<Option<CommitId>, GitError> {
        let (remote, names) = self.push_target(branch)?;
        let remote = remote.unwrap_or_else(|| "origin".to_owned());
        let tip = |name: &String| self.commit_at(&format!("refs/remotes/{remote}/{name}")).transpose();
        names.iter().find_map(tip).transpose()
    }

    /// The folder that git runs hooks from: `core.hooksPath`, as seen from the top, else the repository's own.
    ///
    /// # Errors
    /// When the configuration cannot be read.
    pub fn hooks_folder(&self) -> Result<std::path::PathBuf, GitError> {
        let configured = self.with(|repo| {
            let config =
                repo.config().and_then(|mut c| c.snapshot()).map_err(GitError::git("read the configuration"))?;
            Ok::<_, GitError>(config.get_path("core.hooksPath").ok().filter(|path| !path.as_os_str().is_empty()))
        })??;
        Ok(configured.map_or_else(|| self.common_dir().join("hooks"), |path| self.root().join(path)))
    }

    /// Whether the clone has a commit.
    #[must_use]
    pub fn has_commit(&self, commit: &CommitId) -> bool {
        oid(commit.as_str()).is_ok_and(|id| self.with(|repo| repo.find_commit(id).is_ok()).unwrap_or(false))
    }
}
