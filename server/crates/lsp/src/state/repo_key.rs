//! What a repository of the workspace is known by.

use std::path::PathBuf;

/// One stay of a repository in the workspace. One that went and came back is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RepoKey {
    pub(crate) root: PathBuf,
    pub(crate) stay: u64,
}
