//! A repository on disk, shared by many threads.

use super::command::Place;
use super::reftable::{Mirror, Reftable};
use super::{GitError, jujutsu, ownership};
use finding::{BlobId, CommitId, RepoPath, RoundScope};
use git2::{ErrorCode, ObjectFormat, ObjectType, Oid};
use sha1::{Digest as _, Sha1};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Once, PoisonError};

/// A repository with a work tree. Cheap to clone; may be used from many threads at once.
///
/// Nothing here writes: not the work tree, not the index, no reference, no object.
#[derive(Clone)]
pub struct Repository {
    shared: Arc<Shared>,
}

struct Shared {
    /// This worktree's own git directory (`.git`, or `.git/worktrees/<name>`).
    git_dir: PathBuf,
    common_dir: PathBuf,
    root: PathBuf,
    opening: Opening,
    object_format: ObjectFormat,
    /// The references, where libgit2 cannot read them.
    reftable: Option<Reftable>,
    /// libgit2's handles are not for two threads at once: whoever needs one takes it from here or opens another.
    idle: Mutex<Vec<Handle>>,
}

/// A handle of libgit2.
pub(crate) struct Handle {
    raw: git2::Repository,
    /// What it was opened at, where that is not the repository itself.
    mirror: Option<Arc<Mirror>>,
}

impl Deref for Handle {
    type Target = git2::Repository;

    fn deref(&self) -> &Self::Target {
        &self.raw
    }
}

impl Handle {
    /// Whether it reads the references that `mirror` has.
    fn is_of(&self, mirror: Option<&Arc<Mirror>>) -> bool {
        match (&self.mirror, mirror) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (own, other) => own.is_none() && other.is_none(),
        }
    }
}

/// How a repository is opened, each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    /// As it was found.
    Found,
    /// As git's own variables say (`GIT_DIR`, `GIT_WORK_TREE`, `GIT_INDEX_FILE`): in a hook, or where the git directory is
    /// kept elsewhere.
    Environment,
    /// As it was found, though somebody else owns it: the user's configuration says that this is fine, in a form that
    /// libgit2 does not know.
    Trusted,
}

impl Opening {
    fn open(self, git_dir: &Path) -> Result<git2::Repository, git2::Error> {
        match self {
            Self::Found => ownership::checked(|| git2::Repository::open(git_dir)),
            Self::Environment => ownership::checked(|| from_environment(git_dir)),
            Self::Trusted => ownership::unchecked(|| git2::Repository::open(git_dir)),
        }
    }
}

/// The repository at or above a path, with what else git's variables say.
fn from_environment(path: &Path) -> Result<git2::Repository, git2::Error> {
    let none: [&std::ffi::OsStr; 0] = [];
    git2::Repository::open_ext(path, git2::RepositoryOpenFlags::FROM_ENV, none).and_then(with_work_tree)
}

/// The repository with the work tree that `GIT_WORK_TREE` names: libgit2 does not look for one of a bare repository.
fn with_work_tree(repo: git2::Repository) -> Result<git2::Repository, git2::Error> {
    if repo.workdir().is_none()
        && let Some(tree) = std::env::var_os("GIT_WORK_TREE").filter(|tree| !tree.is_empty())
    {
        repo.set_workdir(Path::new(&tree), false)?;
    }
    Ok(repo)
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository").field("root", &self.shared.root).finish_non_exhaustive()
    }
}

/// Where HEAD is. Compared to see whether the branch was switched, committed to, reset or rebased.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeadState {
    /// The branch's short name; `None` with a detached HEAD. Where Jujutsu keeps the repository too, its bookmark.
    pub branch: Option<String>,
    /// Its commit; `None` on an unborn branch.
    pub commit: Option<CommitId>,
}

