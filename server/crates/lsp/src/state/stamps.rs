//! What files were like at one moment, which tells that something changed on disk.

use super::projection::RoundIndex;
use super::pull_request::Said;
use finding::{Decisions, Dial, RepoPath};
use git::{GitError, HeadState, Repository};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// When a file was written, and its length; `None` if it is not there.
pub(crate) type FileStamp = Option<(SystemTime, u64)>;

/// The stamp of a file.
pub(crate) fn file_stamp(file: &Path) -> FileStamp {
    let meta = std::fs::metadata(file).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

/// What the files of a repository were like.
#[derive(Debug, Default)]
pub(crate) struct Polled {
    /// `HEAD`, its log, what is stored of the branch, and the user's configuration.
    pub(crate) repository: Vec<FileStamp>,
    /// The files of the round that are not open.
    pub(crate) files: BTreeMap<RepoPath, FileStamp>,
    /// `None` if those are missing that were.
    pub(crate) moved: Option<Moved>,
}

/// Files of a round that are not in their place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    /// Those for which it was looked where they are.
    pub(crate) missing: BTreeSet<RepoPath>,
    /// Where those are that were found.
    pub(crate) places: BTreeMap<RepoPath, RepoPath>,
}

/// A repository and its root in the client's spelling, or why a folder is in none that can be opened.
pub(crate) type Discovered = Result<(Repository, PathBuf), GitError>;

/// What is stored of the branch that is checked out.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// What the repository's files were like before they were read.
    pub(crate) stamps: Vec<FileStamp>,
    pub(crate) head: Option<HeadState>,
    /// The newest round; the one that was known before, if it is still that.
    pub(crate) round: Option<Arc<RoundIndex>>,
    pub(crate) decisions: Decisions,
    /// What people said on its pull request.
    pub(crate) said: Option<Said>,
    /// How much is to be shown, as it is configured.
    pub(crate) dial: Dial,
    pub(crate) problems: Vec<String>,
}
