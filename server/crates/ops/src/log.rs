//! What was done with a branch's rounds, and taking the last of it back.
//!
//! An entry holds what it changed, before and after: the decisions on findings, the word on remarks, files, rounds. It is
//! taken back only where all of that still is as the entry left it: what somebody changed since is never overwritten.

use super::plan::ApplyPlan;
use super::texts::{CurrentTexts, ReadError};
use super::worktree::{WorkTree, WriteError};
use super::{OpenBranch, OpsError, learn};
use finding::{BlobId, Decisions, FindingId, Grade, Link, RepoPath, Resolution, Round};
use jiff::Timestamp;
use patch::FileOutcome;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Read;

/// Form of the stored log.
const SCHEMA: u32 = 1;

/// Most entries that are kept; older ones go.
const MOST: usize = 500;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    /// A finding was declined.
    Dismissed,
    /// A finding was opened again.
    Reopened,
    /// A finding was given another severity.
    Graded,
    /// One finding was made several.
    Split,
    /// Several findings were made one.
    Joined,
    /// A split was taken back by `split --undo`.
    SplitTakenBack,
    /// A join was taken back by `join --undo`.
    JoinTakenBack,
    /// Fixes were written into the work tree.
    Applied,
    /// Reviews were taken in as rounds.
    Imported,
}

/// A finding as it was called then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Named {
    /// Its identity.
    pub id: FindingId,
    /// Its label.
    pub label: String,
    /// Its title.
    pub title: String,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// 1 for the branch's first.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub done: Done,
    /// To which findings; none where whole rounds are meant.
    #[serde(default)]
    pub findings: Vec<Named>,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<Timestamp>,
    /// The coding agent that did it; `None` for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What it changed.
    #[serde(default)]
    changes: Changes,
}

impl Entry {
    /// The files that it changed.
    pub fn files(&self) -> impl Iterator<Item = &RepoPath> {
        self.changes.files.keys()
    }

    /// The numbers of the rounds that it added.
    #[must_use]
    pub fn rounds(&self) -> &[u32] {
        &self.changes.rounds
    }
}

/// The log, for whoever reads it elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(title = "deep-review log --json")]
pub struct LogList(pub Vec<LogRow>);

/// One operation, without what is needed to take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct LogRow {
    /// 1 for the branch's first.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub done: Done,
    /// To which findings; none where whole rounds are meant.
    pub findings: Vec<Named>,
    /// The files that it changed.
    pub files: Vec<RepoPath>,
    /// The numbers of the rounds that it added.
    pub rounds: Vec<u32>,
    /// When it was taken back.
    pub undone: Option<Timestamp>,
    /// The coding agent that did it; nothing for a person.
    pub by: Option<String>,
}

impl From<&Entry> for LogRow {
    fn from(entry: &Entry) -> Self {
        Self {
            number: entry.number,
            at: entry.at,
            done: entry.done,
            findings: entry.findings.clone(),
            files: entry.files().cloned().collect(),
            rounds: entry.rounds().to_vec(),
            undone: entry.undone,
            by: entry.by.clone(),
        }
    }
}

/// Something before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Change<T> {
    before: T,
    after: T,
}

/// What an operation changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Changes {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    resolutions: BTreeMap<FindingId, Change<Option<Resolution>>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    grades: BTreeMap<FindingId, Change<Option<Grade>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Change<Vec<Link>>>,
    /// The texts are in the store; `None` for a file that is not there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<RepoPath, Change<Option<BlobId>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rounds: Vec<u32>,
}

impl Changes {
    /// What is different between two states of the decisions.
    pub(crate) fn between(before: &Decisions, after: &Decisions) -> Self {
        let mut changes = Self::default();
        changes.resolutions = differing(&before.resolutions, &after.resolutions);
        changes.grades = differing(&before.grades, &after.grades);
        if before.links != after.links {
            changes.links = Some(Change { before: before.links.clone(), after: after.links.clone() });
        }
        changes
    }

    /// The rounds that were added as well.
    pub(crate) fn with_rounds(self, rounds: Vec<u32>) -> Self {
        Self { rounds, ..self }
    }

