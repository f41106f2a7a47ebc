//! Works out what fixes do to the files as they are now, by one rule each for certainty, clashes, alternatives and reach.

use super::states::{Situation, states};
use super::texts::ReadError;
use finding::{Anchor, Finding, FindingId, FindingStatus, Fix, LineRange, RepoPath, State};
use git::Unreachable;
use patch::{FileOutcome, Hints, LineEdit, LineMap, Placement, Refusal};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which fixes are to be applied. Indices are those of [`finding::Round::findings`], as [`find`](super::find()) gives them.
#[derive(Debug, Clone, Copy)]
pub enum Selection<'a> {
    /// Of each of these findings the first that applies; whoever names a finding takes a place that is not certain too.
    Findings(&'a [usize]),
    /// One fix of one finding, where somebody picked it.
    Fix {
        /// The finding.
        finding: usize,
        /// Its fix, an index into [`Finding::fixes`].
        fix: usize,
    },
    /// In bulk: of every open finding the first that applies where its place is certain; the gravest finding first.
    AllOpen {
        /// Only findings whose main place is in this file, and fixes that change no other.
        file: Option<&'a RepoPath>,
    },
}

/// What fixes come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApplyPlan {
    /// What becomes of each file, by its name before.
    pub files: BTreeMap<RepoPath, FileOutcome>,
    /// The texts of all files that were looked at, as they were then; `None` for one that is not there.
    pub before: BTreeMap<RepoPath, Option<Arc<str>>>,
    /// The findings that it resolves, at least in part, in the order of the selection.
    pub taken: Vec<Taken>,
    /// The others, with the reason.
    pub refused: Vec<Refused>,
}

/// A finding of which something is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Index into [`finding::Round::findings`].
    pub finding: usize,
    /// Its identity.
    pub id: FindingId,
    /// Its label.
    pub label: String,
    /// The fixes that are in, by their numbers.
    pub fixes: Vec<usize>,
    /// How sure the place of the least sure one is.
    pub placement: Placement,
    /// Why the fixes of its other places are not in; empty if the finding is resolved.
    pub left: Vec<NotApplied>,
}

/// A finding of which nothing is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Index into [`finding::Round::findings`].
    pub finding: usize,
    /// Its label.
    pub label: String,
    /// Why.
    pub why: NotApplied,
}

/// Why a fix is not applied. `Display` is what the user reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotApplied {
    /// No agent suggested one.
    #[error("it has no fix")]
    NoFix,
    /// In bulk, only what is certain is applied.
    #[error("its place is not certain; name it to apply it all the same")]
    NotCertain,
    /// One file's fixes are to change that file.
    #[error("it changes other files too")]
    OtherFiles,
    /// It cannot be placed, or stands in the way of one before it.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// A fix must not touch one of its files.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// One of its files cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
}

impl ApplyPlan {
    /// Whether every finding that was selected is resolved by it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.refused.is_empty() && self.taken.iter().all(|taken| taken.left.is_empty())
    }
}

impl ApplyPlan {
    /// Whether all that is in is in a certain place, so that nobody need look at it first.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.taken.iter().all(|taken| taken.placement.is_certain())
    }

    /// What is not applied, with the labels of the findings: of findings of which nothing is, and of places of others.
    pub fn not_applied(&self) -> impl Iterator<Item = (&str, &NotApplied)> {
        let left = self.taken.iter().flat_map(|t| t.left.iter().map(|why| (t.label.as_str(), why)));
        self.refused.iter().map(|refused| (refused.label.as_str(), &refused.why)).chain(left)
    }
}

/// Works out what the selected fixes do. Nothing is written.
#[must_use]
pub fn plan(situation: &Situation<'_>, selection: Selection<'_>) -> ApplyPlan {
    let mut planner = Planner::new(situation, Rule::of(selection));
    match selection {
        Selection::Findings(findings) => findings.iter().for_each(|index| planner.take(*index)),
        Selection::Fix { finding, fix } => planner.take_of(finding, &[vec![fix]]),
        Selection::AllOpen { file } => {
            open_with_fixes(situation, file).into_iter().for_each(|index| planner.take(index));
        }
    }
    planner.finish()
}

