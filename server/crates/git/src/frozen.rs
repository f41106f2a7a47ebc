//! The snapshot's whole tree: what is not part of the change is read when it is asked for, and still is what it was
//! when the snapshot was taken.

use super::changes::{Entry, Kind, RawPath, entries_of, os_path};
use super::disk::read_regular;
use super::rules::{Attributes, Defaults, Mentioned};
use super::stat::Stat;
use super::{GitError, Repository, SnapshotError, text};
use finding::RepoPath;
use git2::{ErrorCode, Oid};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Where a file's content is.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// In the object database; and in the work tree too, as long as the file there has this stat.
    Blob(Oid, Option<Stat>),
    /// Only in the work tree, and kept here.
    Text(Arc<str>),
    /// The same, of what is not UTF-8.
    Bytes(Arc<[u8]>),
    /// Only in the work tree and too large to keep, or not a file; the one thing that is not frozen.
    WorkTree,
}

/// A file of the snapshot.
#[derive(Debug, Clone)]
pub(crate) struct FrozenFile {
    pub(crate) path: RawPath,
    pub(crate) kind: Kind,
    pub(crate) source: Source,
    absent: bool,
}

#[derive(Debug)]
pub(crate) struct FrozenTree {
    repository: Repository,
    head: Option<Oid>,
    max_file_bytes: u64,
    defaults: Defaults,
    /// Objects may be absent.
    partial: bool,
    files: OnceLock<Vec<FrozenFile>>,
    /// Of all files.
    mentioned: OnceLock<Mentioned>,
}

impl FrozenTree {
    /// The tree of a commit; it is listed when it is asked for.
    pub(crate) fn of_commit(repository: &Repository, head: Option<Oid>, max: u64) -> Result<Self, GitError> {
        let (defaults, partial) = repository.with(|repo| (Defaults::of(repo), is_partial(repo)))?;
        let repository = repository.clone();
        Ok(Self {
            repository,
            head,
            max_file_bytes: max,
            defaults,
            partial,
            files: OnceLock::new(),
            mentioned: OnceLock::new(),
        })
    }

    /// What is tracked.
    pub(crate) fn of_index(repository: &Repository, entries: Vec<Entry>, max: u64) -> Result<Self, GitError> {
        let tree = Self::of_commit(repository, None, max)?;
        // The lock was made above, nobody else has it.
        let _ = tree.files.set(entries.into_iter().map(FrozenFile::from).collect());
        Ok(tree)
    }

    /// Puts what the work tree has over what is tracked: `None` where it is deleted.
    pub(crate) fn overlay(&mut self, work: BTreeMap<RawPath, Option<(Kind, Source)>>) {
        let Some(files) = self.files.get_mut() else { return };
        let mut work = work;
        files.retain_mut(|file| match work.remove(&file.path) {
            Some(Some((kind, source))) => {
                (file.kind, file.source) = (kind, source);
                true
            }
            Some(None) => false,
            None => true,
        });
        let new = work.into_iter().filter_map(|(path, to)| {
            let (kind, source) = to?;
            Some(FrozenFile { path, kind, source, absent: false })
        });
        files.extend(new);
        files.sort_by(|a, b| a.path.cmp(&b.path));
    }

    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    pub(crate) fn defaults(&self) -> Defaults {
        self.defaults
    }

    pub(crate) fn is_partial(&self) -> bool {
        self.partial
    }

    pub(crate) fn max_file_bytes(&self) -> u64 {
        self.max_file_bytes
    }

