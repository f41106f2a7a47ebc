//! Which paths differ between the base and what is reviewed, and what the snapshot's tree holds. No texts yet.

use super::stat::Stat;
use super::{GitError, Repository, command};
use git2::{Delta, DiffOptions, FileMode, Oid};
use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

/// A path as git has it: bytes, `/` between parts.
pub(crate) type RawPath = Vec<u8>;

/// What kind of thing a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Executable,
    Link,
    Submodule,
}

impl Kind {
    pub(crate) fn of(mode: u32) -> Option<Self> {
        match mode & 0o170_000 {
            0o100_000 if mode & 0o100 != 0 => Some(Self::Executable),
            0o100_000 => Some(Self::File),
            0o120_000 => Some(Self::Link),
            0o160_000 => Some(Self::Submodule),
            _ => None,
        }
    }

    pub(crate) fn is_regular(self) -> bool {
        matches!(self, Self::File | Self::Executable)
    }
}

/// One side of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) kind: Kind,
    /// The blob; `None` for what is only in the work tree.
    pub(crate) blob: Option<Oid>,
}

/// A path that differs.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) path: RawPath,
    pub(crate) old: Option<Side>,
    pub(crate) new: Option<Side>,
}

/// A path of the tree under review.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) path: RawPath,
    pub(crate) kind: Kind,
    pub(crate) blob: Oid,
    /// Where the work tree can stand in for the blob.
    pub(crate) stat: Option<Stat>,
    /// Left out of the work tree by a sparse checkout.
    pub(crate) absent: bool,
}

/// What the work tree adds to a tree.
#[derive(Debug, Default)]
pub(crate) struct WorkTree {
    /// Everything that is tracked, by path.
    pub(crate) entries: Vec<Entry>,
    /// Base to work tree, by path.
    pub(crate) changes: Vec<Change>,
}

/// What differs between two commits, by path.
pub(crate) fn between(repo: &git2::Repository, base: Option<Oid>, head: Option<Oid>) -> Result<Vec<Change>, GitError> {
    let (base, head) = (tree(repo, base)?, tree(repo, head)?);
    let mut options = diff_options();
    let diff = repo
        .diff_tree_to_tree(base.as_ref(), head.as_ref(), Some(&mut options))
        .map_err(GitError::git("compare two commits"))?;
    Ok(collect(&diff, base.as_ref(), head.as_ref()).into_values().collect())
}

/// What differs between a commit and the work tree, untracked files included.
pub(crate) fn to_work_tree(repository: &Repository, base: Option<Oid>) -> Result<WorkTree, GitError> {
    let index_file = repository.git_dir().join("index");
    let stamp = || std::fs::metadata(&index_file).and_then(|m| m.modified()).ok();
    // Both halves read the index; if somebody writes it in between, they do not belong together.
    let mut attempts = 3;
    loop {
        let before = stamp();
        let (staged, work) = rayon::join(|| staged(repository, base), || unstaged(repository));
        attempts -= 1;
        match (staged, work) {
            (Ok(staged), Ok((entries, work))) if before == stamp() || attempts == 0 => {
                return Ok(WorkTree { entries, changes: overlay(staged, work) });
            }
            (Ok(_), Ok(_)) => {}
            (Err(e), _) | (_, Err(e)) if is_sparse_index(&e) => return command_line::to_work_tree(repository, base),
            (Err(e), _) | (_, Err(e)) => return Err(e),
        }
    }
}

/// What differs between the index and the work tree, untracked files included.
pub(crate) fn index_to_work_tree(repository: &Repository) -> Result<WorkTree, GitError> {
    match unstaged(repository) {
        Ok((entries, work)) => {
            let change = |one: Unstaged| Change { path: one.path, old: one.indexed, new: one.work };
            let mut changes: Vec<Change> = work.into_iter().map(change).filter(|c| c.old != c.new).collect();
            changes.sort_by(|a, b| a.path.cmp(&b.path));
            Ok(WorkTree { entries, changes })
        }
        Err(e) if is_sparse_index(&e) => command_line::index_to_work_tree(repository),
        Err(e) => Err(e),
    }
}

