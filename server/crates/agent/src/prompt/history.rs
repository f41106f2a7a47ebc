//! What the history says of a change: what each commit did where commits are few, who last changed the lines, and what
//! changed together with these files before. Found once for all agents of a round, and given up after a moment: no review
//! waits for it.

use super::diff::{Importance, importance, plain};
use crate::Brief;
use finding::{CommitId, LineRange, RepoPath};
use git::consult::{Consult, Together, date};
use git::{ChangeKind, ChangedFile};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Longest time that is spent on each part.
const PATIENCE: Duration = Duration::from_millis(400);
/// More commits are not told one by one.
const FEW: usize = 8;
/// Commits whose files are looked up at most.
const COUNTED: usize = 200;
/// Most bytes of a commit's diff of a file, and of all of them.
const DIFF: usize = 2_000;
const DIFFS: usize = 5_000;
/// Files whose lines are asked about, runs of lines in each, and lines that are told.
const FILES: usize = 12;
const RUNS: usize = 8;
const TOLD: usize = 40;
/// Files that changed together before.
const TOGETHER: usize = 8;

/// The history of a round's change, found when it is first asked for. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct History {
    consult: Option<Consult>,
    /// How many commits the first round on the branch knew, of those that are still its first ones.
    known: Option<usize>,
    found: Arc<OnceLock<Found>>,
}

impl History {
    /// That of the commit under review. `known` is how many of its branch's first commits the first round knew, where there
    /// was one: see [`Told`].
    #[must_use]
    pub fn new(consult: Consult, known: Option<usize>) -> Self {
        Self { consult: Some(consult), known, found: Arc::default() }
    }

    /// The history, for whoever asks further.
    #[must_use]
    pub fn consult(&self) -> Option<&Consult> {
        self.consult.as_ref()
    }
}

/// What git says, for whatever brief of the round.
#[derive(Debug, Default)]
struct Found {
    /// What the settled commits did, and what the others.
    steps: (String, String),
    /// Who last changed which lines, by file.
    last: Vec<(RepoPath, String)>,
    /// What changed together with a file before.
    together: Vec<(RepoPath, String)>,
    /// In how many commits a file changed, and in which of them last.
    hot: BTreeMap<RepoPath, (usize, usize)>,
}

/// What is said of it in a prompt, as it was found; empty where nothing is known.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// What the [settled] commits did.
    pub(crate) settled: String,
    /// What the others did.
    pub(crate) since: String,
    /// What git says of the lines and files that the brief is about.
    pub(crate) lines: String,
}

/// How many of the branch's commits are told of before the diff. They are the same in the next round, which has more, so that a
/// vendor finds all that stands before in its cache: those that the first round knew, where it is known, and in steps of
/// four.
pub(crate) fn settled(brief: &Brief) -> usize {
    let all = brief.snapshot.commits().len();
    let known = brief.history.known.map_or(all, |known| known.min(all));
    known - known % 4
}

/// What a prompt about this brief says.
pub(crate) fn told(brief: &Brief) -> Told {
    let Some(Found { steps: (settled, since), last, together, .. }) = found(brief) else { return Told::default() };
    let about = |lines: &[(RepoPath, String)], most: usize| -> String {
        lines.iter().filter(|(path, _)| brief.files.contains(path)).map(|(_, line)| line.as_str()).take(most).collect()
    };
    let lines = [
        ("Who last changed the lines that this change replaces, and when (lines of the base):", about(last, TOLD)),
        (
            "Files that changed in the same commits as these before, and are not part of this change:",
            about(together, TOGETHER),
        ),
    ];
    Told { settled: settled.clone(), since: since.clone(), lines: headed(lines) }
}

/// Puts the files last that are likely to change next: those that most of the branch's commits changed, and of these those
/// that the newest did. So what stands before them is the same in the next round.
pub(crate) fn order(brief: &Brief, files: &mut [&ChangedFile]) {
    if let Some(Found { hot, .. }) = found(brief) {
        files.sort_by_key(|file| (hot.get(&file.path).copied().unwrap_or_default(), &file.path));
    }
}

fn found(brief: &Brief) -> Option<&Found> {
    let History { consult, found, .. } = &brief.history;
    let consult = consult.as_ref()?;
    Some(found.get_or_init(|| find(brief, consult)))
}

