//! What the history says of a round's findings: which commit resolved one, and which commit a fix belongs into.
//!
//! Found when a report is written, from the commits that there are then: a rebase makes new ones.

use super::document::Document;
use finding::{Anchor, CommitId, Finding, FindingId, Fixup, LineRange, RepoPath, RoundScope, State};
use git::history::{FileHistory, is_ancestor};
use git::{Repository, ScopeRequest, Snapshot, SnapshotOptions};
use patch::{Carried, LineEdit, LineMap};
use report::edits::Placer;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Beyond so many findings nobody looks at commits.
const MOST_FINDINGS: usize = 200;

impl Document {
    /// Adds what the history says: the commits that resolved findings, and those that fixes belong into. What it does
    /// not say is left out: a report is never lost to a history that cannot be read.
    pub fn trace(&mut self, repository: &Repository) {
        let closed = |f: &&Finding| {
            let state = self.decisions.resolutions.get(&f.id).map(|r| &r.state);
            matches!(state, Some(State::Fixed | State::Outdated))
        };
        let closed: Vec<Finding> = self.round.findings.iter().filter(closed).take(MOST_FINDINGS).cloned().collect();
        if closed.is_empty() && !self.round.standing().any(|f| !f.fixes.is_empty()) {
            return;
        }
        let Ok(head) = repository.head_state() else { return };
        let (Some(now), true) = (head.commit, head.branch == self.round.scope.branch) else { return };
        let Some(branch) = branch(repository, self) else { return };
        let since = if self.is_past { None } else { since(repository, self.round.scope.head.as_ref(), &now) };
        let mut then = Histories::of(repository, since.as_ref().unwrap_or(&branch));
        for finding in closed {
            let commit = resolved_by(self, &finding, since.is_some(), &mut then);
            if let Some(resolution) = self.decisions.resolutions.get_mut(&finding.id) {
                resolution.commit = commit.or(resolution.commit.take());
            }
        }
        self.round.assessment.fixups = fixups(repository, self, &branch);
    }
}

/// The branch's commits as they are now, or as they were when a past round was made.
fn branch(repository: &Repository, document: &Document) -> Option<Snapshot> {
    if document.is_past {
        let scope = RoundScope { uncommitted: false, ..document.round.scope.clone() };
        return repository.snapshot(&scope, &SnapshotOptions::default(), &CancellationToken::new()).ok();
    }
    let base = Some(document.round.scope.base_name.clone()).filter(|b| !b.is_empty());
    let scope = repository.scope(&ScopeRequest { base, uncommitted: false, ..ScopeRequest::default() }).ok()?;
    repository.snapshot(&scope, &SnapshotOptions::default(), &CancellationToken::new()).ok()
}

/// What was committed on top of the round; `None` if its head is no longer on the branch, or nothing was.
fn since(repository: &Repository, then: Option<&CommitId>, now: &CommitId) -> Option<Snapshot> {
    let then = then.filter(|then| *then != now)?;
    if !is_ancestor(repository, then, now).ok()? {
        return None;
    }
    let (base, head) = (Some(then.clone()), Some(now.clone()));
    let scope = RoundScope { branch: None, base_name: then.to_string(), base, head, uncommitted: false };
    repository.snapshot(&scope, &SnapshotOptions::default(), &CancellationToken::new()).ok()
}

/// The files of a snapshot through its commits, each read once.
struct Histories<'a> {
    repository: &'a Repository,
    snapshot: &'a Snapshot,
    read: BTreeMap<RepoPath, Option<Traced>>,
}

/// A file through the commits.
struct Traced {
    history: FileHistory,
    text: Arc<str>,
    lines: u32,
    /// Where the lines of the round's text are in it.
    moved: OnceCell<LineMap>,
}

impl<'a> Histories<'a> {
    fn of(repository: &'a Repository, snapshot: &'a Snapshot) -> Self {
        Self { repository, snapshot, read: BTreeMap::new() }
    }