/// What differs between a commit and the index. What is reviewed is what is staged: the work tree stands in for nothing.
pub(crate) fn to_index(repository: &Repository, base: Option<Oid>) -> Result<WorkTree, GitError> {
    let read = || {
        let staged = staged(repository, base)?;
        let entries = repository.with(|repo| {
            let mut index = repo.index().map_err(GitError::git("read the index"))?;
            index.read(false).map_err(GitError::git("read the index"))?;
            // Of a conflict nothing is staged.
            let settled = index.iter().filter(|entry| (entry.flags >> 12) & 3 == 0);
            let entries = settled.filter_map(|entry| {
                let kind = Kind::of(entry.mode)?;
                Some(Entry { path: entry.path, kind, blob: entry.id, stat: None, absent: false })
            });
            Ok::<_, GitError>(entries.collect())
        })??;
        Ok(WorkTree { entries, changes: staged.into_values().filter(|c| c.old != c.new).collect() })
    };
    match read() {
        Err(e) if is_sparse_index(&e) => command_line::to_index(repository, base),
        read => read,
    }
}

/// What differs between the commit that a stash was made on and the stash, with the files that `untracked`, a commit
/// beside it, has.
pub(crate) fn of_stash(
    repo: &git2::Repository,
    base: Option<Oid>,
    stash: Option<Oid>,
    untracked: Option<Oid>,
) -> Result<WorkTree, GitError> {
    let mut work = WorkTree { entries: entries_of(repo, stash)?, changes: between(repo, base, stash)? };
    for entry in entries_of(repo, untracked)? {
        let new = Some(Side { kind: entry.kind, blob: Some(entry.blob) });
        work.changes.push(Change { path: entry.path.clone(), old: None, new });
        work.entries.push(entry);
    }
    work.entries.sort_by(|a, b| a.path.cmp(&b.path));
    work.changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(work)
}

fn is_sparse_index(e: &GitError) -> bool {
    matches!(e, GitError::Git { source, .. } if source.message().contains("unsupported mandatory extension"))
}

/// Base to index.
fn staged(repository: &Repository, base: Option<Oid>) -> Result<BTreeMap<RawPath, Change>, GitError> {
    repository.with(|repo| {
        let base = tree(repo, base)?;
        let mut index = repo.index().map_err(GitError::git("read the index"))?;
        index.read(false).map_err(GitError::git("read the index"))?;
        let mut options = diff_options();
        let diff = repo
            .diff_tree_to_index(base.as_ref(), Some(&index), Some(&mut options))
            .map_err(GitError::git("compare the base with the index"))?;
        Ok(collect(&diff, base.as_ref(), None))
    })?
}

/// A difference between index and work tree.
struct Unstaged {
    path: RawPath,
    /// What the index has.
    indexed: Option<Side>,
    /// What the work tree has.
    work: Option<Side>,
}

fn in_work_tree(kind: Kind) -> Side {
    Side { kind, blob: None }
}

/// Index to work tree.
fn unstaged(repository: &Repository) -> Result<(Vec<Entry>, Vec<Unstaged>), GitError> {
    repository.with(|repo| {
        let mut index = repo.index().map_err(GitError::git("read the index"))?;
        index.read(false).map_err(GitError::git("read the index"))?;
        let written = std::fs::metadata(repository.git_dir().join("index")).and_then(|m| m.modified()).ok();
        let written = written.and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        let written = written.map_or((0, 0), |t| (t.as_secs() as i32, t.subsec_nanos()));
        let mut entries = Vec::with_capacity(index.len());
        let mut absent = std::collections::HashSet::new();
        for entry in index.iter() {
            let Some(kind) = Kind::of(entry.mode) else { continue };
            if (entry.flags >> 12) & 3 != 0 {
                // A side of a conflict; what is reviewed is what the work tree has.
                continue;
            }
            let skipped = entry.flags_extended & SKIP_WORKTREE != 0;
            if skipped {
                absent.insert(entry.path.clone());
            }
            let mtime = (entry.mtime.seconds(), entry.mtime.nanoseconds());
            // A file that is not older than the index may have been written after it was looked at.
            let stat = (mtime < written && !skipped && kind.is_regular() && entry.mtime.nanoseconds() != 0)
                .then_some(Stat { mtime, size: entry.file_size, inode: entry.ino });
            entries.push(Entry { path: entry.path, kind, blob: entry.id, stat, absent: skipped });
        }
        let mut options = diff_options();
        options.include_untracked(true).recurse_untracked_dirs(true);
        let diff = repo
            .diff_index_to_workdir(Some(&index), Some(&mut options))
            .map_err(GitError::git("compare the index with the work tree"))?;
        let mut work = Vec::new();
        for delta in diff.deltas() {
            let (old, new) = (delta.old_file(), delta.new_file());
            let Some(path) = new.path_bytes().or_else(|| old.path_bytes()).map(<[u8]>::to_vec) else { continue };
            let indexed = side(&old).filter(|_| delta.status() != Delta::Untracked);
            let on_disk = match side(&new) {
                // Of a submodule, the commit that is checked out there.
                Some(side) if side.kind == Kind::Submodule => Some(side),
                side => side.map(|s| in_work_tree(s.kind)),
            };
            let change = match delta.status() {
                Delta::Deleted if absent.contains(&path) => continue,
                Delta::Deleted => Unstaged { path, indexed, work: None },
                // A folder that is a repository of its own.
                Delta::Untracked if path.ends_with(b"/") => Unstaged {
                    path: path[..path.len() - 1].to_vec(),
                    indexed: None,
                    work: Some(in_work_tree(Kind::Submodule)),
                },
                Delta::Conflicted => {
                    let on_disk = repository.root().join(os_path(&path)).symlink_metadata().ok();
                    Unstaged { path, indexed: None, work: on_disk.map(|m| in_work_tree(kind_of_metadata(&m))) }
                }
                Delta::Untracked | Delta::Modified | Delta::Typechange | Delta::Added => {
                    Unstaged { path, indexed, work: on_disk }
                }
                _ => continue,
            };
            work.push(change);
        }
        Ok((entries, work))
    })?
}