    /// What a plan that is written changed in the files as well. Their texts are kept in the store.
    pub(crate) fn with_files(mut self, open: &OpenBranch, plan: &ApplyPlan) -> Result<Self, OpsError> {
        let mut texts: Vec<(BlobId, Arc<str>)> = Vec::new();
        let mut blob = |text: Option<Arc<str>>| {
            let text = text?;
            let blob = git::blob_id(&text);
            texts.push((blob.clone(), text));
            Some(blob)
        };
        for (path, after) in texts_after(plan) {
            let before = plan.before.get(&path).cloned().flatten();
            let change = Change { before: blob(before), after: blob(after) };
            self.files.insert(path, change);
        }
        let kept = open.store.put_texts(texts.iter().map(|(blob, text)| (blob, &**text)));
        kept.map(|()| self).map_err(|source| OpsError::NotLogged { source })
    }

    /// Whether the decisions are as this left them.
    fn left(&self, decisions: &Decisions) -> bool {
        are_left(&self.resolutions, &decisions.resolutions)
            && are_left(&self.grades, &decisions.grades)
            && self.links.as_ref().is_none_or(|change| change.after == decisions.links)
    }

    fn take_back_in(&self, decisions: &mut Decisions) {
        put_back(&self.resolutions, &mut decisions.resolutions);
        put_back(&self.grades, &mut decisions.grades);
        if let Some(change) = &self.links {
            decisions.links.clone_from(&change.before);
        }
    }
}

/// What is other of two states of something that is kept by finding.
fn differing<T: Clone + PartialEq>(
    before: &BTreeMap<FindingId, T>,
    after: &BTreeMap<FindingId, T>,
) -> BTreeMap<FindingId, Change<Option<T>>> {
    let ids = before.keys().chain(after.keys()).filter(|id| before.get(id) != after.get(id));
    ids.map(|id| (id.clone(), Change { before: before.get(id).cloned(), after: after.get(id).cloned() })).collect()
}

fn are_left<T: PartialEq>(changes: &BTreeMap<FindingId, Change<Option<T>>>, now: &BTreeMap<FindingId, T>) -> bool {
    changes.iter().all(|(id, change)| now.get(id) == change.after.as_ref())
}

fn put_back<T: Clone>(changes: &BTreeMap<FindingId, Change<Option<T>>>, now: &mut BTreeMap<FindingId, T>) {
    for (id, change) in changes {
        match &change.before {
            Some(before) => drop(now.insert(id.clone(), before.clone())),
            None => drop(now.remove(id)),
        }
    }
}

/// What each file of a plan is afterwards; `None` for one that is not there any more.
fn texts_after(plan: &ApplyPlan) -> BTreeMap<RepoPath, Option<Arc<str>>> {
    let mut after = BTreeMap::new();
    for (path, outcome) in &plan.files {
        let (at, text) = match outcome {
            FileOutcome::Edited { text, .. } | FileOutcome::Created { text } => (path, Some(text)),
            FileOutcome::Deleted => (path, None),
            FileOutcome::Renamed { to, text } => (to, Some(text)),
        };
        if at != path {
            after.insert(path.clone(), None);
        }
        after.insert(at.clone(), text.map(|text| Arc::from(text.as_str())));
    }
    after
}

#[derive(Debug, Serialize, Deserialize)]
struct Log {
    schema: u32,
    entries: Vec<Entry>,
}

impl Default for Log {
    fn default() -> Self {
        Self { schema: SCHEMA, entries: Vec::new() }
    }
}

/// Why the last operation is not taken back. Nothing was changed, unless it says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UndoError {
    /// Nothing was done, or everything is taken back.
    #[error("nothing was done on this branch that could be taken back")]
    Nothing,
    /// A file is not as the operation left it.
    #[error("{path} was changed since; nothing was taken back")]
    FileChanged {
        /// Which file.
        path: RepoPath,
    },
    /// The store does not have a text any more.
    #[error("the text that {path} had before is not in the store any more; nothing was taken back")]
    TextGone {
        /// Which file.
        path: RepoPath,
    },
    /// Somebody decided something else since.
    #[error("what was decided then was decided otherwise since; nothing was taken back")]
    DecidedSince,
    /// Rounds that came after know of the one that was taken in.
    #[error("round {newest} came after it; nothing was taken back")]
    RoundSince {
        /// The newest round.
        newest: u32,
    },
    /// It was taken back all the same.
    #[error("it was taken back, but the learnings still say what was decided then: {source}")]
    NotLearnt {
        /// What the system said.
        source: store::StoreError,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] store::StoreError),
}

/// What was done on the branch, oldest first.
#[must_use]
pub fn log(open: &OpenBranch) -> Read<Vec<Entry>> {
    let Read { value, set_aside } = open.branch.log::<Log>();
    Read { value: value.map(|log| log.entries).unwrap_or_default(), set_aside }
}

