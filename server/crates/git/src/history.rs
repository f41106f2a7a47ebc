//! The branch's commits, and which of them touched what.

use super::repository::{commit_id, oid};
use super::snapshot::line_hunks;
use super::{ChangeKind, ChangedFile, GitError, LineHunk, Repository, Snapshot, text};
use finding::{Commit, CommitId, LineRange, RepoPath};
use git2::{BlameOptions, Delta, DiffFindOptions, Oid, Sort};
use jiff::Timestamp;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// More commits than this say that there is no base, not that the branch is long.
const MOST_COMMITS: usize = 2000;

/// Bytes of a commit's message that are kept: what is longer is no message.
const LONGEST_SUBJECT: usize = 1000;
const LONGEST_BODY: usize = 64 << 10;

/// The commits from `base` to `head`, oldest first; of very many, the newest.
pub(crate) fn commits(repo: &git2::Repository, base: Option<Oid>, head: Option<Oid>) -> Result<Vec<Commit>, GitError> {
    let Some(head) = head else { return Ok(Vec::new()) };
    let failed = || GitError::git("list the branch's commits");
    let mut walk = repo.revwalk().map_err(failed())?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME).map_err(failed())?;
    walk.push(head).map_err(failed())?;
    if let Some(base) = base {
        walk.hide(base).map_err(failed())?;
    }
    let mut commits = Vec::new();
    for id in walk.take(MOST_COMMITS) {
        commits.push(told(&repo.find_commit(id.map_err(failed())?).map_err(failed())?));
    }
    commits.reverse();
    Ok(commits)
}

fn told(commit: &git2::Commit<'_>) -> Commit {
    let message = String::from_utf8_lossy(commit.message_bytes());
    let (subject, body) = message.trim_start().split_once('\n').unwrap_or((message.trim_start(), ""));
    Commit {
        id: commit_id(commit.id()),
        subject: text::start(subject.trim_end(), LONGEST_SUBJECT).to_owned(),
        body: text::start(body.trim(), LONGEST_BODY).to_owned(),
        author: String::from_utf8_lossy(commit.author().name_bytes()).into_owned(),
        time: Timestamp::from_second(commit.time().seconds()).unwrap_or_default(),
        is_merge: commit.parent_count() > 1,
    }
}

/// The newest commits of HEAD, the newest first, `most` of them. Older ones are not looked at.
///
/// # Errors
/// When the history cannot be read.
pub fn recent(repository: &Repository, most: usize) -> Result<Vec<Commit>, GitError> {
    let failed = || GitError::git("list the newest commits");
    repository.with(|repo| {
        let Ok(head) = repo.head().and_then(|head| head.peel_to_commit()) else { return Ok(Vec::new()) };
        let mut walk = repo.revwalk().map_err(failed())?;
        walk.set_sorting(Sort::TIME).map_err(failed())?;
        walk.push(head.id()).map_err(failed())?;
        let commits = walk.take(most).map(|id| {
            let commit = repo.find_commit(id.map_err(failed())?).map_err(failed())?;
            Ok(told(&commit))
        });
        commits.collect()
    })?
}

/// Where a line of the snapshot came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It was there before the branch.
    Before,
    /// A commit of the branch brought it.
    Commit(CommitId),
    /// It is not committed yet.
    Uncommitted,
}

/// Lines in a row with the same origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginRun {
    /// The lines, in the snapshot.
    pub lines: LineRange,
    /// Where they came from.
    pub origin: Origin,
}

/// A file of a snapshot through the branch's commits: read once, asked for many of its lines. Follows renames.
#[derive(Debug, Default)]
pub struct FileHistory {
    /// How many lines it has in the snapshot.
    count: u32,
    /// What the branch changed of it; `None` for nothing.
    changed: Option<ChangedFile>,
    /// Which line of HEAD's text each of its lines is; `None` where HEAD has no such file.
    to_head: Option<LineMap>,
    /// Lines of HEAD's text, with who brought them.
    blamed: Vec<Blamed>,
    /// From the snapshot's text to HEAD's.
    uncommitted: Vec<LineHunk>,
    /// What commits did, newest first, each as the way back to the text before it. Merges are passed over: what they
    /// brought is on the base's side, or in the commits that they merged.
    steps: Vec<(CommitId, Vec<LineHunk>)>,
    /// The commit that it begins with.
    begins: Option<CommitId>,
}

