//! What the history says of a change: what each commit did where commits are few, who last changed the lines, and what
//! changed together with these files before. Found once for all agents of a round, and given up after a moment: no review
//! waits for it.

use super::diff::{Importance, importance, plain};
use crate::Brief;
use finding::{LineRange, RepoPath};
use git::consult::{Consult, date};
use git::{ChangeKind, ChangedFile};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Longest time that is spent on each part.
const PATIENCE: Duration = Duration::from_millis(400);
/// More commits are not told one by one.
const FEW: usize = 8;
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
    text: Arc<OnceLock<String>>,
}

impl History {
    /// That of the commit under review.
    #[must_use]
    pub fn new(consult: Consult) -> Self {
        Self { consult: Some(consult), text: Arc::default() }
    }

    /// The history, for whoever asks further.
    #[must_use]
    pub fn consult(&self) -> Option<&Consult> {
        self.consult.as_ref()
    }
}

/// What is said of it in a prompt, as it was found; empty where nothing is known.
pub(crate) fn text(brief: &Brief) -> &str {
    let History { consult, text } = &brief.history;
    let Some(consult) = consult else { return "" };
    text.get_or_init(|| told(brief, consult))
}

fn told(brief: &Brief, consult: &Consult) -> String {
    let ((commits, diffs), (last, together)) = rayon::join(
        || by_commit(brief, consult),
        || rayon::join(|| last_changed(brief, consult), || together(brief, consult)),
    );
    let parts = [
        ("Which files each commit changed:", commits),
        ("What each commit did to files that several of them changed:", diffs),
        ("Who last changed the lines that this change replaces, and when (lines of the base):", last),
        ("Files that changed in the same commits as these before, and are not part of this change:", together),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(head, text)| format!("{head}\n{text}")).collect();
    parts.join("\n")
}

/// The files of each commit, and the diffs of those that more than one commit changed: of the others, the diff of the whole
/// says it.
fn by_commit(brief: &Brief, consult: &Consult) -> (String, String) {
    let commits: Vec<_> = brief.snapshot.commits().iter().filter(|c| !c.is_merge).collect();
    if !(2..=FEW).contains(&commits.len()) {
        return Default::default();
    }
    let allowed = |path: &RepoPath| brief.sending.allows(path);
    let of = |id| consult.diffs(id, &allowed, DIFF).unwrap_or_default();
    let all: Vec<(&str, Vec<(RepoPath, String)>)> = commits.iter().map(|c| (c.id.short(), of(&c.id))).collect();
    let mut times: BTreeMap<&RepoPath, usize> = BTreeMap::new();
    for (path, _) in all.iter().flat_map(|(_, files)| files) {
        *times.entry(path).or_default() += 1;
    }
    let mut list = String::new();
    for (id, files) in &all {
        let names: Vec<String> = files.iter().take(30).map(|(path, _)| plain(path)).collect();
        let more = if files.len() > 30 { format!(" and {} more", files.len() - 30) } else { String::new() };
        let _ = writeln!(list, "- {id}: {}{more}", names.join(", "));
    }
    let mut told = Vec::new();
    for (at, (id, files)) in all.iter().enumerate() {
        let again = files.iter().filter(|(path, _)| times.get(path).is_some_and(|n| *n > 1));
        told.extend(again.map(|(path, diff)| (importance(path), at, told_of(id, path, diff))));
    }
    (list, most_important(told))
}

/// What a commit did to a file.
fn told_of(id: &str, path: &RepoPath, diff: &str) -> String {
    // The lines before the first part name the file once more.
    let body = diff.find("\n@@").map_or(diff, |at| &diff[at + 1..]);
    format!("=== {id} {}\n{}\n", plain(path), body.trim_end())
}

/// As many of these as there is room for, what matters most before the rest, in the order of the commits.
fn most_important(mut told: Vec<(Importance, usize, String)>) -> String {
    let all = told.len();
    told.sort_by_key(|(importance, at, _)| (*importance, *at));
    let mut room = DIFFS;
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

fn last_changed(brief: &Brief, consult: &Consult) -> String {
    let Some(base) = brief.snapshot.scope().base.clone() else { return String::new() };
    let place = |file: &ChangedFile| {
        let name = match &file.kind {
            ChangeKind::Renamed { from } | ChangeKind::Copied { from } => from.clone(),
            ChangeKind::Added => return None,
            ChangeKind::Modified | ChangeKind::Deleted => file.path.clone(),
        };
        let lines = replaced(file);
        (!lines.is_empty() && brief.sending.allows_change(file)).then_some((name, lines))
    };
    let places: Vec<_> = brief.snapshot.files().iter().filter_map(place).take(FILES).collect();
    let found = consult.at(base).blame_all(&places, Instant::now() + PATIENCE);
    let mut lines: Vec<String> = Vec::new();
    for (path, runs) in found {
        let mut by: BTreeMap<&str, (Vec<String>, String)> = BTreeMap::new();
        for run in &runs {
            let c = &run.commit;
            let said = format!("{} {} {}: {}", c.id.short(), date(c.time), c.author, c.subject);
            by.entry(c.id.as_str()).or_insert_with(|| (Vec::new(), said)).0.push(run.lines.to_string());
        }
        lines.extend(by.into_values().map(|(at, said)| format!("- {}:{}: {said}", plain(&path), at.join(","))));
    }
    lines.truncate(TOLD);
    lines.into_iter().map(|line| line + "\n").collect()
}

fn together(brief: &Brief, consult: &Consult) -> String {
    let Some(base) = brief.snapshot.scope().base.clone() else { return String::new() };
    let paths: BTreeSet<RepoPath> = brief.snapshot.files().iter().map(|f| f.path.clone()).collect();
    let found = consult.at(base).together(&paths, Instant::now() + PATIENCE).unwrap_or_default();
    let is_there = |path: &RepoPath| brief.snapshot.read(path).is_ok_and(|text| text.is_some());
    let often = found.iter().filter(|t| t.both >= 2 && t.both * 3 >= t.of && brief.sending.allows(&t.path));
    let often = often.filter(|t| is_there(&t.path)).take(TOGETHER);
    often
        .map(|t| format!("- {}: in {} of {} commits that changed {}\n", plain(&t.path), t.both, t.of, plain(&t.with)))
        .collect()
}
