//! Commits of single files: what else is changed or staged stays as it is.

use super::{GitError, Repository, command};
use finding::{CommitId, RepoPath};

impl Repository {
    /// Those of these files that are not, in the index and in the work tree, as they are in HEAD. One that is nowhere is.
    ///
    /// # Errors
    /// When git cannot say.
    pub fn uncommitted(&self, paths: &[&RepoPath]) -> Result<Vec<RepoPath>, GitError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let how = ["--literal-pathspecs", "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--"];
        let out = command::run(self.place(), &with(&how, paths), b"")?;
        let entries = out.split(|byte| *byte == 0).filter_map(|entry| std::str::from_utf8(entry.get(3..)?).ok());
        Ok(entries.filter_map(|path| RepoPath::new(path).ok()).collect())
    }

    /// Commits these files as they are in the work tree, new and deleted ones too, and nothing else. The user's hooks run.
    ///
    /// # Errors
    /// When git does not: a hook refuses, nobody has said who commits.
    pub fn commit_files(&self, message: &str, paths: &[&RepoPath]) -> Result<CommitId, GitError> {
        let there: Vec<&RepoPath> =
            paths.iter().copied().filter(|path| self.root().join(path.as_str()).exists()).collect();
        if !there.is_empty() {
            // A file that git has not heard of cannot be committed by name.
            command::run(self.place(), &with(&["--literal-pathspecs", "add", "--intent-to-add", "--"], &there), b"")?;
        }
        let how = ["--literal-pathspecs", "commit", "--quiet", "--only", "--file=-", "--"];
        command::run(self.place(), &with(&how, paths), message.as_bytes())?;
        let head = command::run(self.place(), &["rev-parse", "HEAD"], b"")?;
        Ok(CommitId::new(String::from_utf8_lossy(&head).trim()))
    }
}

fn with<'a>(how: &[&'a str], paths: &[&'a RepoPath]) -> Vec<&'a str> {
    how.iter().copied().chain(paths.iter().map(|path| path.as_str())).collect()
}
