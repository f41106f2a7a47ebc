use super::{
    AgentInfo, AgentName, Anchor, Assessment, Classification, Decisions, Fingerprint, Fix, Observation, RawFinding,
    RawId, RepoPath, RuleRef, Severity, Verdict,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Version of the stored form of [`Round`]. Raised when an older deep-review could not read a newer file.
pub const ROUND_SCHEMA: u32 = 1;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

text_id! {
    /// A finding's identity over all rounds of a branch: a short hash.
    FindingId
}
text_id! {
    /// A round's identity and file name: `20260323-161334-msys2-ci`.
    RoundId
}
text_id! {
    /// A git commit, 40 or 64 hexadecimal digits.
    CommitId
}
text_id! {
    /// A git blob, 40 or 64 hexadecimal digits: names a text exactly.
    BlobId
}

impl CommitId {
    /// The first 7 digits.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

/// One agent's part in a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attribution {
    /// Who.
    pub agent: AgentName,
    /// The severity this agent gave.
    pub severity: Severity,
    /// The remark, to be found in [`Round::raw`].
    pub raw: RawId,
}

/// Whether a finding was checked by another agent, and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum FindingStatus {
    /// Nobody but those who raised it looked.
    #[default]
    Unverified,
    /// Another agent checked it against the code and agrees.
    Confirmed {
        /// Who checked.
        by: AgentName,
        /// What it said.
        #[serde(default)]
        note: String,
    },
    /// Another agent showed it to be false: kept for the report, not shown as a finding.
    Refuted {
        /// Who checked.
        by: AgentName,
        /// Why it is false.
        #[serde(default)]
        note: String,
    },
}

/// What a check of a finding by another agent can come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckVerdict {
    /// The code shows that it is true.
    Confirmed,
    /// The code shows that it is false.
    Refuted,
    /// It is true, and was so before the change.
    PreExisting,
    /// The code at hand decides nothing.
    Unclear,
}

/// What one agent says of a finding that others raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The finding.
    pub finding: FindingId,
    /// Who checked.
    pub by: AgentName,
    /// What the code shows.
    pub verdict: CheckVerdict,
    /// The severity that the code shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The code that decides it.
    #[serde(default)]
    pub reason: String,
}

/// What the user sees: one issue, merged from one or more raw findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Stable over rounds.
    pub id: FindingId,
    /// Short name within the round, by severity and rank: `C1`, `I2`, `S7`.
    pub label: String,
    /// Reconciled from the attributions.
    pub severity: Severity,
    /// How a disagreement on severity was settled: "Gemini: Critical, Codex: Important → Important".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<String>,
    /// One line of plain text, chosen from the raw findings.
    pub title: String,
    /// Markdown, chosen from the raw findings.
    #[serde(default)]
    pub body: String,
    /// Places in the snapshot, the main one first; none when the whole branch is meant.
    #[serde(default)]
    pub anchors: Vec<Anchor>,
    /// The function, type or section it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// How it relates to the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
    /// The rule it is an instance of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
    /// Who raised it; never empty.
    pub attributions: Vec<Attribution>,
    /// All distinct fixes, the best first.
    #[serde(default)]
    pub fixes: Vec<Fix>,
    /// The ranking's score, 0…1.
    pub confidence: f64,
    /// Why these raw findings are one, and why it ranks as it does.
    #[serde(default)]
    pub why: Vec<String>,
    /// Findings that share its place but not its meaning.
    #[serde(default)]
    pub related: Vec<FindingId>,
    /// What a check by another agent gave.
    #[serde(default)]
    pub verification: FindingStatus,
    /// The round in which it was first raised, when that is an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u32>,
}

impl Finding {
    /// The agents that raised it, each once, in the order of attribution.
    #[must_use]
    pub fn agents(&self) -> Vec<&AgentName> {
        let mut agents: Vec<&AgentName> = Vec::new();
        for a in &self.attributions {
            if !agents.contains(&&a.agent) {
                agents.push(&a.agent);
            }
        }
        agents
    }
}

