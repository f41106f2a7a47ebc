use super::{CommitId, FindingId, RoundId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Why a person declined a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DismissReason {
    /// It is not true.
    FalsePositive,
    /// It is true and stays.
    WontFix,
    /// It is true and will be done another time.
    Later,
}

impl fmt::Display for DismissReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::FalsePositive => "false positive",
            Self::WontFix => "won't fix",
            Self::Later => "later",
        })
    }
}

/// What became of a finding by somebody's decision or by a later round. A finding without one is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum State {
    /// Open again after it had been closed.
    Open,
    /// Its fix or an equal change is in.
    Fixed,
    /// A person declined it.
    Dismissed {
        /// The kind of reason.
        reason: DismissReason,
        /// The reason in the person's words; may be empty.
        #[serde(default)]
        text: String,
    },
    /// Its code is gone or changed so that it says nothing any more.
    Outdated,
}

/// A state with its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// What became of it.
    pub state: State,
    /// When.
    pub at: Timestamp,
    /// The round in which the finding was when it was resolved.
    pub round: RoundId,
    /// Hash of the anchored code then, so that a dismissal ends when the code changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The commit that resolved it. Found in the history when a report is written; not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitId>,
    /// The coding agent that decided it; `None` for a person, and for what the text itself says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Identity of a raw finding by its content, stable over rounds; made by `merge`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

/// Whether a person joined two remarks or split them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// They are one issue.
    Joined,
    /// They are two issues.
    Split,
}

/// A person's word on two raw findings, which overrules similarity. The newest on a pair counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Joined or split.
    pub kind: LinkKind,
    /// One of the two.
    pub a: Fingerprint,
    /// The other.
    pub b: Fingerprint,
}

/// Everything people decided on a branch's findings; kept apart from the rounds, which never change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Decisions {
    /// By finding; what is not here is open.
    pub resolutions: BTreeMap<FindingId, Resolution>,
    /// Splits and joins, oldest first.
    pub links: Vec<Link>,
}

impl Decisions {
    /// Whether the finding still asks for something to be done.
    #[must_use]
    pub fn is_open(&self, id: &FindingId) -> bool {
        self.resolutions.get(id).is_none_or(|r| r.state == State::Open)
    }
}
