//! The snapshot as a folder of its own, for agents that read files: uncommitted work included, nothing of the user's
//! repository touched, and nothing in it that leads out of it.
//!
//! No hard links: an agent that writes into one would write into the user's file. No `.git`: there is nothing to run
//! hooks from, and nothing to commit to. No filters or hooks run; files that are clean in the work tree are copied as
//! they are there, so what a filter made of them is there too.

use super::changes::{Kind, os_path};
use super::frozen::{FrozenFile, FrozenTree, Source};
use super::{GitError, Snapshot};
use rayon::prelude::*;
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// A read-only folder with the snapshot's files. It is removed when this value is dropped.
#[derive(Debug)]
pub struct Checkout {
    root: PathBuf,
    files: usize,
    left_out: Vec<String>,
}

impl Checkout {
    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Lets it be written in: files are still replaced rather than changed, as each keeps its permissions.
    pub fn open_to_writing(&self) {
        set_folders_writable(&self.root);
    }

    /// How many files and links are in it.
    #[must_use]
    pub fn files(&self) -> usize {
        self.files
    }

    /// What the snapshot has and the folder has not: submodules, links that lead out of the tree, files that a partial
    /// clone does not have, names that this system does not allow.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        set_folders_writable(&self.root);
        if let Err(e) = fs::remove_dir_all(&self.root) {
            tracing::warn!("failed to remove {}: {e}", self.root.display());
        }
    }
}

/// Writes the snapshot's whole tree into `folder`, which must not exist yet (its parent must) or be empty. Blocks;
/// works on all cores. When it fails or is cancelled, the folder is removed again.
///
/// # Errors
/// [`GitError::Cancelled`], or when the repository cannot be read or the folder not be written.
pub fn materialise(snapshot: &Snapshot, folder: &Path, cancel: &CancellationToken) -> Result<Checkout, GitError> {
    match fs::create_dir(folder) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists && is_empty(folder) => {}
        made => made.map_err(GitError::io("make", folder))?,
    }
    // From here on, dropping it cleans up.
    let mut checkout = Checkout { root: folder.to_owned(), files: 0, left_out: Vec::new() };
    match snapshot.inner.tree.frozen() {
        Some(tree) => write_tree(tree, &mut checkout, cancel)?,
        None => write_texts(snapshot, &mut checkout, cancel)?,
    }
    Ok(checkout)
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

fn write_tree(tree: &FrozenTree, checkout: &mut Checkout, cancel: &CancellationToken) -> Result<(), GitError> {
    let (mut plain, mut links) = (Vec::new(), Vec::new());
    for file in tree.files()? {
        match file.kind {
            Kind::File | Kind::Executable if is_tame(&file.path) => plain.push(file),
            Kind::Link if is_tame(&file.path) => links.push(file),
            _ => checkout.left_out.push(String::from_utf8_lossy(&file.path).into_owned()),
        }
    }
    let folders = make_folders(&checkout.root, plain.iter().chain(&links).map(|f| f.path.as_slice()))?;
    let root = &checkout.root;
    let outcomes = plain
        .par_iter()
        .with_min_len(16)
        .map(|file| if cancel.is_cancelled() { Err(GitError::Cancelled) } else { write_file(tree, file, root) })
        .collect::<Result<Vec<bool>, GitError>>()?;
    let mut written = outcomes.iter().filter(|written| **written).count();
    let missing = plain.iter().zip(&outcomes).filter(|(_, written)| !**written);
    checkout.left_out.extend(missing.map(|(f, _)| String::from_utf8_lossy(&f.path).into_owned()));
    // Last, so that nothing can be written through one.
    for file in links {
        if write_link(tree, file, &checkout.root)? {
            written += 1;
        } else {
            checkout.left_out.push(String::from_utf8_lossy(&file.path).into_owned());
        }
    }
    checkout.files = written;
    checkout.left_out.sort();
    set_read_only(&folders);
    Ok(())
}

/// The same for a snapshot without a repository.
fn write_texts(snapshot: &Snapshot, checkout: &mut Checkout, cancel: &CancellationToken) -> Result<(), GitError> {
    let missing = |path: &finding::RepoPath| GitError::Missing { what: format!("'{path}'") };
    let paths = snapshot.paths().map_err(|e| GitError::Missing { what: e.to_string() })?;
    let folders = make_folders(&checkout.root, paths.iter().map(|p| p.as_str().as_bytes()))?;
    for path in &paths {
        if cancel.is_cancelled() {
            return Err(GitError::Cancelled);
        }
        let text = snapshot.read(path).map_err(|_| missing(path))?.ok_or_else(|| missing(path))?;
        let target = checkout.root.join(path.as_str());
        let mut out = create(&target, false).map_err(GitError::io("write", &target))?;
        out.write_all(text.as_bytes()).map_err(GitError::io("write", &target))?;
        checkout.files += 1;
    }
    set_read_only(&folders);
    Ok(())
}

/// Whether a path stays where it is put: git refuses to make others, but the objects may come from elsewhere.
fn is_tame(path: &[u8]) -> bool {
    let devious = |part: &[u8]| {
        matches!(part, b"" | b"." | b"..")
            || part.eq_ignore_ascii_case(b".git")
            || (cfg!(windows) && is_windows_path(part))
    };
    !path.contains(&0) && !path.split(|b| *b == b'/').any(devious)
}

fn is_windows_path(part: &[u8]) -> bool {
    part.iter().any(|b| matches!(b, b'\\' | b':'))
}

