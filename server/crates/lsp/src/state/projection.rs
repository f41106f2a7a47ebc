//! Where the findings of a round are in the text as it is now. Pure: a projection is a function of the round,
//! what people decided, and the texts, so that undo, a reload or a branch switch come out right by themselves.
//!
//! What depends on the round and its reviewed texts alone is a [`RoundIndex`], made once; [`RoundIndex::file`] says what
//! a file is cited for, [`ReviewedFixes`] where its findings' fixes belong in the reviewed text, and [`project`] lays
//! that over the current text.

use finding::{Anchor, Finding, FindingId, FindingStatus, Fix, LineRange, RepoPath, Round};
use merge::state::TextState;
use patch::{Carried, FilePatch, Hints, LineEdit, LineMap, Patch, Placed, Refusal};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// One place of one finding: indices into [`Round::findings`] and [`Finding::anchors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AnchorRef {
    pub(crate) finding: usize,
    pub(crate) anchor: usize,
}

impl AnchorRef {
    /// The main place of a finding.
    pub(crate) fn main(finding: usize) -> Self {
        Self { finding, anchor: 0 }
    }
}

/// A round, by file.
#[derive(Debug)]
pub(crate) struct RoundIndex {
    pub(crate) round: Arc<Round>,
    files: BTreeMap<RepoPath, Vec<AnchorRef>>,
    numbers: HashMap<FindingId, usize>,
    /// The findings that name a finding as related, by its number.
    related_by: HashMap<usize, Vec<usize>>,
    /// Files beside that of its main place that the fixes of a finding change, by its number.
    beyond: HashMap<usize, BTreeSet<RepoPath>>,
}

impl RoundIndex {
    pub(crate) fn new(round: Arc<Round>) -> Self {
        let mut files: BTreeMap<RepoPath, Vec<AnchorRef>> = BTreeMap::new();
        for (finding, f) in round.findings.iter().enumerate() {
            if matches!(f.verification, FindingStatus::Refuted { .. }) {
                continue;
            }
            for (anchor, a) in f.anchors.iter().enumerate() {
                files.entry(a.path.clone()).or_default().push(AnchorRef { finding, anchor });
            }
        }
        for observation in &round.observations {
            for anchor in &observation.anchors {
                files.entry(anchor.path.clone()).or_default();
            }
        }
        let beyond: HashMap<usize, BTreeSet<RepoPath>> = (0..)
            .zip(&round.findings)
            .map(|(number, finding)| (number, beyond_main_file(finding)))
            .filter(|(_, files)| !files.is_empty())
            .collect();
        for path in beyond.values().flatten() {
            files.entry(path.clone()).or_default();
        }
        let numbers: HashMap<FindingId, usize> =
            round.findings.iter().enumerate().map(|(number, f)| (f.id.clone(), number)).collect();
        let mut related_by: HashMap<usize, Vec<usize>> = HashMap::new();
        for (number, finding) in round.findings.iter().enumerate() {
            for other in finding.related.iter().filter_map(|id| numbers.get(id)) {
                related_by.entry(*other).or_default().push(number);
            }
        }
        Self { round, files, numbers, related_by, beyond }
    }

    /// The number of a finding in the round.
    pub(crate) fn number(&self, id: &FindingId) -> Option<usize> {
        self.numbers.get(id).copied()
    }

    /// The files that the round has something to say about.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &RepoPath> {
        self.files.keys()
    }

    /// The places in a file, in the order of the findings; `None` if nothing is in it.
    pub(crate) fn file(&self, path: &RepoPath) -> Option<&[AnchorRef]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// Files beside that of its main place that a finding's fixes change.
    pub(crate) fn beyond(&self, finding: usize) -> impl Iterator<Item = &RepoPath> {
        self.beyond.get(&finding).into_iter().flatten()
    }

    /// The other files that fixes of a file's findings change.
    pub(crate) fn reach_of(&self, path: &RepoPath) -> BTreeSet<&RepoPath> {
        let own = self.file(path).unwrap_or_default().iter().filter(|at| at.anchor == 0 && !self.beyond.is_empty());
        own.flat_map(|at| self.beyond(at.finding)).filter(|other| *other != path).collect()
    }

    /// Whether fixes of a finding change other files than that of its main place.
    pub(crate) fn reaches_beyond(&self, finding: usize) -> bool {
        self.beyond.contains_key(&finding)
    }

    /// The files of the main places of findings whose fixes reach into `path` from there.
    pub(crate) fn reaching_into<'p>(&'p self, path: &RepoPath) -> impl Iterator<Item = &'p RepoPath> {
        let reach = self.beyond.iter().filter(move |(_, files)| files.contains(path));
        reach.filter_map(|(number, _)| Some(&self.round.findings[*number].main_anchor()?.path))
    }

    /// Files whose diagnostics mention places in `path`.
    pub(crate) fn dependents(&self, path: &RepoPath) -> BTreeSet<&RepoPath> {
        let mut found = BTreeSet::new();
        for anchor_ref in self.file(path).unwrap_or_default() {
            let finding = &self.round.findings[anchor_ref.finding];
            found.extend(finding.main_anchor().map(|a| &a.path));
            if anchor_ref.anchor == 0 {
                let related = self.related_by.get(&anchor_ref.finding).into_iter().flatten();
                found.extend(related.filter_map(|&f| Some(&self.round.findings[f].main_anchor()?.path)));
            }
        }
        found.remove(path);
        found
    }
}

