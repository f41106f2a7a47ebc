//! Takes the snapshot: which files changed, their texts, renames, and the changed lines.

use super::changes::{self, Change, Kind, RawPath, Side, WorkTree, os_path};
use super::disk::read_regular;
use super::frozen::{FrozenTree, Source};
use super::patched::Patched;
use super::renames::{self, Candidate};
use super::rules::{self, Attributes, Mentioned};
use super::snapshot::{ChangeKind, ChangedFile, Inner, Kept, Snapshot, Tree, line_hunks};
use super::target::{Limits, Scope, TextIn};
use super::text::{self, Conversion};
use super::{GitError, Repository, command, history};
use finding::{LeftOut, LeftOutFile, RepoPath};
use git2::Oid;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What is left out of a review.
#[derive(Debug, Clone)]
pub struct SnapshotOptions {
    /// Globs of paths to leave out, as in `docs/**/*.md`; `*` does not cross `/`, and a pattern without `/` is for
    /// file names in any folder.
    pub exclude: Vec<String>,
    /// Files with more bytes are left out, and are not read from the rest of the tree either.
    pub max_file_bytes: u64,
    /// Texts in place of those of the work tree, as if it had them; `None` for a file that is not there.
    pub texts: BTreeMap<RepoPath, Option<Arc<str>>>,
}

impl Default for SnapshotOptions {
    fn default() -> Self {
        Self { exclude: Vec::new(), max_file_bytes: 1024 * 1024, texts: BTreeMap::new() }
    }
}

impl Repository {
    /// Freezes the text under review. Blocks: it reads the repository and the work tree, on all cores.
    ///
    /// # Errors
    /// [`GitError::BadPattern`], [`GitError::Cancelled`], or when git or the disk cannot be read.
    pub fn snapshot(
        &self,
        scope: impl Into<Scope>,
        options: &SnapshotOptions,
        cancel: &CancellationToken,
    ) -> Result<Snapshot, GitError> {
        let Scope { round: scope, text, paths } = scope.into();
        let limits = Limits::new(&paths)?;
        let excluded = Excluded::new(&options.exclude)?;
        let id = |commit: &Option<finding::CommitId>| {
            commit.as_ref().map(|c| super::repository::oid(c.as_str())).transpose()
        };
        let (base, head) = (id(&scope.base)?, id(&scope.head)?);
        let (tree, commits) = rayon::join(
            || self.frozen(&text, base, head, options.max_file_bytes),
            || match text {
                // The commits that git makes for a stash are nobody's.
                // No commit brings what is there as it is.
                TextIn::Stash(_) | TextIn::Whole => Ok(Vec::new()),
                _ => self.with(|repo| history::commits(repo, base, head))?,
            },
        );
        let (Frozen { mut tree, mut changes, given }, commits) = (tree?, commits?);
        if !paths.is_empty() {
            changes.retain(|change| limits.allow(&change.path));
        }
        if tree.is_partial() {
            self.fetch_absent(base, head, &changes)?;
        }
        let mentioned = self.with(|repo| Mentioned::of(repo, changes.iter().map(|c| c.path.as_slice())))?;
        let judge = Judge { tree: &tree, excluded: &excluded, mentioned, given: &given };
        let judged = changes
            .into_par_iter()
            .map(|change| if cancel.is_cancelled() { Err(GitError::Cancelled) } else { judge.change(change) })
            .collect::<Result<Vec<Judged>, GitError>>()?;
        let Sorted { found, mut left_out, work } = Sorted::of(judged);
        tree.overlay(work);
        let found = pair_renames(found, &tree)?;
        if cancel.is_cancelled() {
            return Err(GitError::Cancelled);
        }
        let mut files: Vec<ChangedFile> = found.into_par_iter().map(Found::finish).collect();
        let mut moved = take_out_unchanged(&mut files, &mut left_out);
        self.put_texts(&options.texts, &scope, (&mut files, &left_out), &mut tree)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        left_out.sort_by(|a, b| a.path.cmp(&b.path));
        moved.sort();
        let tree = Tree::Repository(tree);
        let inner = Inner { scope, commits, files, left_out, moved, tree, kept: Kept::default() };
        Ok(Snapshot { inner: Arc::new(inner) })
    }

