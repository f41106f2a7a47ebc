use super::{AgentName, BlobId, CommitId, RepoPath};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What was reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundScope {
    /// The branch's short name; `None` with a detached HEAD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// What the base was found by: `origin/main`.
    pub base_name: String,
    /// The merge base; `None` on an unborn branch or one without common history (compared with nothing).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<CommitId>,
    /// HEAD; `None` on an unborn branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<CommitId>,
    /// Whether staged, unstaged and untracked work was part of it.
    pub uncommitted: bool,
}

/// A commit of the branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// First line of the message.
    pub subject: String,
    /// The rest of the message.
    #[serde(default)]
    pub body: String,
    /// Name of the author.
    #[serde(default)]
    pub author: String,
    /// When it was committed.
    pub time: Timestamp,
    /// Whether it has more than one parent.
    #[serde(default)]
    pub is_merge: bool,
}

/// Why a changed file was not given to any agent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "reason", content = "detail")]
pub enum LeftOut {
    /// `linguist-generated` or a generated-code header.
    Generated,
    /// `-diff` in `.gitattributes`.
    DiffAttribute,
    /// A lock file.
    LockFile,
    /// In a vendored folder, or `linguist-vendored`.
    Vendored,
    /// Not text; the size in bytes.
    Binary(u64),
    /// A submodule's pointer.
    Submodule,
    /// A symbolic link (its target is listed, not followed).
    SymbolicLink,
    /// Over the size limit; the size in bytes.
    TooLarge(u64),
    /// By the user's or the repository's pattern.
    Excluded(String),
    /// Its content cannot be had: the repository lacks it.
    Unreadable,
    /// Its name is not UTF-8.
    NameNotUtf8,
    /// Only its mode changed, or it was only renamed or copied.
    NoTextChange,
    /// Matches `never_send`: built-in agents saw it, agents outside the machine did not.
    NeverSent,
    /// Every agent that should have read it failed.
    NoAgent,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generated => f.write_str("generated"),
            Self::DiffAttribute => f.write_str("marked -diff in .gitattributes"),
            Self::LockFile => f.write_str("lock file"),
            Self::Vendored => f.write_str("vendored"),
            Self::Binary(bytes) => write!(f, "binary, {bytes} bytes"),
            Self::Submodule => f.write_str("submodule"),
            Self::SymbolicLink => f.write_str("symbolic link"),
            Self::TooLarge(bytes) => write!(f, "too large, {bytes} bytes"),
            Self::Excluded(pattern) => write!(f, "excluded by '{pattern}'"),
            Self::Unreadable => f.write_str("its content is not in the repository"),
            Self::NameNotUtf8 => f.write_str("its name is not UTF-8"),
            Self::NoTextChange => f.write_str("no change of text"),
            Self::NeverSent => f.write_str("never sent to agents outside this machine"),
            Self::NoAgent => f.write_str("no agent reviewed it"),
        }
    }
}

/// A changed file that was not reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOutFile {
    /// Its name, for people: not always a [`RepoPath`] (it may not be UTF-8; then it is lossy).
    pub path: String,
    /// Why.
    pub why: LeftOut,
}

/// A changed file that was reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewedFile {
    /// Its name in the snapshot.
    pub path: RepoPath,
    /// Who looked at it.
    pub by: Vec<AgentName>,
    /// Who looked at it in an earlier round and not in this one, when it was as it is now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<AgentName>,
    /// Whether it was not UTF-8 and was read lossily.
    #[serde(default)]
    pub lossy: bool,
    /// What exactly was looked at: as long as both are the same, it was looked at in later rounds too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sides: Option<Sides>,
}

impl ReviewedFile {
    /// A file that these agents looked at.
    #[must_use]
    pub fn new(path: RepoPath, by: Vec<AgentName>) -> Self {
        Self { path, by, earlier: Vec::new(), lossy: false, sides: None }
    }
}

/// A changed file's text in the base and in the snapshot; `None` where it is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sides {
    /// In the base.
    pub old: Option<BlobId>,
    /// In the snapshot.
    pub new: Option<BlobId>,
}

/// What was looked at and what was not; together every changed file of the scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Coverage {
    /// Looked at, by path.
    pub reviewed: Vec<ReviewedFile>,
    /// Not looked at, by path.
    pub left_out: Vec<LeftOutFile>,
    /// Languages of changed files that no built-in rule covers, by name; where no built-in agent took part, none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uncovered_languages: Vec<String>,
}