/// Whether a fix of each of these findings applies by itself, certain or not.
#[must_use]
pub(crate) fn would_apply(situation: &Situation<'_>, findings: &[usize]) -> Vec<bool> {
    let mut planner = Planner::new(situation, Rule::Asked);
    let mut applies = |index: &usize| {
        let finding = situation.round.findings.get(*index)?;
        let fixes: Vec<usize> = (0..finding.fixes.len()).collect();
        planner.first_of(*index, finding, &fixes).ok()
    };
    findings.iter().map(|index| applies(index).is_some()).collect()
}

/// The open findings that have a fix, in the order of the round.
fn open_with_fixes(situation: &Situation<'_>, file: Option<&RepoPath>) -> Vec<usize> {
    let is_standing = |f: &Finding| !matches!(f.verification, FindingStatus::Refuted { .. });
    let is_here = |f: &Finding| file.is_none_or(|file| f.main_anchor().is_some_and(|a| a.path == *file));
    let states = states(situation);
    let wanted = |f: &Finding| is_standing(f) && is_here(f) && states.get(&f.id) == Some(&State::Open);
    let findings = situation.round.findings.iter().enumerate();
    findings.filter(|(_, f)| wanted(f) && !f.fixes.is_empty()).map(|(index, _)| index).collect()
}

/// What a selection puts up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule<'a> {
    /// Any place that is not refused.
    Asked,
    /// Certain places; in this file alone if one is named.
    Bulk(Option<&'a RepoPath>),
}

impl<'a> Rule<'a> {
    fn of(selection: Selection<'a>) -> Self {
        match selection {
            Selection::Findings(_) | Selection::Fix { .. } => Self::Asked,
            Selection::AllOpen { file } => Self::Bulk(file),
        }
    }
}

/// A fix that is in the plan.
struct Chosen {
    finding: usize,
    fix: usize,
    placement: Placement,
    lines: Option<LineRange>,
}

/// One fix, placed by itself.
struct Alone {
    chosen: Chosen,
    files: BTreeMap<RepoPath, FileOutcome>,
}

struct Planner<'a> {
    situation: Situation<'a>,
    rule: Rule<'a>,
    texts: BTreeMap<RepoPath, Option<Arc<str>>>,
    unreadable: BTreeMap<RepoPath, ReadError>,
    maps: BTreeMap<RepoPath, Option<LineMap>>,
    chosen: Vec<Chosen>,
    /// The edits that are in, by file, with the label of their finding.
    edits: BTreeMap<RepoPath, Vec<(LineEdit, String)>>,
    plan: ApplyPlan,
}

impl<'a> Planner<'a> {
    fn new(situation: &Situation<'a>, rule: Rule<'a>) -> Self {
        Self {
            situation: *situation,
            rule,
            texts: BTreeMap::new(),
            unreadable: BTreeMap::new(),
            maps: BTreeMap::new(),
            chosen: Vec::new(),
            edits: BTreeMap::new(),
            plan: ApplyPlan::default(),
        }
    }

    /// Takes a finding's fixes in: at each place the first that applies.
    fn take(&mut self, index: usize) {
        let reviewed = self.situation.reviewed;
        let Some(finding) = self.situation.round.findings.get(index) else { return };
        self.take_of(index, &merge::fixes_by_place(finding, |path| reviewed.get(path)));
    }

    /// The same, with the alternatives at each place.
    fn take_of(&mut self, index: usize, places: &[Vec<usize>]) {
        let Some(finding) = self.situation.round.findings.get(index) else { return };
        let (mut fixes, mut left) = (Vec::new(), Vec::new());
        let mut placement = Placement::Exact;
        for alternatives in places {
            match self.first_of(index, finding, alternatives) {
                Ok(alone) => {
                    fixes.push(alone.chosen.fix);
                    placement = placement.max(alone.chosen.placement);
                    self.accept(finding, alone);
                }
                Err(why) => left.push(why),
            }
        }
        let label = finding.label.clone();
        let is_done = |why: &NotApplied| *why == NotApplied::Refusal(Refusal::AlreadyApplied);
        if fixes.is_empty() {
            // A finding whose fixes are all in the text is not open: in bulk, nobody asked for it.
            if matches!(self.rule, Rule::Bulk(_)) && !left.is_empty() && left.iter().all(is_done) {
                return;
            }
            let why = left.into_iter().next().unwrap_or(NotApplied::NoFix);
            self.plan.refused.push(Refused { finding: index, label, why });
        } else {
            // What is there already is no less resolved.
            left.retain(|why| !is_done(why));
            self.plan.taken.push(Taken { finding: index, id: finding.id.clone(), label, fixes, placement, left });
        }
    }