    /// The whole tree under review, and what differs in it.
    fn frozen(&self, text: &TextIn, base: Option<Oid>, head: Option<Oid>, max: u64) -> Result<Frozen, GitError> {
        let given = BTreeMap::new();
        match text {
            TextIn::Commit => {
                let changes = self.with(|repo| changes::between(repo, base, head))??;
                Ok(Frozen { tree: FrozenTree::of_commit(self, head, max)?, changes, given })
            }
            TextIn::WorkTree | TextIn::Whole | TextIn::Unstaged | TextIn::Index => {
                let work = match text {
                    TextIn::WorkTree | TextIn::Whole => changes::to_work_tree(self, base)?,
                    TextIn::Unstaged => changes::index_to_work_tree(self)?,
                    _ => changes::to_index(self, base)?,
                };
                Ok(Frozen { tree: FrozenTree::of_index(self, work.entries, max)?, changes: work.changes, given })
            }
            TextIn::Stash(untracked) => {
                let WorkTree { entries, changes } =
                    self.with(|repo| changes::of_stash(repo, base, head, *untracked))??;
                Ok(Frozen { tree: FrozenTree::of_index(self, entries, max)?, changes, given })
            }
            TextIn::Patch(diff) => {
                let Patched { changes, given } = self.patched(head, diff)?;
                let entries = self.with(|repo| changes::entries_of(repo, head))??;
                Ok(Frozen { tree: FrozenTree::of_index(self, entries, max)?, changes, given })
            }
        }
    }

    /// Puts texts in place of those that are there.
    fn put_texts(
        &self,
        texts: &BTreeMap<RepoPath, Option<Arc<str>>>,
        scope: &finding::RoundScope,
        (files, left_out): (&mut Vec<ChangedFile>, &[LeftOutFile]),
        tree: &mut FrozenTree,
    ) -> Result<(), GitError> {
        let mut overlay = BTreeMap::new();
        for (path, new) in texts {
            let raw = path.as_str().as_bytes().to_vec();
            let kind = tree.file(&raw)?.map_or(Kind::File, |file| file.kind);
            overlay.insert(raw, new.clone().map(|text| (kind, Source::Text(text))));
            if left_out.iter().any(|left| left.path == path.as_str() && left.why != LeftOut::NoTextChange) {
                continue;
            }
            let there = files.iter().position(|file| file.path == *path).map(|at| files.remove(at));
            let old = match (&there, &scope.base) {
                (Some(file), _) => file.old.clone(),
                (None, Some(base)) => self.read_at(base, path)?,
                (None, None) => None,
            };
            let kind = match (there.map(|file| file.kind), &old, new) {
                (Some(kind @ (ChangeKind::Renamed { .. } | ChangeKind::Copied { .. })), _, Some(_)) => kind,
                (_, None, Some(_)) => ChangeKind::Added,
                (_, Some(_), None) => ChangeKind::Deleted,
                (_, Some(old), Some(new)) if old != new => ChangeKind::Modified,
                // As in the base.
                (_, None, None) | (_, Some(_), Some(_)) => continue,
            };
            let hunks = line_hunks(old.as_deref().unwrap_or(""), new.as_deref().unwrap_or(""));
            files.push(ChangedFile { path: path.clone(), kind, old, new: new.clone(), hunks, lossy: false });
        }
        tree.overlay(overlay);
        Ok(())
    }

    /// Has git fetch the texts of a change that a partial clone does not have yet.
    fn fetch_absent(&self, base: Option<Oid>, head: Option<Oid>, changes: &[Change]) -> Result<(), GitError> {
        let absent = self.with(|repo| {
            let odb = repo.odb().map_err(GitError::git("open the object database"))?;
            let sides = changes.iter().flat_map(|c| [c.old, c.new]).flatten().filter(|s| s.kind.is_regular());
            Ok::<bool, GitError>(sides.filter_map(|s| s.blob).any(|id| !odb.exists(id)))
        })??;
        match (absent, base, head) {
            (true, Some(base), Some(head)) => command::fetch_changed(self.place(), base, head),
            _ => Ok(()),
        }
    }
}

/// Leaves out what has no changed line. Gives the files that only have another name: from, to.
fn take_out_unchanged(files: &mut Vec<ChangedFile>, left_out: &mut Vec<LeftOutFile>) -> Vec<(RepoPath, RepoPath)> {
    let mut moved = Vec::new();
    files.retain(|file| {
        if !file.hunks.is_empty() || matches!(file.kind, ChangeKind::Added | ChangeKind::Deleted) {
            return true;
        }
        if let ChangeKind::Renamed { from } = &file.kind {
            moved.push((from.clone(), file.path.clone()));
        }
        left_out.push(LeftOutFile { path: file.path.to_string(), why: LeftOut::NoTextChange });
        false
    });
    moved
}

