//! Where the findings of a round are in the text as it is now. Pure: a projection is a function of the round,
//! what people decided, and the texts, so that undo, a reload or a branch switch come out right by themselves.
//!
//! What depends on the round and its reviewed texts alone is a [`RoundIndex`], made once; [`RoundIndex::file`] says what a
//! file is cited for, [`ReviewedFixes`] what its findings' fixes do to the reviewed text, and [`project`] lays that over
//! the current text.

use finding::{Anchor, Decisions, Finding, FindingId, FindingStatus, Fix, LineRange, RepoPath, Round, State};
use patch::{Carried, FileOutcome, FilePatch, Hints, LineEdit, LineMap, Patch, Placed, Placement, Refusal};
use std::cell::OnceCell;
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

    /// The files of the main places of findings whose fixes reach into `path` from there.
    pub(crate) fn reaching_into<'p>(&'p self, path: &RepoPath) -> impl Iterator<Item = &'p RepoPath> {
        let reach = self.beyond.iter().filter(move |(_, files)| files.contains(path));
        reach.filter_map(|(number, _)| Some(&self.round.findings[*number].anchors.first()?.path))
    }

    /// Files whose diagnostics mention places in `path`.
    pub(crate) fn dependents(&self, path: &RepoPath) -> BTreeSet<&RepoPath> {
        let mut found = BTreeSet::new();
        for anchor_ref in self.file(path).unwrap_or_default() {
            let finding = &self.round.findings[anchor_ref.finding];
            found.extend(finding.anchors.first().map(|a| &a.path));
            if anchor_ref.anchor == 0 {
                let related = self.related_by.get(&anchor_ref.finding).into_iter().flatten();
                found.extend(related.filter_map(|&f| Some(&self.round.findings[f].anchors.first()?.path)));
            }
        }
        found.remove(path);
        found
    }
}

/// A fix read and placed in the reviewed text of its finding's file.
#[derive(Debug)]
pub(crate) struct ReviewedFix {
    /// What it does to that file.
    patch: Option<Patch>,
    placed: Result<Placed, Refusal>,
    reach: Reach,
}

/// Which files a fix changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// That of its finding's main place alone.
    Main,
    /// That and others.
    MainAndOthers,
    /// Others alone.
    Others,
}

/// What the fixes of a file's findings do to its reviewed text; by finding, in the order of its fixes.
#[derive(Debug, Default)]
pub(crate) struct ReviewedFixes {
    fixes: BTreeMap<usize, Vec<ReviewedFix>>,
}

impl ReviewedFixes {
    /// Looks at the fixes of every finding whose main place is in `path`.
    pub(crate) fn of(round_index: &RoundIndex, path: &RepoPath, reviewed: Option<&str>) -> Self {
        let text = reviewed.map(patch::Text::new);
        let mut fixes = BTreeMap::new();
        for anchor_ref in round_index.file(path).unwrap_or_default().iter().filter(|s| s.anchor == 0) {
            let finding = &round_index.round.findings[anchor_ref.finding];
            let place = |fix: &Fix| {
                let (patch, reach) = match patch::parse(&fix.diff) {
                    Ok(parsed) => main_part(finding, fix, parsed),
                    Err(e) => return ReviewedFix { patch: None, placed: Err(e.into()), reach: Reach::Main },
                };
                let placed = match (&patch, &text) {
                    (Some(patch), Some(text)) => {
                        patch::place_patch(text, patch, &hints(finding, fix, finding.anchors[0].lines))
                    }
                    (None, _) | (_, None) => Err(Refusal::NotFound),
                };
                ReviewedFix { patch, placed, reach }
            };
            if !finding.fixes.is_empty() {
                fixes.insert(anchor_ref.finding, finding.fixes.iter().map(place).collect());
            }
        }
        Self { fixes }
    }