    /// `None` for a file that is not there, or cannot be read.
    fn get(&mut self, path: &RepoPath) -> Option<&Traced> {
        let (repository, snapshot) = (self.repository, self.snapshot);
        let read = || {
            let text = snapshot.read(path).ok()??;
            let history = FileHistory::of(repository, snapshot, path).ok()??;
            let lines = u32::try_from(lines::count(&text)).ok()?;
            Some(Traced { history, text, lines, moved: OnceCell::new() })
        };
        self.read.entry(path.clone()).or_insert_with(read).as_ref()
    }
}

/// The commit that changed what the finding is about. Where commits came on top of the round (`is_since`), the first of
/// them that did, or the first that has the fix's lines; where the branch was rewritten, the newest that touched the
/// place.
fn resolved_by(
    document: &Document,
    finding: &Finding,
    is_since: bool,
    histories: &mut Histories<'_>,
) -> Option<CommitId> {
    let Anchor { path, lines: Some(lines), .. } = finding.main_anchor()? else { return None };
    let old = document.texts.get(path)?;
    let repository = histories.repository;
    let file = histories.get(path)?;
    let carried = file.moved.get_or_init(|| LineMap::between(old, &file.text)).carry(*lines);
    if matches!(carried, Carried::Untouched(_)) {
        return None;
    }
    let mut touching = file.history.touching(Some(carried.lines()));
    if !is_since {
        return touching.into_iter().next();
    }
    touching.reverse();
    let placer = Placer::new(&document.texts);
    let has_fix = |commit: &&CommitId| {
        let text = repository.read_at(commit, path).ok().flatten();
        text.is_some_and(|text| placer.placed(finding).any(|p| p.path == path && is_in(&p.edits, &text)))
    };
    touching.iter().find(has_fix).or(touching.first()).cloned()
}

/// Whether the text has every run of lines that the edits put in.
fn is_in(edits: &[LineEdit], text: &str) -> bool {
    let added = || edits.iter().map(|e| e.text.trim()).filter(|t| !t.is_empty());
    added().next().is_some() && added().all(|t| text.contains(t))
}

/// For each commit, oldest first, the findings whose fixes change lines that it brought. Fixes are placed in what is
/// committed, so that one which is applied and not committed yet is named too.
fn fixups(repository: &Repository, document: &Document, branch: &Snapshot) -> Vec<Fixup> {
    let mut there = document.clone();
    there.move_to(|path| branch.read(path).ok().flatten());
    let mut found: BTreeMap<usize, Vec<FindingId>> = BTreeMap::new();
    let placer = Placer::new(&there.texts);
    let mut histories = Histories::of(repository, branch);
    for finding in there.round.standing().take(MOST_FINDINGS) {
        let state = document.decisions.resolutions.get(&finding.id).map(|r| &r.state);
        if matches!(state, Some(State::Dismissed { .. } | State::Outdated)) {
            continue;
        }
        let Some(fix) = placer.placed(finding).next() else { continue };
        let newest = fix.edits.iter().filter_map(|edit| target(&mut histories, fix.path, edit)).max();
        if let Some(at) = newest {
            found.entry(at).or_default().push(finding.id.clone());
        }
    }
    let fixup = |(at, findings): (usize, Vec<FindingId>)| {
        branch.commits().get(at).map(|c| Fixup { commit: c.id.clone(), findings })
    };
    found.into_iter().filter_map(fixup).collect()
}

/// The place, in the branch's commits, of the one that brought the lines which an edit changes.
fn target(histories: &mut Histories<'_>, path: &RepoPath, edit: &LineEdit) -> Option<usize> {
    let snapshot = histories.snapshot;
    let file = histories.get(path)?;
    let first = edit.start.min(file.lines);
    let last = (edit.start + edit.count).saturating_sub(1).clamp(first, file.lines.max(first));
    let commit = file.history.fixup_target(snapshot, LineRange::new(first, last))?;
    snapshot.commits().iter().position(|c| c.id == commit)
}