/// The tree under review and what differs in it, before anybody has looked at it.
struct Frozen {
    tree: FrozenTree,
    changes: Vec<Change>,
    /// Texts that are neither in the object database nor on disk.
    given: BTreeMap<RawPath, Vec<u8>>,
}

/// The user's patterns.
struct Excluded {
    set: GlobSet,
    patterns: Vec<String>,
}

impl Excluded {
    fn new(patterns: &[String]) -> Result<Self, GitError> {
        let bad = |pattern: &str, e: &globset::Error| GitError::BadPattern {
            pattern: pattern.to_owned(),
            why: e.kind().to_string(),
        };
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let whole = match pattern.trim_end_matches('/') {
                folder if folder.len() < pattern.len() => Cow::from(format!("{folder}/**")),
                name if !name.contains('/') => Cow::from(format!("**/{name}")),
                path => Cow::from(path.trim_start_matches('/')),
            };
            let glob = GlobBuilder::new(&whole).literal_separator(true).build().map_err(|e| bad(pattern, &e))?;
            set.add(glob);
        }
        let set = set.build().map_err(|e| bad(&patterns.join(", "), &e))?;
        Ok(Self { set, patterns: patterns.to_vec() })
    }

    fn matching(&self, path: &str) -> Option<&String> {
        self.set.matches(path).first().and_then(|i| self.patterns.get(*i))
    }
}

/// What one change came to.
struct Judged {
    verdict: Verdict,
    /// What the work tree has under this path, if that differs from the index.
    work: Option<(RawPath, Option<(Kind, Source)>)>,
}

enum Verdict {
    Review(Found),
    LeftOut(LeftOutFile),
    Same,
}

/// What was judged, by what becomes of it.
#[derive(Default)]
struct Sorted {
    found: Vec<Found>,
    left_out: Vec<LeftOutFile>,
    /// What the work tree has where it differs from the index.
    work: BTreeMap<RawPath, Option<(Kind, Source)>>,
}

impl Sorted {
    fn of(judged: Vec<Judged>) -> Self {
        let mut sorted = Self::default();
        for Judged { verdict, work } in judged {
            sorted.work.extend(work);
            match verdict {
                Verdict::Review(file) => sorted.found.push(file),
                Verdict::LeftOut(file) => sorted.left_out.push(file),
                Verdict::Same => {}
            }
        }
        sorted
    }
}

/// A changed file before renames are known.
struct Found {
    path: RepoPath,
    kind: ChangeKind,
    old: Option<Arc<str>>,
    new: Option<Arc<str>>,
    new_blob: Option<Oid>,
    lossy: bool,
    conversion: Conversion,
}

impl Found {
    fn finish(self) -> ChangedFile {
        let (old, new) = (self.old.as_deref().unwrap_or(""), self.new.as_deref().unwrap_or(""));
        // Where git does not tell line ends apart, neither do the changed lines.
        let plain = |text| match self.conversion.output {
            Some(_) => normalised(text),
            None => Cow::Borrowed(text),
        };
        let hunks = line_hunks(&plain(old), &plain(new));
        let Self { path, kind, old, new, lossy, .. } = self;
        ChangedFile { path, kind, old, new, hunks, lossy }
    }
}

