//! The texts that a document quotes from.

use finding::RepoPath;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The snapshot's texts of the files that a round cites: what code is quoted from and fixes are placed in.
/// A file that is missing here is quoted as its agents quoted it.
#[derive(Debug, Clone, Default)]
pub struct Texts(BTreeMap<RepoPath, Arc<str>>);

impl Texts {
    /// The files and their texts, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&RepoPath, &Arc<str>)> {
        self.0.iter()
    }

    /// The text of `path`.
    #[must_use]
    pub fn get(&self, path: &RepoPath) -> Option<&str> {
        self.0.get(path).map(AsRef::as_ref)
    }

    /// The text of `path`, to be kept.
    #[must_use]
    pub fn shared(&self, path: &RepoPath) -> Option<Arc<str>> {
        self.0.get(path).cloned()
    }

    /// Adds or replaces the text of `path`.
    pub fn insert(&mut self, path: RepoPath, text: impl Into<Arc<str>>) {
        self.0.insert(path, text.into());
    }
}

impl FromIterator<(RepoPath, Arc<str>)> for Texts {
    fn from_iter<I: IntoIterator<Item = (RepoPath, Arc<str>)>>(texts: I) -> Self {
        Self(texts.into_iter().collect())
    }
}