/// Lines of a text in a row, 1-based, the end excluded.
#[derive(Debug)]
struct Blamed {
    lines: Range<u32>,
    origin: Origin,
}

impl FileHistory {
    /// Reads the history of a file; `None` if the snapshot has no such file, and did not take one away.
    ///
    /// # Errors
    /// When git or the snapshot cannot be read.
    pub fn of(repository: &Repository, snapshot: &Snapshot, path: &RepoPath) -> Result<Option<Self>, GitError> {
        let text = snapshot.read(path).map_err(|e| GitError::Missing { what: e.to_string() })?;
        let changed = snapshot.file(path).cloned();
        let Some(text) = text.or_else(|| changed.as_ref().map(|_| "".into())) else { return Ok(None) };
        let count = text.split_inclusive('\n').count() as u32;
        let head = changed.as_ref().map(|changed| at_head(repository, snapshot, changed)).transpose()?.flatten();
        let Some((name, head)) = head else { return Ok(Some(Self { count, changed, ..Self::default() })) };
        let to_head = LineMap::new(&text, &head);
        let there = |line: &u32| to_head.get(*line);
        let (first, last) = ((1..=count).find_map(|n| there(&n)), (1..=count).rev().find_map(|n| there(&n)));
        let blamed = match first.zip(last) {
            Some((first, last)) => blamed(repository, snapshot, &name, LineRange::new(first, last))?,
            None => Vec::new(),
        };
        let uncommitted = line_hunks(&text, &head);
        let (steps, begins) = steps(repository, snapshot, name, head)?;
        Ok(Some(Self { count, changed, to_head: Some(to_head), blamed, uncommitted, steps, begins }))
    }

    /// Where lines came from; empty if there are no such lines.
    #[must_use]
    pub fn origins(&self, lines: LineRange) -> Vec<OriginRun> {
        if lines.start() > self.count {
            return Vec::new();
        }
        let lines = LineRange::new(lines.start(), lines.end().min(self.count));
        let all = |origin| vec![OriginRun { lines, origin }];
        if self.changed.as_ref().is_none_or(|changed| !changed.touches(lines)) {
            return all(Origin::Before);
        }
        let Some(to_head) = &self.to_head else { return all(Origin::Uncommitted) };
        let mut runs: Vec<OriginRun> = Vec::new();
        for line in lines.start()..=lines.end() {
            let blamed = to_head.get(line).and_then(|line| {
                let after = self.blamed.partition_point(|run| run.lines.end <= line);
                self.blamed.get(after).filter(|run| run.lines.contains(&line))
            });
            let origin = blamed.map_or(Origin::Uncommitted, |run| run.origin.clone());
            match runs.last_mut() {
                Some(run) if run.origin == origin => run.lines = LineRange::new(run.lines.start(), line),
                _ => runs.push(OriginRun { lines: LineRange::line(line), origin }),
            }
        }
        runs
    }

    /// The branch's commits that changed the file (with `lines`: these lines or what stood there), newest first.
    #[must_use]
    pub fn touching(&self, lines: Option<LineRange>) -> Vec<CommitId> {
        let mut lines = lines.map(|lines| carried(lines, &self.uncommitted));
        let mut found = Vec::new();
        for (commit, hunks) in &self.steps {
            // From new to old, as the lines are followed backwards.
            if lines.is_none_or(|lines| hunks.iter().any(|hunk| touches(hunk, lines))) {
                found.push(commit.clone());
            }
            lines = lines.map(|lines| carried(lines, hunks));
        }
        found.extend(self.begins.clone());
        found
    }

