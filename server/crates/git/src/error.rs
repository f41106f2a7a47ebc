use std::path::PathBuf;

/// Why git could not give what was asked. `Display` says what was wrong and where; [`GitError::remedy`] what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// No repository at or above the folder.
    #[error("'{}' is not in a git repository", path.display())]
    NotARepository {
        /// The folder.
        path: PathBuf,
    },
    /// A repository of Jujutsu that git has no part in.
    #[error("'{}' is a repository of Jujutsu without git's own folder", path.display())]
    Jujutsu {
        /// Its top.
        path: PathBuf,
    },
    /// A repository without a work tree.
    #[error("'{}' is a bare repository: it has no work tree to review", path.display())]
    Bare {
        /// Its git directory.
        path: PathBuf,
    },
    /// Somebody else owns the repository, and the user has not said that this is fine.
    #[error("the repository at '{}' belongs to another user", path.display())]
    NotOwned {
        /// The folder.
        path: PathBuf,
    },
    /// The base that was asked for is not there.
    #[error("the base '{name}' is no branch, tag or commit of this repository")]
    UnknownBase {
        /// As it was given.
        name: String,
        /// The branch with the most similar name.
        nearest: Option<String>,
        /// The remote that may have it.
        remote: Option<String>,
    },
    /// What was to be reviewed is not there.
    #[error("'{name}' is no branch, tag or commit of this repository")]
    UnknownRevision {
        /// As it was given.
        name: String,
    },
    /// A pull request of which there are no commits here.
    #[error("pull request {number} has not been fetched")]
    NotFetched {
        /// Its number.
        number: u64,
    },
    /// A name that no reference can have.
    #[error("'{name}' is not the name of a reference")]
    BadReference {
        /// As it was given.
        name: String,
    },
    /// A diff from elsewhere that does not fit.
    #[error("the patch does not apply to HEAD: {why}")]
    BadPatch {
        /// What is wrong with it, and where.
        why: String,
    },
    /// No base was asked for and none could be found.
    #[error("no base branch to compare with was found (looked for {})", tried.join(", "))]
    NoBase {
        /// What was looked for.
        tried: Vec<String>,
        /// The remote that may have it.
        remote: Option<String>,
    },
    /// The history was cut off before the merge base.
    #[error("this is a shallow clone and its history does not reach back to where the branch left '{base}'")]
    ShallowHistory {
        /// What the branch was to be compared with.
        base: String,
    },
    /// A stack of more parts than anybody reviews one by one.
    #[error("the stack has {count} parts, more than the {} that are reviewed one by one", super::MOST_PARTS)]
    TallStack {
        /// How many.
        count: usize,
    },
    /// A glob that cannot be read.
    #[error("the exclude pattern '{pattern}' cannot be read: {why}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// The repository uses something that the built-in git library cannot read.
    #[error("the repository uses {what}, which deep-review cannot read yet")]
    Unsupported {
        /// The feature.
        what: String,
    },
    /// References that only the `git` command reads, and it could not.
    #[error("the repository keeps its references in a reftable, which 'git' could not read: {why}")]
    Reftable {
        /// What it or the system said.
        why: String,
    },
    /// The `git` command is needed here and failed, is missing, or is too old.
    #[error("failed to run 'git {command}': {why}")]
    Command {
        /// Its arguments.
        command: String,
        /// What it or the system said.
        why: String,
    },
    /// A commit, tree or blob that should be there is not.
    #[error("{what} is not in the repository")]
    Missing {
        /// What.
        what: String,
    },
    /// git said no.
    #[error("failed to {doing}: {}", source.message())]
    Git {
        /// What was tried: "read the index".
        doing: &'static str,
        /// What it said.
        source: git2::Error,
    },
    /// The disk said no.
    #[error("failed to {doing} '{}': {source}", path.display())]
    Io {
        /// What was tried: "write".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Stopped by whoever asked.
    #[error("cancelled")]
    Cancelled,
}

/// The oldest `git` command that is known to do what the fallbacks need: `git ls-files -s` of a sparse index and the
/// fetching of absent objects in one go.
pub const MINIMUM_GIT: &str = "2.34";

/// The oldest `git` command that reads references in a reftable.
const GIT_WITH_REFTABLE: &str = "2.45";

impl GitError {
    /// What the user can do about it: a sentence that starts in lower case.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::NotARepository { .. } => Some("go to a folder of a repository, or make one with 'git init'".into()),
            Self::Jujutsu { .. } => Some("have git see it too: 'jj git colocation enable' (jj 0.34 or newer)".into()),
            Self::Bare { .. } => Some("run it in a worktree: 'git worktree add ../review BRANCH'".into()),
            Self::NotOwned { path } => {
                Some(format!("if you trust it: git config --global --add safe.directory '{}'", path.display()))
            }
            Self::UnknownBase { nearest: Some(near), .. } => Some(format!("did you mean '{near}'?")),
            Self::UnknownBase { name, remote: Some(remote), .. } => Some(format!(
                "'git branch --all' lists what is there; if it is a branch of {remote}: {}",
                fetching(remote, name)
            )),
            Self::UnknownBase { .. } => Some("'git branch --all' lists what is there".into()),
            Self::UnknownRevision { .. } => Some(
                "'git branch --all' and 'git tag' list what is there; say pr:N, commit:REV, A..B, stash@{N} or patch:FILE for \
                 something else"
                    .into(),
            ),
            Self::NotFetched { number } => Some(format!("'deep-review review pr:{number}' fetches it")),
            Self::BadPatch { .. } => Some("check out the commit that it was made for".into()),
            Self::NoBase { remote: Some(remote), .. } => Some(format!(
                "a branch is not compared with itself; fetch the one it goes into, say {}, and name it with '--base {remote}/main'",
                fetching(remote, "main")
            )),
            Self::NoBase { .. } => {
                Some("name it with '--base BRANCH', or 'base = \"BRANCH\"' in .deep-review.toml".into())
            }
            Self::ShallowHistory { .. } => Some("fetch the rest: 'git fetch --unshallow'".into()),
            Self::TallStack { .. } => Some("name a base nearer to its top with '--base', or leave '--stack' out".into()),
            Self::BadPattern { .. } => Some("patterns are globs as in 'docs/**/*.md'".into()),
            Self::Reftable { .. } => Some(format!("this needs git {GIT_WITH_REFTABLE} or newer in PATH")),
            Self::Command { .. } => {
                Some(format!("this needs git {MINIMUM_GIT} or newer in PATH and, in a partial clone, its remote"))
            }
            Self::Missing { .. } => Some("'git fsck' says what else is missing".into()),
            Self::Unsupported { .. } | Self::BadReference { .. } | Self::Git { .. } | Self::Io { .. } | Self::Cancelled => None,
        }
    }

    pub(crate) fn git(doing: &'static str) -> impl FnOnce(git2::Error) -> Self {
        move |source| Self::Git { doing, source }
    }

    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}

/// The command that brings a branch of a remote where only others were fetched.
fn fetching(remote: &str, branch: &str) -> String {
    let is_plain =
        |name: &str| name.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c)) && !name.starts_with('-');
    let branch = if is_plain(branch) { branch } else { "BRANCH" };
    format!("'git fetch {remote} +refs/heads/{branch}:refs/remotes/{remote}/{branch}'")
}

/// Why a text of the snapshot could not be read.
#[derive(Debug, thiserror::Error)]
#[error("failed to read {path} from the snapshot: {why}")]
pub struct SnapshotError {
    /// The file.
    pub path: String,
    /// What git or the system said.
    pub why: String,
}