/// Makes the folders of all paths; returns them, parents first.
fn make_folders<'p>(root: &Path, paths: impl Iterator<Item = &'p [u8]>) -> Result<Vec<PathBuf>, GitError> {
    let mut known: HashSet<&[u8]> = HashSet::new();
    let mut made = vec![root.to_owned()];
    for path in paths {
        let mut ends: Vec<usize> = Vec::new();
        for end in memchr::memrchr_iter(b'/', path) {
            if known.contains(&path[..end]) {
                break;
            }
            ends.push(end);
        }
        for end in ends.into_iter().rev() {
            known.insert(&path[..end]);
            let folder = root.join(os_path(&path[..end]));
            match fs::create_dir(&folder) {
                // Another spelling of the same name, where the file system does not tell them apart.
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                done => done.map_err(GitError::io("make", &folder))?,
            }
            made.push(folder);
        }
    }
    Ok(made)
}

/// Whether it could be written.
fn write_file(tree: &FrozenTree, file: &FrozenFile, root: &Path) -> Result<bool, GitError> {
    let target = root.join(os_path(&file.path));
    let mut out = match create(&target, file.kind == Kind::Executable) {
        Ok(out) => out,
        Err(e) if matches!(e.kind(), ErrorKind::AlreadyExists | ErrorKind::InvalidFilename) => return Ok(false),
        Err(e) => return Err(GitError::io("write", &target)(e)),
    };
    if let Some(bytes) = tree.checked_out(file)? {
        out.write_all(&bytes).map_err(GitError::io("write", &target))?;
        return Ok(true);
    }
    drop(out);
    fs::remove_file(&target).map_err(GitError::io("remove", &target))?;
    Ok(false)
}

/// A new file; never one that is there, nor through a link.
fn create(path: &Path, executable: bool) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if executable { 0o555 } else { 0o444 });
    #[cfg(not(unix))]
    let _ = executable;
    options.open(path)
}

/// Whether the link stays inside and was made.
fn write_link(tree: &FrozenTree, file: &FrozenFile, root: &Path) -> Result<bool, GitError> {
    let target = match file.source {
        Source::Blob(..) | Source::Text(_) | Source::Bytes(_) => tree.bytes(file, 64 * 1024)?.map(|(bytes, _)| bytes),
        Source::WorkTree => fs::read_link(tree.repository().root().join(os_path(&file.path)))
            .ok()
            .map(|p| p.as_os_str().as_encoded_bytes().to_vec()),
    };
    let Some(target) = target.filter(|t| stays_inside(&file.path, t)) else { return Ok(false) };
    #[cfg(unix)]
    {
        let at = root.join(os_path(&file.path));
        Ok(std::os::unix::fs::symlink(os_path(&target), at).is_ok())
    }
    #[cfg(not(unix))]
    {
        let _ = (root, target);
        Ok(false)
    }
}

/// Whether a link at `path` with this target stays in the tree, whatever else in the tree is a link. Folders above a
/// link are real, so `..` at the start is safe as far as they go; after a name, which may be a link, it is not.
fn stays_inside(path: &[u8], target: &[u8]) -> bool {
    if target.is_empty() || target.starts_with(b"/") || (cfg!(windows) && is_windows_path(target)) {
        return false;
    }
    let depth = path.iter().filter(|b| **b == b'/').count();
    let parts: Vec<&[u8]> = target.split(|b| *b == b'/').filter(|p| !matches!(*p, b"" | b".")).collect();
    let up = parts.iter().take_while(|p| **p == b"..").count();
    up <= depth && parts[up..].iter().all(|p| *p != b".." && !p.eq_ignore_ascii_case(b".git"))
}

#[cfg(unix)]
fn set_read_only(folders: &[PathBuf]) {
    use std::os::unix::fs::PermissionsExt;
    for folder in folders.iter().rev() {
        // Without it the folder is as good, only less of a hint to whoever wants to write there.
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o555));
    }
}

#[cfg(not(unix))]
fn set_read_only(_: &[PathBuf]) {}

/// So that they can be emptied.
#[cfg(unix)]
fn set_folders_writable(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o755));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            set_folders_writable(&entry.path());
        }
    }
}

#[cfg(not(unix))]
fn set_folders_writable(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_could_leave_the_tree_are_told_from_those_that_cannot() {
        for (path, target) in [("a", "b"), ("d/a", "../b"), ("d/e/a", "../../x/y"), ("a", "./b/"), ("d/a", ".")] {
            assert!(stays_inside(path.as_bytes(), target.as_bytes()), "{path} -> {target}");
        }
        for (path, target) in [
            ("a", "/etc/passwd"),
            ("a", "../x"),
            ("d/a", "../../x"),
            ("d/a", "link/../../x"),
            ("a", ".git/config"),
            ("a", ""),
        ] {
            assert!(!stays_inside(path.as_bytes(), target.as_bytes()), "{path} -> {target}");
        }
    }

    #[test]
    fn a_snapshot_in_memory_becomes_a_folder_that_goes_away() {
        let snapshot = Snapshot::in_memory(&[("a", "a\n")], &[("a", "b\n"), ("d/e/f", "f\n")]);
        let parent = tempfile::tempdir().unwrap();
        let checkout = materialise(&snapshot, &parent.path().join("x"), &CancellationToken::new()).unwrap();
        assert_eq!(checkout.files(), 2);
        assert_eq!(fs::read_to_string(checkout.path().join("d/e/f")).unwrap(), "f\n");
        drop(checkout);
        assert!(!parent.path().join("x").exists());
    }
}
