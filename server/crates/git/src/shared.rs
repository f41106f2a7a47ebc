//! Files that a team shares through a reference of ours, `refs/deep-review/shared`: a tree that has them, in a commit
//! without parents, so that what is dropped is gone. What they mean is said elsewhere.
//!
//! The `git` command fetches and pushes: it knows the user's credentials. A push only replaces what was fetched before
//! (`--force-with-lease`), so that of two who push at once one is told to look again. No branch, tag or hook is touched.

use super::repository::{commit_id, oid};
use super::{GitError, Repository, command};
use finding::{BlobId, CommitId};
use git2::{ObjectType, Oid};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The reference, there and here.
pub const SHARED: &str = "refs/deep-review/shared";

/// Where what was fetched is kept.
const THEIRS: &str = "refs/deep-review/shared-theirs";

/// Longer no fetch or push takes.
const LONGEST: Duration = Duration::from_secs(600);

/// Most files that are read: who can push may be anybody.
const MOST_FILES: usize = 200_000;

/// How many folders deep files are: by kind, and by the beginning of their name.
const DEPTH: usize = 2;

/// The files by their paths in the tree.
pub type SharedFiles = BTreeMap<String, BlobId>;

impl Repository {
    /// What a commit shares; nothing where it is not here.
    ///
    /// # Errors
    /// When git cannot read it, or it has more files than anybody shares.
    pub fn shared_files(&self, commit: &CommitId) -> Result<SharedFiles, GitError> {
        let id = oid(commit.as_str())?;
        self.with(|repo| {
            let Ok(tree) = repo.find_commit(id).and_then(|commit| commit.tree()) else { return Ok(SharedFiles::new()) };
            let mut files = SharedFiles::new();
            collect(repo, &tree, "", DEPTH, &mut files).map_err(GitError::git("read what is shared"))?;
            if files.len() > MOST_FILES {
                return Err(GitError::Missing { what: format!("an end of what is shared: over {MOST_FILES} files") });
            }
            Ok(files)
        })?
    }

    /// Fetches what a remote has of it; `None` where nothing was shared there.
    ///
    /// # Errors
    /// [`GitError::Command`] where git fails or takes too long.
    pub fn fetch_shared(&self, remote: &str) -> Result<Option<CommitId>, GitError> {
        match self.shared_at(remote)? {
            Some(_) => self.fetch_whole(remote, SHARED, THEIRS).map(Some),
            None => Ok(None),
        }
    }

    /// Pushes a commit in place of `over` (`None`: where nothing was shared). Whether it is there now: `false` where
    /// somebody else has pushed meanwhile.
    ///
    /// # Errors
    /// [`GitError::Command`] where git fails for another reason, or takes too long.
    pub fn push_shared(&self, remote: &str, commit: &CommitId, over: Option<&CommitId>) -> Result<bool, GitError> {
        let lease = format!("--force-with-lease={SHARED}:{}", over.map_or("", CommitId::as_str));
        let spec = format!("{commit}:{SHARED}");
        let args = [
            "push",
            "--quiet",
            "--no-verify",
            "--no-follow-tags",
            "--no-signed",
            "--recurse-submodules=no",
            &lease,
            "--",
            remote,
            &spec,
        ];
        match command::run_until(self.place(), &args, Instant::now() + LONGEST) {
            Ok(_) => Ok(true),
            Err(error) if self.shared_at(remote)?.as_ref() == over => Err(error),
            Err(_) => Ok(false),
        }
    }

    fn shared_at(&self, remote: &str) -> Result<Option<CommitId>, GitError> {
        if remote.starts_with('-') {
            return Err(GitError::BadReference { name: remote.to_owned() });
        }
        let out = command::run_until(
            self.place(),
            &["ls-remote", "--quiet", "--", remote, SHARED],
            Instant::now() + LONGEST,
        )?;
        let text = String::from_utf8_lossy(&out);
        let tips = text.lines().filter_map(|line| line.split_once('\t'));
        let tip = tips.into_iter().find(|(id, name)| *name == SHARED && oid(id).is_ok());
        Ok(tip.map(|(id, _)| CommitId::new(id)))
    }