    fn fixes(&self, finding: usize) -> &[ReviewedFix] {
        self.fixes.get(&finding).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Whether a fix changes the file of its finding's main place, and no other.
pub(crate) fn is_in_main_file(finding: &Finding, fix: &Fix, parsed: &Patch) -> bool {
    matches!(parsed.files.as_slice(), [file] if is_main_file(finding, fix, file))
}

fn is_main_file(finding: &Finding, fix: &Fix, file: &FilePatch) -> bool {
    let Some(main) = finding.anchors.first().map(|anchor| anchor.path.as_str()) else { return false };
    let named = file.path.as_deref().or(fix.path.as_ref().map(RepoPath::as_str));
    named.is_none_or(|named| named == main || main.ends_with(&format!("/{named}")))
}

/// What a fix does to the file of its finding's main place, if anything.
fn main_part(finding: &Finding, fix: &Fix, mut parsed: Patch) -> (Option<Patch>, Reach) {
    let all = parsed.files.len();
    parsed.files.retain(|file| is_main_file(finding, fix, file));
    match parsed.files.len() {
        0 => (None, Reach::Others),
        own if own == all && own == 1 => (Some(parsed), Reach::Main),
        _ => (Some(parsed), Reach::MainAndOthers),
    }
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
    let main = finding.anchors.first().map_or("", |anchor| anchor.path.as_str());
    let own = |name: &str| name.split('\t').next().is_some_and(|name| name.trim_end().ends_with(main));
    fix.path.as_ref().is_some_and(|path| path.as_str() != main)
        || fix.diff.lines().any(|line| match line.strip_prefix("+++ ") {
            Some(name) => !own(name),
            None => line.starts_with("*** ") || line.starts_with("rename "),
        })
}

/// Whether what a fix makes of the `reviewed` texts is what stands in those of `now`, in all the files that it changes.
/// It is not where the fix was in all of them before.
pub(crate) fn is_in_all(finding: &Finding, fix: &Fix, now: &Texts, reviewed: &Texts) -> bool {
    let lines = finding.anchors.first().and_then(|anchor| anchor.lines);
    let set = [patch::Fix { name: &finding.label, diff: &fix.diff, hints: hints(finding, fix, lines) }];
    let outcome = patch::place_set(&set, &|path| reviewed.get(path).map(AsRef::as_ref));
    let is = |path: &RepoPath, text: &str| now.get(path).is_some_and(|now| now.lines().eq(text.lines()));
    let is_there = |(path, file): (&RepoPath, &FileOutcome)| match file {
        FileOutcome::Edited { edits, .. } => {
            let (Some(reviewed), Some(now)) = (reviewed.get(path), now.get(path)) else { return false };
            let (map, lines) = (LineMap::between(reviewed, now), now.lines().collect::<Vec<_>>());
            edits.iter().all(|edit| is_done(edit, &map, &lines))
        }
        FileOutcome::Created { text } => is(path, text),
        FileOutcome::Deleted => !now.contains_key(path),
        FileOutcome::Renamed { to, text } => is(to, text) && !now.contains_key(path),
    };
    outcome.fixes.iter().all(Result::is_ok) && outcome.files.iter().all(is_there)
}

/// Texts of files of one repository.
pub(crate) type Texts = BTreeMap<RepoPath, Arc<str>>;

/// What says where a fix belongs; `lines` in the text that it is to be placed in.
pub(crate) fn hints<'a>(finding: &'a Finding, fix: &'a Fix, lines: Option<LineRange>) -> Hints<'a> {
    let anchor = finding.anchors.first();
    Hints {
        path: fix.path.as_ref().or(anchor.map(|a| &a.path)),
        lines,
        quote: anchor.and_then(|a| a.quote.as_deref()),
        symbol: finding.symbol.as_deref(),
    }
}

/// What has become of a place in the current text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnchorStatus {
    /// Its lines are as they were reviewed.
    Same,
    /// Its lines were changed.
    Touched,
    /// A fix of its finding is in the text.
    Fixed,
    /// Its lines are gone.
    Gone,
}

/// A place of a finding in the current text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlacedAnchor {
    pub(crate) anchor_ref: AnchorRef,
    /// Lines of the current text; line 1 where the whole file is meant.
    pub(crate) lines: LineRange,
    pub(crate) status: AnchorStatus,
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

/// Lays the round over the current text of a file.
///
/// `fixes` is asked only where the text changed and a finding has fixes; `is_in_all`, whether a fix (the numbers of
/// its finding and its own) is in all its files, only of those that change several.
pub(crate) fn project<'f>(
    round_index: &RoundIndex,
    path: &RepoPath,
    fixes: impl Fn() -> &'f ReviewedFixes,
    reviewed: Option<&str>,
    current: &str,
    is_in_all: impl Fn(usize, usize) -> bool,
) -> FileView {
    let map = reviewed.map(|reviewed| LineMap::between(reviewed, current));
    let changed = reviewed.is_none_or(|reviewed| reviewed != current);
    let text = Current::new(current);
    let places = round_index.file(path).unwrap_or_default().iter().map(|&anchor_ref| {
        let finding = &round_index.round.findings[anchor_ref.finding];
        let anchor = &finding.anchors[anchor_ref.anchor];
        let (lines, mut status) = locate(anchor, map.as_ref(), current);
        let may_be_fixed = changed && !finding.fixes.is_empty() || round_index.beyond.contains_key(&anchor_ref.finding);
        if may_be_fixed && anchor_ref.anchor == 0 {
            let is_done = |(number, (placed, fix)): (usize, (&ReviewedFix, &Fix))| {
                let in_main = || changed && is_in(finding, fix, placed, map.as_ref(), lines, &text);
                match placed.reach {
                    Reach::Main => in_main(),
                    Reach::MainAndOthers => in_main() && is_in_all(anchor_ref.finding, number),
                    Reach::Others => is_in_all(anchor_ref.finding, number),
                }
            };
            if fixes().fixes(anchor_ref.finding).iter().zip(&finding.fixes).enumerate().any(is_done) {
                status = AnchorStatus::Fixed;
            }
        }
        PlacedAnchor { anchor_ref, lines, status }
    });
    FileView { places: places.collect(), map }
}