/// `GIT_INDEX_ENTRY_SKIP_WORKTREE`, in the extended flags as libgit2 has them.
const SKIP_WORKTREE: u16 = 1 << 14;

/// Puts the work tree's differences over the index's.
fn overlay(mut staged: BTreeMap<RawPath, Change>, work: Vec<Unstaged>) -> Vec<Change> {
    for Unstaged { path, indexed, work } in work {
        let change = staged.entry(path.clone()).or_insert(Change { path, old: indexed, new: None });
        change.new = work;
    }
    // Staged and taken back, or a submodule with uncommitted work of its own.
    staged.into_values().filter(|c| c.old != c.new).collect()
}

pub(crate) fn diff_options() -> DiffOptions {
    let mut options = DiffOptions::new();
    options.include_typechange(true).skip_binary_check(true).context_lines(0);
    options
}

pub(crate) fn tree(repo: &git2::Repository, commit: Option<Oid>) -> Result<Option<git2::Tree<'_>>, GitError> {
    let Some(id) = commit else { return Ok(None) };
    let tree = repo.find_commit(id).and_then(|c| c.tree());
    tree.map(Some).map_err(|_| GitError::Missing { what: format!("commit {id}") })
}

/// The changes of a diff, by path. A side that is a tree is given: of its files, old tools wrote modes (`100744`) on which
/// git2 panics when it is asked for that of a delta.
pub(crate) fn collect(
    diff: &git2::Diff<'_>,
    old_tree: Option<&git2::Tree<'_>>,
    new_tree: Option<&git2::Tree<'_>>,
) -> BTreeMap<RawPath, Change> {
    let mut changes = BTreeMap::new();
    for delta in diff.deltas() {
        let (old, new) = (delta.old_file(), delta.new_file());
        let Some(path) = new.path_bytes().or_else(|| old.path_bytes()).map(<[u8]>::to_vec) else { continue };
        let change = match delta.status() {
            // Which side of a conflict counts is for the work tree to say.
            Delta::Conflicted => {
                Change { path: path.clone(), old: side_in(old_tree, &old), new: side_in(old_tree, &old) }
            }
            _ => Change { path: path.clone(), old: side_in(old_tree, &old), new: side_in(new_tree, &new) },
        };
        changes.insert(path, change);
    }
    changes
}

/// A side of a delta, in the tree that it is of.
fn side_in(tree: Option<&git2::Tree<'_>>, file: &git2::DiffFile<'_>) -> Option<Side> {
    let Some(tree) = tree else { return side(file) };
    let entry = tree.get_path(&os_path(file.path_bytes()?)).ok()?;
    Some(Side { kind: Kind::of(entry.filemode_raw() as u32)?, blob: Some(entry.id()) })
}

fn side(file: &git2::DiffFile<'_>) -> Option<Side> {
    Some(Side { kind: kind_of(file)?, blob: Some(file.id()) })
}

