//! The files that fixes are placed in, as they are now.

use finding::RepoPath;
use git::Unreachable;
use std::sync::Arc;

/// Larger files are not read, in bytes.
pub(crate) const MAX_FILE: u64 = 16 << 20;

/// The texts of a repository's files as they are now: on disk, or in an editor's buffers.
pub trait CurrentTexts {
    /// The text of a file; `None` if it is not there.
    ///
    /// # Errors
    /// When there is one that no fix can be placed in.
    fn read(&self, path: &RepoPath) -> Result<Option<Arc<str>>, ReadError>;
}

/// Why a file is not read for a fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A fix must not touch it.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// It could not be written back.
    #[error("{path} is not UTF-8")]
    NotUtf8 {
        /// Which file.
        path: RepoPath,
    },
    /// No fix is worth that.
    #[error("{path} has more than {} MiB", MAX_FILE >> 20)]
    TooLarge {
        /// Which file.
        path: RepoPath,
    },
    /// What was reviewed is not checked out.
    #[error("{path} is not checked out as it was reviewed; check that out first")]
    Elsewhere {
        /// Which file.
        path: RepoPath,
    },
    /// The system says no.
    #[error("failed to read {path}: {why}")]
    Failed {
        /// Which file.
        path: RepoPath,
        /// What the system said.
        why: String,
    },
}
