//! Reads and writes the user's work tree: several files or none, only where a fix may [`Reach`], never over what changed
//! in the meantime.

use super::plan::ApplyPlan;
use super::texts::{CurrentTexts, MAX_FILE, ReadError};
use finding::RepoPath;
use git::{Draft, Entry, Folder, Reach, Repository, Unreachable};
use patch::FileOutcome;
use std::io;
use std::sync::Arc;

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
    folder: Folder,
    before: Option<Arc<str>>,
    /// The new text, written beside the file already; `None` to remove it.
    after: Option<Draft>,
}

/// A file that was changed.
#[derive(Debug)]
struct Done {
    path: RepoPath,
    folder: Folder,
    before: Option<Arc<str>>,
}

impl CurrentTexts for WorkTree {
    fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, ReadError> {
        match self.reach.hold(path, false)? {
            Some((folder, name)) => read(path, &folder, name),
            None => Ok(None),
        }
    }
}

fn read(path: &RepoPath, folder: &Folder, name: &str) -> Result<Option<Arc<str>>, ReadError> {
    let failed = |e: io::Error| ReadError::Failed { path: path.clone(), why: e.to_string() };
    match folder.entry(name).map_err(failed)? {
        None => return Ok(None),
        Some(Entry::File(size)) if size > MAX_FILE => return Err(ReadError::TooLarge { path: path.clone() }),
        Some(Entry::File(_)) => {}
        Some(Entry::Link) => return Err(Unreachable::Link { path: path.clone() }.into()),
        Some(Entry::Other) => return Err(Unreachable::NotAFile { path: path.clone() }.into()),
    }
    let text = String::from_utf8(folder.read(name, MAX_FILE).map_err(failed)?);
    text.map(|text| Some(text.into())).map_err(|_| ReadError::NotUtf8 { path: path.clone() })
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
            if read(&step.path, &step.folder, step.path.file_name())? != step.before {
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
        let hold = |path, make| self.reach.hold(path, make).map_err(ReadError::from);
        let gone = || ReadError::Failed { path: path.clone(), why: "its folder is gone".to_owned() };
        let (folder, _) = hold(path, after.is_some())?.ok_or_else(gone)?;
        let like = hold(like, false)?.unwrap_or_else(|| (folder.clone(), like.file_name()));
        let failed = |source| WriteError::Failed { path: path.clone(), source, left: Vec::new() };
        let draft = |text: &str| folder.draft(text, (&like.0, like.1)).map_err(failed);
        let after = after.map(draft).transpose()?;
        Ok(Step { path: path.clone(), folder, before, after })
    }
}

/// Takes all steps, each at once for whoever reads the file. If one fails, those before it are taken back.
fn write(steps: Vec<Step>) -> Result<(), WriteError> {
    let mut done: Vec<Done> = Vec::new();
    for Step { path, folder, before, after } in steps {
        let result = match after {
            Some(draft) => draft.place(path.file_name()),
            None => folder.remove(path.file_name()),
        };
        if let Err(source) = result {
            return Err(WriteError::Failed { path, source, left: put_back(&done) });
        }
        done.push(Done { path, folder, before });
    }
    Ok(())
}

/// Puts back what was there, and names the files where that fails.
fn put_back(done: &[Done]) -> Vec<RepoPath> {
    let fails = |Done { path, folder, before }: &&Done| {
        let name = path.file_name();
        match before {
            Some(text) => folder.draft(text, (folder, name)).and_then(|draft| draft.place(name)).is_err(),
            None => folder.remove(name).is_err(),
        }
    };
    done.iter().rev().filter(fails).map(|done| done.path.clone()).collect()
}

#[cfg(test)]
#[path = "worktree_tests.rs"]
mod tests;
