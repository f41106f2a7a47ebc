use super::{
    AgentInfo, AgentName, AgentOutcome, AgentRun, Anchor, Assessment, BlobId, Call, Check, Commit, Conclusion,
    Coverage, Decisions, Failure, Feedback, Finding, FindingId, Fingerprint, Observation, PullRequest, RawFinding,
    RepoPath, RoundId, RoundScope, Severity, Usage, Verdict,
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

/// The highest number that any round of the branch has given to a label of each severity, so that none is given twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LabelsGiven {
    /// Of `C1`, `C2`, …
    pub critical: u32,
    /// Of `I1`, `I2`, …
    pub important: u32,
    /// Of `S1`, `S2`, …
    pub suggestion: u32,
}

impl LabelsGiven {
    /// The highest number of the severity's letter.
    pub fn of(&mut self, severity: Severity) -> &mut u32 {
        match severity {
            Severity::Critical => &mut self.critical,
            Severity::Important => &mut self.important,
            Severity::Suggestion => &mut self.suggestion,
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An agent whose words of an earlier round stand, because it has not answered about their files since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaidEarlier {
    /// Who.
    pub agent: AgentInfo,
    /// The newest round in which it answered.
    pub round: u32,
    /// Its view of the whole then.
    #[serde(default, skip_serializing_if = "Assessment::is_empty")]
    pub assessment: Assessment,
}

/// A finding of the round before that is not among those of this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoMore {
    /// The finding.
    pub id: FindingId,
    /// What it was called.
    pub label: String,
    /// Its severity then.
    pub severity: Severity,
    /// Its title.
    pub title: String,
    /// The newest round that has it.
    pub round: u32,
    /// The finding of this round that it became part of, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<FindingId>,
}

/// What is different from the rounds before: found when the round was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SinceBefore {
    /// Number of the round that it is compared with; 0 where there is none.
    pub round: u32,
    /// Findings of earlier rounds that are fixed now.
    pub fixed: Vec<NoMore>,
    /// Those whose code is gone.
    pub outdated: Vec<NoMore>,
    /// Those that are part of another finding now.
    pub joined: Vec<NoMore>,
    /// Findings that no earlier round had.
    pub new: Vec<FindingId>,
}

impl SinceBefore {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
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
    /// What is different from the rounds before.
    #[serde(default, skip_serializing_if = "SinceBefore::is_empty")]
    pub since_before: SinceBefore,
    /// Every raw finding of every agent: of this round, and of earlier ones where they stand.
    #[serde(default)]
    pub raw: Vec<RawFinding>,
    /// Agents that have no part in this round, or have not answered in it, and whose earlier words stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<SaidEarlier>,
    /// What labels were given on the branch.
    #[serde(default, skip_serializing_if = "LabelsGiven::is_empty")]
    pub labels: LabelsGiven,
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
    /// People's comments that were resolved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolved_feedback: Vec<Feedback>,
    /// When the forge said which comments are open; `None` where nobody asked, or it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback_at: Option<Timestamp>,
    /// Why the verdict is what it is, in a line, by the lead agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict_reason: Option<String>,
    /// What agents say of each other's findings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// The agents that were called besides the review since, and what that took: for fixes, questions, and what they led
    /// to. Kept beside the round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
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
    /// A round of which nothing is known but what it is about.
    #[must_use]
    pub fn new(id: RoundId, started: Timestamp, scope: RoundScope) -> Self {
        Self {
            schema: ROUND_SCHEMA,
            id,
            number: 1,
            started,
            duration_ms: 0,
            scope,
            commits: Vec::new(),
            pull_request: None,
            author: String::new(),
            agents: Vec::new(),
            findings: Vec::new(),
            since_before: SinceBefore::default(),
            raw: Vec::new(),
            earlier: Vec::new(),
            labels: LabelsGiven::default(),
            judged: Vec::new(),
            observations: Vec::new(),
            assessment: Assessment::default(),
            feedback: Vec::new(),
            resolved_feedback: Vec::new(),
            feedback_at: None,
            verdict_reason: None,
            checks: Vec::new(),
            calls: Vec::new(),
            declined: Vec::new(),
            coverage: Coverage::default(),
            texts: BTreeMap::new(),
        }
    }

    /// The findings that nobody refuted.
    pub fn standing(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| !f.is_refuted())
    }

    /// The findings that decide what is to be done: open, not refuted, and not doubtful.
    pub fn deciding<'a>(&'a self, decisions: &'a Decisions) -> impl Iterator<Item = &'a Finding> {
        self.standing().filter(|f| !f.is_doubtful() && decisions.is_open(&f.id))
    }

    /// What can be said of the branch, given what people decided.
    #[must_use]
    pub fn conclusion(&self, decisions: &Decisions) -> Conclusion {
        self.conclude(self.deciding(decisions).map(|f| f.severity))
    }

    /// The verdict, given what people decided.
    #[must_use]
    pub fn verdict(&self, decisions: &Decisions) -> Verdict {
        self.conclusion(decisions).verdict
    }

    /// How often agents were called besides the review since, and what that used; `None` where nobody was.
    #[must_use]
    pub fn called_since(&self) -> Option<(usize, Usage)> {
        let used = self.calls.iter().fold(Usage::default(), |sum, call| sum.plus(call.usage));
        (!self.calls.is_empty()).then_some((self.calls.len(), used))
    }

    /// The remarks that a finding of this round was merged from.
    #[must_use]
    pub fn remarks(&self, finding: &Finding) -> Vec<&RawFinding> {
        finding.attributions.iter().filter_map(|a| self.raw.iter().find(|raw| raw.id == a.raw)).collect()
    }

    /// How many remarks an agent made in this round, without those of earlier ones that stand.
    #[must_use]
    pub fn raised_by(&self, agent: &AgentName) -> usize {
        self.raw.iter().filter(|raw| raw.agent == *agent && !raw.is_carried()).count()
    }

    /// Whether every agent gave its whole review, and every file that should have been read was.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.agents.iter().all(|run| run.outcome == AgentOutcome::Reviewed) && self.unread().is_empty()
    }

    /// Whether it was stored while agents had not answered: it was interrupted, or still runs.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.agents.iter().any(|run| run.outcome == AgentOutcome::Running)
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
        self.agent(agent).map_or(agent.as_str(), |info| &info.label)
    }

    /// What is known of an agent of this round, or of one whose earlier words stand in it.
    #[must_use]
    pub fn agent(&self, name: &AgentName) -> Option<&AgentInfo> {
        let earlier = self.earlier.iter().map(|said| &said.agent);
        self.agents.iter().map(|run| &run.agent).chain(earlier).find(|info| info.name == *name)
    }
}