    /// Writes a file's bytes; gives their id.
    ///
    /// # Errors
    /// When git cannot write.
    pub fn write_shared(&self, bytes: &[u8]) -> Result<BlobId, GitError> {
        let id = self.with(|repo| repo.blob(bytes))?.map_err(GitError::git("write what is shared"))?;
        Ok(BlobId::new(id.to_string()))
    }

    /// A commit of files that were written or fetched.
    ///
    /// # Errors
    /// When one is not here, or git cannot write.
    pub fn commit_shared(&self, files: &SharedFiles) -> Result<CommitId, GitError> {
        let mut top = Folder::default();
        for (path, blob) in files {
            top.put(path, oid(blob.as_str())?);
        }
        self.with(|repo| {
            let me = git2::Signature::now("deep-review", "deep-review@localhost")?;
            let tree = repo.find_tree(top.write(repo)?)?;
            repo.commit(None, &me, &me, "What was reviewed\n", &tree, &[])
        })?
        .map(commit_id)
        .map_err(GitError::git("write what is shared"))
    }

    /// Has the reference here lead to a commit.
    ///
    /// # Errors
    /// When git cannot write.
    pub fn keep_shared(&self, commit: &CommitId) -> Result<(), GitError> {
        let args = ["update-ref", "-m", "deep-review sync", SHARED, commit.as_str()];
        command::run_writing(self.place(), &args, Instant::now() + LONGEST).map(drop)
    }

    /// The bytes of a blob, as long as they are no more than `most`; `None` if it is not here or larger.
    #[must_use]
    pub fn blob_up_to(&self, blob: &BlobId, most: usize) -> Option<Vec<u8>> {
        let id = oid(blob.as_str()).ok()?;
        self.with(|repo| {
            let is_fine = |(size, kind): (usize, ObjectType)| kind == ObjectType::Blob && size <= most;
            let is_here = repo.odb().and_then(|odb| odb.read_header(id)).is_ok_and(is_fine);
            is_here.then(|| repo.find_blob(id).ok().map(|blob| blob.content().to_vec())).flatten()
        })
        .ok()
        .flatten()
    }
}

/// The files below a folder, no deeper than they are ever written, and no more than are read.
fn collect(
    repo: &git2::Repository,
    tree: &git2::Tree<'_>,
    folder: &str,
    depth: usize,
    files: &mut SharedFiles,
) -> Result<(), git2::Error> {
    for entry in tree {
        // A name that is no text is none of ours.
        let Ok(name) = entry.name() else { continue };
        let path = format!("{folder}{name}");
        match entry.kind() {
            Some(ObjectType::Blob) => drop(files.insert(path, BlobId::new(entry.id().to_string()))),
            Some(ObjectType::Tree) if depth > 0 => {
                collect(repo, &repo.find_tree(entry.id())?, &format!("{path}/"), depth - 1, files)?;
            }
            _ => {}
        }
        if files.len() > MOST_FILES {
            break;
        }
    }
    Ok(())
}

/// A tree that is made.
#[derive(Debug, Default)]
struct Folder {
    folders: BTreeMap<String, Folder>,
    files: BTreeMap<String, Oid>,
}

impl Folder {
    fn put(&mut self, path: &str, id: Oid) {
        match path.split_once('/') {
            Some((folder, rest)) => self.folders.entry(folder.to_owned()).or_default().put(rest, id),
            None => drop(self.files.insert(path.to_owned(), id)),
        }
    }

    fn write(&self, repo: &git2::Repository) -> Result<Oid, git2::Error> {
        let mut builder = repo.treebuilder(None)?;
        for (name, id) in &self.files {
            builder.insert(name, *id, git2::FileMode::Blob.into())?;
        }
        for (name, folder) in &self.folders {
            builder.insert(name, folder.write(repo)?, git2::FileMode::Tree.into())?;
        }
        builder.write()
    }
}
