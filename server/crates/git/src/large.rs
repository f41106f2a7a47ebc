//! Large binary files that a branch brings into the repository, those that it takes out again included.

use super::changes::{Kind, RawPath, os_path};
use super::disk::read_start;
use super::frozen::{FrozenTree, Source};
use super::repository::oid;
use super::{GitError, Snapshot, SnapshotError, text};
use finding::{CommitId, LeftOut};
use git2::{AttrCheckFlags, AttrValue, Delta, Oid};
use std::collections::{BTreeMap, HashSet};

/// A binary file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LargeBinary {
    /// Its path; lossy if it is not UTF-8.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// The newest commit of the branch that brought it; `None` if it is not committed.
    pub commit: Option<CommitId>,
    /// Whether the snapshot does not have it any more, so that only the history keeps it.
    pub is_gone: bool,
    /// Whether the base has a file of that path.
    pub was_there: bool,
}

/// The binary files of at least `least` bytes that the branch's commits or the uncommitted work add or change, by path,
/// each path once. Files that Git LFS keeps elsewhere do not count, nor do excluded ones.
///
/// # Errors
/// When git cannot be read.
pub fn large_binaries(snapshot: &Snapshot, least: u64) -> Result<Vec<LargeBinary>, SnapshotError> {
    let Some(tree) = snapshot.inner.tree.frozen() else { return Ok(Vec::new()) };
    found(snapshot, tree, least).map_err(|e| SnapshotError { path: "the branch's history".into(), why: e.to_string() })
}

fn found(snapshot: &Snapshot, tree: &FrozenTree, least: u64) -> Result<Vec<LargeBinary>, GitError> {
    let mut all: BTreeMap<String, LargeBinary> = BTreeMap::new();
    for Brought { path, blob, bytes, commit } in tree.repository().with(|repo| committed(repo, snapshot, least))?? {
        let is_gone = match tree.file(&path)?.map(|f| &f.source) {
            None | Some(Source::Text(_)) => true,
            Some(Source::Blob(now, _)) => *now != blob,
            Some(Source::Bytes(_) | Source::WorkTree) => false,
        };
        let path = String::from_utf8_lossy(&path).into_owned();
        all.insert(path.clone(), LargeBinary { path, bytes, commit: Some(commit), is_gone, was_there: false });
    }
    for file in snapshot.left_out() {
        match file.why {
            LeftOut::Excluded(_) => drop(all.remove(&file.path)),
            LeftOut::Binary(bytes) | LeftOut::TooLarge(bytes)
                if bytes >= least && !all.contains_key(&file.path) && is_uncommitted(tree, &file.path)? =>
            {
                let found =
                    LargeBinary { path: file.path.clone(), bytes, commit: None, is_gone: false, was_there: false };
                all.insert(file.path.clone(), found);
            }
            _ => {}
        }
    }
    let mut all: Vec<LargeBinary> = all.into_values().collect();
    tree.repository().with(|repo| mark_known(repo, snapshot, &mut all))??;
    Ok(all)
}

/// Says of each whether the base has its path.
fn mark_known(repo: &git2::Repository, snapshot: &Snapshot, files: &mut [LargeBinary]) -> Result<(), GitError> {
    let Some(base) = &snapshot.scope().base else { return Ok(()) };
    let tree = repo.find_commit(oid(base.as_str())?).and_then(|c| c.tree()).map_err(GitError::git("read the base"))?;
    for file in files {
        file.was_there = tree.get_path(std::path::Path::new(&file.path)).is_ok();
    }
    Ok(())
}

/// What a commit brings.
struct Brought {
    path: RawPath,
    blob: Oid,
    bytes: u64,
    commit: CommitId,
}

/// What the commits bring, oldest first.
fn committed(repo: &git2::Repository, snapshot: &Snapshot, least: u64) -> Result<Vec<Brought>, GitError> {
    let failed = || GitError::git("read the branch's commits");
    let odb = repo.odb().map_err(failed())?;
    let mut found = Vec::new();
    // What a merge brings is on the base's side, or in the commits that it merges.
    for commit in snapshot.commits().iter().filter(|c| !c.is_merge) {
        let id = oid(commit.id.as_str())?;
        let tree = repo.find_commit(id).and_then(|c| c.tree()).map_err(failed())?;
        let parent = repo.find_commit(id).and_then(|c| c.parent(0)).and_then(|p| p.tree()).ok();
        let diff = repo.diff_tree_to_tree(parent.as_ref(), Some(&tree), None).map_err(failed())?;
        let was_there: HashSet<Oid> = diff.deltas().map(|d| d.old_file().id()).collect();
        for delta in diff.deltas().filter(|d| matches!(d.status(), Delta::Added | Delta::Modified)) {
            let (file, id) = (delta.new_file(), delta.new_file().id());
            // In the tree: git2 panics on modes that old tools wrote, when it is asked for that of a delta.
            let entry = file.path_bytes().and_then(|path| tree.get_path(&os_path(path)).ok());
            let is_file = entry.is_some_and(|e| Kind::of(e.filemode_raw() as u32).is_some_and(Kind::is_regular));
            if !is_file || was_there.contains(&id) {
                continue;
            }
            // A partial clone may not have it; then nobody here can say what is in it.
            let Ok((size, _)) = odb.read_header(id) else { continue };
            let is_binary = || repo.find_blob(id).is_ok_and(|blob| text::is_binary(blob.content()));
            if size as u64 >= least
                && is_binary()
                && let Some(path) = file.path_bytes()
            {
                found.push(Brought { path: path.to_vec(), blob: id, bytes: size as u64, commit: commit.id.clone() });
            }
        }
    }
    Ok(found)
}

/// Whether the work tree has a binary file there that a commit would keep as it is.
fn is_uncommitted(tree: &FrozenTree, path: &str) -> Result<bool, GitError> {
    let in_work_tree = |source: &Source| matches!(source, Source::Bytes(_) | Source::WorkTree);
    if !tree.file(path.as_bytes())?.is_some_and(|f| in_work_tree(&f.source)) {
        return Ok(false);
    }
    let by_filter = tree.repository().with(|repo| {
        let value = repo.get_attr_bytes(std::path::Path::new(path), "filter", AttrCheckFlags::FILE_THEN_INDEX);
        matches!(AttrValue::from_bytes(value.ok().flatten()), AttrValue::String("lfs"))
    })?;
    let on_disk = tree.repository().root().join(os_path(path.as_bytes()));
    Ok(!by_filter && read_start(&on_disk, 8000).is_some_and(|start| text::is_binary(&start)))
}
