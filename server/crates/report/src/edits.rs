//! Fixes as edits of the snapshot's text, for formats that want exact places.

use super::Texts;
use finding::{Finding, Fix, RepoPath};
use patch::{Hints, LineEdit};

/// A fix that applies to the snapshot.
pub struct Placed<'a> {
    /// The file.
    pub path: &'a RepoPath,
    /// In order; lines of the snapshot.
    pub edits: Vec<LineEdit>,
    /// Whose edits they are.
    pub fix: &'a Fix,
}

/// The fix's edits; `None` where the text is not at hand or the fix does not apply to it.
pub fn place<'a>(finding: &'a Finding, fix: &'a Fix, texts: &Texts) -> Option<Placed<'a>> {
    let anchor = finding.main_anchor();
    let path = fix.path.as_ref().or(anchor.map(|a| &a.path))?;
    let cited = anchor.filter(|a| a.path == *path);
    let hints = Hints {
        path: Some(path),
        lines: cited.and_then(|a| a.lines),
        quote: cited.and_then(|a| a.quote.as_deref()),
        symbol: finding.symbol.as_deref(),
    };
    let edits = patch::place(texts.get(path)?, &fix.diff, &hints).ok()?.edits;
    (!edits.is_empty()).then_some(Placed { path, edits, fix })
}

/// The finding's fixes that apply, the best first.
pub fn placed<'a>(finding: &'a Finding, texts: &'a Texts) -> impl Iterator<Item = Placed<'a>> {
    finding.fixes.iter().filter_map(|fix| place(finding, fix, texts))
}
