//! The exact text under review, frozen when a round starts.

use super::SnapshotError;
use super::frozen::FrozenTree;
use dashmap::DashMap;
use finding::{Commit, LeftOutFile, LineRange, RepoPath, RoundScope};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What happened to a file between base and snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// New in the snapshot.
    Added,
    /// In both, with other text.
    Modified,
    /// Only in the base; [`ChangedFile::path`] is its name there.
    Deleted,
    /// Under another name in the base.
    Renamed {
        /// That name.
        from: RepoPath,
    },
    /// Copied from a file of the base that is still there.
    Copied {
        /// That file.
        from: RepoPath,
    },
}

/// A run of changed lines, without context. Lines are 1-based; a count of 0 means that the run is empty on
/// that side and stands *before* line `start` (at the end of the text: number of lines + 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineHunk {
    /// First line in the base.
    pub old_start: u32,
    /// Lines taken out of the base.
    pub old_count: u32,
    /// First line in the snapshot.
    pub new_start: u32,
    /// Lines put into the snapshot.
    pub new_count: u32,
}

/// A text file that the change touches and that is to be reviewed.
#[derive(Debug, Clone)]
pub struct ChangedFile {
    /// Its name in the snapshot (of a deleted file: in the base).
    pub path: RepoPath,
    /// What happened to it.
    pub kind: ChangeKind,
    /// Its text in the base; `None` for added files.
    pub old: Option<Arc<str>>,
    /// Its text in the snapshot; `None` for deleted files.
    pub new: Option<Arc<str>>,
    /// The changed runs, in order.
    pub hunks: Vec<LineHunk>,
    /// Whether either text was not UTF-8 and was read lossily.
    pub lossy: bool,
}

impl ChangedFile {
    /// Whether any line of `lines` (in the snapshot) was added or changed, or stands where lines were deleted.
    #[must_use]
    pub fn touches(&self, lines: LineRange) -> bool {
        self.hunks.iter().any(|h| {
            let end = h.new_start + h.new_count.max(1) - 1;
            let start = if h.new_count == 0 { h.new_start.saturating_sub(1).max(1) } else { h.new_start };
            lines.overlaps(LineRange::new(start, end))
        })
    }

    /// Whether the change took lines out at or between `lines` (in the snapshot), and put none in their place.
    pub(crate) fn lost_lines_at(&self, lines: LineRange) -> bool {
        let mut deletions = self.hunks.iter().filter(|h| h.new_count == 0);
        deletions.any(|h| lines.overlaps(LineRange::new(h.new_start.saturating_sub(1).max(1), h.new_start)))
    }
}

/// What a text is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextId(git2::Oid);

/// The text under review. Cheap to clone; immutable; safe to read from many threads.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) scope: RoundScope,
    pub(crate) commits: Vec<Commit>,
    pub(crate) files: Vec<ChangedFile>,
    pub(crate) left_out: Vec<LeftOutFile>,
    pub(crate) moved: Vec<(RepoPath, RepoPath)>,
    pub(crate) tree: Tree,
    pub(crate) kept: Kept,
}

/// Where texts come from that are not part of the change.
#[derive(Debug)]
pub(crate) enum Tree {
    /// The repository's tree.
    Repository(FrozenTree),
    /// Whole texts, for tests.
    InMemory(BTreeMap<RepoPath, Arc<str>>),
}

impl Tree {
    /// Every file of the tree that is text by its name, sorted.
    fn paths(&self) -> Result<Vec<RepoPath>, SnapshotError> {
        match self {
            Self::Repository(tree) => tree.paths(),
            Self::InMemory(texts) => Ok(texts.keys().cloned().collect()),
        }
    }

    /// Every name of the tree, those of binary files, links and submodules included, sorted.
    fn names(&self) -> Result<Vec<RepoPath>, SnapshotError> {
        match self {
            Self::Repository(tree) => tree.names(),
            Self::InMemory(texts) => Ok(texts.keys().cloned().collect()),
        }
    }

    /// The text of `path`; `None` if it is not there or not text.
    fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, SnapshotError> {
        match self {
            Self::Repository(tree) => tree.read(path),
            Self::InMemory(texts) => Ok(texts.get(path).cloned()),
        }
    }

    /// The repository's tree, where there is a repository.
    pub(crate) fn frozen(&self) -> Option<&FrozenTree> {
        match self {
            Self::Repository(tree) => Some(tree),
            Self::InMemory(_) => None,
        }
    }
}

/// Texts of files that the change does not touch, kept for the round: agents that run at the same time read the same
/// ones, and a text that comes from git's objects has to be unpacked each time.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    texts: DashMap<RepoPath, Arc<str>>,
    bytes: AtomicUsize,
}

/// More is not kept, in bytes; of a larger tree the rest is read again.
const MOST_KEPT: usize = 32 << 20;

impl Kept {
    fn get(&self, path: &RepoPath) -> Option<Arc<str>> {
        self.texts.get(path).map(|text| text.clone())
    }

    fn keep(&self, path: &RepoPath, text: &Arc<str>) {
        let size = text.len() + path.as_str().len() + 100;
        if self.bytes.fetch_add(size, Ordering::Relaxed) + size <= MOST_KEPT {
            self.texts.insert(path.clone(), text.clone());
        }
    }
}