    /// All its files, by path.
    pub(crate) fn files(&self) -> Result<&[FrozenFile], GitError> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let entries = self.repository.with(|repo| entries_of(repo, self.head))??;
        Ok(self.files.get_or_init(|| entries.into_iter().map(FrozenFile::from).collect()))
    }

    /// The tracked file at a path, if the work tree is what is reviewed.
    pub(crate) fn of_work_tree(&self, path: &[u8]) -> Option<&FrozenFile> {
        let files = self.files.get()?;
        files.binary_search_by(|f| f.path.as_slice().cmp(path)).ok().map(|i| &files[i])
    }

    /// The file at a path.
    pub(crate) fn file(&self, path: &[u8]) -> Result<Option<&FrozenFile>, GitError> {
        let files = self.files()?;
        Ok(files.binary_search_by(|f| f.path.as_slice().cmp(path)).ok().map(|i| &files[i]))
    }

    /// A file's bytes, and whether they are as in the work tree; `None` if it is gone (not frozen) or over `max` bytes.
    pub(crate) fn bytes(&self, file: &FrozenFile, max: u64) -> Result<Option<(Vec<u8>, bool)>, GitError> {
        let on_disk = || self.repository.root().join(os_path(&file.path));
        match &file.source {
            Source::Text(text) => Ok(Some((text.as_bytes().to_vec(), true))),
            Source::Bytes(bytes) => Ok(Some((bytes.to_vec(), true))),
            Source::WorkTree => Ok(read_regular(&on_disk(), max, None)?.map(|bytes| (bytes, true))),
            Source::Blob(id, stat) => {
                if let Some(stat) = stat
                    && let Ok(Some(bytes)) = read_regular(&on_disk(), max, Some(*stat))
                {
                    return Ok(Some((bytes, true)));
                }
                let blob = self.repository.with(|repo| match repo.find_blob(*id) {
                    Ok(blob) if blob.size() as u64 > max => Ok(None),
                    Ok(blob) => Ok(Some(blob.content().to_vec())),
                    // Reading around in a partial clone must not download it.
                    Err(e) if e.code() == ErrorCode::NotFound && self.partial => Ok(None),
                    Err(e) if e.code() == ErrorCode::NotFound => Err(GitError::Missing {
                        what: format!("the blob of '{}'", String::from_utf8_lossy(&file.path)),
                    }),
                    Err(e) => Err(GitError::git("read a blob")(e)),
                })??;
                Ok(blob.map(|bytes| (bytes, false)))
            }
        }
    }

    /// What a checkout has under this path, however large; `None` if it cannot be had.
    pub(crate) fn checked_out(&self, file: &FrozenFile) -> Result<Option<Vec<u8>>, GitError> {
        let Some((bytes, as_in_work_tree)) = self.bytes(file, u64::MAX)? else { return Ok(None) };
        if as_in_work_tree || text::is_binary(&bytes) {
            return Ok(Some(bytes));
        }
        let attributes = self.attributes(file)?;
        match (attributes.conversion.output, std::str::from_utf8(&bytes)) {
            (Some(_), Ok(text)) => Ok(Some(attributes.conversion.checked_out(Arc::from(text)).as_bytes().to_vec())),
            _ => Ok(Some(bytes)),
        }
    }

    /// The id of a file's blob, where that is its text.
    pub(crate) fn blob(&self, path: &RepoPath) -> Option<Oid> {
        let file = self.file(path.as_str().as_bytes()).ok()??;
        match file.source {
            Source::Blob(id, _) => Some(id),
            Source::Text(_) | Source::Bytes(_) | Source::WorkTree => None,
        }
    }

    fn attributes(&self, file: &FrozenFile) -> Result<Attributes, GitError> {
        self.repository.with(|repo| {
            let all = || self.files().into_iter().flatten().map(|f| f.path.as_slice());
            let mentioned = *self.mentioned.get_or_init(|| Mentioned::of(repo, all()));
            Attributes::of(repo, &file.path, self.defaults, mentioned)
        })
    }

    fn text(&self, path: &RepoPath) -> Result<Option<Arc<str>>, GitError> {
        let Some(file) = self.file(path.as_str().as_bytes())?.filter(|f| f.kind.is_regular()) else {
            return Ok(None);
        };
        if let Source::Text(text) = &file.source {
            return Ok(Some(text.clone()));
        }
        let Some((bytes, as_in_work_tree)) = self.bytes(file, self.max_file_bytes)? else { return Ok(None) };
        if text::is_binary(&bytes) {
            return Ok(None);
        }
        let text = text::decode(&bytes).0;
        if as_in_work_tree || !text.contains('\n') {
            return Ok(Some(text));
        }
        let attributes = self.attributes(file)?;
        Ok(Some(attributes.conversion.checked_out(text)))
    }
}

impl FrozenTree {
    /// Every file of the tree that is text by its name, sorted.
    pub(crate) fn paths(&self) -> Result<Vec<RepoPath>, SnapshotError> {
        let files = self.files().map_err(|e| SnapshotError { path: "the tree".into(), why: e.to_string() })?;
        Ok(files
            .iter()
            .filter(|f| f.kind.is_regular() && !(f.absent && self.partial) && !matches!(f.source, Source::WorkTree))
            .filter_map(|f| RepoPath::new(std::str::from_utf8(&f.path).ok()?).ok())
            .filter(|path| !is_binary_by_name(path))
            .collect())
    }

    /// Every name of the tree, those of binary files, links and submodules included, sorted.
    pub(crate) fn names(&self) -> Result<Vec<RepoPath>, SnapshotError> {
        let files = self.files().map_err(|e| SnapshotError { path: "the tree".into(), why: e.to_string() })?;
        Ok(files.iter().filter_map(|f| RepoPath::new(std::str::from_utf8(&f.path).ok()?).ok()).collect())
    }

    /// The text of `path`; `None` if it is not there or not text.
    pub(crate) fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, SnapshotError> {
        self.text(path).map_err(|e| SnapshotError { path: path.to_string(), why: e.to_string() })
    }
}

impl From<Entry> for FrozenFile {
    fn from(e: Entry) -> Self {
        Self { path: e.path, kind: e.kind, source: Source::Blob(e.blob, e.stat), absent: e.absent }
    }
}

fn is_partial(repo: &git2::Repository) -> bool {
    let promisor = |config: git2::Config| -> Result<bool, git2::Error> {
        let mut entries = config.entries(Some(r"^(remote\..*\.promisor|extensions\.partialclone)$"))?;
        Ok(entries.next().is_some())
    };
    repo.config().and_then(promisor).unwrap_or(false)
}

/// Whether a name says that there is no text in it.
fn is_binary_by_name(path: &RepoPath) -> bool {
    path.extension().is_some_and(|e| BINARY.binary_search(&e.to_ascii_lowercase().as_str()).is_ok())
}

/// Sorted.
const BINARY: [&str; 66] = [
    "7z", "a", "avi", "avif", "bin", "bmp", "bz2", "class", "dat", "db", "dex", "dll", "doc", "docx", "dylib", "ear",
    "eot", "exe", "flac", "gif", "gz", "heic", "icns", "ico", "jar", "jpeg", "jpg", "lib", "lz4", "m4a", "mkv", "mov",
    "mp3", "mp4", "o", "obj", "odt", "ogg", "otf", "pdb", "pdf", "png", "ppt", "pptx", "psd", "pyc", "pyo", "rar",
    "rlib", "so", "sqlite", "tar", "tgz", "tif", "tiff", "ttf", "war", "wasm", "wav", "webm", "webp", "woff", "woff2",
    "xls", "xlsx", "zip",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_binary_are_sorted_and_found_in_any_case() {
        assert!(BINARY.is_sorted());
        let is = |p: &str| is_binary_by_name(&RepoPath::new(p).unwrap());
        assert!(is("a/Logo.PNG") && is("x.zip") && !is("x.rs") && !is("png") && !is(".gif"));
    }
}
