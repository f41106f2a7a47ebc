//! Fixes as edits of the snapshot's text, for formats that want exact places.

use super::Texts;
use finding::{Finding, Fix, RepoPath};
use patch::{Hints, LineEdit, Text};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A fix that applies to the snapshot.
pub struct Placed<'a> {
    /// The file.
    pub path: &'a RepoPath,
    /// In order; lines of the snapshot.
    pub edits: Vec<LineEdit>,
    /// Whose edits they are.
    pub fix: &'a Fix,
}

/// Places fixes in the texts that were reviewed. Each text is split into lines once, however many fixes go to it.
#[derive(Debug)]
pub struct Placer<'a> {
    texts: &'a Texts,
    split: RefCell<BTreeMap<&'a RepoPath, Rc<Text<'a>>>>,
}

impl<'a> Placer<'a> {
    /// For fixes that go to `texts`.
    #[must_use]
    pub fn new(texts: &'a Texts) -> Self {
        Self { texts, split: RefCell::default() }
    }

    /// The finding's fixes that apply, the best first.
    pub fn placed(&self, finding: &'a Finding) -> impl Iterator<Item = Placed<'a>> {
        finding.fixes.iter().filter_map(|fix| self.place(finding, fix))
    }

    /// The fix's edits; `None` where the text is not at hand or the fix does not apply to it.
    fn place(&self, finding: &'a Finding, fix: &'a Fix) -> Option<Placed<'a>> {
        let anchor = finding.main_anchor();
        let path = fix.path.as_ref().or(anchor.map(|a| &a.path))?;
        let cited = anchor.filter(|a| a.path == *path);
        let hints = Hints {
            path: Some(path),
            lines: cited.and_then(|a| a.lines),
            quote: cited.and_then(|a| a.quote.as_deref()),
            symbol: finding.symbol.as_deref(),
        };
        let source = self.texts.get(path)?;
        let text = Rc::clone(self.split.borrow_mut().entry(path).or_insert_with(|| Rc::new(Text::new(source))));
        let edits = patch::place_patch(&text, &patch::parse(&fix.diff).ok()?, &hints).ok()?.edits;
        (!edits.is_empty()).then_some(Placed { path, edits, fix })
    }
}