fn locate(anchor: &Anchor, map: Option<&LineMap>, current: &str) -> (LineRange, AnchorStatus) {
    let Some(lines) = anchor.lines else { return (LineRange::line(1), AnchorStatus::Same) };
    match map.map(|map| map.carry(lines)) {
        Some(Carried::Untouched(lines)) => (lines, AnchorStatus::Same),
        Some(Carried::Touched(lines)) => (lines, AnchorStatus::Touched),
        Some(Carried::Gone(lines)) => (lines, AnchorStatus::Gone),
        // Without the reviewed text, the quoted code is all there is to go by.
        None => match anchor.quote.as_deref().and_then(|quote| patch::find_quote(current, quote, Some(lines))) {
            Some(lines) => (lines, AnchorStatus::Same),
            None => (lines, AnchorStatus::Touched),
        },
    }
}

/// Whether what a fix does to the file of its finding's main place is in the current text, and was not in the reviewed
/// one.
fn is_in(
    finding: &Finding,
    fix: &Fix,
    placed: &ReviewedFix,
    map: Option<&LineMap>,
    lines: LineRange,
    current: &Current<'_>,
) -> bool {
    let (Some(patch), Ok(applied), Some(map)) = (&placed.patch, &placed.placed, map) else { return false };
    // What its edits cover is as it was: it cannot be in. This keeps typing elsewhere cheap.
    if applied.edits.iter().all(|edit| carried(edit, map).is_some()) {
        return false;
    }
    applied.edits.iter().all(|edit| is_done(edit, map, current.lines()))
        || patch::place_patch(current.text(), patch, &hints(finding, fix, Some(lines))) == Err(Refusal::AlreadyApplied)
}