fn normalised(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

/// A side's content.
enum Content {
    Text { text: Arc<str>, lossy: bool, as_in_work_tree: bool },
    Not(LeftOut),
}

/// Both sides of a change, as they would be checked out.
struct Texts {
    old: Option<Arc<str>>,
    new: Option<Arc<str>>,
    /// Some bytes of a side are no text.
    lossy: bool,
}

/// Both sides with the line ends of the work tree; or why one of them is no text to be reviewed.
fn texts(old: Option<Content>, new: Option<Content>, conversion: &Conversion) -> Result<Texts, LeftOut> {
    let (new, new_lossy, as_in_work_tree) = match new {
        Some(Content::Not(why)) => return Err(why),
        Some(Content::Text { text, lossy, as_in_work_tree: true }) => (Some(text), lossy, true),
        Some(Content::Text { text, lossy, .. }) => (Some(conversion.checked_out(text)), lossy, false),
        None => (None, false, false),
    };
    let (old, old_lossy) = match (old, &new) {
        (Some(Content::Not(why)), _) => return Err(why),
        (Some(Content::Text { text, lossy, .. }), Some(new)) if as_in_work_tree => {
            (Some(conversion.like(text, new)), lossy)
        }
        (Some(Content::Text { text, lossy, .. }), _) => (Some(conversion.checked_out(text)), lossy),
        (None, _) => (None, false),
    };
    Ok(Texts { old, new, lossy: new_lossy || old_lossy })
}

struct Judge<'a> {
    tree: &'a FrozenTree,
    excluded: &'a Excluded,
    mentioned: Mentioned,
    given: &'a BTreeMap<RawPath, Vec<u8>>,
}

impl Judge<'_> {
    fn change(&self, change: Change) -> Result<Judged, GitError> {
        // A link or folder that was a file, or the other way round, is not a changed text: one side is all there is.
        let regular = |side: Option<Side>| side.filter(|s| s.kind.is_regular());
        let (old, new) = (regular(change.old), regular(change.new));
        let only_work = change.new.is_some_and(|s| s.blob.is_none());
        let given = self.given.get(&change.path);
        let on_disk = match (new, given) {
            (Some(_), Some(bytes)) => OnDisk::Given(bytes.clone()),
            (Some(side), None) if side.blob.is_none() => {
                let path = self.tree.repository().root().join(os_path(&change.path));
                match read_regular(&path, self.tree.max_file_bytes(), None)? {
                    Some(bytes) => OnDisk::Read(bytes),
                    None => path.symlink_metadata().map_or(OnDisk::Gone, |m| OnDisk::TooLarge(m.len())),
                }
            }
            _ => OnDisk::NotAsked,
        };
        let mut work = match (&on_disk, change.new) {
            (OnDisk::Gone, _) | (_, None) => Some(None),
            (OnDisk::Read(bytes) | OnDisk::Given(bytes), Some(side)) => Some(Some((side.kind, keep(bytes)))),
            (OnDisk::TooLarge(_), Some(side)) => Some(Some((side.kind, Source::WorkTree))),
            (OnDisk::NotAsked, Some(side)) if only_work => {
                Some(Some((side.kind, given.map_or(Source::WorkTree, |bytes| keep(bytes)))))
            }
            (OnDisk::NotAsked, Some(_)) => None,
        };
        let verdict = self.judge(&change, old, new, on_disk)?;
        if let (
            Verdict::Review(Found { new: Some(text), lossy: false, .. }),
            Some(Some((_, source @ Source::Text(_)))),
        ) = (&verdict, &mut work)
        {
            // One copy of the text is enough.
            *source = Source::Text(text.clone());
        }
        Ok(Judged { verdict, work: work.map(|content| (change.path, content)) })
    }

    fn judge(
        &self,
        change: &Change,
        old: Option<Side>,
        new: Option<Side>,
        on_disk: OnDisk,
    ) -> Result<Verdict, GitError> {
        let left_out =
            |why| Ok(Verdict::LeftOut(LeftOutFile { path: String::from_utf8_lossy(&change.path).into_owned(), why }));
        let Some(path) = std::str::from_utf8(&change.path).ok().and_then(|p| RepoPath::new(p).ok()) else {
            return left_out(LeftOut::NameNotUtf8);
        };
        if let Some(why) = self.by_kind_or_pattern(change, &path) {
            return left_out(why);
        }
        let defaults = self.tree.defaults();
        let attributes =
            self.tree.repository().with(|repo| Attributes::of(repo, &change.path, defaults, self.mentioned))?;
        if let Some(why) = rules::by_name(path.as_str(), &attributes) {
            return left_out(why);
        }
        let new_content = self.new_content(&change.path, new, on_disk)?;
        let old_content = old.and_then(|side| side.blob).map(|id| self.blob(id)).transpose()?;
        let conversion = attributes.conversion;
        let Texts { old: old_text, new: new_text, lossy } = match texts(old_content, new_content, &conversion) {
            Ok(texts) => texts,
            Err(why) => return left_out(why),
        };
        let kind = match (&old_text, &new_text) {
            (None, None) => return Ok(Verdict::Same),
            (Some(old), Some(new)) if old == new => {
                let touched =
                    change.new.is_some_and(|s| s.blob.is_none() && change.old.is_some_and(|o| o.kind == s.kind));
                return if touched { Ok(Verdict::Same) } else { left_out(LeftOut::NoTextChange) };
            }
            (None, Some(_)) => ChangeKind::Added,
            (Some(_), None) => ChangeKind::Deleted,
            (Some(_), Some(_)) => ChangeKind::Modified,
        };
        if new_text.as_deref().or(old_text.as_deref()).is_some_and(|text| rules::is_generated(text, &attributes)) {
            return left_out(LeftOut::Generated);
        }
        let new_blob = new.and_then(|s| s.blob);
        Ok(Verdict::Review(Found { path, kind, old: old_text, new: new_text, new_blob, lossy, conversion }))
    }

    /// Why a change is left out before anybody looks into it: by what it is, or by the user's patterns.
    fn by_kind_or_pattern(&self, change: &Change, path: &RepoPath) -> Option<LeftOut> {
        match change.new.or(change.old).map(|s| s.kind) {
            Some(Kind::Submodule) => Some(LeftOut::Submodule),
            Some(Kind::Link) => Some(LeftOut::SymbolicLink),
            _ => self.excluded.matching(path.as_str()).map(|pattern| LeftOut::Excluded(pattern.clone())),
        }
    }

    /// The side that is under review; `None` where it is gone.
    fn new_content(&self, path: &[u8], new: Option<Side>, on_disk: OnDisk) -> Result<Option<Content>, GitError> {
        Ok(match (new, on_disk) {
            (None, _) | (_, OnDisk::Gone) => None,
            (_, OnDisk::TooLarge(size)) => Some(Content::Not(LeftOut::TooLarge(size))),
            (_, OnDisk::Read(bytes)) => Some(content(&bytes, true)),
            (_, OnDisk::Given(bytes)) if bytes.len() as u64 > self.tree.max_file_bytes() => {
                Some(Content::Not(LeftOut::TooLarge(bytes.len() as u64)))
            }
            (_, OnDisk::Given(bytes)) => Some(content(&bytes, false)),
            (Some(side), OnDisk::NotAsked) => Some(self.committed(path, side)?),
        })
    }

    /// What is committed or staged under a path, from the work tree where that has it unchanged.
    fn committed(&self, path: &[u8], side: Side) -> Result<Content, GitError> {
        let Some(id) = side.blob else { return Ok(Content::Not(LeftOut::Binary(0))) };
        if let Some(file) = self.tree.of_work_tree(path)
            && let Some((bytes, true)) = self.tree.bytes(file, self.tree.max_file_bytes())?
        {
            return Ok(content(&bytes, true));
        }
        self.blob(id)
    }

    fn blob(&self, id: Oid) -> Result<Content, GitError> {
        let repository = self.tree.repository();
        repository.with(|repo| match repo.find_blob(id) {
            Ok(blob) if blob.size() as u64 > self.tree.max_file_bytes() => {
                Ok(Content::Not(LeftOut::TooLarge(blob.size() as u64)))
            }
            Ok(blob) => Ok(content(blob.content(), false)),
            // One that is nowhere to be had is left out, and the others are reviewed.
            Err(_) => Ok(repository.blob(repo, id).map_or(Content::Not(LeftOut::Unreadable), |b| content(&b, false))),
        })?
    }
}