fn headed<const N: usize>(parts: [(&str, String); N]) -> String {
    let parts = parts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(head, text)| format!("{head}\n{text}"));
    parts.collect::<Vec<_>>().join("\n")
}

fn find(brief: &Brief, consult: &Consult) -> Found {
    let ids: Vec<&CommitId> = brief.snapshot.commits().iter().map(|c| &c.id).collect();
    // Of a long branch the newest.
    let skipped = ids.len().saturating_sub(COUNTED);
    let touched = consult.files(&ids[skipped..], Instant::now() + PATIENCE).unwrap_or_default();
    let touched: Vec<Vec<RepoPath>> = vec![Vec::new(); skipped].into_iter().chain(touched).collect();
    let hot = hot(brief, consult, &touched);
    let (steps, (last, together)) = rayon::join(
        || steps(brief, consult, &touched),
        || rayon::join(|| last_changed(brief, consult, &hot), || together(brief, consult)),
    );
    Found { steps, last, together, hot }
}

/// Uncommitted work counts as one commit more.
fn hot(brief: &Brief, consult: &Consult, touched: &[Vec<RepoPath>]) -> BTreeMap<RepoPath, (usize, usize)> {
    let changed: Vec<&RepoPath> = brief.snapshot.files().iter().map(|f| &f.path).collect();
    let uncommitted = match brief.snapshot.scope().uncommitted {
        true => consult.repository().uncommitted(&changed).unwrap_or_default(),
        false => Vec::new(),
    };
    let mut hot: BTreeMap<RepoPath, (usize, usize)> = BTreeMap::new();
    for (at, files) in touched.iter().chain([&uncommitted]).enumerate() {
        for path in files {
            let (times, last) = hot.entry(path.clone()).or_default();
            (*times, *last) = (*times + 1, at + 1);
        }
    }
    hot
}

/// What the settled commits did and what the others did, where they are few.
fn steps(brief: &Brief, consult: &Consult, touched: &[Vec<RepoPath>]) -> (String, String) {
    let at = settled(brief);
    let told = |from: usize, to: usize, room: usize| steps_of(brief, consult, touched, (from, to), room);
    (told(0, at, DIFFS), told(at, touched.len(), DIFFS / 2))
}

/// The files of each of these commits, and the diffs of those that more than one commit until then changed: of the others,
/// the diff of the whole says it.
fn steps_of(
    brief: &Brief,
    consult: &Consult,
    touched: &[Vec<RepoPath>],
    (from, to): (usize, usize),
    room: usize,
) -> String {
    let all = brief.snapshot.commits();
    let is_told = |at: &usize| all.get(*at).is_some_and(|commit| !commit.is_merge);
    let commits: Vec<usize> = (from..to).filter(is_told).collect();
    if commits.is_empty() || commits.len() > FEW || all.len() < 2 {
        return String::new();
    }
    let allowed = |path: &RepoPath| brief.sending.allows(path);
    let mut times: BTreeMap<&RepoPath, usize> = BTreeMap::new();
    touched.iter().take(to).flatten().for_each(|path| *times.entry(path).or_default() += 1);
    let mut list = String::new();
    let mut told = Vec::new();
    for at in commits {
        let id = &all[at].id;
        let files: Vec<&RepoPath> = touched[at].iter().filter(|path| allowed(path)).collect();
        let names: Vec<String> = files.iter().take(30).map(|path| plain(path)).collect();
        let more = if files.len() > 30 { format!(" and {} more", files.len() - 30) } else { String::new() };
        let _ = writeln!(list, "- {}: {}{more}", id.short(), names.join(", "));
        if files.iter().any(|path| times.get(path).is_some_and(|n| *n > 1)) {
            let diffs = consult.diffs(id, &allowed, DIFF).unwrap_or_default();
            let again = diffs.iter().filter(|(path, _)| times.get(path).is_some_and(|n| *n > 1));
            told.extend(again.map(|(path, diff)| (importance(path), at, told_of(id.short(), path, diff))));
        }
    }
    headed([
        ("Which files each commit changed:", list),
        ("What each commit did to files that several of them changed:", most_important(told, room)),
    ])
}

/// What a commit did to a file.
fn told_of(id: &str, path: &RepoPath, diff: &str) -> String {
    // The lines before the first part name the file once more.
    let body = diff.find("\n@@").map_or(diff, |at| &diff[at + 1..]);
    format!("=== {id} {}\n{}\n", plain(path), body.trim_end())
}

