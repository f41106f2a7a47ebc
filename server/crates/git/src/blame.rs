//! Whether lines of the snapshot are older than the change: what `git blame -w -M -C` says against the merge base.
//!
//! The snapshot is no commit, and the branch's own commits do not matter. So blame is given two commits in a scratch
//! repository, which borrows the user's objects: the base's tree without a history, and the snapshot's on top of it.
//! Lines that were moved, indented anew, or are in a file of another name are older; what was typed anew is not.

use super::repository::oid;
use super::{ChangeKind, ChangedFile, GitError, Repository, Snapshot, command};
use finding::{LineRange, RepoPath};
use git2::build::TreeUpdateBuilder;
use git2::{FileMode, ObjectType, Oid, Signature};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// How old lines are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Age {
    /// Every line was there before the change.
    Older,
    /// A line is of the change, or stands where the change took lines out.
    New,
    /// It could not be found out, and why.
    Unknown(String),
}

/// How old each of these places of the snapshot is. Only lines that the change touches cost anything; blame is ended
/// after `limit`.
#[must_use]
pub fn ages(snapshot: &Snapshot, places: &[(RepoPath, LineRange)], limit: Duration) -> Vec<Age> {
    let plain: Vec<Option<Age>> = places.iter().map(|(path, lines)| by_diff(snapshot, path, *lines)).collect();
    let mut asked: BTreeMap<&RepoPath, Vec<LineRange>> = BTreeMap::new();
    for ((path, lines), _) in places.iter().zip(&plain).filter(|(_, age)| age.is_none()) {
        asked.entry(path).or_default().push(around(snapshot, path, *lines));
    }
    let blamed = blame(snapshot, &asked, Instant::now() + limit);
    let of = |path: &RepoPath, lines: LineRange| match &blamed {
        Err(e) => Age::Unknown(e.to_string()),
        Ok(files) => match files.get(path) {
            Some(Ok(older)) if are_older(snapshot, path, lines, older) => Age::Older,
            Some(Ok(_)) => Age::New,
            Some(Err(e)) => Age::Unknown(e.to_string()),
            None => Age::New,
        },
    };
    places.iter().zip(plain).map(|((path, lines), age)| age.unwrap_or_else(|| of(path, *lines))).collect()
}

/// What can be said without blame.
fn by_diff(snapshot: &Snapshot, path: &RepoPath, lines: LineRange) -> Option<Age> {
    let Some(file) = snapshot.file(path) else {
        let is_changed = snapshot.left_out().iter().any(|file| file.path == path.as_str());
        return Some(match is_changed && !snapshot.moved().iter().any(|(_, to)| to == path) {
            true => Age::Unknown("the file is left out of the review".into()),
            false => Age::Older,
        });
    };
    if file.old.is_some() && !file.touches(lines) {
        return Some(Age::Older);
    }
    let has_base = snapshot.scope().base.is_some() && snapshot.inner.tree.frozen().is_some();
    (!has_base || file.new.is_none() || file.lost_lines_at(lines)).then_some(Age::New)
}

/// The lines, and the changed ones around them: blame knows a moved block by its size, so it has to see enough of it.
fn around(snapshot: &Snapshot, path: &RepoPath, lines: LineRange) -> LineRange {
    const MOST: u32 = 100;
    let hunks = snapshot.file(path).map_or(&[][..], |file| &file.hunks);
    let changed = hunks.iter().filter(|h| h.new_count > 0);
    let ranges = changed.map(|h| LineRange::new(h.new_start, h.new_start + h.new_count - 1));
    let (start, end) = ranges
        .filter(|range| range.overlaps(lines))
        .fold((lines.start(), lines.end()), |(start, end), range| (start.min(range.start()), end.max(range.end())));
    LineRange::new(start.max(lines.start().saturating_sub(MOST)), end.min(lines.end().saturating_add(MOST)))
}

/// Lines without a letter or digit say nothing, unless there are no others.
fn are_older(snapshot: &Snapshot, path: &RepoPath, lines: LineRange, older: &BTreeSet<u32>) -> bool {
    let text = snapshot.file(path).and_then(|file| file.new.as_deref()).unwrap_or("");
    let numbered = (1..).zip(text.lines()).skip(lines.start() as usize - 1);
    let all: Vec<(u32, &str)> = numbered.take_while(|(n, _)| *n <= lines.end()).collect();
    let telling: Vec<u32> =
        all.iter().filter(|(_, line)| line.contains(char::is_alphanumeric)).map(|(n, _)| *n).collect();
    let wanted = if telling.is_empty() { all.iter().map(|(n, _)| *n).collect() } else { telling };
    !wanted.is_empty() && wanted.iter().all(|n| older.contains(n))
}

type Blamed<'a> = BTreeMap<&'a RepoPath, Result<BTreeSet<u32>, GitError>>;

/// The older ones among these lines, by file.
fn blame<'a>(
    snapshot: &Snapshot,
    asked: &BTreeMap<&'a RepoPath, Vec<LineRange>>,
    deadline: Instant,
) -> Result<Blamed<'a>, GitError> {
    let (Some(tree), Some(base), false) = (snapshot.inner.tree.frozen(), &snapshot.scope().base, asked.is_empty())
    else {
        return Ok(Blamed::new());
    };
    let folder = tempfile::tempdir().map_err(GitError::io("make a folder in", &std::env::temp_dir()))?;
    let pair = commit_pair(tree.repository(), snapshot, asked, (oid(base.as_str())?, folder.path()))?;
    let lines_of = |(path, lines): (&&'a RepoPath, &Vec<LineRange>)| {
        (*path, blame_file(folder.path(), pair, (path, lines), deadline))
    };
    Ok(asked.par_iter().map(lines_of).collect())
}

