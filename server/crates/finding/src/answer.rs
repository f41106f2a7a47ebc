use super::{AgentName, Anchor, CommitId, FindingId, RepoPath, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Identifies a raw finding within its round: `<agent>:<number>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
// A clone shares the text.
pub struct RawId(Arc<str>);

impl RawId {
    /// Takes the text as it is.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(Arc::from(id.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RawId {
    /// The same remark where it stands in a later round than `round`, in which it was made.
    #[must_use]
    pub fn carried_from(&self, round: u32) -> Self {
        if self.is_carried() { self.clone() } else { Self::new(format!("round {round}/{self}")) }
    }

    /// Whether the remark was made in an earlier round.
    #[must_use]
    pub fn is_carried(&self) -> bool {
        self.round().is_some()
    }

    /// The earlier round in which the remark was made.
    #[must_use]
    pub fn round(&self) -> Option<u32> {
        self.0.strip_prefix("round ")?.split_once('/')?.0.parse().ok()
    }
}

impl fmt::Display for RawId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How a finding relates to the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Classification {
    /// The change broke what worked.
    Regression,
    /// The change leaves out what it needs.
    Gap,
    /// It could be better.
    Enhancement,
    /// It was like that before the change.
    PreExisting,
}

/// A rule or weakness that a finding is an instance of: `deep-review/debugger`, `CWE-79`, `ruff/F401`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleRef {
    /// The rule's id as its owner writes it.
    pub id: String,
    /// A page about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl RuleRef {
    /// The page about it, where it is one on the web: what an agent names may be anything.
    #[must_use]
    pub fn page(&self) -> Option<&str> {
        let is_plain = |url: &str| url.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"`".contains(&b));
        self.url.as_deref().filter(|url| url.starts_with("https://") && is_plain(url))
    }
}

/// A suggested change, kept as it was written. `patch` reads it, places it in a text and applies or refuses it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fix {
    /// What the fix does, in a few words, where the agent said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The file meant where `diff` names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RepoPath>,
    /// The hunks, verbatim, in any form that `patch::parse` reads.
    pub diff: String,
    /// The agents that proposed it (more than one when their edits come to the same).
    #[serde(default)]
    pub by: Vec<AgentName>,
}

/// One agent's remark, as it gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFinding {
    /// Unique within the round.
    pub id: RawId,
    /// Who raised it.
    pub agent: AgentName,
    /// At what severity that agent put it.
    pub severity: Severity,
    /// One line of plain text.
    pub title: String,
    /// Markdown; may be empty.
    #[serde(default)]
    pub body: String,
    /// Its places in the snapshot, the main one first; none when the whole branch is meant.
    #[serde(default)]
    pub anchors: Vec<Anchor>,
    /// How sure the agent says it is, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sure: Option<u8>,
    /// The function, type or section it is in, where the agent said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// How it relates to the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
    /// The rule it is an instance of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
    /// Suggested changes, the preferred one first.
    #[serde(default)]
    pub fixes: Vec<Fix>,
}

impl RawFinding {
    /// Where it sits first of all: the first of its anchors; none when the whole branch is meant.
    pub fn main_anchor(&self) -> Option<&Anchor> {
        self.anchors.first()
    }

    /// Whether it was made in an earlier round, and stands here because its finding does.
    #[must_use]
    pub fn is_carried(&self) -> bool {
        self.id.is_carried()
    }
}

/// What kind of design observation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ObservationKind {
    /// Worth changing in this branch.
    ConcernInScope,
    /// Worth changing later.
    ConcernFuture,
    /// Well done; keep it.
    Strength,
}

/// A remark on the design: not a finding, has no fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Concern or strength.
    pub kind: ObservationKind,
    /// One line.
    pub title: String,
    /// Markdown; may be empty.
    #[serde(default)]
    pub body: String,
    /// Where it shows, if anywhere.
    #[serde(default)]
    pub anchors: Vec<Anchor>,
    /// Who made it.
    #[serde(default)]
    pub by: Vec<AgentName>,
}

impl Observation {
    /// Where it sits first of all: the first of its anchors; none when the whole branch is meant.
    pub fn main_anchor(&self) -> Option<&Anchor> {
        self.anchors.first()
    }
}

/// A limitation that the change itself admits (a TODO, a comment, a commit message).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limitation {
    /// What it is.
    pub title: String,
    /// Where it is admitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// What follows from it; Markdown.
    #[serde(default)]
    pub body: String,
}

/// Findings whose fixes belong into one commit of the branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fixup {
    /// The commit that brought the lines which the fixes change.
    pub commit: CommitId,
    /// The findings, in the order of the round.
    pub findings: Vec<FindingId>,
}

/// What is said of the change as a whole. Every part may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Assessment {
    /// What the change does and how good it is; Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// On the tests; Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub testing: Option<String>,
    /// Scenarios without a test, the riskiest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub untested: Vec<String>,
    /// On documentation, comments and messages; Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documentation: Option<String>,
    /// On how the commits are cut; Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_structure: Option<String>,
    /// Which fixes belong into which commit, oldest commit first. Found in the history when a report is written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixups: Vec<Fixup>,
    /// What the change itself admits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limitations: Vec<Limitation>,
    /// Figures on the agent's work, metric and value, as a report stated them; without any, they are computed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<(String, String)>,
}

impl Assessment {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes from `other` what is missing here; lists are joined.
    pub fn merge(&mut self, other: Self) {
        self.summary = self.summary.take().or(other.summary);
        self.testing = self.testing.take().or(other.testing);
        self.documentation = self.documentation.take().or(other.documentation);
        self.commit_structure = self.commit_structure.take().or(other.commit_structure);
        self.untested.extend(other.untested);
        self.fixups.extend(other.fixups);
        self.limitations.extend(other.limitations);
        self.figures.extend(other.figures);
    }
}

/// Everything one agent said in a round.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// Its findings.
    pub findings: Vec<RawFinding>,
    /// Its design observations.
    pub observations: Vec<Observation>,
    /// Its view of the whole.
    pub assessment: Assessment,
    /// The changed files it looked at.
    pub covered: Vec<RepoPath>,
    /// What went less than well without being a failure: "2 findings of a cut answer were lost".
    pub notes: Vec<String>,
}
