//! The texts that a fix is made for: the user's files as they are now, with what was proven before it.

use finding::RepoPath;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The user's files as they are now.
pub trait Files: Send + Sync + std::fmt::Debug {
    /// The text of a file; `None` if it is not there.
    ///
    /// # Errors
    /// Why it must not be changed, or cannot be read: out of reach, through a link, git's own, not text.
    fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, String>;

    /// The files whose text is not the one on disk: what is in an editor and not saved.
    fn unsaved(&self) -> BTreeMap<RepoPath, Arc<str>>;
}

/// The files, with what was proven so far in place of what is there.
#[derive(Debug)]
pub(super) struct Texts {
    files: Arc<dyn Files>,
    /// What is not saved of the files that are under review at all.
    unsaved: BTreeMap<RepoPath, Arc<str>>,
    accepted: agent::Texts,
}

impl Texts {
    /// `known` are the files of the snapshot: what the repository ignores is no agent's business because it is open.
    pub(super) fn new(files: Arc<dyn Files>, accepted: agent::Texts, known: &BTreeSet<RepoPath>) -> Self {
        let mut unsaved = files.unsaved();
        unsaved.retain(|path, _| known.contains(path));
        Self { files, unsaved, accepted }
    }

    pub(super) fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, String> {
        // Asked in any case: it says what must not be touched.
        let there = self.files.read(path)?;
        Ok(self.accepted.get(path).cloned().unwrap_or(there))
    }

    pub(super) fn is_accepted(&self, path: &RepoPath) -> bool {
        self.accepted.contains_key(path)
    }

    pub(super) fn accept(&mut self, path: RepoPath, text: Option<Arc<str>>) {
        self.accepted.insert(path, text);
    }

    /// What was proven so far.
    pub(super) fn into_accepted(self) -> agent::Texts {
        self.accepted
    }

    /// What is other than on disk.
    pub(super) fn overlay(&self) -> agent::Texts {
        let unsaved = self.unsaved.iter().map(|(path, text)| (path.clone(), Some(text.clone())));
        let mut texts: agent::Texts = unsaved.collect();
        texts.extend(self.accepted.iter().map(|(path, text)| (path.clone(), text.clone())));
        texts
    }
}