enum OnDisk {
    NotAsked,
    Gone,
    TooLarge(u64),
    Read(Vec<u8>),
    /// Not there, but here: as the object database would have it.
    Given(Vec<u8>),
}

fn keep(bytes: &[u8]) -> Source {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text::is_binary(bytes) => Source::Text(Arc::from(text)),
        _ => Source::Bytes(Arc::from(bytes)),
    }
}

fn content(bytes: &[u8], as_in_work_tree: bool) -> Content {
    if text::is_binary(bytes) {
        return Content::Not(LeftOut::Binary(bytes.len() as u64));
    }
    if let Some(size) = large_file_pointer(bytes) {
        return Content::Not(LeftOut::Binary(size));
    }
    let (text, lossy) = text::decode(bytes);
    Content::Text { text, lossy, as_in_work_tree }
}

/// The size that a Git LFS pointer tells of.
fn large_file_pointer(bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(bytes.get(..bytes.len().min(1024))?).ok()?;
    let rest = text.strip_prefix("version https://git-lfs.github.com/spec/")?;
    rest.lines().find_map(|l| l.strip_prefix("size "))?.trim().parse().ok()
}

/// Turns pairs of deleted and added files into renames, and added files that resemble others into copies.
fn pair_renames(mut found: Vec<Found>, tree: &FrozenTree) -> Result<Vec<Found>, GitError> {
    let indices = |found: &[Found], of: &dyn Fn(&ChangeKind) -> bool| -> Vec<usize> {
        (0..found.len()).filter(|i| of(&found[*i].kind)).collect()
    };
    let candidates = |found: &'_ [Found], which: &[usize], old: bool| -> Vec<(usize, Arc<str>)> {
        let text = |f: &Found| if old { f.old.clone() } else { f.new.clone() };
        which.iter().filter_map(|i| Some((*i, text(&found[*i])?))).collect()
    };
    let pairs = |found: &[Found], sources: &[usize], threshold, exclusive| -> Vec<(usize, usize)> {
        let added = indices(found, &|k| *k == ChangeKind::Added);
        let (s, t) = (candidates(found, sources, true), candidates(found, &added, false));
        let view = |all: &[(usize, Arc<str>)]| -> Vec<usize> { all.iter().map(|(i, _)| *i).collect() };
        let (si, ti) = (view(&s), view(&t));
        let s: Vec<_> = s.iter().map(|(i, text)| Candidate { path: found[*i].path.as_str(), text }).collect();
        let t: Vec<_> = t.iter().map(|(i, text)| Candidate { path: found[*i].path.as_str(), text }).collect();
        let matches = renames::pair(&s, &t, threshold, exclusive);
        matches.into_iter().map(|m| (si[m.source], ti[m.target])).collect()
    };
    let deleted = indices(&found, &|k| *k == ChangeKind::Deleted);
    let mut gone = HashSet::new();
    for (source, target) in pairs(&found, &deleted, renames::RENAME, true) {
        let (from, old, lossy) = (found[source].path.clone(), found[source].old.clone(), found[source].lossy);
        found[target].kind = ChangeKind::Renamed { from };
        found[target].old = old;
        found[target].lossy |= lossy;
        gone.insert(source);
    }
    let modified = indices(&found, &|k| *k == ChangeKind::Modified);
    for (source, target) in pairs(&found, &modified, renames::COPY, false) {
        let (from, old) = (found[source].path.clone(), found[source].old.clone());
        found[target].kind = ChangeKind::Copied { from };
        found[target].old = old;
    }
    copies_of_unchanged(&mut found, tree)?;
    let mut at = 0..;
    found.retain(|_| at.next().is_none_or(|i| !gone.contains(&i)));
    Ok(found)
}