    /// The first of the alternatives that applies; otherwise why the first one does not.
    fn first_of(&mut self, index: usize, finding: &'a Finding, fixes: &[usize]) -> Result<Alone, NotApplied> {
        let mut why: Option<NotApplied> = None;
        for number in fixes {
            match self.alone(index, finding, *number) {
                Ok(alone) => return Ok(alone),
                // That nobody need do anything is the better news.
                Err(NotApplied::Refusal(Refusal::AlreadyApplied)) => why = Some(Refusal::AlreadyApplied.into()),
                Err(other) => drop(why.get_or_insert(other)),
            }
        }
        Err(why.unwrap_or(NotApplied::NoFix))
    }

    /// Places one fix by itself, and asks whether it may be applied with those that are in.
    fn alone(&mut self, finding: usize, of: &'a Finding, number: usize) -> Result<Alone, NotApplied> {
        let fix = of.fixes.get(number).ok_or(NotApplied::NoFix)?;
        let named = named_by(of, fix);
        named.iter().for_each(|path| self.load(path));
        let lines = self.lines_now(of, fix);
        let set = [patch::Fix { name: &of.label, diff: &fix.diff, hints: hints(of, fix, lines) }];
        let mut outcome = patch::place_set(&set, &|path| self.texts.get(path)?.as_deref());
        let placement = match outcome.fixes.pop() {
            Some(Ok(placement)) => placement,
            Some(Err(refusal)) => return Err(self.refusal(of, fix, &named, refusal)),
            None => return Err(NotApplied::NoFix),
        };
        self.may(placement, &outcome.files)?;
        Ok(Alone { chosen: Chosen { finding, fix: number, placement, lines }, files: outcome.files })
    }

    /// Whether a fix that can be placed may be applied.
    fn may(&self, placement: Placement, files: &BTreeMap<RepoPath, FileOutcome>) -> Result<(), NotApplied> {
        for (path, outcome) in files {
            self.situation.reach.place(path)?;
            if let FileOutcome::Renamed { to, .. } = outcome {
                self.situation.reach.place(to)?;
            }
            if let FileOutcome::Edited { edits, .. } = outcome
                && let Some(other) = self.in_the_way(path, edits)
            {
                return Err(Refusal::Overlaps { other }.into());
            }
        }
        match self.rule {
            Rule::Bulk(_) if !placement.is_certain() => Err(NotApplied::NotCertain),
            Rule::Bulk(Some(file)) if files.iter().any(|(path, outcome)| !is_edit_of(file, path, outcome)) => {
                Err(NotApplied::OtherFiles)
            }
            Rule::Bulk(_) | Rule::Asked => Ok(()),
        }
    }

    /// Whose edits clash with these, if anyone's.
    fn in_the_way(&self, path: &RepoPath, edits: &[LineEdit]) -> Option<String> {
        let mut taken = self.edits.get(path)?.iter();
        taken
            .find(|(other, _)| !edits.contains(other) && edits.iter().any(|edit| edit.clashes(other)))
            .map(|(_, label)| label.clone())
    }

    fn accept(&mut self, finding: &Finding, Alone { chosen, files }: Alone) {
        for (path, outcome) in files {
            if let FileOutcome::Edited { edits, .. } = outcome {
                let named = edits.into_iter().map(|edit| (edit, finding.label.clone()));
                self.edits.entry(path).or_default().extend(named);
            }
        }
        self.chosen.push(chosen);
    }

    fn load(&mut self, path: &RepoPath) {
        if self.texts.contains_key(path) || self.unreadable.contains_key(path) {
            return;
        }
        match self.situation.current.read(path) {
            Ok(text) => drop(self.texts.insert(path.clone(), text)),
            Err(why) => drop(self.unreadable.insert(path.clone(), why)),
        }
    }

    /// The cited lines, carried from the text that was reviewed into that of now.
    fn lines_now(&mut self, finding: &Finding, fix: &Fix) -> Option<LineRange> {
        let (path, cited) = (main_path(finding, fix)?, cited(finding, fix)?);
        let (reviewed, now) = (self.situation.reviewed.get(path), self.texts.get(path));
        let map = self.maps.entry(path.clone()).or_insert_with(|| {
            let (then, now) = (reviewed?, now?.as_deref()?);
            Some(LineMap::between(then, now))
        });
        Some(map.as_ref().map_or(cited, |map| map.carry(cited).lines()))
    }

