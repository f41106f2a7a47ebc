//! What the work tree has that a commit has not.

use super::repository::oid;
use super::{GitError, Repository};
use finding::{CommitId, RepoPath};
use git2::{Delta, DiffOptions};

impl Repository {
    /// The files of the work tree and the index that `head` does not have, ignored ones left out; all of them where there
    /// is no commit. Paths that are not UTF-8 are passed over.
    ///
    /// # Errors
    /// When git cannot be read.
    pub fn new_files(&self, head: Option<&CommitId>) -> Result<Vec<RepoPath>, GitError> {
        let head = head.map(|id| oid(id.as_str())).transpose()?;
        let list = |git: &git2::Repository| -> Result<Vec<RepoPath>, git2::Error> {
            let tree = head.map(|id| git.find_commit(id)?.tree()).transpose()?;
            let mut options = DiffOptions::new();
            options.include_untracked(true).recurse_untracked_dirs(true);
            let diff = git.diff_tree_to_workdir_with_index(tree.as_ref(), Some(&mut options))?;
            let new = diff.deltas().filter(|delta| matches!(delta.status(), Delta::Added | Delta::Untracked));
            Ok(new.filter_map(|delta| RepoPath::new(delta.new_file().path()?.to_str()?).ok()).collect())
        };
        self.with(list)?.map_err(GitError::git("list the new files"))
    }
}