/// The current text, taken apart when that is first needed.
struct Current<'t> {
    source: &'t str,
    text: OnceCell<patch::Text<'t>>,
    lines: OnceCell<Vec<&'t str>>,
}

impl<'t> Current<'t> {
    fn new(source: &'t str) -> Self {
        Self { source, text: OnceCell::new(), lines: OnceCell::new() }
    }

    fn text(&self) -> &patch::Text<'t> {
        self.text.get_or_init(|| patch::Text::new(self.source))
    }

    fn lines(&self) -> &[&'t str] {
        self.lines.get_or_init(|| self.source.lines().collect())
    }
}

/// Whether the lines on both sides of an edit are as they were, and between them stands what it puts there.
fn is_done(edit: &LineEdit, map: &LineMap, now: &[&str]) -> bool {
    let same = |line: u32| match map.carry(LineRange::line(line)) {
        Carried::Untouched(lines) => Some(lines.start()),
        Carried::Touched(_) | Carried::Gone(_) => None,
    };
    let start = if edit.start <= 1 { Some(1) } else { same(edit.start - 1).map(|line| line + 1) };
    let last = u32::try_from(now.len()).unwrap_or(u32::MAX);
    // Behind the text's last line there is nothing that could be as it was.
    let end = same(edit.start + edit.count).map_or(last, |line| (line - 1).min(last));
    let Some(start) = start.filter(|start| *start <= end + 1) else { return false };
    let between = &now[start as usize - 1..end as usize];
    between.iter().map(|l| l.trim_end()).eq(edit.text.lines().map(str::trim_end))
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

/// Places a fix in the current text of its finding's file: carried there where nothing around it changed (which
/// costs next to nothing), placed anew otherwise. `texts` gives the reviewed text and the current one.
pub(crate) fn place(
    finding: &Finding,
    (index, number): (usize, usize),
    reviewed_fixes: &ReviewedFixes,
    view: &FileView,
    texts: impl FnOnce() -> (Option<Arc<str>>, Arc<str>),
) -> Result<Placed, Refusal> {
    let lines = view.place(AnchorRef::main(index)).map(|at| view.places[at].lines);
    let lines = finding.anchors.first().and_then(|a| a.lines).and(lines);
    let (Some(fix), Some(placed)) = (finding.fixes.get(number), reviewed_fixes.fixes(index).get(number)) else {
        return Err(Refusal::NotFound);
    };
    if placed.reach != Reach::Main {
        return Err(Refusal::NotFound);
    }
    if let (Ok(applied), Some(map)) = (&placed.placed, &view.map)
        && let Some(edits) = applied.edits.iter().map(|edit| carried(edit, map)).collect()
    {
        return Ok(Placed { edits, placement: applied.placement });
    }
    let cited = hints(finding, fix, finding.anchors.first().and_then(|a| a.lines));
    let (reviewed, current) = texts();
    match (reviewed, &view.map) {
        (Some(reviewed), Some(map)) => patch::place_since(&reviewed, &current, map, &fix.diff, &cited),
        _ => patch::place(&current, &fix.diff, &hints(finding, fix, lines)),
    }
}

/// Whether a fix may be applied without a look at it.
pub(crate) fn is_certain(placement: Placement) -> bool {
    matches!(placement, Placement::Exact | Placement::Whitespace)
}

/// What has become of a finding: by a person's word first, then by the text.
pub(crate) fn state(finding: &Finding, decisions: &Decisions, main: Option<AnchorStatus>) -> State {
    match decisions.resolutions.get(&finding.id).map(|r| &r.state) {
        Some(state @ (State::Dismissed { .. } | State::Fixed | State::Outdated)) => state.clone(),
        Some(State::Open) | None => match main {
            Some(AnchorStatus::Fixed) => State::Fixed,
            Some(AnchorStatus::Gone) => State::Outdated,
            Some(AnchorStatus::Same | AnchorStatus::Touched) | None => State::Open,
        },
    }
}

#[cfg(test)]
#[path = "projection_tests.rs"]
mod tests;