    /// Says better why a fix cannot be placed, where more is known than its texts tell.
    fn refusal(&self, finding: &Finding, fix: &Fix, named: &[RepoPath], refusal: Refusal) -> NotApplied {
        if let Some(why) = named.iter().find_map(|path| self.unreadable.get(path)) {
            return why.clone().into();
        }
        // What was there when it was reviewed was edited since.
        let path = main_path(finding, fix);
        let hints = Hints { path, lines: cited(finding, fix), ..Hints::default() };
        let then = path.filter(|_| refusal == Refusal::NotFound).and_then(|path| self.situation.reviewed.get(path));
        match then.map(|then| patch::place(then, &fix.diff, &hints)) {
            Some(Ok(_)) => Refusal::Touched.into(),
            Some(Err(_)) | None => refusal.into(),
        }
    }

    /// All that is in, together.
    fn finish(mut self) -> ApplyPlan {
        let findings = &self.situation.round.findings;
        let fixes = self.chosen.iter().map(|Chosen { finding, fix, lines, .. }| {
            let (of, fix) = (&findings[*finding], &findings[*finding].fixes[*fix]);
            patch::Fix { name: &of.label, diff: &fix.diff, hints: hints(of, fix, *lines) }
        });
        let fixes: Vec<patch::Fix<'_>> = fixes.collect();
        let outcome = patch::place_set(&fixes, &|path| self.texts.get(path)?.as_deref());
        self.plan.files = outcome.files;
        for (chosen, result) in self.chosen.iter().zip(outcome.fixes) {
            if let Err(refusal) = result {
                self.plan.take_out(chosen, refusal.into());
            }
        }
        self.plan.before = self.texts;
        self.plan
    }
}

impl ApplyPlan {
    /// Takes out a fix that does not go with those before it.
    fn take_out(&mut self, chosen: &Chosen, why: NotApplied) {
        let Some(at) = self.taken.iter().position(|taken| taken.finding == chosen.finding) else { return };
        let taken = &mut self.taken[at];
        taken.fixes.retain(|fix| *fix != chosen.fix);
        if taken.fixes.is_empty() {
            let Taken { finding, label, .. } = self.taken.remove(at);
            self.refused.push(Refused { finding, label, why });
        } else {
            taken.left.push(why);
        }
    }
}

fn is_edit_of(file: &RepoPath, path: &RepoPath, outcome: &FileOutcome) -> bool {
    path == file && matches!(outcome, FileOutcome::Edited { .. })
}

/// The file that a fix is for, where its diff names none.
fn main_path<'a>(finding: &'a Finding, fix: &'a Fix) -> Option<&'a RepoPath> {
    fix.path.as_ref().or(finding.main_anchor().map(|anchor| &anchor.path))
}

/// The finding's place in the file that a fix is for.
fn place_in<'a>(finding: &'a Finding, fix: &Fix) -> Option<&'a Anchor> {
    let path = fix.path.as_ref().or(finding.main_anchor().map(|anchor| &anchor.path))?;
    finding.anchors.iter().find(|anchor| anchor.path == *path)
}

/// The lines that the finding cites there.
fn cited(finding: &Finding, fix: &Fix) -> Option<LineRange> {
    place_in(finding, fix)?.lines
}

/// What says where a fix belongs; `lines` in the text that it is to be placed in.
fn hints<'a>(finding: &'a Finding, fix: &'a Fix, lines: Option<LineRange>) -> Hints<'a> {
    let quote = place_in(finding, fix).and_then(|anchor| anchor.quote.as_deref());
    Hints { path: main_path(finding, fix), lines, quote, symbol: finding.symbol.as_deref() }
}

/// The files that a fix may be about.
fn named_by(finding: &Finding, fix: &Fix) -> Vec<RepoPath> {
    let files = patch::parse(&fix.diff).map(|patch| patch.files).unwrap_or_default();
    let names = files.into_iter().flat_map(|file| [file.path, file.old_path]).flatten();
    let mut paths: Vec<RepoPath> = main_path(finding, fix).cloned().into_iter().collect();
    paths.extend(names.filter_map(|name| RepoPath::new(name).ok()));
    paths
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