/// Added files with exactly the content of a file that the branch did not touch.
fn copies_of_unchanged(found: &mut [Found], tree: &FrozenTree) -> Result<(), GitError> {
    let mut added: HashMap<Oid, Vec<usize>> = HashMap::new();
    let form = tree.repository().object_format();
    for (i, file) in found.iter().enumerate() {
        let Some(text) = file.new.as_ref().filter(|t| file.kind == ChangeKind::Added && t.len() >= 64) else {
            continue;
        };
        let hashed = || Oid::hash_object_ext(git2::ObjectType::Blob, text.as_bytes(), form).ok();
        if let Some(id) = file.new_blob.or_else(hashed) {
            added.entry(id).or_default().push(i);
        }
    }
    if added.is_empty() {
        return Ok(());
    }
    let changed: HashSet<&str> = found.iter().map(|f| f.path.as_str()).collect();
    let mut copies: Vec<(usize, RepoPath)> = Vec::new();
    for file in tree.files()? {
        let Source::Blob(id, _) = file.source else { continue };
        let Some(targets) = added.get(&id) else { continue };
        let Some(from) = std::str::from_utf8(&file.path).ok().filter(|p| !changed.contains(p)) else { continue };
        if let Ok(from) = RepoPath::new(from) {
            copies.extend(targets.iter().map(|t| (*t, from.clone())));
        }
    }
    // In the order of paths the last wins; the first is meant.
    for (target, from) in copies.into_iter().rev() {
        found[target].kind = ChangeKind::Copied { from };
        found[target].old = found[target].new.clone();
    }
    Ok(())
}