fn kind_of(file: &git2::DiffFile<'_>) -> Option<Kind> {
    match file.mode() {
        FileMode::Blob | FileMode::BlobGroupWritable => Some(Kind::File),
        FileMode::BlobExecutable => Some(Kind::Executable),
        FileMode::Link => Some(Kind::Link),
        FileMode::Commit => Some(Kind::Submodule),
        FileMode::Unreadable | FileMode::Tree => None,
    }
}

pub(crate) fn kind_of_metadata(m: &std::fs::Metadata) -> Kind {
    #[cfg(unix)]
    let executable = std::os::unix::fs::PermissionsExt::mode(&m.permissions()) & 0o100 != 0;
    #[cfg(not(unix))]
    let executable = false;
    match () {
        () if m.is_symlink() => Kind::Link,
        () if m.is_dir() => Kind::Submodule,
        () if executable => Kind::Executable,
        () => Kind::File,
    }
}

/// A path of the repository as one of the system.
pub(crate) fn os_path(path: &[u8]) -> std::path::PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        std::ffi::OsStr::from_bytes(path).into()
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(path).into_owned().into()
    }
}

/// The tree of a commit, all its files, by path.
pub(crate) fn entries_of(repo: &git2::Repository, commit: Option<Oid>) -> Result<Vec<Entry>, GitError> {
    let mut entries = Vec::new();
    if let Some(tree) = tree(repo, commit)? {
        walk(repo, &tree, &mut Vec::new(), &mut entries)?;
    }
    entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

fn walk(
    repo: &git2::Repository,
    tree: &git2::Tree<'_>,
    at: &mut RawPath,
    out: &mut Vec<Entry>,
) -> Result<(), GitError> {
    for entry in tree {
        let length = at.len();
        at.extend_from_slice(entry.name_bytes());
        match Kind::of(entry.filemode() as u32) {
            Some(kind) => out.push(Entry { path: at.clone(), kind, blob: entry.id(), stat: None, absent: false }),
            None => {
                let sub = repo.find_tree(entry.id()).map_err(GitError::git("read a tree"))?;
                at.push(b'/');
                walk(repo, &sub, at, out)?;
            }
        }
        at.truncate(length);
    }
    Ok(())
}

/// The same by the `git` command, for an index that libgit2 cannot read.
mod command_line {
    use super::*;
    use crate::repository::oid;

    pub(super) fn to_work_tree(repository: &Repository, base: Option<Oid>) -> Result<WorkTree, GitError> {
        let mut changes = changed(repository, &["diff-index"], base)?;
        add_untracked(repository, &mut changes)?;
        Ok(WorkTree { entries: entries(repository)?, changes: changes.into_values().collect() })
    }

    pub(super) fn index_to_work_tree(repository: &Repository) -> Result<WorkTree, GitError> {
        let mut changes = raw(repository, &["diff-files"], &[])?;
        add_untracked(repository, &mut changes)?;
        Ok(WorkTree { entries: entries(repository)?, changes: changes.into_values().collect() })
    }

    pub(super) fn to_index(repository: &Repository, base: Option<Oid>) -> Result<WorkTree, GitError> {
        let changes = changed(repository, &["diff-index", "--cached"], base)?;
        let plain = |entry: Entry| Entry { stat: None, absent: false, ..entry };
        let entries = entries(repository)?.into_iter().map(plain).collect();
        Ok(WorkTree { entries, changes: changes.into_values().collect() })
    }

    fn entries(repository: &Repository) -> Result<Vec<Entry>, GitError> {
        let entries = command::run(repository.place(), &["ls-files", "--stage", "-t", "-z"], b"")?;
        Ok(records(&entries).filter_map(entry).collect())
    }

    fn changed(
        repository: &Repository,
        how: &[&str],
        base: Option<Oid>,
    ) -> Result<BTreeMap<RawPath, Change>, GitError> {
        let base = match base {
            Some(id) => id,
            None => repository.with(empty_tree)?.map_err(GitError::git("name the empty tree"))?,
        };
        raw(repository, how, &[&base.to_string()])
    }

    fn raw(repository: &Repository, how: &[&str], with: &[&str]) -> Result<BTreeMap<RawPath, Change>, GitError> {
        let options = ["--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff"];
        let diff = command::run(repository.place(), &[how, &options, with, &["--"]].concat(), b"")?;
        let mut changes: BTreeMap<RawPath, Change> = BTreeMap::new();
        let mut fields = records(&diff);
        while let (Some(meta), Some(path)) = (fields.next(), fields.next()) {
            if let Some(change) = raw_change(meta, path) {
                changes.insert(path.to_vec(), change);
            }
        }
        Ok(changes)
    }

    fn add_untracked(repository: &Repository, changes: &mut BTreeMap<RawPath, Change>) -> Result<(), GitError> {
        let root = repository.root();
        let untracked = command::run(repository.place(), &["ls-files", "--others", "--exclude-standard", "-z"], b"")?;
        for path in records(&untracked) {
            let kind = match path.strip_suffix(b"/") {
                Some(_) => Kind::Submodule,
                None => match root.join(os_path(path)).symlink_metadata() {
                    Ok(m) => kind_of_metadata(&m),
                    Err(_) => continue,
                },
            };
            let path = path.strip_suffix(b"/").unwrap_or(path).to_vec();
            let new = Some(Side { kind, blob: None });
            changes.entry(path.clone()).or_insert(Change { path, old: None, new: None }).new = new;
        }
        Ok(())
    }

    fn empty_tree(repo: &git2::Repository) -> Result<Oid, git2::Error> {
        Oid::hash_object_ext(git2::ObjectType::Tree, b"", repo.object_format())
    }

    fn records(output: &[u8]) -> impl Iterator<Item = &[u8]> {
        output.split(|b| *b == 0).filter(|r| !r.is_empty())
    }

    /// `<tag> <mode> <id> <stage>\t<path>`; tag `S` is left out by a sparse checkout.
    fn entry(record: &[u8]) -> Option<Entry> {
        let tab = memchr::memchr(b'\t', record)?;
        let mut fields = std::str::from_utf8(&record[..tab]).ok()?.split(' ');
        let absent = fields.next()? == "S";
        let kind = Kind::of(u32::from_str_radix(fields.next()?, 8).ok()?)?;
        let blob = oid(fields.next()?).ok()?;
        (fields.next()? == "0").then(|| Entry { path: record[tab + 1..].to_vec(), kind, blob, stat: None, absent })
    }

    /// `:<old mode> <new mode> <old id> <new id> <status>`; the new id is 0 for what only the work tree has.
    fn raw_change(meta: &[u8], path: &[u8]) -> Option<Change> {
        let meta = std::str::from_utf8(meta).ok()?.strip_prefix(':')?;
        let mut fields = meta.split(' ');
        let (old_mode, new_mode) = (fields.next()?, fields.next()?);
        let (old_id, new_id) = (fields.next()?, fields.next()?);
        let side = |mode: &str, id: &str| {
            let kind = Kind::of(u32::from_str_radix(mode, 8).ok()?)?;
            Some(Side { kind, blob: oid(id).ok().filter(|id| !id.is_zero()) })
        };
        Some(Change { path: path.to_vec(), old: side(old_mode, old_id), new: side(new_mode, new_id) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree of one file, `a`, with a mode as it is written.
    fn tree_with(repo: &git2::Repository, mode: &str, text: &str) -> Oid {
        let blob = repo.blob(text.as_bytes()).unwrap();
        let bytes = [format!("{mode} a\0").as_bytes(), blob.as_bytes()].concat();
        repo.odb().unwrap().write(git2::ObjectType::Tree, &bytes).unwrap()
    }

    #[test]
    fn modes_that_old_tools_wrote_are_read() {
        let folder = test_repo::Repo::new();
        let repo = git2::Repository::open(folder.path()).unwrap();
        let who = git2::Signature::now("a", "a@example.org").unwrap();
        let commit = |mode: &str, text: &str| {
            let tree = repo.find_tree(tree_with(&repo, mode, text)).unwrap();
            repo.commit(None, &who, &who, "a", &tree, &[]).unwrap()
        };
        let (old, new) = (commit("100744", "a\n"), commit("100664", "b\n"));
        let changes = between(&repo, Some(old), Some(new)).unwrap();
        let kinds = changes.iter().map(|c| (c.old.map(|s| s.kind), c.new.map(|s| s.kind))).collect::<Vec<_>>();
        assert_eq!(kinds, [(Some(Kind::Executable), Some(Kind::File))]);
        assert_eq!(between(&repo, None, Some(old)).unwrap()[0].old, None);
    }
}