impl Repository {
    /// Opens the repository that `path` (a file or folder) is in: looks there and in each folder above.
    ///
    /// # Errors
    /// [`GitError::NotARepository`], [`GitError::Bare`], [`GitError::NotOwned`], [`GitError::Unsupported`].
    pub fn discover(path: impl AsRef<Path>) -> Result<Self, GitError> {
        set_up_libgit2();
        let path = path.as_ref();
        match ownership::checked(|| git2::Repository::discover(path)) {
            Ok(raw) => Self::of(raw, Opening::Found),
            Err(e) if e.code() == ErrorCode::Owner && ownership::is_trusted(&top_of(path)) => {
                let raw = ownership::unchecked(|| git2::Repository::discover(path));
                Self::of(raw.map_err(|e| opening_failed(path, e))?, Opening::Trusted)
            }
            Err(e) => Err(opening_failed(path, e)),
        }
    }

    /// The repository that git's own variables name, as git itself would take it; without `GIT_DIR`, the one that `path`
    /// is in, with the index that `GIT_INDEX_FILE` names (hooks of a commit have one of their own). For a program that git or a shell started, never for one that serves many repositories.
    ///
    /// # Errors
    /// As [`Self::discover`].
    pub fn of_environment_or(path: impl AsRef<Path>) -> Result<Self, GitError> {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let path = path.as_ref();
        let raw = match (is_set("GIT_DIR"), is_set("GIT_INDEX_FILE")) {
            (false, false) => return Self::discover(path),
            (true, _) => {
                set_up_libgit2();
                ownership::checked(|| git2::Repository::open_from_env().and_then(with_work_tree))
            }
            (false, true) => {
                set_up_libgit2();
                ownership::checked(|| from_environment(path))
            }
        };
        Self::of(raw.map_err(|e| opening_failed(path, e))?, Opening::Environment)
    }

    fn of(raw: git2::Repository, opening: Opening) -> Result<Self, GitError> {
        let Some(root) = raw.workdir() else {
            return Err(GitError::Bare { path: raw.path().to_owned() });
        };
        let index = (opening == Opening::Environment).then(|| std::env::var_os("GIT_INDEX_FILE")).flatten();
        let shared = Shared {
            git_dir: raw.path().to_owned(),
            common_dir: raw.commondir().to_owned(),
            root: root.to_owned(),
            opening,
            object_format: raw.object_format(),
            reftable: Reftable::of(&raw, root, index.filter(|index| !index.is_empty()))?,
            idle: Mutex::new(Vec::new()),
        };
        if shared.reftable.is_none() {
            shared.give_back(Handle { raw, mirror: None });
        }
        Ok(Self { shared: Arc::new(shared) })
    }

    /// How its objects are named.
    pub(crate) fn object_format(&self) -> ObjectFormat {
        self.shared.object_format
    }