/// Where fixes belong in the reviewed text of a file, or why nowhere, of those that change nothing else (`None` for the
/// others); by finding, in the order of its fixes.
#[derive(Debug, Default)]
pub(crate) struct ReviewedFixes {
    placed: BTreeMap<usize, Vec<Option<Result<Placed, Refusal>>>>,
}

impl ReviewedFixes {
    /// Places the fixes of every finding whose main place is in `path`.
    pub(crate) fn of(round_index: &RoundIndex, path: &RepoPath, reviewed: Option<&str>) -> Self {
        let Some(text) = reviewed.map(patch::Text::new) else { return Self::default() };
        let mut placed = BTreeMap::new();
        for anchor_ref in round_index.file(path).unwrap_or_default().iter().filter(|at| at.anchor == 0) {
            let finding = &round_index.round.findings[anchor_ref.finding];
            let place = |fix: &Fix| {
                let patch = patch::parse(&fix.diff).ok().filter(|patch| is_in_main_file(finding, fix, patch))?;
                Some(patch::place_patch(&text, &patch, &hints(finding, fix, finding.anchors[0].lines)))
            };
            if !finding.fixes.is_empty() {
                placed.insert(anchor_ref.finding, finding.fixes.iter().map(place).collect());
            }
        }
        Self { placed }
    }

    /// A fix, carried into the current text where nothing changed around it: that costs next to nothing. `None` says
    /// nothing of whether it applies.
    pub(crate) fn carried(&self, finding: usize, number: usize, view: &FileView) -> Option<Result<Placed, Refusal>> {
        let placed = self.placed.get(&finding)?.get(number)?.as_ref()?;
        let map = view.map.as_ref()?;
        match placed {
            Ok(placed) => {
                let edits = placed.edits.iter().map(|edit| carried(edit, map)).collect::<Option<_>>()?;
                Some(Ok(Placed { edits, placement: placed.placement }))
            }
            // Nothing changed, so it does not apply now either.
            Err(refusal) => map.is_identity().then(|| Err(refusal.clone())),
        }
    }
}

/// Whether a fix changes the file of its finding's main place, and no other.
fn is_in_main_file(finding: &Finding, fix: &Fix, parsed: &Patch) -> bool {
    matches!(parsed.files.as_slice(), [file] if is_main_file(finding, fix, file))
}

fn is_main_file(finding: &Finding, fix: &Fix, file: &FilePatch) -> bool {
    let Some(main) = finding.main_anchor().map(|anchor| anchor.path.as_str()) else { return false };
    let named = file.path.as_deref().or(fix.path.as_ref().map(RepoPath::as_str));
    named.is_none_or(|named| named == main || main.ends_with(&format!("/{named}")))
}

/// Files beside that of its main place that a finding's fixes change.
fn beyond_main_file(finding: &Finding) -> BTreeSet<RepoPath> {
    let mut found = BTreeSet::new();
    for fix in finding.fixes.iter().filter(|fix| may_reach_beyond(finding, fix)) {
        let files = patch::parse(&fix.diff).map(|patch| patch.files).unwrap_or_default();
        let others = files.into_iter().filter(|file| !is_main_file(finding, fix, file));
        let named = others.flat_map(|file| [file.path.or(fix.path.as_ref().map(ToString::to_string)), file.old_path]);
        found.extend(named.flatten().filter_map(|path| RepoPath::new(path).ok()));
    }
    found
}

