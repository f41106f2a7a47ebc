//! Reads and writes the user's work tree: several files or none, only where a fix may [`Reach`], never over what changed
//! in the meantime.

use super::plan::ApplyPlan;
use super::reach::{Reach, Unreachable};
use super::texts::{CurrentTexts, MAX_FILE, ReadError};
use finding::RepoPath;
use git::Repository;
use patch::FileOutcome;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::NamedTempFile;

/// The files of a repository's work tree.
#[derive(Debug, Clone)]
pub struct WorkTree {
    reach: Reach,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Somebody else wrote at the same time.
    #[error("{path} was changed meanwhile; nothing was applied, try again")]
    Changed {
        /// Which file.
        path: RepoPath,
    },
    /// It cannot be compared with what it was.
    #[error("{source}; nothing was applied")]
    Read {
        /// Why.
        #[from]
        source: ReadError,
    },
    /// The system says no.
    #[error("failed to write {path}: {source}; {}", kept(left))]
    Failed {
        /// Which file.
        path: RepoPath,
        /// What the system said.
        source: io::Error,
        /// Files that were written before and could not be put back; empty if nothing was applied.
        left: Vec<RepoPath>,
    },
}

fn kept(left: &[RepoPath]) -> String {
    if left.is_empty() {
        return "nothing was applied".to_owned();
    }
    let left: Vec<&str> = left.iter().map(RepoPath::as_str).collect();
    format!("what was there before could not be put back in {}", left.join(", "))
}

/// What is to be done to one file.
#[derive(Debug)]
struct Step {
    path: RepoPath,
    at: PathBuf,
    before: Option<Arc<str>>,
    /// The new text, written beside the file already; `None` to remove it.
    after: Option<NamedTempFile>,
}

/// A file that was changed.
#[derive(Debug)]
struct Done {
    path: RepoPath,
    at: PathBuf,
    before: Option<Arc<str>>,
}

impl CurrentTexts for WorkTree {
    fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, ReadError> {
        let at = self.reach.place(path)?;
        let failed = |e: io::Error| ReadError::Failed { path: path.clone(), why: e.to_string() };
        match fs::metadata(&at) {
            Ok(metadata) if metadata.len() > MAX_FILE => return Err(ReadError::TooLarge { path: path.clone() }),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed(e)),
        }
        let text = String::from_utf8(fs::read(&at).map_err(failed)?);
        text.map(|text| Some(text.into())).map_err(|_| ReadError::NotUtf8 { path: path.clone() })
    }
}

impl WorkTree {
    /// The work tree of a repository.
    ///
    /// # Errors
    /// When it is gone.
    pub fn of(repository: &Repository) -> Result<Self, Unreachable> {
        Ok(Self { reach: Reach::of(repository)? })
    }

    /// Where fixes may reach in it.
    #[must_use]
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Changes the files of a plan, all or none.
    ///
    /// # Errors
    /// When one of them was changed since the plan was made, must not be touched, or cannot be written. What was
    /// written before is put back; [`WriteError::Failed`] names what could not be.
    pub fn change(&self, plan: &ApplyPlan) -> Result<(), WriteError> {
        let before = |path: &RepoPath| plan.before.get(path).cloned().flatten();
        let mut steps = Vec::new();
        for (path, outcome) in &plan.files {
            let (to, text) = match outcome {
                FileOutcome::Edited { text, .. } | FileOutcome::Created { text } => (path, Some(text)),
                FileOutcome::Deleted => (path, None),
                FileOutcome::Renamed { to, text } => (to, Some(text)),
            };
            steps.push(self.prepare(to, before(to), text.map(String::as_str), path)?);
            if to != path {
                steps.push(self.prepare(path, before(path), None, path)?);
            }
        }
        for step in &steps {
            if self.read(&step.path)? != step.before {
                return Err(WriteError::Changed { path: step.path.clone() });
            }
        }
        write(steps)
    }

    /// Writes the new text into a file beside `path`, with the permissions of `like`.
    fn prepare(
        &self,
        path: &RepoPath,
        before: Option<Arc<str>>,
        after: Option<&str>,
        like: &RepoPath,
    ) -> Result<Step, WriteError> {
        let at = self.reach.place(path).map_err(ReadError::from)?;
        let like = self.reach.root().join(like.as_str());
        let failed = |source| WriteError::Failed { path: path.clone(), source, left: Vec::new() };
        let after = after.map(|text| write_beside(&at, text, &like).map_err(failed)).transpose()?;
        Ok(Step { path: path.clone(), at, before, after })
    }
}

/// A durable file in the folder of `at`, with the permissions of `like` if that is there.
fn write_beside(at: &Path, text: &str, like: &Path) -> io::Result<NamedTempFile> {
    let folder = at.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".deep-review-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // For a file that is new; the user's mask is taken off.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    if let Ok(metadata) = fs::metadata(like) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

/// Takes all steps, each at once for whoever reads the file. If one fails, those before it are taken back.
fn write(steps: Vec<Step>) -> Result<(), WriteError> {
    let mut done: Vec<Done> = Vec::new();
    for Step { path, at, before, after } in steps {
        let result = match after {
            Some(file) => file.persist(&at).map(drop).map_err(|e| e.error),
            None => fs::remove_file(&at),
        };
        if let Err(source) = result {
            return Err(WriteError::Failed { path, source, left: put_back(&done) });
        }
        done.push(Done { path, at, before });
    }
    Ok(())
}

/// Puts back what was there, and names the files where that fails.
fn put_back(done: &[Done]) -> Vec<RepoPath> {
    let back = |Done { at, before, .. }: &&Done| match before {
        Some(text) => fs::write(at, text.as_bytes()).is_err(),
        None => fs::remove_file(at).is_err(),
    };
    done.iter().rev().filter(back).map(|done| done.path.clone()).collect()
}

#[cfg(test)]
#[path = "worktree_tests.rs"]
mod tests;
