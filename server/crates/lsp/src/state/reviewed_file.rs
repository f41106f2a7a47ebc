//! A file as it was reviewed.

use super::projection::{ReviewedFixes, RoundIndex};
use finding::{BlobId, Finding, RepoPath};
use merge::Outline;
use merge::state::{Effects, TextOf};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use store::Store;

/// A file's text when the round froze it. What is made from it is made when it is first needed.
#[derive(Debug)]
pub(crate) struct ReviewedFile {
    pub(crate) blob: Option<BlobId>,
    store: Store,
    text: OnceLock<Option<Arc<str>>>,
    fixes: OnceLock<ReviewedFixes>,
    effects: OnceLock<BTreeMap<usize, Effects>>,
    outline: OnceLock<Outline>,
}

impl ReviewedFile {
    pub(crate) fn new(blob: Option<BlobId>, store: Store) -> Self {
        Self {
            blob,
            store,
            text: OnceLock::new(),
            fixes: OnceLock::new(),
            effects: OnceLock::new(),
            outline: OnceLock::new(),
        }
    }

    /// Says what the text is, so that it is not read from the store.
    pub(crate) fn set_text(&self, text: Arc<str>) {
        // Whoever was quicker said the same.
        let _ = self.text.set(Some(text));
    }

    /// The text, read from the store the first time.
    pub(crate) fn text(&self) -> Option<&Arc<str>> {
        self.text.get_or_init(|| self.blob.as_ref().and_then(|blob| self.store.text(blob)).map(Arc::from)).as_ref()
    }

    /// The text, if it was read or said before.
    pub(crate) fn known_text(&self) -> Option<&Arc<str>> {
        self.text.get()?.as_ref()
    }

    /// Whether a text is the one that was reviewed.
    pub(crate) fn is(&self, text: &str) -> bool {
        match (self.known_text(), &self.blob) {
            (Some(known), _) => **known == *text,
            (None, Some(blob)) => git::blob_id(text) == *blob,
            (None, None) => false,
        }
    }

    /// What the fixes of the findings whose main place is in it do to the reviewed texts, by finding.
    pub(crate) fn effects(
        &self,
        round_index: &RoundIndex,
        path: &RepoPath,
        reviewed: TextOf<'_>,
    ) -> &BTreeMap<usize, Effects> {
        self.effects.get_or_init(|| {
            let own = round_index.file(path).unwrap_or_default().iter().filter(|at| at.anchor == 0);
            let numbers = own.map(|at| at.finding);
            let (numbers, findings): (Vec<usize>, Vec<&Finding>) = numbers
                .map(|number| (number, &round_index.round.findings[number]))
                .filter(|(_, finding)| !finding.fixes.is_empty())
                .unzip();
            numbers.into_iter().zip(Effects::of_each(&findings, reviewed)).collect()
        })
    }

    /// Where its findings' fixes belong in it.
    pub(crate) fn fixes(&self, round_index: &RoundIndex, path: &RepoPath) -> &ReviewedFixes {
        self.fixes.get_or_init(|| ReviewedFixes::of(round_index, path, self.text().map(AsRef::as_ref)))
    }

    /// Whether [`Self::fixes`] costs nothing.
    pub(crate) fn has_fixes(&self) -> bool {
        self.fixes.get().is_some()
    }

    /// Its functions and types, where the text is known.
    pub(crate) fn outline(&self, path: &RepoPath) -> Option<&Outline> {
        let text = self.text()?;
        Some(self.outline.get_or_init(|| Outline::of(path, text)))
    }
}