    /// The commit of the branch that a correction of these lines belongs to (`git commit --fixup`): the newest of those
    /// that brought one of the lines, else the newest that changed something there. `None` if none did: the correction is
    /// a commit of its own.
    #[must_use]
    pub fn fixup_target(&self, snapshot: &Snapshot, lines: LineRange) -> Option<CommitId> {
        let brought = self.origins(lines).into_iter().filter_map(|run| match run.origin {
            Origin::Commit(id) => Some(id),
            Origin::Before | Origin::Uncommitted => None,
        });
        let brought: Vec<CommitId> = brought.collect();
        let newest = snapshot.commits().iter().rev().find(|c| !c.is_merge && brought.contains(&c.id));
        newest.map(|commit| commit.id.clone()).or_else(|| self.touching(Some(lines)).into_iter().next())
    }
}

/// Who brought `lines` of a file of HEAD.
fn blamed(
    repository: &Repository,
    snapshot: &Snapshot,
    path: &RepoPath,
    lines: LineRange,
) -> Result<Vec<Blamed>, GitError> {
    let base = snapshot.scope().base.as_ref().map(|c| oid(c.as_str())).transpose()?;
    repository.with(|repo| {
        let mut options = BlameOptions::new();
        options.min_line(lines.start() as usize).max_line(lines.end() as usize);
        if let Some(base) = base {
            options.oldest_commit(base);
        }
        let blame = repo.blame_file(Path::new(path.as_str()), Some(&mut options));
        let blame = blame.map_err(GitError::git("blame a file"))?;
        let run = |hunk: git2::BlameHunk<'_>| {
            let start = hunk.final_start_line() as u32;
            let is_before = base.is_some() && (hunk.is_boundary() || Some(hunk.final_commit_id()) == base);
            let origin = if is_before { Origin::Before } else { Origin::Commit(commit_id(hunk.final_commit_id())) };
            Blamed { lines: start..start + hunk.lines_in_hunk() as u32, origin }
        };
        Ok(blame.iter().map(run).collect())
    })?
}

/// What the branch's commits did to a file that is so in HEAD, newest first, and the commit that it begins with.
type Steps = (Vec<(CommitId, Vec<LineHunk>)>, Option<CommitId>);

fn steps(
    repository: &Repository,
    snapshot: &Snapshot,
    mut name: RepoPath,
    mut text: Arc<str>,
) -> Result<Steps, GitError> {
    let mut steps = Vec::new();
    for commit in snapshot.commits().iter().rev().filter(|c| !c.is_merge) {
        let id = oid(commit.id.as_str())?;
        let before = repository.with(|repo| parent_of(repo, id, &name))??;
        let Before::Other(before) = before else { continue };
        let Some((old_name, id)) = before else { return Ok((steps, Some(commit.id.clone()))) };
        let bytes = repository.with(|repo| repository.blob(repo, id))??;
        let old_text = text::decode(&bytes).0;
        steps.push((commit.id.clone(), line_hunks(&text, &old_text)));
        (name, text) = (old_name, old_text);
    }
    Ok((steps, None))
}

/// Whether `old` is `new` or one of its ancestors; false where one is not in the clone.
///
/// # Errors
/// When git cannot be read.
pub fn is_ancestor(repository: &Repository, old: &CommitId, new: &CommitId) -> Result<bool, GitError> {
    let (old, new) = (oid(old.as_str())?, oid(new.as_str())?);
    repository.with(|repo| old == new || repo.graph_descendant_of(new, old).unwrap_or(false))
}