/// As many of these as there is room for, what matters most before the rest, in the order of the commits.
fn most_important(mut told: Vec<(Importance, usize, String)>, mut room: usize) -> String {
    let all = told.len();
    told.sort_by_key(|(importance, at, _)| (*importance, *at));
    told.retain(|(.., text)| match room.checked_sub(text.len()) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    });
    told.sort_by_key(|(_, at, _)| *at);
    let left_out = all - told.len();
    let mut text: String = told.into_iter().map(|(.., text)| text).collect();
    if left_out > 0 {
        let _ = writeln!(text, "({left_out} more are not shown)");
    }
    text
}

/// The lines of the base that a file's change replaces, or stands beside.
fn replaced(file: &ChangedFile) -> Vec<LineRange> {
    let total = file.old.as_deref().map_or(0, |text| text.lines().count() as u32);
    let range = |h: &git::LineHunk| match h.old_count {
        0 => LineRange::line(h.old_start.saturating_sub(1).clamp(1, total.max(1))),
        count => LineRange::new(h.old_start, (h.old_start + count - 1).min(total.max(h.old_start))),
    };
    if total == 0 { Vec::new() } else { file.hunks.iter().take(RUNS).map(range).collect() }
}

/// Of the files that changed most often; a line each commit.
fn last_changed(brief: &Brief, consult: &Consult, hot: &BTreeMap<RepoPath, (usize, usize)>) -> Vec<(RepoPath, String)> {
    let Some(base) = brief.snapshot.scope().base.clone() else { return Vec::new() };
    let place = |file: &ChangedFile| {
        let name = match &file.kind {
            ChangeKind::Renamed { from } | ChangeKind::Copied { from } => from.clone(),
            ChangeKind::Added => return None,
            ChangeKind::Modified | ChangeKind::Deleted => file.path.clone(),
        };
        let lines = replaced(file);
        (!lines.is_empty() && brief.sending.allows_change(file)).then_some((file.path.clone(), (name, lines)))
    };
    let mut places: Vec<_> = brief.snapshot.files().iter().filter_map(place).collect();
    places.sort_by_key(|(path, _)| std::cmp::Reverse(hot.get(path).copied().unwrap_or_default()));
    places.truncate(FILES);
    let (paths, places): (Vec<RepoPath>, Vec<_>) = places.into_iter().unzip();
    let named: BTreeMap<&RepoPath, &RepoPath> = places.iter().map(|(name, _)| name).zip(&paths).collect();
    let found = consult.at(base).blame_all(&places, Instant::now() + PATIENCE);
    let mut lines: Vec<(RepoPath, String)> = Vec::new();
    for (name, runs) in found {
        let mut by: BTreeMap<&str, (Vec<String>, String)> = BTreeMap::new();
        for run in &runs {
            let c = &run.commit;
            let said = format!("{} {} {}: {}", c.id.short(), date(c.time), c.author, c.subject);
            by.entry(c.id.as_str()).or_insert_with(|| (Vec::new(), said)).0.push(run.lines.to_string());
        }
        let Some(path) = named.get(&name) else { continue };
        let line = |(at, said): (Vec<String>, String)| format!("- {}:{}: {said}\n", plain(&name), at.join(","));
        lines.extend(by.into_values().map(|told| ((*path).clone(), line(told))));
    }
    lines
}

/// What changed with a file before, a line each.
fn together(brief: &Brief, consult: &Consult) -> Vec<(RepoPath, String)> {
    let Some(base) = brief.snapshot.scope().base.clone() else { return Vec::new() };
    let paths: BTreeSet<RepoPath> = brief.snapshot.files().iter().map(|f| f.path.clone()).collect();
    let found = consult.at(base).together(&paths, Instant::now() + PATIENCE).unwrap_or_default();
    let is_there = |path: &RepoPath| brief.snapshot.read(path).is_ok_and(|text| text.is_some());
    let often = found.into_iter().filter(|t| t.both >= 2 && t.both * 3 >= t.of && brief.sending.allows(&t.path));
    let often = often.filter(|t| is_there(&t.path)).take(TOGETHER * 4);
    let line = |t: &Together| {
        format!("- {}: in {} of {} commits that changed {}\n", plain(&t.path), t.both, t.of, plain(&t.with))
    };
    often.map(|t| (t.with.clone(), line(&t))).collect()
}