    /// Where the `git` command runs for it.
    pub(crate) fn place(&self) -> Place<'_> {
        match self.shared.opening {
            Opening::Environment => Place::named(self.root(), self.git_dir()),
            Opening::Found | Opening::Trusted => Place::from(self.root()),
        }
    }

    /// The work tree's folder, absolute.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.shared.root
    }

    /// The git directory that all worktrees share, absolute: where the store lives.
    #[must_use]
    pub fn common_dir(&self) -> &Path {
        &self.shared.common_dir
    }

    /// This worktree's own git directory, absolute: where its `HEAD` and `index` are.
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        &self.shared.git_dir
    }

    /// The files of which one changes whenever HEAD does: those that are there, by the form in which references are kept.
    #[must_use]
    pub fn head_files(&self) -> [PathBuf; 3] {
        ["HEAD", "logs/HEAD", "reftable/tables.list"].map(|name| self.git_dir().join(name))
    }

    /// Where HEAD is now. Reads two small files.
    ///
    /// # Errors
    /// When HEAD cannot be read.
    pub fn head_state(&self) -> Result<HeadState, GitError> {
        self.with(|repo| {
            let head = repo.find_reference("HEAD").map_err(GitError::git("read HEAD"))?;
            let branch = head
                .symbolic_target_bytes()
                .map(|name| String::from_utf8_lossy(name.strip_prefix(b"refs/heads/").unwrap_or(name)).into_owned());
            let commit = match repo.head() {
                Ok(head) => Some(head.peel_to_commit().map_err(GitError::git("read HEAD's commit"))?.id()),
                Err(e) if matches!(e.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => None,
                Err(e) => return Err(GitError::git("read HEAD")(e)),
            };
            // Jujutsu keeps HEAD on no branch.
            let branch = branch
                .or_else(|| commit.filter(|_| jujutsu::keeps(repo)).and_then(|commit| jujutsu::bookmark(repo, commit)));
            Ok(HeadState { branch, commit: commit.map(commit_id) })
        })?
    }

    /// The text of a file in a commit; `None` if it is not there or not text. What is not UTF-8 is read lossily.
    ///
    /// # Errors
    /// When the commit or the blob is not there, or git cannot read it.
    pub fn read_at(&self, commit: &CommitId, path: &RepoPath) -> Result<Option<Arc<str>>, GitError> {
        let id = oid(commit.as_str())?;
        self.with(|repo| {
            let tree = repo
                .find_commit(id)
                .and_then(|c| c.tree())
                .map_err(|_| GitError::Missing { what: format!("commit {}", commit.short()) })?;
            let entry = match tree.get_path(Path::new(path.as_str())) {
                Ok(entry) => entry,
                Err(e) if e.code() == ErrorCode::NotFound => return Ok(None),
                Err(e) => return Err(GitError::git("read a tree")(e)),
            };
            if entry.kind() != Some(ObjectType::Blob) || entry.filemode() == i32::from(git2::FileMode::Link) {
                return Ok(None);
            }
            let bytes = self.blob(repo, entry.id())?;
            Ok((!super::text::is_binary(&bytes)).then(|| super::text::decode(&bytes).0))
        })?
    }

    /// The repository's own settings, `.deep-review.toml`, as the base commit has them: the branch under review is not
    /// asked how it is to be reviewed.
    ///
    /// # Errors
    /// As [`Self::read_at`].
    pub fn read_base_config(&self, scope: &RoundScope) -> Result<Option<Arc<str>>, GitError> {
        self.read_at_base(scope, ".deep-review.toml")
    }

    pub(crate) fn read_at_base(&self, scope: &RoundScope, path: &str) -> Result<Option<Arc<str>>, GitError> {
        match (&scope.base, RepoPath::new(path)) {
            (Some(base), Ok(path)) => self.read_at(base, &path),
            _ => Ok(None),
        }
    }

    /// The bytes of a blob; in a partial clone, of one that is not here yet too.
    pub(crate) fn blob(&self, repo: &git2::Repository, id: Oid) -> Result<Vec<u8>, GitError> {
        match repo.find_blob(id) {
            Ok(blob) => Ok(blob.content().to_vec()),
            Err(e) if e.code() == ErrorCode::NotFound => super::command::cat_file(self.place(), id),
            Err(e) => Err(GitError::git("read a blob")(e)),
        }
    }

    /// A handle of libgit2 that nobody else gets.
    pub(crate) fn another(&self) -> Result<Handle, GitError> {
        self.open(self.mirror()?)
    }

    /// The references as they are now, where libgit2 cannot read them.
    fn mirror(&self) -> Result<Option<Arc<Mirror>>, GitError> {
        self.shared.reftable.as_ref().map(|reftable| reftable.now(self.place())).transpose()
    }

    fn open(&self, mirror: Option<Arc<Mirror>>) -> Result<Handle, GitError> {
        let opening = self.shared.opening;
        let opened = match &mirror {
            Some(mirror) => mirror.open(opening == Opening::Trusted),
            None => opening.open(&self.shared.git_dir),
        };
        Ok(Handle { raw: opened.map_err(|e| opening_failed(self.root(), e))?, mirror })
    }

    /// Lends a handle of libgit2, for one thread at a time.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&git2::Repository) -> T) -> Result<T, GitError> {
        let mirror = self.mirror()?;
        let repo = match self.shared.take(mirror.as_ref()) {
            Some(repo) => repo,
            None => self.open(mirror)?,
        };
        let out = f(&repo);
        self.shared.give_back(repo);
        Ok(out)
    }
}