/// Writes down what was done.
pub(crate) fn note(open: &OpenBranch, done: Done, findings: Vec<Named>, changes: Changes) -> Result<(), OpsError> {
    let by = open.by.clone();
    let entry = |number| Entry { number, at: Timestamp::now(), done, findings, undone: None, by, changes };
    let add = |log: &mut Log| {
        log.entries.push(entry(log.entries.last().map_or(1, |last| last.number + 1)));
        let extra = log.entries.len().saturating_sub(MOST);
        log.entries.drain(..extra);
    };
    open.branch.change_log(add).map_err(|source| OpsError::NotLogged { source })
}

/// The findings of a round at these indices, as they are called.
pub(crate) fn named(round: &Round, findings: impl IntoIterator<Item = usize>) -> Vec<Named> {
    let all = findings.into_iter().filter_map(|index| round.findings.get(index));
    all.map(|f| Named { id: f.id.clone(), label: f.label.clone(), title: f.title.clone() }).collect()
}

/// Takes the last operation back that was not yet, all of it or nothing, and says what it was.
///
/// # Errors
/// When something is not as the operation left it any more, or cannot be written.
pub fn undo(open: &OpenBranch, tree: &WorkTree) -> Result<Entry, UndoError> {
    let entries = log(open).value;
    let entry = entries.into_iter().rev().find(|entry| entry.undone.is_none()).ok_or(UndoError::Nothing)?;
    take_back(open, tree, entry)
}

/// Takes back all that coding agents did on the branch, the newest first. Each is taken back whole or not at all; what
/// cannot be is given with the reason, and what is older than it is tried all the same.
pub fn undo_agents(open: &OpenBranch, tree: &WorkTree) -> Vec<Result<Entry, Box<(Entry, UndoError)>>> {
    let entries = log(open).value.into_iter().rev().filter(|entry| entry.undone.is_none() && entry.by.is_some());
    entries.map(|entry| take_back(open, tree, entry.clone()).map_err(|why| Box::new((entry, why)))).collect()
}

fn take_back(open: &OpenBranch, tree: &WorkTree, entry: Entry) -> Result<Entry, UndoError> {
    let changes = &entry.changes;
    if let Some(last) = changes.rounds.last() {
        let newest = open.branch.newest()?.value.map_or(0, |round| round.number);
        if newest != *last {
            return Err(UndoError::RoundSince { newest });
        }
    }
    if !changes.left(&open.branch.decisions()?.value) {
        return Err(UndoError::DecidedSince);
    }
    tree.change(&files_back(open, tree, changes)?)?;
    let mut left = true;
    if !changes.resolutions.is_empty() || !changes.grades.is_empty() || changes.links.is_some() {
        open.branch.decide(|decisions| {
            left = changes.left(decisions);
            if left {
                changes.take_back_in(decisions);
            }
        })?;
    }
    if !left {
        return Err(UndoError::DecidedSince);
    }
    changes.rounds.iter().rev().try_for_each(|number| open.branch.take_away(*number))?;
    let now = Timestamp::now();
    open.branch.change_log(|log: &mut Log| {
        let same = log.entries.iter_mut().find(|other| other.number == entry.number);
        if let Some(same) = same {
            same.undone = Some(now);
        }
    })?;
    let findings: Vec<_> = entry.findings.iter().map(|named| (&named.id, named.label.as_str())).collect();
    let is_link = matches!(entry.done, Done::Split | Done::Joined);
    learn::follow_back(open, &findings, is_link).map_err(|source| UndoError::NotLearnt { source })?;
    Ok(Entry { undone: Some(now), ..entry })
}

/// What the files have to become so that they are as before.
fn files_back(open: &OpenBranch, tree: &WorkTree, changes: &Changes) -> Result<ApplyPlan, UndoError> {
    let mut plan = ApplyPlan::default();
    for (path, change) in &changes.files {
        let now = tree.read(path)?;
        if now.as_deref().map(git::blob_id) != change.after {
            return Err(UndoError::FileChanged { path: path.clone() });
        }
        let outcome = match (&change.before, &now) {
            (None, _) => FileOutcome::Deleted,
            (Some(blob), now) => {
                let text = open.store.text(blob).ok_or_else(|| UndoError::TextGone { path: path.clone() })?;
                match now {
                    Some(_) => FileOutcome::Edited { edits: Vec::new(), text },
                    None => FileOutcome::Created { text },
                }
            }
        };
        plan.before.insert(path.clone(), now);
        plan.files.insert(path.clone(), outcome);
    }
    Ok(plan)
}
