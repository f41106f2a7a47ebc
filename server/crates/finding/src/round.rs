use super::{
    AgentInfo, AgentName, AgentOutcome, AgentRun, Anchor, Assessment, BlobId, Check, Commit, Coverage, Decisions,
    Failure, Feedback, Finding, FindingId, FindingStatus, Fingerprint, Observation, PullRequest, RawFinding, RepoPath,
    RoundId, RoundScope, Verdict,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the stored form of [`Round`]. Raised when an older deep-review could not read a newer file.
pub const ROUND_SCHEMA: u32 = 1;

/// A finding that was declined in an earlier round and was not raised again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclinedEarlier {
    /// The finding.
    pub id: FindingId,
    /// Its title.
    pub title: String,
    /// Why it was declined.
    pub reason: String,
    /// In which round.
    pub round: u32,
    /// Where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
}

/// An agent's judgement on two remarks whose likeness leaves it open whether they are one issue. A person's word
/// ([`Link`](super::Link)) counts more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// One of the two.
    pub a: Fingerprint,
    /// The other.
    pub b: Fingerprint,
    /// Whether they are one issue.
    pub same: bool,
    /// Who judged.
    pub by: AgentName,
    /// Why, in its words.
    #[serde(default)]
    pub note: String,
}

/// One review of one branch: everything that was seen and said. Stored as it is; it never changes after it
/// is complete (what people decide is in [`Decisions`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// [`ROUND_SCHEMA`] of the writer.
    pub schema: u32,
    /// Unique in the repository.
    pub id: RoundId,
    /// 1 for the branch's first.
    pub number: u32,
    /// When it started.
    pub started: Timestamp,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
    /// What was reviewed.
    pub scope: RoundScope,
    /// The branch's commits, oldest first.
    #[serde(default)]
    pub commits: Vec<Commit>,
    /// Its pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<PullRequest>,
    /// The author: of the pull request, else of the newest commit.
    #[serde(default)]
    pub author: String,
    /// The agents, in the order in which they are shown.
    pub agents: Vec<AgentRun>,
    /// The merged findings, in the order of rank within each severity.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Every raw finding of every agent.
    #[serde(default)]
    pub raw: Vec<RawFinding>,
    /// What an agent judged of remarks in doubt; with them, the findings are a function of the raw ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judged: Vec<Judgement>,
    /// Merged design observations.
    #[serde(default)]
    pub observations: Vec<Observation>,
    /// The view of the whole, merged or by the lead agent.
    #[serde(default)]
    pub assessment: Assessment,
    /// People's comments that are open.
    #[serde(default)]
    pub feedback: Vec<Feedback>,
    /// What agents say of each other's findings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// Declined before, and not raised again.
    #[serde(default)]
    pub declined: Vec<DeclinedEarlier>,
    /// What was looked at.
    #[serde(default)]
    pub coverage: Coverage,
    /// The exact text of each anchored file, by its blob; the store has the texts.
    #[serde(default)]
    pub texts: BTreeMap<RepoPath, BlobId>,
}

impl Round {
    /// The findings that nobody refuted.
    pub fn standing(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| !matches!(f.verification, FindingStatus::Refuted { .. }))
    }

    /// The verdict, given what people decided.
    #[must_use]
    pub fn verdict(&self, decisions: &Decisions) -> Verdict {
        Verdict::of(self.standing().filter(|f| decisions.is_open(&f.id)).map(|f| f.severity))
    }

    /// The remarks that a finding of this round was merged from.
    #[must_use]
    pub fn remarks(&self, finding: &Finding) -> Vec<&RawFinding> {
        finding.attributions.iter().filter_map(|a| self.raw.iter().find(|raw| raw.id == a.raw)).collect()
    }

    /// Whether every agent gave its whole review.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.agents.iter().all(|run| run.outcome == AgentOutcome::Reviewed)
    }

    /// The agents that gave no review, with the reason.
    pub fn failures(&self) -> impl Iterator<Item = (&AgentInfo, &Failure)> {
        self.agents.iter().filter_map(|run| match &run.outcome {
            AgentOutcome::Failed { failure } => Some((&run.agent, failure)),
            AgentOutcome::Running | AgentOutcome::Reviewed => None,
        })
    }

    /// What people call the agent; its name when the round does not know it.
    #[must_use]
    pub fn label_of<'a>(&'a self, agent: &'a AgentName) -> &'a str {
        self.agents.iter().find(|run| run.agent.name == *agent).map_or(agent.as_str(), |run| &run.agent.label)
    }
}