impl Shared {
    /// A handle that nobody has, of the references that `mirror` has. Those of others are of no use any more.
    fn take(&self, mirror: Option<&Arc<Mirror>>) -> Option<Handle> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(handle) = idle.pop() {
            if handle.is_of(mirror) {
                return Some(handle);
            }
        }
        None
    }

    fn give_back(&self, handle: Handle) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
    }
}

/// The id that git gives a file with this text, where ids are of SHA-1; texts have this one in every repository.
///
/// libgit2 looks for signs of a forged text while it hashes, which takes it ten times as long. Here a text is only compared
/// with one that git has taken in.
#[must_use]
pub fn blob_id(text: &str) -> BlobId {
    let hash = Sha1::new().chain_update(format!("blob {}\0", text.len())).chain_update(text).finalize();
    // Of 20 bytes there is always an id; one that names nothing is the answer that does the least harm.
    BlobId::new(Oid::from_bytes(&hash).map_or_else(|_| String::new(), |id| id.to_string()))
}

pub(crate) fn commit_id(id: Oid) -> CommitId {
    CommitId::new(id.to_string())
}

pub(crate) fn oid(id: &str) -> Result<Oid, GitError> {
    let form = if id.len() > SHA1_DIGITS { ObjectFormat::Sha256 } else { ObjectFormat::Sha1 };
    Oid::from_str_ext(id, form).map_err(|_| GitError::Missing { what: format!("'{id}'") })
}

/// The digits of a whole id in most repositories; in those of SHA-256 there are more.
const SHA1_DIGITS: usize = 40;

/// What main branches are called, the likeliest first.
pub(crate) const DEFAULT_BRANCHES: [&str; 4] = ["main", "master", "trunk", "develop"];

fn opening_failed(path: &Path, e: git2::Error) -> GitError {
    let message = e.message();
    match e.code() {
        ErrorCode::NotFound => {
            let real = dunce::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            match real.ancestors().find(|folder| folder.join(".jj").is_dir()) {
                Some(top) => GitError::Jujutsu { path: top.to_owned() },
                None => GitError::NotARepository { path: path.to_owned() },
            }
        }
        ErrorCode::Owner => GitError::NotOwned { path: top_of(path) },
        _ if message.contains("unsupported extension") || message.contains("unsupported repository version") => {
            let name = message.rsplit("extensions.").next().unwrap_or(message);
            GitError::Unsupported { what: format!("the extension '{name}'") }
        }
        _ => GitError::Git { doing: "open the repository", source: e },
    }
}

/// The folder that git speaks of when it asks whose it is: the top of the work tree, by its real name. On Windows that is
/// written as git reads it, without the `\\?\` of the system.
fn top_of(path: &Path) -> PathBuf {
    let real = dunce::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let top = real.ancestors().find(|folder| folder.join(".git").exists());
    top.unwrap_or(&real).to_owned()
}

/// Has it open partial clones, which it refuses unless told that the program can deal with absent objects, as
/// [`Repository::blob`] does; ones whose references it cannot read, for which there is [`Reftable`]; and not hash each object that it
/// reads, which git does not either.
fn set_up_libgit2() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        git2::opts::strict_hash_verification(false);
        #[expect(
            unsafe_code,
            reason = "libgit2 keeps this list without a lock; it is set once, before any repository is open"
        )]
        // SAFETY: no other code of this crate touches the list, and `Once` keeps other threads out until it is done.
        let set = unsafe { git2::opts::set_extensions(&["partialclone", "refstorage"]) };
        if let Err(e) = set {
            tracing::warn!("partial clones cannot be opened: {}", e.message());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_id_that_git_gives_it() {
        for text in ["", "a", "a\r\nb\0", "é\u{2028}", &"x".repeat(63), &"line\n".repeat(10_000)] {
            let id = Oid::hash_object(ObjectType::Blob, text.as_bytes()).unwrap().to_string();
            assert_eq!(blob_id(text), BlobId::new(id));
        }
    }
}