/// What kind of failure it was: decides the exit code, whether to try again, and what the user is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The program or server is not there.
    NotInstalled,
    /// No or wrong credentials.
    NotLoggedIn,
    /// Asked too often or quota used up.
    RateLimited,
    /// The vendor is out of capacity or broken (5xx).
    Overloaded,
    /// The network or server does not answer.
    Unreachable,
    /// An answer came and could not be used.
    BadOutput,
    /// The brief or the answer is over a limit.
    TooLarge,
    /// The money or token limit of the round is reached.
    BudgetReached,
    /// Over the deadline.
    TimedOut,
    /// The user stopped it.
    Cancelled,
    /// Turned off here, for example in an untrusted repository.
    NotAllowed,
    /// Anything else; the message says what.
    Crashed,
}

/// Why an agent gave no review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// What happened: one sentence in lower case, without the agent's name.
    pub message: String,
    /// What the user can do about it: a sentence or a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Failure {
    /// A failure without a remedy.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), remedy: None }
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// Where an agent is in a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum AgentOutcome {
    /// Not done yet (in a stored round: the round was interrupted).
    Running,
    /// It reviewed everything it was given.
    Reviewed,
    /// It gave no review, or only a part of one.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// What a run used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Tokens read, cached ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Files read, commands run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<u64>,
}

impl Usage {
    /// Both together; what is known of one alone stays.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        fn add<T: std::ops::Add<Output = T>>(a: Option<T>, b: Option<T>) -> Option<T> {
            match (a, b) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            }
        }
        Self {
            cost_usd: add(self.cost_usd, other.cost_usd),
            input_tokens: add(self.input_tokens, other.input_tokens),
            output_tokens: add(self.output_tokens, other.output_tokens),
            tool_calls: add(self.tool_calls, other.tool_calls),
        }
    }
}

/// One agent's part in a round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentRun {
    /// Who.
    pub agent: AgentInfo,
    /// How it went.
    pub outcome: AgentOutcome,
    /// Wall-clock time in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
    /// What it used.
    #[serde(default)]
    pub usage: Usage,
    /// Version of the prompt it was given; `None` where no prompt is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The changed files it looked at.
    #[serde(default)]
    pub covered: Vec<RepoPath>,
    /// What went less than well without being a failure.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Its own view of the whole.
    #[serde(default)]
    pub assessment: Assessment,
    /// What is said of its work afterwards; Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retro: Option<String>,
    /// What its review was expected to use, before it began; `None` where nothing is sent anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Usage>,
}

impl AgentRun {
    /// A part of which nothing more is known.
    #[must_use]
    pub fn new(agent: AgentInfo, outcome: AgentOutcome) -> Self {
        Self {
            agent,
            outcome,
            duration_ms: 0,
            usage: Usage::default(),
            prompt: None,
            covered: Vec::new(),
            notes: Vec::new(),
            assessment: Assessment::default(),
            retro: None,
            estimate: None,
        }
    }
}

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
    /// Whether it was not UTF-8 and was read lossily.
    #[serde(default)]
    pub lossy: bool,
}

/// What was looked at and what was not; together every changed file of the scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Coverage {
    /// Looked at, by path.
    pub reviewed: Vec<ReviewedFile>,
    /// Not looked at, by path.
    pub left_out: Vec<LeftOutFile>,
}

/// The pull request of the branch, where it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its author's login.
    #[serde(default)]
    pub author: String,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A review comment of a person that has not been answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// Who wrote it.
    pub author: String,
    /// What; Markdown.
    pub text: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What a forge said of a branch's pull request; kept beside the rounds, which never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PullRequestNow {
    /// [`ROUND_SCHEMA`] of the writer.
    pub schema: u32,
    /// When the forge was asked.
    pub at: Timestamp,
    /// The pull request.
    pub pull_request: PullRequest,
    /// People's comments that are open; `None` where the forge did not say which are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Vec<Feedback>>,
}

impl PullRequestNow {
    /// Puts it into a round of its branch, unless that round is of another pull request.
    pub fn put_into(&self, round: &mut Round) {
        if round.pull_request.as_ref().is_some_and(|p| p.number != self.pull_request.number) {
            return;
        }
        if !self.pull_request.author.is_empty() {
            round.author = format!("@{}", self.pull_request.author);
        }
        round.pull_request = Some(self.pull_request.clone());
        if let Some(feedback) = &self.feedback {
            round.feedback.clone_from(feedback);
        }
    }
}

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