impl Snapshot {
    /// What is reviewed.
    #[must_use]
    pub fn scope(&self) -> &RoundScope {
        &self.inner.scope
    }

    /// The branch's commits, oldest first.
    #[must_use]
    pub fn commits(&self) -> &[Commit] {
        &self.inner.commits
    }

    /// The changed files to review, by path.
    #[must_use]
    pub fn files(&self) -> &[ChangedFile] {
        &self.inner.files
    }

    /// The changed file of that name in the snapshot.
    #[must_use]
    pub fn file(&self, path: &RepoPath) -> Option<&ChangedFile> {
        self.inner.files.binary_search_by(|f| f.path.cmp(path)).ok().map(|i| &self.inner.files[i])
    }

    /// The changed files that are not reviewed, with the reason.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOutFile] {
        &self.inner.left_out
    }

    /// Files that have another name in the snapshot and the same text: the old name, the new one. They are listed as left
    /// out, as there is no changed line to review.
    #[must_use]
    pub fn moved(&self) -> &[(RepoPath, RepoPath)] {
        &self.inner.moved
    }

    /// Every text file of the repository in the snapshot, changed or not, sorted.
    ///
    /// # Errors
    /// When git cannot list the tree.
    pub fn paths(&self) -> Result<Vec<RepoPath>, SnapshotError> {
        self.inner.tree.paths()
    }

    /// Every name in the snapshot's tree, those of binary files, links and submodules included, sorted.
    ///
    /// # Errors
    /// When git cannot list the tree.
    pub fn names(&self) -> Result<Vec<RepoPath>, SnapshotError> {
        self.inner.tree.names()
    }

    /// The snapshot's text of any file; `None` if it is not there or not text.
    ///
    /// # Errors
    /// When git or the disk cannot give it.
    pub fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, SnapshotError> {
        match self.file(path) {
            Some(changed) => Ok(changed.new.clone()),
            None => match self.inner.kept.get(path) {
                Some(text) => Ok(Some(text)),
                None => Ok(self.inner.tree.read(path)?.inspect(|text| self.inner.kept.keep(path, text))),
            },
        }
    }

    /// The base's text of any file; `None` if it is not there, not text, or there is no base.
    #[must_use]
    pub fn read_base(&self, path: &RepoPath) -> Option<Arc<str>> {
        match (self.file(path), &self.inner.tree) {
            (Some(changed), _) => changed.old.clone(),
            (None, Tree::Repository(tree)) => {
                let base = self.inner.scope.base.as_ref()?;
                tree.repository().read_at(base, path).ok().flatten()
            }
            (None, Tree::InMemory(texts)) => texts.get(path).cloned(),
        }
    }

    /// What a file's text is known by, without reading it: two files of one identity have one text, in whichever snapshots
    /// of the repository they are. `None` where it cannot be said.
    #[must_use]
    pub fn identity(&self, path: &RepoPath) -> Option<TextId> {
        match (self.file(path), &self.inner.tree) {
            (Some(_), _) => None,
            (None, Tree::Repository(tree)) => tree.blob(path).map(TextId),
            (None, Tree::InMemory(texts)) => {
                git2::Oid::hash_object(git2::ObjectType::Blob, texts.get(path)?.as_bytes()).ok().map(TextId)
            }
        }
    }

    /// A snapshot from texts, for tests: `base` and `new` are whole trees.
    #[must_use]
    pub fn in_memory(base: &[(&str, &str)], new: &[(&str, &str)]) -> Self {
        let tree = |files: &[(&str, &str)]| -> BTreeMap<RepoPath, Arc<str>> {
            files.iter().filter_map(|(p, t)| Some((RepoPath::new(*p).ok()?, Arc::from(*t)))).collect()
        };
        let (base, new) = (tree(base), tree(new));
        let mut files = Vec::new();
        for path in base.keys().chain(new.keys().filter(|p| !base.contains_key(*p))) {
            let (old, text) = (base.get(path).cloned(), new.get(path).cloned());
            if old == text {
                continue;
            }
            let kind = match (&old, &text) {
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Deleted,
                _ => ChangeKind::Modified,
            };
            let hunks = line_hunks(old.as_deref().unwrap_or(""), text.as_deref().unwrap_or(""));
            files.push(ChangedFile { path: path.clone(), kind, old, new: text, hunks, lossy: false });
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let scope = RoundScope {
            branch: Some("topic".into()),
            base_name: "main".into(),
            base: None,
            head: None,
            uncommitted: false,
        };
        let (commits, left_out, moved) = (Vec::new(), Vec::new(), Vec::new());
        let kept = Kept::default();
        let inner = Inner { scope, commits, files, left_out, moved, tree: Tree::InMemory(new), kept };
        Self { inner: Arc::new(inner) }
    }
}

/// The changed runs of lines between two texts.
pub fn line_hunks(old: &str, new: &str) -> Vec<LineHunk> {
    let narrow = |line: usize| u32::try_from(line).unwrap_or(u32::MAX);
    lines::text_changes(old, new)
        .into_iter()
        .map(|change| LineHunk {
            old_start: narrow(change.old.start + 1),
            old_count: narrow(change.old.len()),
            new_start: narrow(change.new.start + 1),
            new_count: narrow(change.new.len()),
        })
        .collect()
}
