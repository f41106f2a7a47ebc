//! The texts that a fix is made for: the user's files as they are now, with what was proven before it.

use finding::RepoPath;
use std::collections::BTreeMap;
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
    accepted: agent::Texts,
}

impl Texts {
    pub(super) fn new(files: Arc<dyn Files>, accepted: agent::Texts) -> Self {
        Self { files, accepted }
    }

    pub(super) fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, String> {
        // Asked in any case: it says what must not be touched.
        let there = self.files.read(path)?;
        Ok(self.accepted.get(path).cloned().unwrap_or(there))
    }

    pub(super) fn accept(&mut self, path: RepoPath, text: Option<Arc<str>>) {
        self.accepted.insert(path, text);
    }

    /// What is other than on disk.
    pub(super) fn overlay(&self) -> agent::Texts {
        let mut texts: agent::Texts = self.files.unsaved().into_iter().map(|(path, text)| (path, Some(text))).collect();
        texts.extend(self.accepted.iter().map(|(path, text)| (path.clone(), text.clone())));
        texts
    }
}