/// A changed file's name and text in HEAD; `None` if HEAD does not have it.
fn at_head(
    repository: &Repository,
    snapshot: &Snapshot,
    file: &ChangedFile,
) -> Result<Option<(RepoPath, Arc<str>)>, GitError> {
    let Some(head) = &snapshot.scope().head else { return Ok(None) };
    let old_name = match &file.kind {
        ChangeKind::Renamed { from } => Some(from),
        ChangeKind::Added | ChangeKind::Modified | ChangeKind::Deleted | ChangeKind::Copied { .. } => None,
    };
    for name in std::iter::once(&file.path).chain(old_name) {
        if let Some(text) = repository.read_at(head, name)? {
            return Ok(Some((name.clone(), text)));
        }
    }
    Ok(None)
}

/// What a commit's parent has of a file.
enum Before {
    /// The same.
    Same,
    /// Another blob, under this name or another one; or nothing.
    Other(Option<(RepoPath, Oid)>),
}

fn parent_of(repo: &git2::Repository, commit: Oid, path: &RepoPath) -> Result<Before, GitError> {
    let failed = || GitError::git("read a commit");
    let commit = repo.find_commit(commit).map_err(failed())?;
    let blob = |tree: &git2::Tree<'_>| tree.get_path(Path::new(path.as_str())).ok().map(|e| e.id());
    let tree = commit.tree().map_err(failed())?;
    let Some(here) = blob(&tree) else { return Ok(Before::Same) };
    let Ok(parent) = commit.parent(0).and_then(|p| p.tree()) else { return Ok(Before::Other(None)) };
    match blob(&parent) {
        Some(id) if id == here => return Ok(Before::Same),
        Some(id) => return Ok(Before::Other(Some((path.clone(), id)))),
        None => {}
    }
    // New under this name: perhaps it had another.
    let mut diff = repo.diff_tree_to_tree(Some(&parent), Some(&tree), None).map_err(failed())?;
    let mut options = DiffFindOptions::new();
    options.renames(true).rename_limit(200);
    diff.find_similar(Some(&mut options)).map_err(failed())?;
    let renamed = diff
        .deltas()
        .find(|d| d.status() == Delta::Renamed && d.new_file().path_bytes() == Some(path.as_str().as_bytes()));
    let from = renamed.and_then(|d| {
        let name = std::str::from_utf8(d.old_file().path_bytes()?).ok()?;
        Some((RepoPath::new(name).ok()?, d.old_file().id()))
    });
    Ok(Before::Other(from))
}

/// Which line of another text each line of a text is.
#[derive(Debug)]
pub(crate) struct LineMap(Vec<LineHunk>);

impl LineMap {
    pub(crate) fn new(from: &str, to: &str) -> Self {
        // Line ends do not make another line.
        let plain = |text: &str| text.replace("\r\n", "\n");
        Self(line_hunks(&plain(from), &plain(to)))
    }

    /// `None` for a line that the other text has not.
    pub(crate) fn get(&self, line: u32) -> Option<u32> {
        match self.0.iter().rev().find(|h| h.old_start <= line) {
            None => Some(line),
            Some(h) if line < h.old_start + h.old_count => None,
            Some(h) => Some(line - h.old_start - h.old_count + h.new_start + h.new_count),
        }
    }
}

/// Whether a hunk's old side is in or between the lines.
fn touches(hunk: &LineHunk, lines: LineRange) -> bool {
    match hunk.old_count {
        0 => lines.start() <= hunk.old_start && hunk.old_start <= lines.end() + 1,
        count => lines.overlaps(LineRange::new(hunk.old_start, hunk.old_start + count - 1)),
    }
}

/// The lines in the hunks' new text: where a changed run is touched, all of it.
fn carried(lines: LineRange, hunks: &[LineHunk]) -> LineRange {
    let map = |line: u32, end: bool| {
        let hunk = hunks.iter().rev().find(|h| h.old_start <= line);
        match hunk {
            None => line,
            Some(h) if line < h.old_start + h.old_count => {
                if end {
                    (h.new_start + h.new_count).saturating_sub(1)
                } else {
                    h.new_start
                }
            }
            Some(h) => line - h.old_start - h.old_count + h.new_start + h.new_count,
        }
    };
    LineRange::new(map(lines.start(), false), map(lines.end(), true))
}