/// Whether it is worth while to read a fix to know that: most name one file, or none.
fn may_reach_beyond(finding: &Finding, fix: &Fix) -> bool {
    let main = finding.main_anchor().map_or("", |anchor| anchor.path.as_str());
    let own = |name: &str| name.split('\t').next().is_some_and(|name| name.trim_end().ends_with(main));
    fix.path.as_ref().is_some_and(|path| path.as_str() != main)
        || fix.diff.lines().any(|line| match line.strip_prefix("+++ ") {
            Some(name) => !own(name),
            None => line.starts_with("*** ") || line.starts_with("rename "),
        })
}

/// What says where a fix belongs; `lines` in the text that it is to be placed in.
fn hints<'a>(finding: &'a Finding, fix: &'a Fix, lines: Option<LineRange>) -> Hints<'a> {
    let anchor = finding.main_anchor();
    Hints {
        path: fix.path.as_ref().or(anchor.map(|a| &a.path)),
        lines,
        quote: anchor.and_then(|a| a.quote.as_deref()),
        symbol: finding.symbol.as_deref(),
    }
}

/// A place of a finding in the current text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlacedAnchor {
    pub(crate) anchor_ref: AnchorRef,
    /// Lines of the current text; line 1 where the whole file is meant.
    pub(crate) lines: LineRange,
    pub(crate) status: TextState,
}

/// A file of the round, seen in its current text.
#[derive(Debug, Default)]
pub(crate) struct FileView {
    pub(crate) places: Vec<PlacedAnchor>,
    /// How lines of the reviewed text lead to the current one; `None` where there is no reviewed text.
    pub(crate) map: Option<LineMap>,
}

impl FileView {
    /// The index in `places` of a place: they are in the order of the findings.
    pub(crate) fn place(&self, anchor_ref: AnchorRef) -> Option<usize> {
        self.places.binary_search_by_key(&anchor_ref, |place| place.anchor_ref).ok()
    }
}

/// Lays the round over the current text of a file: `reviewed` is the text then, `current` that of now, each where it is
/// known or there. `is_fixed` says whether a fix of a finding is in.
pub(crate) fn project(
    round_index: &RoundIndex,
    path: &RepoPath,
    reviewed: Option<&str>,
    current: Option<&str>,
    is_fixed: impl Fn(usize) -> bool,
) -> FileView {
    let map = reviewed.map(|reviewed| LineMap::between(reviewed, current.unwrap_or_default()));
    let places = round_index.file(path).unwrap_or_default().iter().map(|&anchor_ref| {
        let anchor = &round_index.round.findings[anchor_ref.finding].anchors[anchor_ref.anchor];
        let (lines, status) = locate(anchor, map.as_ref(), current);
        let is_fixed = anchor_ref.anchor == 0 && is_fixed(anchor_ref.finding);
        PlacedAnchor { anchor_ref, lines, status: if is_fixed { TextState::Fixed } else { status } }
    });
    FileView { places: places.collect(), map }
}

fn locate(anchor: &Anchor, map: Option<&LineMap>, current: Option<&str>) -> (LineRange, TextState) {
    let first = LineRange::line(1);
    let Some(current) = current else {
        // What nobody has read cannot be missed.
        return (first, if map.is_some() { TextState::Gone } else { TextState::Same });
    };
    let Some(lines) = anchor.lines else { return (first, TextState::Same) };
    match map.map(|map| map.carry(lines)) {
        Some(Carried::Untouched(lines)) => (lines, TextState::Same),
        Some(Carried::Touched(lines)) => (lines, TextState::Touched),
        Some(Carried::Gone(lines)) => (lines, TextState::Gone),
        // Without the reviewed text, the quoted code is all there is to go by.
        None => match anchor.quote.as_deref().map(|quote| patch::find_quote(current, quote, Some(lines))) {
            Some(Some(lines)) => (lines, TextState::Same),
            Some(None) => (lines, TextState::Touched),
            None => (lines, TextState::Same),
        },
    }
}

/// An edit of the reviewed text as one of the current text; `None` where the lines it covers, or those on both
/// sides of it, were changed.
fn carried(edit: &LineEdit, map: &LineMap) -> Option<LineEdit> {
    let first = edit.start.saturating_sub(1).max(1);
    let last = (edit.start + edit.count).max(first);
    match map.carry(LineRange::new(first, last)) {
        Carried::Untouched(lines) => Some(LineEdit { start: lines.start() + (edit.start - first), ..edit.clone() }),
        Carried::Touched(_) | Carried::Gone(_) => None,
    }
}

#[cfg(test)]
#[path = "projection_tests.rs"]
mod tests;