/// The base and the snapshot as two commits of a repository in `folder`. Of the changed files that are not `asked`
/// about, the second has only that they are other than before, which makes them sources of moved lines.
fn commit_pair(
    repository: &Repository,
    snapshot: &Snapshot,
    asked: &BTreeMap<&RepoPath, Vec<LineRange>>,
    (base, folder): (Oid, &Path),
) -> Result<(Oid, Oid), GitError> {
    let made = |e| GitError::git("make a scratch repository")(e);
    let objects = repository.common_dir().join("objects");
    let info = folder.join("objects/info");
    let form = repository.object_format();
    let mut options = git2::RepositoryInitOptions::new();
    git2::Repository::init_opts(folder, options.bare(true).object_format(form)).map_err(made)?;
    std::fs::create_dir_all(&info)
        .and_then(|()| std::fs::write(info.join("alternates"), format!("{}\n", objects.display())))
        .map_err(GitError::io("write into", &info))?;
    let scratch = git2::Repository::open(folder).map_err(made)?;
    let base = scratch.find_commit(base).and_then(|commit| commit.tree()).map_err(made)?;
    let has = |tree: &git2::Tree<'_>, path: &str, id: Oid| {
        tree.get_path(Path::new(path)).is_ok_and(|entry| entry.kind() == Some(ObjectType::Blob) && entry.id() == id)
    };
    let blob = |text: &str| scratch.blob(text.as_bytes()).map_err(made);

    // Texts as they are reviewed, on both sides: in UTF-8, whatever encoding git keeps.
    let mut before = TreeUpdateBuilder::new();
    for file in snapshot.files() {
        let (Some(old), path) = (&file.old, old_path(file).as_str()) else { continue };
        let id = Oid::hash_object_ext(ObjectType::Blob, old.as_bytes(), form).map_err(made)?;
        if !has(&base, path, id) {
            before.upsert(path, blob(old)?, FileMode::Blob);
        }
    }
    let before = before.create_updated(&scratch, &base).and_then(|id| scratch.find_tree(id)).map_err(made)?;

    // First what goes, so that a folder can come where a file was.
    let (mut gone, mut after) = (TreeUpdateBuilder::new(), TreeUpdateBuilder::new());
    let other = blob("")?;
    for file in snapshot.files() {
        let path = file.path.as_str();
        match &file.kind {
            ChangeKind::Deleted => drop(gone.remove(path)),
            ChangeKind::Renamed { from } => drop(gone.remove(from.as_str())),
            ChangeKind::Added | ChangeKind::Modified | ChangeKind::Copied { .. } => {}
        }
        if let Some(new) = &file.new {
            after.upsert(path, if asked.contains_key(&file.path) { blob(new)? } else { other }, FileMode::Blob);
        }
    }
    for (from, _) in snapshot.moved() {
        gone.remove(from.as_str());
    }
    let gone = gone.create_updated(&scratch, &before).and_then(|id| scratch.find_tree(id)).map_err(made)?;
    let after = after.create_updated(&scratch, &gone).and_then(|id| scratch.find_tree(id)).map_err(made)?;
    let by = Signature::new("deep-review", "deep-review", &git2::Time::new(0, 0)).map_err(made)?;
    let first = scratch.commit(None, &by, &by, "", &before, &[]).map_err(made)?;
    let parent = scratch.find_commit(first).map_err(made)?;
    let second = scratch.commit(None, &by, &by, "", &after, &[&parent]).map_err(made)?;
    Ok((first, second))
}

fn old_path(file: &ChangedFile) -> &RepoPath {
    match &file.kind {
        ChangeKind::Renamed { from } | ChangeKind::Copied { from } => from,
        ChangeKind::Added | ChangeKind::Modified | ChangeKind::Deleted => &file.path,
    }
}

/// Those of the lines that blame gives to the first of two commits.
fn blame_file(
    folder: &Path,
    (first, second): (Oid, Oid),
    (path, lines): (&RepoPath, &[LineRange]),
    deadline: Instant,
) -> Result<BTreeSet<u32>, GitError> {
    let mut args: Vec<String> = ["--git-dir=.", "blame", "--incremental", "-w", "-M", "-C"].map(String::from).into();
    args.extend(lines.iter().map(|lines| format!("-L{},{}", lines.start(), lines.end())));
    args.extend([second.to_string(), "--".into(), path.as_str().into()]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let said = command::run_until(folder, &args, deadline)?;
    let first = first.to_string();
    // `<commit> <line before> <line> <count>` begins an entry; what follows about the commit has other words in front.
    let older = String::from_utf8_lossy(&said)
        .lines()
        .filter_map(|line| {
            let mut words = line.strip_prefix(first.as_str())?.split_ascii_whitespace();
            let (start, count): (u32, u32) = (words.nth(1)?.parse().ok()?, words.next()?.parse().ok()?);
            Some(start..start.saturating_add(count))
        })
        .flatten()
        .collect();
    Ok(older)
}

#[cfg(test)]
mod tests;
